// The index of a tree, by one thread and by several, from the cache and past it, and on input that is not what it seems.

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, readFileSync, readdirSync, rmSync, statSync, symlinkSync, truncateSync, utimesSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Worker } from 'node:worker_threads';
import type { FromIndexWorker, IndexOptions } from '../../src/cli/index-pool.ts';
import { readCache } from '../../src/source/cache.ts';
import { LARGEST, VOCABULARY, indexIdentifiers, type IdentifierIndex } from '../../src/source/identifier-index.ts';
import { scanner } from '../../src/source/scan.ts';
import { cFiles, ROOTS } from '../../src/source/walk.ts';
import { poolWith, slowly, whole, withoutRights } from './index-set-up.ts';
import { NEEDS_REAL, REAL, folder } from './set-up.ts';

const { indexTree, defaultCacheFolder } = await poolWith();
const ALONE: IndexOptions = { workers: 1, cacheFolder: null };

/** 30 folders with 40 files each: enough for threads to be started. */
function forest(t: TestContext): string {
  const files: Record<string, string> = {};
  for (let f = 0; f < 30; f++) {
    for (let n = 0; n < 40; n++) files[`drivers/f${f}/n${n}.c`] = n % 3 === 0 ? `int x${f};\n` : `/* dma_buf_${f} */ int dma_buf_${n};\nEXPORT_SYMBOL(e${f}_${n});\n`;
  }
  return folder(t, files);
}

const wordsOf = (index: IdentifierIndex | null, path: string): readonly string[] | undefined => whole(index).files.find((file) => file.path === path)?.words;

test('one thread and three find the same, in the order of the paths', async (t) => {
  const root = forest(t);
  writeFileSync(Buffer.from(`${root}/drivers/f3/odd\xff.c`, 'latin1'), '');
  truncateSync(join(root, 'drivers/f7/n0.c'), LARGEST + 1);
  const answers: number[] = [];
  const watch = (worker: Worker): void => void worker.on('message', ({ results }: FromIndexWorker) => answers.push(results.length));
  process.on('worker', watch);
  t.after(() => process.off('worker', watch));
  const one = whole(await indexTree(root, ALONE));
  const three = whole(await indexTree(root, { ...ALONE, workers: 3, stop: slowly(5) }));
  assert.deepEqual(three, one);
  // How many of the two had something to do depends on the machine; what they found does not.
  assert.ok(answers.length <= 2);
  const paths = one.files.map(({ path }) => path);
  assert.deepEqual([paths.length, paths], [1199, [...paths].sort()]);
  assert.deepEqual(one.skipped, [{ path: 'drivers/f3/odd\ufffd.c', why: 'its name is not UTF-8' }, { path: 'drivers/f7/n0.c', why: 'larger than 32 MiB' }]);
  assert.deepEqual(wordsOf(one, 'drivers/f7/n1.c'), ['dma_buf_1', 'dma_buf_7']);
  assert.deepEqual(one.files.find(({ path }) => path === 'drivers/f29/n38.c')?.exports, ['e29_38']);
});

test('what a thread took with it when it died is done again', async (t) => {
  const root = forest(t);
  const cacheFolder = join(root, 'cache');
  // It has looked at the files of three parts, and dies before it tells what they hold.
  const dies = `import { lstatSync } from 'node:fs'; import { workerData } from 'node:worker_threads'; import { PartQueue } from './index-pool.js';
    const queue = new PartQueue(workerData.memory);
    for (let i = 0; i < 3; i++) {
      const number = queue.take();
      if (!queue.awaits(number)) break;
      const { paths, stamps } = queue.read(number);
      paths.forEach((path, at) => { const { size, mtimeMs, ctimeMs, ino } = lstatSync(workerData.input.root + '/' + path); stamps.set([size, mtimeMs, ctimeMs, ino], at * 4); });
    }
    throw new Error('lost');`;
  const { indexTree: withDying } = await poolWith(dies);
  const { indexTree: withNone } = await poolWith('syntax error');
  await indexTree(root, { workers: 1, cacheFolder });
  for (const { path } of whole(await indexTree(root, ALONE)).files) writeFileSync(join(root, path), 'int dma_buf_changed;');
  const expected = whole(await indexTree(root, ALONE));
  for (const one of [withDying, withNone]) assert.deepEqual(whole(await one(root, { workers: 3, cacheFolder, stop: slowly(5) })), expected);
});

test('it stops when it is told to, and keeps nothing', async (t) => {
  const root = forest(t);
  const cacheFolder = join(root, 'cache');
  for (const after of [0, 3, 35]) {
    let asked = 0;
    assert.equal(await indexTree(root, { workers: 2, cacheFolder, stop: () => asked++ === after }), null);
  }
  assert.throws(() => readdirSync(cacheFolder), { code: 'ENOENT' });
});

