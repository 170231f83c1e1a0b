// A System run on plain arrays, one number a variable: for replay, stories, shrinking and the oracle.
// Works on the full system, so that a story can tell every fact. Slow and simple on purpose.

import type { Action, Expr, System, ViolationId } from '../model/system.ts';
import { evaluate } from './expression.ts';

/** One number a variable, by variable id. */
export type State = readonly number[];

/** One fact that a step changed, in the words of `Variable.values`. */
export interface Change {
  readonly name: string;
  readonly from: string;
  readonly to: string;
}

export interface Effect {
  /** Null behind a fatal violation. */
  readonly next: State | null;
  /** The state at the end, a fatal violation included: what the step had done until then. */
  readonly last: State;
  /** In the order in which they occurred. */
  readonly violations: readonly ViolationId[];
}

export function initialState(system: System): State {
  return system.variables.map((v) => v.initial);
}

export function isEnabled(system: System, state: State, step: number): boolean {
  const s = system.steps[step];
  if (s === undefined) return false;
  const pc = system.processes[s.process]?.pc ?? null;
  if (s.place !== null && (pc === null || state[pc] !== s.place)) return false;
  return evaluate(s.guard, state) !== 0;
}

/** Ids of the enabled steps, in order. */
export function enabledSteps(system: System, state: State): number[] {
  const enabled: number[] = [];
  for (let step = 0; step < system.steps.length; step++) if (isEnabled(system, state, step)) enabled.push(step);
  return enabled;
}

/** Takes an enabled step. Throws RangeError if a variable would leave its range: the model is then wrong. */
export function applyStep(system: System, state: State, step: number): Effect {
  const last = [...state];
  const violations: ViolationId[] = [];
  const fatal = run(system, system.steps[step]?.actions ?? [], last, violations);
  return { next: fatal ? null : last, last, violations };
}

/** True where a fatal violation ended the step. */
function run(system: System, actions: readonly Action[], state: number[], violations: ViolationId[]): boolean {
  for (const action of actions) {
    if (action.do === 'set') {
      const value = evaluate(action.value, state);
      const variable = system.variables[action.variable];
      if (variable === undefined || !(value >= 0 && value < variable.size)) throw new RangeError(`${variable?.name ?? action.variable} := ${value}`);
      state[action.variable] = value;
    } else if (action.do === 'if') {
      if (run(system, evaluate(action.test, state) !== 0 ? action.then : action.else, state, violations)) return true;
    } else {
      violations.push(action.violation);
      if (system.violations[action.violation]?.fatal ?? false) return true;
    }
  }
  return false;
}

/** Indices of the invariants that are broken in `state`. */
export function brokenInvariants(system: System, state: State): number[] {
  const broken: number[] = [];
  system.invariants.forEach((invariant, index) => {
    if (evaluate(invariant.bad, state) !== 0) broken.push(index);
  });
  return broken;
}

/** What differs between two states, hidden variables left out. */
export function changesBetween(system: System, before: State, after: State): Change[] {
  const changes: Change[] = [];
  system.variables.forEach((variable, id) => {
    const from = before[id] ?? 0;
    const to = after[id] ?? 0;
    if (from !== to && !(variable.hidden ?? false)) changes.push({ name: variable.name, from: valueName(system, id, from), to: valueName(system, id, to) });
  });
  return changes;
}

/** The name of a variable's value; the number where it has none. */
export function valueName(system: System, variable: number, value: number): string {
  return system.variables[variable]?.values?.[value] ?? String(value);
}

/** Whether an expression is true in a state. */
export function isTrue(e: Expr, state: State): boolean {
  return evaluate(e, state) !== 0;
}
