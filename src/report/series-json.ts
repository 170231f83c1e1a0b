// What a series of patches changes, as JSON (schema/series.schema.json).

import type { SeriesResult } from '../results/patch.ts';

/** Ends with a line break. Findings of every confidence: who reads it chooses. */
export const seriesJson = ({ added, fixed, moved, unchanged, profilesChanged, pairsChanged, series, tree, coverage, ledger }: SeriesResult): string =>
  `${JSON.stringify({ added, fixed, moved, unchanged, profilesChanged, pairsChanged, series, tree, coverage, ledger }, null, 2)}\n`;
