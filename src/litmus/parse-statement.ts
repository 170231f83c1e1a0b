// Statements: C's, with braces optional where C has them so, plus choose, repeat, wait, atomic and ioctl.
// `x++`, `x--`, `x += n` and `x -= n` become plain assignments; a bare block melts into the list around it.

import { PREDICATES } from '../model/calls.ts';
import type { Expression, Reference, Statement } from '../model/scenario.ts';
import type { Origin } from '../model/system.ts';
import type { Cursor } from './cursor.ts';
import { quote } from './diagnostic.ts';
import type { Token } from './lexer.ts';
import { parseArguments, parseExpression, parseName, parseReference, parseTest } from './parse-expression.ts';
import { FOREIGN_OPERATORS, FOREIGN_WORDS, MEMBER_WORDS, PARTY_WORDS } from './words.ts';

/** `{ … }` with the closing brace; a missing one is reported once, with the line of the opening one. */
export function parseBlock(cursor: Cursor, what: string): Statement[] {
  const open = cursor.expect('{', `at the body of ${what}`);
  return cursor.nested(() => {
    const into: Statement[] = [];
    while (!cursor.take('}')) {
      if (blockEndsHere(cursor, open, what)) break;
      const before = cursor.place();
      cursor.recover(() => parseStatement(cursor, into));
      if (cursor.place() === before && !cursor.at('}')) cursor.next();
    }
    return into;
  });
}

/** At the end of the file, or at a declaration that is no further in than the line of the brace: the closing one is missing. */
function blockEndsHere(cursor: Cursor, open: Token, what: string): boolean {
  const token = cursor.peek();
  const ends = token.kind === 'end';
  if (!ends && !(declares(cursor) && cursor.outdented(open))) return false;
  cursor.report(ends ? lastColumn(cursor) : token, `missing '}': the body of ${what} opens on line ${open.line}`, ["'}'"]);
  return true;
}

function lastColumn(cursor: Cursor): Pick<Token, 'line' | 'column' | 'length'> {
  const last = cursor.previous();
  return { line: last.line, column: last.column + last.length, length: 1 };
}

/** Does a declaration start here? Its keywords are no reserved words: `fence = true;` is an assignment. */
function declares(cursor: Cursor): boolean {
  const token = cursor.peek();
  return token.kind === 'name' && DECLARING.has(token.text) && cursor.peek(1).kind === 'name';
}

const DECLARING: ReadonlySet<string> = new Set([...MEMBER_WORDS, ...PARTY_WORDS]);

function parseStatement(cursor: Cursor, into: Statement[]): void {
  const token = cursor.peek();
  if (cursor.take(';')) return;
  if (cursor.at('{')) {
    for (const statement of parseBlock(cursor, 'the block')) into.push(statement);
    return;
  }
  if (cursor.at('++') || cursor.at('--')) return void into.push(prefixStep(cursor));
  if (token.kind !== 'name') cursor.fail(token, cursor.found(), ['a statement'], FOREIGN_OPERATORS.get(token.text) ?? null);
  const known = STATEMENTS.get(token.text);
  if (known !== undefined) {
    cursor.next();
    into.push(known(cursor, token));
    return;
  }
  refuseForeign(cursor, token);
  if (cursor.at(':', 1)) {
    const name = parseName(cursor, 'a label');
    const colon = cursor.next();
    into.push({ kind: 'label', name, at: cursor.origin(token, colon.line) });
    return;
  }
  into.push(cursor.nested(() => callOrAssignment(cursor)));
}

function refuseForeign(cursor: Cursor, token: Token): void {
  if (declares(cursor)) {
    const remedy = token.text === 'bool' || token.text === 'int' ? 'write the variable outside, beside the thread; one in the braces of an importer belongs to it' : 'write it outside, beside the thread or the operation';
    cursor.fail(token, `${quote(token.text)} declares, and stands among statements`, [], remedy);
  }
  const remedy = FOREIGN_WORDS.get(token.text);
  if (remedy !== undefined) cursor.fail(token, `there is no ${quote(token.text)} here`, [], remedy);
}

