// One scenario from syntax tree to result: compile, search under every value of its unknowns, choose what to tell, tell it.
// Never touches files, clock or console: both come in through the options.

import type { Scenario } from '../model/scenario.ts';
import { compiledFor, type Checked, type CheckOptions } from './check-options.ts';
import { fromFound, fromLasso, worstFirst } from './counterexample.ts';
import { searchSteps } from './index.ts';
import { judged } from './judge.ts';
import { finish, type Steps } from './pace.ts';
import { runOfToken } from './run-facts.ts';
import { byName, merged, MOST_UNKNOWNS, unknownsOf, valuations, type Valued } from './unknowns.ts';

export type { Checked, CheckOptions, Unfit } from './check-options.ts';
export { expectationText } from './judge.ts';
export { replayScenario } from './replay-scenario.ts';
export { simulatedSteps, simulateScenario, type SimulateOptions } from './simulate-scenario.ts';

/** Checks one scenario. `file` is only told. */
export function checkScenario(scenario: Scenario, file: string | null, options: CheckOptions): Checked {
  return finish(checkSteps(scenario, file, options));
}

/** The same in parts: yields every few milliseconds of a search, so that the caller can hear signals and set its `stop`. */
export function* checkSteps(scenario: Scenario, file: string | null, options: CheckOptions): Steps<Checked> {
  const started = options.now();
  const unknowns = unknownsOf(scenario);
  if (unknowns.length > MOST_UNKNOWNS) {
    const message = `${unknowns.length} unknowns; at most ${MOST_UNKNOWNS} can be searched`;
    return { ok: false, message, at: unknowns[MOST_UNKNOWNS]?.at ?? null };
  }
  const results: Valued[] = [];
  const rules = new Set<string>();
  for (const values of valuations(unknowns.length)) {
    const one = yield* checkOnce(scenario, file, options, byName(unknowns, values), started);
    if (!one.ok) return one;
    for (const rule of one.rules) rules.add(rule);
    results.push({ result: one.result, values });
  }
  const [first] = results;
  if (first === undefined) return { ok: false, message: 'nothing to check', at: null };
  const result = results.length === 1 ? first.result : merged(scenario, unknowns, results);
  return { ok: true, rules: [...rules], result: { ...result, milliseconds: options.now() - started } };
}

function* checkOnce(
  scenario: Scenario, file: string | null, options: CheckOptions, unknowns: Readonly<Record<string, boolean>>, started: number,
): Steps<Checked> {
  const made = compiledFor(scenario, options, unknowns);
  if (!made.ok) return made;
  const { compiled } = made;
  const outcome = yield* searchSteps(compiled.system, {
    symmetry: options.symmetry ?? true, liveness: options.liveness ?? true, reduce: true, limits: options.limits, now: options.now,
    ...(options.stop === undefined ? {} : { stop: options.stop }),
    ...(options.progress === undefined ? {} : { progress: options.progress }),
    ...(options.workers === undefined ? {} : { workers: options.workers }),
  });
  const broken = [...outcome.found.flatMap((f) => fromFound(compiled, f)), ...outcome.lassos.map((l) => fromLasso(compiled, l))].sort(worstFirst);
  const result = judged(scenario, file, compiled, outcome, broken, options.now() - started);
  const run = options.run === true && broken[0] !== undefined ? runOfToken(compiled.system, broken[0]) : null;
  return { ok: true, rules: compiled.rules, result: run === null ? result : { ...result, run } };
}
