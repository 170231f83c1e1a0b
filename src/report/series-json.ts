// What a series of patches changes, as JSON (schema/series.schema.json).

import { identityOf, type Finding } from '../results/finding.ts';
import type { SeriesResult, Since } from '../results/patch.ts';
import { findingObject } from './findings-json.ts';

/** Ends with a line break. Findings of every confidence: who reads it chooses. `since`: what it did about an older version. */
export function seriesJson({ added, fixed, moved, remaining, profilesChanged, pairsChanged, series, tree, coverage, ledger, configs, origins }: SeriesResult, since: Since | null = null): string {
  const object = (finding: Finding): object => ({ ...findingObject(finding), configs: configs.get(finding.file) ?? [] });
  const changes = (rows: SeriesResult['added']): readonly object[] => rows.map(({ finding, patch }) => ({ ...object(finding), patch }));
  return `${JSON.stringify({
    added: changes(added),
    fixed: fixed.map(({ finding, patch }) => ({ ...object(finding), patch, fixes: origins.get(identityOf(finding)) ?? null })),
    moved: moved.map(({ finding, from }) => ({ ...object(finding), from })),
    unchanged: remaining.length,
    profilesChanged, pairsChanged, series, tree, coverage, ledger,
    ...(since === null ? {} : { since: { version: since.version, fixed: changes(since.fixed), remains: changes(since.remains), new: changes(since.fresh) } }),
  }, null, 2)}\n`;
}
