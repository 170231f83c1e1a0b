// Random small systems for the tests against the oracle, made from a list of numbers so that fast-check can shrink them.

import fc from 'fast-check';
import { constant, not, read, set, when } from '../../src/model/system.ts';
import type { Action, Expr, Fairness, Invariant, Pending, Process, Step, SymmetricFamily, System, Variable, Violation, Witness } from '../../src/model/system.ts';

export const choices = fc.array(fc.nat({ max: 9999 }), { minLength: 150, maxLength: 500 });

class Draw {
  private at = 0;
  private readonly numbers: readonly number[];
  constructor(numbers: readonly number[]) {
    this.numbers = numbers;
  }
  below(n: number): number {
    const value = this.numbers[this.at++ % this.numbers.length] ?? 0;
    return value % n;
  }
  of<T>(list: readonly T[]): T {
    const item = list[this.below(list.length)];
    if (item === undefined) throw new Error('empty');
    return item;
  }
}

interface Scope {
  readonly variables: readonly Variable[];
  /** Ids that an expression may read. */
  readonly reads: readonly number[];
  readonly writes: readonly number[];
}

function expression(d: Draw, scope: Scope, depth: number): Expr {
  const variable = d.of(scope.reads);
  const size = scope.variables[variable]?.size ?? 1;
  if (depth === 0) return d.below(3) === 0 ? constant(d.below(size)) : read(variable);
  const sub = (): Expr => expression(d, scope, depth - 1);
  switch (d.below(11)) {
    case 0:
    case 1:
    case 2:
      return { op: 'eq', left: read(variable), right: constant(d.below(size)) };
    case 3:
      return not(sub());
    case 4:
      return { op: 'and', of: [sub(), sub()] };
    case 5:
      return { op: 'or', of: [sub(), sub()] };
    case 6:
      return { op: d.of(['eq', 'ne', 'lt', 'le'] as const), left: sub(), right: sub() };
    case 7:
      return { op: 'in', of: read(variable), set: d.below(2 ** Math.min(size, 10)) };
    case 8:
      return { op: 'table', of: read(variable), values: Array.from({ length: size }, () => d.below(4)) };
    case 9:
      return { op: 'if', test: sub(), then: sub(), else: sub() };
    default:
      return { op: d.of(['add', 'sub'] as const), left: sub(), right: sub() };
  }
}

/** A value that fits the variable. */
function valueFor(d: Draw, scope: Scope, variable: number): Expr {
  const size = scope.variables[variable]?.size ?? 1;
  const from = d.of(scope.reads);
  const fromSize = scope.variables[from]?.size ?? 1;
  switch (d.below(5)) {
    case 0:
      return { op: 'table', of: read(from), values: Array.from({ length: fromSize }, () => d.below(size)) };
    case 1:
      return { op: 'if', test: expression(d, scope, 1), then: constant(d.below(size)), else: read(variable) };
    case 2:
      return { op: 'if', test: { op: 'lt', left: read(variable), right: constant(size - 1) }, then: { op: 'add', left: read(variable), right: constant(1) }, else: constant(0) };
    default:
      return constant(d.below(size));
  }
}

function actions(d: Draw, scope: Scope, violations: number, depth: number): Action[] {
  return Array.from({ length: d.below(3) }, (): Action => {
    const kind = d.below(8);
    if (kind === 0 && violations > 0) return { do: 'violate', violation: d.below(violations) };
    if (kind === 1 && depth > 0) return when(expression(d, scope, 1), actions(d, scope, violations, depth - 1), actions(d, scope, violations, depth - 1));
    const variable = d.of(scope.writes);
    return set(variable, valueFor(d, scope, variable));
  });
}

const violationsOf = (d: Draw): Violation[] =>
  Array.from({ length: 4 }, (_, i) => ({
    code: `V${i}`,
    kind: d.of(['harm', 'obligation', 'warning', 'assertion', 'capacity', 'obligation'] as const),
    fatal: d.below(2) === 0,
    party: 'p',
    object: 'o',
    obligation: null,
    text: '',
  }));

