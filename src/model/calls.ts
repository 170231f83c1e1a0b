// Every call and predicate a scenario may use: arguments, result, rule, one sentence. Data only; framework/ implements them.

export type ArgumentType =
  | 'buffer' | 'attachment' | 'mapping' | 'fence' | 'mutex' | 'rwsem' | 'completion' | 'kref' | 'work' | 'ticket' | 'workqueue'
  | 'exporter' | 'importer' | 'usage' | 'number' | 'bool' | 'errno' | 'word' | 'lock' | 'variable';

export interface CallSignature {
  readonly args: readonly ArgumentType[];
  /** How many trailing arguments may be left out. */
  readonly optional: number;
  readonly returns: 'void' | 'errno' | 'bool' | 'int';
  /** SEMANTICS number. */
  readonly semantics: string;
  readonly text: string;
}

const call = (args: readonly ArgumentType[], returns: CallSignature['returns'], semantics: string, text: string, optional = 0): CallSignature => ({ args, optional, returns, semantics, text });

export const CALLS = {
  // dma-buf core
  dma_buf_export: call(['buffer'], 'errno', 'B1', 'The exporter creates the buffer; one reference.'),
  dma_buf_fd: call(['buffer'], 'errno', 'B2', 'Gives the buffer a file descriptor: from here a user may close it.'),
  dma_buf_get: call(['buffer'], 'errno', 'B3', 'Takes a reference through a file descriptor.'),
  get_dma_buf: call(['buffer'], 'void', 'A1.2', 'Takes a reference.'),
  dma_buf_put: call(['buffer'], 'void', 'B4', 'Drops a reference; the last one releases the buffer, perhaps later.'),
  dma_buf_attach: call(['attachment'], 'errno', 'B5', 'Attaches a static importer.'),
  dma_buf_dynamic_attach: call(['attachment'], 'errno', 'B6', 'Attaches a dynamic importer; callbacks may come before it returns.'),
  dma_buf_detach: call(['attachment'], 'void', 'B7', 'Takes the attachment off the list and frees it.'),
  dma_buf_pin: call(['attachment'], 'errno', 'B8', 'Keeps the backing from moving; does not keep it from being revoked.'),
  dma_buf_unpin: call(['attachment'], 'void', 'B9', 'Undoes dma_buf_pin.'),
  dma_buf_map_attachment: call(['mapping'], 'errno', 'B10', 'Maps the buffer for the device of the importer.'),
  dma_buf_unmap_attachment: call(['mapping'], 'void', 'B11', 'Gives the mapping back: nothing touches it any more.'),
  dma_buf_map_attachment_unlocked: call(['mapping'], 'errno', 'B12', 'Maps, taking the reservation lock itself.'),
  dma_buf_unmap_attachment_unlocked: call(['mapping'], 'void', 'B12', 'Unmaps, taking the reservation lock itself.'),
  dma_buf_invalidate_mappings: call(['buffer'], 'void', 'B13', 'Runs the callback of every attachment that has one.'),
  dma_buf_move_notify: call(['buffer'], 'void', 'B13', 'The name of dma_buf_invalidate_mappings before v7.1.'),
  invalidate_attachment: call(['attachment'], 'void', 'B14', 'Runs the callback of one attachment, listed or not: what only a broken exporter does.'),
  dma_buf_begin_cpu_access: call(['buffer', 'word'], 'errno', 'B16', 'Begins CPU access: exporter hook, then waits for fences.', 1),
  dma_buf_end_cpu_access: call(['buffer', 'word'], 'errno', 'B16', 'Ends CPU access.', 1),
  dma_buf_mmap: call(['buffer'], 'errno', 'B17', 'Maps the buffer into a process.'),
  dma_buf_vmap: call(['buffer'], 'errno', 'B18', 'Maps the buffer into the kernel; the exporter must keep it in place.'),
  dma_buf_vunmap: call(['buffer'], 'void', 'B18', 'Undoes dma_buf_vmap.'),
  dma_buf_vmap_unlocked: call(['buffer'], 'errno', 'B18', 'dma_buf_vmap, taking the reservation lock itself.'),
  dma_buf_vunmap_unlocked: call(['buffer'], 'void', 'B18', 'dma_buf_vunmap, taking the reservation lock itself.'),
  dma_buf_poll: call(['buffer', 'usage'], 'void', 'B23a', 'poll(2): locks the reservation, then waits for its fences.', 1),
  import_sync_file: call(['buffer', 'fence', 'usage'], 'errno', 'B23a', 'DMA_BUF_IOCTL_IMPORT_SYNC_FILE: a user adds a fence to the buffer.', 1),
  export_sync_file: call(['buffer', 'usage'], 'errno', 'B23a', 'DMA_BUF_IOCTL_EXPORT_SYNC_FILE: a user takes the fences of the buffer.', 1),
  // dma-resv
  dma_resv_lock: call(['lock', 'ticket'], 'errno', 'B19', 'Takes the reservation lock; with a ticket it may fail with -EDEADLK.', 1),
  dma_resv_lock_interruptible: call(['lock', 'ticket'], 'errno', 'B19', 'As dma_resv_lock; a signal ends it with -EINTR.', 1),
  dma_resv_lock_slow: call(['lock', 'ticket'], 'void', 'B19', 'Takes the contended lock after everything else was dropped.'),
  dma_resv_trylock: call(['lock'], 'bool', 'B19', 'Takes the reservation lock if it is free.'),
  dma_resv_unlock: call(['lock'], 'void', 'B19', 'Releases the reservation lock.'),
  ww_acquire_init: call(['ticket'], 'void', 'B19', 'Begins a ticket.'),
  ww_acquire_fini: call(['ticket'], 'void', 'B19', 'Ends a ticket.'),
  dma_resv_reserve_fences: call(['buffer', 'number'], 'errno', 'B20', 'Makes room for fences to be added.', 1),
  dma_resv_add_fence: call(['buffer', 'fence', 'usage'], 'void', 'B21', 'Adds a fence; needs a reserved slot.'),
  dma_resv_replace_fences: call(['buffer', 'fence', 'fence', 'usage'], 'void', 'B23', 'Replaces a fence by one that implies no more access.', 1),
  dma_resv_wait_timeout: call(['buffer', 'usage', 'word', 'word'], 'errno', 'B22', 'Waits for all fences up to a usage; words: interruptible, timeout.', 2),
  dma_resv_test_signaled: call(['buffer', 'usage'], 'bool', 'B22', 'Whether all fences up to a usage have signalled.'),
  // dma-fence
  dma_fence_init: call(['fence'], 'void', 'A6', 'A fence is born unsignalled.'),
  dma_fence_signal: call(['fence'], 'void', 'B24', 'Signals a fence, once.'),
  dma_fence_wait: call(['fence'], 'errno', 'B24', 'Waits until the fence has signalled.'),
  dma_fence_wait_timeout: call(['fence'], 'errno', 'B24', 'Waits until the fence has signalled, or for a time.'),
  dma_fence_add_callback: call(['fence', 'work'], 'errno', 'B24', 'Runs something when the fence signals; -ENOENT if it has.'),
  dma_fence_remove_callback: call(['fence', 'work'], 'bool', 'B24', 'Takes the callback back; false when it ran.'),
  dma_fence_free: call(['fence'], 'void', 'B24', 'Last put of a fence: WARN if somebody waits.'),
  // locks, work, completions, counts
  mutex_lock: call(['mutex'], 'void', 'B28', 'Takes a mutex.'),
  mutex_trylock: call(['mutex'], 'bool', 'B28', 'Takes a mutex if it is free.'),
  mutex_unlock: call(['mutex'], 'void', 'B28', 'Releases a mutex.'),
  down_read: call(['rwsem'], 'void', 'B28', 'Takes a semaphore for reading.'),
  up_read: call(['rwsem'], 'void', 'B28', 'Releases it.'),
  down_write: call(['rwsem'], 'void', 'B28', 'Takes a semaphore for writing.'),
  up_write: call(['rwsem'], 'void', 'B28', 'Releases it.'),
  queue_work: call(['work'], 'void', 'E9', 'Queues a work item.'),
  flush_work: call(['work'], 'void', 'E9', 'Waits until a work item is neither queued nor running.'),
  cancel_work_sync: call(['work'], 'void', 'E9', 'Takes a work item off its queue and waits until it does not run.'),
  complete: call(['completion'], 'void', 'A10', 'Signals a completion.'),
  wait_for_completion: call(['completion', 'word'], 'errno', 'A10', 'Waits for a completion; with the word timeout not for ever.', 1),
  reinit_completion: call(['completion'], 'void', 'A10', 'Re-arms a completion.'),
  kref_init: call(['kref'], 'void', 'A10', 'Sets a count to one.'),
  kref_get: call(['kref'], 'void', 'A10', 'Adds one; never from zero.'),
  kref_get_unless_zero: call(['kref'], 'bool', 'A10', 'Adds one unless it is zero.'),
  kref_put: call(['kref', 'completion'], 'bool', 'A10', 'Takes one; true, and completes, when it was the last.', 1),
  // devices
  submit_job: call(['mapping', 'fence'], 'void', 'A9', 'The device starts to work through the mapping; its end signals the fence.', 1),
  stop_hw: call(['mapping'], 'void', 'C4', 'The importer stops its device: no work through the mapping afterwards.'),
  reset_hw: call(['mapping'], 'void', 'E1', 'Starts a reset that ends the work and its fence soon.'),
  init_private: call(['attachment'], 'void', 'B6.3', 'What the callback needs is ready from here.'),
  free_private: call(['attachment'], 'void', 'F10', 'What the callback needs is gone from here.'),
  clear_private: call(['attachment'], 'void', 'F10', 'The callback finds nothing to do from here.'),
  use_attachment: call(['attachment'], 'void', 'N6', 'The CPU looks into the attachment or its sg_table.'),
  use_buffer: call(['buffer'], 'void', 'N6', 'The CPU looks into the dma_buf.'),
  issue_key: call(['mapping'], 'void', 'B25', 'Hands out a key (rkey) for the mapping.'),
  reissue_key: call(['mapping'], 'void', 'N7', 'Hands the same key out again for something else.'),
  device_off: call(['exporter'], 'void', 'A4', 'The target stops answering: reset, D3, MEM disabled, unplug.'),
  device_on: call(['exporter'], 'void', 'A4', 'The target answers again.'),
  reassign_address: call(['buffer'], 'void', 'A4', 'The exporter gives the addresses to something else.'),
  redirect_address: call(['buffer'], 'void', 'C6', 'The exporter points addresses still mapped at a dummy.'),
  recycle_storage: call(['buffer'], 'void', 'A4', 'The exporter gives the memory to another buffer.'),
  free_storage: call(['buffer'], 'void', 'A4', 'The exporter frees the memory.'),
  move_storage: call(['buffer'], 'void', 'C3', 'Schedules the copy, adds its fence as KERNEL, switches the backing.'),
  wait_for_unmap: call(['buffer', 'word'], 'errno', 'C4', 'Drops the own mapping reference and waits until no mapping is left.', 1),
  rearm_mappings: call(['buffer'], 'void', 'C4', 'Sets the mapping count and its completion up again.'),
  copy_to_user: call(['lock'], 'void', 'E8', 'May fault: needs the given lock (mmap_lock, or what a fault handler takes).', 1),
  // drivers
  vfio_pci_dma_buf_move: call(['exporter', 'bool'], 'void', 'C4', 'VFIO: revoke (true) or un-revoke (false) every buffer of the device, one by one.'),
  vfio_pci_dma_buf_cleanup: call(['exporter'], 'void', 'C9', 'VFIO: revoke and let go of every buffer when the device closes.'),
  uverbs_dmabuf_revoke: call(['buffer'], 'void', 'A10', 'RDMA export: revoke one buffer, for good.'),
  ttm_bo_move: call(['buffer'], 'errno', 'C3', 'A TTM-like mover: -EBUSY while pinned or vmapped, else callbacks, copy, switch.'),
  ib_umem_dmabuf_get: call(['attachment'], 'errno', 'B25.1', 'RDMA: attach, nothing mapped.'),
  ib_umem_dmabuf_map_pages: call(['mapping'], 'errno', 'B25.2', 'RDMA: map if needed, wait for KERNEL fences.'),
  ib_umem_dmabuf_unmap_pages: call(['mapping'], 'void', 'B25.3', 'RDMA: unmap if mapped.'),
  ib_umem_dmabuf_get_pinned: call(['mapping'], 'errno', 'B25.4', 'RDMA: attach, pin and map; no callback.'),
  ib_umem_dmabuf_get_pinned_revocable_and_lock: call(['mapping'], 'errno', 'B25.5', 'RDMA: attach, pin, map; returns with the reservation lock held.'),
  ib_umem_dmabuf_revoke_locked: call(['mapping'], 'void', 'B25.6', 'RDMA: the generic revoke, lock held.'),
  ib_umem_dmabuf_revoke: call(['mapping'], 'void', 'B25.6', 'RDMA: the generic revoke, taking the lock.'),
  ib_umem_dmabuf_release: call(['mapping'], 'void', 'B25.7', 'RDMA: revoke, detach, put.'),
  iopt_map_dmabuf: call(['mapping'], 'errno', 'B27', 'iommufd: attach, pin, take the physical range.'),
  iopt_unmap_dmabuf: call(['mapping'], 'void', 'B27', 'iommufd: unmap, unpin, detach.'),
} as const satisfies Readonly<Record<string, CallSignature>>;

