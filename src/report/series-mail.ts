// What a series adds, as a reply to each patch that brings it: the hunk is quoted, and the finding stands below it (issue 4, part 4).

import type { FindingChange, SeriesResult } from '../results/patch.ts';
import type { Confidence } from '../results/finding.ts';
import { placeText } from './finding-text.ts';
import { wrap } from './layout.ts';
import { conditionText, patchText, shownAt } from './series-text.ts';

export interface QuotedHunk {
  readonly file: string;
  readonly oldStart: number;
  readonly newStart: number;
  /** What stands behind the second @@. */
  readonly heading: string;
  /** One line of a patch: "+\tret = dma_buf_pin(attach);". */
  readonly lines: readonly { readonly kind: ' ' | '-' | '+'; readonly text: string }[];
}

export interface MailPatch {
  readonly number: number;
  readonly total: number;
  readonly version: number;
  readonly subject: string;
  /** Of its mail; empty where it was none. */
  readonly from: string;
  readonly id: string;
  readonly hunks: readonly QuotedHunk[];
}

/** Lines of a hunk before and behind the place that are quoted. */
const BEFORE = 8;
const BEHIND = 3;
const WIDTH = 72;

/** Empty where nothing is added. Mails stand one behind the other, each with its head where the patch was a mail. */
export function seriesMail(result: SeriesResult, confidence: Confidence, patches: readonly MailPatch[]): string {
  const shown = result.added.filter(shownAt(confidence));
  const numbers = [...new Set(shown.map(({ patch }) => patch?.number ?? null))];
  return numbers.map((number) => {
    const patch = patches.find((one) => one.number === number) ?? null;
    const rows = shown.filter((one) => (one.patch?.number ?? null) === number);
    return [...headOf(patch), ...rows.flatMap((row) => reply(row, patch === null ? patches : [patch], result))].join('\n');
  }).join('\n');
}

function headOf(patch: MailPatch | null): readonly string[] {
  if (patch === null) return ['In this series:', ''];
  const { number, total, version, subject, from, id } = patch;
  const tag = `[PATCH${version > 1 ? ` v${version}` : ''}${total > 1 ? ` ${String(number).padStart(String(total).length, '0')}/${total}` : ''}]`;
  if (id !== '') return [...(from === '' ? [] : [`To: ${from}`]), `Subject: Re: ${tag} ${subject}`, `In-Reply-To: ${id}`, '', ...(from === '' ? [] : [`${from.replace(/\s*<[^>]*>\s*$/, '').replace(/^"(.*)"$/, '$1')} wrote:`])];
  return total > 1 || subject !== '' ? [`In ${patchText(patch)}:`, ''] : [];
}

function reply({ finding, patch }: FindingChange, from: readonly MailPatch[], result: SeriesResult): readonly string[] {
  const { text, path, rule, confidence, obligation } = finding;
  const place = quoted(finding, from.flatMap(({ hunks }) => hunks));
  const condition = conditionText(finding, result);
  return [
    ...place.map((line) => `> ${line}`.trimEnd()), ...(place.length === 0 ? [] : ['']),
    ...wrap(`${text[0]?.toUpperCase() ?? ''}${text.slice(1)}.`, WIDTH),
    ...path.map((step) => `  ${placeText(step)} ${step.text}`),
    ...(path.length === 0 ? [`  ${placeText(finding)}`] : []),
    ...(condition === '' ? [] : wrap(condition, WIDTH)),
    ...(patch === null ? ['Which patch of the series brings it could not be told.'] : []),
    `[fencepost: ${rule}${obligation === null ? '' : `, ${obligation}`}${confidence === 'high' ? '' : `, ${confidence} confidence`}]`, '',
  ];
}

/** The lines of the hunk around the finding: where it stands, else where its path goes through, else the nearest hunk of its function or file. */
function quoted({ file, line, function: name, path, anchor }: FindingChange['finding'], hunks: readonly QuotedHunk[]): readonly string[] {
  const own = hunks.filter((hunk) => hunk.file === file);
  const rows = own.map((hunk) => ({ hunk, at: squeezed(hunk).findIndex((text, i) => hunk.lines[i]?.kind !== '-' && text === anchor && anchor.length > 3) }));
  const byText = rows.filter(({ at }) => at !== -1).sort((a, b) => Math.abs(a.hunk.newStart + a.at - line) - Math.abs(b.hunk.newStart + b.at - line))[0];
  if (byText !== undefined) return cutOut(byText.hunk, byText.at);
  for (const place of [{ file, line }, ...[...path].reverse()]) {
    const hunk = hunks.find((one) => one.file === place.file && indexOf(one, place.line) !== -1);
    if (hunk !== undefined) return cutOut(hunk, indexOf(hunk, place.line));
  }
  const named = own.filter(({ heading, lines }) => heading.includes(`${name}(`) || lines.some(({ text }) => text.includes(`${name}(`)));
  const [nearest] = [...(named.length > 0 ? named : own.length > 0 ? own : hunks)].sort((a, b) => Math.abs(a.newStart - line) - Math.abs(b.newStart - line));
  return nearest === undefined ? [] : cutOut(nearest, Math.max(0, nearest.lines.findIndex(({ kind }) => kind !== ' ')));
}

const squeezed = ({ lines }: QuotedHunk): readonly string[] => lines.map(({ text }) => text.replace(/\s+/g, ' ').trim());

/** The position in a hunk of a line of the new file, or -1. */
function indexOf({ newStart, lines }: QuotedHunk, line: number): number {
  let at = newStart - 1;
  return lines.findIndex(({ kind }) => (kind === '-' ? false : ++at === line));
}

function cutOut({ file, oldStart, newStart, heading, lines }: QuotedHunk, at: number): readonly string[] {
  // What was taken away or put in nearby belongs to it.
  const changes = lines.flatMap(({ kind }, i) => (kind === ' ' || Math.abs(i - at) > BEFORE ? [] : [i]));
  const [from, to] = [Math.max(0, Math.min(at, ...changes) - BEHIND), Math.max(at, ...changes) + 1 + BEHIND];
  const count = (kind: '-' | '+'): number => lines.filter((row) => row.kind !== kind).length;
  return [`+++ b/${file}`, `@@ -${oldStart},${count('+')} +${newStart},${count('-')} @@${heading === '' ? '' : ` ${heading}`}`, ...lines.slice(from, to).map(({ kind, text }) => `${kind}${text}`)];
}