type Parse = (cursor: Cursor, token: Token) => Statement;

const STATEMENTS: ReadonlyMap<string, Parse> = new Map<string, Parse>([
  ['if', parseIf],
  ['else', (cursor, token) => cursor.fail(token, "'else' without an 'if' before it", [], 'a body of more than one statement needs braces')],
  ['while', (cursor, token) => {
    const test = parseTest(cursor, 'while');
    const at = opened(cursor, token);
    return { kind: 'while', test, body: parseBody(cursor, 'while'), at };
  }],
  ['for', parseFor],
  ['repeat', parseRepeat],
  ['choose', parseChoose],
  ['wait', (cursor, token) => ({ kind: 'wait', test: parseTest(cursor, 'wait'), at: ended(cursor, token, "'wait(…)'") })],
  ['assert', (cursor, token) => ({ kind: 'assert', test: parseTest(cursor, 'assert'), at: ended(cursor, token, "'assert(…)'") })],
  ['atomic', (cursor, token) => {
    const at = opened(cursor, token);
    return { kind: 'atomic', body: parseBlock(cursor, "'atomic'"), at };
  }],
  ['ioctl', (cursor, token) => {
    const name = parseName(cursor, 'the name of the ioctl');
    const at = opened(cursor, token);
    return { kind: 'ioctl', name, body: parseBlock(cursor, `ioctl ${quote(name)}`), at };
  }],
  ['return', (cursor, token) => {
    const value = cursor.at(';') || cursor.onNewLine() || cursor.at('}') ? null : parseExpression(cursor);
    return { kind: 'return', value, at: ended(cursor, token, "'return'") };
  }],
  ['goto', (cursor, token) => ({ kind: 'goto', label: parseName(cursor, 'a label'), at: ended(cursor, token, "'goto'") })],
  ['break', (cursor, token) => ({ kind: 'break', at: ended(cursor, token, "'break'") })],
  ['continue', (cursor, token) => ({ kind: 'continue', at: ended(cursor, token, "'continue'") })],
]);

/** The origin of a statement that ends with the semicolon here. */
function ended(cursor: Cursor, first: Token, after: string): Origin {
  return cursor.origin(first, cursor.semicolon(after).line);
}

/** The origin of a compound statement: its C place stands on the line of the brace, or of the head where there is none. */
function opened(cursor: Cursor, first: Token): Origin {
  return cursor.origin(first, cursor.at('{') ? cursor.peek().line : cursor.previous().line);
}

/** One statement, or several in braces. */
function parseBody(cursor: Cursor, what: string): Statement[] {
  if (cursor.at('{')) return parseBlock(cursor, `'${what}'`);
  if (cursor.at('}') || cursor.peek().kind === 'end') cursor.fail(cursor.peek(), `${cursor.found()} as the body of '${what}'`, ['a statement', "'{'"]);
  return cursor.nested(() => {
    const into: Statement[] = [];
    parseStatement(cursor, into);
    return into;
  });
}

function parseIf(cursor: Cursor, token: Token): Statement {
  const test = parseTest(cursor, 'if');
  const at = opened(cursor, token);
  const then = parseBody(cursor, 'if');
  return { kind: 'if', test, then, else: cursor.take('else') ? parseBody(cursor, 'else') : [], at };
}

