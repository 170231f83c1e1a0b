// `fencepost explain ID`: text, source, names in the kernel, automaton, and a scenario that breaks or uses it.

import { didYouMean } from '../../litmus/nearest.ts';
import { table, wrap } from '../../report/layout.ts';
import { corpusIndex, scenarioThatBreaks, scenarioThatUses, type CorpusEntry } from '../corpus-index.ts';
import { EXIT, UsageProblem } from '../exit.ts';
import { glossary, lookUp, type Entry } from '../glossary.ts';
import { terminalForm } from '../terminal.ts';

export function explain(id: string): number {
  const entries = glossary();
  const found = lookUp(id, entries);
  if (found.length === 0) {
    const near = didYouMean(id, entries.flatMap((entry) => [entry.id, ...entry.aliases]));
    throw new UsageProblem(`nothing is known of '${id}'`, near ?? 'fencepost list shows what there is');
  }
  const index = corpusIndex();
  process.stdout.write(`${found.map((entry) => page(entry, index).join('\n')).join('\n\n')}\n`);
  return EXIT.fine;
}

function page(entry: Entry, index: readonly CorpusEntry[]): string[] {
  const { width, unicode, palette } = terminalForm(false, []);
  const lines = [...wrap(`${entry.id} (${entry.kind})${entry.name === '' ? '' : `: ${entry.name}`}`, width, 4), '', ...wrap(entry.text, width)];
  lines[0] = (lines[0] ?? '').replace(entry.id, palette.strong(entry.id));
  if (entry.more.length > 0) lines.push('', ...entry.more.flatMap((line) => wrap(line, width, 4)));
  for (const { title, columns, rows } of entry.tables) {
    const cells = rows.map((row) => row.map((text) => ({ text })));
    lines.push('', ...wrap(title, width, 4), ...table(columns.map((column) => ({ title: column, least: 8 })), cells, width - 2, unicode, false).map((line) => `  ${line}`));
  }
  if (entry.source !== '') lines.push('', ...wrap(`Source: ${entry.source}`, width, 4));
  for (const { title, text } of entry.code) lines.push('', title, ...text.trim().split('\n').map((line) => (line === '' ? '' : `  ${line}`)));
  lines.push(...example(entry, index).flatMap((line) => wrap(line, width, 4)));
  return lines;
}

function example({ broken, used }: Entry, index: readonly CorpusEntry[]): string[] {
  for (const code of broken) {
    const scenario = scenarioThatBreaks(code, index);
    if (scenario !== null) return [`Broken by: ${scenario.name} (${scenario.file})`];
  }
  const scenario = used === null ? null : scenarioThatUses(used, index);
  return scenario === null ? [] : [`Example: ${scenario.name} (${scenario.file})`];
}
