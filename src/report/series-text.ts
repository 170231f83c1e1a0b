// What a series of patches changes, as text: at most five lines a finding; a clean series is one line of what was not checked (issue 4, part 4).

import type { FindingChange, PairChange, PatchName, SeriesResult, Since } from '../results/patch.ts';
import { identityOf, type Confidence, type Finding } from '../results/finding.ts';
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
    ...added.flatMap(({ finding, patch }) => told(`added by ${patch === null ? 'the series' : patchText(patch)}:`, finding, result, form)),
    ...fixed.flatMap(({ finding, patch }) => [`fixed by ${patch === null ? 'the series' : patchText(patch)}:`, ...findingLines(finding, form).slice(0, 1), ...fixes(finding, result)]),
    ...moved.map(({ finding, from }) => `moved: [${finding.rule}] from ${from.file} ${from.function}() to ${finding.file}:${finding.line} ${finding.function}()`),
    ...result.profilesChanged.map(({ of, text }) => `${of}: ${text}`),
    ...pairLines(result.pairsChanged),
    ...(form.verbose ? result.remaining.filter((finding) => shown({ finding })).flatMap((finding) => told('was there before, and remains:', finding, result, form)) : []),
  ];
  const summary = lines.length === 0 ? [] : ['', ...wrap(summaryText(result, confidence), form.width, 2)];
  const ledger = form.verbose ? result.ledger.map(({ file, line, reason }) => `    ${file === '' ? '' : `${file}:${line} `}${reason}`) : [];
  return `${[...lines, ...summary, form.palette.dim(notChecked(result, form.verbose)), ...ledger].join('\n')}\n`;
}

/** At most five lines: whose it is, the finding, where its way begins and ends, under what it is built, who brought it. */
function told(head: string, finding: Finding, result: SeriesResult, form: Form): string[] {
  const [first = '', ...steps] = findingLines({ ...finding, under: [] }, form);
  const condition = conditionText(finding, result);
  const last = [...(condition === '' ? [] : [form.palette.dim(`    ${condition}`)]), ...fixes(finding, result)];
  const room = Math.max(0, MOST_LINES - 2 - last.length);
  const kept = steps.length <= room ? steps : room === 0 ? [] : [...steps.slice(0, room - 1), ...steps.slice(-1)];
  return [head, first, ...kept, ...last];
}

/** "    Fixes: 0123456789ab ("subject")" of a finding that the series did not bring. */
function fixes(finding: Finding, { origins }: SeriesResult): readonly string[] {
  const origin = origins.get(identityOf(finding));
  return origin === undefined ? [] : [`    Fixes: ${origin.commit} ("${origin.subject}")`];
}

/** "built only under CONFIG_DRM_XE and #ifdef CONFIG_PM", or nothing. */
export function conditionText({ file, under }: Finding, { configs }: SeriesResult): string {
  const all = [...(configs.get(file) ?? []), ...under.map((one) => one.replace(/\s+/g, ' ').trim())];
  return all.length === 0 ? '' : `built only under ${all.join(' and ')}`;
}

function pairLines(changes: readonly PairChange[]): string[] {
  const groups = new Map<string, PairChange[]>();
  for (const one of changes) {
    const key = `${one.before ?? 'new'} -> ${one.after ?? 'gone'}`;
    groups.set(key, [...(groups.get(key) ?? []), one]);
  }
  return [...groups].map(([key, rows]) => {
    const [first] = rows;
    const more = rows.length > 1 ? ` and ${rows.length - 1} more` : '';
    return `pairs ${key}: ${first === undefined ? '' : `${first.exporter} with ${first.importer}`}${more}${first === undefined || first.why === '' ? '' : `: ${first.why}`}`;
  });
}

export function summaryText({ added, fixed, moved, remaining, pairsChanged, profilesChanged, series }: SeriesResult, confidence: Confidence): string {
  const shown = shownAt(confidence);
  const hidden = added.length - added.filter(shown).length;
  return `${series.version > 1 ? `v${series.version}, ` : ''}${count(series.patches.length, 'patch', 'patches')}: ${added.filter(shown).length} added, ${fixed.filter(shown).length} fixed, ${moved.filter(shown).length} moved, ${remaining.length} unchanged; ${count(profilesChanged.length, 'profile fact')} and ${count(pairsChanged.length, 'pair')} changed${hidden === 0 ? '' : `; ${hidden} more of lower confidence added (--confidence medium)`}`;
}

/** One line, however long: the only one of a clean series. */
function notChecked({ coverage, ledger, series, left }: SeriesResult, isVerbose: boolean): string {
  const { functions, undecided } = coverage;
  const open = [...(undecided === 0 ? [] : [`${undecided} of ${count(functions, 'function')}, too large or not understood`]), ...left.map((one) => one.replace(/^not looked at: /, ''))];
  const done = functions === 0 ? 'no rule looks at what is changed' : `${count(functions, 'function')} checked to the end`;
  const whole = open.length === 0 ? done : `not checked: ${open.join('; ')}`;
  return `${count(series.patches.length, 'patch', 'patches')}, ${whole}; ${count(ledger.length, 'entry', 'entries')} in the ledger${isVerbose || ledger.length === 0 ? '' : ' (--verbose shows them)'}`;
}

/** What a newer version of a series did about the findings of an older one. Ends with a line break. */
export function sinceText(since: Since, confidence: Confidence, form: Form): string {
  const shown = shownAt(confidence);
  const [gone, remains, fresh] = [since.fixed.filter(shown), since.remains.filter(shown), since.fresh.filter(shown)];
  const one = (head: string) => ({ finding, patch }: FindingChange): string[] => [`${head}${patch === null ? '' : `, ${patchText(patch)}`}:`, ...findingLines(finding, form).slice(0, 1)];
  const from = since.isNewer ? `v${since.version}` : 'the older version';
  return `${[
    ...gone.flatMap(one(`fixed since ${from}`)), ...remains.flatMap(one('remains')), ...fresh.flatMap(one('new')),
    ...wrap(sinceSummary(since, confidence), form.width, 2),
  ].join('\n')}\n`;
}

/** "since v2: 1 fixed, 0 remain, 0 new" */
export function sinceSummary({ fixed, remains, fresh, version, isNewer }: Since, confidence: Confidence): string {
  const shown = shownAt(confidence);
  return `since ${isNewer ? `v${version}` : 'the older version'}: ${fixed.filter(shown).length} fixed, ${remains.filter(shown).length} remain, ${fresh.filter(shown).length} new`;
}
