// Two same-length copies of C text: one without comments, one also without the contents of strings, so that brackets can be counted.
// Text is one character a byte (latin1), so offsets are bytes and invalid UTF-8 cannot hurt (issue 3, bad input).

export interface Masks {
  /** Comments are blanks; newlines stay. */
  readonly code: string;
  /** As `code`, and the insides of string and character constants are blanks. */
  readonly bare: string;
}

export function masksOf(text: string): Masks {
  // A quote without its end on the same line is no string: assembler and #error lines have such.
  const parts = /\/\*[\s\S]*?(?:\*\/|$)|\/\/(?:[^\\\n]|\\[\s\S])*|"(?:[^"\\\n]|\\[\s\S])*"|'(?:[^'\\\n]|\\[\s\S])+'/g;
  const isComment = (part: string): boolean => part.startsWith('/');
  return {
    code: text.replace(parts, (part) => (isComment(part) ? blanks(part) : part)),
    bare: text.replace(parts, (part) => (isComment(part) ? blanks(part) : part[0] + blanks(part.slice(1, -1)) + part[0])),
  };
}

/** As many blanks, with the newlines kept. */
export const blanks = (text: string): string => (text.includes('\n') ? text.replace(/[^\n]/g, ' ') : ' '.repeat(text.length));

/** The index behind the bracket that closes the one at `open`, or -1. `bare` has no strings or comments. */
export function closing(bare: string, open: number): number {
  let depth = 0;
  for (let at = open; at < bare.length; at++) {
    const letter = bare.charCodeAt(at);
    if (letter === 40 || letter === 123 || letter === 91) depth++;
    else if (letter === 41 || letter === 125 || letter === 93) {
      depth--;
      if (depth === 0) return at + 1;
    }
  }
  return -1;
}

/** Ranges between the commas of `bare[start, end)`, brackets respected. */
export function commaParts(bare: string, start: number, end: number): readonly (readonly [number, number])[] {
  const parts: [number, number][] = [];
  let from = start;
  let depth = 0;
  for (let at = start; at < end; at++) {
    const letter = bare[at];
    if (letter === '(' || letter === '{' || letter === '[') depth++;
    else if (letter === ')' || letter === '}' || letter === ']') depth--;
    else if (letter === ',' && depth === 0) {
      parts.push([from, at]);
      from = at + 1;
    }
  }
  if (bare.slice(from, end).trim() !== '' || parts.length > 0) parts.push([from, end]);
  return parts;
}
