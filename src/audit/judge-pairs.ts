// Judges every exporter with every importer: lifts a scenario, searches it once for all pairs that have the same, and says why in one line (issue 3, parts 5 and 6).

import { unlimited, type Limits } from '../check/index.ts';
import { checkScenario } from '../check/run.ts';
import { check as checkNames, formatDiagnostic, parse } from '../litmus/index.ts';
import type { ExporterProfile, ImporterProfile, LedgerRow, Pair, PairStory, RevokePath } from '../results/audit.ts';
import type { CheckResult } from '../results/verdict.ts';
import { scenarioOf, type Lifted } from './scenario.ts';

export interface JudgeOptions {
  /** The tree's: move_notify or invalidate_mappings. */
  readonly contract: string;
  readonly limits?: Partial<Limits>;
  readonly stop?: () => boolean;
  /** For durations in the results; 0 where none is wanted. */
  readonly now?: () => number;
}

/** Enough for any pair; a pair beyond it is undecided, and told. */
const LIMITS: Partial<Limits> = { states: 400_000 };

export interface JudgedPairs {
  readonly pairs: readonly Pair[];
  readonly ledger: readonly LedgerRow[];
  /** Scenarios that were searched, all others being equal to one of them. */
  readonly searched: number;
}

/** `matters`: pairs that are wanted; all where it is left out. */
export function judgePairs(importers: readonly ImporterProfile[], exporters: readonly ExporterProfile[], options: JudgeOptions, matters: (exporter: ExporterProfile, importer: ImporterProfile) => boolean = () => true): JudgedPairs {
  const memo = new Map<string, CheckResult | string>();
  const pairs: Pair[] = [];
  const ledger = new Map<string, LedgerRow>();
  for (const exporter of exporters) {
    for (const importer of importers) {
      if (!matters(exporter, importer)) continue;
      if (options.stop?.() === true) return { pairs, ledger: [...ledger.values()], searched: memo.size };
      const { pair, lifted, result } = judge(exporter, importer, options, memo);
      pairs.push(pair);
      if (pair.verdict !== 'refused' && (result === null || result.verdict === 'tool-failed' || result.verdict === 'unfinished')) {
        ledger.set(pair.why, { file: exporter.file, line: exporter.line, function: '', reason: `${exporter.id} x ${importer.id}: ${pair.why}` });
      }
      for (const text of lifted.assumptions) {
        const place = /\(?([\w./+-]+\.[ch]):(\d+)\)?/.exec(text);
        ledger.set(text, { file: place?.[1] ?? exporter.file, line: Number(place?.[2] ?? exporter.line), function: '', reason: `assumed: ${text}` });
      }
    }
  }
  return { pairs, ledger: [...ledger.values()].sort((a, b) => (a.file === b.file ? a.line - b.line : a.file < b.file ? -1 : 1)), searched: memo.size };
}

/** The whole story of one pair. */
export function storyOf(exporter: ExporterProfile, importer: ImporterProfile, options: JudgeOptions): PairStory {
  const { pair, lifted, result } = judge(exporter, importer, options, new Map());
  return { pair, importer, exporter, scenario: lifted.text, result, assumptions: [...new Set([...lifted.assumptions, ...importer.assumptions, ...exporter.assumptions])] };
}

/** Litmus text of one pair, under its worst revoke path. */
export function scenarioText(exporter: ExporterProfile, importer: ImporterProfile, options: JudgeOptions): string {
  return judge(exporter, importer, options, new Map()).lifted.text;
}

interface Judged {
  readonly pair: Pair;
  readonly lifted: Lifted;
  readonly result: CheckResult | null;
}

/** Every revoke path is tried; the worst answer counts. */
function judge(exporter: ExporterProfile, importer: ImporterProfile, options: JudgeOptions, memo: Map<string, CheckResult | string>): Judged {
  const paths: readonly (RevokePath | null)[] = exporter.revokes.length === 0 ? [null] : exporter.revokes;
  let worst: Judged | null = null;
  for (const revoke of paths) {
    const lifted = scenarioOf(exporter, importer, { contract: options.contract, revoke });
    const answer = searched(lifted, options, memo);
    const judged: Judged = { pair: pairOf(exporter, importer, lifted, answer), lifted, result: typeof answer === 'string' ? null : answer };
    if (worst === null || RANK[judged.pair.verdict] > RANK[worst.pair.verdict]) worst = judged;
  }
  if (worst === null) throw new Error('no path');
  return worst;
}

const RANK: Readonly<Record<Pair['verdict'], number>> = { refused: 0, holds: 1, undecided: 2, broken: 3, hangs: 4 };

