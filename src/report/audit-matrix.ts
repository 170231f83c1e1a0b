// The matrix of an audit as text and Markdown: exporters × importers. Rows that say the same are one row, columns that say the same one column.

import type { AuditResult, ExporterProfile, ImporterProfile, Pair, PairVerdict } from '../results/audit.ts';
import type { Form } from './form.ts';
import { count, wrap } from './layout.ts';

const LETTERS: Readonly<Record<PairVerdict, string>> = { holds: '.', refused: 'R', broken: 'B', hangs: 'H', undecided: '?' };
const DOT = '·';

export interface MatrixInput {
  readonly importers: readonly ImporterProfile[];
  readonly exporters: readonly ExporterProfile[];
  readonly pairs: readonly Pair[];
}

interface Group<T> {
  readonly members: readonly T[];
  readonly name: string;
}

interface Folded {
  readonly rows: readonly Group<ExporterProfile>[];
  readonly columns: readonly Group<ImporterProfile>[];
  readonly cell: (row: Group<ExporterProfile>, column: Group<ImporterProfile>) => Pair | null;
}

/** Exporters and importers that nobody can tell apart here stand together. */
function fold({ importers, exporters, pairs }: MatrixInput): Folded {
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
const rank = (one: ExporterProfile | undefined): number => (one === undefined ? 0 : one.waitsUnmap !== null ? 3 : one.invalidates.length > 0 ? 2 : 1);

function kindOf(one: ExporterProfile): string {
  if (one.invalidates.length === 0) return 'keeps';
  return one.moves ? 'moves' : 'revokes';
}

function exporterGroupName(members: readonly ExporterProfile[]): string {
  const [first] = members;
  if (first === undefined) return '';
  if (members.length === 1) return first.id;
  return `${members.length} that ${first.invalidates.length === 0 ? 'take nothing back' : first.moves ? 'move' : 'revoke'}`;
}

function importerGroupName(members: readonly ImporterProfile[]): string {
  const [first] = members;
  if (first === undefined) return '';
  return members.length === 1 ? first.id : `${count(members.length, `${first.class} importer`)}`;
}

function grouped<T>(all: readonly T[], key: (one: T) => string, name: (members: readonly T[]) => string): readonly Group<T>[] {
  const groups = new Map<string, T[]>();
  for (const one of all) groups.set(key(one), [...(groups.get(key(one)) ?? []), one]);
  return [...groups.values()].map((members) => ({ members, name: name(members) }));
}

export function matrixText(input: MatrixInput, form: Form): string[] {
  const { palette, unicode, width } = form;
  const { rows, columns, cell } = fold(input);
  const dot = unicode ? DOT : '.';
  const paint = (pair: Pair | null): string => {
    if (pair === null) return '-';
    const letter = pair.verdict === 'holds' ? dot : LETTERS[pair.verdict];
    return pair.verdict === 'holds' ? palette.good(letter) : pair.verdict === 'undecided' ? palette.doubt(letter) : pair.verdict === 'refused' ? letter : palette.bad(letter);
  };
  const label = Math.min(30, Math.max(8, ...rows.map((row) => row.name.length)));
  const gap = columns.length * 3 + label + 2 > width ? 2 : 3;
  const numbers = columns.map((_, index) => String(index + 1).padStart(gap)).join('');
  const lines = [`${' '.repeat(label)}${numbers}`];
  for (const row of rows) lines.push(`${row.name.slice(0, label).padEnd(label)}${columns.map((column) => `${' '.repeat(gap - 1)}${paint(cell(row, column))}`).join('')}`);
  lines.push('', `${dot} holds   R refused   B broken   H hangs   ? undecided`, '');
  columns.forEach((column, index) => {
    const [first] = column.members;
    if (first === undefined) return;
    const traits = [first.class, first.callback === null ? '' : `unmaps ${first.unmaps ?? ''}`].filter((one) => one !== '').join(', ');
    const names = column.members.length === 1 ? '' : `: ${column.members.map((one) => one.id).join(', ')}`;
    lines.push(...wrap(`${String(index + 1).padStart(2)}  ${column.name}${column.members.length === 1 ? ` (${traits})` : ''}${names}`, width, 4));
  });
  for (const row of rows) if (row.members.length > 1) lines.push('', ...wrap(`${row.name}: ${row.members.map((one) => one.id).join(', ')}`, width, 4));
  const reasons = reasonsOf(input.pairs);
  if (reasons.length > 0) lines.push('');
  for (const { verdict, why, of } of reasons) lines.push(...wrap(`${LETTERS[verdict]}  ${of}: ${why}`, width, 5));
  return lines;
}

/** One line a reason. */
function reasonsOf(pairs: readonly Pair[]): readonly { readonly verdict: PairVerdict; readonly why: string; readonly of: string }[] {
  const found = new Map<string, Pair[]>();
  for (const pair of pairs) if (pair.verdict !== 'holds') found.set(`${pair.verdict} ${pair.why}`, [...(found.get(`${pair.verdict} ${pair.why}`) ?? []), pair]);
  const order: readonly PairVerdict[] = ['hangs', 'broken', 'undecided', 'refused', 'holds'];
  return [...found.values()]
    .sort((a, b) => order.indexOf(a[0]?.verdict ?? 'holds') - order.indexOf(b[0]?.verdict ?? 'holds'))
    .flatMap((group) => {
      const [first] = group;
      return first === undefined ? [] : [{ verdict: first.verdict, why: first.why, of: sidesOf(group) }];
    });
}

function sidesOf(group: readonly Pair[]): string {
  const exporters = [...new Set(group.map((one) => one.exporter))];
  const importers = [...new Set(group.map((one) => one.importer))];
  const named = (all: readonly string[], one: string): string => (all.length <= 2 ? all.join(', ') : count(all.length, one));
  return `${named(exporters, 'exporter')} x ${named(importers, 'importer')}`;
}

export function matrixMarkdown(input: MatrixInput): string {
  const { rows, columns, cell } = fold(input);
  const text = (pair: Pair | null): string => (pair === null ? '' : pair.verdict === 'refused' ? `refused ${pair.at ?? ''} -${pair.errno ?? ''}` : pair.verdict === 'broken' || pair.verdict === 'hangs' ? `**${pair.verdict}** ${pair.obligation ?? ''}`.trim() : pair.verdict);
  const line = (cells: readonly string[]): string => `| ${cells.map((one) => one.replaceAll('|', '\\|')).join(' | ')} |`;
  const notes = [
    ...columns.filter((column) => column.members.length > 1).map((column) => `- ${column.name}: ${column.members.map((one) => one.id).join(', ')}`),
    ...rows.filter((row) => row.members.length > 1).map((row) => `- ${row.name}: ${row.members.map((one) => one.id).join(', ')}`),
    ...reasonsOf(input.pairs).map((one) => `- ${one.of}: ${one.verdict}, ${one.why}`),
  ];
  return `${[line(['exporter', ...columns.map((column) => column.name)]), `|${'---|'.repeat(columns.length + 1)}`, ...rows.map((row) => line([row.name, ...columns.map((column) => text(cell(row, column)))])), '', ...notes].join('\n')}\n`;
}

/** One line for what was read. */
export function auditSummary(result: AuditResult, form: Form): string[] {
  const tally = (verdict: PairVerdict): number => result.pairs.filter((one) => one.verdict === verdict).length;
  const parts = (['holds', 'refused', 'broken', 'hangs', 'undecided'] as const).map((verdict) => [verdict, tally(verdict)] as const).filter(([, n]) => n > 0).map(([verdict, n]) => `${n} ${verdict}`);
  const { functions, withParseError } = result.coverage;
  const share = functions === 0 ? 0 : (withParseError / functions) * 100;
  return [
    `${count(result.importers.length, 'importer')}, ${count(result.exporters.length, 'exporter')}, ${count(result.pairs.length, 'pair')}: ${parts.join(', ')}`,
    `${count(functions, 'function')} read, ${withParseError} not in full (${share.toFixed(1)} %); ${count(result.ledger.length, 'entry', 'entries')} in the ledger${form.verbose ? '' : ' (--verbose shows them)'}`,
  ];
}

export function ledgerText(result: AuditResult, form: Form): string[] {
  return result.ledger.flatMap((row) => wrap(`${row.file}${row.line === 0 ? '' : `:${row.line}`}${row.function === '' ? '' : ` ${row.function}()`} ${row.reason}`, form.width, 4));
}
