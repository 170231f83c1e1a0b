// Expressions and references, with C's precedence. C that does not exist here is named, with its remedy, and mostly read on.

import type { Expression, Reference } from '../model/scenario.ts';
import type { Cursor } from './cursor.ts';
import { Abandoned, DEEPEST } from './cursor.ts';
import { quote } from './diagnostic.ts';
import type { Token } from './lexer.ts';
import { FOREIGN_OPERATORS, FOREIGN_WORDS, RESERVED } from './words.ts';

type Binary = Extract<Expression, { kind: 'binary' }>;

/** C's order: a higher number binds tighter. The printer reads it too. */
export const PRECEDENCE: Readonly<Record<Binary['op'], number>> = {
  '||': 1, '&&': 2, '==': 3, '!=': 3, '<': 4, '<=': 4, '>': 4, '>=': 4, '+': 5, '-': 5,
};

interface Measured {
  readonly expression: Expression;
  /** Of the tree; long chains are deep trees, so counting brackets is not enough. */
  readonly height: number;
}

export function parseExpression(cursor: Cursor): Expression {
  return cursor.nested(() => binary(cursor, 1)).expression;
}

/** `( EXPR )`; after an error inside, goes on behind the bracket with a stand-in. */
export function parseTest(cursor: Cursor, after: string): Expression {
  const place = cursor.place();
  const open = cursor.expect('(', `after '${after}'`);
  try {
    const test = parseExpression(cursor);
    cursor.expect(')', 'in the condition');
    return test;
  } catch (reason) {
    if (!(reason instanceof Abandoned)) throw reason;
    cursor.skipToClose(place);
    return { kind: 'bool', value: true, at: cursor.origin(open) };
  }
}

function binary(cursor: Cursor, loosest: number): Measured {
  let left = unary(cursor);
  for (;;) {
    const token = cursor.peek();
    const op = operator(cursor, token);
    if (op === null || PRECEDENCE[op] < loosest) return left;
    cursor.next();
    const right = cursor.nested(() => binary(cursor, PRECEDENCE[op] + 1));
    const at = left.expression.at;
    left = measured(cursor, token, { kind: 'binary', op, left: left.expression, right: right.expression, at }, Math.max(left.height, right.height) + 1);
  }
}

function measured(cursor: Cursor, token: Token, expression: Expression, height: number): Measured {
  if (height > DEEPEST) cursor.fail(token, `an expression of more than ${DEEPEST} levels`, [], 'split it: assign parts to variables first');
  return { expression, height };
}

function operator(cursor: Cursor, token: Token): Binary['op'] | null {
  if (token.kind !== 'punctuation') return null;
  const op = token.text;
  if (isBinary(op)) return op;
  if (op === '=') {
    cursor.report(token, "'=' inside an expression", [], "compare with '=='; an assignment is a statement of its own");
    return '==';
  }
  const remedy = FOREIGN_OPERATORS.get(op);
  return remedy === undefined ? null : cursor.fail(token, `there is no operator '${op}' here`, [], remedy);
}

function isBinary(op: string): op is Binary['op'] {
  return Object.hasOwn(PRECEDENCE, op);
}

function unary(cursor: Cursor): Measured {
  const token = cursor.peek();
  if (cursor.take('!')) {
    const of = cursor.nested(() => unary(cursor));
    return measured(cursor, token, { kind: 'unary', op: '!', of: of.expression, at: cursor.origin(token) }, of.height + 1);
  }
  if (cursor.take('-')) return { expression: errno(cursor, token), height: 1 };
  if (cursor.take('(')) {
    const inner = cursor.nested(() => binary(cursor, 1));
    cursor.expect(')', 'in brackets');
    return inner;
  }
  return primary(cursor, token);
}

function errno(cursor: Cursor, minus: Token): Expression {
  const name = cursor.peek();
  if (name.kind === 'name' && /^E[A-Z0-9]+$/.test(name.text)) {
    cursor.next();
    return { kind: 'errno', name: name.text, at: cursor.origin(minus) };
  }
  return cursor.fail(name, "'-' stands before an errno only", ["a name such as 'ENODEV'"], 'there are no negative numbers');
}

