// Which program-counter values a process can reach, and which of its local variables are constant there.
// A forward dataflow over the places of each process; used by slice.ts.

import type { Action, Expr, Step, System, VariableId } from '../model/system.ts';
import { eachWrite, fold } from './expression.ts';

/** Variables with a known constant. */
export type Constants = Map<VariableId, number>;

/** Constants known at one point of a list of actions: those known on entry, which are shared, and what has changed since. */
export class Knowledge {
  private readonly entry: ReadonlyMap<VariableId, number>;
  /** Null where a constant of the entry no longer holds. */
  private readonly since: Map<VariableId, number | null>;

  constructor(entry: ReadonlyMap<VariableId, number>, since?: ReadonlyMap<VariableId, number | null>) {
    this.entry = entry;
    this.since = new Map(since);
  }

  get(variable: VariableId): number | undefined {
    const later = this.since.get(variable);
    return later === undefined ? this.entry.get(variable) : (later ?? undefined);
  }

  set(variable: VariableId, value: number): void {
    this.since.set(variable, value);
  }

  delete(variable: VariableId): void {
    if (this.entry.has(variable)) this.since.set(variable, null);
    else this.since.delete(variable);
  }

  copy(): Knowledge {
    return new Knowledge(this.entry, this.since);
  }

  /** What two copies of this one agree on; they know all that this one knows of other variables. */
  join(a: Knowledge, b: Knowledge): void {
    for (const variable of new Set([...this.since.keys(), ...a.since.keys(), ...b.since.keys()])) {
      const value = a.get(variable);
      if (value !== undefined && value === b.get(variable)) this.set(variable, value);
      else this.delete(variable);
    }
  }
}

export interface PlaceFacts {
  /** By place: constants on entry; undefined where the place is never reached. */
  readonly at: readonly (Constants | undefined)[];
  /** Constants at all reached places. */
  readonly everywhere: Constants;
}

/** Replaces variables by their constants. */
export function known(constants: Pick<ReadonlyMap<VariableId, number>, 'get'>): (variable: VariableId) => Expr | undefined {
  return (variable) => {
    const value = constants.get(variable);
    return value === undefined ? undefined : { op: 'const', value };
  };
}

/** Facts of one process; null for a process without a program counter. `steps` are all steps still in play. */
export function placesOf(system: System, steps: readonly Step[], process: number): PlaceFacts | null {
  const pc = system.processes[process]?.pc ?? null;
  if (pc === null) return null;
  const size = system.variables[pc]?.size ?? 1;
  const own = steps.filter((s) => s.process === process);
  const tracked = localsOf(system, steps, process);
  tracked.delete(pc);
  const foreign = foreignTargets(steps, process, pc, size);
  const at: (Constants | undefined)[] = Array.from({ length: size }, () => undefined);
  const todo: number[] = [];
  const reach = (place: number, constants: Constants): void => {
    const before = at[place];
    const after = before === undefined ? new Map(constants) : meet(before, constants);
    if (before !== undefined && before.size === after.size) return;
    after.set(pc, place);
    at[place] = after;
    if (!todo.includes(place)) todo.push(place);
  };
  const start: Constants = new Map();
  for (const variable of tracked) start.set(variable, system.variables[variable]?.initial ?? 0);
  start.set(pc, system.variables[pc]?.initial ?? 0);
  reach(system.variables[pc]?.initial ?? 0, start);
  const byPlace = groupByPlace(own, size);
  for (let place = todo.pop(); place !== undefined; place = todo.pop()) {
    const constants = at[place];
    if (constants === undefined) continue;
    for (const target of foreign) reach(target, moved(constants, pc, target));
    for (const step of byPlace[place] ?? []) {
      const guard = fold(step.guard, known(constants));
      if (guard.op === 'const' && guard.value === 0) continue;
      const entry = new Map(constants);
      assume(guard, entry, tracked);
      const flow: Flow = { system, pc, size, tracked };
      for (const end of follow(flow, step.actions, [entry])) {
        const target = end.get(pc);
        if (target !== undefined) reach(target, end);
      }
    }
  }
  return { at, everywhere: shared(at, pc) };
}

/** Local variables of a process that really are: no other process writes them. */
export function localsOf(system: System, steps: readonly Step[], process: number): Set<VariableId> {
  const locals = new Set<VariableId>();
  system.variables.forEach((variable, id) => {
    if (variable.local === process) locals.add(id);
  });
  for (const step of steps) if (step.process !== process) eachWrite(step.actions, (variable) => locals.delete(variable));
  return locals;
}

