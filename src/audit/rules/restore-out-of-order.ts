// memory that is given out again before the sequence that takes it back is over (C4, D7).

import type { ExporterProfile } from '../../results/audit.ts';
import { restorePathsOf } from '../exporter-profile.ts';
import { RevokeCallers, type Happening, type What } from '../revoke-callers.ts';
import { heldAt, everyWayOf, revokesOf } from '../revoke-trial.ts';
import type { TreeView } from '../tree-view.ts';
import { toyExporter } from './toy-exporter.ts';
import type { ExporterRule, Found } from './rule.ts';

const body = (early: string, late: string): string => `
void bar_give_back(struct bar *bar)
{
	dma_resv_lock(bar->dmabuf->resv, NULL);
${early}	dma_buf_invalidate_mappings(bar->dmabuf);
	dma_resv_wait_timeout(bar->dmabuf->resv, DMA_RESV_USAGE_BOOKKEEP, false, MAX_SCHEDULE_TIMEOUT);
${late}	dma_resv_unlock(bar->dmabuf->resv);
}
`;
const CLEAR = '\tbar->revoked = false;\n';

export const rule: ExporterRule = {
  judge: 'exporter',
  header: {
    id: 'restore-out-of-order',
    title: 'memory is given out again too early, without the lock, or never',
    why: 'Map trusts the flag. Cleared first, it lets an importer map in the middle of the sequence; the callback then tells it that the new mapping is gone too.',
    obligation: 'P7',
    source: 'changelog of v6 of the revoke series (SEMANTICS F5); vfio_pci_dma_buf_move; SEMANTICS C4, D7',
    confidence: 'high',
    falsePositives: 'An exporter that calls back for another reason once its memory is there again.',
    broken: toyExporter({ more: body(CLEAR, '') }),
    clean: toyExporter({ more: body('', CLEAR) }),
  },
  find: (view, profile, found) => {
    if (revokesOf(profile).length === 0) return [];
    return [...neverRestored(view, profile), ...restorePathsOf(view, profile, found).flatMap((path): readonly Found[] => {
      for (const way of everyWayOf(path)) {
        const index = way.acts.findIndex(({ act }) => act.do === 'set' && !act.value);
        const clear = way.acts[index];
        const moment = way.acts[way.moment];
        if (clear === undefined || clear.act.do !== 'set' || moment === undefined || moment.act.do !== 'invalidate') continue;
        const { field } = clear.act;
        if (index < way.moment) return [{ at: clear.at, text: `clears \`${field}\` before it calls importers back: they can map in the middle of it`, path: [{ ...clear.at, text: `clears \`${field}\`` }, { ...moment.at, text: 'calls every importer back' }] }];
        if (!heldAt(way, index).has('resv')) return [{ at: clear.at, text: `clears \`${field}\` without the reservation lock, under which map asks for it`, path: [], confidence: 'medium' }];
      }
      return [];
    })];
  },
};

/** As many as make a habit of the driver. */
const HABIT = 3;

/** A reset after which nobody gives the buffers back, where all like it do. */
function neverRestored(view: TreeView, profile: ExporterProfile): readonly Found[] {
  const callers = new RevokeCallers(view, profile);
  const has = (all: readonly Happening[], what: What): boolean => all.some((one) => one.what === what);
  const rows = callers.functions().map((fn) => ({ fn, all: callers.all(fn) })).filter(({ all }) => has(all, 'revoke') && has(all, 'off'));
  const like = rows.filter(({ all }) => has(all, 'restore'));
  if (like.length < HABIT) return [];
  return rows.flatMap(({ fn, all }): readonly Found[] => {
    const [off] = all.filter(({ what }) => what === 'off');
    if (has(all, 'restore') || callers.isClosing(fn) || off === undefined) return [];
    return [{ at: off.at, text: 'takes the buffers back for a reset and never gives them out again, as all like it do', path: like.slice(0, 2).flatMap((one) => one.all.filter(({ what }) => what === 'restore').map(({ at, text }) => ({ ...at, text }))) }];
  });
}
