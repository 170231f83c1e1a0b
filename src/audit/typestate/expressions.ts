// What an expression of C gives on a path, where it stores, and what a test teaches. Values are text; see path-state.ts.

import { bared, expressionText, type Expression } from '../../source/c-tree.ts';
import { calleeName, isConversion, typesOf } from '../c-reading.ts';
import { isWarnTest, warnCondition } from '../anchors.ts';
import type { CFunction } from '../../source/syntax.ts';
import { ANY, constant, ERR, fixedMask, GOOD, type PathState, type Sym, ZERO } from './path-state.ts';

/** One function on the way. */
export interface Scope {
  /** Prefix of its variables; empty for the function that the run began with. */
  readonly id: string;
  readonly fn: CFunction;
}

export type CallExpression = Expression & { readonly kind: 'call' };

/** A failure; which one is not remembered. */
export const SOME_ERRNO = '#-errno';

/** Longer ones say nothing any more. */
const LONGEST = 160;

/** Where a variable is kept. */
export const variable = ({ id }: Scope, name: string): string => `${id}:${name}`;

/** Where what a call gave is kept until its statement is done. */
export const temporary = ({ id }: Scope, call: Expression): string => `${id}%${call.line}.${numberOf(call)}`;

const numbers = new WeakMap<Expression, number>();
let next = 0;

function numberOf(call: Expression): number {
  const known = numbers.get(call);
  if (known !== undefined) return known;
  numbers.set(call, ++next);
  return next;
}

export function evaluate(scope: Scope, state: PathState, one: Expression): Sym {
  switch (one.kind) {
    case 'name':
      if (one.name === 'NULL' || one.name === 'false') return '#0';
      if (one.name === 'true') return '#1';
      return typesOf(scope.fn).has(one.name) ? readPlace(state, variable(scope, one.name)) : one.name;
    case 'literal':
      if (one.text === 'NULL' || one.text === 'false') return '#0';
      if (one.text === 'true') return '#1';
      return /^0[uUlL]*$|^0x0+$/.test(one.text) ? '#0' : constant(one.text);
    case 'call':
      return state.values.get(temporary(scope, one)) ?? builtIn(scope, state, one);
    case 'field':
    case 'index':
      return readPlace(state, placeOf(scope, state, one));
    case 'unary':
      return unary(scope, state, one);
    case 'assign': {
      const value = one.op === '=' ? stepped(scope, state, one, evaluate(scope, state, one.value)) : `${one.op}@${scope.id}${one.line}`;
      store(scope, state, one.to, value);
      return value;
    }
    case 'cast':
      return evaluate(scope, state, one.of);
    case 'choice': {
      const condition = truthOf(scope, state, one.condition);
      if (condition === true) return one.yes === null ? evaluate(scope, state, one.condition) : evaluate(scope, state, one.yes);
      if (condition === false) return evaluate(scope, state, one.no);
      const sides = (one.yes === null ? ANY : state.mask(evaluate(scope, state, one.yes))) | state.mask(evaluate(scope, state, one.no));
      const value = `choice@${scope.id}${one.line}`;
      state.masks.set(value, sides);
      return value;
    }
    case 'comma': {
      let value = '';
      for (const part of one.parts) value = evaluate(scope, state, part);
      return value;
    }
    case 'binary':
      return short(`${evaluate(scope, state, one.left)} ${one.op} ${evaluate(scope, state, one.right)}`, scope, one);
    case 'list':
    case 'block':
    case 'opaque':
      return `${one.kind}@${scope.id}${one.line}`;
  }
}

/** p = p->next: each round gives another one, and they are not counted. */
function stepped(scope: Scope, state: PathState, one: Expression & { readonly kind: 'assign' }, value: Sym): Sym {
  if (one.to.kind !== 'name') return value;
  const before = state.values.get(variable(scope, one.to.name));
  if (before === undefined || before.length < 2 || value === before || !value.includes(before)) return value;
  return `next@${scope.id}${one.line}`;
}

const short = (text: string, scope: Scope, one: Expression): string => (text.length > LONGEST ? `value@${scope.id}${one.line}` : text);

function unary(scope: Scope, state: PathState, one: Expression & { readonly kind: 'unary' }): Sym {
  switch (one.op) {
    case '-': {
      if (one.of.kind === 'name' && /^E[A-Z0-9]+$/.test(one.of.name)) return `#-${one.of.name}`;
      if (one.of.kind === 'literal') return one.of.text === '0' ? '#0' : `#-${one.of.text}`;
      return short(`-${evaluate(scope, state, one.of)}`, scope, one);
    }
    case '!':
      return derived('!', evaluate(scope, state, one.of));
    case '&': {
      const place = placeOf(scope, state, one.of);
      const whole = /^(.*)~(\w+)->\2$/.exec(place);
      return whole?.[1] ?? (place.startsWith('*') ? place.slice(1) : `&${place}`);
    }
    case '*':
      return readPlace(state, placeOf(scope, state, one));
    default: {
      if (/\+\+|--/.test(one.op)) {
        const value = `${one.op}@${scope.id}${one.line}`;
        store(scope, state, one.of, value);
        return value;
      }
      return short(`${one.op}${evaluate(scope, state, one.of)}`, scope, one);
    }
  }
}

