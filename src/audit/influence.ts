// Which functions, and which files, a series of patches can change the verdict on. Goes by names: what is defined otherwise now, who uses it, what it uses itself, and
// which names a folder gives to others. Over the text; rather too many than too few, and what is left out is told (issue 4, part 4).

import { Includes } from '../source/includes.ts';
import { folderOf } from '../source/lexical.ts';
import { outlineOf } from '../source/outline.ts';
import { scanner } from '../source/scan.ts';
import { VOCABULARY } from '../source/identifier-index.ts';
import { changedLines, changedNames, wordsIn } from './changed-names.ts';
import { filesForRules } from './findings.ts';
import { CALLS } from './typestate/calls.ts';

/** The tree at one end of the series. */
export interface Side {
  readonly files: readonly { readonly path: string; readonly words: readonly string[]; readonly exports: readonly string[] }[];
  readonly text: (path: string) => string | null;
}

export interface Influence {
  /** Files in which a finding counts: all C of the folders that are reached. */
  readonly files: ReadonlySet<string>;
  /** Names of functions and tables that come to what is changed. */
  readonly reached: ReadonlySet<string>;
  /** These, and others that may be judged otherwise now: by who calls them, or by who gives back what they take. */
  readonly functions: ReadonlySet<string>;
  /** Names of all functions in changed files. */
  readonly own: ReadonlySet<string>;
  /** Folders in which importers and exporters come or go, or in which members are stored to otherwise: who reads them cannot be told by names. */
  readonly unsure: ReadonlySet<string>;
  /** What the series may reach and what is not looked at, and why. */
  readonly left: readonly string[];
  /** How it was looked for. */
  readonly notes: readonly string[];
}

/** Functions of other folders than the changed ones that are looked at; all of them would be a whole audit. */
const MOST_FUNCTIONS = 300;
/** Folders that are named one by one. */
const MOST_NAMED = 8;
/** Functions are followed upwards no further. */
const FARTHEST = 10;

/** The framework is what the audit knows by name; it never reads it. */
const isFramework = (path: string): boolean => /^drivers\/dma-buf\/[\w-]+\.c$/.test(path);
/** Headers for all. */
const isCommon = (path: string): boolean => path.startsWith('include/');
/** Changes of this kind reach readers that have no name in them. */
const UNSURE = /(?:->|\.)\w+(?:\[[^\]]*\])?\s*=(?!=)|\bdma_buf_(?:dynamic_)?attach\b|\b(?:dma_buf|dma_buf_attach|virtio_dma_buf)_ops\b/;

