// The VFIO PCI exporter (SEMANTICS C4, C9, E8): revoke, un-revoke and close, under every position of D1.
// Mirrors drivers/vfio/pci/vfio_pci_dmabuf.c: vfio_pci_dma_buf_move, vfio_pci_dma_buf_cleanup.

import type { Code } from '../code.ts';
import { and, constant, equal, not, or, read, set, when } from '../system.ts';
import type { Buffer, Exporter, World } from '../world.ts';
import { invalidateMappings } from '../framework/invalidate.ts';
import { rearmMappings, redirected, waitForUnmap } from '../framework/devices.ts';
import { waitResv } from '../framework/fences.ts';
import { lock, unlock } from '../framework/locks.ts';

/** vfio_pci_dma_buf_move(vdev, revoked): every buffer in turn; memory_lock is the caller's business. */
export function vfioMove(w: World, c: Code, exporter: Exporter, revoke: boolean): void {
  c.call(`vfio_pci_dma_buf_move(${exporter.name}, ${revoke})`, false, () => {
    if (exporter.buffers.length === 0) c.step('no buffer');
    for (const b of exporter.buffers) {
      const already = revoke ? w.revoked(b) : not(w.revoked(b));
      const dying = or(equal(read(b.references), constant(0)), read(b.gone), read(b.dropped));
      const skip = c.rule('vfio_pci_dma_buf_move: skip what is already so') ? or(already, dying) : dying;
      // get_file_active: the buffer cannot be released meanwhile
      c.test(`${b.name}: ${revoke ? 'revoked' : 'open'} already?`, skip, () => {}, () => {
        if (revoke) revokeBuffer(w, c, b);
        else restoreBuffer(w, c, b);
        c.act([set(b.busy, constant(0))]);
      }, { actions: [when(not(skip), [set(b.busy, constant(1))])] });
    }
  });
}

/** One buffer's revoke: C4 steps 2 to 9. */
export function revokeBuffer(w: World, c: Code, b: Buffer): void {
  const { STOP } = w.contract;
  const locks = c.rule('revoke: lock resv');
  if (locks) lock(w, c, b.resv);
  if (c.rule('revoke: set revoked')) c.step('revoked = true', { actions: w.emit('buffer', b.life, 'revoke', { party: b.exporter.name, object: b.name }), step: 'revoke' });
  invalidateMappings(w, c, b, 'revoke: invalidate');
  fenceWait(w, c, b);
  if (STOP === 'V2h' || STOP === 'V4') {
    const left = or(...b.attachments.flatMap((a) => a.mappings.map((m) => w.live(m))));
    c.step('every mapping must be gone', { actions: b.attachments.flatMap((a) => a.mappings.map((m) => when(and(w.live(m), left), w.broken('P6', { party: a.importer, object: m.name }, STOP === 'V4' ? 'Under V4 the callback itself must unmap.' : 'Under V2h the importer must have unmapped once the fences have signalled.')))) });
  }
  if (STOP === 'V6') c.step('redirect what is still mapped', { actions: redirected(w, b), step: 'redirect' });
  if (locks) unlock(w, c, b.resv);
  if (STOP === 'V3' || STOP === 'V3i') waitForUnmap(w, c, b, 'forever', 'revoke');
  if (STOP === 'V3t') waitForUnmap(w, c, b, 'timeout', 'revoke');
  if (STOP === 'V3p') waitForUnmap(w, c, b, 'print', 'revoke');
  if (STOP.startsWith('V3') && c.rule('revoke: re-arm the count')) rearmMappings(w, c, b);
}

/** The fence wait of the position (C4.5): uninterruptible, without end. */
function fenceWait(w: World, c: Code, b: Buffer): void {
  const { STOP } = w.contract;
  if (STOP === 'V1' || STOP === 'V4' || STOP === 'V5') return;
  if (c.rule('revoke: wait for fences')) waitResv(w, c, b, STOP === 'V2k' ? 'KERNEL' : 'BOOKKEEP');
}

/** One buffer's un-revoke (C4, D6, D7). Under PE1 it never comes back. */
export function restoreBuffer(w: World, c: Code, b: Buffer): void {
  if (w.contract.PERM === 'PE1' || w.contract.STATE === 'S1') return c.step('revoked for good');
  const locks = c.rule('restore: lock resv');
  const locked = (body: () => void): void => {
    if (locks) lock(w, c, b.resv);
    body();
    if (locks) unlock(w, c, b.resv);
  };
  if (w.contract.UNREV === 'U1') {
    locked(() => {
      invalidateMappings(w, c, b, 'restore: invalidate');
      if (c.rule('restore: wait for fences')) waitResv(w, c, b, 'BOOKKEEP');
    });
  }
  locked(() => c.step('revoked = false', { actions: w.emit('buffer', b.life, 'restore', { party: b.exporter.name, object: b.name }), step: 'restore' }));
}

/** vfio_pci_dma_buf_cleanup (C9): revoke, then let go of every buffer. */
export function vfioCleanup(w: World, c: Code, exporter: Exporter): void {
  c.call(`vfio_pci_dma_buf_cleanup(${exporter.name})`, false, () => {
    vfioMove(w, c, exporter, true);
    c.act(exporter.buffers.map((b) => set(b.dropped, constant(1))));
  });
}