function readPlace(state: PathState, place: string): Sym {
  const known = state.values.get(place);
  if (known !== undefined) return known;
  const whole = /^(.*)~(\w+)->\2$/.exec(place);
  return whole === null ? (place.startsWith(':') ? `${place.slice(1)}?` : place) : `*${whole[1] ?? ''}`;
}

/** The place that an expression names: "buf->resv", ":sgt", "info.priv". */
export function placeOf(scope: Scope, state: PathState, one: Expression): string {
  const inner = bared(one);
  switch (inner.kind) {
    case 'name':
      return typesOf(scope.fn).has(inner.name) ? variable(scope, inner.name) : inner.name;
    case 'field': {
      if (!inner.arrow) return memberOf(placeOf(scope, state, inner.of), inner.name);
      const base = evaluate(scope, state, inner.of);
      return base.startsWith('&') ? memberOf(base.slice(1), inner.name) : `${base}->${inner.name}`;
    }
    case 'index': {
      const index = evaluate(scope, state, inner.index);
      return `${evaluate(scope, state, inner.of)}[${/^#\d+$/.test(index) ? index.slice(1) : ''}]`;
    }
    case 'unary': {
      if (inner.op !== '*') return evaluate(scope, state, inner);
      const pointer = evaluate(scope, state, inner.of);
      return pointer.startsWith('&') ? pointer.slice(1) : `*${pointer}`;
    }
    default:
      return evaluate(scope, state, inner);
  }
}

const memberOf = (place: string, name: string): string => (place.startsWith('*') ? `${place.slice(1)}->${name}` : `${place}.${name}`);

export function store(scope: Scope, state: PathState, to: Expression, value: Sym): void {
  const place = placeOf(scope, state, to);
  // Which element is not known: it is kept, and cannot be named again.
  if (place.includes('[]') || place.startsWith('*')) state.handed.set(value, ['*']);
  else state.values.set(place, value);
}

/** Calls that only look at their argument, or give it another type. */
function builtIn(scope: Scope, state: PathState, one: CallExpression): Sym {
  const name = calleeName(one);
  const [first, , third] = one.args;
  const argument = (): Sym => (first === undefined ? '' : evaluate(scope, state, first));
  if (isWarnTest(name)) {
    const condition = warnCondition(name, one.args);
    return condition === null ? '' : evaluate(scope, state, condition);
  }
  switch (name) {
    case 'IS_ERR':
    case 'IS_ERR_OR_NULL':
    case 'PTR_ERR':
    case 'ERR_PTR':
    case 'PTR_ERR_OR_ZERO': {
      const of = argument();
      const undone = name === 'ERR_PTR' ? /^PTR_ERR\((.*)\)$/.exec(of)?.[1] : undefined;
      return undone ?? (name === 'ERR_PTR' && fixedMask(of) !== null ? of : derived(name, of));
    }
    case 'ERR_CAST':
    case 'READ_ONCE':
    case 'likely':
    case 'unlikely':
    case 'rcu_dereference':
      return argument();
    case 'container_of':
    case 'container_of_const':
    case 'list_entry': {
      const path = third === undefined ? '' : expressionText(third);
      const inner = argument();
      const outer = inner.startsWith('&') && (inner.endsWith(`->${path}`) || inner.endsWith(`.${path}`)) ? inner.slice(1, -path.length - (inner.endsWith(`->${path}`) ? 2 : 1)) : null;
      if (outer !== null) return inner.endsWith(`->${path}`) ? outer : `&${outer}`;
      return `${inner}~${path}`;
    }
  }
  if (isConversion(name) && one.args.length === 1) return `${name}(${argument()})`;
  return short(`${name}(${one.args.map((arg) => evaluate(scope, state, arg)).join(', ')})`, scope, one);
}

const derived = (how: string, of: Sym): Sym => (how === '!' ? `!${of}` : `${how}(${of})`);

/** Which value a derived one speaks of, and which side of it each outcome is: "IS_ERR(x)" good is x an error. */
function sides(sym: Sym): { readonly of: Sym; readonly when: (mask: number) => number } | null {
  if (sym.startsWith('!')) return { of: sym.slice(1), when: (mask) => ((mask & (ERR | GOOD)) !== 0 ? ZERO : 0) | ((mask & ZERO) !== 0 ? ERR | GOOD : 0) };
  const call = /^(IS_ERR|IS_ERR_OR_NULL|PTR_ERR|ERR_PTR|PTR_ERR_OR_ZERO)\((.*)\)$/.exec(sym);
  if (call === null) return null;
  const [, how, of = ''] = call;
  switch (how) {
    case 'IS_ERR':
      return { of, when: (mask) => ((mask & (ERR | GOOD)) !== 0 ? ERR : 0) | ((mask & ZERO) !== 0 ? ZERO | GOOD : 0) };
    case 'IS_ERR_OR_NULL':
      return { of, when: (mask) => ((mask & (ERR | GOOD)) !== 0 ? ERR | ZERO : 0) | ((mask & ZERO) !== 0 ? GOOD : 0) };
    case 'PTR_ERR_OR_ZERO':
      return { of, when: (mask) => ((mask & ERR) !== 0 ? ERR : 0) | ((mask & ZERO) !== 0 ? ZERO | GOOD : 0) };
    default:
      return { of, when: (mask) => mask };
  }
}

