// One scenario from syntax tree to result: compile, search under every value of its unknowns, choose what to tell, tell it.
// Never touches files, clock or console: both come in through the options.

import { compile, type Compiled } from '../model/compile.ts';
import type { Expectation, Scenario } from '../model/scenario.ts';
import type { Origin, System } from '../model/system.ts';
import type { BrokenKind, CheckResult, Counterexample, Ledger, Refusal, Verdict } from '../results/verdict.ts';
import { blameFor, blameForWait } from './blame.ts';
import { canLeave } from './escape.ts';
import { decodeToken, endsLike, finish, Pace, replay as replayPath, replayToken, safeName, searchSteps, showsViolation, shrink, simulateSteps as randomWalks, type Found, type Lasso, type Limits, type Progress, type SearchOutcome, type Steps, type Workers } from './index.ts';
import { enabledSteps, isTrue } from './interpret.ts';
import { tell, waitsIn } from './story.ts';

export interface CheckOptions {
  /** Overrides the scenario's contract. */
  readonly contract?: readonly { readonly key: string; readonly value: string }[];
  /** Default true. */
  readonly symmetry?: boolean;
  /** Default true. */
  readonly liveness?: boolean;
  readonly order?: 'any' | 'kernel';
  readonly limits: Limits;
  /** A clock in milliseconds. */
  readonly now: () => number;
  readonly stop?: () => boolean;
  readonly progress?: (progress: Progress) => void;
  /** Threads for a large search; the result does not depend on them. */
  readonly workers?: Workers;
  /** Rules of the model's programs to leave out: what each one buys. */
  readonly without?: ReadonlySet<string>;
}

/** A scenario that does not fit the model, with its place. */
export interface Unfit {
  readonly ok: false;
  readonly message: string;
  readonly at: Origin | null;
}

export type Checked = { readonly ok: true; readonly result: CheckResult; readonly rules: readonly string[] } | Unfit;

const MOST_UNKNOWNS = 4;
const SEVERITY: readonly BrokenKind[] = ['harm', 'deadlock', 'hang', 'assertion', 'obligation', 'warning', 'capacity'];

/** Checks one scenario. `file` is only told. */
export function checkScenario(scenario: Scenario, file: string | null, options: CheckOptions): Checked {
  return finish(checkSteps(scenario, file, options));
}

/** The same in parts: yields every few milliseconds of a search, so that the caller can hear signals and set its `stop`. */
export function* checkSteps(scenario: Scenario, file: string | null, options: CheckOptions): Steps<Checked> {
  const started = options.now();
  const unknowns = scenario.declarations.flatMap((d) => (d.kind === 'unknown' ? [d] : []));
  if (unknowns.length > MOST_UNKNOWNS) return { ok: false, message: `${unknowns.length} unknowns; at most ${MOST_UNKNOWNS} can be searched`, at: unknowns[MOST_UNKNOWNS]?.at ?? null };
  const results: { readonly result: CheckResult; readonly values: readonly boolean[] }[] = [];
  const rules = new Set<string>();
  for (let bits = 0; bits < 1 << unknowns.length; bits++) {
    const values = unknowns.map((_, i) => ((bits >> i) & 1) === 1);
    const one = yield* checkOnce(scenario, file, options, Object.fromEntries(unknowns.map((u, i) => [u.name, values[i] ?? false])), started);
    if (!one.ok) return one;
    for (const rule of one.rules) rules.add(rule);
    results.push({ result: one.result, values });
  }
  const [first] = results;
  if (first === undefined) return { ok: false, message: 'nothing to check', at: null };
  const result = results.length === 1 ? first.result : merged(scenario, unknowns, results);
  return { ok: true, rules: [...rules], result: { ...result, milliseconds: options.now() - started } };
}

function compiledFor(scenario: Scenario, options: CheckOptions, unknowns: Readonly<Record<string, boolean>>) {
  return compile(scenario, {
    unknowns, ...(options.contract === undefined ? {} : { contract: options.contract }), ...(options.order === undefined ? {} : { order: options.order }), ...(options.without === undefined ? {} : { without: options.without }),
  });
}