function primary(cursor: Cursor, token: Token): Measured {
  if (token.kind === 'number') {
    cursor.next();
    return { expression: { kind: 'number', value: Number(token.text), at: cursor.origin(token) }, height: 1 };
  }
  if (token.kind === 'string') cursor.fail(token, 'there are no strings in expressions', [], 'an undecided guard is declared: unknown busy at "drivers/foo/bar.c:120";');
  if (token.kind !== 'name') {
    const remedy = FOREIGN_OPERATORS.get(token.text);
    if (remedy !== undefined && token.text === '&') {
      cursor.report(token, "there is no '&' before a name here", [], remedy);
      cursor.next();
      return cursor.nested(() => unary(cursor));
    }
    if (remedy !== undefined) cursor.fail(token, `there is no operator '${token.text}' here`, [], remedy);
    cursor.fail(token, cursor.found(), ['an expression']);
  }
  if (token.text === 'true' || token.text === 'false') {
    cursor.next();
    return { expression: { kind: 'bool', value: token.text === 'true', at: cursor.origin(token) }, height: 1 };
  }
  if (cursor.at('(', 1) && !RESERVED.has(token.text)) {
    const { args, height } = application(cursor);
    return measured(cursor, token, { kind: 'apply', name: token.text, args, at: cursor.origin(token) }, height + 1);
  }
  const reference = parseReference(cursor);
  return { expression: { kind: 'name', reference, at: reference.at }, height: 1 };
}

function application(cursor: Cursor): { args: Expression[]; height: number } {
  cursor.next();
  return parseArguments(cursor);
}

/** The arguments and the closing bracket; the name stands before the cursor's place, the open bracket is next. */
export function parseArguments(cursor: Cursor): { args: Expression[]; height: number } {
  cursor.expect('(', 'in a call');
  const args: Expression[] = [];
  let height = 0;
  if (cursor.take(')')) return { args, height };
  do {
    const arg = cursor.nested(() => binary(cursor, 1));
    args.push(arg.expression);
    height = Math.max(height, arg.height);
  } while (cursor.take(','));
  if (!cursor.take(')')) cursor.fail(cursor.peek(), `${cursor.found()} among the arguments`, ["','", "')'"]);
  return { args, height };
}

/** `x`, `gpu.map`, `gpu[1].map` */
export function parseReference(cursor: Cursor): Reference {
  const first = cursor.peek();
  const path: { name: string; index: number | null }[] = [];
  do {
    const name = parseName(cursor, path.length === 0 ? 'a name' : "a name after '.'");
    path.push({ name, index: cursor.at('[') ? index(cursor) : null });
  } while (dot(cursor));
  return { path, at: cursor.origin(first) };
}

function dot(cursor: Cursor): boolean {
  if (cursor.at('->')) cursor.report(cursor.peek(), "there is no '->' here", [], "write '.': nothing is a pointer");
  return cursor.take('.') || cursor.take('->');
}

function index(cursor: Cursor): number {
  cursor.next();
  const token = cursor.peek();
  if (token.kind !== 'number') {
    cursor.fail(token, 'the index of an instance is a number', ["a number such as '0'"], "'for (i in nic) { … }' walks over a family; inside, 'i' is the instance");
  }
  cursor.next();
  cursor.expect(']', 'after the index');
  return Number(token.text);
}

/** A name that is no reserved word and no C word that does not exist here. */
export function parseName(cursor: Cursor, what: string): string {
  const token = cursor.peek();
  if (token.kind !== 'name') return cursor.fail(token, cursor.found(), [what]);
  const remedy = FOREIGN_WORDS.get(token.text);
  if (remedy !== undefined) return cursor.fail(token, `there is no ${quote(token.text)} here`, [], remedy);
  if (RESERVED.has(token.text)) return cursor.fail(token, `${quote(token.text)} is a word of the language, not a name`, [what]);
  cursor.next();
  return token.text;
}
