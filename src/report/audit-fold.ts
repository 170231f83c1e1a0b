// Exporters × importers, folded: rows that say the same are one row, columns that say the same one column. Shared by text and Markdown.

import type { ExporterProfile, ImporterProfile, Pair, PairVerdict } from '../results/audit.ts';
import { count } from './layout.ts';

export interface MatrixInput {
  readonly importers: readonly ImporterProfile[];
  readonly exporters: readonly ExporterProfile[];
  readonly pairs: readonly Pair[];
}

export interface Group<T> {
  readonly members: readonly T[];
  /** The only member's id, or "25 that take nothing back". */
  readonly name: string;
}

export interface Folded {
  readonly rows: readonly Group<ExporterProfile>[];
  readonly columns: readonly Group<ImporterProfile>[];
  readonly cell: (row: Group<ExporterProfile>, column: Group<ImporterProfile>) => Pair | null;
}

/** Exporters and importers that nobody can tell apart here stand together. */
export function fold({ importers, exporters, pairs }: MatrixInput): Folded {
  const byKey = new Map(pairs.map((pair) => [`${pair.exporter}\u0000${pair.importer}`, pair]));
  const of = (exporter: ExporterProfile, importer: ImporterProfile): Pair | null => byKey.get(`${exporter.id}\u0000${importer.id}`) ?? null;
  const sign = (pair: Pair | null): string => (pair === null ? '-' : `${pair.verdict} ${pair.at ?? ''} ${pair.errno ?? ''} ${pair.obligation ?? ''}`);
  const judgedExporters = new Set(pairs.map((pair) => pair.exporter));
  const judgedImporters = new Set(pairs.map((pair) => pair.importer));
  const rows = grouped(exporters.filter((one) => judgedExporters.has(one.id)), (one) => `${kindOf(one)} ${importers.map((importer) => sign(of(one, importer))).join()}`, exporterGroupName);
  const columns = grouped(importers.filter((one) => judgedImporters.has(one.id)), (one) => `${one.class} ${one.unmaps ?? ''} ${exporters.map((exporter) => sign(of(exporter, one))).join()}`, importerGroupName);
  return {
    rows: [...rows].sort((a, b) => rank(b.members[0]) - rank(a.members[0])),
    columns,
    cell: (row, column) => {
      const [exporter] = row.members;
      const [importer] = column.members;
      return exporter === undefined || importer === undefined ? null : of(exporter, importer);
    },
  };
}

/** Those that take their memory back first. */
const rank = (one: ExporterProfile | undefined): number => (one === undefined ? 0 : one.waitsUnmap !== null ? 3 : takesBack(one) ? 2 : 1);

/** It calls back, revokes in silence, or moves in silence. */
const takesBack = (one: ExporterProfile): boolean => one.invalidates.length + one.revokes.length > 0 || one.moves;

function kindOf(one: ExporterProfile): string {
  if (!takesBack(one)) return 'keeps';
  return one.moves ? 'moves' : 'revokes';
}

function exporterGroupName(members: readonly ExporterProfile[]): string {
  const [first] = members;
  if (first === undefined) return '';
  if (members.length === 1) return first.id;
  return `${members.length} that ${!takesBack(first) ? 'take nothing back' : first.moves ? 'move' : 'revoke'}`;
}

function importerGroupName(members: readonly ImporterProfile[]): string {
  const [first] = members;
  if (first === undefined) return '';
  return members.length === 1 ? first.id : count(members.length, `${first.class} importer`);
}

function grouped<T>(all: readonly T[], key: (one: T) => string, name: (members: readonly T[]) => string): readonly Group<T>[] {
  const groups = new Map<string, T[]>();
  for (const one of all) groups.set(key(one), [...(groups.get(key(one)) ?? []), one]);
  return [...groups.values()].map((members) => ({ members, name: name(members) }));
}

export interface Reason {
  readonly verdict: PairVerdict;
  readonly why: string;
  readonly exporters: readonly string[];
  readonly importers: readonly string[];
}

const WORST_FIRST: readonly PairVerdict[] = ['hangs', 'broken', 'undecided', 'refused', 'holds'];

/** What is not `holds`, by what is said about it: one row a reason. */
export function reasonsOf(pairs: readonly Pair[]): readonly Reason[] {
  const groups = new Map<string, Pair[]>();
  for (const pair of pairs) if (pair.verdict !== 'holds') groups.set(`${pair.verdict} ${pair.why}`, [...(groups.get(`${pair.verdict} ${pair.why}`) ?? []), pair]);
  return [...groups.values()]
    .flatMap((group): readonly Reason[] => {
      const [first] = group;
      return first === undefined ? [] : [{ verdict: first.verdict, why: first.why, exporters: [...new Set(group.map((one) => one.exporter))], importers: [...new Set(group.map((one) => one.importer))] }];
    })
    .sort((a, b) => WORST_FIRST.indexOf(a.verdict) - WORST_FIRST.indexOf(b.verdict));
}

/** "vfio_pci x 21 importers" */
export function sidesText({ exporters, importers }: Reason, cross: string, most = 2): string {
  const named = (all: readonly string[], one: string): string => (all.length <= most ? all.join(', ') : count(all.length, one));
  return `${named(exporters, 'exporter')} ${cross} ${named(importers, 'importer')}`;
}

/** "movable, unmaps deferred" */
export function traitsOf(one: ImporterProfile): string {
  return [one.class, one.callback === null ? '' : `unmaps ${one.unmaps ?? ''}`.trim()].filter((trait) => trait !== '').join(', ');
}