test('progress counts the files', async (t) => {
  const root = forest(t);
  const told: (readonly [number, number])[] = [];
  await indexTree(root, { ...ALONE, stop: slowly(5), progress: (done, found) => told.push([done, found]) });
  assert.ok(told.length > 0 && told.every(([done, found], at) => done <= found && found <= 1200 && done >= (told[at - 1]?.[0] ?? 0)), JSON.stringify(told));
});

test('from the cache no byte is read, and what changed is read alone', async (t) => {
  const root = folder(t, { 'drivers/a.c': 'dma_buf_a', 'drivers/b.c': 'dma_buf_b', 'drivers/c.c': 'int c;', 'drivers/d/d.c': 'EXPORT_SYMBOL(d);' });
  const at = (path: string): string => join(root, path);
  const run = async (workers = 1): Promise<IdentifierIndex> => whole(await indexTree(root, { workers, cacheFolder: at('cache') }));
  const first = await run();
  // Within two seconds nothing is believed: all is read again, with the same result.
  const young = await run();
  assert.deepEqual(young, first);
  assert.equal(young.bytesRead, first.bytesRead);
  await sleep(2100);
  await run();
  const quiet = await run(2);
  assert.equal(quiet.bytesRead, 0);
  assert.deepEqual(quiet.files.map(({ path, words, exports }) => [path, words, exports]), first.files.map(({ path, words, exports }) => [path, words, exports]));

  // Touched, and nothing else.
  utimesSync(at('drivers/a.c'), 1, 1);
  assert.equal((await run()).bytesRead, 9);
  // As long as before, with the old time set again.
  const { atimeMs, mtimeMs } = statSync(at('drivers/b.c'));
  writeFileSync(at('drivers/b.c'), 'dma_buf_x');
  utimesSync(at('drivers/b.c'), atimeMs / 1000, mtimeMs / 1000);
  assert.deepEqual(wordsOf(await run(), 'drivers/b.c'), ['dma_buf_x']);
  // Twice within a tick of the clock.
  for (const letter of 'pqrstuvw') {
    writeFileSync(at('drivers/c.c'), `dma_buf_${letter}`);
    assert.deepEqual(wordsOf(await run(), 'drivers/c.c'), [`dma_buf_${letter}`]);
  }
  // Come, gone, and another file in its place.
  writeFileSync(at('drivers/aa.c'), 'dma_buf_new');
  rmSync(at('drivers/b.c'));
  rmSync(at('drivers/d/d.c'));
  symlinkSync('../a.c', at('drivers/d/d.c'));
  const last = await run();
  assert.deepEqual(last.files.map(({ path }) => path), ['drivers/a.c', 'drivers/aa.c', 'drivers/c.c']);
  assert.deepEqual(last.skipped, [{ path: 'drivers/d/d.c', why: 'symbolic link' }]);
});

test('several at once, or a cache that is no use, change nothing', async (t) => {
  const root = forest(t);
  const cacheFolder = join(root, 'cache');
  const expected = whole(await indexTree(root, ALONE));
  const all = await Promise.all([1, 2, 1, 2, 1].map((workers) => indexTree(root, { workers, cacheFolder })));
  for (const one of all) assert.deepEqual(whole(one).files.map(({ words }) => words), expected.files.map(({ words }) => words));
  const [name = '', ...more] = readdirSync(cacheFolder);
  assert.deepEqual(more, []);
  assert.equal(readCache(join(cacheFolder, name)).size, 1200);
  writeFileSync(join(cacheFolder, name), readFileSync(join(cacheFolder, name)).subarray(0, 5000));
  assert.deepEqual(whole(await indexTree(root, { workers: 1, cacheFolder })).files.length, 1200);
  assert.deepEqual(whole(await indexTree(root, { workers: 1, cacheFolder: join(root, 'drivers/f0/n0.c') })).files.length, 1200);
});

