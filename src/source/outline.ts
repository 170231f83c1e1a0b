// Cuts a C file into its top-level parts by counting brackets, without a parser: functions, initialised tables, macros, exported names.
// So only the functions that matter are parsed, and an error in one does not spoil the next (issue 3, part 2).

import { closing, commaParts, masksOf, type Masks } from './masks.ts';

export interface Parameter {
  /** Empty for an unnamed one. */
  readonly name: string;
  readonly type: string;
}

export interface FunctionOutline {
  readonly name: string;
  readonly isStatic: boolean;
  readonly isInline: boolean;
  readonly returns: string;
  readonly parameters: readonly Parameter[];
  readonly line: number;
  readonly endLine: number;
  /** Offsets of the body, braces included. */
  readonly body: number;
  readonly end: number;
  /** The directives it stands under, outermost first: "#ifdef CONFIG_PM", "!(#ifdef CONFIG_PM)". */
  readonly under: readonly string[];
}

export interface TableOutline {
  /** "dma_buf_ops" for `struct dma_buf_ops`, else the type's last word. */
  readonly type: string;
  readonly name: string;
  readonly isArray: boolean;
  readonly line: number;
  /** Offsets of the initialiser, braces included. */
  readonly body: number;
  readonly end: number;
  readonly under: readonly string[];
}

export interface MacroOutline {
  readonly name: string;
  /** Null for a macro without brackets. */
  readonly parameters: readonly string[] | null;
  readonly text: string;
  readonly line: number;
}

export interface Outline {
  readonly text: string;
  readonly masks: Masks;
  readonly functions: readonly FunctionOutline[];
  readonly tables: readonly TableOutline[];
  readonly macros: readonly MacroOutline[];
  /** Names in EXPORT_SYMBOL and its variants. */
  readonly exported: ReadonlySet<string>;
  /** Line numbers and reasons of what could not be cut. */
  readonly problems: readonly { readonly line: number; readonly reason: string }[];
  /** 1 for the first line. */
  readonly lineAt: (offset: number) => number;
}

/** `text` is latin1. */
export function outlineOf(text: string): Outline {
  const masks = masksOf(text);
  const { code, bare } = masks;
  const lineAt = lineTable(text);
  const functions: FunctionOutline[] = [];
  const tables: TableOutline[] = [];
  const macros: MacroOutline[] = [];
  const exported = new Set<string>();
  const problems: { line: number; reason: string }[] = [];

  const conditions: { text: string; depth: number; parens: number }[] = [];
  let depth = 0;
  let parens = 0;
  let start = 0; // of the part at hand
  let open = -1; // its first brace
  let isFunction = false;
  let under: readonly string[] = [];

  const finish = (end: number): void => {
    const head = flat(code, bare, start, open === -1 ? end : open);
    if (open === -1) {
      for (const match of head.matchAll(/\bEXPORT_SYMBOL\w*\s*\(\s*(\w+)/g)) exported.add(match[1] ?? '');
    } else if (isFunction) {
      const found = functionHead(head);
      if (found === null) problems.push({ line: lineAt(open), reason: 'a body without a function name' });
      else functions.push({ ...found, line: lineAt(nameOffset(bare, start, open, found.name)), endLine: lineAt(end - 1), body: open, end, under });
    } else {
      const table = tableHead(head);
      if (table !== null) {
        const close = closing(bare, open);
        tables.push({ ...table, line: lineAt(nameOffset(bare, start, open, table.name)), body: open, end: close === -1 ? end : close, under });
      }
    }
    start = end;
    open = -1;
    isFunction = false;
    depth = 0;
    parens = 0;
  };

  for (let at = 0; at < bare.length; at++) {
    const letter = bare.charCodeAt(at);
    if (letter === 35 && isLineStart(bare, at)) {
      const end = directiveEnd(bare, at);
      const directive = code.slice(at, end);
      const kind = /^#\s*(\w+)/.exec(directive)?.[1] ?? '';
      if (kind === 'if' || kind === 'ifdef' || kind === 'ifndef') conditions.push({ text: squeeze(directive), depth, parens });
      else if (kind === 'else' || kind === 'elif') {
        const last = conditions.at(-1);
        if (last !== undefined) {
          ({ depth, parens } = last);
          last.text = kind === 'elif' ? squeeze(directive) : `!(${last.text})`;
        }
      } else if (kind === 'endif') conditions.pop();
      else if (kind === 'define' && open === -1) {
        const macro = /^#\s*define\s+(\w+)(?:\(([^)]*)\))?([\s\S]*)$/.exec(directive);
        if (macro !== null) {
          const names = macro[2];
          macros.push({ name: macro[1] ?? '', parameters: names === undefined ? null : names.split(',').map((one) => one.trim()).filter((one) => one !== ''), text: squeeze((macro[3] ?? '').replace(/\\\n/g, ' ')), line: lineAt(at) });
        }
      }
      at = end - 1;
      continue;
    }
    if (letter === 40) parens++;
    else if (letter === 41) parens = Math.max(0, parens - 1);
    else if (letter === 123) {
      if (depth === 0 && open === -1) {
        open = at;
        under = conditions.map((one) => one.text);
        const head = flat(code, bare, start, at);
        isFunction = /\)[\s\w]*(\([^()]*\)\s*)?$/.test(head) && !hasTopLevel(head, '=') && !/^\s*(typedef\s+)?(struct|union|enum)\s+\w*\s*$/.test(head);
        parens = 0;
      }
      depth++;
    } else if (letter === 125) {
      depth--;
      const isColumnZero = at === 0 || bare.charCodeAt(at - 1) === 10;
      // In kernel style a brace in the first column ends what stands at the top.
      if (isFunction && (depth <= 0 || isColumnZero)) {
        if (depth !== 0) problems.push({ line: lineAt(at), reason: 'braces do not match' });
        finish(at + 1);
      } else if (depth < 0) depth = 0;
      else if (!isFunction && isColumnZero) depth = 0;
    } else if (letter === 59 && depth === 0 && parens === 0) finish(at + 1);
  }
  if (open !== -1) problems.push({ line: lineAt(open), reason: 'the file ends inside braces' });
  return { text, masks, functions, tables, macros, exported, problems, lineAt };
}

