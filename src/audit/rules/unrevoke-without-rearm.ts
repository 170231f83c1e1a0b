// memory that is given out again with a count at zero (P14).

import { mappingCountOf } from '../mapping-count.ts';
import { codeOf } from '../lexical-reach.ts';
import { revokesOf, waysOf } from '../revoke-trial.ts';
import { folderOf } from '../../source/lexical.ts';
import { REVOKE, toyExporter } from './toy-exporter.ts';
import type { ExporterRule, Found } from './rule.ts';

export const rule: ExporterRule = {
  judge: 'exporter',
  header: {
    id: 'unrevoke-without-rearm',
    title: 'memory is given out again, and its count of mappings was not set up again',
    why: 'After the wait the count is at zero. The next mapping takes a reference of a count that has none, and the next revoke drops one that is not there: it waits for ever, or not at all.',
    obligation: 'P14',
    source: 'commit c64a647c84f3; SEMANTICS C4.9, C10',
    confidence: 'high',
    falsePositives: 'A count that is set up where the flag is cleared, by other means than kref_init() or refcount_set().',
    broken: toyExporter({ revoke: REVOKE.replace('\tkref_init(&bar->kref);\n', '') }),
    clean: toyExporter(),
  },
  find: (view, profile) => revokesOf(profile).flatMap((path): readonly Found[] => {
    const count = mappingCountOf(profile);
    if (count === null || count.completion === count.object) return [];
    const home = folderOf(profile.file);
    for (const { acts, moment } of waysOf(path)) {
      const flags = new Set(acts.flatMap(({ act }) => (act.do === 'set' && act.value ? [act.field] : [])));
      const put = acts.findIndex(({ act }) => act.do === 'count-put' && act.object === count.object);
      const dropped = acts[put];
      const wait = acts.find(({ act }, index) => index > moment && act.do === 'completion-wait' && act.object === count.completion);
      if (dropped === undefined || wait === undefined || acts.some(({ act }, index) => index > put && act.do === 'count-init' && act.object === count.object)) continue;
      const cleared = [...flags].flatMap((field) => view.fields.stores(field, home)).find(({ value, fn }) => /^(?:false|0)$/.test(value) && !isSetUp(codeOf(view, fn)));
      if (cleared === undefined || setsUp(codeOf(view, cleared.fn), count.object)) continue;
      const restored = { file: cleared.file, line: cleared.line, function: cleared.fn.name };
      return [{
        at: wait.at, text: `the count of mappings is at zero from here on, and ${restored.function}() lets importers map again without setting it up`,
        path: [{ ...dropped.at, text: `drops the exporter's own reference of \`${count.object}\`` }, { ...wait.at, text: 'waits until it comes to zero' }, { ...restored, text: 'lets importers map again: the next one counts from zero' }],
      }];
    }
    return [];
  }),
};

/** A start value in the function that exports is no restore. */
const isSetUp = (body: string): boolean => /\bdma_buf_export\s*\(/.test(body);

const setsUp = (body: string, count: string): boolean => new RegExp(`\\b(?:kref_init|refcount_set|atomic_set)\\s*\\([^;]*\\b${count}\\b`).test(body);
