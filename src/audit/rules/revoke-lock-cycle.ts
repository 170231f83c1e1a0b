// a revoke that holds a lock which the exporter's own unmap needs (P10).

import { folderOf } from '../../source/lexical.ts';
import type { Place } from '../../results/audit.ts';
import { memberFunction } from '../exporters.ts';
import { codeOf, lineOf, withCallees } from '../lexical-reach.ts';
import { mappingCountOf } from '../mapping-count.ts';
import { heldAt, revokesOf, waysOf } from '../revoke-trial.ts';
import { REVOKE, toyExporter } from './toy-exporter.ts';
import type { ExporterRule, Found } from './rule.ts';

const HELD = `\tmutex_lock(&bar->lock);\n${REVOKE}\tmutex_unlock(&bar->lock);\n`;

export const rule: ExporterRule = {
  judge: 'exporter',
  header: {
    id: 'revoke-lock-cycle',
    title: 'the exporter\'s unmap needs a lock that its revoke holds while it waits for unmaps',
    why: 'The importer that wants to unmap waits for the lock, and whoever holds the lock waits for the unmap. lockdep does not see a wait for a completion.',
    obligation: 'P10',
    source: 'SEMANTICS E8, E11',
    confidence: 'high',
    falsePositives: 'Two locks of the same name in different objects.',
    broken: toyExporter({ revoke: HELD, unmap: '\tmutex_lock(&bar->lock);\n\tkref_put(&bar->kref, bar_unmapped);\n\tmutex_unlock(&bar->lock);\n' }),
    clean: toyExporter({ revoke: HELD }),
  },
  find: (view, profile, found) => {
    const count = mappingCountOf(profile);
    const unmap = memberFunction(view, found, 'unmap_dma_buf');
    if (count === null || unmap === null) return [];
    const taken = new Map<string, Place>();
    for (const one of withCallees(view, unmap, folderOf(profile.file), 2)) {
      if (folderOf(one.file) !== folderOf(profile.file)) continue;
      for (const match of codeOf(view, one).matchAll(/\b(?:mutex_lock\w*|down_(?:read|write)\w*)\s*\(\s*&?[\w>.()[\]-]*?(\w+)\s*[,)]/g)) taken.set(match[1] ?? '', { file: one.file, line: lineOf(view, one, match.index), function: one.name });
    }
    return revokesOf(profile).flatMap((path): readonly Found[] => {
      for (const way of waysOf(path)) {
        for (const [index, { act, at }] of way.acts.entries()) {
          if (index < way.moment || act.do !== 'completion-wait' || act.object !== count.completion) continue;
          for (const [name, since] of heldAt(way, index)) {
            const needs = [...taken].find(([lock]) => name !== 'resv' && (lock === name || name.endsWith(`_${lock}`)));
            if (needs === undefined) continue;
            const [, there] = needs;
            return [{
              at, text: `waits for the unmaps while it holds \`${name}\`, which ${there.function}() takes`,
              path: [{ ...since, text: `holds \`${name}\`` }, { ...at, text: 'waits for every unmap' }, { ...there, text: `every unmap waits for \`${name}\` here` }],
            }];
          }
        }
      }
      return [];
    });
  },
};
