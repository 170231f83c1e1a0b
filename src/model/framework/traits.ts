// What an importer or exporter is, by its class (SEMANTICS A7, A8, B15, D2, D3, D8): questions without code of their own.

import type { Attachment, Exporter, World } from '../world.ts';

/** Whether the importer counts as revocable (B15, D2, D3). */
export function revocable(w: World, att: Attachment): boolean {
  const { traits } = att;
  if (!traits.dynamic) return false;
  if (w.contract.CB === 'M3') return traits.level !== 'unsupported';
  if (traits.callback === 'stub') return w.contract.STUB === 'R2';
  return traits.callback === 'real';
}

/** Whether invalidate runs anything for this attachment. */
export const notified = (att: Attachment): boolean => att.traits.dynamic && att.traits.callback !== 'none';

/** Whether dma_buf_ops has a pin (A7.5, D8). Under J2 a revoking exporter has one that always fails. */
export function hasPin(w: World, exporter: Exporter): boolean {
  if (exporter.operations.has('pin')) return true;
  switch (exporter.driver) {
    case 'vfio_pci':
      return w.contract.REJ === 'J2';
    case 'uverbs':
      return w.contract.REJ === 'J2' || w.contract.REJ === 'driver';
    case 'ttm':
      return true;
    default:
      return false;
  }
}
