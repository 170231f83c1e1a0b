// Recognising a tree, listing its files, the index of words and its cache, on folders made here.

import assert from 'node:assert/strict';
import { symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { cacheFile, readCache, writeCache } from '../../src/source/cache.ts';
import { indexIdentifiers } from '../../src/source/identifier-index.ts';
import { scanner } from '../../src/source/scan.ts';
import { contractIn, recogniseTree, treeProblemText } from '../../src/source/tree.ts';
import { cFiles } from '../../src/source/walk.ts';
import { folder, TOY_TREE } from './set-up.ts';

test('a tree tells its version and its contract', (t) => {
  const root = folder(t, TOY_TREE);
  assert.deepEqual(recogniseTree(root), { ok: true, tree: { root, version: '7.3.4-rc1', release: '7.3', contract: 'invalidate_mappings' } });
  assert.equal(contractIn('struct dma_buf_attach_ops {\n\tvoid (*move_notify)(struct dma_buf_attachment *a);\n};\n'), 'move_notify');
  assert.equal(contractIn('struct dma_buf { int x; };'), 'none');
});

test('what is no tree says why', (t) => {
  const { MAINTAINERS: _, ...without } = TOY_TREE;
  const problem = (root: string): string => {
    const result = recogniseTree(root);
    return result.ok ? 'a tree' : treeProblemText(result.problem).replace(root, 'X');
  };
  assert.equal(problem(folder(t, {})), 'X is empty');
  assert.equal(problem(folder(t, without)), 'X is not a kernel tree: it lacks MAINTAINERS');
  assert.equal(problem(folder(t, { ...TOY_TREE, Makefile: 'all:\n' })), 'X is not a kernel tree: it lacks VERSION and PATCHLEVEL in its Makefile');
  assert.equal(problem(join(folder(t, {}), 'gone')), 'X does not exist');
  assert.equal(problem(join(folder(t, TOY_TREE), 'Makefile')), 'X is not a kernel tree: it lacks a folder');
});

test('a loop of symbolic links is passed over and told', (t) => {
  const root = folder(t, { 'drivers/b.c': '', 'drivers/a/x.h': '', 'drivers/a/x.txt': '' });
  symlinkSync('..', join(root, 'drivers/a/up'));
  assert.deepEqual(cFiles(root, ['drivers', 'sound']), { files: ['drivers/a/x.h', 'drivers/b.c'], skipped: [{ path: 'drivers/a/up', why: 'symbolic link' }] });
});

test('the scan finds what a regular expression finds', () => {
  const prefixes = ['dma_buf_', 'dma_resv_', 'drm_gem_prime', 'vb2_'];
  const { find } = scanner(prefixes);
  const texts = ['dma_buf_', 'x dma_buf_attach(dma_buf_get, my_dma_buf_put) dma_resv_lock', '\xff\xfedma_buf_pin\0vb2_mem', 'vb2_', 'ddma_buf_ dma_dma_buf_x', '', 'd', 'drm_gem_prim drm_gem_prime_fd'];
  for (const text of texts) {
    const bytes = Buffer.from(text, 'latin1');
    const expected = [...new Set([...text.matchAll(/(?<![A-Za-z0-9_])(?:dma_buf_|dma_resv_|drm_gem_prime|vb2_)[A-Za-z0-9_]*/g)].map((match) => match[0]))].sort();
    assert.deepEqual(find(bytes, bytes.length), expected, JSON.stringify(text));
  }
  assert.throws(() => scanner(['ab']), RangeError);
});

test('the cache answers for files that did not change', (t) => {
  const root = folder(t, { 'drivers/a.c': 'dma_buf_get();', 'drivers/b.c': 'int x;' });
  const file = cacheFile(join(root, 'cache'), root, ['dma_buf_']);
  const files = [...cFiles(root, ['drivers']).files, 'drivers/gone.c'];
  const first = indexIdentifiers(root, files, ['dma_buf_']);
  assert.deepEqual(first.files.map(({ path, words }) => [path, words]), [['drivers/a.c', ['dma_buf_get']], ['drivers/b.c', []]]);
  assert.deepEqual(first.skipped, [{ path: 'drivers/gone.c', why: 'cannot be read (ENOENT)' }]);
  assert.ok(writeCache(file, first, 'test'));
  const second = indexIdentifiers(root, files, ['dma_buf_'], readCache(file));
  assert.deepEqual([second.files, second.bytesRead], [first.files, 0]);
  writeFileSync(join(root, 'drivers/b.c'), 'int dma_buf_x;');
  assert.deepEqual(indexIdentifiers(root, files, ['dma_buf_'], readCache(file)).files[1]?.words, ['dma_buf_x']);
  writeFileSync(file, '[[1');
  assert.equal(readCache(file).size, 0);
});
