// The whole audit of one tree: discovery, profiles, ledger. Everything it needs is handed in (issue 3).

import type { AuditResult, ExporterProfile, ImporterProfile, LedgerRow, ReferenceUser } from '../results/audit.ts';
import { functionGaps } from '../source/ledger.ts';
import type { CodeBase } from '../source/code-base.ts';
import type { IndexedFile } from '../source/identifier-index.ts';
import type { Skipped } from '../source/walk.ts';
import { eachExpression } from '../source/c-tree.ts';
import { findExporters, exporterName, type FoundExporter } from './exporters.ts';
import { profileExporter } from './exporter-profile.ts';
import { findImporters, importerName, type FoundImporter } from './importers.ts';
import { profileImporter } from './importer-profile.ts';
import { folderOf } from '../source/lexical.ts';
import { filesForRules, findingOf, findingsIn, type Unnumbered } from './findings.ts';
import type { ExporterRule, ImporterRule, Rule } from './rules/rule.ts';
import { TreeView } from './tree-view.ts';

export interface AuditTreeInput {
  readonly code: CodeBase;
  readonly files: readonly Pick<IndexedFile, 'path' | 'words'>[];
  /** Gives the number of the next piece of work: 0, 1, 2, … Several threads may share the counter. */
  readonly take: () => number;
  /** Told before each piece. */
  readonly progress: (done: number, total: number) => void;
  /** Rules to run over the tree beside the profiles; none by default. */
  readonly rules?: readonly Rule[];
  /** A file or folder of the tree: functions there alone are judged, and importers and exporters whose attach call or table stands there. Default: all. */
  readonly within?: string | null;
  /** Only these files, as with `within`; importers and exporters are looked for in the whole tree, so that their names are those of the whole tree. */
  readonly only?: ReadonlySet<string> | null;
  /** Rules look at these functions alone, by name. Default: all. */
  readonly functions?: ReadonlySet<string> | null;
  /** Importers and exporters count whose attach call or table stands in one of these files; null: as with `only`. Where it is empty they are not looked for. */
  readonly profiled?: ReadonlySet<string> | null;
  /** Where importers and exporters are looked for; null: as with `within`, or in all of the tree. */
  readonly discovered?: ReadonlySet<string> | null;
}

/** What one thread found. Positions are those of discovery, which is the same in every thread. */
export interface AuditPart {
  readonly importers: readonly (readonly [position: number, profile: ImporterProfile])[];
  readonly exporters: readonly (readonly [position: number, profile: ExporterProfile])[];
  readonly references: readonly ReferenceUser[];
  readonly ledger: readonly LedgerRow[];
  /** Functions that were parsed, and whether all of it was understood. */
  readonly functions: readonly (readonly [name: string, isRead: boolean])[];
  readonly findings: readonly Unnumbered[];
  /** Functions that rules looked at, and whether they came to an end. */
  readonly judged: readonly (readonly [name: string, isDecided: boolean])[];
}

export type AuditFacts = Omit<AuditResult, 'pairs'>;

