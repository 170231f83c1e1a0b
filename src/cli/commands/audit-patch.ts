// `fencepost audit --patch FILE TREE`: what a series of patches adds, fixes and changes.

import { sinceOf } from '../../audit/series-changes.ts';
import { seriesJson } from '../../report/series-json.ts';
import { seriesMail, type MailPatch } from '../../report/series-mail.ts';
import { seriesText, shownAt, sinceSummary, sinceText, summaryText } from '../../report/series-text.ts';
import type { SeriesResult, Since } from '../../results/patch.ts';
import { readable } from '../../source/letters.ts';
import type { Series } from '../../source/mails.ts';
import { EXIT, UsageProblem } from '../exit.ts';
import { longWork, type LongWork } from '../long-work.ts';
import type { PatchRequest } from '../parse-arguments.ts';
import { readSeries } from '../read-series.ts';
import { runSeries } from '../run-series.ts';
import { terminalForm } from '../terminal.ts';

/** Of a bot: findings of lower confidence only. */
const LOWER_ONLY = 250;

export async function auditPatch(request: PatchRequest): Promise<number> {
  const series = readSeries(request.source, request.path);
  const older = request.since === null ? null : readSeries({ kind: 'file', path: request.since }, request.path);
  const { path, workers, useCache, verbose } = request;
  return longWork(async (told) => {
    const result = await runSeries(series, { path, workers, useCache, source: request.source, withOrigins: verbose }, told);
    if (result === null || told.stop()) return null;
    const since = older === null ? null : await sinceOlder(older, result, request, told);
    if (since === 'stopped') return null;
    process.stdout.write(request.bot ? `${since === null ? summaryText(result, request.confidence) : sinceSummary(since, request.confidence)}\n` : rendered(result, since, series, request));
    const code = exitOf(result, request);
    return request.bot && code === EXIT.fine && result.added.length > 0 ? LOWER_ONLY : code;
  });
}

async function sinceOlder(older: Series, result: SeriesResult, { since, path, workers, useCache }: PatchRequest, told: LongWork): Promise<Since | 'stopped'> {
  try {
    const old = await runSeries(older, { path, workers, useCache, source: { kind: 'file', path: since ?? '' }, withOrigins: false }, told);
    return old === null || told.stop() ? 'stopped' : sinceOf(old, result);
  } catch (error) {
    // Which of the two series it is that does not apply.
    throw error instanceof UsageProblem ? new UsageProblem(`${since ?? ''}: ${error.message}`, error.remedy) : error;
  }
}

function rendered(result: SeriesResult, since: Since | null, series: Series, { format, confidence, verbose }: PatchRequest): string {
  switch (format) {
    case 'text':
      return since !== null ? sinceText(since, confidence, terminalForm(verbose, [])) : seriesText(result, confidence, terminalForm(verbose, []));
    case 'json':
      return seriesJson(result, since);
    case 'mail':
      return seriesMail(result, confidence, mailPatches(series));
  }
}

/** Text of a patch is bytes; what is printed is letters. */
const mailPatches = ({ patches, version }: Series): readonly MailPatch[] => patches.map(({ number, total, subject, from, id, files }) => ({
  number, total, subject, from, id, version,
  hunks: files.flatMap(({ newPath, oldPath, hunks }) => hunks.map(({ oldStart, newStart, heading, lines }) => ({
    file: newPath ?? oldPath ?? '', oldStart, newStart, heading: readable(heading), lines: lines.map(({ kind, text }) => ({ kind, text: readable(text) })),
  }))),
}));

/** A pair that was well, or refused, and is broken or hangs now counts as an added finding. */
function exitOf({ added, pairsChanged }: SeriesResult, { confidence }: PatchRequest): number {
  const breaks = pairsChanged.some(({ before, after }) => (after === 'broken' || after === 'hangs') && before !== after);
  return added.some(shownAt(confidence)) || breaks ? EXIT.bad : EXIT.fine;
}