/** `changed`: C files whose text is another one at the ends. */
export function influenceOf(changed: readonly string[], before: Side, after: Side): Influence {
  const reach = new Reached(before, after);
  const reached = new Set<string>();
  const functions = new Set<string>();
  const own = new Set<string>();
  const left = changed.filter(isFramework).map((path) => `${path} is the framework, known by name: what a change of it means for others is not judged`);
  const unsure = new Set<string>();
  const near = new Set(changed.filter((path) => !isCommon(path)).map(folderOf));
  /** Names that others may use, with the header that they must include, or null for what is exported. */
  const open = new Map<string, string | null>();
  const kinds = new Set<string>();
  for (const path of changed) {
    const [was, is] = [before.text(path) ?? '', after.text(path) ?? ''];
    if (path.endsWith('.c')) for (const text of [was, is]) for (const { name } of outlineOf(text).functions) own.add(name);
    if (isFramework(path)) {
      for (const name of askedOtherwise(was, is)) open.set(name, null);
      continue;
    }
    const names = changedNames(was, is);
    if (changedLines(was, is).some((line) => UNSURE.test(line))) unsure.add(folderOf(path));
    const folder = reach.folder(path.endsWith('.h') && isCommon(path) ? path : folderOf(path));
    const used = folder.up(names);
    for (const name of used) reached.add(name);
    const inner = folder.partsNamed(names);
    // Whom it calls is judged by its callers, too.
    for (const { words } of inner) for (const word of words) functions.add(word);
    for (const kind of releasedBy(folder, inner)) kinds.add(kind);
    if (path.endsWith('.h')) for (const name of used) open.set(name, path);
    for (const name of folder.exported()) if (used.has(name)) open.set(name, null);
  }
  // Who takes something is judged by who gives such things back.
  const takers = new Set([...Object.entries(CALLS_BY_NAME)].flatMap(([name, kind]) => (kinds.has(kind) ? [name] : [])));
  for (const one of near) for (const { name } of reach.folder(one).users(takers, new Set())) functions.add(name);
  const far = reach.far(open, near);
  const folders = new Set(near);
  const leftOut: string[] = [];
  let room = MOST_FUNCTIONS;
  // Those nearest in the tree first: where not all can be looked at, they are the likeliest.
  for (const [one, { why, names, size }] of [...far].sort((a, b) => distance(a[0], changed) - distance(b[0], changed) || (a[0] < b[0] ? -1 : 1))) {
    if (size > room) {
      leftOut.push(`${one} (${why})`);
      continue;
    }
    room -= size;
    folders.add(one);
    for (const name of names) reached.add(name);
    for (const { name } of reach.folder(one).users(takers, new Set())) functions.add(name);
  }
  const shown = leftOut.slice(0, MOST_NAMED);
  if (leftOut.length > 0) left.push(`not looked at: ${leftOut.length === 1 ? 'a folder that uses' : `${leftOut.length} folders that use`} what the series changes: ${shown.join(', ')}${leftOut.length > shown.length ? ', …' : ''}`);
  const files = new Set(changed);
  // A finding may stand in a file that does not use the sharing API itself.
  for (const { path } of [...before.files, ...after.files]) if (folders.has(folderOf(path))) files.add(path);
  for (const name of reached) functions.add(name);
  return { files, reached, functions, own, unsure, left, notes: open.size === 0 ? [] : ['users of what the series changes were looked for, in other folders, among files that use the sharing API themselves'] };
}

/** Callbacks that the framework's question for those who can be revoked names now and did not before, or the other way round. */
function askedOtherwise(was: string, is: string): readonly string[] {
  const wordsOf = (text: string): ReadonlySet<string> => {
    const outline = outlineOf(text);
    return new Set(outline.functions.filter(({ name }) => name === 'dma_buf_attach_revocable').flatMap(({ body, end }) => wordsIn(outline.masks.code.slice(body, end))));
  };
  const [before, after] = [wordsOf(was), wordsOf(is)];
  return [...new Set([...before, ...after])].filter((word) => before.has(word) !== after.has(word));
}

/** What calls take, by their name. */
const CALLS_BY_NAME: Readonly<Record<string, string>> = Object.fromEntries([...CALLS].flatMap(([name, { acquires }]) => (acquires === undefined ? [] : [[name, acquires.kind]])));

