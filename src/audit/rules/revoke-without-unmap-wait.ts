// a revoke that does not wait for the unmaps (P3).

import { mappingCountOf } from '../mapping-count.ts';
import { revokesOf, tryRevoke, waysOf } from '../revoke-trial.ts';
import { REVOKE, toyExporter } from './toy-exporter.ts';
import type { ExporterRule, Found } from './rule.ts';

/** Harms and obligations of a target that is gone too early. */
const TOO_EARLY = /^(?:N[1-4]|P3)$/;

export const rule: ExporterRule = {
  judge: 'exporter',
  header: {
    id: 'revoke-without-unmap-wait',
    title: 'a revoke does not wait until every mapping is gone',
    why: 'Only the unmap says that nothing touches the memory any more: devices read ahead behind the last fence. What follows the revoke, a reset or the end of the device, then meets live mappings: PCIe errors, or the memory of somebody else.',
    obligation: 'P3',
    source: 'kernel-doc dma_buf_invalidate_mappings; commit 1a8a5227f229; Koenig, seed thread, 2026-01-21; SEMANTICS C4, C10',
    confidence: 'high',
    falsePositives: 'An exporter that keeps its memory and its device alive until the last unmap, and revokes only for its user.',
    broken: toyExporter({ revoke: REVOKE.slice(0, REVOKE.indexOf('\tkref_put')) }),
    clean: toyExporter(),
  },
  find: (_view, profile) => revokesOf(profile).flatMap((path): readonly Found[] => {
    const count = mappingCountOf(profile);
    for (const way of waysOf(path)) {
      const moment = way.acts[way.moment];
      const waits = way.acts.filter(({ act }, index) => index > way.moment && act.do === 'completion-wait');
      const [wait] = waits;
      if (moment === undefined || (wait !== undefined && count !== null && waits.some(({ act }) => act.do === 'completion-wait' && act.object === count.completion))) continue;
      const trial = tryRevoke(profile, path);
      if (trial === null || trial.worst === null || !TOO_EARLY.test(trial.worst.code)) continue;
      if (wait === undefined) return [{ at: moment.at, text: 'the revoke does not wait for the unmaps: what follows it meets live mappings', path: trial.path }];
      // A count that only one of the two keeps is told by another rule.
      if (count === null && !countsHalf(profile)) return [{ at: wait.at, text: 'map and unmap keep no count that this waits for: live mappings are not waited for', path: trial.path }];
    }
    return [];
  }),
};

const countsHalf = ({ mapBehaviour, unmapBehaviour }: Parameters<typeof mappingCountOf>[0]): boolean =>
  [mapBehaviour, unmapBehaviour].some((one) => one !== null && JSON.stringify(one).includes('"count-'));
