// What a series of patches changes, as text: at most five lines a finding; a clean series is one line of what was not checked (issue 4, part 4).

import type { PairChange, PatchName, SeriesResult } from '../results/patch.ts';
import type { Confidence, Finding } from '../results/finding.ts';
import { findingLines } from './finding-text.ts';
import type { Form } from './form.ts';
import { count, wrap } from './layout.ts';

/** Lines of one finding, the one that says whose it is included. */
const MOST_LINES = 5;

export const patchText = ({ number, total, subject }: PatchName): string => `${total > 1 ? `patch ${number}/${total}` : 'the patch'}${subject === '' ? '' : ` (${subject})`}`;

const RANK: Readonly<Record<Confidence, number>> = { high: 0, medium: 1, low: 2 };

/** Those of at least that confidence. */
export const shownAt = (confidence: Confidence) => ({ finding }: { readonly finding: Finding }): boolean => RANK[finding.confidence] <= RANK[confidence];

/** Ends with a line break. */
export function seriesText(result: SeriesResult, confidence: Confidence, form: Form): string {
  const shown = shownAt(confidence);
  const [added, fixed, moved] = [result.added.filter(shown), result.fixed.filter(shown), result.moved.filter(shown)];
  const lines = [
    ...added.flatMap(({ finding, patch }) => told(`added by ${patch === null ? 'the series' : patchText(patch)}:`, finding, form)),
    ...fixed.flatMap(({ finding, patch }) => [`fixed by ${patch === null ? 'the series' : patchText(patch)}:`, ...findingLines(finding, form).slice(0, 1)]),
    ...moved.map(({ finding, from }) => `moved: [${finding.rule}] of ${finding.function}() from ${from.file} to ${finding.file}`),
    ...result.profilesChanged.map(({ of, text }) => `${of}: ${text}`),
    ...pairLines(result.pairsChanged),
    ...(form.verbose ? result.remaining.filter((finding) => shown({ finding })).flatMap((finding) => told('was there before, and remains:', finding, form)) : []),
  ];
  const summary = lines.length === 0 ? [] : ['', ...wrap(summaryText(result, confidence), form.width, 2)];
  return `${[...lines, ...summary, ...wrap(notChecked(result, form.verbose), form.width, 2).map(form.palette.dim), ...(form.verbose ? result.ledger.map(({ file, line, reason }) => `    ${file === '' ? '' : `${file}:${line} `}${reason}`) : [])].join('\n')}\n`;
}

function told(head: string, finding: Finding, form: Form): string[] {
  const [first = '', ...path] = findingLines(finding, form);
  const room = MOST_LINES - 2;
  const under = finding.under.length > 0 ? path.slice(-1) : [];
  const steps = finding.under.length > 0 ? path.slice(0, -1) : path;
  // Where it begins and where it ends.
  const kept = steps.length + under.length <= room ? steps : [...steps.slice(0, 1), ...steps.slice(1 - (room - under.length))];
  return [head, first, ...kept, ...under];
}

function pairLines(changes: readonly PairChange[]): string[] {
  const groups = new Map<string, PairChange[]>();
  for (const one of changes) {
    const key = `${one.before ?? 'new'} → ${one.after ?? 'gone'}`;
    groups.set(key, [...(groups.get(key) ?? []), one]);
  }
  return [...groups].map(([key, rows]) => {
    const [first] = rows;
    const more = rows.length > 1 ? ` and ${rows.length - 1} more` : '';
    return `pairs ${key}: ${first === undefined ? '' : `${first.exporter} with ${first.importer}`}${more}${first === undefined || first.why === '' ? '' : `: ${first.why}`}`;
  });
}

export function summaryText({ added, fixed, moved, unchanged, pairsChanged, profilesChanged, series }: SeriesResult, confidence: Confidence): string {
  const shown = shownAt(confidence);
  const hidden = added.length - added.filter(shown).length;
  return `${series.version > 1 ? `v${series.version}, ` : ''}${count(series.patches.length, 'patch', 'patches')}: ${added.filter(shown).length} added, ${fixed.filter(shown).length} fixed, ${moved.filter(shown).length} moved, ${unchanged} unchanged; ${count(profilesChanged.length, 'profile fact')} and ${count(pairsChanged.length, 'pair')} changed${hidden === 0 ? '' : `; ${hidden} more of lower confidence added (--confidence medium)`}`;
}

function notChecked({ coverage, ledger, series }: SeriesResult, isVerbose: boolean): string {
  const { functions, undecided } = coverage;
  const whole = undecided === 0 ? `${count(functions, 'function')} checked to the end` : `not checked: ${undecided} of ${count(functions, 'function')}, too large or not understood`;
  return `${count(series.patches.length, 'patch', 'patches')}, ${whole}; ${count(ledger.length, 'entry', 'entries')} in the ledger${isVerbose || ledger.length === 0 ? '' : ' (--verbose shows them)'}`;
}

/** What a newer version of a series did about the findings of an older one. Ends with a line break. */
export function sinceText(old: SeriesResult, now: SeriesResult, confidence: Confidence, form: Form): string {
  const shown = shownAt(confidence);
  const key = ({ rule, function: name, anchor, ordinal }: Finding): string => `${rule} ${name} ${anchor} ${ordinal}`;
  const still = new Map(now.added.map((row) => [key(row.finding), row]));
  const before = new Set(old.added.map((row) => key(row.finding)));
  const gone = old.added.filter((row) => shown(row) && !still.has(key(row.finding)));
  const remains = now.added.filter((row) => shown(row) && before.has(key(row.finding)));
  const fresh = now.added.filter((row) => shown(row) && !before.has(key(row.finding)));
  const one = (head: string) => ({ finding, patch }: SeriesResult['added'][number]): string[] => [`${head}${patch === null ? '' : `, ${patchText(patch)}`}:`, ...findingLines(finding, form).slice(0, 1)];
  const from = old.series.version === now.series.version ? 'the older version' : `v${old.series.version}`;
  return `${[
    ...gone.flatMap(one(`fixed since ${from}`)), ...remains.flatMap(one('remains')), ...fresh.flatMap(one('new')),
    ...wrap(`since ${from}: ${gone.length} fixed, ${remains.length} remain, ${fresh.length} new`, form.width, 2),
  ].join('\n')}\n`;
}