/** Takes pieces of work until there are none left. */
export function auditPart({ code, files, take, progress, rules = [], within: part = null, only = null, functions = null, profiled = null, discovered = null }: AuditTreeInput): AuditPart {
  const within = only ?? part;
  const view = new TreeView(code, files);
  const ledger: LedgerRow[] = [];
  const near = discovered !== null ? new TreeView(code, files.filter(({ path }) => discovered.has(path))) : typeof within === 'string' ? new TreeView(code, files.filter(({ path }) => isNear(path, within))) : view;
  const found = profiled?.size === 0 ? { importers: [], ledger: [] } : findImporters(near);
  ledger.push(...found.ledger);
  const foundExporters = profiled?.size === 0 ? [] : findExporters(near);
  // One attach call's importers stay together: they share their callbacks. Dynamic ones first: they take the longest.
  const sites = new Map<string, number[]>();
  for (const [position, one] of found.importers.entries()) {
    const key = `${one.site.file}:${one.site.line}`;
    if (isWithin(one.site.file, profiled ?? within) || (one.ops !== null && isWithin(one.ops.file, profiled ?? within))) sites.set(key, [...(sites.get(key) ?? []), position]);
  }
  const groups = [...sites.values()].sort((a, b) => Number(isDynamic(found.importers, b)) - Number(isDynamic(found.importers, a)));
  const tables = [...foundExporters.keys()].filter((position) => isWithin(foundExporters[position]?.table.file ?? '', profiled ?? within));
  const total = groups.length + tables.length;
  const asked = namesIn(view, only === null ? part : null);
  const ruled = !rules.some(({ judge }) => judge === 'typestate' || judge === 'function') ? [] : filesForRules(files).filter((file) => isWithin(file, within) || (within !== null && asked.size > 0 && isNear(file, within) && callsOneOf(view, file, asked)));
  const findings: Unnumbered[] = [];
  const judged: (readonly [string, boolean])[] = [];
  const importerRules = rules.filter((rule): rule is ImporterRule => rule.judge === 'importer');
  const exporterRules = rules.filter((rule): rule is ExporterRule => rule.judge === 'exporter');
  const importers: [number, ImporterProfile][] = [];
  const exporters: [number, ExporterProfile][] = [];
  for (let piece = take(); piece < total + ruled.length; piece = take()) {
    progress(piece, total + ruled.length);
    const ruledFile = ruled[piece - total];
    if (ruledFile !== undefined) {
      const isAsked = isWithin(ruledFile, within);
      const told = findingsIn(view, ruledFile, rules, isAsked ? null : asked, functions);
      // What a neighbour does with functions of the file that was asked for counts where it shows in that file.
      findings.push(...told.findings.filter(({ file }) => isWithin(file, within)));
      if (!isAsked) continue;
      ledger.push(...told.ledger);
      judged.push(...told.functions);
      continue;
    }
    for (const position of groups[piece] ?? []) {
      const one = found.importers[position];
      if (one === undefined) continue;
      const id = uniqueId(found.importers, position, importerName, (row) => row.ops?.name ?? row.site.function, (row) => `${row.site.file}:${row.site.function}`);
      const profile = profileImporter(view, one, id, ledger);
      importers.push([position, profile]);
      for (const rule of importerRules) for (const told of rule.find(view, profile, one, ledger)) findings.push({ ...findingOf(view, rule, told), by: [`importer ${id}`] });
    }
    const position = tables[piece - groups.length];
    const one = position === undefined ? undefined : foundExporters[position];
    if (position === undefined || one === undefined) continue;
    const id = uniqueId<FoundExporter>(foundExporters, position, exporterName, (row) => row.table.name, (row) => `${row.table.file}:${row.table.name}`);
    const profile = profileExporter(view, one, id, ledger);
    exporters.push([position, profile]);
    for (const rule of exporterRules) for (const told of rule.find(view, profile, one, ledger)) findings.push({ ...findingOf(view, rule, told), by: [`exporter ${id}`] });
  }
  for (const fn of code.parsed) for (const gap of functionGaps(fn)) if (gap.gap !== 'both-sides-read') ledger.push({ file: gap.file, line: gap.line, function: gap.function, reason: `${gap.gap}: ${gap.text}` });
  return {
    importers,
    exporters,
    references: only === null ? referencesOf(near, found.importers) : [],
    ledger: ledger.filter(({ file }) => file === '' || isWithin(file, within)),
    functions: code.parsed.map((fn) => [`${fn.file} ${fn.name}`, fn.unread.length === 0]),
    findings,
    judged,
  };
}

/** What is asked for: everything, a file or folder, or a set of files. */
type Asked = string | ReadonlySet<string> | null;

/** Everything is within null; a file within itself and the folders around it. */
const isWithin = (file: string, asked: Asked): boolean =>
  asked === null || asked === '' || (typeof asked === 'string' ? file === asked || file.startsWith(`${asked}/`) : asked.has(file));

/** In the folder, or in that of one of the files. */
function isNear(file: string, asked: string | ReadonlySet<string>): boolean {
  if (typeof asked === 'string') return isWithin(file, /\.[ch]$/.test(asked) ? folderOf(asked) : asked);
  const folder = folderOf(file);
  for (const one of asked) if (folderOf(one) === folder) return true;
  return false;
}

