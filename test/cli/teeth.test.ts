// Every rule of the model's programs is there for a reason that the corpus shows.

import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { unlimited } from '../../src/check/index.ts';
import { engine } from '../../src/cli/engine.ts';
import { gather } from '../../src/cli/scenario-files.ts';
import { teeth, type Subject } from '../../src/cli/what-rules-buy.ts';
import { ROOT } from './run.ts';

function subjects(): Subject[] {
  const { files, problems } = gather([join(ROOT, 'litmus')]);
  assert.deepEqual(problems, []);
  return files.flatMap(({ file, text }) => {
    const read = engine.read(text, file);
    return read.ok ? [{ file, scenario: read.scenario }] : [];
  });
}

const options = { limits: { ...unlimited, states: 500_000 }, now: () => 0 };
const found = teeth(subjects(), options);

test('every rule bites: without it some scenario of the corpus comes out otherwise', () => {
  assert.deepEqual(found.filter(({ bites }) => bites.length === 0).map(({ rule }) => rule), []);
});

test('every rule that the model names is used by the corpus', () => {
  const model = join(ROOT, 'src', 'model');
  const sources = readdirSync(model, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.ts')).map((name) => readFileSync(join(model, name), 'utf8')).join('\n');
  const named = new Set([...sources.matchAll(/\.rule\('([^']+)'\)/g)].map((match) => match[1] ?? ''));
  assert.ok(named.size > 8, String(named.size));
  const used = new Set(found.map(({ rule }) => rule));
  assert.deepEqual([...named].filter((rule) => !used.has(rule)), []);
});

test('a rule without effect is seen: a scenario in which nothing depends on it', () => {
  const read = engine.read(`litmus nothing-mapped
exporter vfio: vfio_pci;
buffer bar of vfio;
thread reset: kernel { vfio_pci_dma_buf_move(vfio, true); device_off(vfio); }
`, 'x.litmus');
  assert.ok(read.ok);
  const wait = teeth([{ file: 'x.litmus', scenario: read.scenario }], options).find(({ rule }) => rule === 'revoke: wait for fences');
  assert.deepEqual(wait, { rule: 'revoke: wait for fences', used: 1, bites: [] });
});
