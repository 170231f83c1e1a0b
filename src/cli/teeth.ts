// `npm run teeth [FILE|DIR …]`: prints what each rule of the model buys. Exit 1 where a rule buys nothing.

import { unlimited } from '../check/index.ts';
import { count, table, type Cell } from '../report/layout.ts';
import { engine } from './engine.ts';
import { EXIT } from './exit.ts';
import { corpusFolder } from './package-folder.ts';
import { gather } from './scenario-files.ts';
import { terminalForm } from './terminal.ts';
import { teeth, type Subject, type Tooth } from './what-rules-buy.ts';

/** A scenario grows without its rules, but not that much. */
const MOST_STATES = 500_000;

process.exitCode = main(process.argv.slice(2));

function main(paths: readonly string[]): number {
  const { files, problems } = gather(paths.length === 0 ? [corpusFolder()] : paths);
  const messages = [...problems];
  const subjects = files.flatMap(({ file, text }): Subject[] => {
    const read = engine.read(text, file);
    if (!read.ok) messages.push(...read.messages);
    return read.ok ? [{ file, scenario: read.scenario }] : [];
  });
  for (const message of messages) process.stderr.write(`${message}\n`);
  if (messages.length > 0) return EXIT.usage;
  const start = performance.now();
  const found = teeth(subjects, { limits: { ...unlimited, states: MOST_STATES }, now: () => performance.now() }, progress(subjects.length));
  process.stdout.write(`${lines(found, subjects.length, performance.now() - start).join('\n')}\n`);
  return found.some(({ bites }) => bites.length === 0) ? EXIT.bad : EXIT.fine;
}

function progress(total: number): (checked: number) => void {
  if (process.stderr.isTTY !== true) return () => {};
  return (checked) => void process.stderr.write(`\r\x1b[K${checked === total ? '' : `${checked} of ${total} files`}`);
}

function lines(found: readonly Tooth[], files: number, milliseconds: number): string[] {
  const { unicode, palette } = terminalForm(false, []);
  const rows = found.map(({ rule, used, bites: [first, ...others] }): Cell[] =>
    first === undefined
      ? [{ text: rule }, { text: 'nothing', paint: palette.bad }, { text: `0 of ${used}` }]
      : [{ text: rule }, { text: `${first.before} ${unicode ? '→' : '->'} ${first.after}` }, { text: `${1 + others.length} of ${used}` }, { text: first.file.replace(/^litmus\//, '').replace(/\.litmus$/, '') }],
  );
  const columns = [{ title: 'without the rule' }, { title: 'what changes' }, { title: 'scenarios' }, { title: 'the first' }];
  const idle = found.filter(({ bites }) => bites.length === 0).length;
  return [...table(columns, rows, Infinity, unicode), '', `${count(found.length, 'rule')} in ${count(files, 'file')}, ${idle === 0 ? 'each of them bites' : `${idle} without effect`}; ${(milliseconds / 1000).toFixed(1)} s`];
}
