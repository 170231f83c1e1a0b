// The patch that the project began with, rebuilt on a small tree of our own (test/seed): a stub as callback, so that every dynamic importer has one (SEMANTICS D2, D3).
// v3 has three patches: the stub, its use by an importer that cannot stop, and a question of the framework that knows the stub. v2 lacks the last one.

import assert from 'node:assert/strict';
import { cpSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { stagesOf } from '../../src/audit/series-stages.ts';
import { seriesIn } from '../../src/source/mails.ts';
import { folder } from '../source/set-up.ts';
import { fencepost, ROOT } from './run.ts';

const SEED = join(ROOT, 'test', 'seed');
const TREE = join(SEED, 'tree');

interface Json {
  readonly added: readonly { readonly rule: string; readonly patch: { readonly number: number } }[];
  readonly fixed: readonly { readonly rule: string }[];
  readonly pairsChanged: readonly { readonly exporter: string; readonly importer: string; readonly before: string; readonly after: string }[];
  readonly series: { readonly version: number };
}

function patched(patch: string, tree: string): Json {
  const { out, err } = fencepost(['audit', '--patch', patch, tree, '--no-cache', '--format', 'json']);
  assert.equal(err, '');
  return JSON.parse(out) as Json;
}

const pairs = ({ pairsChanged }: Json): readonly string[] => pairsChanged.map(({ exporter, importer, before, after }) => `${exporter} ${importer}: ${before} → ${after}`).sort();

/** The tree behind the first patches of a series. */
function behind(t: TestContext, file: string, count: number): string {
  const root = folder(t, {});
  cpSync(TREE, root, { recursive: true });
  const series = seriesIn(readFileSync(file, 'latin1')) ?? assert.fail('no series');
  const made = stagesOf(series, { read: (path) => readFileSync(join(TREE, path), 'latin1') });
  assert.ok(made.ok);
  for (const [path, text] of made.stages[count] ?? []) writeFileSync(join(root, path), text ?? '', 'latin1');
  return root;
}

/** Verdicts of the tree, by "exporter importer". */
function verdicts(tree: string): Readonly<Record<string, string>> {
  const { pairs: all } = JSON.parse(fencepost(['audit', tree, '--no-cache', '--format', 'json']).out) as { pairs: { exporter: string; importer: string; verdict: string; errno: string | null }[] };
  return Object.fromEntries(all.map(({ exporter, importer, verdict, errno }) => [`${exporter} ${importer}`, `${verdict} ${errno ?? ''}`.trim()]));
}

test('without a callback, both exporters refuse the importer that cannot stop (M2 and R0)', () => {
  assert.deepEqual(verdicts(TREE), { 'vfio umem_pinned': 'refused EOPNOTSUPP', 'poker umem_pinned': 'refused EOPNOTSUPP' });
});

test('as in that series: who asks dma_buf_attach_revocable() refuses it as before; who looks for a callback lets it in, and never gets out of its revoke', (t) => {
  const v3 = patched(join(SEED, 'v3.mbox'), TREE);
  assert.deepEqual(v3.added.map(({ rule, patch }) => [rule, patch.number]), [['stub-callback', 2]]);
  assert.deepEqual([v3.series.version, pairs(v3)], [3, ['poker umem_pinned: refused → hangs']]);
  assert.deepEqual(verdicts(behind(t, join(SEED, 'v3.mbox'), 3)), { 'vfio umem_pinned': 'refused EOPNOTSUPP', 'poker umem_pinned': 'hangs' });
});

test('where the question does not know the stub, both let it in', () => {
  assert.deepEqual(pairs(patched(join(SEED, 'v2.mbox'), TREE)), ['poker umem_pinned: refused → hangs', 'vfio umem_pinned: refused → hangs']);
});

test('the last patch alone, on a tree that has the others, closes one of the two', (t) => {
  const tree = behind(t, join(SEED, 'v3.mbox'), 2);
  const last = join(tree, 'last.patch');
  writeFileSync(last, readFileSync(join(SEED, 'v3.mbox'), 'latin1').split(/^(?=From [0-9a-f]{40} )/m).find((mail) => mail.includes('[PATCH v3 3/3]')) ?? '');
  assert.deepEqual(pairs(patched(last, tree)), ['vfio umem_pinned: hangs → refused']);
});
