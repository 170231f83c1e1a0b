// Text to tokens: C comments, C strings, names, numbers, punctuation. Every token stands on one line.
// Text that cannot be a scenario (too large, binary, no `litmus` at its head) is refused with one message before any work.

import { quote, type Diagnostic } from './diagnostic.ts';
import { didYouMean } from './nearest.ts';
import { LARGEST_NUMBER, PROVENANCE } from './words.ts';

export interface Token {
  readonly kind: 'name' | 'number' | 'string' | 'punctuation' | 'title' | 'end';
  /** As written; of a string its value. */
  readonly text: string;
  readonly line: number;
  readonly column: number;
  readonly length: number;
}

export interface Lexed {
  readonly tokens: readonly Token[];
  readonly diagnostics: readonly Diagnostic[];
  /** By line: the C place named in a comment at its end. */
  readonly provenance: ReadonlyMap<number, string>;
}

/** In UTF-16 units. A scenario is as small as a mail; what the audit lifts stays far below this. */
export const LARGEST_TEXT = 1 << 20;
const MOST_PROBLEMS = 10;

const SPACE = /[ \t\r\f\v]+/y;
const WORD = /[A-Za-z_][A-Za-z0-9_]*/y;
const DIGITS = /(?:0[xX][0-9A-Fa-f]+|[0-9]+)([A-Za-z0-9_]*)/y;
const TITLE_WORD = /[A-Za-z0-9_][A-Za-z0-9_.+-]*/y;
const PUNCTUATION = /\.\.|->|[=!<>+*/%&|^-]=|&&|\|\||\+\+|--|<<|>>|[{}()[\];:,.=<>+\-!&|*/%^~?]/y;
const STRAY = /[^\sA-Za-z0-9_{}()[\];:,.=<>+\-!&|*/%^~?"'#]+/y;

class Lexer {
  readonly tokens: Token[] = [];
  readonly diagnostics: Diagnostic[] = [];
  readonly provenance = new Map<number, string>();
  private readonly text: string;
  private readonly file: string;
  private offset = 0;
  private line = 1;
  private lineStart = 0;

  constructor(text: string, file: string) {
    this.text = text;
    this.file = file;
  }

  run(): void {
    if (this.text.startsWith('\ufeff')) this.lineStart = this.offset = 1;
    while (this.offset < this.text.length && this.diagnostics.length < MOST_PROBLEMS) this.one();
    this.push('end', '', 0);
  }

  private one(): void {
    const c = this.text[this.offset];
    if (c === '\n') return this.newline();
    if (this.match(SPACE) !== null) return;
    if (c === '/' && this.text[this.offset + 1] === '/') return this.lineComment();
    if (c === '/' && this.text[this.offset + 1] === '*') return this.blockComment();
    if (c === '"') return this.string();
    if (c === '#') return this.rejectLine('there is no preprocessor here', "write names and numbers out; '//' starts a comment");
    if (c === "'") return this.rejectLine('there are no character constants', 'strings stand in double quotes, values are numbers or bools');
    const word = this.peek(WORD);
    if (word !== null) return this.word(word);
    const digits = this.peek(DIGITS);
    if (digits !== null) return this.number(digits);
    const mark = this.peek(PUNCTUATION);
    if (mark !== null) return this.push('punctuation', mark, mark.length);
    const stray = this.match(STRAY) ?? this.text.slice(this.offset++, this.offset);
    this.problem(this.offset - stray.length, stray.length, `stray character${stray.length > 1 ? 's' : ''} ${quote(stray)}`, strayRemedy(stray));
  }

  private word(word: string): void {
    const first = this.tokens.length === 0;
    this.push('name', word, word.length);
    if (!first || word !== 'litmus') return;
    // The title may hold what is no name elsewhere: "revoke-deferred".
    this.match(/[ \t]+/y);
    const title = this.peek(TITLE_WORD);
    if (title !== null) this.push('title', title, title.length);
  }

  private number(digits: string): void {
    const suffix = /^(?:0[xX][0-9A-Fa-f]+|[0-9]+)/.exec(digits)?.[0] ?? digits;
    if (suffix !== digits) this.problem(this.offset, digits.length, `${quote(digits)} is neither a number nor a name`, 'a name starts with a letter; numbers have no suffix');
    else if (Number(digits) > LARGEST_NUMBER) this.problem(this.offset, digits.length, `the number ${quote(digits)} is too large`, 'state is finite and small: counters of a scenario need a few values');
    this.push('number', suffix, digits.length);
  }

  private string(): void {
    const start = this.offset;
    let end = start + 1;
    let value = '';
    for (; ; end++) {
      const c = this.text[end];
      if (c === undefined || c === '\n') {
        while (this.text[end - 1] === '\r') end--;
        this.problem(start, end - start, 'unterminated string', "close it with '\"' on the same line; write two strings for two lines");
        break;
      }
      if (c === '"') {
        end++;
        break;
      }
      if (c !== '\\') {
        value += c;
        continue;
      }
      const escape = /\\(?:x([0-9A-Fa-f]{2})|([ntr"\\]))/y;
      escape.lastIndex = end;
      const found = escape.exec(this.text);
      if (found === null) {
        this.problem(end, 2, 'unknown escape in a string', 'known are \\" \\\\ \\n \\t \\r and \\x41');
        continue;
      }
      value += found[1] === undefined ? (ESCAPES.get(found[2] ?? '') ?? '') : String.fromCharCode(Number.parseInt(found[1], 16));
      end += found[0].length - 1;
    }
    this.push('string', value, end - start);
  }

  private lineComment(): void {
    const end = this.text.indexOf('\n', this.offset);
    const stop = end === -1 ? this.text.length : end;
    // A long comment is no place in C; slicing it is all that it costs.
    const comment = this.text.slice(this.offset + 2, stop).trim();
    if (this.text[this.offset + 2] === ' ' && PROVENANCE.test(comment)) this.provenance.set(this.line, comment);
    this.offset = stop;
  }

  private blockComment(): void {
    const end = this.text.indexOf('*/', this.offset + 2);
    if (end === -1) {
      this.problem(this.offset, 2, 'unterminated comment', "close it with '*/'; comments do not nest");
      this.offset = this.text.length;
      return;
    }
    // Within the comment only: a search of the rest of the text for each comment takes its square in time.
    const comment = this.text.slice(this.offset, end);
    for (let at = comment.indexOf('\n'); at !== -1; at = comment.indexOf('\n', at + 1)) {
      this.line++;
      this.lineStart = this.offset + at + 1;
    }
    this.offset = end + 2;
  }

  private rejectLine(message: string, hint: string): void {
    const end = this.text.indexOf('\n', this.offset);
    const stop = end === -1 ? this.text.length : end;
    this.problem(this.offset, this.text.slice(this.offset, stop).trimEnd().length, message, hint);
    this.offset = stop;
  }

  private newline(): void {
    this.offset++;
    this.line++;
    this.lineStart = this.offset;
  }

  private peek(pattern: RegExp): string | null {
    pattern.lastIndex = this.offset;
    return pattern.exec(this.text)?.[0] ?? null;
  }

  private match(pattern: RegExp): string | null {
    const found = this.peek(pattern);
    if (found !== null) this.offset += found.length;
    return found;
  }

  private push(kind: Token['kind'], text: string, length: number): void {
    this.tokens.push({ kind, text, line: this.line, column: this.offset - this.lineStart + 1, length });
    this.offset += length;
  }

  private problem(offset: number, length: number, message: string, hint: string | null): void {
    this.diagnostics.push({ file: this.file, line: this.line, column: offset - this.lineStart + 1, length, message, expected: [], hint });
  }
}

const ESCAPES: ReadonlyMap<string, string> = new Map([['n', '\n'], ['t', '\t'], ['r', '\r'], ['"', '"'], ['\\', '\\']]);

function strayRemedy(stray: string): string | null {
  if (/[“”„«»]/.test(stray)) return "a mailer changed the quotes: strings stand in straight ones, '\"'";
  if (/[–—−]/.test(stray)) return "a mailer changed the minus sign: write '-'";
  if (/\u00a0/.test(stray)) return 'this is a no-break space: use a plain one';
  return null;
}

/** The reason why this text is no scenario at all, or null. */
function refusal(text: string, file: string): Diagnostic | null {
  const at = (offset: number, length: number, message: string, hint: string | null, expected: readonly string[] = []): Diagnostic => {
    const before = text.slice(0, offset);
    const lineStart = before.lastIndexOf('\n') + 1;
    const line = before.split('\n').length;
    return { file, line, column: offset - lineStart + (line === 1 && text.startsWith('\ufeff') ? 0 : 1), length, message, expected, hint };
  };
  if (text.length > LARGEST_TEXT) {
    return at(0, 1, `too large to be a scenario: ${text.length} characters, at most ${LARGEST_TEXT}`, 'a scenario is as small as a mail; is this the right file?');
  }
  const binary = /[\u0000-\u0008\u000e-\u001f\u007f]|[\ud800-\udfff]/u.exec(text);
  if (binary !== null) return at(binary.index, 1, `not a text file: character U+${codePoint(binary[0])}`, 'a scenario is plain UTF-8 text that starts with a line such as: litmus my-scenario');
  // Blank space and comments may stand before the first word.
  const head = firstWord(text);
  if (head >= text.length) return at(0, 1, text.trim() === '' ? 'the file is empty' : 'the file holds only comments', 'a scenario starts with a line such as: litmus my-scenario');
  const word = /[A-Za-z0-9_]+|[^]/uy;
  word.lastIndex = head;
  const first = word.exec(text)?.[0] ?? '';
  if (first === 'litmus' || text.startsWith('/*', head)) return null;
  const near = didYouMean(first, ['litmus']);
  return at(head, Math.min(first.length, 40), `a scenario starts with 'litmus', not with ${quote(first)}`, near ?? 'write a first line such as: litmus my-scenario');
}

/** Offset behind blank space and comments. */
function firstWord(text: string): number {
  let offset = text.startsWith('\ufeff') ? 1 : 0;
  for (;;) {
    const blank = /[ \t\r\n\f\v]*/y;
    blank.lastIndex = offset;
    offset += blank.exec(text)?.[0].length ?? 0;
    const comment = text.slice(offset, offset + 2);
    const close = comment === '//' ? '\n' : comment === '/*' ? '*/' : null;
    if (close === null) return offset;
    const end = text.indexOf(close, offset + 2);
    if (end === -1) return close === '\n' ? text.length : offset;
    offset = end + close.length;
  }
}

function codePoint(c: string): string {
  return (c.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0');
}

/** Never throws. Where `diagnostics` holds a refusal, there are no tokens but the end. */
export function lex(text: string, file: string): Lexed {
  const refused = refusal(text, file);
  if (refused !== null) return { tokens: [{ kind: 'end', text: '', line: 1, column: 1, length: 0 }], diagnostics: [refused], provenance: new Map() };
  const lexer = new Lexer(text, file);
  lexer.run();
  return lexer;
}
