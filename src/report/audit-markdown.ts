// The matrix of an audit as Markdown: the folded table in words, then every importer and exporter with its row or column, then the reasons.

import type { AuditResult, ExporterProfile, ImporterProfile, Pair } from '../results/audit.ts';
import { fold, reasonsOf, sidesText, type Group, type MatrixInput } from './audit-fold.ts';

export function matrixMarkdown(tree: AuditResult['tree'], input: MatrixInput): string {
  const { rows, columns, cell } = fold(input);
  const reasons = reasonsOf(input.pairs);
  return `${[
    `# Linux ${plain(tree.version)}, ${plain(tree.contract)}`,
    '',
    ...table(['exporter', ...columns.map((column) => plain(column.name))], rows.map((row) => [plain(row.name), ...columns.map((column) => cellText(cell(row, column)))])),
    '',
    '## Importers',
    '',
    ...table(['column', 'importer', 'class', 'callback', 'unmaps', 'attaches in'], columns.flatMap((column) => column.members.map((one) => importerCells(column, one)))),
    '',
    '## Exporters',
    '',
    ...table(['row', 'exporter', 'table', 'takes back in', 'waits for', 'defined in'], rows.flatMap((row) => row.members.map((one) => exporterCells(row, one)))),
    ...(reasons.length === 0 ? [] : ['', '## Reasons', '', ...reasons.map((one) => `- **${one.verdict}**: ${plain(sidesText(one, '×', Infinity))}: ${plain(one.why)}`)]),
  ].join('\n')}\n`;
}

function cellText(pair: Pair | null): string {
  if (pair === null) return '';
  if (pair.verdict === 'refused') return `refused ${pair.at ?? ''} -${pair.errno ?? ''}`;
  if (pair.verdict === 'broken' || pair.verdict === 'hangs') return `**${pair.verdict}** ${pair.obligation ?? ''}`.trim();
  return pair.verdict;
}

function importerCells(column: Group<ImporterProfile>, one: ImporterProfile): readonly string[] {
  return [plain(column.name), plain(one.id), one.class, plain(one.callback ?? ''), one.unmaps ?? '', plain(`${one.file}:${one.line} ${one.function}()`)];
}

function exporterCells(row: Group<ExporterProfile>, one: ExporterProfile): readonly string[] {
  const waits = [one.waitsFences === null ? '' : `${one.waitsFences} fences`, one.waitsUnmap === null ? '' : `unmaps (${one.waitsUnmap})`].filter((part) => part !== '').join(', ');
  return [plain(row.name), plain(one.id), plain(one.ops), plain([...new Set(one.invalidates.map((place) => `${place.function}()`))].join(', ')), waits, plain(`${one.file}:${one.line}`)];
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string[] {
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  return [line(head), `|${'---|'.repeat(head.length)}`, ...rows.map(line)];
}

/** C and ids as they are, whatever Markdown would make of them. An underscore inside a word means nothing there. */
function plain(text: string): string {
  return text.replace(/[\\`*|<[\]~]|(?<![A-Za-z0-9])_|_(?![A-Za-z0-9])/g, '\\$&');
}
