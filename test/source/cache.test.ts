// The cache of the index and the store of answers: what is written comes back, and whatever else lies there is no error.

import assert from 'node:assert/strict';
import { appendFileSync, mkdirSync, readFileSync, readdirSync, truncateSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { cacheFile, readAnswer, readCache, writeAnswer, writeCache } from '../../src/source/cache.ts';
import { NOTHING_KNOWN, indexIdentifiers, indexKey, type IdentifierIndex } from '../../src/source/identifier-index.ts';
import { folder } from './set-up.ts';

const VOCABULARY = ['dma_buf_'];
const TREE = { 'drivers/a.c': 'dma_buf_get(); dma_buf_put();', 'drivers/b.c': 'int x;', 'drivers/c.c': 'EXPORT_SYMBOL(c); EXPORT_SYMBOL_GPL(d);', 'drivers/é\n.c': 'dma_buf_pin();' };
const PATHS = Object.keys(TREE);

test('a cache knows what the index held', (t) => {
  const root = folder(t, TREE);
  const index = indexIdentifiers(root, PATHS, VOCABULARY);
  const file = cacheFile(join(root, 'cache'), root, VOCABULARY);
  assert.ok(writeCache(file, index, 'one'));
  const again = indexIdentifiers(root, PATHS, VOCABULARY, readCache(file));
  assert.deepEqual([again.files, again.bytesRead], [index.files, 0]);
  assert.deepEqual(again.files.map(({ words, exports }) => [words, exports]), [[['dma_buf_get', 'dma_buf_put'], []], [[], []], [[], ['c', 'd']], [['dma_buf_pin'], []]]);
  // Also where files have come and gone, or are asked for in another order.
  const { files, bytesRead } = indexIdentifiers(root, ['drivers/é\n.c', 'drivers/a.c'], VOCABULARY, readCache(file));
  assert.deepEqual([files, bytesRead], [[index.files[3], index.files[0]], 0]);
  assert.ok(writeCache(file, { ...index, files: [...index.files].reverse() }, 'two'));
  assert.equal(indexIdentifiers(root, PATHS, VOCABULARY, readCache(file)).bytesRead, 0);
});

test('a file that is younger than the time of doubt is read again', (t) => {
  const root = folder(t, TREE);
  const index = indexIdentifiers(root, PATHS, VOCABULARY);
  const { ctimeMs, size } = index.files[0] ?? { ctimeMs: NaN, size: NaN };
  const file = cacheFile(join(root, 'cache'), root, VOCABULARY);
  const bytesRead = (doubtFrom: number): number => {
    assert.ok(writeCache(file, { ...index, files: index.files.slice(0, 1) }, 'x', doubtFrom));
    return indexIdentifiers(root, PATHS.slice(0, 1), VOCABULARY, readCache(file)).bytesRead;
  };
  assert.deepEqual([bytesRead(ctimeMs + 1), bytesRead(ctimeMs)], [0, size]);
});

test('a cache for another tree or vocabulary is another file', () => {
  assert.equal(new Set([cacheFile('c', '/a', ['x']), cacheFile('c', '/b', ['x']), cacheFile('c', '/a', ['x', 'y'])]).size, 3);
});

test('a broken cache is none', (t) => {
  const root = folder(t, TREE);
  const file = join(root, 'cache/index-x.bin');
  const index = indexIdentifiers(root, PATHS, VOCABULARY);
  const fresh = (): Buffer => {
    assert.ok(writeCache(file, index, 'x'));
    return readFileSync(file);
  };
  const { length } = fresh();
  assert.equal(readCache(file).size, PATHS.length);
  for (let end = 0; end < length; end += 7) {
    fresh();
    truncateSync(file, end);
    assert.equal(readCache(file), NOTHING_KNOWN, `cut at ${end}`);
  }
  for (let at = 0; at < length; at++) {
    const bytes = fresh();
    bytes[at] = (bytes[at] ?? 0) ^ 1;
    writeFileSync(file, bytes);
    assert.equal(readCache(file), NOTHING_KNOWN, `changed at ${at}`);
  }
  fresh();
  appendFileSync(file, 'x');
  assert.equal(readCache(file), NOTHING_KNOWN);
  for (const foreign of ['', '[]', '{"format":2}', '\0'.repeat(4096)]) {
    writeFileSync(file, foreign);
    assert.equal(readCache(file), NOTHING_KNOWN);
  }
  assert.equal(readCache(root), NOTHING_KNOWN);
  assert.equal(readCache(join(root, 'gone')), NOTHING_KNOWN);
});

test('a place that cannot be written to is no error', (t) => {
  const root = folder(t, { file: '' });
  assert.equal(writeCache(join(root, 'file/index'), { files: [], skipped: [], bytesRead: 0 }, 'x'), false);
  assert.equal(writeAnswer(join(root, 'file'), 'key', 'text', 'x'), false);
  // A folder stands where the file belongs: nothing half-written stays behind.
  mkdirSync(join(root, 'index-y.bin/inside'), { recursive: true });
  assert.equal(writeCache(join(root, 'index-y.bin'), { files: [], skipped: [], bytesRead: 0 }, 'x'), false);
  assert.deepEqual(readdirSync(root).sort(), ['file', 'index-y.bin']);
});

test('an answer comes back under its key, and a broken one does not', (t) => {
  const root = folder(t, {});
  assert.equal(readAnswer(root, 'a'), null);
  assert.ok(writeAnswer(root, 'a', 'first\nänswer\n', 'x') && writeAnswer(root, '../b', '', 'x'));
  assert.deepEqual([readAnswer(root, 'a'), readAnswer(root, '../b'), readAnswer(root, 'c')], ['first\nänswer\n', '', null]);
  for (const name of readdirSync(root)) appendFileSync(join(root, name), ' ');
  assert.deepEqual([readAnswer(root, 'a'), readAnswer(root, '../b')], [null, null]);
});

test('24 answers are kept, and the newest always; the index is not theirs to remove', (t) => {
  const root = folder(t, { 'index-x.bin': '', 'answer-x.dead.part': '', 'answer-x.live.part': '' });
  const key = (n: number): string => `key ${n}`;
  const age = (names: readonly string[], seconds: number): void => {
    for (const name of names) utimesSync(join(root, name), Date.now() / 1000 - seconds, Date.now() / 1000 - seconds);
  };
  age(['index-x.bin', 'answer-x.dead.part'], 9999);
  for (let n = 0; n < 28; n++) {
    const before = new Set(readdirSync(root));
    assert.ok(writeAnswer(root, key(n), 'text', 'x'));
    age(readdirSync(root).filter((name) => !before.has(name)), 100 - n);
  }
  assert.deepEqual(Array.from({ length: 28 }, (_, n) => n).filter((n) => readAnswer(root, key(n)) === null), [0, 1, 2, 3]);
  assert.deepEqual(readdirSync(root).filter((name) => !/^answer-[0-9a-f]+$/.test(name)).sort(), ['answer-x.live.part', 'index-x.bin']);
});

test('the key of an index changes with all that an audit can read', (t) => {
  const root = folder(t, TREE);
  const index = (): IdentifierIndex => indexIdentifiers(root, [...PATHS, 'drivers/gone.c'], VOCABULARY);
  const first = indexKey(index(), '1');
  assert.equal(indexKey(index(), '1'), first);
  const keys = new Set([first, indexKey(index(), '2'), indexKey({ ...index(), skipped: [] }, '1')]);
  for (const path of PATHS) {
    const text = TREE[path as keyof typeof TREE];
    // As long as before.
    writeFileSync(join(root, path), text.replace(/.$/, '}'));
    keys.add(indexKey(index(), '1'));
  }
  assert.equal(keys.size, 3 + PATHS.length);
  // What has words counts by its content alone.
  const now = indexKey(index(), '1');
  utimesSync(join(root, 'drivers/a.c'), 1, 1);
  assert.equal(indexKey(index(), '1'), now);
  utimesSync(join(root, 'drivers/b.c'), 1, 1);
  assert.notEqual(indexKey(index(), '1'), now);
});