/** What kinds of things some functions give back, by themselves or by those they call. */
function releasedBy(folder: Folder, parts: readonly Part[]): ReadonlySet<string> {
  const kinds = new Set<string>();
  let level = parts;
  for (let depth = 0; depth < 3 && level.length > 0; depth++) {
    const words = new Set(level.flatMap((one) => [...one.handed]));
    for (const word of words) {
      const kind = CALLS.get(word)?.releases?.kind;
      if (kind !== undefined) kinds.add(kind);
    }
    level = folder.partsNamed(words).filter((one) => !level.includes(one));
  }
  return kinds;
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

/** A function or a table. */
interface Part {
  readonly name: string;
  readonly words: ReadonlySet<string>;
  /** What it calls, or hands on: names before a bracket, a comma or a closing bracket. */
  readonly handed: ReadonlySet<string>;
  /** Members that it calls: "move" of `funcs->move(…)`. */
  readonly calls: ReadonlySet<string>;
  /** Of a table: which member holds which name. */
  readonly rows: readonly (readonly [member: string, value: string])[];
}

/** One text of a file: of the first end, or of the last where that is another one. */
interface Text {
  readonly path: string;
  readonly text: string;
  readonly bytes: Uint8Array;
}

/** The C of one folder, at both ends, by names. */
class Folder {
  private readonly texts: readonly Text[];
  private readonly exports: ReadonlySet<string>;
  private readonly known = new Map<Text, readonly Part[]>();

  constructor(texts: readonly Text[], exports: ReadonlySet<string>) {
    this.texts = texts;
    this.exports = exports;
  }

  exported(): ReadonlySet<string> {
    return this.exports;
  }

  /** Names of functions and tables that come to one of these, themselves included. */
  up(names: ReadonlySet<string>): ReadonlySet<string> {
    const reached = new Set(names);
    const members = new Set<string>();
    let [open, called]: [ReadonlySet<string>, ReadonlySet<string>] = [names, members];
    for (let depth = 0; depth < FARTHEST && open.size + called.size > 0; depth++) {
      const [next, nextCalled] = [new Set<string>(), new Set<string>()];
      for (const { name, rows } of this.users(open, called)) {
        for (const [member, value] of rows) {
          if (!open.has(value) || members.has(member)) continue;
          members.add(member);
          nextCalled.add(member);
        }
        if (reached.has(name)) continue;
        reached.add(name);
        next.add(name);
      }
      [open, called] = [next, nextCalled];
    }
    return reached;
  }

  /** Parts that use one of the names, or call one of the members. */
  users(names: ReadonlySet<string>, members: ReadonlySet<string>): readonly Part[] {
    return this.textsWith([...names, ...members]).flatMap((one) => this.parts(one)).filter(({ words, calls }) => meets(words, names) || meets(calls, members));
  }

  partsNamed(names: ReadonlySet<string>): readonly Part[] {
    if (names.size === 0) return [];
    const begins = new RegExp(`^[A-Za-z_][^\\n;]*\\b(?:${[...names].join('|')})\\b[^\\n;]*[({=]|^(?:${[...names].join('|')})\\(`, 'm');
    return this.textsWith([...names]).filter(({ text }) => begins.test(text)).flatMap((one) => this.parts(one)).filter(({ name }) => names.has(name));
  }

  private textsWith(names: readonly string[]): readonly Text[] {
    if (names.length === 0) return [];
    const wanted = new Set(names);
    const [long, short] = [names.filter((name) => name.length >= 3), names.filter((name) => name.length < 3)];
    const { find } = scanner(long.length === 0 ? ['\u0000\u0000\u0000'] : [...new Set(long)]);
    return this.texts.filter(({ text, bytes }) => find(bytes, bytes.length).some((word) => wanted.has(word)) || short.some((name) => text.includes(name)));
  }

  private parts(one: Text): readonly Part[] {
    const known = this.known.get(one);
    if (known !== undefined) return known;
    const { functions, tables, masks } = outlineOf(one.text);
    const made = [...functions, ...tables].map(({ name, body, end }): Part => {
      const code = masks.code.slice(body, end);
      return { name, words: new Set(wordsIn(code)), handed: new Set([...code.matchAll(/\b([A-Za-z_]\w*)\s*[(,)]/g)].map((match) => match[1] ?? '')), calls: new Set([...code.matchAll(/(?:->|\.)\s*(\w+)\s*\(/g)].map((match) => match[1] ?? '')), rows: [...code.matchAll(/\.(\w+)\s*=\s*&?(\w+)/g)].map((match) => [match[1] ?? '', match[2] ?? ''] as const) };
    });
    this.known.set(one, made);
    return made;
  }
}

function meets(all: ReadonlySet<string>, wanted: ReadonlySet<string>): boolean {
  const [few, many] = all.size < wanted.size ? [all, wanted] : [wanted, all];
  for (const one of few) if (many.has(one)) return true;
  return false;
}

interface FarFolder {
  /** The name by which it is reached. */
  readonly why: string;
  readonly names: ReadonlySet<string>;
  /** Functions and tables among them. */
  readonly size: number;
}

/** Folders of a tree at both ends, and who of them uses what others give. */
class Reached {
  private readonly before: Side;
  private readonly after: Side;
  private readonly ruled: ReadonlySet<string>;
  private readonly folders = new Map<string, Folder>();

  constructor(before: Side, after: Side) {
    this.before = before;
    this.after = after;
    this.ruled = new Set([...filesForRules(before.files), ...filesForRules(after.files)].map(folderOf));
  }

  /** A folder of the tree, or one file as if it stood alone. */
  folder(path: string): Folder {
    const known = this.folders.get(path);
    if (known !== undefined) return known;
    const texts: Text[] = [];
    const exports = new Set<string>();
    const isOwn = (file: string): boolean => file === path || folderOf(file) === path;
    for (const side of [this.before, this.after]) {
      for (const file of side.files) {
        if (!isOwn(file.path)) continue;
        for (const name of file.exports) exports.add(name);
        const text = side.text(file.path);
        if (text === null || (side === this.after && text === this.before.text(file.path))) continue;
        texts.push({ path: file.path, text, bytes: Buffer.from(text, 'latin1') });
      }
    }
    const made = new Folder(texts, exports);
    this.folders.set(path, made);
    return made;
  }

  /** Folders beyond the changed ones, round by round: who uses a name may give another one. */
  far(open: ReadonlyMap<string, string | null>, near: ReadonlySet<string>): ReadonlyMap<string, FarFolder> {
    const found = new Map<string, FarFolder>();
    let names = open;
    for (let round = 0; round < FARTHEST && names.size > 0; round++) {
      const next = new Map<string, string | null>();
      for (const [one, used] of this.mentions(names, (folder) => near.has(folder) || found.has(folder))) {
        const folder = this.folder(one);
        const reached = folder.up(used);
        found.set(one, { why: [...used][0] ?? '', names: reached, size: reached.size - used.size });
        for (const name of folder.exported()) if (reached.has(name) && !open.has(name)) next.set(name, null);
      }
      names = next;
    }
    return found;
  }

  /** Folders with files that rules look at, in which one of the names is used by a file that can see it and uses the sharing API. */
  private mentions(names: ReadonlyMap<string, string | null>, isKnown: (folder: string) => boolean): ReadonlyMap<string, ReadonlySet<string>> {
    const found = new Map<string, Set<string>>();
    // Words of the sharing API are in the index; others are looked for.
    const indexed = (name: string): boolean => VOCABULARY.some((prefix) => name.startsWith(prefix));
    const others = [...names.keys()].filter((name) => name.length >= 3 && !indexed(name));
    const find = others.length === 0 ? null : scanner(others).find;
    for (const side of [this.before, this.after]) {
      const includes = new Includes(side.text);
      const isSeen = (path: string, word: string): boolean => {
        const header = names.get(word);
        return header === null || (header !== undefined && includes.of(path).includes(header));
      };
      for (const { path, words } of side.files) {
        const folder = folderOf(path);
        if (words.length === 0 || !this.ruled.has(folder) || isKnown(folder)) continue;
        const text = find === null ? null : side.text(path);
        if (side === this.after && text !== null && text === this.before.text(path)) continue;
        const bytes = text === null ? null : Buffer.from(text, 'latin1');
        const used = [...words, ...(find === null || bytes === null ? [] : find(bytes, bytes.length))].filter((word) => names.has(word) && isSeen(path, word));
        if (used.length > 0) found.set(folder, new Set([...(found.get(folder) ?? []), ...used]));
      }
    }
    return found;
  }
}
