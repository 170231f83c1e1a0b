// Finds every importer of a tree: one for each attach call and ops table, through the helper layers, with who uses it (issue 3, part 3).

import { folderOf, type LexicalFunction } from '../source/lexical.ts';
import { bared, eachExpression, expressionText, type Expression } from '../source/c-tree.ts';
import { namedBy, type CFunction, type CTable } from '../source/syntax.ts';
import type { LedgerRow } from '../results/audit.ts';
import { driverName, type CallSite, type TreeView } from './tree-view.ts';

export interface FoundImporter {
  /** The attach call. */
  readonly site: CallSite;
  readonly isDynamic: boolean;
  readonly ops: CTable | null;
  /** From the function that names the table (or attaches) down to the one that attaches. */
  readonly chain: readonly CFunction[];
  /** Looked for when asked: it takes as long as the rest of discovery. */
  readonly users: () => Reached;
}

/** Who comes to an attach call from outside, and by which exported names. */
export interface Reached {
  readonly users: readonly string[];
  readonly helpers: readonly string[];
}

const CORE = /^drivers\/dma-buf\/dma-buf\.c$|^include\/linux\/dma-buf\.h$/;

export function findImporters(view: TreeView): { readonly importers: readonly FoundImporter[]; readonly ledger: readonly LedgerRow[] } {
  const importers: FoundImporter[] = [];
  const ledger: LedgerRow[] = [];
  for (const name of ['dma_buf_attach', 'dma_buf_dynamic_attach'] as const) {
    for (const site of view.callSites(name)) {
      if (CORE.test(site.file)) continue;
      const ops = name === 'dma_buf_dynamic_attach' ? site.call.args[2] : undefined;
      if (ops === undefined || expressionText(ops) === 'NULL') {
        importers.push({ site, isDynamic: false, ops: null, chain: [site.fn], users: () => usersOf(view, site.fn) });
        continue;
      }
      const tables = tablesOf(view, site.fn, ops, [site.fn], 0);
      if (tables.length === 0) {
        ledger.push({ file: site.file, line: site.line, function: site.function, reason: `the ops of dma_buf_dynamic_attach() were not found: ${expressionText(ops)}` });
        importers.push({ site, isDynamic: true, ops: null, chain: [site.fn], users: () => usersOf(view, site.fn) });
      }
      for (const { table, chain } of tables) {
        const outer = chain[0] ?? site.fn;
        // Who names the table of a helper layer uses that layer.
        const own = folderOf(outer.file) === folderOf(site.file) ? [] : [userName(outer.file)];
        importers.push({
          site, isDynamic: true, ops: table, chain,
          users: () => {
            const { users, helpers } = usersOf(view, outer);
            return { users: [...new Set([...own, ...users])].sort(), helpers };
          },
        });
      }
    }
  }
  importers.push(...handedAway(view, new Set(importers.flatMap((one) => (one.ops === null ? [] : [`${one.ops.file} ${one.ops.name}`])))));
  importers.sort((a, b) => (a.site.file === b.site.file ? a.site.line - b.site.line || (a.ops?.name ?? '').localeCompare(b.ops?.name ?? '') : a.site.file < b.site.file ? -1 : 1));
  return { importers, ledger };
}

/** Tables that are handed to a helper whose body is not here: a driver outside a tree. The call stands for the attach call. */
function handedAway(view: TreeView, known: ReadonlySet<string>): readonly FoundImporter[] {
  const found: FoundImporter[] = [];
  for (const file of view.filesWith('dma_buf_attach_ops')) {
    const opened = view.code.file(file);
    for (const outline of opened?.outline.tables ?? []) {
      if (opened === null || outline.type !== 'dma_buf_attach_ops' || known.has(`${file} ${outline.name}`)) continue;
      for (const name of view.code.functionNames(file)) {
        const place = view.code.locate(name, file);
        if (place === null || place.file !== file || !view.code.bodyText(place).includes(outline.name)) continue;
        const fn = view.code.functionIn(file, name);
        if (fn === null) continue;
        eachExpression(fn.body, (one) => {
          if (one.kind !== 'call' || one.callee.kind !== 'name' || !one.args.some((arg) => namedBy(arg) === outline.name) || view.code.locate(one.callee.name, file) !== null) return;
          found.push({ site: { file, line: one.line, function: fn.name, call: one, fn }, isDynamic: true, ops: opened.table(outline), chain: [fn], users: () => ({ users: [], helpers: [] }) });
        });
      }
    }
  }
  return found;
}

interface FoundTable {
  readonly table: CTable;
  readonly chain: readonly CFunction[];
}

