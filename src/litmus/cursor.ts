// The parser's place in the tokens, its reports and its way back after an error. It knows no grammar.
// Two private exceptions leave a construct (`Abandoned`) or the whole text (`Stopped`); neither gets out of `parse`.

import type { Origin } from '../model/system.ts';
import { quote, type Diagnostic } from './diagnostic.ts';
import type { Lexed, Token } from './lexer.ts';
import { STATEMENT_WORDS, TOP_WORDS } from './words.ts';

/** This construct cannot be read; the problem is reported; an outer loop goes on behind it. */
export class Abandoned extends Error {}
/** Enough was reported, or the nesting is too deep to go on. */
export class Stopped extends Error {}

export const MOST_PROBLEMS = 10;
export const DEEPEST = 200;

export class Cursor {
  readonly diagnostics: Diagnostic[] = [];
  readonly file: string;
  private readonly tokens: readonly Token[];
  private readonly provenance: ReadonlyMap<number, string>;
  private readonly end: Token;
  /** By line: the column of its first token. */
  private readonly indents = new Map<number, number>();
  private position = 0;
  private depth = 0;

  constructor(lexed: Lexed, file: string) {
    this.file = file;
    this.tokens = lexed.tokens;
    this.provenance = lexed.provenance;
    for (const { line, column } of lexed.tokens) if (!this.indents.has(line)) this.indents.set(line, column);
    this.end = lexed.tokens[lexed.tokens.length - 1] ?? { kind: 'end', text: '', line: 1, column: 1, length: 0 };
  }

  peek(ahead = 0): Token {
    return this.tokens[this.position + ahead] ?? this.end;
  }

  previous(): Token {
    return this.tokens[this.position - 1] ?? this.peek();
  }

  place(): number {
    return this.position;
  }

  next(): Token {
    const token = this.peek();
    if (token.kind !== 'end') this.position++;
    return token;
  }

  /** Is this mark or word next? A string never is. */
  at(text: string, ahead = 0): boolean {
    const token = this.peek(ahead);
    return token.text === text && (token.kind === 'punctuation' || token.kind === 'name');
  }

  take(text: string): boolean {
    if (!this.at(text)) return false;
    this.next();
    return true;
  }

  /** Does the next token stand on a later line than the one before it? */
  onNewLine(): boolean {
    return this.peek().kind === 'end' || this.position === 0 || this.peek().line > this.previous().line;
  }

  /** The mark `text`, or a report that it is missing, and the construct is abandoned. */
  expect(text: string, after: string): Token {
    if (this.at(text)) return this.next();
    return this.fail(this.peek(), `${this.found()} ${after}`, [`'${text}'`]);
  }

  /** As a message says it: "unexpected ';'", "the file ends". */
  found(): string {
    const token = this.peek();
    if (token.kind === 'end') return 'the file ends';
    return token.kind === 'string' ? `unexpected string ${quote(token.text)}` : `unexpected ${quote(token.text)}`;
  }

  report(token: Pick<Token, 'line' | 'column' | 'length'>, message: string, expected: readonly string[] = [], hint: string | null = null): void {
    const { line, column, length } = token;
    this.diagnostics.push({ file: this.file, line, column, length: Math.max(1, length), message, expected, hint });
    if (this.diagnostics.length >= MOST_PROBLEMS) throw new Stopped();
  }

  fail(token: Pick<Token, 'line' | 'column' | 'length'>, message: string, expected: readonly string[] = [], hint: string | null = null): never {
    this.report(token, message, expected, hint);
    throw new Abandoned();
  }

  /** The `;` behind a construct. A missing one is reported where it should stand, and the next line is read on. */
  semicolon(after: string): Token {
    if (this.at(';')) return this.next();
    const last = this.previous();
    const where = { line: last.line, column: last.column + last.length, length: 1 };
    if (this.onNewLine() || this.at('}')) this.report(where, `missing ';' after ${after}`);
    else this.fail(this.peek(), `${this.found()} after ${after}`, ["';'"]);
    return last;
  }

  /** Runs `parse` one level deeper; too deep a nesting ends the parse, before the stack does. */
  nested<T>(parse: () => T): T {
    if (++this.depth > DEEPEST) {
      this.report(this.peek(), `nested too deeply: more than ${DEEPEST} levels`, [], 'is a closing bracket missing far above?');
      throw new Stopped();
    }
    try {
      return parse();
    } finally {
      this.depth--;
    }
  }

  /** What `parse` reads; after an error, skips to the end of the construct and yields null. */
  recover<T>(parse: () => T): T | null {
    const start = this.position;
    const depth = this.depth;
    try {
      return parse();
    } catch (reason) {
      if (!(reason instanceof Abandoned)) throw reason;
      this.depth = depth;
      this.skip(start);
      return null;
    }
  }

  /** Behind the bracket that closes the one at `open`; stops before a brace, a semicolon or a new statement. */
  skipToClose(open: number): void {
    this.position = open + 1;
    for (let brackets = 1; ; ) {
      const token = this.peek();
      if (token.kind === 'end' || this.at('{') || this.at('}') || this.at(';') || this.startsConstruct()) return;
      this.next();
      if (token.kind === 'punctuation' && token.text === '(') brackets++;
      if (token.kind === 'punctuation' && token.text === ')' && --brackets === 0) return;
    }
  }

  /** Is the next token the head of its line, and no further in than the line of `open`? */
  outdented(open: Token): boolean {
    return this.onNewLine() && this.peek().column <= (this.indents.get(open.line) ?? 1);
  }

  skipLine(): void {
    while (!this.onNewLine()) this.next();
  }

  /** The origin of what starts at `token`; with `line`, also the C place named at the end of that line. */
  origin(token: Token, line: number | null = null): Origin {
    const provenance = line === null ? undefined : this.provenance.get(line);
    const at = { line: token.line, column: token.column };
    return provenance === undefined ? at : { ...at, provenance };
  }

  private skip(start: number): void {
    for (let braces = 0; this.peek().kind !== 'end'; ) {
      if (braces === 0 && this.at('}')) break;
      if (braces === 0 && this.position > start && this.startsConstruct()) return;
      const token = this.next();
      if (token.kind !== 'punctuation') continue;
      if (token.text === '{') braces++;
      if (token.text === '}' && --braces === 0) return;
      if (token.text === ';' && braces === 0) return;
    }
  }

  /** A keyword at the head of a line. */
  private startsConstruct(): boolean {
    const token = this.peek();
    return token.kind === 'name' && this.onNewLine() && KEYWORDS.has(token.text);
  }
}

const KEYWORDS: ReadonlySet<string> = new Set([...STATEMENT_WORDS, ...TOP_WORDS]);