function* checkOnce(scenario: Scenario, file: string | null, options: CheckOptions, unknowns: Readonly<Record<string, boolean>>, started: number): Steps<Checked> {
  const made = compiledFor(scenario, options, unknowns);
  if (!made.ok) return made;
  const { compiled } = made;
  const outcome = yield* searchSteps(compiled.system, {
    symmetry: options.symmetry ?? true, liveness: options.liveness ?? true, reduce: true, limits: options.limits, now: options.now,
    ...(options.stop === undefined ? {} : { stop: options.stop }), ...(options.progress === undefined ? {} : { progress: options.progress }),
    ...(options.workers === undefined ? {} : { workers: options.workers }),
  });
  const broken = [...outcome.found.flatMap((f) => fromFound(compiled, f)), ...outcome.lassos.map((l) => fromLasso(compiled, l))].sort(worstFirst);
  return { ok: true, rules: compiled.rules, result: judged(scenario, file, compiled, outcome, broken, options.now() - started) };
}

function judged(scenario: Scenario, file: string | null, compiled: Compiled, outcome: SearchOutcome, all: readonly Counterexample[], milliseconds: number): CheckResult {
  const broken = all.filter((b) => b.kind !== 'capacity');
  const capacity = all.find((b) => b.kind === 'capacity');
  const refused = refusalsIn(compiled, outcome);
  const nobody = refused.length > 0 && ![...compiled.mapped.values()].some((i) => outcome.witnesses[i] === true);
  const internal = new Set(compiled.mapped.values());
  const missing = compiled.system.witnesses.filter((_, i) => !internal.has(i) && outcome.witnesses[i] !== true).map((w) => w.name);
  const expected = scenario.expectation;
  const declared = (r: Refusal): boolean => expected?.verdict === 'refused' && sameParty(r.importer, expected.party) && r.at === expected.where && r.errno === expected.errno;
  const told = refused.some(declared);
  let verdict: Verdict = 'holds';
  let text = 'holds';
  const [worst] = broken;
  if (worst !== undefined) {
    verdict = 'broken';
    text = `broken ${worst.code}`;
  } else if (!outcome.finished || capacity !== undefined) {
    verdict = 'unfinished';
    text = capacity === undefined ? `unfinished (${outcome.limit ?? 'limit'})` : `unfinished (${capacity.text})`;
  } else if (told) text = refusalText(refused.find(declared));
  else if (nobody) {
    verdict = 'vacuous';
    text = refusalText(refused[0]);
  } else if (missing.length > 0) {
    verdict = 'vacuous';
    text = 'vacuous';
  }
  const result: CheckResult = {
    scenario: scenario.name, file, source: scenario.sources, contract: compiled.contract, verdict, outcome: text,
    expected: expected === null ? null : expectationText(expected), asExpected: expected === null ? null : matches(expected, verdict, text, broken, told),
    broken, refused, states: outcome.states, transitions: outcome.transitions, depth: outcome.depth, milliseconds,
    ledger: ledgerOf(compiled, outcome, missing, capacity),
  };
  return result;
}

const sameParty = (a: string, b: string): boolean => a === b || a.replace(/\[\d+\]$/, '') === b;
const refusalText = (r: Refusal | undefined): string => (r === undefined ? 'refused' : `refused ${r.importer} ${r.at} -${r.errno}`);

export function expectationText(e: Expectation): string {
  switch (e.verdict) {
    case 'broken':
      return ['broken', ...(e.code === null ? [] : [e.code]), ...(e.party === null ? [] : ['by', e.party])].join(' ');
    case 'refused':
      return `refused ${e.party} ${e.where} -${e.errno}`;
    default:
      return e.verdict;
  }
}

function matches(e: Expectation, verdict: Verdict, text: string, broken: readonly Counterexample[], told: boolean): boolean {
  switch (e.verdict) {
    case 'broken': {
      const [worst] = broken;
      return worst !== undefined && (e.code === null || e.code === worst.code) && (e.party === null || sameParty(worst.blame.party, e.party));
    }
    case 'refused':
      return told && verdict !== 'broken';
    case 'vacuous':
      return verdict === 'vacuous' && text === 'vacuous';
    default:
      return verdict === e.verdict;
  }
}

/** Importers that were turned away in some run and never mapped in any. */
function refusalsIn(compiled: Compiled, outcome: SearchOutcome): Refusal[] {
  const out: Refusal[] = [];
  for (const f of outcome.found) {
    const refusal = compiled.refusals.get(f.violation);
    if (refusal === undefined) continue;
    const witness = compiled.mapped.get(refusal.importer);
    if (witness !== undefined && outcome.witnesses[witness] === true) continue;
    if (!out.some((r) => refusalText(r) === refusalText(refusal))) out.push(refusal);
  }
  // an -ENODEV is only the race with a revoke; what is told first is a refusal by kind
  return out.sort((a, b) => Number(a.errno === 'ENODEV') - Number(b.errno === 'ENODEV'));
}

