// One scenario by random walks. A walk that finds nothing proves nothing: the verdict is never `holds`.

import type { Scenario } from '../model/scenario.ts';
import type { System } from '../model/system.ts';
import type { CheckResult } from '../results/verdict.ts';
import { compiledFor, type Checked, type CheckOptions } from './check-options.ts';
import { fromFound, fromLasso, worstFirst } from './counterexample.ts';
import { canLeave } from './escape.ts';
import { judged } from './judge.ts';
import { noSearch, type Lasso, type SearchOutcome } from './outcome.ts';
import { finish, Pace, type Steps } from './pace.ts';
import { replay } from './replay.ts';
import { runFacts, runOfToken } from './run-facts.ts';
import { oneWalk, simulateSteps } from './simulate.ts';
import { byName, unknownsOf } from './unknowns.ts';

export type SimulateOptions = CheckOptions & { readonly runs: number; readonly seed: number; readonly depth?: number };

/** Random walks by a seed: finds violations, proves nothing. */
export function simulateScenario(scenario: Scenario, file: string | null, options: SimulateOptions): Checked {
  return finish(simulatedSteps(scenario, file, options));
}

/** The same in parts. */
export function* simulatedSteps(scenario: Scenario, file: string | null, options: SimulateOptions): Steps<Checked> {
  const started = options.now();
  const made = compiledFor(scenario, options, byName(unknownsOf(scenario), []));
  if (!made.ok) return made;
  const { compiled } = made;
  const depth = options.depth ?? 1000;
  const pace = new Pace(options.now, options.stop ?? (() => false), Infinity);
  const { seed, runs, stop } = options;
  const out = yield* simulateSteps(compiled.system, { seed, runs, depth, ...(stop === undefined ? {} : { stop }) }, pace);
  const ends = out.deadEnds.map((d): Lasso => ({ pending: d.pending, class: classAtEnd(compiled.system, d.pending, d.path), stem: d.path, cycle: [] }));
  const broken = [...out.found.flatMap((f) => fromFound(compiled, f)), ...ends.map((l) => fromLasso(compiled, l))].sort(worstFirst);
  const { found, reachedSteps, witnesses } = out;
  const outcome: SearchOutcome = { ...noSearch(compiled.system), transitions: out.steps, found, lassos: ends, reachedSteps, witnesses };
  const result = judged(scenario, file, compiled, outcome, broken, options.now() - started);
  const notCovered = [`simulation: ${out.runs} runs, ${out.steps} steps, seed ${seed}; what no run met is not ruled out`];
  const facts = options.run !== true ? null : broken[0] === undefined ? runFacts(compiled.system, oneWalk(compiled.system, seed, depth), null) : runOfToken(compiled.system, broken[0]);
  const told: CheckResult = { ...result, ledger: { ...result.ledger, notCovered }, ...(facts === null ? {} : { run: facts }) };
  const { rules } = compiled;
  if (result.verdict === 'broken') {
    // a walk meets some violation, not the worst: any is as declared where one is declared
    const asExpected = scenario.expectation === null ? null : scenario.expectation.verdict === 'broken';
    return { ok: true, rules, result: { ...told, asExpected } };
  }
  return { ok: true, rules, result: { ...told, verdict: 'unfinished', outcome: `unfinished (simulated ${out.runs} runs)`, asExpected: null } };
}

/** Deadlock or hang at the end of a path (SEMANTICS E12.4); never for what is not a call. */
function classAtEnd(system: System, pending: number, path: readonly number[]): Lasso['class'] {
  const what = system.pending[pending];
  const run = replay(system, path);
  if (what?.kind !== 'call' || !run.ok) return 'never';
  return canLeave(system, run.run.states.at(-1) ?? [], what.holds) ? 'hang' : 'deadlock';
}