function parseFor(cursor: Cursor, token: Token): Statement {
  const remedy = "'for (i in nic) { … }' walks over a family; else write 'while (…)' or 'repeat (3)'";
  cursor.expect('(', "after 'for'");
  if (cursor.peek().kind !== 'name' || !cursor.at('in', 1)) {
    cursor.report(cursor.peek(), "there is no 'for (…; …; …)' here", [], remedy);
    for (let open = 1; open > 0 && cursor.peek().kind !== 'end' && !cursor.at('{') && !cursor.at('}'); ) {
      if (cursor.at('(')) open++;
      if (cursor.at(')')) open--;
      cursor.next();
    }
    const body = parseBody(cursor, 'for');
    return { kind: 'repeat', times: 1, body, at: cursor.origin(token) };
  }
  const variable = parseName(cursor, 'a name');
  cursor.next();
  const family = parseName(cursor, 'the name of a family');
  cursor.expect(')', "after the family of 'for'");
  const at = opened(cursor, token);
  return { kind: 'for', variable, family, body: parseBody(cursor, 'for'), at };
}

function parseRepeat(cursor: Cursor, token: Token): Statement {
  cursor.expect('(', "after 'repeat'");
  const times = cursor.peek();
  if (times.kind !== 'number') cursor.fail(times, "'repeat' takes a number", ["a number such as '2'"], "a repetition that depends on state is 'while (…)'");
  cursor.next();
  cursor.expect(')', "after the number of 'repeat'");
  const at = opened(cursor, token);
  return { kind: 'repeat', times: Number(times.text), body: parseBody(cursor, 'repeat'), at };
}

function parseChoose(cursor: Cursor, token: Token): Statement {
  const at = opened(cursor, token);
  const branches = [parseBlock(cursor, "'choose'")];
  while (cursor.at('or') && cursor.at('{', 1) && cursor.take('or')) branches.push(parseBlock(cursor, "'or'"));
  return { kind: 'choose', branches, at };
}

function prefixStep(cursor: Cursor): Statement {
  const first = cursor.next();
  const to = parseReference(cursor);
  return { kind: 'assign', to, value: changed(to, first.text === '++' ? '+' : '-', one(to.at)), at: ended(cursor, first, 'the statement') };
}

function callOrAssignment(cursor: Cursor): Statement {
  const first = cursor.peek();
  const to = parseReference(cursor);
  if (cursor.at('(') && to.path.length === 1 && to.path[0]?.index === null) {
    const { args } = parseArguments(cursor);
    return { kind: 'call', name: to.path[0].name, args, result: null, at: ended(cursor, first, 'the call') };
  }
  const mark = cursor.peek();
  if (cursor.take('++') || cursor.take('--')) {
    return { kind: 'assign', to, value: changed(to, mark.text === '++' ? '+' : '-', one(to.at)), at: ended(cursor, first, 'the statement') };
  }
  if (cursor.take('+=') || cursor.take('-=')) {
    const value = changed(to, mark.text === '+=' ? '+' : '-', parseExpression(cursor));
    return { kind: 'assign', to, value, at: ended(cursor, first, 'the assignment') };
  }
  if (!cursor.take('=')) notAStatement(cursor, first, to);
  const value = parseExpression(cursor);
  const at = ended(cursor, first, 'the assignment');
  if (value.kind === 'apply' && !Object.hasOwn(PREDICATES, value.name)) return { kind: 'call', name: value.name, args: value.args, result: to, at };
  return { kind: 'assign', to, value, at };
}

function notAStatement(cursor: Cursor, first: Token, to: Reference): never {
  const token = cursor.peek();
  if (token.text === '==' && token.kind === 'punctuation') cursor.fail(token, "'==' compares, and nothing is done with the answer", ["'='"], "assign with '='");
  if (token.kind === 'name' && to.path.length === 1 && token.line === first.line) {
    cursor.fail(first, `${quote(first.text)} starts no statement`, ['a call', 'an assignment'], 'calls are written name(arguments); declarations stand outside of statements');
  }
  return cursor.fail(cursor.onNewLine() ? lastColumn(cursor) : token, 'a name alone is no statement', ["'('", "'='"]);
}

function one(at: Origin): Expression {
  return { kind: 'number', value: 1, at };
}

function changed(to: Reference, op: '+' | '-', by: Expression): Expression {
  return { kind: 'binary', op, left: { kind: 'name', reference: to, at: to.at }, right: by, at: to.at };
}
