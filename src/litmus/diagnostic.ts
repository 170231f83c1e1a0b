// A problem in a scenario's text, as a value, and its printed form: place, line, caret, what was expected, remedy.
// Output is bounded: long lines are cut around the place, long words are shortened.

export interface Diagnostic {
  readonly file: string;
  /** From 1. */
  readonly line: number;
  /** From 1, in UTF-16 units; a tab counts one. */
  readonly column: number;
  /** Columns to underline, at least 1. */
  readonly length: number;
  readonly message: string;
  /** What could have stood there: "';'", "a name". Empty where that says nothing. */
  readonly expected: readonly string[];
  /** The remedy, or the nearest known name. */
  readonly hint: string | null;
}

const WIDEST = 100;
const LONGEST_WORD = 40;

/** A word as a message quotes it: shortened, without line breaks. */
export function quote(word: string): string {
  const shown = word.length > LONGEST_WORD ? `${wholeCharacters(word.slice(0, LONGEST_WORD))}…` : word;
  return `'${shown.replace(/[\u0000-\u001f\u007f]/g, ' ')}'`;
}

/** By place; of two at one place only the first reported stays. */
export function sorted(diagnostics: readonly Diagnostic[]): Diagnostic[] {
  const places = new Set<string>();
  return diagnostics
    .filter((d) => {
      const place = `${d.line}:${d.column}`;
      return !places.has(place) && places.add(place);
    })
    .sort((a, b) => a.line - b.line || a.column - b.column);
}

/** Several lines, no line break at the end. `text` is the text that was parsed. */
export function formatDiagnostic(text: string, diagnostic: Diagnostic): string {
  const { file, line, column, message, expected, hint } = diagnostic;
  const out = [`${file}:${line}:${column}: ${message}`];
  const source = lineOf(text, line);
  if (source !== null && source.trim() !== '') out.push(...picture(source, column, diagnostic.length));
  if (expected.length > 0) out.push(`  expected ${list(expected)}`);
  if (hint !== null) out.push(`  ${hint}`);
  return out.join('\n');
}

function picture(source: string, column: number, length: number): string[] {
  const index = column - 1;
  const from = source.length <= WIDEST || index < WIDEST / 2 ? 0 : Math.min(index - WIDEST / 2, source.length);
  const shown = source.slice(from, from + WIDEST);
  const before = from > 0 ? '…' : '';
  const after = from + WIDEST < source.length ? '…' : '';
  // Tabs stay tabs under the line, so that the caret stands right whatever their width.
  const pad = before.replace(/./g, ' ') + shown.slice(0, index - from).replace(/[^\t]/g, ' ');
  const under = '^' + '~'.repeat(Math.max(0, Math.min(length, from + WIDEST - index) - 1));
  return [`    ${before}${printable(shown)}${after}`, `    ${pad}${under}`];
}

function printable(text: string): string {
  return text.replace(/[\u0000-\u0008\u000b-\u001f\u007f]|[\ud800-\udfff]/gu, '\ufffd');
}

function wholeCharacters(text: string): string {
  return text.replace(/[\ud800-\udbff]$/, '');
}

function lineOf(text: string, line: number): string | null {
  let start = 0;
  for (let n = 1; n < line; n++) {
    start = text.indexOf('\n', start) + 1;
    if (start === 0) return null;
  }
  const end = text.indexOf('\n', start);
  const whole = text.slice(start, end === -1 ? undefined : end).replace(/\r$/, '');
  return line === 1 ? whole.replace(/^\ufeff/, '') : whole;
}

function list(words: readonly string[]): string {
  const all = words.slice(0, -1).join(', ');
  const last = words[words.length - 1] ?? '';
  return all === '' ? last : `${all} or ${last}`;
}
