// Hand-made systems for tests: a few processes with places, written as one line a step.

import { constant, equal, read, set, truth } from '../../src/model/system.ts';
import type { Action, Expr, Fairness, Pending, Process, Step, System, Variable, Violation } from '../../src/model/system.ts';

export interface Line {
  readonly process: number;
  readonly name: string;
  readonly from: number;
  readonly to: number;
  readonly fair: Fairness;
  readonly guard?: Expr;
  readonly does?: readonly Action[];
  /** Steps of one group; each its own where absent. */
  readonly group?: number;
}

/** Variables 0 … shared-1 are shared bits; then one counter a process. */
export function small(shared: readonly string[], places: readonly number[], lines: readonly Line[], pending: readonly Pending[] = [], violations: readonly Violation[] = []): System {
  const variables: Variable[] = shared.map((name) => ({ name, size: 2, initial: 0 }));
  const processes = places.map((size, p): Process => {
    const pc = variables.push({ name: `pc${p}`, size, initial: 0, local: p, hidden: true }) - 1;
    return { name: `p${p}`, kind: 'kernel', party: `p${p}`, pc, places: Array.from({ length: size }, (_, i) => ({ label: String(i), inCall: true })) };
  });
  const steps = lines.map((line, i): Step => ({
    name: `p${line.process}:${line.name}`,
    process: line.process,
    place: line.from,
    guard: line.guard ?? truth,
    actions: [...(line.does ?? []), set(processes[line.process]?.pc ?? 0, constant(line.to))],
    fairness: line.fair,
    group: line.group ?? 100 + i,
    text: line.name,
  }));
  return { name: 'small', variables, processes, steps, violations, invariants: [], pending, witnesses: [], symmetry: [], assumptions: [] };
}

/** A call of `process` that is not over: its counter is not at `done`. */
export function call(system: readonly string[], process: number, done: number): Pending {
  return { name: `p${process}`, holds: { op: 'ne', left: read(system.length + process), right: constant(done) }, kind: 'call', process, violation: 0 };
}

export const isOn = (variable: number): Expr => equal(read(variable), constant(1));
export const isOff = (variable: number): Expr => equal(read(variable), constant(0));
export const turn = (variable: number, value: number): Action => set(variable, constant(value));
