// The whole audit of one tree: discovery, profiles, ledger. Everything it needs is handed in (issue 3).

import type { AuditResult, ExporterProfile, ImporterProfile, LedgerRow, ReferenceUser } from '../results/audit.ts';
import { coverage, functionGaps } from '../source/ledger.ts';
import type { CodeBase } from '../source/code-base.ts';
import type { IndexedFile } from '../source/identifier-index.ts';
import type { Skipped } from '../source/walk.ts';
import { eachExpression } from '../source/c-tree.ts';
import { findExporters, exporterName, type FoundExporter } from './exporters.ts';
import { profileExporter } from './exporter-profile.ts';
import { findImporters, importerName, type FoundImporter } from './importers.ts';
import { profileImporter } from './importer-profile.ts';
import { TreeView } from './tree-view.ts';

export interface AuditTreeInput {
  readonly code: CodeBase;
  readonly files: readonly Pick<IndexedFile, 'path' | 'words'>[];
  readonly skipped: readonly Skipped[];
  readonly tree: AuditResult['tree'];
  /** Told before each profile. */
  readonly progress: (done: number, total: number, what: string) => void;
}

export type AuditFacts = Omit<AuditResult, 'pairs'>;

export function auditTree({ code, files, skipped, tree, progress }: AuditTreeInput): AuditFacts {
  const view = new TreeView(code, files);
  const ledger: LedgerRow[] = skipped.map(({ path, why }) => ({ file: path, line: 0, function: '', reason: `not read: ${why}` }));
  const found = findImporters(view);
  ledger.push(...found.ledger);
  const foundExporters = findExporters(view);
  const total = found.importers.length + foundExporters.length;
  let done = 0;
  const importers: ImporterProfile[] = [];
  for (const [index, one] of found.importers.entries()) {
    progress(done++, total, `${one.site.file}:${one.site.line}`);
    importers.push(profileImporter(view, one, uniqueId(found.importers, index, importerName, (row) => row.ops?.name ?? row.site.function, (row) => `${row.site.file}:${row.site.function}`), ledger));
  }
  const exporters: ExporterProfile[] = [];
  for (const [index, one] of foundExporters.entries()) {
    progress(done++, total, one.table.name);
    exporters.push(profileExporter(view, one, uniqueId<FoundExporter>(foundExporters, index, exporterName, (row) => row.table.name, (row) => `${row.table.file}:${row.table.name}`), ledger));
  }
  const functions = [...new Set(code.parsed)];
  for (const fn of functions) for (const gap of functionGaps(fn)) if (gap.gap !== 'both-sides-read') ledger.push({ file: gap.file, line: gap.line, function: gap.function, reason: `${gap.gap}: ${gap.text}` });
  const read = coverage(functions);
  return {
    tree,
    importers,
    exporters,
    references: referencesOf(view, found.importers),
    ledger: [...new Map(ledger.map((row) => [`${row.file}:${row.line} ${row.function} ${row.reason}`, row])).values()].sort((a, b) => (a.file === b.file ? a.line - b.line || (a.reason < b.reason ? -1 : 1) : a.file < b.file ? -1 : 1)),
    coverage: { functions: read.functions, withParseError: read.withParseError },
  };
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
