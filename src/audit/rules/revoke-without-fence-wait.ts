// a revoke that does not wait for the fences (SEMANTICS C4.5).

import type { Place } from '../../results/audit.ts';
import { revokesOf, tryRevoke, waysOf, type Way } from '../revoke-trial.ts';
import { REVOKE, toyExporter } from './toy-exporter.ts';
import type { ExporterRule, Found } from './rule.ts';

export const rule: ExporterRule = {
  judge: 'exporter',
  header: {
    id: 'revoke-without-fence-wait',
    title: 'a revoke does not wait for every fence of the reservation',
    why: 'The callback only starts the end of access. Importers say by fences, at usage BOOKKEEP too, when work that was submitted before is over; until then it reads and writes the memory.',
    obligation: 'P3',
    source: 'kernel-doc dma_buf_invalidate_mappings; commit 1a8a5227f229; SEMANTICS C4, C5, D1',
    confidence: 'high',
    falsePositives: 'An exporter that every importer of its own kind stops at once, in the callback.',
    broken: toyExporter({ revoke: REVOKE.replace('USAGE_BOOKKEEP', 'USAGE_KERNEL') }),
    clean: toyExporter(),
  },
  find: (_view, profile) => revokesOf(profile).flatMap((path): readonly Found[] => {
    for (const way of waysOf(path)) {
      const lack = lackIn(way);
      if (lack !== null) return [{ ...lack, path: tryRevoke(profile, path)?.path ?? [] }];
    }
    return [];
  }),
};

function lackIn(way: Way): { readonly at: Place; readonly text: string } | null {
  const moment = way.acts[way.moment];
  if (moment === undefined) return null;
  let lack: { readonly at: Place; readonly text: string } = { at: moment.at, text: 'nothing waits for the fences after the importers were called back: their work may still run' };
  for (const { act, at } of way.acts.slice(way.moment)) {
    // What runs out of time is told by another rule.
    if (act.do !== 'wait-fences') continue;
    if (act.usage === 'BOOKKEEP' && !act.interruptible) return null;
    lack = act.usage === 'BOOKKEEP'
      ? { at, text: 'a signal ends the wait for the fences, and the revoke goes on' }
      : { at, text: `waits for fences up to ${act.usage} only: preemption and page-table fences are at BOOKKEEP` };
  }
  return lack;
}
