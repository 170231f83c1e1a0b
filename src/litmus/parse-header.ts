// The header lines of a scenario: litmus, description, source, position, expect, contract, off.
// Each ends with its line; a semicolon behind it is allowed.

import { CONTRACT_KEYS, isContractKey } from '../model/contract.ts';
import type { Expectation, Named, Position, Scenario } from '../model/scenario.ts';
import type { Cursor } from './cursor.ts';
import { quote } from './diagnostic.ts';
import type { Token } from './lexer.ts';
import { didYouMean } from './nearest.ts';
import { BROKEN_CODES, CLAIMS, REFUSED_AT, VERDICTS } from './words.ts';

export interface Header {
  readonly sources: string[];
  readonly positions: Position[];
  readonly contract: Scenario['contract'][number][];
  readonly off: Named[];
  expectation: Expectation | null;
}

/** `litmus NAME` and the strings below it. */
export function parseTitle(cursor: Cursor): { name: string; description: string[] } {
  cursor.next();
  const title = cursor.peek();
  let name = '';
  if (title.kind === 'title') name = cursor.next().text;
  else cursor.report(cursor.onNewLine() ? cursor.previous() : title, "'litmus' without a name", ['a name such as revoke-deferred']);
  lineEnds(cursor, "'litmus'");
  const description: string[] = [];
  while (cursor.peek().kind === 'string') description.push(cursor.next().text);
  cursor.take(';');
  return { name, description };
}

/** One header line; the cursor stands behind its first word. */
export function parseHeaderLine(cursor: Cursor, word: Token, header: Header): void {
  const read: (() => void) | undefined = {
    source: () => list(cursor, () => header.sources.push(text(cursor, 'the source'))),
    position: () => header.positions.push(position(cursor, word)),
    contract: () => list(cursor, () => header.contract.push(setting(cursor))),
    off: () => list(cursor, () => header.off.push(named(cursor))),
    expect: () => {
      if (header.expectation !== null) cursor.report(word, "a second 'expect'", [], 'a scenario has one expected verdict');
      header.expectation = expectation(cursor, word);
    },
  }[word.text];
  read?.();
  lineEnds(cursor, `'${word.text}'`);
}

function lineEnds(cursor: Cursor, what: string): void {
  if (cursor.take(';') || cursor.onNewLine()) return;
  cursor.report(cursor.peek(), `${cursor.found()} behind ${what}`, ['the end of the line']);
  cursor.skipLine();
}

function list(cursor: Cursor, one: () => void): void {
  do one();
  while (cursor.take(','));
}

/** The next token, if it is on this line and of one of the kinds; else a report. */
function word(cursor: Cursor, what: string, ...kinds: Token['kind'][]): Token {
  if (!cursor.onNewLine() && kinds.includes(cursor.peek().kind)) return cursor.next();
  return missing(cursor, what);
}

function missing(cursor: Cursor, what: string): never {
  const last = cursor.previous();
  if (!cursor.onNewLine()) cursor.fail(cursor.peek(), cursor.found(), [what]);
  return cursor.fail({ ...last, column: last.column + last.length, length: 1 }, 'the line ends too early', [what]);
}

function text(cursor: Cursor, what: string): string {
  return word(cursor, `${what} in double quotes`, 'string').text;
}

function named(cursor: Cursor): Named {
  const token = word(cursor, 'the id of an obligation, such as P3', 'name');
  return { name: token.text, at: cursor.origin(token) };
}

function setting(cursor: Cursor): Scenario['contract'][number] {
  const key = word(cursor, 'a contract key such as STOP', 'name');
  if (!cursor.at('=')) missing(cursor, `'=' and the value of ${key.text}`);
  cursor.next();
  const value = word(cursor, `the value of ${key.text}`, 'name', 'number');
  if (!isContractKey(key.text)) {
    const keys = Object.keys(CONTRACT_KEYS);
    cursor.report(key, `there is no contract key ${quote(key.text)}`, [], didYouMean(key.text, keys) ?? `keys are ${keys.join(', ')}`);
  } else {
    const values: readonly string[] = CONTRACT_KEYS[key.text];
    if (!values.includes(value.text)) cursor.report(value, `${key.text} has no value ${quote(value.text)}`, values, didYouMean(value.text, values));
  }
  return { key: key.text, value: value.text, at: cursor.origin(key) };
}

function position(cursor: Cursor, first: Token): Position {
  const { key, value } = setting(cursor);
  if (!cursor.take('by')) missing(cursor, "'by' and a name in double quotes");
  const by = text(cursor, 'a name');
  if (!cursor.take('claims')) missing(cursor, "'claims' and a verdict");
  const claims = oneOf(cursor, 'verdict', CLAIMS);
  return { key, value, by, claims, at: cursor.origin(first) };
}

function oneOf(cursor: Cursor, what: string, words: readonly string[]): string {
  const token = word(cursor, `a ${what}: ${words.join(', ')}`, 'name');
  if (!words.includes(token.text)) cursor.report(token, `there is no ${what} ${quote(token.text)}`, words.length > 8 ? [] : words, didYouMean(token.text, words));
  return token.text;
}

function expectation(cursor: Cursor, first: Token): Expectation {
  const at = cursor.origin(first);
  const verdict = oneOf(cursor, 'verdict', VERDICTS);
  if (verdict === 'holds' || verdict === 'vacuous' || verdict === 'undecided') return { verdict, at };
  if (verdict === 'refused') return refused(cursor, at);
  let code: string | null = verdict === 'deadlock' || verdict === 'hang' ? verdict : null;
  if (code === null && !cursor.onNewLine() && cursor.peek().kind === 'name' && !cursor.at('by')) code = oneOf(cursor, 'kind of broken', BROKEN_CODES);
  const party = !cursor.onNewLine() && cursor.take('by') ? partyName(cursor) : null;
  return { verdict: 'broken', code, party, at };
}

function refused(cursor: Cursor, at: Expectation['at']): Expectation {
  const party = partyName(cursor);
  const where = oneOf(cursor, 'place of a refusal', REFUSED_AT);
  if (!cursor.take('-')) missing(cursor, "an errno such as '-EOPNOTSUPP'");
  const errno = word(cursor, "an errno such as '-EOPNOTSUPP'", 'name').text;
  return { verdict: 'refused', party, where, errno, at };
}

/** `gpu`, `gpu[1]`, `"gpu"` */
function partyName(cursor: Cursor): string {
  const token = word(cursor, 'the name of a party', 'name', 'string');
  if (token.kind === 'string' || !cursor.take('[')) return token.text;
  const index = word(cursor, 'the number of the instance', 'number').text;
  cursor.expect(']', 'after the index');
  return `${token.text}[${index}]`;
}
