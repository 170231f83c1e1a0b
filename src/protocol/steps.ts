// The named steps: what a model action, an anchor in C and an event of a trace have in common (SEMANTICS A, B, C).
// Data only. The ids are the `step` of the model's steps; a test keeps the two level.

import { always, during, since, type KernelName } from './kernel-names.ts';

export type StepObject = 'buffer' | 'attachment' | 'mapping' | 'pin' | 'fence' | 'reservation' | 'lock' | 'device' | 'count' | 'work' | 'completion';

export interface StepRow {
  readonly id: string;
  /** What it happens to. */
  readonly object: StepObject;
  /** Who takes it. */
  readonly by: 'importer' | 'exporter' | 'either' | 'device' | 'core';
  readonly text: string;
  /** Kernel-doc symbol or commit; SEMANTICS number. */
  readonly source: string;
  /** Kernel functions that are this step. */
  readonly functions: readonly KernelName[];
  /** Members of ops tables through which it reaches the other side. */
  readonly ops: readonly KernelName[];
  /** Why no step of the model has this name; null where one has. */
  readonly unmodelled: string | null;
}

interface Names {
  readonly functions?: readonly KernelName[];
  readonly ops?: readonly KernelName[];
  readonly unmodelled?: string;
}

const row = <const Id extends string>(id: Id, object: StepObject, by: StepRow['by'], source: string, text: string, names: Names = {}): StepRow & { readonly id: Id } => ({
  id, object, by, text, source, functions: names.functions ?? [], ops: names.ops ?? [], unmodelled: names.unmodelled ?? null,
});