function fromFound(compiled: Compiled, found: Found): Counterexample[] {
  const { system } = compiled;
  const violation = system.violations[found.violation];
  if (violation === undefined || violation.kind === 'refusal') return [];
  const { path } = shrink(system, found.path, showsViolation(found.violation, found.invariant));
  const told = tell(system, path, found.invariant);
  const blame = blameFor(system, violation, told.violations.flat().filter((v) => v !== found.violation));
  return [{ kind: violation.kind, code: violation.code, text: violation.text, blame, steps: told.steps, cycle: null, waits: [], replay: replayToken(system, path) }];
}

function fromLasso(compiled: Compiled, lasso: Lasso): Counterexample {
  const { system } = compiled;
  const pending = system.pending[lasso.pending];
  const { path } = shrink(system, lasso.stem, endsLike(system, lasso.stem));
  const told = tell(system, [...path, ...lasso.cycle], null);
  const state = told.states[path.length] ?? [];
  const waits = waitsIn(system, state);
  const violation = system.violations[pending?.violation ?? 0];
  const isCall = pending?.kind === 'call';
  const kind: BrokenKind = lasso.class === 'never' ? (pending?.kind === 'eventually' ? 'assertion' : 'obligation') : lasso.class;
  const blame = isCall && pending !== undefined ? blameForWait(system, pending.process ?? 0, state, waits, told.violations.flat()) : violation === undefined ? { party: '', object: '', obligation: '', text: '', source: '' } : blameFor(system, violation, []);
  const who = pending?.process == null ? '' : (system.processes[pending.process]?.name ?? '');
  const text = lasso.class === 'deadlock' ? `${who} never gets out of its call: nothing can free it.` : lasso.class === 'hang' ? `${who} never gets out of its call: only a step that may never come could free it.` : (violation?.text ?? '');
  return { kind, code: isCall ? kind : (violation?.code ?? kind), text, blame, steps: told.steps, cycle: path.length, waits, replay: replayToken(system, path, lasso.cycle) };
}

/** Harm first, then deadlock, hang, assertion, obligation, warning; the shorter story first. */
function worstFirst(a: Counterexample, b: Counterexample): number {
  return SEVERITY.indexOf(a.kind) - SEVERITY.indexOf(b.kind) || a.steps.length - b.steps.length || (a.replay < b.replay ? -1 : 1);
}

function ledgerOf(compiled: Compiled, outcome: SearchOutcome, missing: readonly string[], capacity: Counterexample | undefined): Ledger {
  const { system } = compiled;
  const notCovered: string[] = [];
  if (outcome.limit !== null) notCovered.push(`limit: ${outcome.limit}; everything within ${outcome.levels} steps was covered, ${outcome.frontier} states were left`);
  if (outcome.liveness === 'skipped') notCovered.push('bounded time was not judged: the search stopped at a harm');
  if (outcome.liveness === 'unfinished') notCovered.push('bounded time was not judged: the limit came first');
  if (outcome.liveness === 'not-asked' && system.pending.length > 0) notCovered.push('bounded time was not asked for');
  if (capacity !== undefined) notCovered.push(`capacity: ${capacity.text}`);
  for (const name of missing) notCovered.push(`never reached: ${name}`);
  return {
    bounds: boundsOf(system), reductions: outcome.reductions,
    unreached: outcome.exhausted ? [...new Set(system.steps.filter((_, i) => outcome.reachedSteps[i] !== 1).map((s) => `${system.processes[s.process]?.name ?? ''}: ${s.text}${s.origin === undefined ? '' : ` (line ${s.origin.line})`}`))] : [],
    assumptions: system.assumptions, notCovered,
  };
}

function boundsOf(system: System): string[] {
  const threads = system.processes.filter((p) => p.pc !== null).length;
  return [`${threads} ${threads === 1 ? 'thread' : 'threads, workers and callbacks'}, running their text as written`];
}

