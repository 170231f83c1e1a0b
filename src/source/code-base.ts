// One tree's C, opened a file and a function at a time, only when asked for. Finds what a name means where it is used:
// in the file, in what it includes, in its folder, or exported from elsewhere. Knows no rule (issue 3, part 2).

import { readFileSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { Expression } from './c-tree.ts';
import { controlFlow, type Flow } from './control-flow.ts';
import type { Grammar } from './grammar.ts';
import { LARGEST } from './index-task.ts';
import { Includes } from './includes.ts';
import { bodyAt, callsInText, definitionsIn, folderOf, headAt, memberRowsIn, type LexicalCalls, type LexicalFunction, type MemberRow } from './lexical.ts';
import { closing } from './masks.ts';
import type { MacroOutline } from './outline.ts';
import { openFile, type CFile, type CFunction, type CTable } from './syntax.ts';

export interface CodeBaseInput {
  readonly root: string;
  readonly grammar: Grammar;
  /** Exported function or variable → the files that export it. */
  readonly exports: ReadonlyMap<string, readonly string[]>;
  /** Files are read from here; null where one cannot be read. Default: the disk. */
  readonly read?: (path: string) => string | null;
  /** Stands in front of all that is read: the text of a file that is changed or new, null for one that is deleted. */
  readonly overlay?: ReadonlyMap<string, string | null>;
}

/** `.member = value` of all tables of a folder. */
interface FolderRows {
  readonly byMember: ReadonlyMap<string, readonly MemberRow[]>;
  readonly byValue: ReadonlyMap<string, readonly MemberRow[]>;
}

export class CodeBase {
  private readonly input: CodeBaseInput;
  private readonly texts = new Map<string, string | null>();
  private readonly files = new Map<string, CFile | null>();
  private readonly functions = new Map<string, CFunction | null>();
  private readonly flows = new Map<CFunction, Flow>();
  private readonly found = new Map<string, LexicalFunction | null>();
  private readonly lexical = new Map<string, ReadonlyMap<string, number>>();
  private readonly included = new Includes((file) => this.text(file));
  private readonly folders = new Map<string, readonly string[]>();
  private readonly members = new Map<string, FolderRows>();
  private readonly calls = new Map<string, LexicalCalls>();
  private readonly heads = new Map<string, ReturnType<typeof headAt>>();
  private readonly macrosFound = new Map<string, { readonly macro: MacroOutline; readonly file: string } | null>();
  private readonly macrosOf = new Map<string, ReadonlyMap<string, MacroOutline>>();
  private readonly tables = new Map<string, CTable | null>();
  private readonly tablesOf = new Map<string, ReadonlySet<string>>();
  private readonly tablesIn = new Map<string, ReadonlyMap<string, string>>();
  private readonly bools = new Map<string, boolean>();
  private readonly folderIndexes = new Map<string, ReadonlyMap<string, LexicalFunction>>();
  private readonly constants = new Map<string, number | null>();
  private readonly structs = new Map<string, string | null>();
  /** Every function that was parsed. */
  readonly parsed: CFunction[] = [];

  constructor(input: CodeBaseInput) {
    this.input = input;
  }

  /** latin1, so that an offset is a byte; null where it cannot be read. */
  text(file: string): string | null {
    const known = this.texts.get(file);
    if (known !== undefined) return known;
    let text: string | null = null;
    try {
      const changed = this.input.overlay?.get(file);
      text = changed !== undefined ? changed : this.input.read === undefined ? plainFile(join(this.input.root, file)) : this.input.read(file);
    } catch {
      // An include that is not there is normal: it was searched for.
    }
    this.texts.set(file, text);
    return text;
  }

  file(path: string): CFile | null {
    const known = this.files.get(path);
    if (known !== undefined) return known;
    const text = this.text(path);
    const file = text === null ? null : openFile(path, text, this.input.grammar);
    this.files.set(path, file);
    return file;
  }

  /** The function with a body that `name` means in `from`. */
  functionNamed(name: string, from: string): CFunction | null {
    const place = this.locate(name, from);
    return place === null ? null : this.functionIn(place.file, name);
  }

  functionIn(file: string, name: string): CFunction | null {
    const key = `${file} ${name}`;
    const known = this.functions.get(key);
    if (known !== undefined) return known;
    const opened = this.file(file);
    // Several bodies under #if: the last one that is not empty is the real one, the others are stubs.
    const outlines = opened?.outline.functions.filter((one) => one.name === name) ?? [];
    const longest = outlines.reduce<(typeof outlines)[number] | null>((best, one) => (best === null || one.end - one.body > best.end - best.body ? one : best), null);
    const made = opened === null || longest === null ? null : opened.function(longest);
    this.functions.set(key, made);
    if (made !== null) this.parsed.push(made);
    return made;
  }

  /** The function that a line of a file is in. */
  functionAt(file: string, line: number): CFunction | null {
    const outline = this.file(file)?.outline.functions.find((one) => one.line <= line && line <= one.endLine);
    return outline === undefined ? null : this.functionIn(file, outline.name);
  }

  flow(one: CFunction): Flow {
    const known = this.flows.get(one);
    if (known !== undefined) return known;
    const flow = controlFlow(one);
    this.flows.set(one, flow);
    return flow;
  }

  /** Where the body of `name` stands, as seen from a file: itself, its includes, its folder, an export. */
  locate(name: string, from: string): LexicalFunction | null {
    const key = `${folderOf(from)} ${name}`;
    const own = this.definedIn(from, name);
    if (own !== null) return own;
    const known = this.found.get(key);
    if (known !== undefined) return known;
    const found = this.search(name, from);
    this.found.set(key, found);
    return found;
  }

  private search(name: string, from: string): LexicalFunction | null {
    const near = this.folderIndex(folderOf(from)).get(name);
    if (near !== undefined) return near;
    // Before the headers: what they have of an exported name is the stub of another configuration.
    for (const file of this.input.exports.get(name) ?? []) {
      const there = this.definedIn(file, name);
      if (there !== null) return there;
    }
    for (const file of this.includes(from)) {
      const there = this.definedIn(file, name);
      if (there !== null && !this.isStub(there)) return there;
    }
    return null;
  }

  /** A header that declares a function as well as defining it defines what stands in for it in another configuration. */
  private isStub(one: LexicalFunction): boolean {
    const text = this.text(one.file) ?? '';
    for (let at = text.indexOf(one.name); at !== -1; at = text.indexOf(one.name, at + 1)) {
      const open = at + one.name.length;
      const line = text.lastIndexOf('\n', at) + 1;
      if (text[open] !== '(' || !/^[A-Za-z_]/.test(text[line] ?? '') || /\w/.test(text[at - 1] ?? ' ')) continue;
      const close = closing(text, open);
      if (close !== -1 && /^\s*;/.test(text.slice(close, close + 40))) return true;
    }
    return false;
  }

  /** Functions of a folder's .c files that have a body. */
  private folderIndex(folder: string): ReadonlyMap<string, LexicalFunction> {
    const known = this.folderIndexes.get(folder);
    if (known !== undefined) return known;
    const made = new Map<string, LexicalFunction>();
    for (const file of this.folderFiles(folder)) {
      if (!file.endsWith('.c')) continue;
      for (const [name, at] of this.definitions(file)) if (!made.has(name)) made.set(name, { name, file, at });
    }
    this.folderIndexes.set(folder, made);
    return made;
  }

  private definedIn(file: string, name: string): LexicalFunction | null {
    const at = this.definitions(file).get(name);
    return at === undefined ? null : { name, file, at };
  }

  private definitions(file: string): ReadonlyMap<string, number> {
    const known = this.lexical.get(file);
    if (known !== undefined) return known;
    const text = this.text(file) ?? '';
    const found = new Map<string, number>();
    for (const { name, at } of definitionsIn(text)) {
      const old = found.get(name);
      // A longer body wins over a stub of another configuration.
      const length = bodyAt(text, at).length;
      if (length > 0 && (old === undefined || bodyAt(text, old).length < length)) found.set(name, at);
    }
    this.lexical.set(file, found);
    return found;
  }

  bodyText(one: LexicalFunction): string {
    return bodyAt(this.text(one.file) ?? '', one.at);
  }

  /** What stands before a function's name on its line and the one above. */
  lineAt(one: LexicalFunction): string {
    const text = this.text(one.file) ?? '';
    return text.slice(text.lastIndexOf('\n', text.lastIndexOf('\n', one.at) - 1) + 1, one.at);
  }

  /** Return type and parameters as text, without parsing the file. */
  head(one: LexicalFunction): ReturnType<typeof headAt> {
    const key = `${one.file} ${one.name}`;
    const known = this.heads.get(key);
    if (known !== undefined) return known;
    const made = headAt(this.text(one.file) ?? '', one.at);
    this.heads.set(key, made);
    return made;
  }

  lexicalCalls(one: LexicalFunction): LexicalCalls {
    const key = `${one.file} ${one.name}`;
    const known = this.calls.get(key);
    if (known !== undefined) return known;
    const calls = callsInText(this.bodyText(one).replace(/\/\*[\s\S]*?\*\//g, ' '));
    this.calls.set(key, calls);
    return calls;
  }

  /** Whether a function without a body here is declared to give a bool. */
  givesBool(name: string, from: string): boolean {
    // What was not understood may stand where a name should.
    if (!/^\w+$/.test(name)) return false;
    const key = `${folderOf(from)} ${name}`;
    const known = this.bools.get(key);
    if (known !== undefined) return known;
    const declaration = new RegExp(`\\bbool\\s+${name}\\s*\\(`);
    const found = [from, ...this.includes(from)].some((file) => {
      const text = this.text(file) ?? '';
      return text.includes(name) && declaration.test(text);
    });
    this.bools.set(key, found);
    return found;
  }

  /** Names that the functions of a file have, with a body. */
  functionNames(file: string): readonly string[] {
    return [...this.definitions(file).keys()];
  }

  /** What tables of a folder hold under a member: "move" → amdgpu_bo_move. `type`: of which struct; null for any. */
  membersOf(folder: string, member: string, type: string | null): readonly string[] {
    const rows = this.memberRows(folder).byMember.get(member) ?? [];
    return [...new Set(rows.filter((row) => type === null || row.type === type).map((row) => row.value))];
  }

  /** The rows of a folder's tables in which a function stands. */
  rowsNaming(folder: string, name: string): readonly MemberRow[] {
    return this.memberRows(folder).byValue.get(name) ?? [];
  }

  /** What the tables of a file name: functions and others. */
  tableRows(file: string): readonly string[] {
    return memberRowsIn(this.text(file) ?? '').map((row) => row.value);
  }

  private memberRows(folder: string): FolderRows {
    const known = this.members.get(folder);
    if (known !== undefined) return known;
    const rows = this.folderFiles(folder).flatMap((file) => memberRowsIn(this.text(file) ?? ''));
    const made: FolderRows = { byMember: grouped(rows, (row) => row.member), byValue: grouped(rows, (row) => row.value) };
    this.members.set(folder, made);
    return made;
  }

  /** The type of a struct's member, as text: "const struct ttm_device_funcs *"; null where it is not found. */
  memberType(struct: string, member: string, from: string): string | null {
    const body = this.structBody(struct, from);
    if (body === null) return null;
    const plain = new RegExp(`(?:^|[;{}])\\s*([^;{}()]*?[\\s*])${member}\\s*(?:\\[[^\\]]*\\])?(?:\\s*:\\s*\\d+)?(?:\\s*,[^;]*)?;`).exec(body);
    return plain === null ? null : (plain[1] ?? '').replace(/\s+/g, ' ').trim();
  }

  /** Files of a folder that are C, sorted; relative to the tree. */
  folderFiles(folder: string): readonly string[] {
    const known = this.folders.get(folder);
    if (known !== undefined) return known;
    let names: string[] = [];
    try {
      names = readdirSync(join(this.input.root, folder), { withFileTypes: true }).filter((entry) => entry.isFile() && /\.[ch]$/.test(entry.name)).map((entry) => entry.name).sort();
    } catch {
      // A folder that went away holds nothing.
    }
    const there = names.map((name) => (folder === '.' || folder === '' ? name : `${folder}/${name}`)).filter((file) => this.input.overlay?.get(file) !== null);
    const made = [...(this.input.overlay ?? [])].flatMap(([file, text]) => (text !== null && folderOf(file) === folder && /\.[ch]$/.test(file) && !there.includes(file) ? [file] : []));
    const files = made.length === 0 ? there : [...there, ...made].sort();
    this.folders.set(folder, files);
    return files;
  }

  /** What a file includes, itself not counted, nearest first. */
  includes(from: string): readonly string[] {
    return this.included.of(from);
  }

  /** A macro that `from` can see. */
  macroNamed(name: string, from: string): { readonly macro: MacroOutline; readonly file: string } | null {
    const key = `${folderOf(from)} ${name}`;
    const own = this.macros(from).get(name);
    if (own !== undefined) return { macro: own, file: from };
    const known = this.macrosFound.get(key);
    if (known !== undefined) return known;
    let found: { macro: MacroOutline; file: string } | null = null;
    for (const file of this.includes(from)) {
      if (!(this.text(file) ?? '').includes(name)) continue;
      const there = this.macros(file).get(name);
      if (there === undefined) continue;
      found = { macro: there, file };
      break;
    }
    this.macrosFound.set(key, found);
    return found;
  }

  private macros(file: string): ReadonlyMap<string, MacroOutline> {
    const known = this.macrosOf.get(file);
    if (known !== undefined) return known;
    const made = new Map<string, MacroOutline>();
    const define = /^[ \t]*#[ \t]*define[ \t]+(\w+)(\(([^)\n]*)\))?((?:[^\\\n]|\\[\s\S])*)/gm;
    const text = this.text(file) ?? '';
    for (let match = define.exec(text); match !== null; match = define.exec(text)) {
      const body = (match[4] ?? '').replace(/\\\r?\n/g, ' ').replace(/\/\*[\s\S]*?\*\//g, ' ').replace(/\/\/.*$/, '').replace(/\s+/g, ' ').trim();
      const parameters = match[2] === undefined ? null : (match[3] ?? '').split(',').map((one) => one.trim()).filter((one) => one !== '');
      if (!made.has(match[1] ?? '')) made.set(match[1] ?? '', { name: match[1] ?? '', parameters, text: body, line: 0 });
    }
    this.macrosOf.set(file, made);
    return made;
  }

  /** A macro's text, or any text, as an expression; null where it is none. */
  expressionOf(text: string, line: number): Expression | null {
    if (text === '') return null;
    const opened = openFile('macro', `static int m = { .m = ${text} };\n`, this.input.grammar);
    const [outline] = opened.outline.tables;
    if (outline === undefined) return null;
    const table = opened.table(outline);
    const [member] = table.members;
    return table.hasError || table.members.length !== 1 || member === undefined ? null : relined(member.value, line);
  }

  /** The text inside the braces of `struct name { … }`, or null. */
  structBody(name: string, from: string): string | null {
    const known = this.structs.get(name);
    if (known !== undefined) return known;
    let body: string | null = null;
    for (const file of [from, ...this.includes(from), ...this.folderFiles(folderOf(from))]) {
      const text = this.text(file) ?? '';
      const at = text.indexOf(`struct ${name} {`);
      if (at === -1) continue;
      const end = text.indexOf('\n}', at);
      body = text.slice(text.indexOf('{', at) + 1, end === -1 ? text.length : end).replace(/\/\*[\s\S]*?\*\//g, ' ');
      break;
    }
    this.structs.set(name, body);
    return body;
  }

  /** The value of an enumerator or constant macro that `from` can see; null where it is not plain. */
  constant(name: string, from: string, depth = 0): number | null {
    const key = `${folderOf(from)} ${name}`;
    const known = this.constants.get(key);
    if (known !== undefined) return known;
    const value = depth > 8 ? null : this.findConstant(name, from, depth);
    this.constants.set(key, value);
    return value;
  }

  private findConstant(name: string, from: string, depth: number): number | null {
    const macro = this.macroNamed(name, from);
    if (macro !== null && macro.macro.parameters === null) return this.constantText(macro.macro.text, macro.file, depth);
    for (const file of [from, ...this.includes(from)]) {
      const text = this.text(file) ?? '';
      if (!text.includes(name)) continue;
      const value = enumeratorIn(text, name, (part) => this.constantText(part, file, depth + 1));
      if (value !== null) return value;
    }
    return null;
  }

  private constantText(text: string, from: string, depth: number): number | null {
    const clean = text.replace(/[()\s]/g, '').replace(/([0-9a-fA-Fx])(?:[uU]?[lL]{0,2})$/, '$1');
    if (/^-?(?:0x[0-9a-fA-F]+|\d+)$/.test(clean)) return Number(clean);
    const bit = /^(?:BIT\(?|1<<|\(1<<)(\d+)$/.exec(clean.replace(/^1[uUlL]*<</, '1<<'));
    if (bit !== null) return 2 ** Number(bit[1]);
    const sum = /^([A-Za-z_]\w*|\d+)([+-])([A-Za-z_]\w*|\d+)$/.exec(clean);
    if (sum !== null) {
      const [left, right] = [this.constantText(sum[1] ?? '', from, depth + 1), this.constantText(sum[3] ?? '', from, depth + 1)];
      return left === null || right === null ? null : sum[2] === '+' ? left + right : left - right;
    }
    return /^[A-Za-z_]\w*$/.test(clean) ? this.constant(clean, from, depth + 1) : null;
  }

  table(file: string, name: string): CTable | null {
    const key = `${file} ${name}`;
    const known = this.tables.get(key);
    if (known !== undefined) return known;
    const opened = this.file(file);
    const outline = opened?.outline.tables.find((one) => one.name === name);
    const table = opened === null || outline === undefined ? null : opened.table(outline);
    this.tables.set(key, table);
    return table;
  }

  /** A table that `name` means in `from`: the file's own, its folder's, or an exported one. */
  tableNamed(name: string, from: string): CTable | null {
    if (this.tableNames(from).has(name)) return this.table(from, name);
    const near = this.folderTables(folderOf(from)).get(name);
    if (near !== undefined) return this.table(near, name);
    for (const file of this.input.exports.get(name) ?? []) if (this.tableNames(file).has(name)) return this.table(file, name);
    return null;
  }

  private tableNames(file: string): ReadonlySet<string> {
    const known = this.tablesOf.get(file);
    if (known !== undefined) return known;
    const names = new Set<string>();
    for (const match of (this.text(file) ?? '').matchAll(/^[A-Za-z_][^\n;=()]*?\bstruct\s+\w+\s+(?:const\s+)?(\w+)[^\n;=()]*=\s*\{?/gm)) names.add(match[1] ?? '');
    this.tablesOf.set(file, names);
    return names;
  }

  private folderTables(folder: string): ReadonlyMap<string, string> {
    const known = this.tablesIn.get(folder);
    if (known !== undefined) return known;
    const made = new Map<string, string>();
    for (const file of this.folderFiles(folder)) for (const name of this.tableNames(file)) if (!made.has(name)) made.set(name, file);
    this.tablesIn.set(folder, made);
    return made;
  }

  /** Files that export a name. */
  exportedFrom(name: string): readonly string[] {
    return this.input.exports.get(name) ?? [];
  }
}

function grouped<T>(rows: readonly T[], key: (row: T) => string): ReadonlyMap<string, readonly T[]> {
  const made = new Map<string, T[]>();
  for (const row of rows) {
    const list = made.get(key(row));
    if (list === undefined) made.set(key(row), [row]);
    else list.push(row);
  }
  return made;
}

/** A pipe would block, and a generated table is no driver. */
function plainFile(path: string): string | null {
  const seen = statSync(path);
  return seen.isFile() && seen.size <= LARGEST ? readFileSync(path, 'latin1') : null;
}

function enumeratorIn(text: string, name: string, valueOf: (text: string) => number | null): number | null {
  const at = new RegExp(`^[ \\t]+${name}\\b[ \\t]*(?:=|,|\\n|/)`, 'm').exec(text)?.index;
  if (at === undefined) return null;
  const open = text.lastIndexOf('{', at);
  if (open === -1 || !/\benum\b[^;{}]*$/.test(text.slice(Math.max(0, open - 120), open))) return null;
  const close = text.indexOf('}', at);
  const rows = text.slice(open + 1, close === -1 ? text.length : close).replace(/\/\*[\s\S]*?\*\//g, ' ').replace(/\/\/.*$/gm, ' ').replace(/^[ \t]*#.*$/gm, ' ').split(',');
  let next: number | null = 0;
  for (const row of rows) {
    const [word = '', value] = row.split('=').map((part) => part.trim());
    if (word === '') continue;
    if (value !== undefined) next = valueOf(value);
    if (word === name) return next;
    if (next !== null) next++;
  }
  return null;
}

/** A macro's expression stands where the macro is used. */
function relined(one: Expression, line: number): Expression {
  const at = { line };
  switch (one.kind) {
    case 'name':
    case 'literal':
    case 'opaque':
      return { ...one, ...at };
    case 'call':
      return { ...one, ...at, callee: relined(one.callee, line), args: one.args.map((arg) => relined(arg, line)) };
    case 'field':
    case 'unary':
    case 'cast':
      return { ...one, ...at, of: relined(one.of, line) };
    case 'index':
      return { ...one, ...at, of: relined(one.of, line), index: relined(one.index, line) };
    case 'binary':
      return { ...one, ...at, left: relined(one.left, line), right: relined(one.right, line) };
    case 'assign':
      return { ...one, ...at, to: relined(one.to, line), value: relined(one.value, line) };
    case 'choice':
      return { ...one, ...at, condition: relined(one.condition, line), yes: one.yes === null ? null : relined(one.yes, line), no: relined(one.no, line) };
    case 'comma':
      return { ...one, ...at, parts: one.parts.map((part) => relined(part, line)) };
    case 'list':
      return { ...one, ...at, entries: one.entries.map((entry) => ({ ...entry, value: relined(entry.value, line) })) };
    case 'block':
      return { ...one, ...at };
  }
}
