// Judges every exporter with every importer: lifts a scenario, searches it once for all pairs that have the same, says why in one line (issue 3, parts 5 and 6).

import { unlimited, type Limits } from '../check/index.ts';
import { checkScenario } from '../check/run.ts';
import { check as checkNames, formatDiagnostic, parse } from '../litmus/index.ts';
import type { ExporterProfile, ImporterProfile, LedgerRow, Pair, PairStory, RevokePath } from '../results/audit.ts';
import type { CheckResult } from '../results/verdict.ts';
import { lift, liftExporter, liftImporter, printedLift, type Lifted } from './lift.ts';
import { pairOf } from './pairs-verdict.ts';

export interface JudgeOptions {
  /** The tree's: move_notify or invalidate_mappings. */
  readonly contract: string;
  readonly limits?: Partial<Limits>;
  /** Polled; true ends with the pairs that are judged. */
  readonly stop?: () => boolean;
  readonly progress?: (done: number, total: number) => void;
  /** For durations in the results; 0 where none is wanted. */
  readonly now?: () => number;
}

export interface JudgedPairs {
  readonly pairs: readonly Pair[];
  readonly ledger: readonly LedgerRow[];
  /** Scenarios that were searched, all others being equal to one of them. */
  readonly searched: number;
}

/** Enough for any pair; a pair beyond it is undecided, and told. */
const LIMITS: Partial<Limits> = { states: 400_000 };

export type Answer = CheckResult | string;

/** `matters`: pairs that are wanted; all where it is left out. */
export function judgePairs(
  importers: readonly ImporterProfile[], exporters: readonly ExporterProfile[], options: JudgeOptions, matters: (exporter: ExporterProfile, importer: ImporterProfile) => boolean = () => true,
): JudgedPairs {
  const memo = new Map<string, Answer>();
  const known = (lifted: Lifted): Answer => {
    const text = nameless(lifted.text);
    const before = memo.get(text);
    if (before !== undefined) return before;
    const answer = search(text, options);
    // A search that was stopped says nothing about the next pair.
    if (options.stop?.() !== true) memo.set(text, answer);
    return answer;
  };
  const wanted = exporters.flatMap((exporter) => importers.filter((importer) => matters(exporter, importer)).map((importer) => ({ exporter, importer })));
  const pairs: Pair[] = [];
  const ledger = new Map<string, LedgerRow>();
  for (const { exporter, importer } of wanted) {
    if (options.stop?.() === true) break;
    const { pair, lifted, answer } = worstPath(exporter, importer, options, known);
    if (options.stop?.() === true) break;
    pairs.push(pair);
    for (const row of rowsOf(exporter, pair, lifted, answer)) ledger.set(row.reason, row);
    options.progress?.(pairs.length, wanted.length);
  }
  return { pairs, ledger: [...ledger.values()].sort((a, b) => (a.file === b.file ? a.line - b.line : a.file < b.file ? -1 : 1)), searched: memo.size };
}

/** The whole story of one pair: the scenario of its worst revoke path, as printed, and its search. */
export function storyOf(importer: ImporterProfile, exporter: ExporterProfile, options: JudgeOptions): PairStory {
  const { pair, lifted, answer } = worstPath(exporter, importer, options, (one) => search(printedLift(one), options));
  return {
    pair, importer, exporter, scenario: printedLift(lifted), result: typeof answer === 'string' ? null : answer,
    assumptions: lifted.assumptions,
  };
}

/** Litmus text of one pair, under its worst revoke path. */
export const pairScenario = (importer: ImporterProfile, exporter: ExporterProfile, options: JudgeOptions): string => storyOf(importer, exporter, options).scenario;

/** Litmus text of an importer before VFIO's whole sequence. */
export const importerScenario = (importer: ImporterProfile, options: Pick<JudgeOptions, 'contract'>): string => printedLift(liftImporter(importer, options));

