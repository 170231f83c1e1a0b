// a wait for unmaps that the exporter's own reference never lets end (P10, A10).

import { mappingCountOf, waitsBeforePut } from '../mapping-count.ts';
import { revokesOf, tryRevoke, waysOf } from '../revoke-trial.ts';
import { REVOKE, toyExporter } from './toy-exporter.ts';
import type { ExporterRule, Found } from './rule.ts';

export const rule: ExporterRule = {
  judge: 'exporter',
  header: {
    id: 'own-reference-kept',
    title: 'a revoke waits for a count of mappings that holds the exporter\'s own reference',
    why: 'The count begins at one, so that it cannot end before the revoke. Whoever waits must drop that one first; else the wait has no end, whatever the importers do.',
    obligation: 'P10',
    source: 'vfio_pci_dma_buf_move; commit c64a647c84f3; SEMANTICS A10, C4.7',
    confidence: 'high',
    falsePositives: 'A reference that is dropped by other means than kref_put() or refcount_dec_and_test().',
    broken: toyExporter({ revoke: REVOKE.replace('\tkref_put(&bar->kref, bar_unmapped);\n', '') }),
    clean: toyExporter(),
  },
  find: (_view, profile) => revokesOf(profile).flatMap((path): readonly Found[] => {
    const count = mappingCountOf(profile);
    if (count === null || profile.ownReference === null) return [];
    const early = waitsBeforePut(path.behaviour, count);
    for (const way of waysOf(path)) {
      const wait = way.acts.find(({ act, at }, index) => index > way.moment && act.do === 'completion-wait' && !act.timeout && early.has(`${at.file}:${at.line}`));
      if (wait === undefined) continue;
      const onThisWay = new Set(way.acts.map(({ at }) => `${at.file}:${at.line}`));
      const [elsewhere] = profile.ownReference.filter(({ file, line }) => !onThisWay.has(`${file}:${line}`));
      return [{
        at: wait.at, text: `waits for the count of mappings, which holds the exporter's own reference${elsewhere === undefined ? '' : ` unless ${elsewhere.function}() came first`}`, path: tryRevoke(profile, path)?.path ?? [],
        ...(elsewhere === undefined ? {} : { confidence: 'medium' as const }),
      }];
    }
    return [];
  }),
};
