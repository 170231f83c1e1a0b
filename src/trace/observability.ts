// Which obligations a log can speak about: each needs calls or marks that show it. What never shows may not be probed, and then the
// obligation is "not observable", with the reason; it never holds for want of evidence.

import { OBLIGATIONS, type ObligationId } from '../protocol/obligations.ts';
import type { ObligationRow } from '../results/trace.ts';

/** Each inner list: one of these must show. Names as in Checker.firstSeen. */
const NEEDS: Readonly<Record<ObligationId, { readonly needs: readonly (readonly string[])[]; readonly reason: string }>> = {
  P1: { needs: [['mark:mapping:access']], reason: 'no kernel event shows an access of a device' },
  P2: { needs: [['mark:mapping:write']], reason: 'no kernel event shows a write of a device' },
  P3: { needs: [['mark:mapping:decode-off', 'mark:mapping:reassign', 'mark:mapping:recycle-early', 'mark:mapping:recycle']], reason: 'no kernel event shows when a target stops answering or its memory is given away' },
  P4: { needs: [['callback', 'dma_buf_unmap_attachment', 'dma_buf_pin', 'dma_buf_map_attachment'], ['attach'], ['detach']], reason: 'no attach, no detach, or no callback and call on an attachment shows' },
  P5: { needs: [['attach'], ['detach', 'dma_buf_unmap_attachment', 'dma_buf_unpin']], reason: 'attach and detach, map and unmap, or pin and unpin do not show' },
  P6: { needs: [['invalidate'], ['map', 'range'], ['dma_buf_unmap_attachment', 'iommu-unmap']], reason: 'no invalidate, or no map and unmap shows' },
  P7: { needs: [['revoke'], ['map', 'range']], reason: 'no revoking function of an exporter, or no map shows' },
  P8: { needs: [['dma_resv_lock', 'mark:lock:lock']], reason: 'dma_resv_lock is inline in the kernel' },
  P9: { needs: [['fence-signal', 'dma_fence_signaled'], ['dma_fence_init', 'dma_fence_emit', 'fence-add']], reason: 'no fence is born, or none signals here' },
  P10: { needs: [['leave']], reason: 'no call shows its end' },
  P11: { needs: [['mark:pin:move']], reason: 'no kernel event shows that backing moves' },
  P12: { needs: [['mark:mapping:access']], reason: 'no kernel event shows an access of a device' },
  P13: { needs: [['callback'], ['map', 'range', 'dma_buf_pin']], reason: 'no importer\'s callback is probed, or it had nothing to do with' },
  P14: { needs: [['mark:kref:get', 'mark:kref:put', 'mark:kref:last']], reason: 'kref_get and kref_put are inline in the kernel' },
  UF: { needs: [['mark:mapping:fence-busy']], reason: 'no kernel event tells which fence belongs to which mapping' },
};

export interface Shown {
  /** By firstSeen, counts and declared probes. */
  readonly shows: (name: string) => boolean;
  readonly asked: ReadonlyMap<ObligationId, { readonly events: number; readonly open: number }>;
  readonly broken: ReadonlySet<ObligationId>;
}

export function obligationRows({ shows, asked, broken }: Shown): readonly ObligationRow[] {
  return OBLIGATIONS.map(({ id, name }): ObligationRow => {
    const { needs, reason } = NEEDS[id];
    const { events, open } = asked.get(id) ?? { events: 0, open: 0 };
    if (broken.has(id)) return { obligation: id, name, verdict: 'broken', events, undecided: open, reason: null };
    const isShown = needs.every((some) => some.some(shows));
    if (!isShown) return { obligation: id, name, verdict: 'not observable', events: 0, undecided: 0, reason };
    if (events === 0) return { obligation: id, name, verdict: 'undecided', events, undecided: open, reason: 'the calls show, but nothing came that it speaks about' };
    return { obligation: id, name, verdict: events > open ? 'holds' : 'undecided', events, undecided: open, reason: events > open ? null : 'every event left it open' };
  });
}
