// Which files a series of patches can change the verdict on. Goes by names: what is defined otherwise now, who mentions it, in which folder, and which names that
// folder gives to others. Over the text; rather too many than too few, and what is left out is told (issue 4, part 4).

import { Includes } from '../source/includes.ts';
import { folderOf } from '../source/lexical.ts';
import { outlineOf, type Outline } from '../source/outline.ts';
import { scanner } from '../source/scan.ts';
import { filesForRules } from './findings.ts';

/** The tree at one end of the series. */
export interface Side {
  readonly files: readonly { readonly path: string; readonly words: readonly string[]; readonly exports: readonly string[] }[];
  readonly text: (path: string) => string | null;
}

export interface Influence {
  /** Files to judge at both ends. */
  readonly files: ReadonlySet<string>;
  /** What the series may reach and what is not looked at, and why. */
  readonly left: readonly string[];
}

/** Files of other folders than the changed ones that are looked at; all of them would be a whole audit. */
const MOST_FILES = 60;
/** Folders that are named one by one. */
const MOST_NAMED = 8;
/** Functions of a folder are followed upwards no further. */
const FARTHEST = 10;

/** The framework is what the audit knows by name; it never reads it. */
const isFramework = (path: string): boolean => /^drivers\/dma-buf\/[\w-]+\.c$/.test(path);

/** `changed`: C files whose text is another one at the ends. */
export function influenceOf(changed: readonly string[], before: Side, after: Side): Influence {
  const ruled = [...new Set([...filesForRules(before.files), ...filesForRules(after.files)])].sort();
  const byFolder = new Map<string, string[]>();
  for (const path of ruled) byFolder.set(folderOf(path), [...(byFolder.get(folderOf(path)) ?? []), path]);
  const near = new Set(changed.map(folderOf));
  const left: string[] = changed.filter(isFramework).map((path) => `${path} is the framework, which is known by name: what a change of it means for others is not judged`);
  const far = new Far(byFolder, before, after).of(changed.filter((path) => !isFramework(path)), near);
  // Those nearest in the tree first: where not all can be looked at, they are the likeliest.
  const sorted = [...far].sort((a, b) => distance(a[0], changed) - distance(b[0], changed) || (a[0] < b[0] ? -1 : 1));
  const folders = new Set(near);
  const leftOut: string[] = [];
  let room = MOST_FILES;
  for (const [folder, why] of sorted) {
    const size = byFolder.get(folder)?.length ?? 0;
    if (size > room) leftOut.push(`${folder} (${why})`);
    else {
      folders.add(folder);
      room -= size;
    }
  }
  const shown = leftOut.slice(0, MOST_NAMED);
  if (leftOut.length > 0) left.push(`not looked at: ${leftOut.length === 1 ? 'a folder that uses' : `${leftOut.length} folders that use`} what the series changes: ${shown.join(', ')}${leftOut.length > shown.length ? ', …' : ''}`);
  const files = new Set(changed);
  // A finding may stand in a file that does not use the sharing API itself.
  for (const { path } of [...before.files, ...after.files]) if (folders.has(folderOf(path))) files.add(path);
  return { files, left };
}

/** Folders between two: 0 for the same one. */
function distance(folder: string, changed: readonly string[]): number {
  const parts = folder.split('/');
  return Math.min(...changed.map((path) => {
    const other = folderOf(path).split('/');
    let same = 0;
    while (same < parts.length && parts[same] === other[same]) same++;
    return parts.length + other.length - 2 * same;
  }));
}

/** Who is reached beyond the changed folders: by what changed headers say, and by what the folders export. */
class Far {
  private readonly ruled: ReadonlyMap<string, readonly string[]>;
  private readonly sides: readonly Side[];
  private readonly includes: readonly Includes[];

  /** `ruled`: files that rules look at, by folder. */
  constructor(ruled: ReadonlyMap<string, readonly string[]>, before: Side, after: Side) {
    this.ruled = ruled;
    this.sides = [before, after];
    this.includes = this.sides.map(({ text }) => new Includes(text));
  }

  /** Folders, each with the name by which it is reached. */
  of(changed: readonly string[], near: ReadonlySet<string>): ReadonlyMap<string, string> {
    const found = new Map<string, string>();
    /** Names that others may use, and the header that they must include, or null for what is exported. */
    let open = new Map<string, string | null>();
    for (const path of changed) {
      const names = changedNames(this.sides[0]?.text(path) ?? '', this.sides[1]?.text(path) ?? '');
      if (path.endsWith('.h')) for (const name of names) open.set(name, path);
      else for (const name of this.exportedOf(folderOf(path), names)) open.set(name, null);
    }
    for (let round = 0; round < FARTHEST && open.size > 0; round++) {
      const next = new Map<string, string | null>();
      for (const [folder, names] of this.mentions(open, (folder) => near.has(folder) || found.has(folder))) {
        found.set(folder, [...names][0] ?? '');
        for (const name of this.exportedOf(folder, names)) next.set(name, null);
      }
      open = next;
    }
    return found;
  }

  /** Folders with files that rules look at, in which one of the names is used by a file that can see it. */
  private mentions(names: ReadonlyMap<string, string | null>, isKnown: (folder: string) => boolean): ReadonlyMap<string, ReadonlySet<string>> {
    const found = new Map<string, Set<string>>();
    const long = [...names.keys()].filter((name) => name.length >= 3);
    if (long.length === 0) return found;
    const scan = scanner(long);
    const wanted = new Set(long);
    for (const [at, { files, text }] of this.sides.entries()) {
      for (const { path } of files) {
        const folder = folderOf(path);
        if (!this.ruled.has(folder) || isKnown(folder)) continue;
        const body = text(path);
        if (body === null) continue;
        const bytes = Buffer.from(body, 'latin1');
        const used = scan.find(bytes, bytes.length).filter((word) => wanted.has(word));
        if (used.length === 0) continue;
        const seen = used.filter((word) => {
          const header = names.get(word);
          return header === null || header === undefined || (this.includes[at]?.of(path).includes(header) ?? true);
        });
        if (seen.length > 0) found.set(folder, new Set([...(found.get(folder) ?? []), ...seen]));
      }
    }
    return found;
  }

