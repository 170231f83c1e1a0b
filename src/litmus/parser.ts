// Text to syntax tree, by recursive descent: the scenario as a whole. Never throws; problems are values, at most ten, sorted.
// Names stay text: `check` looks at them without the model, `compile` gives them meaning.

import type { Declaration, Property, Scenario } from '../model/scenario.ts';
import { Cursor, MOST_PROBLEMS, Stopped } from './cursor.ts';
import { quote, sorted, type Diagnostic } from './diagnostic.ts';
import { lex, type Lexed, type Token } from './lexer.ts';
import { didYouMean } from './nearest.ts';
import { DECLARATIONS } from './parse-declaration.ts';
import { parseExpression, parseName } from './parse-expression.ts';
import { parseHeaderLine, parseTitle, type Header } from './parse-header.ts';
import { FOREIGN_WORDS, HEADER_WORDS, PROPERTY_WORDS, RESERVED, TOP_WORDS } from './words.ts';

export type Parsed = { readonly ok: true; readonly scenario: Scenario } | { readonly ok: false; readonly diagnostics: readonly Diagnostic[] };

/** `file` is for the messages only. */
export function parse(text: string, file = 'scenario.litmus'): Parsed {
  const lexed = lex(text, file);
  if (lexed.tokens.length === 1) return { ok: false, diagnostics: lexed.diagnostics };
  const cursor = new Cursor(lexed, file);
  const scenario = parseScenario(cursor);
  const diagnostics = [...lexed.diagnostics, ...consequences(lexed, cursor.diagnostics)];
  if (scenario !== null && diagnostics.length === 0) return { ok: true, scenario };
  return { ok: false, diagnostics: sorted(diagnostics).slice(0, MOST_PROBLEMS) };
}

/** What the parser says about lines that the lexer could not read is mostly noise. */
function consequences(lexed: Lexed, parsed: readonly Diagnostic[]): Diagnostic[] {
  const unread = new Set(lexed.diagnostics.map((d) => d.line));
  const open = lexed.diagnostics.find((d) => d.message === 'unterminated comment');
  const last = lexed.diagnostics.length >= MOST_PROBLEMS ? 0 : (open?.line ?? Infinity);
  return parsed.filter((d) => !unread.has(d.line) && d.line < last);
}

function parseScenario(cursor: Cursor): Scenario | null {
  const header: Header = { sources: [], positions: [], contract: [], off: [], expectation: null };
  const declarations: Declaration[] = [];
  const properties: Property[] = [];
  try {
    const { name, description } = parseTitle(cursor);
    while (cursor.peek().kind !== 'end') {
      const before = cursor.place();
      cursor.recover(() => parseTop(cursor, header, declarations, properties));
      if (cursor.place() === before) cursor.next();
    }
    return { name, description, ...header, declarations, properties };
  } catch (reason) {
    if (reason instanceof Stopped) return null;
    throw reason;
  }
}

const HEADERS: ReadonlySet<string> = new Set(HEADER_WORDS);

function parseTop(cursor: Cursor, header: Header, declarations: Declaration[], properties: Property[]): void {
  const token = cursor.peek();
  if (cursor.take(';')) return;
  if (cursor.take('}')) return cursor.report(token, "'}' closes nothing", [], 'is there one too many above?');
  if (token.kind === 'name' && HEADERS.has(token.text)) {
    cursor.next();
    return parseHeaderLine(cursor, token, header);
  }
  const kind = PROPERTY_WORDS.find((word) => cursor.at(word));
  if (kind !== undefined) {
    cursor.next();
    return void properties.push(parseProperty(cursor, token, kind));
  }
  const declaration = token.kind === 'name' ? DECLARATIONS.get(token.text) : undefined;
  if (declaration === undefined) return refuse(cursor, token);
  cursor.next();
  declarations.push(declaration(cursor, token));
}

function parseProperty(cursor: Cursor, token: Token, kind: Property['kind']): Property {
  const name = cursor.at(':', 1) ? parseName(cursor, 'the name of the property') : null;
  if (name !== null) cursor.next();
  const test = parseExpression(cursor);
  return { kind, name, test, at: cursor.origin(token, cursor.semicolon(`'${kind}'`).line) };
}

function refuse(cursor: Cursor, token: Token): never {
  if (token.kind === 'string') cursor.fail(token, `unexpected string ${quote(token.text)}`, [], "the description stands directly below the 'litmus' line, nothing before it");
  if (token.kind !== 'name') cursor.fail(token, cursor.found(), ['a declaration', 'a property']);
  if (token.text === 'litmus') cursor.fail(token, "a second 'litmus'", [], 'one file holds one scenario');
  const foreign = FOREIGN_WORDS.get(token.text);
  if (foreign !== undefined) cursor.fail(token, `there is no ${quote(token.text)} here`, [], foreign);
  if (RESERVED.has(token.text) || cursor.at('(', 1) || cursor.at('=', 1) || cursor.at('.', 1)) {
    cursor.fail(token, 'a statement outside of a body', ['a declaration', 'a property'], 'statements stand in a thread, a work or an operation: thread main: kernel { … }');
  }
  return cursor.fail(token, `${quote(token.text)} starts no declaration`, [], didYouMean(token.text, TOP_WORDS) ?? `declarations start with ${TOP_WORDS.slice(HEADER_WORDS.length).join(', ')}`);
}
