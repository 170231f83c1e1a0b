// A smaller System with the same behaviour as far as anything observed goes: a projection that is a bisimulation.
// Folds what is constant, drops what nothing reads, removes what can never happen, numbers places densely.
// Violations, invariants, pendings and witnesses keep their ids; steps and variables carry a map back.

import type { Action, Expr, Invariant, Pending, Step, SymmetricFamily, System, Variable, VariableId } from '../model/system.ts';
import { eachRead, eachWrite, fold, mayViolate } from './expression.ts';
import { assume, Knowledge, known, localsOf, placesOf } from './places.ts';
import type { Constants, PlaceFacts } from './places.ts';

export interface Slice {
  readonly system: System;
  /** Step id here -> step id in the full system. */
  readonly steps: readonly number[];
  /** Variable id here -> variable id in the full system. */
  readonly variables: readonly number[];
  /** For the ledger. */
  readonly reductions: readonly string[];
}

/** The system as it is, in the shape of a slice. */
export function whole(system: System): Slice {
  return { system, steps: system.steps.map((_, i) => i), variables: system.variables.map((_, i) => i), reductions: [] };
}

interface Numbered {
  readonly id: number;
  readonly step: Step;
}

export function slice(system: System): Slice {
  const columns = columnsOf(system);
  // A group with a strong step is strong, also when that step is sliced away.
  const strong = new Set(system.steps.filter((s) => s.fairness === 'strong').map((s) => s.group));
  let steps: Numbered[] = system.steps.map((step, id) => ({
    id,
    step: step.fairness === 'weak' && strong.has(step.group) ? { ...step, fairness: 'strong' } : step,
  }));
  let facts: readonly (PlaceFacts | null)[] = [];
  let constants: Constants = new Map();
  // Folding removes steps, which makes more constant; a few rounds settle all but contrived systems, and any round is sound.
  for (let round = 0; round < 4; round++) {
    const before = constants.size;
    constants = neverChanging(system, steps, columns);
    if (round > 0 && constants.size === before) break;
    const nothing: ReadonlySet<VariableId> = new Set();
    const list = steps.map((s) => foldStep(s.step, constants, nothing));
    facts = system.processes.map((_, process) => placesOf(system, list, process));
    const locals = system.processes.map((_, process) => localsOf(system, list, process));
    steps = steps.flatMap(({ id }, i): Numbered[] => {
      const step = list[i];
      if (step === undefined) return [];
      const at = constantsFor(step, facts);
      if (at === undefined) return [];
      const folded = foldStep(step, at, locals[step.process] ?? new Set());
      return folded.guard.op === 'const' && folded.guard.value === 0 ? [] : [{ id, step: folded }];
    });
  }
  return compact(system, steps, facts, constants, columns);
}

/** For each variable, itself and its twins in the other blocks of a family. */
function columnsOf(system: System): readonly (readonly VariableId[])[] {
  const columns: (readonly VariableId[])[] = system.variables.map((_, id) => [id]);
  for (const family of system.symmetry) {
    const [first] = family.blocks;
    first?.forEach((_, j) => {
      const column = family.blocks.flatMap((block) => block[j] ?? []);
      for (const variable of column) columns[variable] = column;
    });
  }
  return columns;
}

/** Variables that keep their initial value. A twin that differs would break the symmetry, so a column goes as a whole. */
function neverChanging(system: System, steps: readonly Numbered[], columns: readonly (readonly VariableId[])[]): Constants {
  const changing = new Set<VariableId>();
  for (const { step } of steps) {
    eachWrite(step.actions, (variable, value) => {
      if (value.op !== 'const' || value.value !== system.variables[variable]?.initial) changing.add(variable);
    });
  }
  const constants: Constants = new Map();
  system.variables.forEach((variable, id) => {
    const column = columns[id] ?? [id];
    const still = column.every((v) => !changing.has(v) && system.variables[v]?.initial === variable.initial);
    if (still) constants.set(id, variable.initial);
  });
  return constants;
}

function constantsFor(step: Step, facts: readonly (PlaceFacts | null)[]): Constants | undefined {
  const places = facts[step.process];
  if (places === undefined || places === null) return new Map();
  return step.place === null ? places.everywhere : places.at[step.place];
}

/** `step` with constants folded in; `tracked` are the variables whose value is followed through the actions. */
function foldStep(step: Step, constants: Constants, tracked: ReadonlySet<VariableId>): Step {
  const guard = fold(step.guard, known(constants));
  const entry = new Knowledge(constants);
  assume(guard, entry, tracked);
  return { ...step, guard, actions: foldActions(step.actions, entry, tracked) };
}