/** The tables that an expression may be: named here, stored in a variable or a member, or handed down by callers. */
function tablesOf(view: TreeView, fn: CFunction, one: Expression, chain: readonly CFunction[], depth: number): readonly FoundTable[] {
  const name = namedBy(one);
  const direct = name === null ? null : view.code.tableNamed(name, fn.file);
  if (direct !== null) return [{ table: direct, chain }];
  const inner = bared(one);
  if (inner.kind === 'field') return heldTables(view, fn, inner.name, chain);
  if (inner.kind === 'choice') return [...(inner.yes === null ? [] : tablesOf(view, fn, inner.yes, chain, depth)), ...tablesOf(view, fn, inner.no, chain, depth)];
  if (inner.kind !== 'name' || depth > 5) return [];
  const at = fn.parameters.findIndex((parameter) => parameter.name === inner.name);
  const stored: FoundTable[] = [];
  eachStatementStore(fn, inner.name, (value) => stored.push(...tablesOf(view, fn, value, chain, depth + 1)));
  if (at === -1) return distinct(stored);
  const callers = fn.isStatic ? view.callSites(fn.name, view.code.folderFiles(folderOf(fn.file)).filter((file) => (view.code.text(file) ?? '').includes(fn.name))) : view.callSites(fn.name, withName(view, fn));
  return distinct([...stored, ...callers.flatMap((caller) => {
    const arg = caller.call.args[at];
    return arg === undefined ? [] : tablesOf(view, caller.fn, arg, [caller.fn, ...chain], depth + 1);
  })]);
}

/** Files that may call a function: those of its folder, and those that the index knows to mention it. */
function withName(view: TreeView, fn: CFunction): readonly string[] {
  const near = view.code.folderFiles(folderOf(fn.file)).filter((file) => (view.code.text(file) ?? '').includes(fn.name));
  return [...new Set([...near, ...view.filesWith(fn.name)])];
}

/** `.attach_ops = &table` and `x->attach_ops = &table` in the driver's folder and the folders below it. */
function heldTables(view: TreeView, fn: CFunction, member: string, chain: readonly CFunction[]): readonly FoundTable[] {
  const found: FoundTable[] = [];
  const folder = folderOf(fn.file);
  const files = [...new Set([...view.code.folderFiles(folder), ...view.code.includes(fn.file)])].filter((file) => file.startsWith(`${folder}/`));
  for (const file of files) {
    for (const match of (view.code.text(file) ?? '').matchAll(new RegExp(`[.>]${member}\\s*=\\s*&(\\w+)`, 'g'))) {
      const table = view.code.tableNamed(match[1] ?? '', file);
      if (table !== null) found.push({ table, chain });
    }
  }
  return distinct(found);
}

function distinct(all: readonly FoundTable[]): readonly FoundTable[] {
  return [...new Map(all.map((one) => [`${one.table.file} ${one.table.name}`, one])).values()];
}

function eachStatementStore(fn: CFunction, name: string, visit: (value: Expression) => void): void {
  eachExpression(fn.body, (one) => {
    if (one.kind === 'assign' && one.op === '=' && one.to.kind === 'name' && one.to.name === name) visit(one.value);
  });
  const declared = (statements: CFunction['body']): void => {
    for (const one of statements) {
      if (one.kind === 'declare' && one.name === name && one.value !== null) visit(one.value);
      if ('body' in one) declared(one.body);
    }
  };
  declared(fn.body);
}

/** On the way from an attach call up to the drivers. `unless`: operations that a function on the way calls instead, where a driver has them. */
interface Reaching {
  readonly name: string;
  readonly file: string;
  readonly unless: readonly string[];
}

/** Members that a function tests before it calls them: `if (driver->gem_prime_import) … else drm_gem_prime_import()`. */
function otherWays(view: TreeView, caller: LexicalFunction): readonly string[] {
  const body = view.code.bodyText(caller);
  return [...new Set([...body.matchAll(/\bif\s*\(\s*[\w>.-]+->(\w+)\s*\)[^;]*->\1\s*\([^;]*;\s*\}?\s*else\b/g)].map((match) => match[1] ?? ''))];
}

