// What an exporter's operations do (SEMANTICS A7, B6, B8, B10, C8): its own code where the scenario gives it, else its driver's.
// They run in the caller's thread. Errors are the caller's `result`.

import { errnoValue } from '../../protocol/errno.ts';
import type { Code } from '../code.ts';
import { constant, not, or, read, set } from '../system.ts';
import type { Attachment, Buffer, Exporter, Mapping, World } from '../world.ts';
import { moveLocked } from '../drivers/ttm.ts';
import { revocable } from './traits.ts';
import { waitResv } from './fences.ts';

const revokes = (exporter: Exporter): boolean => exporter.driver === 'vfio_pci' || exporter.driver === 'uverbs';

/** ops->attach (B6.2, D8/J1). */
export function exporterAttach(w: World, c: Code, att: Attachment): void {
  const { exporter } = att.buffer;
  if (own(c, exporter, 'attach', att.buffer, att, null)) return;
  c.call('ops->attach', true, () => {
    if (revokes(exporter)) {
      if (!att.traits.peer2peer) return c.fail(errnoValue('EOPNOTSUPP'));
      if (exporter.driver === 'vfio_pci' && c.rule('vfio_pci_dma_buf_attach: check revoked')) c.branch(w.revoked(att.buffer), () => c.fail(errnoValue('ENODEV')));
      const here = w.contract.REJ === 'J1' || (w.contract.REJ === 'driver' && exporter.driver === 'vfio_pci');
      if (here && !revocable(w, att) && c.rule('vfio_pci_dma_buf_attach: check dma_buf_attach_revocable')) return c.fail(errnoValue('EOPNOTSUPP'));
    }
    if (exporter.options.has('clears_peer2peer')) c.act([set(att.peer2peer, constant(0))]);
  });
}

export function exporterDetach(_w: World, c: Code, att: Attachment): void {
  own(c, att.buffer.exporter, 'detach', att.buffer, att, null);
}

/** ops->pin (B8): a mover's must wait until the storage has stopped moving. */
export function exporterPin(w: World, c: Code, att: Attachment): void {
  const { exporter } = att.buffer;
  if (own(c, exporter, 'pin', att.buffer, att, null)) return;
  c.call('ops->pin', true, () => {
    if (revokes(exporter)) return c.fail(errnoValue('EOPNOTSUPP'));
    if (exporter.driver === 'ttm' && c.rule('ttm pin: wait KERNEL') && !exporter.options.has('pins_early')) waitResv(w, c, att.buffer, 'KERNEL');
  });
}

export function exporterUnpin(_w: World, c: Code, att: Attachment): void {
  own(c, att.buffer.exporter, 'unpin', att.buffer, att, null);
}

/** ops->map_dma_buf (B10.3). */
export function exporterMap(w: World, c: Code, map: Mapping): void {
  const att = map.attachment;
  const { exporter } = att.buffer;
  if (own(c, exporter, 'map', att.buffer, att, map)) return;
  c.call('ops->map_dma_buf', true, () => {
    if (revokes(exporter)) {
      if (c.rule(`${exporter.driver ?? ''} map: check revoked`)) c.branch(w.revoked(att.buffer), () => c.fail(errnoValue('ENODEV')));
      if (w.contract.REJ === 'J3' && !revocable(w, att)) return c.fail(errnoValue('EOPNOTSUPP'));
    }
    if (exporter.options.has('vram_only')) c.branch(not(read(att.peer2peer)), () => c.fail(errnoValue('EBUSY')));
    if (exporter.driver === 'ttm' && exporter.options.has('moves_on_map')) {
      // pinned or vmapped: it maps in place
      const still = or(...att.buffer.attachments.map((a) => w.pinned(a)), read(att.buffer.vmaps));
      c.branch(not(still), () => moveLocked(w, c, att.buffer));
    }
  });
}

export function exporterUnmap(_w: World, c: Code, map: Mapping): void {
  own(c, map.attachment.buffer.exporter, 'unmap', map.attachment.buffer, map.attachment, map);
}

/** Hooks without an attachment: begin_cpu_access, end_cpu_access, mmap. */
export function exporterHook(_w: World, c: Code, b: Buffer, name: string): void {
  own(c, b.exporter, name, b, b.attachments[0] ?? null, null);
}

function own(c: Code, exporter: Exporter, name: string, buffer: Buffer, att: Attachment | null, map: Mapping | null): boolean {
  const operation = exporter.operations.get(name);
  if (operation === undefined) return exporter.driver === null;
  c.call(`${exporter.name}.${name}`, true, () => operation.run(c, buffer, att, map));
  return true;
}