export function randomSystem(numbers: readonly number[]): System {
  const d = new Draw(numbers);
  const variables: Variable[] = [];
  const processes: Process[] = [];
  const shared: number[] = [];
  for (let i = 0, n = 1 + d.below(3); i < n; i++) {
    const size = d.of([2, 2, 3, 1, 5]);
    shared.push(variables.push({ name: `s${i}`, size, initial: d.below(size) }) - 1);
  }
  const locals: number[][] = [];
  for (let p = 0, n = 1 + d.below(3); p < n; p++) {
    const size = 2 + d.below(5);
    const pc = d.below(6) === 0 ? null : variables.push({ name: `pc${p}`, size, initial: d.below(2), hidden: true, ...(d.below(4) === 0 ? {} : { local: p }) }) - 1;
    const own = Array.from({ length: d.below(3) }, (_, i) => variables.push({ name: `l${p}.${i}`, size: 2 + d.below(2), initial: 0, local: p }) - 1);
    locals.push(own);
    processes.push({ name: `p${p}`, kind: 'kernel', party: `p${p}`, pc, places: Array.from({ length: pc === null ? 0 : size }, (_, i) => ({ label: `${i}`, inCall: i > 0 })) });
  }
  const violations = d.below(3) === 0 ? [] : violationsOf(d);
  const steps: Step[] = [];
  processes.forEach((process, p) => {
    const own = [...shared, ...(locals[p] ?? [])];
    const foreign = processes.flatMap((q, i) => (q.pc !== null && i !== p && variables[q.pc]?.local === undefined ? [q.pc] : []));
    const scope: Scope = { variables, reads: [...own, ...(process.pc === null ? [] : [process.pc])], writes: [...own, ...(d.below(3) === 0 ? foreign : [])] };
    for (let i = 0, n = 2 + d.below(5); i < n; i++) {
      const { pc } = process;
      const size = pc === null ? 1 : (variables[pc]?.size ?? 1);
      const place = pc === null || d.below(8) === 0 ? null : d.below(size);
      const move: Action[] = pc === null ? [] : d.below(6) === 0 ? [set(pc, valueFor(d, scope, pc))] : [set(pc, constant(d.below(size)))];
      const fairness: Fairness = d.of(['none', 'weak', 'weak', 'strong']);
      const group = d.below(4) === 0 ? 0 : 1 + d.below(3) + (fairness === 'strong' ? 3 : 0);
      const body = actions(d, scope, violations.length, 2);
      steps.push({
        name: `p${p}:${i}`,
        process: p,
        place,
        guard: d.below(2) === 0 ? constant(1) : expression(d, scope, 2),
        actions: d.below(3) === 0 ? [...move, ...body] : [...body, ...move],
        fairness,
        group,
        text: '',
      });
    }
  });
  const all: Scope = { variables, reads: variables.map((_, i) => i), writes: [] };
  const invariants: Invariant[] = violations.length === 0 || d.below(2) === 0 ? [] : [{ name: 'i', bad: { op: 'and', of: [expression(d, all, 1), expression(d, all, 1)] }, violation: d.below(violations.length), process: 0, text: '' }];
  const pending: Pending[] = Array.from({ length: d.below(4) }, (_, i) => ({ name: `e${i}`, holds: expression(d, all, 1), kind: d.of(['call', 'call', 'eventually', 'obligation'] as const), process: 0, violation: 0 }));
  const witnesses: Witness[] = [{ name: 'w', reached: expression(d, all, 2) }];
  return { name: 'random', variables, processes, steps, violations, invariants, pending, witnesses, symmetry: [], assumptions: [] };
}

/** Identical parties, each a process with a counter and locals, and shared variables that all use alike. */
export function randomFamily(numbers: readonly number[]): System {
  const d = new Draw(numbers);
  const variables: Variable[] = [];
  const shared = Array.from({ length: 2 }, (_, i) => variables.push({ name: `s${i}`, size: 2 + d.below(2), initial: 0 }) - 1);
  const count = 2 + d.below(2);
  const places = 2 + d.below(4);
  const extra = d.below(3);
  const blocks = Array.from({ length: count }, (_, k) => [
    variables.push({ name: `pc${k}`, size: places, initial: 0, local: k }) - 1,
    ...Array.from({ length: extra }, (_, i) => variables.push({ name: `x${k}.${i}`, size: 2 + i, initial: 0, local: k }) - 1),
  ]);
  const violations = violationsOf(d);
  // The template is drawn once, on the variables of instance 0, and renamed for the others.
  const first = blocks[0] ?? [];
  const scope: Scope = { variables, reads: [...shared, ...first], writes: [...shared, ...first.slice(1)] };
  const template = Array.from({ length: 3 + d.below(4) }, (_, i) => ({
    name: `${i}`,
    place: d.below(6) === 0 ? null : d.below(places),
    guard: d.below(2) === 0 ? constant(1) : expression(d, scope, 2),
    actions: [...actions(d, scope, violations.length, 1), set(first[0] ?? 0, constant(d.below(places)))],
    fairness: d.of(['none', 'weak', 'strong'] as const),
  }));
  const processes: Process[] = blocks.map((block, k) => ({ name: `p${k}`, kind: 'kernel', party: `p${k}`, pc: block[0] ?? null, places: Array.from({ length: places }, (_, i) => ({ label: `${i}`, inCall: false })) }));
  const steps = blocks.flatMap((block, k) => {
    const rename = new Map(first.map((variable, j) => [variable, block[j] ?? variable]));
    return template.map((t, i): Step => ({ name: `p${k}:${t.name}`, process: k, place: t.place, guard: renamed(t.guard, rename), actions: t.actions.map((a) => renamedAction(a, rename)), fairness: t.fairness, group: k * 10 + i, text: '' }));
  });
  const pending: Pending[] = [{ name: 'e', holds: { op: 'eq', left: read(shared[0] ?? 0), right: constant(0) }, kind: 'eventually', process: null, violation: 0 }];
  const family: SymmetricFamily = { name: 'p', blocks };
  return { name: 'family', variables, processes, steps, violations, invariants: [], pending, witnesses: [], symmetry: [family], assumptions: [] };
}

function renamed(e: Expr, map: ReadonlyMap<number, number>): Expr {
  switch (e.op) {
    case 'const':
      return e;
    case 'var':
      return read(map.get(e.variable) ?? e.variable);
    case 'not':
    case 'in':
    case 'table':
      return { ...e, of: renamed(e.of, map) };
    case 'and':
    case 'or':
      return { ...e, of: e.of.map((part) => renamed(part, map)) };
    case 'if':
      return { ...e, test: renamed(e.test, map), then: renamed(e.then, map), else: renamed(e.else, map) };
    default:
      return { ...e, left: renamed(e.left, map), right: renamed(e.right, map) };
  }
}

function renamedAction(a: Action, map: ReadonlyMap<number, number>): Action {
  if (a.do === 'set') return set(map.get(a.variable) ?? a.variable, renamed(a.value, map));
  if (a.do === 'if') return when(renamed(a.test, map), a.then.map((x) => renamedAction(x, map)), a.else.map((x) => renamedAction(x, map)));
  return a;
}
