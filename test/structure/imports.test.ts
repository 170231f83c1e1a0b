import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { ROOT, TABLE, breaches } from './house-rules.ts';

const BAD = 'src/model/zz-bad-sample.ts';
const GOOD = 'src/model/zz-good-sample.ts';

// One sample that breaks every rule, one that only looks as if it did. Both stand in the same program as src/.
const found = breaches({
  [BAD]: `import { readFileSync } from 'node:fs';
import type { Layout } from '../check/layout.ts';
import { Command } from 'commander';
import { read } from './system';
export const later = () => import('../cli/exit.ts');
export const where = (path: string) => import(path);
export type { Form } from '../report/form.ts';
export type Inner = import('../cli/exit.ts').UsageProblem;
export const loose = (x: any) => x as any;
export const sure = (x: string | null) => x!.length;
export const t = Date.now() + performance.now();
console.log(process.argv, readFileSync, Command, read, new Date());
export class C { late!: number; layout: Layout | null = null }
`,
  [GOOD]: `import { read } from './system.ts';
import { HARMS } from '../protocol/harms.ts';
// any process may write console.log(Date.now()) in a comment
export const name = 'import { x } from "../cli/main.ts"; x!; as any';
export const step = (process: number, fetch: { now: number }) => [process, fetch.now, read(process), HARMS, !process, new Date(0)];
`,
});

test('src keeps the import table and the house rules', () => {
  const ours = found.filter(({ file }) => file !== BAD && file !== GOOD);
  assert.deepEqual(ours.map(({ file, line, text }) => `${file}:${line} ${text}`), []);
});

test('the check sees each kind of breach', () => {
  assert.deepEqual(
    found.filter(({ file }) => file === BAD).map(({ line, text }) => `${line} ${text}`),
    [
      '1 model may not import node:fs',
      '2 model may not import check',
      '3 model may not import the package commander',
      '4 the import ./system does not end in .ts',
      '5 model may not import cli',
      '6 an import whose path is computed',
      '7 model may not import report',
      '8 model may not import cli',
      '9 the type any',
      '9 the type any',
      '10 a ! that silences the compiler',
      '11 reads the clock: Date.now',
      '11 uses performance',
      '12 uses console',
      '12 uses process',
      '12 reads the clock: new Date()',
      '13 a ! that silences the compiler',
    ],
  );
});

test('the check does not see breaches where there are none', () => {
  assert.deepEqual(found.filter(({ file }) => file === GOOD), []);
});

test('docs/architecture.md shows the same table', () => {
  const page = readFileSync(join(ROOT, 'docs/architecture.md'), 'utf8');
  const shown = new Map([...page.matchAll(/^\| `(\w+)` \|.*\| ?([^|]*?) ?\|$/gm)].map((match) => [match[1] ?? '', match[2] ?? '']));
  assert.deepEqual([...shown.keys()].sort(), Object.keys(TABLE).filter((folder) => folder !== 'index').sort());
  for (const [folder, imports] of shown) {
    const expected = TABLE[folder]?.imports ?? [];
    if (!imports.startsWith('all')) assert.deepEqual(imports.split(', ').filter((name) => name !== '').sort(), [...expected].sort(), folder);
  }
});