/** Several searches, one a valuation of the unknowns: broken under all is broken, under none holds, under some undecided. */
function merged(scenario: Scenario, unknowns: readonly { readonly name: string; readonly where: string }[], results: readonly { readonly result: CheckResult; readonly values: readonly boolean[] }[]): CheckResult {
  const sum = (pick: (r: CheckResult) => number): number => results.reduce((total, r) => total + pick(r.result), 0);
  const broken = results.filter((r) => r.result.verdict === 'broken');
  const [base] = broken.length > 0 ? broken : results;
  const unfinished = results.find((r) => r.result.verdict === 'unfinished');
  if (base === undefined) throw new Error('no valuation was searched');
  const assumed = (values: readonly boolean[]): string => unknowns.map((u, i) => `${u.name} (${u.where}) is ${values[i] === true}`).join(', ');
  const totals = { states: sum((r) => r.states), transitions: sum((r) => r.transitions), depth: Math.max(...results.map((r) => r.result.depth)) };
  if (broken.length === 0 && unfinished !== undefined) return { ...unfinished.result, ...totals };
  if (broken.length === 0 || broken.length === results.length) return { ...base.result, ...totals };
  const deciding = unknowns.filter((_, i) => results.some((a) => results.some((b) => a.result.verdict !== b.result.verdict && a.values.every((v, j) => (j === i) !== (v === b.values[j])))));
  const expected = scenario.expectation;
  return {
    ...base.result, ...totals, verdict: 'undecided', outcome: `undecided (${deciding.map((u) => u.where).join(', ')})`,
    asExpected: expected === null ? null : expected.verdict === 'undecided',
    ledger: { ...base.result.ledger, assumptions: [...base.result.ledger.assumptions, ...broken.map((b) => `broken (${b.result.outcome}) where ${assumed(b.values)}`)] },
  };
}

/** Random walks by a seed: finds violations, proves nothing. */
export function simulateScenario(scenario: Scenario, file: string | null, options: SimulateOptions): Checked {
  return finish(simulatedSteps(scenario, file, options));
}

export type SimulateOptions = CheckOptions & { readonly runs: number; readonly seed: number; readonly depth?: number };

/** The same in parts. */
export function* simulatedSteps(scenario: Scenario, file: string | null, options: SimulateOptions): Steps<Checked> {
  const started = options.now();
  const unknowns = Object.fromEntries(scenario.declarations.flatMap((d) => (d.kind === 'unknown' ? [[d.name, false] as const] : [])));
  const made = compiledFor(scenario, options, unknowns);
  if (!made.ok) return made;
  const { compiled } = made;
  const depth = options.depth ?? 1000;
  const pace = new Pace(options.now, options.stop ?? (() => false), Infinity);
  const out = yield* randomWalks(compiled.system, { seed: options.seed, runs: options.runs, depth, ...(options.stop === undefined ? {} : { stop: options.stop }) }, pace);
  const ends = out.deadEnds.map((d): Lasso => ({ pending: d.pending, class: classAtEnd(compiled.system, d.pending, d.path), stem: d.path, cycle: [] }));
  const broken = [...out.found.flatMap((f) => fromFound(compiled, f)), ...ends.map((l) => fromLasso(compiled, l))].sort(worstFirst);
  const outcome: SearchOutcome = { ...noSearch(compiled.system), transitions: out.steps, found: out.found, lassos: ends, reachedSteps: out.reachedSteps, witnesses: out.witnesses };
  const result = judged(scenario, file, compiled, outcome, broken, options.now() - started);
  const ledger = { ...result.ledger, notCovered: [`simulation: ${out.runs} runs, ${out.steps} steps, seed ${options.seed}; what no run met is not ruled out`] };
  // a walk meets some violation, not the worst: any is as declared where one is declared
  const asExpected = scenario.expectation === null ? null : scenario.expectation.verdict === 'broken';
  return { ok: true, rules: compiled.rules, result: result.verdict === 'broken' ? { ...result, asExpected, ledger } : { ...result, verdict: 'unfinished', outcome: `unfinished (simulated ${out.runs} runs)`, asExpected: null, ledger } };
}

