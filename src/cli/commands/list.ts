// `fencepost list [TOPIC]`: one line an entry.

import { cut, table, type Cell } from '../../report/layout.ts';
import { corpusIndex } from '../corpus-index.ts';
import { EXIT } from '../exit.ts';
import { glossary, type Entry } from '../glossary.ts';
import { TOPICS, type Topic } from '../options.ts';
import { terminalForm } from '../terminal.ts';

export function list(topic: Topic | null): number {
  const topics = topic === null ? TOPICS : [topic];
  const form = terminalForm(false, []);
  const parts = topics.flatMap((one) => {
    const rows = rowsOf(one, form.width, form.unicode);
    if (rows.length === 0) return topic === null ? [] : [`no ${one} are known`];
    const lines = table([{ title: '' }, { title: '', least: 20 }], rows, form.width, form.unicode, false);
    return [topic === null ? `${form.palette.strong(one)}\n${lines.map((line) => `  ${line}`).join('\n')}\n` : lines.join('\n')];
  });
  process.stdout.write(`${parts.join('\n').trimEnd()}\n`);
  return EXIT.fine;
}

function rowsOf(topic: Topic, width: number, unicode: boolean): Cell[][] {
  if (topic === 'scenarios') return corpusIndex().map(({ file, expected }) => [{ text: file.replace(/^litmus\//, '').replace(/\.litmus$/, '') }, { text: expected }]);
  return glossary()
    .filter((entry) => entry.topic === topic)
    .map((entry) => [{ text: entry.id }, { text: cut(entry.name === '' || topic === 'calls' || topic === 'drivers' || topic === 'rules' ? described(entry) : `${entry.name}: ${entry.text}`, width - 4 - entry.id.length, unicode) }]);
}

/** Where one topic holds two kinds, the rarer one is named. */
function described({ kind, name, text }: Entry): string {
  if (kind === 'rule') return name.startsWith('high') ? text : `(${name}) ${text}`;
  return kind === 'predicate' || kind === 'exporter' ? `(${kind}) ${text}` : text;
}