/** Of the one file that was asked for, the names of its functions: neighbours may call them. Empty where more was asked for. */
const namesIn = ({ code }: TreeView, within: string | null): ReadonlySet<string> => new Set(within?.endsWith('.c') === true ? code.functionNames(within) : []);

/** Whether a neighbour calls one of these functions, as the text says. */
function callsOneOf({ code }: TreeView, file: string, names: ReadonlySet<string>): boolean {
  for (const match of (code.text(file) ?? '').matchAll(/\b([A-Za-z_]\w*)\s*\(/g)) if (names.has(match[1] ?? '')) return true;
  return false;
}

const isDynamic = (all: readonly FoundImporter[], group: readonly number[]): boolean => group.some((position) => all[position]?.isDynamic === true);

/** Puts together what the threads found; what comes out does not depend on who found it. */
export function assembleAudit(tree: AuditResult['tree'], skipped: readonly Skipped[], parts: readonly AuditPart[]): AuditFacts {
  const inOrder = <T>(rows: readonly (readonly [number, T])[]): readonly T[] => [...rows].sort((a, b) => a[0] - b[0]).map(([, one]) => one);
  const ledger: LedgerRow[] = [...skipped.map(({ path, why }) => ({ file: path, line: 0, function: '', reason: `not read: ${why}` })), ...parts.flatMap((one) => one.ledger)];
  const functions = new Map(parts.flatMap((one) => one.functions));
  return {
    tree,
    importers: inOrder(parts.flatMap((one) => one.importers)),
    exporters: inOrder(parts.flatMap((one) => one.exporters)),
    references: parts[0]?.references ?? [],
    ledger: [...new Map(ledger.map((row) => [`${row.file}:${row.line} ${row.function} ${row.reason}`, row])).values()].sort((a, b) => (a.file === b.file ? a.line - b.line || (a.reason < b.reason ? -1 : 1) : a.file < b.file ? -1 : 1)),
    coverage: { functions: functions.size, withParseError: [...functions.values()].filter((isRead) => !isRead).length },
  };
}

/** The whole audit in one thread. */
export function auditTree(input: Omit<AuditTreeInput, 'take'> & { readonly tree: AuditResult['tree']; readonly skipped: readonly Skipped[] }): AuditFacts {
  let next = 0;
  return assembleAudit(input.tree, input.skipped, [auditPart({ ...input, take: () => next++ })]);
}

/** The plain name where it is the only one; with the table or function behind it where it is not. */
function uniqueId<T>(all: readonly T[], index: number, name: (one: T) => string, detail: (one: T) => string, last: (one: T) => string): string {
  const one = all[index];
  if (one === undefined) return '';
  const short = name(one);
  if (all.filter((other) => name(other) === short).length === 1) return short;
  const long = `${short}:${detail(one)}`;
  return all.filter((other) => name(other) === short && detail(other) === detail(one)).length === 1 ? long : last(one);
}

/** Files that take a dma-buf by its descriptor, or map it into the kernel, and that no attach call stands in. */
function referencesOf(view: TreeView, importers: readonly FoundImporter[]): readonly ReferenceUser[] {
  const attaching = new Set(importers.map((one) => one.site.file));
  const found: ReferenceUser[] = [];
  for (const [name, how] of [['dma_buf_get', 'reference'], ['dma_buf_vmap', 'vmap'], ['dma_buf_vmap_unlocked', 'vmap']] as const) {
    for (const site of view.callSites(name)) {
      if (attaching.has(site.file) || /^drivers\/dma-buf\/|^include\//.test(site.file)) continue;
      let attaches = false;
      eachExpression(site.fn.body, (one) => {
        if (one.kind === 'call' && one.callee.kind === 'name' && /attach|prime_import/.test(one.callee.name)) attaches = true;
      });
      if (how === 'vmap' || !attaches) found.push({ file: site.file, line: site.line, function: site.function, how });
    }
  }
  return found.sort((a, b) => (a.file === b.file ? a.line - b.line : a.file < b.file ? -1 : 1));
}