/** Replays a token: the result is the story again, judged anew at its end. */
export function replayScenario(scenario: Scenario, file: string | null, token: string, options: CheckOptions): Checked {
  const started = options.now();
  const unknowns = scenario.declarations.flatMap((d) => (d.kind === 'unknown' ? [d.name] : []));
  let failure = '';
  for (let bits = 0; bits < 1 << Math.min(unknowns.length, MOST_UNKNOWNS); bits++) {
    const made = compiledFor(scenario, options, Object.fromEntries(unknowns.map((name, i) => [name, ((bits >> i) & 1) === 1])));
    if (!made.ok) return made;
    const { compiled } = made;
    const { system } = compiled;
    const decoded = decodeToken(system, token);
    if (!decoded.ok) return { ok: false, message: tokenProblem(decoded.error), at: null };
    if (decoded.scenario !== safeName(scenario.name)) return { ok: false, message: `the token belongs to scenario '${decoded.scenario}', not to '${scenario.name}'`, at: null };
    const path = [...decoded.steps, ...(decoded.cycle ?? [])];
    const run = replayPath(system, path);
    if (!run.ok) {
      failure = tokenProblem(run.error);
      continue;
    }
    const broken: Counterexample[] = [];
    if (decoded.cycle === null) {
      for (const invariant of run.run.invariants) broken.push(...fromFound(compiled, { violation: system.invariants[invariant]?.violation ?? 0, path, invariant }));
      for (const violation of run.run.violations.at(-1) ?? []) broken.push(...fromFound(compiled, { violation, path, invariant: null }));
    } else {
      const end = run.run.states[decoded.steps.length] ?? [];
      const { cycle } = decoded;
      system.pending.forEach((p, i) => {
        if (isTrue(p.holds, end)) broken.push(fromLasso(compiled, { pending: i, class: p.kind !== 'call' ? 'never' : canLeave(system, end, p.holds) ? 'hang' : 'deadlock', stem: decoded.steps, cycle }));
      });
    }
    broken.sort(worstFirst);
    const moves = decoded.cycle?.length === 0 && enabledSteps(system, run.run.states.at(-1) ?? []).some((s) => system.steps[s]?.fairness !== 'none');
    if (broken.length === 0 || moves) return { ok: false, message: 'the replay token no longer shows a violation: its run is possible, and nothing is wrong at its end; check the scenario again', at: null };
    const outcome: SearchOutcome = { ...noSearch(system), finished: true, states: path.length + 1, transitions: path.length, depth: path.length };
    const result = judged(scenario, file, compiled, outcome, broken, options.now() - started);
    return { ok: true, rules: compiled.rules, result: { ...result, asExpected: null, ledger: { ...result.ledger, notCovered: ['replay: one path, nothing else'] } } };
  }
  return { ok: false, message: failure, at: null };
}

/** Deadlock or hang at the end of a path (SEMANTICS E12.4); never for what is not a call. */
function classAtEnd(system: System, pending: number, path: readonly number[]): Lasso['class'] {
  const what = system.pending[pending];
  const run = replayPath(system, path);
  if (what?.kind !== 'call' || !run.ok) return 'never';
  return canLeave(system, run.run.states.at(-1) ?? [], what.holds) ? 'hang' : 'deadlock';
}

/** The outcome of no search at all: what a simulation or a replay fills in. */
function noSearch(system: System): SearchOutcome {
  return {
    finished: false, limit: null, exhausted: false, states: 0, transitions: 0, depth: 0, levels: 0, frontier: 0, bytesPerState: 0, wordsPerState: 0,
    found: [], liveness: 'not-asked', lassos: [], reachedSteps: new Uint8Array(system.steps.length), witnesses: [], reductions: [],
  };
}

function tokenProblem(error: { readonly reason: string; readonly at: number; readonly action: string }): string {
  switch (error.reason) {
    case 'malformed':
      return error.at === 0 ? 'this is not a replay token; it begins with "f1." and stands at the end of a counterexample' : `the replay token is damaged at action ${error.at} ('${error.action}')`;
    case 'cut-off':
      return 'the replay token is not whole: copy it again, to the end of its line';
    case 'unknown-action':
      return `the replay token no longer fits: action ${error.at} ('${error.action}') is not in this scenario; check the scenario again for a new token`;
    case 'ambiguous-action':
      return `the replay token no longer fits: action ${error.at} ('${error.action}') could be several steps of this scenario`;
    case 'not-enabled':
      return `the replay token no longer fits: step ${error.at}, ${error.action}, is not possible there any more; check the scenario again for a new token`;
    default:
      return `the replay token no longer fits: the run ends before step ${error.at}, ${error.action}`;
  }
}
