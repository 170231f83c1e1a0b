// A TTM-like mover (SEMANTICS A7.2, C3): refuses while pinned or vmapped, calls back, copies behind the fences.
// Mirrors ttm_bo_handle_move_mem, amdgpu_bo_move_notify, xe_bo_move_notify.

import { errnoValue } from '../../protocol/errno.ts';
import type { Code } from '../code.ts';
import { constant, not, or, read, set } from '../system.ts';
import type { Buffer, World } from '../world.ts';
import { invalidateMappings } from '../framework/invalidate.ts';
import { moved } from '../framework/devices.ts';
import { lock, unlock } from '../framework/locks.ts';

/** ttm_bo_move(): takes the lock, moves, unlocks. -EBUSY while pinned or vmapped. */
export function ttmMove(w: World, c: Code, b: Buffer): void {
  c.call(`ttm_bo_move(${b.name})`, 'inner', () => {
    if (c.rule('ttm_bo_move: lock resv')) lock(w, c, b.resv);
    c.call('move', true, () => moveLocked(w, c, b));
    if (c.rule('ttm_bo_move: lock resv')) unlock(w, c, b.resv);
  });
}

/** The move itself, lock held. A second one waits for the first one's copy. */
export function moveLocked(w: World, c: Code, b: Buffer): void {
  const busy = or(...b.attachments.map((att) => w.pinned(att)), read(b.vmaps));
  if (c.rule('ttm_bo_move: check pins')) c.test('pinned or vmapped?', busy, () => c.fail(errnoValue('EBUSY')));
  invalidateMappings(w, c, b, 'ttm_bo_move: invalidate');
  c.step('copy behind the fences, switch the backing', {
    guard: not(read(b.moving)),
    waits: w.waitForFences([{ fence: b.copy, when: read(b.moving) }], b.copy.name),
    actions: [...moved(w, b), set(c.result, constant(0))],
    step: 'move',
  });
}
