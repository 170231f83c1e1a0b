// `fencepost audit --patch FILE TREE`: what a series of patches adds, fixes and changes.

import { seriesJson } from '../../report/series-json.ts';
import { seriesMail, type QuotedHunk } from '../../report/series-mail.ts';
import { seriesText, shownAt, sinceText, summaryText } from '../../report/series-text.ts';
import type { SeriesResult } from '../../results/patch.ts';
import type { Series } from '../../source/mails.ts';
import { EXIT } from '../exit.ts';
import { longWork } from '../long-work.ts';
import type { PatchRequest } from '../parse-arguments.ts';
import { readSeries, runSeries } from '../run-series.ts';
import { terminalForm } from '../terminal.ts';

/** Of a bot: findings of lower confidence only. */
const LOWER_ONLY = 250;

export async function auditPatch(request: PatchRequest): Promise<number> {
  const series = readSeries(request.source, request.path);
  const older = request.since === null ? null : readSeries({ kind: 'file', path: request.since }, request.path);
  return longWork(async (told) => {
    const result = await runSeries(series, request, told);
    if (result === null || told.stop()) return null;
    if (older !== null) {
      const old = await runSeries(older, request, told);
      if (old === null || told.stop()) return null;
      process.stdout.write(sinceText(old, result, request.confidence, terminalForm(request.verbose, [])));
      return exitOf(result, request);
    }
    process.stdout.write(request.bot ? `${summaryText(result, request.confidence)}\n` : rendered(result, series, request));
    if (!request.bot) return exitOf(result, request);
    const code = exitOf(result, request);
    return code === EXIT.fine && result.added.length > 0 ? LOWER_ONLY : code;
  });
}

function rendered(result: SeriesResult, series: Series, { format, confidence, verbose }: PatchRequest): string {
  switch (format) {
    case 'text':
      return seriesText(result, confidence, terminalForm(verbose, []));
    case 'json':
      return seriesJson(result);
    case 'mail':
      return seriesMail(result, confidence, (number) => hunksOf(series, number));
  }
}

const hunksOf = (series: Series, number: number): readonly QuotedHunk[] =>
  series.patches.filter((one) => one.number === number).flatMap(({ files }) => files.flatMap(({ newPath, oldPath, hunks }) => hunks.map(({ newStart, heading, lines }) => ({ file: newPath ?? oldPath ?? '', newStart, heading, lines }))));

/** A pair that was well, or refused, and is broken or hangs now counts as an added finding. */
function exitOf({ added, pairsChanged }: SeriesResult, { confidence }: PatchRequest): number {
  const breaks = pairsChanged.some(({ before, after }) => (after === 'broken' || after === 'hangs') && before !== after);
  return added.some(shownAt(confidence)) || breaks ? EXIT.bad : EXIT.fine;
}