const ATTRIBUTE = /\b(?:__attribute__|__printf|__scanf|__acquires\w*|__releases\w*|__must_hold\w*|__cond_\w+|__nonnull|__section|__alloc_size|__realloc_size|__malloc|__aligned|__context_\w+|__no_context_analysis|__counted_by)\s*\([^()]*(?:\([^()]*\)[^()]*)*\)/g;
const SPECIFIER = /\b(?:static|inline|extern|const|__always_inline|noinline|__init|__exit|__must_check|__maybe_unused|__cold|__sched|__hot|__user|__iomem|__weak|asmlinkage|notrace|noinline_for_stack|__pure|__no_kasan_or_inline|__ref|__meminit|__cpuidle)\b/g;

/** A head is everything before the body: `static int __must_check foo(struct a *b)`. */
export function functionHead(head: string): Pick<FunctionOutline, 'name' | 'isStatic' | 'isInline' | 'returns' | 'parameters'> | null {
  const clean = head.replace(ATTRIBUTE, ' ').trimEnd();
  const groups = topLevelGroups(clean);
  const last = groups.at(-1);
  if (last === undefined) return null;
  const [open, end] = last;
  const before = /(\w+)\s*$/.exec(clean.slice(0, open));
  if (before === null) {
    // UVERBS_HANDLER(NAME)(…): a macro makes the name, and is taken for it as written.
    const made = groups.at(-2);
    const macro = made === undefined ? null : /([A-Z][A-Z0-9_]+)\s*$/.exec(clean.slice(0, made[0]));
    if (made === undefined || macro === null || clean.slice(made[1], open).trim() !== '') return null;
    return { name: `${macro[1] ?? ''}${squeeze(clean.slice(made[0], made[1]))}`, isStatic: /\bstatic\b/.test(clean), isInline: false, returns: '', parameters: commaParts(clean, open + 1, end - 1).map(([from, to]) => parameterOf(clean.slice(from, to))) };
  }
  const word = before[1] ?? '';
  const parameters = commaParts(clean, open + 1, end - 1).map(([from, to]) => parameterOf(clean.slice(from, to)));
  const isStatic = /\bstatic\b/.test(clean);
  const isInline = /\b(?:__always_)?inline\b/.test(clean);
  const first = parameters[0];
  // SYSCALL_DEFINE3(name, …) and its like: the name is the first argument.
  if (/^[A-Z][A-Z0-9_]+$/.test(word) && first !== undefined) return { name: first.name === '' ? first.type : first.name, isStatic: true, isInline: false, returns: '', parameters: parameters.slice(1) };
  const returns = squeeze((/[^);]*$/.exec(clean.slice(0, before.index))?.[0] ?? '').replace(SPECIFIER, ' '));
  return { name: word, isStatic, isInline, returns, parameters: parameters.filter((one) => one.name !== '' || (one.type !== 'void' && one.type !== '')) };
}

