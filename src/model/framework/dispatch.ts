// From a call's name in a scenario to the program that implements it. One entry a call of `calls.ts`; the compiler keeps them level.

import type { CallName } from '../calls.ts';
import { errnoValue, TRUE_RESULT } from '../../protocol/errno.ts';
import type { Usage } from '../../protocol/usage.ts';
import type { Code } from '../code.ts';
import { constant, equal, not, read, set, when, type Expr } from '../system.ts';
import type { Attachment, Buffer, Completion, Exporter, Fence, Kref, Lock, Mapping, Ticket, Work, World } from '../world.ts';
import { iommufdMap, iommufdUnmap, umemGet, umemGetPinned, umemMapPages, umemRelease, umemRevoke, umemRevokeLocked, umemUnmapPages } from '../drivers/umem.ts';
import { ttmMove } from '../drivers/ttm.ts';
import { uverbsRevoke } from '../drivers/uverbs.ts';
import { vfioCleanup, vfioMove } from '../drivers/vfio.ts';
import * as dmaBuf from './dma-buf.ts';
import { invalidateAttachment, invalidateMappings } from './invalidate.ts';
import { alive } from './lifetime.ts';
import * as devices from './devices.ts';
import * as fences from './fences.ts';
import * as locks from './locks.ts';
import * as work from './work.ts';

/** The arguments of one call, by type. A missing optional one is null; a wrong type is an error with the place. */
export interface Arguments {
  buffer(i: number): Buffer;
  attachment(i: number): Attachment;
  mapping(i: number): Mapping;
  fence(i: number): Fence;
  fenceOrNull(i: number): Fence | null;
  lock(i: number): Lock;
  lockOrNull(i: number): Lock | null;
  ticketOrNull(i: number): Ticket | null;
  ticket(i: number): Ticket;
  completion(i: number): Completion;
  completionOrNull(i: number): Completion | null;
  kref(i: number): Kref;
  work(i: number): Work;
  exporter(i: number): Exporter;
  usage(i: number, otherwise: Usage): Usage;
  number(i: number, otherwise: number): number;
  bool(i: number): boolean;
  words(from: number): readonly string[];
}

/** States of what a callback finds; a cleared pointer leads to nothing that could be freed. */
const FREED = 2;
const CLEARED = 3;

const ENOENT = errnoValue('ENOENT');

type Program = (w: World, c: Code, a: Arguments) => void;

const simple = (
  name: string, returns: boolean | 'inner', body: (w: World, c: Code, a: Arguments) => void, object: (a: Arguments) => string,
): Program => (w, c, a) => c.call(`${name}(${object(a)})`, returns, () => body(w, c, a));
const setPrivate = (name: string, value: number): Program => (_w, c, a) => {
  const att = a.attachment(0);
  c.call(`${name}(${att.name})`, false, () => c.step('', { actions: [set(att.private, constant(value))] }));
};

