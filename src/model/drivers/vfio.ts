// The VFIO PCI exporter (SEMANTICS C4, C9, E8): revoke, un-revoke and close, under every position of D1.
// Mirrors drivers/vfio/pci/vfio_pci_dmabuf.c: vfio_pci_dma_buf_move, vfio_pci_dma_buf_cleanup.

import type { Usage } from '../../protocol/usage.ts';
import type { Code } from '../code.ts';
import type { Contract } from '../contract.ts';
import { and, constant, equal, not, or, read, set, when } from '../system.ts';
import type { Buffer, Exporter, World } from '../world.ts';
import { invalidateMappings } from '../framework/invalidate.ts';
import { rearmMappings, redirected, waitForUnmap } from '../framework/devices.ts';
import { waitResv } from '../framework/fences.ts';
import { lock, unlock } from '../framework/locks.ts';

/** What a revoke does under one position of D1, behind the callbacks. */
interface Stop {
  /** Which fences it waits for. */
  readonly fences: Usage | null;
  /** How it waits for every unmap. */
  readonly unmapWait: 'forever' | 'timeout' | 'print' | null;
  /** Why a mapping that is still live breaks P6. */
  readonly unmappedByNow: string | null;
  /** Addresses still mapped lead to a dummy. */
  readonly redirects: boolean;
}

const CALLBACKS: Stop = { fences: null, unmapWait: null, unmappedByNow: null, redirects: false };
const FENCES: Stop = { ...CALLBACKS, fences: 'BOOKKEEP' };

const STOPS: Readonly<Record<Contract['STOP'], Stop>> = {
  V1: CALLBACKS,
  V2k: { ...CALLBACKS, fences: 'KERNEL' },
  V2b: FENCES,
  V2h: { ...FENCES, unmappedByNow: 'Under V2h the importer must have unmapped once the fences have signalled.' },
  V3: { ...FENCES, unmapWait: 'forever' },
  V3i: { ...FENCES, unmapWait: 'forever' },
  V3t: { ...FENCES, unmapWait: 'timeout' },
  V3p: { ...FENCES, unmapWait: 'print' },
  V4: { ...CALLBACKS, unmappedByNow: 'Under V4 the callback itself must unmap.' },
  V5: CALLBACKS,
  V6: { ...FENCES, redirects: true },
};

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
  const stop = STOPS[w.contract.STOP];
  const locks = c.rule('revoke: lock resv');
  if (locks) lock(w, c, b.resv);
  if (c.rule('revoke: set revoked')) c.step('revoked = true', {
    actions: w.emit('buffer', b.life, 'revoke', { party: b.exporter.name, object: b.name }),
    step: 'revoke',
  });
  invalidateMappings(w, c, b, 'revoke: invalidate');
  fenceWait(w, c, b);
  if (stop.unmappedByNow !== null) {
    const { unmappedByNow } = stop;
    const maps = b.attachments.flatMap((a) => a.mappings);
    const left = or(...maps.map((m) => w.live(m)));
    const late = maps.map((m) => when(and(w.live(m), left), w.broken('P6', { party: m.attachment.importer, object: m.name }, unmappedByNow)));
    c.step('every mapping must be gone', { actions: late });
  }
  if (stop.redirects) c.step('redirect what is still mapped', { actions: redirected(w, b), step: 'redirect' });
  if (locks) unlock(w, c, b.resv);
  if (stop.unmapWait === null) return;
  waitForUnmap(w, c, b, stop.unmapWait, 'revoke');
  if (c.rule('revoke: re-arm the count')) rearmMappings(w, c, b);
}

/** The fence wait of the position (C4.5): uninterruptible, without end. */
function fenceWait(w: World, c: Code, b: Buffer): void {
  const { fences } = STOPS[w.contract.STOP];
  if (fences !== null && c.rule('revoke: wait for fences')) waitResv(w, c, b, fences);
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
