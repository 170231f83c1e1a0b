// Rewrites what the C grammar cannot read into what it can, in the same number of characters, so that every offset and line stays true.
// Names are read from the original text afterwards: a loop that became `while` is still a list_for_each_entry (issue 3, part 2).

import { blanks, closing, commaParts, type Masks } from './masks.ts';

/** Attributes that say nothing about control or data flow. Those with arguments lose them too. */
const ATTRIBUTES = new Set(
  ('__maybe_unused __always_unused __unused __user __iomem __rcu __percpu __force __kernel __private __bitwise __nocast __safe __packed __aligned __section ' +
    '__initdata __initconst __read_mostly __ro_after_init __must_check __free __cleanup __attribute__ __attribute __counted_by __counted_by_le __no_randomize_layout ' +
    '__cacheline_aligned ____cacheline_aligned __nonstring __extension__ __restrict noinline __uninitialized __guarded_by __pt_guarded_by').split(' '),
);
const KEYWORDS = new Set('if while for switch return sizeof typeof __typeof__ do else case goto break continue default offsetof alignof _Alignof __alignof__ defined asm __asm__ volatile __volatile__ const'.split(' '));
const TYPE_START = /^\s*(?:const\s+|volatile\s+)*(?:struct|union|enum|unsigned|signed|int|long|char|short|void|float|double|_Bool|bool|size_t|ssize_t|[us](?:8|16|32|64)|typeof|__typeof__|const)\b/;
const TYPE_ONLY = /^\s*\w[\w\s]*(?:\*\s*(?:const\s*)?)*(?:\[[^\]]*\]\s*)*$/;
const LOOP = /for_?each|for_every|_until_|_foreach|^retry_/i;

/** A macro in the place of a statement that guards what follows it: loop, or block that runs once or not at all. */
export const isLoopMacro = (name: string): boolean => LOOP.test(name);

/** The range [start, end) of a function's body or of an initialiser, rewritten. */
export function normalise(masks: Masks, start: number, end: number): string {
  const bare = masks.bare.slice(start, end);
  const out = masks.code.slice(start, end).split('');
  const put = (from: number, text: string): void => {
    for (let i = 0; i < text.length; i++) out[from + i] = text.charAt(i);
  };
  const blank = (from: number, to: number): void => put(from, blanks(bare.slice(from, to)));

  for (const match of bare.matchAll(/^[ \t]*#[ \t]*(?!if|el|endif)(?:[^\\\n]|\\[\s\S])*/gm)) blank(match.index, match.index + match[0].length);
  for (const match of bare.matchAll(/\bcase\b[^;:?{}]*?(\.\.\.)/g)) put(match.index + match[0].length - 3, '|| ');

  for (const match of bare.matchAll(/[A-Za-z_]\w*/g)) {
    const name = match[0];
    const from = match.index;
    const after = from + name.length;
    if (out[from] !== bare[from]) continue;
    const open = skipSpace(bare, after);
    const hasArguments = bare[open] === '(';
    if (ATTRIBUTES.has(name)) {
      const close = hasArguments ? closing(bare, open) : after;
      blank(from, close === -1 ? after : close);
      continue;
    }
    if (!hasArguments) {
      if (name === '__auto_type') put(from, 'int        ');
      continue;
    }
    const close = closing(bare, open);
    if (close === -1) continue;
    if (name === 'typeof' || name === '__typeof__' || name === 'typeof_member' || name === '__typeof') {
      put(from, joined(bare.slice(from, close)));
      continue;
    }
    if (KEYWORDS.has(name)) continue;
    for (const [left, right] of commaParts(bare, open + 1, close - 1)) {
      const part = bare.slice(left, right);
      if (TYPE_START.test(part) && (TYPE_ONLY.test(part) || /^\s*typeof/.test(part))) {
        const first = left + (part.length - part.trimStart().length);
        put(first, joined(bare.slice(first, left + part.trimEnd().length)));
      } else if (/^\s*(?:[-+*/%&|^<>=]=?|&&|\|\||[<>=!]=)\s*$/.test(part)) put(left, part.replace(/\S/g, '0'));
    }
    const before = previous(bare, from);
    const storage = /^[A-Z]/.test(name) ? /\bstatic\s*$/.exec(bare.slice(Math.max(0, from - 12), from)) : null;
    if (storage !== null) put(from - storage[0].length, '      ');
    const next = bare[skipSpace(bare, close)] ?? '';
    const isStatement = before === '' || ';{})'.includes(before) || before === ':' || /\b(?:else|do)\s*$/.test(bare.slice(Math.max(0, from - 12), from));
    if (!isStatement) continue;
    const isLoop = isLoopMacro(name) && next !== '' && !';,)=.|&?:<>['.includes(next) && !bare.startsWith('->', skipSpace(bare, close));
    const isBlock = !isLoop && (next === '{' || (/^scoped_/.test(name) && next !== ';'));
    if (!isLoop && !isBlock) continue;
    const word = isLoop ? 'while' : 'if';
    const isEmpty = bare.slice(open + 1, close - 1).trim() === '';
    if (name.length < word.length) continue;
    put(from, word.padEnd(name.length));
    if (isEmpty && open === after && name.length > word.length) put(after - 1, '(0)');
  }
  return out.join('');
}

/** The same text as a single identifier: `struct a *` becomes `struct_a__`. */
function joined(text: string): string {
  const word = text.replace(/[^\w\n]/g, '_');
  // One keyword alone is still a keyword.
  return /_/.test(word.slice(0, -1)) && !/^(?:unsigned|signed|struct)$/.test(word) ? word.replace(/\n/g, '_') : word.length < 2 ? word : `${word.charAt(0).toUpperCase()}${word.slice(1)}`;
}

function skipSpace(text: string, at: number): number {
  while (at < text.length && text.charCodeAt(at) <= 32) at++;
  return at;
}

/** The last letter before `at` that is no blank. */
function previous(text: string, at: number): string {
  let i = at - 1;
  while (i >= 0 && text.charCodeAt(i) <= 32) i--;
  return text[i] ?? '';
}