export const PROGRAMS: Readonly<Record<CallName, Program>> = {
  dma_buf_export: (w, c, a) => dmaBuf.dmaBufExport(w, c, a.buffer(0)),
  dma_buf_fd: simple('dma_buf_fd', true, (w, c, a) => c.step('', {
    actions: [...w.needFree(c, a.buffer(0).resv, 'dma_buf_fd'), ...alive(w, c, a.buffer(0))],
    step: 'fd',
  }), (a) => a.buffer(0).name),
  dma_buf_get: (w, c, a) => dmaBuf.dmaBufGet(w, c, a.buffer(0), 'dma_buf_get'),
  get_dma_buf: (w, c, a) => dmaBuf.dmaBufGet(w, c, a.buffer(0), 'get_dma_buf'),
  dma_buf_put: (w, c, a) => dmaBuf.dmaBufPut(w, c, a.buffer(0)),
  dma_buf_attach: (w, c, a) => dmaBuf.dmaBufAttach(w, c, a.attachment(0), false),
  dma_buf_dynamic_attach: (w, c, a) => dmaBuf.dmaBufAttach(w, c, a.attachment(0), true),
  dma_buf_detach: (w, c, a) => dmaBuf.dmaBufDetach(w, c, a.attachment(0)),
  dma_buf_pin: (w, c, a) => dmaBuf.dmaBufPin(w, c, a.attachment(0)),
  dma_buf_unpin: (w, c, a) => dmaBuf.dmaBufUnpin(w, c, a.attachment(0)),
  dma_buf_map_attachment: (w, c, a) => dmaBuf.dmaBufMap(w, c, a.mapping(0)),
  dma_buf_unmap_attachment: (w, c, a) => dmaBuf.dmaBufUnmap(w, c, a.mapping(0)),
  dma_buf_map_attachment_unlocked: (w, c, a) =>
    dmaBuf.unlocked(w, c, a.mapping(0).attachment.buffer, `dma_buf_map_attachment_unlocked(${a.mapping(0).name})`, true, () => dmaBuf.dmaBufMap(w, c, a.mapping(0))),
  dma_buf_unmap_attachment_unlocked: (w, c, a) =>
    dmaBuf.unlocked(w, c, a.mapping(0).attachment.buffer, `dma_buf_unmap_attachment_unlocked(${a.mapping(0).name})`, false, () => dmaBuf.dmaBufUnmap(w, c, a.mapping(0))),
  dma_buf_invalidate_mappings: (w, c, a) => invalidateMappings(w, c, a.buffer(0)),
  dma_buf_move_notify: (w, c, a) => invalidateMappings(w, c, a.buffer(0)),
  invalidate_attachment: (w, c, a) => invalidateAttachment(w, c, a.attachment(0)),
  dma_buf_begin_cpu_access: (w, c, a) => dmaBuf.beginCpuAccess(w, c, a.buffer(0), !a.words(1).includes('read')),
  dma_buf_end_cpu_access: (w, c, a) => dmaBuf.endCpuAccess(w, c, a.buffer(0)),
  dma_buf_mmap: (w, c, a) => dmaBuf.dmaBufMmap(w, c, a.buffer(0)),
  dma_buf_vmap: (w, c, a) => dmaBuf.dmaBufVmap(w, c, a.buffer(0)),
  dma_buf_vunmap: (w, c, a) => dmaBuf.dmaBufVunmap(w, c, a.buffer(0)),
  dma_buf_vmap_unlocked: (w, c, a) => dmaBuf.unlocked(w, c, a.buffer(0), `dma_buf_vmap_unlocked(${a.buffer(0).name})`, true, () => dmaBuf.dmaBufVmap(w, c, a.buffer(0))),
  dma_buf_vunmap_unlocked: (w, c, a) => dmaBuf.unlocked(w, c, a.buffer(0), `dma_buf_vunmap_unlocked(${a.buffer(0).name})`, false, () => dmaBuf.dmaBufVunmap(w, c, a.buffer(0))),
  dma_buf_poll: simple('dma_buf_poll', false, (w, c, a) => {
    const b = a.buffer(0);
    locks.lock(w, c, b.resv);
    locks.unlock(w, c, b.resv);
    fences.waitResv(w, c, b, a.usage(1, 'WRITE'), { interruptible: true });
  }, (a) => a.buffer(0).name),
  import_sync_file: simple('import_sync_file', true, (w, c, a) => {
    const b = a.buffer(0);
    locks.lock(w, c, b.resv);
    fences.reserve(w, c, b, 1);
    fences.addFence(w, c, b, a.fence(1), a.usage(2, 'WRITE'));
    locks.unlock(w, c, b.resv);
  }, (a) => `${a.buffer(0).name}, ${a.fence(1).name}`),
  export_sync_file: simple('export_sync_file', true, (w, c, a) => c.step('', {
    actions: alive(w, c, a.buffer(0)),
    step: 'sync-file',
  }), (a) => a.buffer(0).name),

  dma_resv_lock: (w, c, a) => lockCall(w, c, 'dma_resv_lock', a, false),
  dma_resv_lock_interruptible: (w, c, a) => lockCall(w, c, 'dma_resv_lock_interruptible', a, true),
  dma_resv_lock_slow: (w, c, a) => c.call(`dma_resv_lock_slow(${a.lock(0).name})`, false, () => c.step('', {
    guard: locks.free(a.lock(0)),
    actions: locks.taken(w, c, a.lock(0), a.ticket(1)),
    waits: w.waitForLock(a.lock(0)),
    step: 'resv-lock',
  })),
  dma_resv_trylock: (w, c, a) => c.call(`dma_resv_trylock(${a.lock(0).name})`, 'inner', () => locks.trylock(w, c, a.lock(0))),
  dma_resv_unlock: (w, c, a) => c.call(`dma_resv_unlock(${a.lock(0).name})`, false, () => locks.unlock(w, c, a.lock(0), '')),
  ww_acquire_init: simple('ww_acquire_init', false, (w, c, a) => locks.beginTicket(w, c, a.ticket(0)), (a) => a.ticket(0).name),
  ww_acquire_fini: simple('ww_acquire_fini', false, (w, c, a) => locks.endTicket(w, c, a.ticket(0)), (a) => a.ticket(0).name),
  dma_resv_reserve_fences: simple('dma_resv_reserve_fences', 'inner', (w, c, a) => fences.reserve(w, c, a.buffer(0), a.number(1, 1)), (a) => `${a.buffer(0).name}, ${a.number(1, 1)}`),
  dma_resv_add_fence: simple('dma_resv_add_fence', false, (w, c, a) => fences.addFence(
    w,
    c,
    a.buffer(0),
    a.fence(1),
    a.usage(2, 'WRITE'),
    '',
  ), (a) => `${a.buffer(0).name}, ${a.fence(1).name}, ${a.usage(2, 'WRITE')}`),
  dma_resv_replace_fences: simple('dma_resv_replace_fences', false, (w, c, a) => fences.replaceFence(
    w,
    c,
    a.buffer(0),
    a.fence(1),
    a.fence(2),
    a.usage(3, 'BOOKKEEP'),
  ), (a) => `${a.buffer(0).name}, ${a.fence(1).name}, ${a.fence(2).name}`),
  dma_resv_wait_timeout: simple('dma_resv_wait_timeout', 'inner', (w, c, a) => fences.waitResv(w, c, a.buffer(0), a.usage(1, 'BOOKKEEP'), {
    interruptible: a.words(2).includes('interruptible'),
    timeout: a.words(2).includes('timeout'),
    label: '',
  }), (a) => [a.buffer(0).name, a.usage(1, 'BOOKKEEP'), ...a.words(2)].join(', ')),
  dma_resv_test_signaled: simple('dma_resv_test_signaled', 'inner', (w, c, a) => c.step('', {
    actions: [set(c.result, truthResult(w.quiet(a.buffer(0).resv, a.usage(1, 'BOOKKEEP'))))],
  }), (a) => `${a.buffer(0).name}, ${a.usage(1, 'BOOKKEEP')}`),
  dma_fence_init: simple('dma_fence_init', false, (w, c, a) => c.step('', {
    actions: fences.armed(w, a.fence(0)),
    step: 'fence-init',
  }), (a) => a.fence(0).name),
  dma_fence_signal: simple('dma_fence_signal', false, (w, c, a) => fences.signal(w, c, a.fence(0)), (a) => a.fence(0).name),
  dma_fence_wait: simple('dma_fence_wait', 'inner', (w, c, a) => fences.waitFence(w, c, a.fence(0), false), (a) => a.fence(0).name),
  dma_fence_wait_timeout: simple('dma_fence_wait_timeout', 'inner', (w, c, a) => fences.waitFence(w, c, a.fence(0), true), (a) => a.fence(0).name),
  dma_fence_add_callback: (w, c, a) => {
    const fence = a.fence(0);
    const item = a.work(1);
    const armed = callbackBit(w, fence, item);
    c.call(`dma_fence_add_callback(${fence.name}, ${item.name})`, 'inner', () => c.step('', {
      actions: [when(w.unsignalled(fence), [set(armed, constant(1)), set(c.result, constant(0))], [set(c.result, constant(ENOENT))])],
      step: 'fence-callback',
    }));
  },
  dma_fence_remove_callback: (w, c, a) => {
    const armed = callbackBit(w, a.fence(0), a.work(1));
    c.call(`dma_fence_remove_callback(${a.fence(0).name}, ${a.work(1).name})`, 'inner', () => c.step('', {
      actions: [set(c.result, truthResult(read(armed))), set(armed, constant(0))],
      step: 'fence-callback',
    }));
  },
  dma_fence_free: simple('dma_fence_free', false, (w, c, a) => c.step('', {
    actions: [...w.emit('fence', a.fence(0).life, 'free', { party: c.party, object: a.fence(0).name })],
  }), (a) => a.fence(0).name),

  mutex_lock: simple('mutex_lock', false, (w, c, a) => locks.lock(w, c, a.lock(0), { label: '' }), (a) => a.lock(0).name),
  mutex_trylock: simple('mutex_trylock', 'inner', (w, c, a) => locks.trylock(w, c, a.lock(0)), (a) => a.lock(0).name),
  mutex_unlock: simple('mutex_unlock', false, (w, c, a) => locks.unlock(w, c, a.lock(0), ''), (a) => a.lock(0).name),
  down_read: simple('down_read', false, (w, c, a) => locks.downRead(w, c, a.lock(0)), (a) => a.lock(0).name),
  up_read: simple('up_read', false, (w, c, a) => locks.upRead(w, c, a.lock(0)), (a) => a.lock(0).name),
  down_write: simple('down_write', false, (w, c, a) => locks.lock(w, c, a.lock(0), { label: '' }), (a) => a.lock(0).name),
  up_write: simple('up_write', false, (w, c, a) => locks.unlock(w, c, a.lock(0), ''), (a) => a.lock(0).name),
  queue_work: (w, c, a) => work.queueWork(w, c, a.work(0)),
  flush_work: (w, c, a) => work.flushWork(w, c, a.work(0)),
  cancel_work_sync: (w, c, a) => work.cancelWork(w, c, a.work(0)),
  complete: (w, c, a) => work.complete(w, c, a.completion(0)),
  wait_for_completion: (w, c, a) => work.waitForCompletion(w, c, a.completion(0), a.words(1).includes('timeout')),
  reinit_completion: (w, c, a) => work.reinitCompletion(w, c, a.completion(0)),
  kref_init: (w, c, a) => work.krefInit(w, c, a.kref(0)),
  kref_get: (w, c, a) => work.krefGet(w, c, a.kref(0)),
  kref_get_unless_zero: (w, c, a) => work.krefGetUnlessZero(w, c, a.kref(0)),
  kref_put: (w, c, a) => work.krefPut(w, c, a.kref(0), a.completionOrNull(1)),

  submit_job: (w, c, a) => devices.submitJob(w, c, a.mapping(0), a.fenceOrNull(1)),
  stop_hw: (w, c, a) => devices.stopHardware(w, c, a.mapping(0)),
  reset_hw: simple('reset_hw', false, (w, c, a) => {
    const map = a.mapping(0);
    c.step('', {
      actions: [...map.jobFences.flatMap((f, i) => [when(equal(read(map.job), constant(i + 2)), fences.signalled(w, f))]), set(map.job, constant(0))],
      step: 'reset',
    });
  }, (a) => a.mapping(0).name),
  init_private: (w, c, a) => {
    w.note(`${a.attachment(0).importer} initialises late`);
    setPrivate('init_private', 1)(w, c, a);
  },
  free_private: (_w, c, a) => {
    const att = a.attachment(0);
    c.call(`free_private(${att.name})`, false, () => c.step('', {
      actions: [when(not(equal(read(att.private), constant(CLEARED))), [set(att.private, constant(FREED))])],
    }));
  },
  clear_private: setPrivate('clear_private', CLEARED),
  use_attachment: simple('use_attachment', false, (w, c, a) => c.step('', {
    actions: [when(equal(w.listed(a.attachment(0)), constant(0)), [
      { do: 'violate', violation: w.harm('N6', { party: c.party, object: a.attachment(0).name }, 'The attachment or its sg_table is used after detach.') },
    ])],
  }), (a) => a.attachment(0).name),
  use_buffer: simple('use_buffer', false, (w, c, a) => c.step('', { actions: alive(w, c, a.buffer(0)) }), (a) => a.buffer(0).name),
  issue_key: simple('issue_key', false, (_w, c, a) => c.step('', { actions: [set(a.mapping(0).key, constant(1))] }), (a) => a.mapping(0).name),
  reissue_key: simple('reissue_key', false, (_w, c, a) => c.step('', { actions: [set(a.mapping(0).key, constant(2))] }), (a) => a.mapping(0).name),
  device_off: (w, c, a) => devices.deviceOff(w, c, a.exporter(0)),
  device_on: (w, c, a) => devices.deviceOn(w, c, a.exporter(0)),
  reassign_address: (w, c, a) => devices.reassignAddress(w, c, a.buffer(0)),
  redirect_address: (w, c, a) => devices.redirectAddress(w, c, a.buffer(0)),
  recycle_storage: (w, c, a) => devices.recycleStorage(w, c, a.buffer(0), false),
  free_storage: (w, c, a) => devices.recycleStorage(w, c, a.buffer(0), true),
  move_storage: (w, c, a) => devices.moveStorage(w, c, a.buffer(0)),
  wait_for_unmap: (w, c, a) => devices.waitForUnmap(w, c, a.buffer(0), a.words(1).includes('timeout') ? 'timeout' : 'forever'),
  rearm_mappings: (w, c, a) => devices.rearmMappings(w, c, a.buffer(0)),
  copy_to_user: simple('copy_to_user', false, (w, c, a) => {
    const lock = a.lockOrNull(0);
    if (lock === null) return c.step('');
    locks.lock(w, c, lock, { label: `fault: lock ${lock.name}` });
    locks.unlock(w, c, lock);
  }, (a) => a.lockOrNull(0)?.name ?? ''),

  vfio_pci_dma_buf_move: (w, c, a) => vfioMove(w, c, a.exporter(0), a.bool(1)),
  vfio_pci_dma_buf_cleanup: (w, c, a) => vfioCleanup(w, c, a.exporter(0)),
  uverbs_dmabuf_revoke: (w, c, a) => uverbsRevoke(w, c, a.buffer(0)),
  ttm_bo_move: (w, c, a) => ttmMove(w, c, a.buffer(0)),
  ib_umem_dmabuf_get: (w, c, a) => umemGet(w, c, a.attachment(0)),
  ib_umem_dmabuf_map_pages: (w, c, a) => umemMapPages(w, c, a.mapping(0)),
  ib_umem_dmabuf_unmap_pages: (w, c, a) => umemUnmapPages(w, c, a.mapping(0)),
  ib_umem_dmabuf_get_pinned: (w, c, a) => umemGetPinned(w, c, a.mapping(0), false),
  ib_umem_dmabuf_get_pinned_revocable_and_lock: (w, c, a) => umemGetPinned(w, c, a.mapping(0), true),
  ib_umem_dmabuf_revoke_locked: (w, c, a) => umemRevokeLocked(w, c, a.mapping(0)),
  ib_umem_dmabuf_revoke: (w, c, a) => umemRevoke(w, c, a.mapping(0)),
  ib_umem_dmabuf_release: (w, c, a) => umemRelease(w, c, a.mapping(0)),
  iopt_map_dmabuf: (w, c, a) => iommufdMap(w, c, a.mapping(0)),
  iopt_unmap_dmabuf: (w, c, a) => iommufdUnmap(w, c, a.mapping(0)),
};

/** One bit a pair: the callback is armed. */
export function callbackBit(w: World, fence: Fence, item: Work): number {
  const old = fence.callbacks.find((cb) => cb.work === item);
  if (old !== undefined) return old.armed;
  w.note(`${fence.name} calls ${item.name}`);
  const armed = w.variable(`${fence.name}:callback ${item.name}`, 2, 0, { hidden: true });
  fence.callbacks.push({ work: item, armed });
  return armed;
}

const truthResult = (test: Expr): Expr => ({ op: 'if', test, then: constant(TRUE_RESULT), else: constant(0) });

function lockCall(w: World, c: Code, name: string, a: Arguments, interruptible: boolean): void {
  const lock = a.lock(0);
  const ticket = a.ticketOrNull(1) ?? undefined;
  c.call(`${name}(${lock.name}${ticket === undefined ? '' : `, ${ticket.name}`})`, 'inner', () => locks.lock(w, c, lock, { ticket, interruptible, label: '' }));
}