/** What a value can be, also of derived ones. */
export function maskOf(state: PathState, sym: Sym): number {
  const side = sides(sym);
  if (side === null) return state.mask(sym);
  const of = maskOf(state, side.of);
  let mask = 0;
  for (const bit of [ERR, ZERO, GOOD]) if ((side.when(bit) & of) !== 0) mask |= bit;
  // PTR_ERR() of what is no error, and IS_ERR() as a number, are never negative by themselves.
  return /^(?:!|IS_ERR)/.test(sym) ? mask & ~ERR : mask;
}

export function narrow(state: PathState, sym: Sym, mask: number): boolean {
  const side = sides(sym);
  if (side === null) return state.narrow(sym, mask);
  return narrow(state, side.of, side.when(mask & (/^(?:!|IS_ERR)/.test(sym) ? ~ERR : ANY)));
}

/** The value that a test is about in the end: x of PTR_ERR_OR_ZERO(x). */
export function baseOf(sym: Sym): Sym {
  const side = sides(sym);
  return side === null ? sym : baseOf(side.of);
}

function truthOf(scope: Scope, state: PathState, one: Expression): boolean | null {
  const yes = assume(scope, state.copy(), one, true) !== null;
  const no = assume(scope, state.copy(), one, false) !== null;
  return yes === no ? null : yes;
}

/** What a test looked at: the value, and with which question. */
export interface Looked {
  readonly at: Sym;
  readonly asks: 'zero' | 'error' | 'sign' | 'other';
}

/** Narrows the state to one side of a test; null where that side cannot be. */
export function assume(scope: Scope, state: PathState, test: Expression, taken: boolean): Looked | null {
  const one = bared(test);
  if (one.kind === 'unary' && one.op === '!') return assume(scope, state, one.of, !taken);
  if (one.kind === 'call' && isWarnTest(calleeName(one)) && state.values.get(temporary(scope, one)) === undefined) {
    const condition = warnCondition(calleeName(one), one.args);
    if (condition !== null) return assume(scope, state, condition, taken);
  }
  if (one.kind === 'binary') {
    const compared = comparison(scope, state, one, taken);
    if (compared !== null) return compared === 'never' ? null : compared;
  }
  if (one.kind === 'binary' && (one.op === '&&' || one.op === '||')) {
    // Only in values: as tests they are branches of their own.
    if ((one.op === '&&') !== taken) return { at: '', asks: 'other' };
    const left = assume(scope, state, one.left, taken);
    return left === null ? null : assume(scope, state, one.right, taken);
  }
  const value = evaluate(scope, state, one);
  const asks = /^IS_ERR|^PTR_ERR/.test(value) ? 'error' : 'zero';
  return narrow(state, value, taken ? ERR | GOOD : ZERO) ? { at: baseOf(value), asks } : null;
}

function comparison(scope: Scope, state: PathState, one: Expression & { readonly kind: 'binary' }, taken: boolean): Looked | 'never' | null {
  if (!/^(?:==|!=|<|>|<=|>=)$/.test(one.op)) return null;
  const left = evaluate(scope, state, one.left);
  const right = evaluate(scope, state, one.right);
  const [value, other, op] = fixedMask(left) !== null && fixedMask(right) === null ? [right, left, mirrored(one.op)] : [left, right, one.op];
  const result = (mask: number, asks: Looked['asks']): Looked | 'never' => (narrow(state, value, taken ? mask : ANY & ~mask) ? { at: baseOf(value), asks } : 'never');
  if (other === '#0') {
    switch (op) {
      case '==':
        return result(ZERO, 'zero');
      case '!=':
        return result(ERR | GOOD, 'zero');
      case '<':
        return result(ERR, 'sign');
      case '>=':
        return result(ZERO | GOOD, 'sign');
      case '>':
        return result(GOOD, 'sign');
      case '<=':
        return result(ERR | ZERO, 'sign');
    }
  }
  if (op !== '==' && op !== '!=') {
    // Which is larger is not remembered: it would double the paths with every loop.
    return { at: '', asks: 'other' };
  }
  // Some failure, no longer known which.
  if (value === SOME_ERRNO || other === SOME_ERRNO) return { at: '', asks: 'other' };
  const isEqual = (op === '==') === taken;
  const known = fixedMask(other);
  if (value === other) return isEqual ? { at: value, asks: 'other' } : 'never';
  const fact = `${value} == ${other}`;
  if (!narrow(state, fact, isEqual ? GOOD : ZERO)) return 'never';
  if (known !== null && isEqual && !narrow(state, value, known)) return 'never';
  return { at: baseOf(value), asks: 'other' };
}

const mirrored = (op: string): string => ({ '<': '>', '>': '<', '<=': '>=', '>=': '<=' })[op] ?? op;
