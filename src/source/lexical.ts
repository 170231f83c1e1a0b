// A quick look at C text without a parser: where functions begin, what a body calls, which tables name which functions.
// May be wrong in odd places (whoever needs certainty parses); it decides only what is worth parsing (issue 3, part 2).

export interface LexicalFunction {
  readonly name: string;
  readonly file: string;
  /** Offset of the name in the file's text. */
  readonly at: number;
}

/** Names that begin a definition or declaration in the first column, kernel style: return type and name on one line or two. */
export function definitionsIn(text: string): readonly { readonly name: string; readonly at: number }[] {
  const found: { name: string; at: number }[] = [];
  const head = /^(?=[A-Za-z_])(?:[^\n(;={}#"]*[ \t*])?(\w+)[ \t]*\(/gm;
  for (let match = head.exec(text); match !== null; match = head.exec(text)) {
    const name = match[1] ?? '';
    found.push({ name, at: match.index + match[0].lastIndexOf(name) });
  }
  return found;
}

/** The body, braces included, of the definition whose name stands at `at`; empty for a prototype. Kernel style: it ends at a brace in the first column. */
export function bodyAt(text: string, at: number): string {
  let depth = 0;
  let open = -1;
  for (let i = at; i < text.length; i++) {
    const letter = text.charCodeAt(i);
    if (letter === 40) depth++;
    else if (letter === 41) depth--;
    else if (depth === 0 && letter === 59) return '';
    else if (depth === 0 && letter === 123) {
      open = i;
      break;
    }
  }
  if (open === -1) return '';
  const end = text.indexOf('\n}', open);
  const oneLine = text.indexOf('\n', open);
  if (oneLine !== -1 && text.slice(open, oneLine).trimEnd().endsWith('}')) return text.slice(open, oneLine);
  return text.slice(open, end === -1 ? text.length : end + 2);
}

/** What stands before and behind a function's name: its return type and its parameters, as text. */
export function headAt(text: string, at: number): { readonly returns: string; readonly parameters: readonly string[] } {
  const before = text.slice(Math.max(0, at - 160), at);
  const start = Math.max(before.lastIndexOf(';'), before.lastIndexOf('}'), before.lastIndexOf('\n\n'), before.lastIndexOf('*/'), before.lastIndexOf(')\n'));
  const returns = before.slice(start + 1).replace(/^\/|^\)/, '').replace(/^\s*#.*$/gm, ' ').replace(/\b(?:static|inline|extern|noinline\w*|__\w+)\b/g, ' ').replace(/\s+/g, ' ').trim();
  const open = text.indexOf('(', at);
  const parameters: string[] = [];
  let depth = 0;
  let from = open + 1;
  for (let i = open; i < text.length; i++) {
    const letter = text.charCodeAt(i);
    if (letter === 40) depth++;
    else if ((letter === 44 && depth === 1) || (letter === 41 && --depth === 0)) {
      parameters.push(text.slice(from, i).trim());
      from = i + 1;
      if (letter === 41) break;
    }
  }
  return { returns, parameters };
}

export interface LexicalCalls {
  readonly names: readonly string[];
  /** Members that are called: "move" of `funcs->move(…)`. */
  readonly members: readonly string[];
  /** Functions handed over without a call: `kref_put(&bo->kref, bo_release)`, `INIT_WORK(&x, fn)`. Any bare argument counts. */
  readonly handed: readonly string[];
}

const KEYWORDS = new Set(['if', 'while', 'for', 'switch', 'return', 'sizeof', 'typeof', 'do', 'else', 'case', 'defined', 'likely', 'unlikely']);

export function callsInText(body: string): LexicalCalls {
  const names = new Set<string>();
  const members = new Set<string>();
  const handed = new Set<string>();
  const call = /(->|\.)?\s*\b([A-Za-z_]\w*)\s*\(/g;
  for (let match = call.exec(body); match !== null; match = call.exec(body)) {
    const name = match[2] ?? '';
    if (match[1] !== undefined) members.add(name);
    else if (!KEYWORDS.has(name)) names.add(name);
  }
  const argument = /,\s*&?([a-z_]\w*)\s*[,)]/g;
  for (let match = argument.exec(body); match !== null; match = argument.exec(body)) handed.add(match[1] ?? '');
  return { names: [...names], members: [...members], handed: [...handed] };
}

export interface MemberRow {
  /** "ttm_device_funcs" */
  readonly type: string;
  readonly member: string;
  readonly value: string;
}

/** `.member = function` of every table in the text, with the table's type. */
export function memberRowsIn(text: string): readonly MemberRow[] {
  const found: MemberRow[] = [];
  let type = '';
  const row = /^[^\n;()]*\bstruct\s+(\w+)\s+\w+[^\n;=()]*=\s*\{|^[ \t]+\.(\w+)[ \t]*=[ \t]*&?([A-Za-z_]\w*)[ \t]*[,\n}]/gm;
  for (let match = row.exec(text); match !== null; match = row.exec(text)) {
    if (match[1] !== undefined) type = match[1];
    else found.push({ type, member: match[2] ?? '', value: match[3] ?? '' });
  }
  return found;
}

/** Paths in quotes or angle brackets: `"uverbs.h"` → uverbs.h, `<linux/dma-buf.h>` → linux/dma-buf.h. */
export function includesIn(text: string): readonly { readonly path: string; readonly isLocal: boolean }[] {
  const found: { path: string; isLocal: boolean }[] = [];
  const line = /^[ \t]*#[ \t]*include[ \t]*(["<])([^">\n]+)[">]/gm;
  for (let match = line.exec(text); match !== null; match = line.exec(text)) found.push({ path: match[2] ?? '', isLocal: match[1] === '"' });
  return found;
}

/** "drivers/foo/bar.c" → drivers/foo; paths of a tree always have `/`. */
export const folderOf = (path: string): string => (path.includes('/') ? path.slice(0, path.lastIndexOf('/')) : '.');
