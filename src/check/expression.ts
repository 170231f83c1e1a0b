// Expressions of a System: their value, what they read, and rewriting with constants folded.
// Pure functions; the one place that says what an operator means (generated code must agree with `evaluate`).

import type { Action, Expr, VariableId } from '../model/system.ts';

/** The value of `e` in `state` (one number a variable, by variable id). Throws RangeError if a table does not cover its operand. */
export function evaluate(e: Expr, state: ArrayLike<number>): number {
  switch (e.op) {
    case 'const':
      return e.value;
    case 'var':
      return state[e.variable] ?? 0;
    case 'not':
      return evaluate(e.of, state) === 0 ? 1 : 0;
    case 'and':
      for (const part of e.of) if (evaluate(part, state) === 0) return 0;
      return 1;
    case 'or':
      for (const part of e.of) if (evaluate(part, state) !== 0) return 1;
      return 0;
    case 'in':
      return member(evaluate(e.of, state), e.set);
    case 'table':
      return entry(e.values, evaluate(e.of, state));
    case 'if':
      return evaluate(e.test, state) !== 0 ? evaluate(e.then, state) : evaluate(e.else, state);
    default:
      return binary(e.op, evaluate(e.left, state), evaluate(e.right, state));
  }
}

type Binary = 'eq' | 'ne' | 'lt' | 'le' | 'add' | 'sub';

function binary(op: Binary, a: number, b: number): number {
  switch (op) {
    case 'eq':
      return a === b ? 1 : 0;
    case 'ne':
      return a !== b ? 1 : 0;
    case 'lt':
      return a < b ? 1 : 0;
    case 'le':
      return a <= b ? 1 : 0;
    case 'add':
      return a + b;
    case 'sub':
      return a - b;
  }
}

function entry(values: readonly number[], index: number): number {
  const value = values[index];
  if (value === undefined) throw new RangeError(`table of ${values.length} values read at ${index}`);
  return value;
}

function member(value: number, set: number): number {
  return value >= 0 && value <= 30 ? (set >>> value) & 1 : 0;
}

/** Calls `visit` for every variable that `e` reads, with repetitions. */
export function eachRead(e: Expr, visit: (variable: VariableId) => void): void {
  switch (e.op) {
    case 'const':
      return;
    case 'var':
      visit(e.variable);
      return;
    case 'not':
    case 'in':
    case 'table':
      eachRead(e.of, visit);
      return;
    case 'and':
    case 'or':
      for (const part of e.of) eachRead(part, visit);
      return;
    case 'if':
      eachRead(e.test, visit);
      eachRead(e.then, visit);
      eachRead(e.else, visit);
      return;
    default:
      eachRead(e.left, visit);
      eachRead(e.right, visit);
  }
}

/** Calls `visit` for every variable that the actions may write, with repetitions. */
export function eachWrite(actions: readonly Action[], visit: (variable: VariableId, value: Expr) => void): void {
  for (const action of actions) {
    if (action.do === 'set') visit(action.variable, action.value);
    else if (action.do === 'if') {
      eachWrite(action.then, visit);
      eachWrite(action.else, visit);
    }
  }
}

/** Whether the actions contain a violation. */
export function mayViolate(actions: readonly Action[]): boolean {
  return actions.some((a) => a.do === 'violate' || (a.do === 'if' && (mayViolate(a.then) || mayViolate(a.else))));
}

/** True where the value is always 0 or 1. */
export function isLogical(e: Expr): boolean {
  switch (e.op) {
    case 'const':
      return e.value === 0 || e.value === 1;
    case 'not':
    case 'and':
    case 'or':
    case 'eq':
    case 'ne':
    case 'lt':
    case 'le':
    case 'in':
      return true;
    case 'table':
      return e.values.every((v) => v === 0 || v === 1);
    case 'if':
      return isLogical(e.then) && isLogical(e.else);
    default:
      return false;
  }
}

/** What a variable is to be replaced by; undefined leaves it. */
export type Replace = (variable: VariableId) => Expr | undefined;

const number = (value: number): Expr => ({ op: 'const', value });

/** `e` with variables replaced and constants folded; has the value of `e` wherever the replacements have the variables' values. */
export function fold(e: Expr, replace: Replace): Expr {
  switch (e.op) {
    case 'const':
      return e;
    case 'var':
      return replace(e.variable) ?? e;
    case 'not':
      return foldNot(e, fold(e.of, replace));
    case 'and':
    case 'or':
      return foldLogic(e, e.op, e.of, replace);
    case 'in': {
      const of = fold(e.of, replace);
      return mapped(of, (v) => member(v, e.set)) ?? (of === e.of ? e : { op: 'in', of, set: e.set });
    }
    case 'table': {
      const of = fold(e.of, replace);
      return mapped(of, (v) => e.values[v] ?? 0) ?? asTable(of, e.values);
    }
    case 'if': {
      const test = fold(e.test, replace);
      if (test.op === 'const') return fold(test.value !== 0 ? e.then : e.else, replace);
      const then = fold(e.then, replace);
      const otherwise = fold(e.else, replace);
      return then.op === 'const' && otherwise.op === 'const' && then.value === otherwise.value ? then : { op: 'if', test, then, else: otherwise };
    }
    default: {
      const left = fold(e.left, replace);
      const right = fold(e.right, replace);
      const op = e.op;
      const done =
        right.op === 'const' ? mapped(left, (v) => binary(op, v, right.value)) : left.op === 'const' ? mapped(right, (v) => binary(op, left.value, v)) : undefined;
      return done ?? (left === e.left && right === e.right ? e : { op, left, right });
    }
  }
}

function foldNot(e: Expr & { readonly op: 'not' }, of: Expr): Expr {
  const done = mapped(of, (v) => (v === 0 ? 1 : 0));
  if (done !== undefined) return done;
  if (of.op === 'not' && isLogical(of.of)) return of.of;
  return of === e.of ? e : { op: 'not', of };
}

function foldLogic(e: Expr, op: 'and' | 'or', of: readonly Expr[], replace: Replace): Expr {
  const decisive = op === 'or';
  const parts: Expr[] = [];
  for (const raw of of) {
    const part = fold(raw, replace);
    if (part.op === 'const') {
      if ((part.value !== 0) === decisive) return number(decisive ? 1 : 0);
    } else if (part.op === op) parts.push(...part.of);
    else parts.push(part);
  }
  const [first] = parts;
  if (first === undefined) return number(decisive ? 0 : 1);
  if (parts.length > 1) return parts.length === of.length && parts.every((part, i) => part === of[i]) ? e : { op, of: parts };
  return isLogical(first) ? first : { op: 'ne', left: first, right: number(0) };
}

/** `f` applied to a constant or to each entry of a table; undefined for anything else. */
function mapped(e: Expr, f: (value: number) => number): Expr | undefined {
  if (e.op === 'const') return number(f(e.value));
  if (e.op === 'table') return asTable(e.of, e.values.map(f));
  return undefined;
}

/** A table in its plainest form. A table covers every value of its operand, so one that never differs is a constant. */
function asTable(of: Expr, values: readonly number[]): Expr {
  const [first] = values;
  if (first !== undefined && values.every((v) => v === first)) return number(first);
  if (!values.every((v) => v === 0 || v === 1)) return { op: 'table', of, values };
  const only = values.indexOf(1);
  if (values.lastIndexOf(1) === only) return { op: 'eq', left: of, right: number(only) };
  if (values.length > 31) return { op: 'table', of, values };
  return { op: 'in', of, set: values.reduce<number>((set, v, bit) => (v === 1 ? set + 2 ** bit : set), 0) };
}