export const STEPS = [
  // buffer
  row('export', 'buffer', 'exporter', 'kernel-doc dma_buf_export; SEMANTICS B1', 'The exporter makes a buffer with one reference.', { functions: always('dma_buf_export') }),
  row('fd', 'buffer', 'exporter', 'kernel-doc dma_buf_fd; CVE-2026-63910; SEMANTICS B2', 'The buffer gets a file descriptor; from here any thread of the user may close it.', { functions: always('dma_buf_fd', 'dma_buf_fd_install') }),
  row('get', 'buffer', 'either', 'kernel-doc dma_buf_get; SEMANTICS B3', 'Takes a reference to the buffer.', { functions: always('dma_buf_get', 'get_dma_buf') }),
  row('put', 'buffer', 'either', 'kernel-doc dma_buf_put; SEMANTICS B4', 'Drops a reference to the buffer.', { functions: always('dma_buf_put') }),
  row('release', 'buffer', 'core', 'dma_buf_release; SEMANTICS B4', 'The buffer without references is torn down, perhaps later and in another context.', { functions: always('dma_buf_release'), ops: always('dma_buf_ops.release') }),
  row('invalidate', 'buffer', 'exporter', 'kernel-doc dma_buf_invalidate_mappings; SEMANTICS B13', 'The exporter runs the callback of every attachment that has one; it waits for nothing.', {
    functions: [...during('5.7', '7.0', 'dma_buf_move_notify'), ...since('7.1', 'dma_buf_invalidate_mappings')],
    ops: [...during('5.7', '7.0', 'dma_buf_attach_ops.move_notify'), ...since('7.1', 'dma_buf_attach_ops.invalidate_mappings')],
  }),
  row('revoke', 'buffer', 'exporter', 'vfio_pci_dma_buf_move; SEMANTICS C4, A10', 'The exporter notes that it grants no mapping any more.', { functions: [...since('6.19', 'vfio_pci_dma_buf_move'), ...always('uverbs_dmabuf_revoke')] }),
  row('restore', 'buffer', 'exporter', 'vfio_pci_dma_buf_move; SEMANTICS C4, D6', 'The exporter grants mappings again.', { functions: since('6.19', 'vfio_pci_dma_buf_move') }),
  row('unmap-wait', 'buffer', 'exporter', 'commit 1a8a5227f229; SEMANTICS C4, E6', 'The exporter sleeps, without the reservation lock, until no counted mapping is left.'),
  row('move', 'buffer', 'exporter', 'kernel-doc dma_buf_attach_ops.invalidate_mappings; SEMANTICS C3', 'A copy to the new place is scheduled behind the fences, its own fence is added as KERNEL, the backing is switched.'),
  row('cpu-access', 'buffer', 'either', 'kernel-doc dma_buf_begin_cpu_access; SEMANTICS B16', 'The CPU begins or ends its access.', { functions: always('dma_buf_begin_cpu_access', 'dma_buf_end_cpu_access'), ops: always('dma_buf_ops.begin_cpu_access', 'dma_buf_ops.end_cpu_access') }),
  row('mmap', 'buffer', 'either', 'kernel-doc dma_buf_mmap; SEMANTICS B17', 'The buffer is mapped into a process.', { functions: always('dma_buf_mmap'), ops: always('dma_buf_ops.mmap') }),
  row('vmap', 'buffer', 'importer', 'kernel-doc dma_buf_vmap; SEMANTICS B18', 'The buffer is mapped into the kernel and must stay in place.', { functions: always('dma_buf_vmap', 'dma_buf_vmap_unlocked'), ops: always('dma_buf_ops.vmap') }),
  row('vunmap', 'buffer', 'importer', 'kernel-doc dma_buf_vunmap; SEMANTICS B18', 'A kernel mapping is given back.', { functions: always('dma_buf_vunmap', 'dma_buf_vunmap_unlocked'), ops: always('dma_buf_ops.vunmap') }),
  row('sync-file', 'buffer', 'either', 'DMA_BUF_IOCTL_EXPORT_SYNC_FILE; SEMANTICS B23a', 'A user takes the fences of the buffer as a file.'),

  // attachment, pin, mapping
  row('attach', 'attachment', 'importer', 'kernel-doc dma_buf_dynamic_attach; SEMANTICS B5, B6', 'The importer joins: the exporter is asked, then the attachment is listed and the callback may come.', { functions: always('dma_buf_attach', 'dma_buf_dynamic_attach'), ops: always('dma_buf_ops.attach') }),
  row('detach', 'attachment', 'importer', 'kernel-doc dma_buf_detach; SEMANTICS B7', 'The attachment leaves the list; no callback can come afterwards.', { functions: always('dma_buf_detach'), ops: always('dma_buf_ops.detach') }),
  row('ask-revocable', 'attachment', 'exporter', 'kernel-doc dma_buf_attach_revocable; commit be6d4c9e9d71; SEMANTICS B15', 'The exporter asks whether the importer promises to unmap in bounded time.', { functions: since('7.1', 'dma_buf_attach_revocable'), unmodelled: 'the answer is a property of the importer\'s type: a predicate, no step' }),
  row('pin', 'pin', 'importer', 'kernel-doc dma_buf_pin; SEMANTICS B8', 'The backing may not move until unpin; it may still be revoked.', { functions: always('dma_buf_pin'), ops: always('dma_buf_ops.pin') }),
  row('unpin', 'pin', 'importer', 'kernel-doc dma_buf_unpin; SEMANTICS B9', 'Undoes one pin.', { functions: always('dma_buf_unpin'), ops: always('dma_buf_ops.unpin') }),
  row('map', 'mapping', 'importer', 'kernel-doc dma_buf_map_attachment; SEMANTICS B10, B12', 'The importer gets addresses for its device; KERNEL fences pending now must be waited for before use.', {
    functions: always('dma_buf_map_attachment', 'dma_buf_map_attachment_unlocked'), ops: always('dma_buf_ops.map_dma_buf'),
  }),
  row('unmap', 'mapping', 'importer', 'kernel-doc dma_buf_unmap_attachment; SEMANTICS B11, B12', 'The importer states that nothing of its device uses the mapping any more.', {
    functions: always('dma_buf_unmap_attachment', 'dma_buf_unmap_attachment_unlocked'), ops: always('dma_buf_ops.unmap_dma_buf'),
  }),

  // reservation and fences
  row('resv-lock', 'reservation', 'either', 'kernel-doc dma_resv_lock; SEMANTICS B19', 'Takes the reservation lock.', { functions: always('dma_resv_lock', 'dma_resv_lock_interruptible', 'dma_resv_lock_slow') }),
  row('resv-unlock', 'reservation', 'either', 'kernel-doc dma_resv_unlock; SEMANTICS B19', 'Releases the reservation lock; reserved slots are void.', { functions: always('dma_resv_unlock') }),
  row('fence-init', 'fence', 'either', 'kernel-doc dma_fence_init; SEMANTICS A6', 'A fence is born unsignalled.', { functions: always('dma_fence_init', 'dma_fence_init64') }),
  row('fence-reserve', 'reservation', 'either', 'kernel-doc dma_resv_reserve_fences; SEMANTICS B20', 'Makes room for fences, which may fail; adding may not.', { functions: always('dma_resv_reserve_fences') }),
  row('fence-add', 'fence', 'either', 'kernel-doc dma_resv_add_fence; SEMANTICS B21', 'A fence is added to the reservation under a usage.', { functions: always('dma_resv_add_fence') }),
  row('fence-replace', 'fence', 'either', 'kernel-doc dma_resv_replace_fences; SEMANTICS B23', 'A fence takes the place of another that implies more access.', { functions: always('dma_resv_replace_fences') }),
  row('fence-wait', 'fence', 'either', 'kernel-doc dma_resv_wait_timeout; SEMANTICS B22, E4', 'Waits for fences up to a usage, or for one fence.', { functions: always('dma_resv_wait_timeout', 'dma_fence_wait', 'dma_fence_wait_timeout') }),
  row('fence-test', 'fence', 'either', 'kernel-doc dma_resv_test_signaled; SEMANTICS B22', 'Looks whether fences have signalled.', { functions: always('dma_resv_test_signaled', 'dma_fence_is_signaled'), unmodelled: 'it only looks: a predicate, or a nameless step' }),
  row('fence-signal', 'fence', 'either', 'kernel-doc dma_fence_signal; SEMANTICS B24', 'A fence signals, once; its callbacks run.', { functions: always('dma_fence_signal', 'dma_fence_signal_locked') }),
  row('fence-callback', 'fence', 'either', 'kernel-doc dma_fence_add_callback; SEMANTICS B24', 'Something is set up, or taken back, to run when the fence signals.', { functions: always('dma_fence_add_callback', 'dma_fence_remove_callback') }),

  // device
  row('submit', 'device', 'importer', 'SEMANTICS A9, C3', 'The importer hands its device work that goes through the mapping.'),
  row('stop', 'device', 'importer', 'SEMANTICS C2, C4', 'The importer stops its device: no access through the mapping afterwards.'),
  row('reset', 'device', 'importer', 'SEMANTICS E1', 'A reset ends the work and its fence.'),
  row('job-end', 'device', 'device', 'SEMANTICS A9, E12', 'Work of the device ends by itself.'),
  row('access', 'mapping', 'device', 'SEMANTICS C5, C6', 'The device reads or writes through the mapping, or reads ahead.', { unmodelled: 'it changes nothing: what it would hit is looked at in every state' }),
  row('device-off', 'device', 'exporter', 'SEMANTICS A4, C4', 'The target stops answering: reset, D3, memory disabled, unplug.'),
  row('device-on', 'device', 'exporter', 'SEMANTICS A4', 'The target answers again.'),
  row('reassign', 'mapping', 'exporter', 'SEMANTICS A4, C6', 'Addresses that were given out lead to something else.'),
  row('redirect', 'mapping', 'exporter', 'Koenig b129f0c1, 2026-01; SEMANTICS C6, D1', 'Addresses still mapped lead to a dummy.'),
  row('recycle', 'buffer', 'exporter', 'Koenig 31872c87, 2026-01-30; SEMANTICS A4, C5', 'The memory behind old mappings is given to somebody else, or freed.'),

  // counts, locks, work
  row('count-get', 'count', 'exporter', 'commit c64a647c84f3; SEMANTICS A10', 'Adds one to a count.', { functions: always('kref_get', 'kref_get_unless_zero') }),
  row('count-put', 'count', 'exporter', 'commit c64a647c84f3; SEMANTICS A10', 'Takes one from a count; the last one completes.', { functions: always('kref_put') }),
  row('rearm', 'count', 'exporter', 'commit c64a647c84f3; SEMANTICS C4', 'A count is one again and its completion empty.', { functions: always('kref_init', 'reinit_completion') }),
  row('lock', 'lock', 'either', 'SEMANTICS B28, E8', 'Takes a mutex or a semaphore.', { functions: always('mutex_lock', 'down_read', 'down_write') }),
  row('trylock', 'lock', 'either', 'SEMANTICS B19, E12', 'Takes a lock if it is free; never waits.', { functions: always('dma_resv_trylock', 'mutex_trylock') }),
  row('unlock', 'lock', 'either', 'SEMANTICS B28', 'Releases a mutex or a semaphore.', { functions: always('mutex_unlock', 'up_read', 'up_write') }),
  row('queue-work', 'work', 'either', 'SEMANTICS E9', 'Queues a work item.', { functions: always('queue_work', 'schedule_work') }),
  row('work', 'work', 'core', 'SEMANTICS E9, E12', 'A queued work item begins to run.'),
  row('flush-work', 'work', 'either', 'SEMANTICS E9', 'Waits until a work item is neither queued nor running.', { functions: always('flush_work', 'cancel_work_sync') }),
  row('complete', 'completion', 'either', 'SEMANTICS A10', 'Signals a completion.', { functions: always('complete', 'complete_all') }),
  row('completion-wait', 'completion', 'either', 'SEMANTICS A10, E6', 'Waits for a completion.', { functions: always('wait_for_completion', 'wait_for_completion_timeout') }),
] as const satisfies readonly StepRow[];