test('files that are no files, that are too large, or that are gone are told and never waited for', async (t) => {
  const root = folder(t, { 'drivers/a.c': 'dma_buf_a', 'drivers/folder.c/inside.c': 'dma_buf_inside', 'drivers/secret.c': 'dma_buf_secret', 'drivers/empty.c': '' });
  const at = (path: string): string => join(root, path);
  assert.equal(spawnSync('mkfifo', [at('drivers/pipe.c')]).status, 0);
  symlinkSync('a.c', at('drivers/link.c'));
  writeFileSync(at('drivers/large.c'), 'dma_buf_large');
  truncateSync(at('drivers/large.c'), 50 * 2 ** 20);
  writeFileSync(at('drivers/limit.c'), 'EXPORT_SYMBOL(limit);');
  truncateSync(at('drivers/limit.c'), LARGEST);
  const server = createServer().listen(at('drivers/socket.c'));
  await new Promise((resolve) => server.once('listening', resolve));
  t.after(() => server.close());
  chmodSync(root, 0o755);
  chmodSync(at('drivers/secret.c'), 0);
  const skipped = [
    { path: 'drivers/gone.c', why: 'cannot be read (ENOENT)' },
    { path: 'drivers/large.c', why: 'larger than 32 MiB' },
    { path: 'drivers/link.c', why: 'cannot be read (ELOOP)' },
    { path: 'drivers/pipe.c', why: 'not a regular file' },
    { path: 'drivers/secret.c', why: 'cannot be read (EACCES)' },
    { path: 'drivers/socket.c', why: 'cannot be read (ENXIO)' },
  ];
  // As if each had taken the place of a file between the walk and the reading.
  const paths = ['drivers/a.c', 'drivers/empty.c', 'drivers/folder.c/inside.c', 'drivers/limit.c'];
  const direct = withoutRights(() => indexIdentifiers(root, [...paths, 'drivers/folder.c', ...skipped.map(({ path }) => path)], VOCABULARY));
  assert.deepEqual(direct.files.map(({ path, words, exports }) => [path, words, exports]), [['drivers/a.c', ['dma_buf_a'], []], ['drivers/empty.c', [], []], ['drivers/folder.c/inside.c', ['dma_buf_inside'], []], ['drivers/limit.c', [], ['limit']]]);
  assert.deepEqual(direct.skipped, [{ path: 'drivers/folder.c', why: 'not a regular file' }, ...skipped]);
  // And as the walk sees them.
  chmodSync(at('drivers/secret.c'), 0o600);
  const index = whole(await indexTree(root, ALONE));
  assert.deepEqual(index.files.map(({ path }) => path), [...paths, 'drivers/secret.c']);
  assert.deepEqual(index.skipped.map(({ path, why }) => `${path}: ${why}`), ['drivers/large.c: larger than 32 MiB', 'drivers/link.c: symbolic link', 'drivers/pipe.c: not a regular file', 'drivers/socket.c: not a regular file']);
});

test('the cache is written when it is asked for', async (t) => {
  const root = folder(t, { 'drivers/a.c': 'dma_buf_a' });
  const cacheFolder = join(root, 'cache');
  const writes: (() => void)[] = [];
  await indexTree(root, { workers: 1, cacheFolder, later: (write) => writes.push(write) });
  assert.throws(() => readdirSync(cacheFolder), { code: 'ENOENT' });
  for (const write of writes) write();
  assert.equal(readdirSync(cacheFolder).length, 1);
});

test('a tree without files has an empty index', async (t) => {
  const root = folder(t, {});
  mkdirSync(join(root, 'drivers'));
  for (const workers of [1, 3]) assert.deepEqual(await indexTree(root, { workers, cacheFolder: join(root, 'cache') }), { files: [], skipped: [], bytesRead: 0 });
});

test('the cache lies where XDG says', () => {
  assert.equal(defaultCacheFolder({ XDG_CACHE_HOME: '/x' }), '/x/fencepost/index');
  for (const set of [undefined, '', 'relative']) assert.match(defaultCacheFolder({ XDG_CACHE_HOME: set }) ?? '', /^\/.*\/\.cache\/fencepost\/index$/);
});

test('the real 7.3 tree: the words and exports that regular expressions find', { skip: NEEDS_REAL }, async () => {
  const root = REAL ?? '';
  const index = whole(await indexTree(root, { workers: 2, cacheFolder: null }));
  assert.deepEqual(index.files.map(({ path }) => path), cFiles(root, ROOTS).files);
  const word = new RegExp(`(?<!\\w)(?:${VOCABULARY.join('|')})\\w*`, 'g');
  const { scan } = scanner(VOCABULARY);
  let exported = 0;
  for (const { path, words, exports } of index.files) {
    exported += exports.length;
    // All of drivers/gpu's C, and every tenth of the rest.
    if (!(path.startsWith('drivers/gpu/drm') && path.endsWith('.c')) && path.length % 10 > 0) continue;
    const bytes = readFileSync(join(root, path));
    if (bytes.length > 1 << 20) continue;
    const text = bytes.toString('latin1');
    assert.deepEqual(words, [...new Set(text.match(word) ?? [])].sort(), path);
    const lines = text.replace(/\\\r?\n/g, ' ').replace(/^[ \t]*#.*$/gm, '');
    assert.deepEqual(exports, [...new Set([...lines.matchAll(/EXPORT_SYMBOL\w*\s*\(\s*(\w+)\s*[,)]/g)].map((match) => match[1]))].sort(), path);
    assert.deepEqual(scan(bytes, bytes.length), { words, exports }, path);
  }
  assert.ok(exported > 37_000, `${exported} names are exported`);
});
