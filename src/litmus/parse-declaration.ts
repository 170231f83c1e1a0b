// Declarations: parties with their members, threads, works, fences, objects, variables.

import type { Declaration, Member, Option, VariableType } from '../model/scenario.ts';
import type { Cursor } from './cursor.ts';
import { quote } from './diagnostic.ts';
import type { Token } from './lexer.ts';
import { didYouMean } from './nearest.ts';
import { parseExpression, parseName } from './parse-expression.ts';
import { parseBlock } from './parse-statement.ts';
import { FOREIGN_WORDS, HEADER_WORDS, OBJECT_TYPES, OPTION_ARITY, PARTY_WORDS, PROPERTY_WORDS, RESERVED, STATEMENT_WORDS, THREAD_KINDS, type ObjectType } from './words.ts';

type Parse = (cursor: Cursor, keyword: Token) => Declaration;

/** How a declaration goes on behind each keyword. */
export const DECLARATIONS: ReadonlyMap<string, Parse> = new Map<string, Parse>([
  ['bool', (cursor) => variable(cursor, () => ({ of: 'bool' }))],
  ['int', (cursor) => variable(cursor, range)],
  ['unknown', parseUnknown],
  ['exporter', parseExporter],
  ['buffer', parseBuffer],
  ['importer', parseImporter],
  ['party', parseParty],
  ['thread', parseThread],
  ['work', parseWork],
  ['fence', (cursor) => withOptions(cursor, (name, options, at) => ({ kind: 'fence', name, options, at }))],
  ...OBJECT_TYPES.map((type: ObjectType): [string, Parse] => [type, (cursor) => withOptions(cursor, (name, options, at) => ({ kind: 'object', type, name, options, at }))]),
]);

function declared(cursor: Cursor): Token {
  const token = cursor.peek();
  parseName(cursor, 'a name');
  return token;
}

function variable(cursor: Cursor, type: (cursor: Cursor) => VariableType): Declaration {
  const name = declared(cursor);
  const of = type(cursor);
  const initial = cursor.take('=') ? parseExpression(cursor) : null;
  const end = cursor.semicolon('the declaration');
  return { kind: 'variable', name: name.text, type: of, initial, at: cursor.origin(name, end.line) };
}

function range(cursor: Cursor): VariableType {
  const where = cursor.peek();
  if (!cursor.take('in')) cursor.fail(where, `an 'int' needs its range; ${cursor.found()}`, ["'in 0..3'"], 'state is finite and small: say the few values that count');
  const low = bound(cursor);
  cursor.expect('..', 'in a range');
  const high = bound(cursor);
  if (low > high) cursor.report(cursor.previous(), `the range ${low}..${high} is empty`, [], 'write the smaller number first');
  return { of: 'int', low, high };
}

function bound(cursor: Cursor): number {
  const token = cursor.peek();
  if (token.kind !== 'number') cursor.fail(token, `${cursor.found()} in a range`, ["a number such as '0'"], cursor.at('-') ? 'there are no negative numbers: a bool or an errno says what went wrong' : null);
  return Number(cursor.next().text);
}

function parseUnknown(cursor: Cursor): Declaration {
  const name = declared(cursor);
  if (!cursor.take('at')) cursor.fail(cursor.peek(), `${cursor.found()} in 'unknown'`, ["'at \"drivers/foo/bar.c:120\"'"]);
  const where = cursor.peek();
  if (where.kind !== 'string') cursor.fail(where, `${cursor.found()} in 'unknown'`, ['the place in double quotes']);
  cursor.next();
  return { kind: 'unknown', name: name.text, where: where.text, at: cursor.origin(name, cursor.semicolon("'unknown'").line) };
}

function parseExporter(cursor: Cursor): Declaration {
  const name = declared(cursor);
  const driver = cursor.take(':') ? parseName(cursor, 'the name of a driver') : null;
  return withMembers(cursor, name, `exporter ${quote(name.text)}`, (members, at) => ({ kind: 'exporter', name: name.text, driver, members, at }));
}