function foldActions(actions: readonly Action[], constants: Knowledge, tracked: ReadonlySet<VariableId>): Action[] {
  const folded: Action[] = [];
  for (const action of actions) {
    if (action.do === 'violate') folded.push(action);
    else if (action.do === 'set') {
      const value = fold(action.value, known(constants));
      // A write of the value that is there anyway, known for all time.
      if (value.op === 'const' && constants.get(action.variable) === value.value) continue;
      folded.push({ ...action, value });
      if (value.op === 'const' && tracked.has(action.variable)) constants.set(action.variable, value.value);
      else constants.delete(action.variable);
    } else {
      const test = fold(action.test, known(constants));
      if (test.op === 'const') {
        folded.push(...foldActions(test.value !== 0 ? action.then : action.else, constants, tracked));
        continue;
      }
      const yes = constants.copy();
      assume(test, yes, tracked);
      const no = constants.copy();
      const then = foldActions(action.then, yes, tracked);
      const otherwise = foldActions(action.else, no, tracked);
      constants.join(yes, no);
      if (then.length + otherwise.length > 0) folded.push({ do: 'if', test, then, else: otherwise });
    }
  }
  return folded;
}

/** Drops what nothing reads, numbers the rest anew. */
function compact(
  system: System, steps: readonly Numbered[], facts: readonly (PlaceFacts | null)[], constants: Constants,
  columns: readonly (readonly VariableId[])[],
): Slice {
  const live = liveVariables(system, steps, constants, columns);
  const places = densePlaces(system, facts, live, columns);
  const variables = [...live].sort((a, b) => a - b);
  const numbers = new Map(variables.map((id, index) => [id, index]));
  const replace = (id: VariableId): Expr | undefined => {
    const value = constants.get(id);
    if (value !== undefined) return { op: 'const', value };
    const variable = numbers.get(id);
    if (variable === undefined) return undefined;
    const old = places.get(id);
    return old === undefined ? { op: 'var', variable } : { op: 'table', of: { op: 'var', variable }, values: old };
  };
  const rewrite = (e: Expr): Expr => fold(e, replace);
  const write = (id: VariableId, value: Expr): Expr => {
    const old = places.get(id);
    return old === undefined ? value : densely(value, old, system.variables[id]?.size ?? 1);
  };
  const rewriteActions = (actions: readonly Action[]): Action[] =>
    actions.flatMap((action): Action[] => {
      if (action.do === 'violate') return [action];
      if (action.do === 'set') {
        const variable = numbers.get(action.variable);
        return variable === undefined ? [] : [{ do: 'set', variable, value: rewrite(write(action.variable, action.value)) }];
      }
      const then = rewriteActions(action.then);
      const otherwise = rewriteActions(action.else);
      return then.length + otherwise.length === 0 ? [] : [{ do: 'if', test: rewrite(action.test), then, else: otherwise }];
    });
  const small: System = {
    ...system,
    variables: variables.map((id) => smallVariable(system.variables[id], places.get(id))),
    processes: system.processes.map((process) => ({ ...process, pc: process.pc === null ? null : (numbers.get(process.pc) ?? null) })),
    steps: steps.map(({ step }) => {
      const pc = system.processes[step.process]?.pc ?? null;
      const old = pc === null ? undefined : places.get(pc);
      const counted = pc !== null && numbers.has(pc);
      const place = step.place === null || !counted ? null : old === undefined ? step.place : old.indexOf(step.place);
      return { ...step, place, guard: rewrite(step.guard), actions: rewriteActions(step.actions) };
    }),
    invariants: system.invariants.map((i): Invariant => ({ ...i, bad: rewrite(i.bad) })),
    pending: system.pending.map((p): Pending => ({ ...p, holds: rewrite(p.holds) })),
    witnesses: system.witnesses.map((w) => ({ ...w, reached: rewrite(w.reached) })),
    symmetry: system.symmetry.filter((family) => startAlike(system, family)).map((family) => ({
      ...family,
      blocks: family.blocks.map((block) => block.flatMap((v) => numbers.get(v) ?? [])),
    })),
  };
  const reductions: string[] = [];
  const dropped = system.variables.length - variables.length;
  if (dropped > 0) reductions.push(`${dropped} of ${system.variables.length} variables left out: constant, or read by nothing that is judged`);
  const never = system.steps.length - steps.length;
  if (never > 0) reductions.push(`${never} of ${system.steps.length} steps left out: their guard is false wherever they stand`);
  return { system: small, steps: steps.map((s) => s.id), variables, reductions };
}