function parameterOf(text: string): Parameter {
  const clean = squeeze(text.replace(ATTRIBUTE, ' ').replace(/\b(?:__user|__iomem|__rcu|__maybe_unused|__always_unused)\b/g, ' '));
  const pointer = /\(\s*\*\s*(?:const\s+)?(\w+)\s*(?:\[[^\]]*\])?\s*\)\s*\(/.exec(clean);
  if (pointer !== null) return { name: pointer[1] ?? '', type: clean };
  const plain = /^(.*?[\s*])(\w+)\s*((?:\[[^\]]*\]\s*)*)$/.exec(clean);
  if (plain === null || /^(?:struct|union|enum|const|unsigned|signed)$/.test((plain[1] ?? '').trim())) return { name: '', type: clean };
  return { name: plain[2] ?? '', type: `${(plain[1] ?? '').trim()}${plain[3] ?? ''}` };
}

function tableHead(head: string): Pick<TableOutline, 'type' | 'name' | 'isArray'> | null {
  const found = /(?:\b(?:struct|union)\s+)?(\w+)\s+(?:const\s+)?(?:__\w+\s+)*(\w+)\s*((?:\[[^\]]*\]\s*)*)(?:__\w+(?:\([^)]*\))?\s*)*=\s*$/.exec(head);
  if (found === null) return null;
  return { type: found[1] ?? '', name: found[2] ?? '', isArray: (found[3] ?? '') !== '' };
}

/** Ranges of the outermost brackets. */
function topLevelGroups(text: string): readonly (readonly [number, number])[] {
  const groups: [number, number][] = [];
  for (let at = 0; at < text.length; at++) {
    if (text[at] !== '(') continue;
    const end = closing(text, at);
    if (end === -1) break;
    groups.push([at, end]);
    at = end - 1;
  }
  return groups;
}

function hasTopLevel(text: string, letter: string): boolean {
  let depth = 0;
  for (const one of text) {
    if (one === '(') depth++;
    else if (one === ')') depth--;
    else if (one === letter && depth === 0) return true;
  }
  return false;
}

/** The text without directives. */
function flat(code: string, bare: string, start: number, end: number): string {
  const text = code.slice(start, end);
  return bare.slice(start, end).includes('#') ? text.replace(/^[ \t]*#(?:[^\\\n]|\\[\s\S])*/gm, ' ') : text;
}

function nameOffset(bare: string, start: number, end: number, name: string): number {
  const word = /^\w+/.exec(name)?.[0] ?? '';
  for (let at = bare.indexOf(word, start); at !== -1 && at < end; at = bare.indexOf(word, at + 1)) {
    if (!isWordLetter(bare.charCodeAt(at - 1)) && !isWordLetter(bare.charCodeAt(at + word.length))) return at;
  }
  return end;
}

const isWordLetter = (code: number): boolean => (code >= 97 && code <= 122) || (code >= 65 && code <= 90) || (code >= 48 && code <= 57) || code === 95;

export const squeeze = (text: string): string => text.replace(/\s+/g, ' ').trim();

function isLineStart(text: string, at: number): boolean {
  for (let i = at - 1; i >= 0; i--) {
    const letter = text.charCodeAt(i);
    if (letter === 10) return true;
    if (letter !== 32 && letter !== 9) return false;
  }
  return true;
}

function directiveEnd(text: string, at: number): number {
  for (let end = text.indexOf('\n', at); ; end = text.indexOf('\n', end + 1)) {
    if (end === -1) return text.length;
    if (text[end - 1] !== '\\' && !(text[end - 1] === '\r' && text[end - 2] === '\\')) return end;
  }
}

function lineTable(text: string): (offset: number) => number {
  const starts = [0];
  for (let at = text.indexOf('\n'); at !== -1; at = text.indexOf('\n', at + 1)) starts.push(at + 1);
  return (offset) => {
    let [low, high] = [0, starts.length - 1];
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if ((starts[middle] ?? 0) <= offset) low = middle;
      else high = middle - 1;
    }
    return low + 1;
  };
}