export type StepId = (typeof STEPS)[number]['id'];

const ids: ReadonlySet<string> = new Set(STEPS.map((s) => s.id));

export function isStep(id: string): id is StepId {
  return ids.has(id);
}

/** Helpers and drivers that take several steps at once, by name and version (SEMANTICS B25 to B27, D13). */
export const HELPERS = [
  { id: 'ib_umem_dmabuf_get', names: always('ib_umem_dmabuf_get'), takes: ['get', 'attach'], source: 'SEMANTICS B25.1' },
  { id: 'ib_umem_dmabuf_map_pages', names: always('ib_umem_dmabuf_map_pages'), takes: ['map', 'fence-wait'], source: 'SEMANTICS B25.2' },
  { id: 'ib_umem_dmabuf_unmap_pages', names: always('ib_umem_dmabuf_unmap_pages'), takes: ['unmap'], source: 'SEMANTICS B25.3' },
  { id: 'ib_umem_dmabuf_get_pinned', names: always('ib_umem_dmabuf_get_pinned'), takes: ['get', 'attach', 'resv-lock', 'pin', 'map', 'fence-wait', 'resv-unlock'], source: 'SEMANTICS B25.4' },
  { id: 'ib_umem_dmabuf_get_pinned_revocable_and_lock', names: always('ib_umem_dmabuf_get_pinned_revocable_and_lock'), takes: ['get', 'attach', 'resv-lock', 'pin', 'map', 'fence-wait'], source: 'commits 33960c206db2, e86b2bf1c311, 932f1eef09ec, f39003e8fa8c, 5c3f6de46d6a; SEMANTICS B25.5, D13' },
  { id: 'ib_umem_dmabuf_revoke_locked', names: always('ib_umem_dmabuf_revoke_locked'), takes: ['stop', 'unmap', 'unpin'], source: 'commit 797291a; SEMANTICS B25.6, D13' },
  { id: 'ib_umem_dmabuf_revoke', names: always('ib_umem_dmabuf_revoke'), takes: ['resv-lock', 'stop', 'unmap', 'unpin', 'resv-unlock'], source: 'commit 797291a; SEMANTICS B25.6, D13' },
  { id: 'ib_umem_dmabuf_release', names: always('ib_umem_dmabuf_release'), takes: ['resv-lock', 'stop', 'unmap', 'unpin', 'resv-unlock', 'detach', 'put'], source: 'SEMANTICS B25.7' },
  { id: 'ib_umem_dmabuf_unsupported_move_notify', names: during(null, '7.0', 'ib_umem_dmabuf_unsupported_move_notify'), takes: [], source: 'commit 1e4df4a21c5a; SEMANTICS B26, D3' },
  { id: 'vfio_pci_dma_buf_move', names: since('6.19', 'vfio_pci_dma_buf_move'), takes: ['resv-lock', 'revoke', 'restore', 'invalidate', 'fence-wait', 'resv-unlock', 'unmap-wait', 'rearm'], source: 'commits 5d74781ebc86, 1a8a5227f229; SEMANTICS C4, D1' },
  { id: 'vfio_pci_dma_buf_cleanup', names: always('vfio_pci_dma_buf_cleanup'), takes: ['resv-lock', 'revoke', 'invalidate', 'fence-wait', 'resv-unlock', 'unmap-wait', 'rearm'], source: 'commit c64a647c84f3; SEMANTICS C9, F1' },
  { id: 'iopt_map_dmabuf', names: always('iopt_map_dmabuf'), takes: ['attach', 'resv-lock', 'pin', 'map', 'resv-unlock'], source: 'commits 71e2409a0c85, fc7063abd98e, 8c5f9645c389; SEMANTICS B27, D13' },
] as const satisfies readonly { readonly id: string; readonly names: readonly KernelName[]; readonly takes: readonly StepId[]; readonly source: string }[];