/** Constants were found from the initial state: parties that start differently are not interchangeable behind it. */
function startAlike(system: System, family: SymmetricFamily): boolean {
  const [first] = family.blocks;
  return first?.every((one, j) => family.blocks.every((block) => system.variables[block[j] ?? one]?.initial === system.variables[one]?.initial)) ?? false;
}

function liveVariables(system: System, steps: readonly Numbered[], constants: Constants, columns: readonly (readonly VariableId[])[]): Set<VariableId> {
  const live = new Set<VariableId>();
  const todo: VariableId[] = [];
  const use = (id: VariableId): void => {
    for (const twin of columns[id] ?? [id]) {
      if (live.has(twin) || constants.has(twin)) continue;
      live.add(twin);
      todo.push(twin);
    }
  };
  /** What the value of a variable depends on, conditions around the write included. */
  const sources = new Map<VariableId, VariableId[]>();
  const scan = (actions: readonly Action[], around: readonly VariableId[]): void => {
    for (const action of actions) {
      if (action.do === 'violate') for (const id of around) use(id);
      else if (action.do === 'set') {
        const from = sources.get(action.variable) ?? [];
        from.push(...around);
        eachRead(action.value, (id) => from.push(id));
        sources.set(action.variable, from);
      } else {
        const tests = [...around];
        eachRead(action.test, (id) => tests.push(id));
        scan(action.then, tests);
        scan(action.else, tests);
        // Behind a fatal violation in one branch nothing is written: all later writes hang on the test.
        if (mayViolate(action.then) || mayViolate(action.else)) for (const id of tests) use(id);
      }
    }
  };
  for (const { step } of steps) {
    eachRead(step.guard, use);
    const pc = system.processes[step.process]?.pc ?? null;
    if (pc !== null && step.place !== null) use(pc);
    scan(step.actions, []);
  }
  for (const invariant of system.invariants) eachRead(invariant.bad, use);
  for (const pending of system.pending) eachRead(pending.holds, use);
  for (const witness of system.witnesses) eachRead(witness.reached, use);
  for (let id = todo.pop(); id !== undefined; id = todo.pop()) for (const source of sources.get(id) ?? []) use(source);
  return live;
}

/** For each live program counter with unreached values: its reached values in order. Twins share one list. */
function densePlaces(
  system: System, facts: readonly (PlaceFacts | null)[], live: ReadonlySet<VariableId>, columns: readonly (readonly VariableId[])[],
): Map<VariableId, number[]> {
  const reached = new Map<VariableId, Set<number>>();
  system.processes.forEach((process, index) => {
    const places = facts[index];
    if (process.pc === null || places === undefined || places === null) return;
    const set = new Set<number>();
    places.at.forEach((constants, place) => {
      if (constants !== undefined) set.add(place);
    });
    reached.set(process.pc, set);
  });
  const dense = new Map<VariableId, number[]>();
  for (const pc of reached.keys()) {
    if (!live.has(pc)) continue;
    const union = new Set<number>();
    let all = true;
    for (const twin of columns[pc] ?? [pc]) {
      const set = reached.get(twin);
      if (set === undefined) all = false;
      else for (const place of set) union.add(place);
    }
    if (all && union.size < (system.variables[pc]?.size ?? 1)) dense.set(pc, [...union].sort((a, b) => a - b));
  }
  return dense;
}

function smallVariable(variable: Variable | undefined, places: readonly number[] | undefined): Variable {
  if (variable === undefined) throw new Error('a variable id beyond the system');
  if (places === undefined) return variable;
  const { values, ...rest } = variable;
  return {
    ...rest, size: places.length,
    initial: places.indexOf(variable.initial),
    ...(values === undefined ? {} : { values: places.map((p) => values[p] ?? String(p)) }),
  };
}

/** An expression for a place, in the new numbers. */
function densely(value: Expr, old: readonly number[], size: number): Expr {
  const numbers = Array.from({ length: size }, (_, place) => Math.max(0, old.indexOf(place)));
  if (value.op === 'const') return { op: 'const', value: numbers[value.value] ?? 0 };
  if (value.op === 'if') return { ...value, then: densely(value.then, old, size), else: densely(value.else, old, size) };
  return { op: 'table', of: value, values: numbers };
}

