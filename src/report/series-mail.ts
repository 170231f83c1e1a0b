// What a series adds, as the body of a reply: the hunk that brings it is quoted, and the finding stands below it (issue 4, part 4).

import type { SeriesResult } from '../results/patch.ts';
import type { Confidence } from '../results/finding.ts';
import { placeText } from './finding-text.ts';
import { patchText, shownAt } from './series-text.ts';

/** One line of a patch: "+\tret = dma_buf_pin(attach);". */
export interface QuotedHunk {
  readonly file: string;
  readonly newStart: number;
  readonly heading: string;
  readonly lines: readonly { readonly kind: ' ' | '-' | '+'; readonly text: string }[];
}

/** Lines around the place that are quoted. */
const AROUND = 6;

/** `hunks`: of each patch, by its number. Empty where nothing is added. */
export function seriesMail({ added }: SeriesResult, confidence: Confidence, hunks: (patch: number) => readonly QuotedHunk[]): string {
  const shown = added.filter(shownAt(confidence));
  return shown.map(({ finding, patch }) => {
    const all = hunks(patch?.number ?? 1);
    const quoted = quote(all, finding.file, finding.line) ?? all.flatMap((hunk) => (hunk.file === finding.file ? quote([hunk], hunk.file, hunk.newStart + 3) ?? [] : [])).slice(0, 2 * AROUND);
    return [
      ...(patch === null || patch.total <= 1 ? [] : [`In ${patchText(patch)}:`, '']),
      ...quoted.map((line) => `> ${line}`), '',
      `${finding.text[0]?.toUpperCase() ?? ''}${finding.text.slice(1)}.`,
      ...finding.path.map((step) => `  ${placeText(step)} ${step.text}`),
      `[fencepost: ${finding.rule}${finding.confidence === 'high' ? '' : `, ${finding.confidence} confidence`}]`, '',
    ].join('\n');
  }).join('\n');
}

function quote(hunks: readonly QuotedHunk[], file: string, line: number): string[] | null {
  for (const hunk of hunks) {
    if (hunk.file !== file) continue;
    let at = hunk.newStart - 1;
    const index = hunk.lines.findIndex(({ kind }) => (kind === '-' ? false : ++at === line));
    if (index === -1) continue;
    return [`@@ ${hunk.heading}`, ...hunk.lines.slice(Math.max(0, index - AROUND), index + 2).map(({ kind, text }) => `${kind}${text}`)];
  }
  return null;
}