export type CallName = keyof typeof CALLS;

/** Predicates: read-only, usable in any expression. */
export const PREDICATES = {
  dma_buf_attach_revocable: call(['attachment'], 'bool', 'B15', 'The importer has a callback (and it is not the stub of STUB=R1).'),
  peer2peer: call(['attachment'], 'bool', 'B6.2', 'The attachment still allows peer to peer.'),
  listed: call(['attachment'], 'bool', 'A2.1', 'The attachment is on the list.'),
  logged: call(['attachment'], 'bool', 'B26', 'The stub callback of STUB=R1 or R2 has printed its warning.'),
  pinned: call(['attachment'], 'bool', 'A2.3', 'The attachment holds a pin.'),
  dynamic: call(['attachment'], 'bool', 'A8', 'The importer gave ops.'),
  live: call(['mapping'], 'bool', 'A3', 'From map to unmap.'),
  stale: call(['mapping'], 'bool', 'C10', 'Live, and its callback has returned since it was mapped.'),
  working: call(['mapping'], 'bool', 'A9', 'The device works through it.'),
  signaled: call(['fence'], 'bool', 'A6', 'The fence has signalled.'),
  pending: call(['fence'], 'bool', 'A6', 'The fence is armed and has not signalled.'),
  locked: call(['lock'], 'bool', 'B19', 'Somebody holds the lock.'),
  idle: call(['buffer', 'usage'], 'bool', 'A5', 'No unsignalled fence up to the usage.'),
  mappings: call(['buffer'], 'int', 'A1.7', 'How many mappings of the buffer are live.'),
  pins: call(['buffer'], 'int', 'A1.7', 'How many attachments of the buffer hold a pin.'),
  decodes: call(['exporter'], 'bool', 'A4', 'The target answers.'),
  queued: call(['work'], 'bool', 'E9', 'The work item is queued.'),
  completed: call(['completion'], 'bool', 'A10', 'The completion is signalled.'),
  done: call(['variable'], 'bool', 'E12', 'The thread has ended.'),
  IS_ERR: call(['errno'], 'bool', 'B6', 'The value is an errno.'),
  revoked: call(['buffer'], 'bool', 'A10', 'The exporter refuses new mappings.'),
} as const satisfies Readonly<Record<string, CallSignature>>;

export type PredicateName = keyof typeof PREDICATES;
