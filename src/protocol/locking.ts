// The locking convention (SEMANTICS B28) as data: who holds the reservation lock at which call, under which lock each callback
// runs, and the global order of locks. A test holds the model against it.

export type Holding = 'held' | 'free' | 'either';

export interface LockingRow {
  readonly call: string;
  readonly by: 'importer' | 'exporter' | 'either';
  /** What the caller does with the reservation lock of the buffer. */
  readonly resv: Holding;
  /** What a call with the lock the wrong way round comes to: the rule is broken, or the caller waits for itself as well. Null: convention only. */
  readonly wrong: 'P8' | 'deadlock' | null;
  readonly source: string;
}

const held = (by: LockingRow['by'], source: string, ...calls: readonly string[]): readonly LockingRow[] => calls.map((call) => ({ call, by, resv: 'held', wrong: 'P8', source }));
const free = (by: LockingRow['by'], wrong: LockingRow['wrong'], source: string, ...calls: readonly string[]): readonly LockingRow[] => calls.map((call) => ({ call, by, resv: 'free', wrong, source }));
const either = (by: LockingRow['by'], source: string, ...calls: readonly string[]): readonly LockingRow[] => calls.map((call) => ({ call, by, resv: 'either', wrong: null, source }));

const CONVENTION = 'DOC: locking convention, drivers/dma-buf/dma-buf.c; SEMANTICS B28';

export const LOCKING: readonly LockingRow[] = [
  ...held('importer', CONVENTION, 'dma_buf_pin', 'dma_buf_unpin', 'dma_buf_map_attachment', 'dma_buf_unmap_attachment', 'dma_buf_vmap', 'dma_buf_vunmap'),
  ...held('exporter', CONVENTION, 'dma_buf_invalidate_mappings', 'dma_buf_move_notify'),
  ...free('importer', 'P8', CONVENTION, 'dma_buf_begin_cpu_access', 'dma_buf_end_cpu_access', 'dma_buf_mmap'),
  ...free('exporter', 'P8', CONVENTION, 'dma_buf_export', 'dma_buf_fd'),
  ...free('either', 'P8', CONVENTION, 'dma_buf_get'),
  ...free('importer', 'deadlock', 'kernel-doc dma_buf_dynamic_attach; SEMANTICS B6.3, B28', 'dma_buf_attach', 'dma_buf_dynamic_attach'),
  ...free('importer', 'deadlock', 'kernel-doc dma_buf_detach; SEMANTICS B7, B28', 'dma_buf_detach'),
  ...free('importer', 'deadlock', 'SEMANTICS B12, B28', 'dma_buf_map_attachment_unlocked', 'dma_buf_unmap_attachment_unlocked', 'dma_buf_vmap_unlocked', 'dma_buf_vunmap_unlocked'),
  // Release may run late and elsewhere: putting under the lock harms nobody by itself.
  ...free('either', null, 'SEMANTICS B4, B28', 'dma_buf_put'),
  ...either('either', 'SEMANTICS A1.2', 'get_dma_buf'),
  ...either('exporter', 'kernel-doc dma_buf_attach_revocable; SEMANTICS B15', 'dma_buf_attach_revocable'),
  ...held('either', 'SEMANTICS B20, B21, B23', 'dma_resv_reserve_fences', 'dma_resv_add_fence', 'dma_resv_replace_fences'),
  ...held('either', 'SEMANTICS B19', 'dma_resv_unlock'),
  ...free('either', 'deadlock', 'SEMANTICS B19', 'dma_resv_lock'),
  ...either('either', 'SEMANTICS B22', 'dma_resv_wait_timeout', 'dma_resv_test_signaled'),
  ...free('either', 'deadlock', 'SEMANTICS B23a', 'dma_buf_poll', 'import_sync_file'),
  ...held('importer', 'SEMANTICS B25', 'ib_umem_dmabuf_map_pages', 'ib_umem_dmabuf_unmap_pages', 'ib_umem_dmabuf_revoke_locked'),
  ...free('importer', 'deadlock', 'SEMANTICS B25', 'ib_umem_dmabuf_get', 'ib_umem_dmabuf_get_pinned', 'ib_umem_dmabuf_get_pinned_revocable_and_lock'),
  ...free('importer', 'deadlock', 'SEMANTICS B25', 'ib_umem_dmabuf_revoke', 'ib_umem_dmabuf_release'),
  ...free('importer', 'deadlock', 'SEMANTICS B27', 'iopt_map_dmabuf'),
  ...free('importer', 'deadlock', 'SEMANTICS B27', 'iopt_unmap_dmabuf'),
  ...free('exporter', 'deadlock', 'SEMANTICS C4', 'vfio_pci_dma_buf_move', 'vfio_pci_dma_buf_cleanup', 'uverbs_dmabuf_revoke'),
];

export interface CallbackRow {
  readonly op: string;
  /** Whose code runs. */
  readonly of: 'exporter' | 'importer';
  readonly resv: 'held' | 'free';
  readonly source: string;
}

const callbacks = (of: CallbackRow['of'], resv: CallbackRow['resv'], table: string, ...ops: readonly string[]): readonly CallbackRow[] => ops.map((op) => ({ op: `${table}.${op}`, of, resv, source: CONVENTION }));

/** Under which lock the other side's code runs. */
export const CALLBACK_LOCKING: readonly CallbackRow[] = [
  ...callbacks('exporter', 'free', 'dma_buf_ops', 'attach', 'detach', 'release', 'begin_cpu_access', 'end_cpu_access', 'mmap'),
  ...callbacks('exporter', 'held', 'dma_buf_ops', 'pin', 'unpin', 'map_dma_buf', 'unmap_dma_buf', 'vmap', 'vunmap'),
  ...callbacks('importer', 'held', 'dma_buf_attach_ops', 'invalidate_mappings'),
];

export interface LockOrder {
  readonly id: string;
  /** Outermost first: a lock is never waited for with one behind it held. */
  readonly locks: readonly string[];
  readonly text: string;
  readonly source: string;
}

export const LOCK_ORDERS: readonly LockOrder[] = [
  { id: 'order:core', locks: ['mmap_lock', 'dma_resv', 'fs_reclaim', 'mmu_notifier', 'dma_fence wait'], text: 'The global order, which lockdep learns at boot.', source: 'dma_resv_lockdep; SEMANTICS B28' },
  { id: 'order:vfio', locks: ['memory_lock', 'dma_resv'], text: 'VFIO revokes with its memory_lock held for writing; a page fault of a BAR takes it under mmap_lock.', source: 'SEMANTICS B28, E8' },
  { id: 'order:uverbs', locks: ['dmabufs_lock', 'dmabuf_release_lock', 'dma_resv'], text: 'The RDMA exporter.', source: 'SEMANTICS B28' },
  { id: 'order:iommufd', locks: ['dma_resv', 'pages->mutex'], text: 'The callback of iommufd takes its pages mutex inside.', source: 'SEMANTICS B27, B28' },
  { id: 'order:debugfs', locks: ['dmabuf_list_mutex', 'dma_resv'], text: 'A reader of bufinfo waits for each reservation; export and release need that mutex.', source: 'SEMANTICS B28' },
];

export function lockingOf(call: string): LockingRow | null {
  return LOCKING.find((row) => row.call === call) ?? null;
}