/** A result, or why there is none. */
function searched(lifted: Lifted, options: JudgeOptions, memo: Map<string, CheckResult | string>): CheckResult | string {
  const key = lifted.text.replace(/ \/\/ .*$/gm, '').replace(/^(?:".*"|source .*)\n/gm, '').replace(/ at ".*"/g, '');
  const known = memo.get(key);
  if (known !== undefined) return known;
  const answer = search(lifted, options);
  memo.set(key, answer);
  return answer;
}

function search(lifted: Lifted, options: JudgeOptions): CheckResult | string {
  const parsed = parse(lifted.text, 'pair');
  if (!parsed.ok) return `the scenario cannot be read: ${parsed.diagnostics[0] === undefined ? '' : formatDiagnostic(lifted.text, parsed.diagnostics[0])}`;
  const [problem] = checkNames(parsed.scenario, 'pair');
  if (problem !== undefined) return `the scenario is not well made: ${formatDiagnostic(lifted.text, problem)}`;
  const checked = checkScenario(parsed.scenario, null, {
    limits: { ...unlimited, ...LIMITS, ...options.limits }, contract: [], now: options.now ?? (() => 0), ...(options.stop === undefined ? {} : { stop: options.stop }),
  });
  return checked.ok ? checked.result : checked.message;
}

function pairOf(exporter: ExporterProfile, importer: ImporterProfile, lifted: Lifted, answer: CheckResult | string): Pair {
  const base = { exporter: exporter.id, importer: importer.id, at: null, errno: null, obligation: null };
  if (typeof answer === 'string') return { ...base, verdict: 'undecided', why: answer.split('\n')[0] ?? answer };
  const [refusal] = answer.refused;
  if (answer.outcome.startsWith('refused') && refusal !== undefined) {
    const errno = refusal.errno.replace(/^-/, '');
    const fact = lifted.refusals.find((one) => one.at === refusal.at && one.errno === errno) ?? lifted.refusals.find((one) => one.at === refusal.at);
    const when = refusal.at === 'map' && importer.onlyExporters !== null ? null : refusalWhen(exporter, importer, refusal.at, errno);
    return { ...base, verdict: 'refused', at: refusal.at, errno, why: `${refusal.at} gives -${errno}${when === null ? '' : `: ${when.when === '' ? 'always' : when.when}`}${place(when ?? fact?.place)}` };
  }
  const [worst] = answer.broken;
  switch (answer.verdict) {
    case 'holds':
      return { ...base, verdict: 'holds', why: exporter.revokes.length === 0 ? 'nothing is taken back' : lifted.assumptions.length === 0 ? 'every run ends well' : `every run ends well, given ${lifted.assumptions.length} assumptions` };
    case 'vacuous':
      return { ...base, verdict: 'holds', why: 'nothing goes wrong; some of it was never exercised' };
    case 'broken': {
      if (worst === undefined) return { ...base, verdict: 'broken', why: answer.outcome };
      const hangs = worst.kind === 'deadlock' || worst.kind === 'hang';
      const obligation = hangs ? worst.blame.obligation || worst.code : worst.code;
      return { ...base, verdict: hangs ? 'hangs' : 'broken', obligation, why: `${hangs ? worst.kind : worst.code}: ${hangs ? waitsText(answer) : worst.text}` };
    }
    case 'undecided':
      return { ...base, verdict: 'undecided', obligation: worst?.code ?? null, why: `decides: ${lifted.unknowns.map((one) => `${one.text} at ${one.at.file}:${one.at.line}`).join('; ')}` };
    case 'unfinished':
      return { ...base, verdict: 'undecided', why: 'the search hit its limit' };
    case 'tool-failed':
      return { ...base, verdict: 'undecided', why: answer.outcome };
  }
}

function waitsText(result: CheckResult): string {
  const [edge] = result.broken[0]?.waits ?? [];
  return edge === undefined ? result.broken[0]?.text ?? '' : `${edge.party} waits for ${edge.object}${edge.by.length === 0 ? '' : `, which ${edge.by.join(', ')} owes`}`;
}

/** The condition that turns this importer away. */
function refusalWhen(exporter: ExporterProfile, importer: ImporterProfile, at: string, errno: string) {
  const rows = exporter.refuses.filter((one) => one.at === at && one.errno === errno);
  if (at === 'attach') {
    const peer = rows.find((one) => /peer2peer/.test(one.when));
    if (peer !== undefined && !importer.peer2peer) return peer;
    const revocable = rows.find((one) => /revocable|invalidate_mappings|move_notify|importer_ops/.test(one.when));
    if (revocable !== undefined) return revocable;
  }
  return rows[0] ?? null;
}

const place = (one: { readonly file: string; readonly line: number } | null | undefined): string => (one === null || one === undefined ? '' : ` (${one.file}:${one.line})`);