/** Drivers that reach a function from outside its folder: through exported functions, exported tables, macros of headers, the layers between, and operations that it calls. */
export function usersOf(view: TreeView, start: CFunction): Reached {
  const home = folderOf(start.file);
  const users = new Set<string>();
  const helpers = new Set<string>();
  const seen = new Set<string>();
  let level: Reaching[] = [{ name: start.name, file: start.file, unless: [] }];
  const use = (file: string, { unless }: Reaching): void => {
    if (unless.some((member) => view.code.membersOf(folderOf(file), member, null).length > 0)) return;
    if (folderOf(file) !== home || file.startsWith('drivers/gpu/drm/drm_') !== start.file.startsWith('drivers/gpu/drm/drm_')) users.add(userName(file));
  };
  for (let depth = 0; depth < 6 && level.length > 0; depth++) {
    const next: Reaching[] = [];
    for (const one of level) {
      if (seen.has(one.name)) continue;
      seen.add(one.name);
      if (view.code.exportedFrom(one.name).some((file) => folderOf(file) === home)) helpers.add(one.name);
      for (const file of view.filesWith(one.name)) {
        if (file.startsWith('include/')) for (const macro of macrosHolding(view, file, one.name)) next.push({ name: macro, file, unless: one.unless });
        else if (folderOf(file) !== home && calls(view, file, one.name)) use(file, one);
      }
      // Layers in the same folder: callers, and exported tables that hold it.
      const place = view.code.locate(one.name, one.file);
      if (place === null || folderOf(place.file) !== home) continue;
      for (const caller of view.fields.callers(place)) next.push({ name: caller.name, file: caller.file, unless: [...one.unless, ...otherWays(view, caller)] });
      for (const table of tablesHolding(view, place.file, one.name)) next.push({ name: table, file: place.file, unless: one.unless });
    }
    level = next;
  }
  for (const file of providersOf(view, start)) use(file, { name: start.name, file: start.file, unless: [] });
  return { users: [...users].sort(), helpers: [...helpers].sort() };
}

/** Macros of a header whose text names something. */
function macrosHolding(view: TreeView, file: string, name: string): readonly string[] {
  const found: string[] = [];
  for (const match of (view.code.text(file) ?? '').matchAll(/^[ \t]*#[ \t]*define[ \t]+(\w+)((?:[^\\\n]|\\[\s\S])*)/gm)) if (new RegExp(`\\b${name}\\b`).test(match[2] ?? '')) found.push(match[1] ?? '');
  return found;
}

/** Drivers whose tables give the operation that the attaching function calls by a member: ->gem_prime_import_sg_table(…). */
function providersOf(view: TreeView, start: CFunction): readonly string[] {
  const found = new Set<string>();
  eachExpression(start.body, (one) => {
    if (one.kind !== 'call' || one.callee.kind !== 'field') return;
    const { name } = one.callee;
    const names = new Set([name]);
    for (const file of view.filesWith(name)) {
      if (file.startsWith('include/')) for (const macro of macrosHolding(view, file, name)) for (const other of [macro, ...macrosHolding(view, file, macro)]) names.add(other);
    }
    for (const word of names) for (const file of view.filesWith(word)) if (!file.startsWith('include/') && new RegExp(word === name ? `\\.${name}\\s*=` : `\\b${word}\\b`).test(view.code.text(file) ?? '')) found.add(file);
  });
  // A driver with an import of its own does not come this way.
  const fallback = [...found].filter((file) => !/\.gem_prime_import\s*=/.test(view.code.text(file) ?? ''));
  return fallback;
}

function calls(view: TreeView, file: string, name: string): boolean {
  const text = view.code.text(file) ?? '';
  return new RegExp(`(?:\\b${name}\\s*\\(|[=&,{]\\s*&?${name}\\b)`).test(text.replace(/\/\*[\s\S]*?\*\//g, ' '));
}

/** Names of tables of a file in which a function stands, and that others may use. */
function tablesHolding(view: TreeView, file: string, name: string): readonly string[] {
  const text = view.code.text(file) ?? '';
  if (!new RegExp(`=\\s*${name}\\b`).test(text)) return [];
  return (view.code.file(file)?.outline.tables ?? [])
    .filter((table) => new RegExp(`=\\s*&?${name}\\b`).test(text.slice(table.body, table.end)) && view.filesWith(table.name).some((other) => other !== file))
    .map((table) => table.name);
}

/** The driver of a file: its folder, or itself where the folder holds many drivers. */
function userName(file: string): string {
  const folder = folderOf(file);
  return /(?:^|\/)(?:core|platform|usb|pci|misc|common|radio|media|staging|tests|helpers|tiny|panel|bridge|function|legacy|i2c|test-drivers|net|sound|soc|fs|kernel)$/.test(folder) || /^drivers\/gpu\/drm$/.test(folder) ? file : folder;
}

export const importerName = (one: FoundImporter): string => {
  const attach = driverName(one.site.file);
  const outer = one.chain[0];
  if (one.ops === null) return attach;
  const named = driverName(one.ops.file);
  return outer !== undefined && named !== attach && folderOf(one.ops.file) !== folderOf(one.site.file) ? `${attach}/${named}` : attach;
};