function parseBuffer(cursor: Cursor): Declaration {
  const name = declared(cursor);
  const of = ofWhat(cursor, 'an exporter', 'buffer');
  return withMembers(cursor, name, `buffer ${quote(name.text)}`, (members, at) => ({ kind: 'buffer', name: name.text, of, members, at }), true);
}

function parseImporter(cursor: Cursor): Declaration {
  const name = declared(cursor);
  const count = family(cursor);
  const driver = cursor.take(':') ? parseName(cursor, 'the name of a driver') : null;
  const of = ofWhat(cursor, 'a buffer', 'importer');
  return withMembers(cursor, name, `importer ${quote(name.text)}`, (members, at) => ({ kind: 'importer', name: name.text, count, driver, of, members, at }));
}

function parseParty(cursor: Cursor): Declaration {
  const name = declared(cursor);
  const count = family(cursor);
  return withMembers(cursor, name, `party ${quote(name.text)}`, (members, at) => ({ kind: 'party', name: name.text, count, members, at }));
}

function ofWhat(cursor: Cursor, what: string, keyword: string): string {
  if (!cursor.take('of')) {
    cursor.fail(cursor.peek(), `${cursor.found()} in '${keyword}'`, [`'of' and the name of ${what}`], keyword === 'importer' ? "a party without a buffer is 'party NAME { … }'" : null);
  }
  return parseName(cursor, `the name of ${what}`);
}

function family(cursor: Cursor): number | null {
  if (!cursor.take('[')) return null;
  const token = cursor.peek();
  if (token.kind !== 'number' || Number(token.text) < 1) cursor.fail(token, 'a family needs the number of its instances', ["a number such as '3'"]);
  cursor.next();
  cursor.expect(']', 'after the number of instances');
  return Number(token.text);
}

function withMembers(cursor: Cursor, name: Token, what: string, build: (members: Member[], at: Declaration['at']) => Declaration, buffer = false): Declaration {
  if (!cursor.at('{')) {
    const end = cursor.semicolon(what);
    return build([], cursor.origin(name, end.line));
  }
  const open = cursor.next();
  const at = cursor.origin(name, open.line);
  return build(cursor.nested(() => parseMembers(cursor, open, what, buffer)), at);
}

function parseMembers(cursor: Cursor, open: Token, what: string, buffer: boolean): Member[] {
  const members: Member[] = [];
  while (!cursor.take('}')) {
    if (cursor.take(';')) continue;
    const token = cursor.peek();
    if (token.kind === 'end' || (token.kind === 'name' && TOP_ONLY.has(token.text) && cursor.outdented(open))) {
      const last = cursor.previous();
      cursor.report(token.kind === 'end' ? { line: last.line, column: last.column + last.length, length: 1 } : token, `missing '}': the braces of ${what} open on line ${open.line}`, ["'}'"]);
      break;
    }
    const before = cursor.place();
    const member = cursor.recover(() => parseMember(cursor, buffer));
    if (member !== null) members.push(member);
    if (cursor.place() === before && !cursor.at('}')) cursor.next();
  }
  return members;
}

const TOP_ONLY: ReadonlySet<string> = new Set([...PARTY_WORDS, ...HEADER_WORDS, ...PROPERTY_WORDS]);
const PARTIES: ReadonlySet<string> = new Set(PARTY_WORDS);

