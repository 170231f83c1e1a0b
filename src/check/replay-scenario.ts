// One scenario along the path of a replay token: judged at its end, nothing else is looked at.

import type { Compiled } from '../model/compile.ts';
import type { Scenario } from '../model/scenario.ts';
import type { Counterexample } from '../results/verdict.ts';
import { compiledFor, type Checked, type CheckOptions } from './check-options.ts';
import { fromFound, fromLasso, worstFirst } from './counterexample.ts';
import { canLeave } from './escape.ts';
import { enabledSteps, isTrue } from './interpret.ts';
import { judged } from './judge.ts';
import { noSearch, type Lasso, type SearchOutcome } from './outcome.ts';
import { decodeToken, replay, safeName, type Run } from './replay.ts';
import { runOfToken } from './run-facts.ts';
import { byName, MOST_UNKNOWNS, unknownsOf, valuations } from './unknowns.ts';

const NOTHING_SHOWN =
  'the replay token no longer shows a violation: its run is possible, and nothing is wrong at its end; check the scenario again';

/** Replays a token: the result is the story again, judged anew at its end. */
export function replayScenario(scenario: Scenario, file: string | null, token: string, options: CheckOptions): Checked {
  const started = options.now();
  const unknowns = unknownsOf(scenario);
  let failure = '';
  for (const values of valuations(Math.min(unknowns.length, MOST_UNKNOWNS))) {
    const made = compiledFor(scenario, options, byName(unknowns, values));
    if (!made.ok) return made;
    const { compiled } = made;
    const { system } = compiled;
    const decoded = decodeToken(system, token);
    if (!decoded.ok) {
      failure = tokenProblem(decoded.error);
      continue;
    }
    if (decoded.scenario !== safeName(scenario.name)) {
      return { ok: false, message: `the token belongs to scenario '${decoded.scenario}', not to '${scenario.name}'`, at: null };
    }
    const path = [...decoded.steps, ...(decoded.cycle ?? [])];
    const run = replay(system, path);
    if (!run.ok) {
      failure = tokenProblem(run.error);
      continue;
    }
    const broken = shownBy(compiled, decoded, run.run).sort(worstFirst);
    const last = run.run.states.at(-1) ?? [];
    const moves = decoded.cycle?.length === 0 && enabledSteps(system, last).some((s) => system.steps[s]?.fairness !== 'none');
    if (broken.length === 0 || moves) {
      failure = NOTHING_SHOWN;
      continue;
    }
    const outcome: SearchOutcome = { ...noSearch(system), finished: true, states: path.length + 1, transitions: path.length, depth: path.length };
    const result = judged(scenario, file, compiled, outcome, broken, options.now() - started);
    const ledger = { ...result.ledger, notCovered: ['replay: one path, nothing else'] };
    const facts = options.run === true && broken[0] !== undefined ? runOfToken(system, broken[0]) : null;
    return { ok: true, rules: compiled.rules, result: { ...result, asExpected: null, ledger, ...(facts === null ? {} : { run: facts }) } };
  }
  return { ok: false, message: failure, at: null };
}

/** What is broken at the end of a path, or for ever on its cycle. */
function shownBy(compiled: Compiled, token: { readonly steps: readonly number[]; readonly cycle: readonly number[] | null }, run: Run): Counterexample[] {
  const { system } = compiled;
  const { cycle, steps } = token;
  if (cycle === null) {
    return [
      ...run.invariants.flatMap((invariant) => fromFound(compiled, { violation: system.invariants[invariant]?.violation ?? 0, path: steps, invariant })),
      ...(run.violations.at(-1) ?? []).flatMap((violation) => fromFound(compiled, { violation, path: steps, invariant: null })),
    ];
  }
  const end = run.states[steps.length] ?? [];
  return system.pending.flatMap((p, pending) => {
    if (!isTrue(p.holds, end)) return [];
    const stuck = (): Lasso['class'] => (canLeave(system, end, p.holds) ? 'hang' : 'deadlock');
    return [fromLasso(compiled, { pending, class: p.kind === 'call' ? stuck() : 'never', stem: steps, cycle })];
  });
}

function tokenProblem(error: { readonly reason: string; readonly at: number; readonly action: string }): string {
  switch (error.reason) {
    case 'malformed':
      if (error.at === 0) return 'this is not a replay token; it begins with "f1." and stands at the end of a counterexample';
      return `the replay token is damaged at action ${error.at} ('${error.action}')`;
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