  /** What a folder exports that comes, through its own functions and tables, to one of the names. */
  private exportedOf(folder: string, names: ReadonlySet<string>): ReadonlySet<string> {
    const exported = new Set(this.sides.flatMap(({ files }) => files.flatMap((file) => (folderOf(file.path) === folder ? file.exports : []))));
    if (exported.size === 0) return exported;
    const parts = this.sides.flatMap(({ files, text }, at) => files.flatMap(({ path }) => {
      const body = text(path);
      // What is the same behind the series was looked at before it.
      const isNew = folderOf(path) === folder && path.endsWith('.c') && body !== null && (at === 0 || body !== this.sides[0]?.text(path));
      return isNew ? partsOf(outlineOf(body)) : [];
    }));
    const reached = new Set(names);
    for (let depth = 0, grown = true; grown && depth < FARTHEST; depth++) {
      grown = false;
      for (const { name, words } of parts) {
        if (reached.has(name) || ![...words].some((word) => reached.has(word))) continue;
        reached.add(name);
        grown = true;
      }
    }
    return new Set([...exported].filter((name) => reached.has(name)));
  }
}

/** Functions and tables, each with the words in it. */
const partsOf = ({ text, functions, tables }: Outline): readonly { readonly name: string; readonly words: ReadonlySet<string> }[] =>
  [...functions, ...tables].map(({ name, body, end }) => ({ name, words: new Set(wordsIn(text.slice(body, end))) }));

const wordsIn = (text: string): readonly string[] => text.match(/[A-Za-z_]\w*/g) ?? [];

/** Functions, tables and macros that are other ones now, and what other statements that are not the same declare. */
export function changedNames(before: string, after: string): ReadonlySet<string> {
  const [was, is] = [definitionsOf(before), definitionsOf(after)];
  const found = new Set<string>();
  for (const name of [...was.named.keys(), ...is.named.keys()]) if (was.named.get(name) !== is.named.get(name)) found.add(name);
  const counts = new Map<string, number>();
  for (const one of statementsIn(was.rest)) counts.set(one, (counts.get(one) ?? 0) + 1);
  for (const one of statementsIn(is.rest)) counts.set(one, (counts.get(one) ?? 0) - 1);
  for (const [one, count] of counts) if (count !== 0) for (const name of declaredIn(one)) found.add(name);
  return found;
}

/** Directives line by line, the rest between semicolons and braces. */
function statementsIn(lines: readonly string[]): readonly string[] {
  const directives = lines.filter((line) => line.startsWith('#'));
  return [...directives, ...lines.filter((line) => !line.startsWith('#')).join(' ').split(/[;{}]/).map((one) => one.trim()).filter((one) => one !== '')];
}

/** "int foo(struct bar *b)" → foo; "void (*move)(int)" → move; "A, B = 2" → A, B; "u32 a:1" → a; "struct foo" → foo. */
function declaredIn(statement: string): readonly string[] {
  if (statement.startsWith('#')) return wordsIn(statement.replace(/^#\s*\w+/, '').replace(/"[^"]*"|<[^>]*>/g, '')).filter((word) => word !== 'defined');
  const call = /\(\s*\*\s*(\w+)|(\w+)\s*\(/.exec(statement);
  if (call !== null) return [call[1] ?? call[2] ?? ''];
  return statement.split(',').flatMap((part) => /(\w+)(?:\s*\[[^\]]*\])*\s*(?::\s*\w+\s*)?(?:=.*)?$/.exec(part.trim())?.[1] ?? []).filter((word) => /^[A-Za-z_]/.test(word));
}

function definitionsOf(text: string): { readonly named: ReadonlyMap<string, string>; readonly rest: readonly string[] } {
  const { functions, tables, macros, masks } = outlineOf(text);
  const named = new Map<string, string>();
  const add = (name: string, says: string): void => void named.set(name, `${named.get(name) ?? ''}\n${says.replace(/\s+/g, ' ')}`);
  const lines = masks.code.split('\n');
  const isTaken = new Set<number>();
  const take = (name: string, line: number, endLine: number, under: readonly string[]): void => {
    // What stands before the name, its type, may be on the line above.
    const from = line > 1 && /^[A-Za-z_][\w\s*]*$/.test(lines[line - 2] ?? '') ? line - 1 : line;
    for (let at = from; at <= endLine; at++) isTaken.add(at);
    add(name, `${under.join(' ')} ${lines.slice(from - 1, endLine).join('\n')}`);
  };
  for (const { name, line, endLine, under } of functions) take(name, line, endLine, under);
  for (const { name, line, body, end, under } of tables) take(name, line, line + (text.slice(body, end).split('\n').length - 1), under);
  for (const { name, parameters, text: says, line } of macros) {
    for (let at = line; ; at++) {
      isTaken.add(at);
      if (!(lines[at - 1] ?? '').trimEnd().endsWith('\\')) break;
    }
    add(name, `${parameters?.join() ?? ''} ${says}`);
  }
  return { named, rest: lines.flatMap((line, at) => (isTaken.has(at + 1) || line.trim() === '' ? [] : [line.replace(/\s+/g, ' ').trim()])) };
}