function parseMember(cursor: Cursor, buffer: boolean): Member {
  const token = cursor.peek();
  if (token.kind !== 'name') cursor.fail(token, cursor.found(), ['a declaration', 'an operation', 'an option', "'}'"]);
  if (RESERVED.has(token.text)) {
    cursor.fail(token, STATEMENT_WORDS.includes(token.text) ? `the statement ${quote(token.text)} stands outside of a body` : cursor.found(), [], 'statements stand in a thread, a work or an operation: thread main: kernel { … }');
  }
  const followed = cursor.peek(1).kind === 'name';
  if (PARTIES.has(token.text) && followed) cursor.fail(token, `${quote(token.text)} inside of braces`, [], 'exporters, buffers, importers and parties stand outside');
  const parse = DECLARATIONS.get(token.text);
  // In a buffer, `resv shared;` says whose reservation it uses.
  if (parse !== undefined && !(buffer && token.text === 'resv') && (followed || !cursor.at('{', 1))) {
    cursor.next();
    return parse(cursor, token);
  }
  const remedy = FOREIGN_WORDS.get(token.text);
  if (remedy !== undefined) cursor.fail(token, `there is no ${quote(token.text)} here`, [], remedy);
  if (cursor.at('(', 1) || cursor.at('=', 1)) {
    cursor.fail(token, `a statement outside of a body`, ['a declaration', 'an operation', 'an option'], 'statements stand in a thread, a work or an operation: thread main: kernel { … }');
  }
  cursor.next();
  if (cursor.at('{')) {
    const at = cursor.origin(token, cursor.peek().line);
    return { kind: 'operation', name: token.text, body: parseBlock(cursor, `operation ${quote(token.text)}`), at };
  }
  const values: string[] = [];
  while (!cursor.onNewLine() && isValue(cursor)) values.push(value(cursor));
  cursor.semicolon(`option ${quote(token.text)}`);
  return { kind: 'option', option: { name: token.text, values, at: cursor.origin(token) } };
}

function parseThread(cursor: Cursor): Declaration {
  const name = declared(cursor);
  cursor.expect(':', `after the name of thread ${quote(name.text)}`);
  const kind = cursor.peek();
  const by = THREAD_KINDS.find((known) => cursor.at(known));
  if (by === undefined) cursor.fail(kind, `thread ${quote(name.text)} without a kind it can have; ${cursor.found()}`, THREAD_KINDS, didYouMean(kind.text, THREAD_KINDS));
  cursor.next();
  const at = cursor.origin(name, cursor.peek().line);
  return { kind: 'thread', name: name.text, by, body: parseBlock(cursor, `thread ${quote(name.text)}`), at };
}

function parseWork(cursor: Cursor): Declaration {
  const name = declared(cursor);
  const queue = cursor.take('on') ? parseName(cursor, 'the name of a workqueue') : null;
  const at = cursor.origin(name, cursor.peek().line);
  return { kind: 'work', name: name.text, queue, body: parseBlock(cursor, `work ${quote(name.text)}`), at };
}

function withOptions(cursor: Cursor, build: (name: string, options: Option[], at: Declaration['at']) => Declaration): Declaration {
  const name = declared(cursor);
  const options: Option[] = [];
  const equals = cursor.peek();
  if (cursor.take('=')) {
    if (cursor.peek().kind !== 'number') cursor.fail(cursor.peek(), `${cursor.found()} after '='`, ["a number such as '1'"]);
    options.push({ name: 'initial', values: [cursor.next().text], at: cursor.origin(equals) });
  }
  while (!cursor.onNewLine() && cursor.peek().kind === 'name') options.push(option(cursor));
  return build(name.text, options, cursor.origin(name, cursor.semicolon('the declaration').line));
}

/** A word with the words that belong to it; numbers and strings always belong to the word before them. */
function option(cursor: Cursor): Option {
  const word = cursor.next();
  const values: string[] = [];
  for (let left = OPTION_ARITY.get(word.text) ?? 0; left > 0; left--) {
    if (cursor.onNewLine() || !isValue(cursor)) cursor.fail(cursor.peek(), `${cursor.found()} after ${quote(word.text)}`, [`the word that belongs to '${word.text}'`]);
    values.push(value(cursor));
  }
  while (!cursor.onNewLine() && isValue(cursor) && cursor.peek().kind !== 'name') values.push(value(cursor));
  return { name: word.text, values, at: cursor.origin(word) };
}

function isValue(cursor: Cursor): boolean {
  const token = cursor.peek();
  return token.kind === 'name' || token.kind === 'number' || token.kind === 'string' || (cursor.at('-') && cursor.peek(1).kind !== 'punctuation');
}

function value(cursor: Cursor): string {
  return cursor.take('-') ? `-${cursor.next().text}` : cursor.next().text;
}
