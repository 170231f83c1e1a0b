// `fencepost explain ID`: text, source, and a scenario that breaks it.

import { didYouMean } from '../../litmus/nearest.ts';
import { wrap } from '../../report/layout.ts';
import { corpusIndex, scenarioThatBreaks } from '../corpus-index.ts';
import { EXIT, UsageProblem } from '../exit.ts';
import { glossary, type Entry } from '../glossary.ts';
import { terminalForm } from '../terminal.ts';

export function explain(id: string): number {
  const entries = glossary();
  const found = entries.filter((entry) => entry.id === id);
  const meant = found.length > 0 ? found : entries.filter((entry) => entry.id.toLowerCase() === id.toLowerCase());
  if (meant.length === 0) {
    const near = didYouMean(id, entries.map((entry) => entry.id));
    throw new UsageProblem(`nothing is known of '${id}'`, near ?? 'fencepost list shows what there is');
  }
  process.stdout.write(`${meant.map((entry) => page(entry).join('\n')).join('\n\n')}\n`);
  return EXIT.fine;
}

function page(entry: Entry): string[] {
  const { width, palette } = terminalForm(false, []);
  const lines = [`${palette.strong(entry.id)} (${entry.kind})${entry.name === '' ? '' : `: ${entry.name}`}`, '', ...wrap(entry.text, width)];
  if (entry.more.length > 0) lines.push('', ...entry.more.flatMap((line) => wrap(line, width, 4)));
  if (entry.source !== '') lines.push('', ...wrap(`Source: ${entry.source}`, width, 4));
  if (entry.code !== null) lines.push(...example(entry.code));
  return lines;
}

function example(code: string): string[] {
  const scenario = scenarioThatBreaks(code, corpusIndex());
  return scenario === null ? [] : [`Broken by: ${scenario.name} (${scenario.file})`];
}
