// The vocabulary and the model name the same steps.

import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { parse } from '../../src/litmus/index.ts';
import { CALLS } from '../../src/model/calls.ts';
import { compile } from '../../src/model/compile.ts';
import { nameText, namesIn } from '../../src/protocol/kernel-names.ts';
import { HELPERS, isStep, STEPS, type StepRow } from '../../src/protocol/steps.ts';

const MODEL = fileURLToPath(new URL('../../src/model/', import.meta.url));

/** Every `step: 'x'` and `step: test ? 'x' : 'y'` in the model's sources. */
function stepsInSources(): Set<string> {
  const found = new Set<string>();
  for (const file of readdirSync(MODEL, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.ts'))) {
    const text = readFileSync(join(MODEL, file), 'utf8');
    for (const [, value = ''] of text.matchAll(/\bstep: ((?:[\w.]+ === '\w+' \? )?'[a-z-]+'(?: : '[a-z-]+')?)/g)) {
      for (const [, id = ''] of value.replace(/=== '\w+'/, '').matchAll(/'([a-z-]+)'/g)) found.add(id);
    }
  }
  return found;
}

const rows: readonly StepRow[] = STEPS;

test('ids are unique and every row is filled in', () => {
  assert.equal(new Set(rows.map((row) => row.id)).size, rows.length);
  for (const { id, text, source } of rows) {
    assert.match(id, /^[a-z]+(-[a-z]+)*$/);
    assert.match(text, /^[A-Z].*\.$/, id);
    assert.match(source, /SEMANTICS [A-F]\d/, id);
  }
});

test('every step of the model is in the table, every row is a step of the model or says why not', () => {
  const used = stepsInSources();
  assert.ok(used.size > 40, String(used.size));
  assert.deepEqual([...used].filter((id) => !isStep(id)), []);
  assert.deepEqual(rows.filter((row) => row.unmodelled === null && !used.has(row.id)).map((row) => row.id), []);
  assert.deepEqual(rows.filter((row) => row.unmodelled !== null && used.has(row.id)).map((row) => row.id), []);
});

const SCENARIO = `litmus every-driver
exporter vfio: vfio_pci;
exporter gpu: ttm;
buffer bar of vfio;
buffer bo of gpu;
importer a: deferred of bar;
importer b: pinned_revocable of bar;
importer c: sync of bo;
thread reset: kernel { vfio_pci_dma_buf_move(vfio, true); device_off(vfio); }
thread mover: kernel { ttm_bo_move(bo); }
`;

test('the steps of a compiled scenario are in the table', () => {
  const parsed = parse(SCENARIO);
  assert.ok(parsed.ok);
  const made = compile(parsed.scenario);
  assert.ok(made.ok);
  const named = new Set(made.compiled.system.steps.flatMap((s) => (s.step === undefined ? [] : [s.step])));
  for (const id of ['attach', 'pin', 'map', 'invalidate', 'revoke', 'fence-wait', 'unmap', 'move', 'job-end']) assert.ok(named.has(id), id);
  assert.deepEqual([...named].filter((id) => !isStep(id)), []);
});

test('the callback has another name in each kernel', () => {
  const invalidate = rows.find((row) => row.id === 'invalidate');
  assert.ok(invalidate !== undefined);
  assert.deepEqual(namesIn(invalidate.functions, '6.12'), ['dma_buf_move_notify']);
  assert.deepEqual(namesIn(invalidate.functions, '7.0'), ['dma_buf_move_notify']);
  assert.deepEqual(namesIn(invalidate.functions, '7.1'), ['dma_buf_invalidate_mappings']);
  assert.deepEqual(namesIn(invalidate.functions, '5.4'), []);
  assert.deepEqual(namesIn(invalidate.ops, '7.3'), ['dma_buf_attach_ops.invalidate_mappings']);
  assert.deepEqual(invalidate.functions.map(nameText), ['dma_buf_move_notify (5.7 to 7.0)', 'dma_buf_invalidate_mappings (since 7.1)']);
});

test('helpers take known steps', () => {
  for (const { id, takes } of HELPERS) for (const step of takes) assert.ok(isStep(step), `${id}: ${step}`);
  const calls = Object.keys(CALLS).filter((name) => /^(ib_umem|iopt_map|vfio_)/.test(name));
  assert.deepEqual(calls.filter((name) => !HELPERS.some((h) => h.id === name)), []);
});