function groupByPlace(own: readonly Step[], size: number): Step[][] {
  const byPlace: Step[][] = Array.from({ length: size }, () => []);
  for (const step of own) {
    if (step.place === null) for (const list of byPlace) list.push(step);
    else byPlace[step.place]?.push(step);
  }
  return byPlace;
}

/** Where other processes may send this one. */
function foreignTargets(steps: readonly Step[], process: number, pc: VariableId, size: number): Set<number> {
  const targets = new Set<number>();
  for (const step of steps) {
    if (step.process === process) continue;
    eachWrite(step.actions, (variable, value) => {
      if (variable === pc) for (const target of possible(value, size)) targets.add(target);
    });
  }
  return targets;
}

function possible(value: Expr, size: number): number[] {
  if (value.op === 'const') return [value.value];
  if (value.op === 'table') return [...new Set(value.values)];
  if (value.op === 'if') return [...new Set([...possible(value.then, size), ...possible(value.else, size)])];
  return Array.from({ length: size }, (_, i) => i);
}

function moved(constants: Constants, pc: VariableId, place: number): Constants {
  return new Map(constants).set(pc, place);
}

function meet(a: Constants, b: Constants): Constants {
  const both: Constants = new Map();
  for (const [variable, value] of a) if (b.get(variable) === value) both.set(variable, value);
  return both;
}

function shared(at: readonly (Constants | undefined)[], pc: VariableId): Constants {
  let common: Constants | undefined;
  for (const constants of at) {
    if (constants === undefined) continue;
    common = common === undefined ? new Map(constants) : meet(common, constants);
  }
  const result = common ?? new Map<VariableId, number>();
  // The meet drops the counter unless there is but one place; then it is a constant indeed.
  if (at.filter((c) => c !== undefined).length > 1) result.delete(pc);
  return result;
}

interface Learner {
  set(variable: VariableId, value: number): unknown;
}

/** Learns constants from a condition that is known to be true. */
export function assume(test: Expr, constants: Learner, tracked: ReadonlySet<VariableId>): void {
  if (test.op === 'and') for (const part of test.of) assume(part, constants, tracked);
  else if (test.op === 'eq') {
    if (test.left.op === 'var' && test.right.op === 'const' && tracked.has(test.left.variable)) constants.set(test.left.variable, test.right.value);
    if (test.right.op === 'var' && test.left.op === 'const' && tracked.has(test.right.variable)) constants.set(test.right.variable, test.left.value);
  }
}

interface Flow {
  readonly system: System;
  readonly pc: VariableId;
  readonly size: number;
  readonly tracked: ReadonlySet<VariableId>;
}

/** The ends of a list of actions, one for each value of the program counter. */
function follow(flow: Flow, actions: readonly Action[], starts: Constants[]): Constants[] {
  let ends = starts;
  for (const action of actions) {
    if (action.do === 'violate') {
      if (flow.system.violations[action.violation]?.fatal ?? false) return [];
    } else if (action.do === 'set') {
      if (action.variable === flow.pc) ends = merge(
        flow,
        ends.flatMap((end) => possible(fold(action.value, known(end)), flow.size).map((p) => moved(end, flow.pc, p))),
      );
      else if (flow.tracked.has(action.variable)) {
        for (const end of ends) {
          const value = fold(action.value, known(end));
          if (value.op === 'const') end.set(action.variable, value.value);
          else end.delete(action.variable);
        }
      }
    } else {
      const after: Constants[] = [];
      for (const end of ends) {
        const test = fold(action.test, known(end));
        if (test.op !== 'const' || test.value !== 0) {
          const entry = new Map(end);
          assume(test, entry, flow.tracked);
          after.push(...follow(flow, action.then, [entry]));
        }
        if (test.op !== 'const' || test.value === 0) after.push(...follow(flow, action.else, [new Map(end)]));
      }
      ends = merge(flow, after);
    }
  }
  return ends;
}

function merge(flow: Flow, ends: readonly Constants[]): Constants[] {
  const byPlace = new Map<number | undefined, Constants>();
  for (const end of ends) {
    const place = end.get(flow.pc);
    const other = byPlace.get(place);
    byPlace.set(place, other === undefined ? end : meet(other, end));
  }
  return [...byPlace.values()];
}