/** Litmus text of an exporter before an importer that unmaps from a worker; of several revoke paths, the one that ends worst. */
export function exporterScenario(exporter: ExporterProfile, options: JudgeOptions): string {
  const texts = pathsOf(exporter).map((path) => printedLift(liftExporter(exporter, path, options)));
  const rank = (text: string): number => {
    const answer = search(text, options);
    return typeof answer === 'string' ? 0 : ['tool-failed', 'vacuous', 'holds', 'unfinished', 'undecided', 'broken'].indexOf(answer.verdict);
  };
  return texts.reduce((worst, text) => (rank(text) > rank(worst) ? text : worst));
}

interface Judged {
  readonly pair: Pair;
  readonly lifted: Lifted;
  readonly answer: Answer;
}

/** Every revoke path is tried; the worst answer counts. */
function worstPath(exporter: ExporterProfile, importer: ImporterProfile, options: JudgeOptions, searched: (lifted: Lifted) => Answer): Judged {
  const judge = (path: RevokePath | null, isIdle: boolean): Judged => {
    const lifted = lift(exporter, importer, path, { contract: options.contract, isIdle });
    const answer = searched(lifted);
    return { pair: pairOf(exporter, importer, lifted, answer), lifted, answer };
  };
  const [first, ...more] = pathsOf(exporter).flatMap((path) => {
    const one = judge(path, false);
    // A search ends at the first harm, and then says nothing about the wait for unmaps.
    return one.pair.verdict === 'broken' && exporter.waitsUnmap !== null && importer.callback !== null ? [one, judge(path, true)] : [one];
  });
  if (first === undefined) throw new Error('an exporter has at least one path: none taken');
  const worst = more.reduce((before, one) => (RANK[one.pair.verdict] > RANK[before.pair.verdict] ? one : before), first);
  if (worst.pair.verdict === 'refused' || worst.lifted.refusals.length === 0) return worst;
  // Who is never let in meets nothing, whatever else goes wrong meanwhile.
  const alone = judge(null, false);
  return alone.pair.verdict === 'refused' ? alone : worst;
}

const pathsOf = (exporter: ExporterProfile): readonly (RevokePath | null)[] => (exporter.revokes.length === 0 ? [null] : exporter.revokes);

const RANK: Readonly<Record<Pair['verdict'], number>> = { refused: 0, holds: 1, undecided: 2, broken: 3, hangs: 4 };

/** What is left when places and ids are taken out: pairs with this in common have one answer. */
function nameless(text: string): string {
  return text.replace(/ \/\/ .*$/gm, '').replace(/^(?:".*"|source .*)\n/gm, '').replace(/^unknown (\w+) at ".*";$/gm, 'unknown $1 at "$1";');
}

/** Searches a lifted text; a sentence where it could not be read. */
export function search(text: string, options: JudgeOptions): Answer {
  const parsed = parse(text, 'pair');
  const problem = parsed.ok ? checkNames(parsed.scenario, 'pair')[0] : parsed.diagnostics[0];
  if (!parsed.ok || problem !== undefined) return `the lifted scenario cannot be read: ${problem === undefined ? '' : formatDiagnostic(text, problem)}`;
  const checked = checkScenario(parsed.scenario, null, {
    limits: { ...unlimited, ...LIMITS, ...options.limits }, contract: [], now: options.now ?? (() => 0), ...(options.stop === undefined ? {} : { stop: options.stop }),
  });
  return checked.ok ? checked.result : checked.message;
}

function rowsOf(exporter: ExporterProfile, pair: Pair, { assumptions, notSearched }: Lifted, answer: Answer): readonly LedgerRow[] {
  const row = (text: string): LedgerRow => {
    const place = /([\w./+-]+\.[ch]):(\d+)/.exec(text);
    return { file: place?.[1] ?? '', line: Number(place?.[2] ?? 0), function: '', reason: `assumed: ${text}` };
  };
  const isSearched = typeof answer !== 'string' && !['unfinished', 'tool-failed'].includes(answer.verdict) && !(answer.verdict === 'vacuous' && pair.verdict === 'undecided');
  const failed: LedgerRow = { file: exporter.file, line: exporter.line, function: '', reason: `${pair.exporter} x ${pair.importer}: ${pair.why}` };
  return [
    ...assumptions.map(row),
    ...notSearched.map(({ text, at }) => ({ ...at, reason: `not searched, more than 4 conditions: ${text}` })),
    ...(isSearched ? [] : [failed]),
  ];
}
