// a revoke that waits for unmaps under the lock that they need (P10).

import { mappingCountOf } from '../mapping-count.ts';
import { heldAt, revokesOf, tryRevoke, waysOf } from '../revoke-trial.ts';
import { REVOKE, toyExporter } from './toy-exporter.ts';
import type { ExporterRule, Found } from './rule.ts';

const UNLOCK = '\tdma_resv_unlock(bar->dmabuf->resv);\n';

export const rule: ExporterRule = {
  judge: 'exporter',
  header: {
    id: 'unmap-wait-under-resv',
    title: 'a revoke waits for the unmaps while it holds the reservation lock',
    why: 'An importer that unmaps from a worker needs that lock. Neither of the two goes on: the machine has a task that sleeps for ever, and whoever wants the buffer next joins it. lockdep does not see a wait for a completion.',
    obligation: 'P10',
    source: 'kernel-doc dma_buf_invalidate_mappings; SEMANTICS C4.6, E6, E11',
    confidence: 'high',
    falsePositives: 'None known.',
    broken: toyExporter({ revoke: `${REVOKE.replace(UNLOCK, '')}${UNLOCK}` }),
    clean: toyExporter(),
  },
  find: (_view, profile) => revokesOf(profile).flatMap((path): readonly Found[] => {
    const count = mappingCountOf(profile);
    for (const way of waysOf(path)) {
      for (const [index, { act, at }] of way.acts.entries()) {
        if (index < way.moment || act.do !== 'completion-wait' || act.timeout || count === null || act.object !== count.completion) continue;
        if (heldAt(way, index).has('resv')) return [{ at, text: 'waits for the unmaps under the reservation lock, which they need', path: tryRevoke(profile, path)?.path ?? [] }];
      }
    }
    return [];
  }),
};
