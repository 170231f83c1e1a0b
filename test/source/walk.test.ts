// The list of a tree's C files: its order, and that nothing is left out without a word.

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { cFiles } from '../../src/source/walk.ts';
import { folder } from './set-up.ts';
import { withoutRights } from './index-set-up.ts';

const PATHS = ['drivers/a.c', 'drivers/a/z.h', 'drivers/a0.c', 'drivers/b.txt', 'drivers/b/c/d.c', 'include/x.h', 'other/y.c'];

test('files come in the order of their paths, each once', (t) => {
  const root = folder(t, Object.fromEntries(PATHS.map((path) => [path, ''])));
  const expected = PATHS.filter((path) => !path.endsWith('.txt') && !path.startsWith('other')).sort();
  assert.deepEqual(cFiles(root, ['include', 'drivers', 'sound']).files, expected);
  assert.deepEqual(cFiles(`${root}/`, ['drivers/a', 'drivers', 'drivers', 'include']).files, expected);
  assert.deepEqual(cFiles(root, ['']).files, [...expected, 'other/y.c']);
});

test('links, pipes and names that are not UTF-8 are told', (t) => {
  const root = folder(t, { 'drivers/a.c': '', 'drivers/two\nlines.c': '', 'drivers/sub/b.c': '' });
  symlinkSync('a.c', join(root, 'drivers/link.c'));
  symlinkSync('..', join(root, 'drivers/sub/up.d'));
  symlinkSync('round', join(root, 'drivers/round'));
  symlinkSync('gone.txt', join(root, 'drivers/nowhere.txt'));
  assert.equal(spawnSync('mkfifo', [join(root, 'drivers/pipe.c')]).status, 0);
  const odd = (text: string): Buffer => Buffer.from(join(root, 'drivers', text), 'latin1');
  writeFileSync(odd('odd\xff.h'), '');
  mkdirSync(odd('odd\xfe'));
  const { files, skipped } = cFiles(root, ['drivers']);
  assert.deepEqual(files, ['drivers/a.c', 'drivers/sub/b.c', 'drivers/two\nlines.c']);
  assert.deepEqual([...skipped].sort((a, b) => (a.path < b.path ? -1 : 1)), [
    { path: 'drivers/link.c', why: 'symbolic link' },
    { path: 'drivers/odd\ufffd', why: 'its name is not UTF-8' },
    { path: 'drivers/odd\ufffd.h', why: 'its name is not UTF-8' },
    { path: 'drivers/pipe.c', why: 'not a regular file' },
    { path: 'drivers/round', why: 'symbolic link' },
    { path: 'drivers/sub/up.d', why: 'symbolic link' },
  ]);
});

test('folders that cannot be read are told', (t) => {
  const root = folder(t, { 'drivers/secret/a.c': '', 'drivers/b.c': '', include: 'a file' });
  chmodSync(root, 0o755);
  chmodSync(join(root, 'drivers/secret'), 0);
  const { files, skipped } = withoutRights(() => cFiles(root, ['drivers', 'include', 'sound']));
  assert.deepEqual(files, ['drivers/b.c']);
  assert.deepEqual(skipped, [{ path: 'drivers/secret', why: 'cannot be read (EACCES)' }, { path: 'include', why: 'cannot be read (ENOTDIR)' }]);
});
