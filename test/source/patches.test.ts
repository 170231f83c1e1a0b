// Diffs and mails: what is read from them, and that applying gives the other side.

import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import fc from 'fast-check';
import { mailsIn } from '../../src/source/mail-text.ts';
import { seriesIn } from '../../src/source/mails.ts';
import { applyPatch } from '../../src/source/patch-apply.ts';
import { parsePatch } from '../../src/source/patch-text.ts';
import { folder } from './set-up.ts';

const lines = (count: number): string => Array.from({ length: count }, (_, at) => `line ${at + 1}\n`).join('');

test('a diff of two random texts gives the second, and reversed the first', (t) => {
  const root = folder(t, {});
  const text = fc.array(fc.constantFrom('a', 'b', 'c', '', '\tint x;', '}', '--- x', '+++ y', '@@'), { maxLength: 30 }).map((rows) => rows.map((row) => `${row}\n`).join(''));
  fc.assert(fc.property(text, text, fc.boolean(), (old, now, endless) => {
    const is = endless && now !== '' ? now.slice(0, -1) : now;
    writeFileSync(join(root, 'old'), old);
    writeFileSync(join(root, 'new'), is);
    const diff = spawnSync('diff', ['-u', 'old', 'new'], { cwd: root, encoding: 'latin1' }).stdout;
    const back = spawnSync('diff', ['-u', 'new', 'old'], { cwd: root, encoding: 'latin1' }).stdout;
    for (const [from, patch, to] of [[old, diff, is], [is, back, old]] as const) {
      const [file] = parsePatch(patch);
      assert.deepEqual(file === undefined ? from : applyPatch(from, file), file === undefined ? to : { ok: true, text: to, notes: [] });
    }
  }), { numRuns: 60 });
});

test('a mutated patch applies or says which hunk does not, and never throws', () => {
  const old = lines(40);
  const patch = `--- a/x.c\n+++ b/x.c\n@@ -3,4 +3,4 @@\n line 3\n-line 4\n+line four\n line 5\n line 6\n@@ -20,3 +20,4 @@\n line 20\n+more\n line 21\n line 22\n`;
  fc.assert(fc.property(fc.nat(patch.length), fc.nat(6), fc.string({ maxLength: 4 }), (at, cut, piece) => {
    for (const file of parsePatch(patch.slice(0, at) + piece + patch.slice(at + cut))) {
      const applied = applyPatch(old, file);
      if (!applied.ok) assert.ok(applied.hunk >= 1 && applied.hunk <= file.hunks.length + 1 && applied.why !== '');
    }
  }), { numRuns: 500 });
});

test('a hunk that moved is found, one with a changed context line is applied and said', () => {
  const [file] = parsePatch('--- a/x.c\n+++ b/x.c\n@@ -10,5 +10,5 @@ f()\n line 10\n line 11\n-line 12\n+line twelve\n line 13\n line 14\n');
  assert.ok(file !== undefined);
  assert.deepEqual(applyPatch(`new\nnew\n${lines(20)}`, file), { ok: true, text: `new\nnew\n${lines(20).replace('line 12', 'line twelve')}`, notes: ['hunk 1 applied 2 lines further down'] });
  assert.deepEqual(applyPatch(lines(20).replace('line 10', 'other'), file), { ok: true, text: lines(20).replace('line 10', 'other').replace('line 12', 'line twelve'), notes: ['hunk 1 applied with 1 line of context left out'] });
  assert.deepEqual(applyPatch(lines(20).replace('line 12', 'other'), file), { ok: false, hunk: 1, line: 3, why: 'it wants "line 12" at line 12, where "other" stands' });
});

test('files that are made, deleted, renamed, binary', () => {
  const files = parsePatch(`diff --git a/new.c b/new.c\nnew file mode 100644\n--- /dev/null\n+++ b/new.c\n@@ -0,0 +1 @@\n+x\ndiff --git a/old.c b/old.c\ndeleted file mode 100644\n--- a/old.c\n+++ /dev/null\n@@ -1 +0,0 @@\n-x\ndiff --git a/a.c b/b.c\nsimilarity index 100%\nrename from a.c\nrename to b.c\ndiff --git a/x.bin b/x.bin\nBinary files a/x.bin and b/x.bin differ\n`);
  assert.deepEqual(files.map(({ oldPath, newPath, isBinary }) => [oldPath, newPath, isBinary]), [[null, 'new.c', false], ['old.c', null, false], ['a.c', 'b.c', false], ['x.bin', 'x.bin', true]]);
});

const mail = (subject: string, body: string, more = ''): string => `From 0123 Mon Sep 17 00:00:00 2001\nFrom: A <a@example.org>\nDate: Mon, 1 Jan 2026 00:00:00 +0000\nSubject: ${subject}\n${more}\n${body}\n`;
const DIFF = (to: string): string => `---\n x.c | 2 +-\n\n--- a/x.c\n+++ b/x.c\n@@ -1 +1 @@\n-one\n+${to}\n`;

test('of an mbox the newest whole version is read, in order, without replies', () => {
  const series = seriesIn([
    mail('[PATCH 0/1] cover', 'text\n\nbase-commit: 0123456789abcdef0123456789abcdef01234567'),
    mail('[PATCH 1/1] foo: first try', DIFF('two')),
    mail('Re: [PATCH 1/1] foo: first try', `> --- a/x.c\n> +++ b/x.c\n\nNo.`),
    mail('[PATCH v2 2/2] foo: second', DIFF('three')),
    mail('[PATCH v2 1/2] foo: first', DIFF('two')),
  ].join(''));
  assert.deepEqual(series?.patches.map(({ number, total, subject }) => `${number}/${total} ${subject}`), ['1/2 foo: first', '2/2 foo: second']);
  assert.deepEqual([series?.version, series?.base], [2, '0123456789abcdef0123456789abcdef01234567']);
  assert.deepEqual(series?.notes, ['1 reply was left aside', 'of versions 1, 2 only v2 was read']);
});

test('a version that lacks a patch gives way to the whole one before it', () => {
  const series = seriesIn([mail('[PATCH v2 1/2] a', DIFF('two')), mail('[PATCH v2 2/2] b', DIFF('x')), mail('[PATCH v3 2/2] b', DIFF('y'))].join(''));
  assert.equal(series?.version, 2);
});

test('bodies as mail programs send them', () => {
  const plain = DIFF('two');
  const quoted = plain.replace(/=/g, '=3D').replace(/two/, 't=77o');
  const sent = [
    mail('[PATCH] a', quoted, 'Content-Transfer-Encoding: quoted-printable\n'),
    mail('[PATCH] a', Buffer.from(plain, 'latin1').toString('base64').replace(/(.{60})/g, '$1\n'), 'Content-Transfer-Encoding: base64\n'),
    mail('[PATCH] a', `--b\nContent-Type: text/plain\n\n${plain}\n--b--`, 'Content-Type: multipart/mixed; boundary="b"\n'),
    mail('=?utf-8?q?=5BPATCH=5D_a?=', plain).replace(/\n/g, '\r\n'),
  ];
  for (const one of sent) assert.deepEqual(seriesIn(one)?.patches.map(({ subject, files }) => [subject, files[0]?.hunks[0]?.lines.map(({ kind, text }) => kind + text)]), [['a', ['-one', '+two']]], one);
});

test('what is no patch is none', () => {
  for (const text of ['', 'hello\n', mail('[PATCH] no diff', 'text'), '\u0000\u0001']) assert.equal(seriesIn(text), null);
  assert.equal(mailsIn('diff --git a/x b/x\n', (one) => one).length, 0);
});

test('git format-patch is read back', (t) => {
  const root = folder(t, { 'x.c': 'one\n' });
  const git = (...args: string[]): string => execFileSync('git', ['-C', root, '-c', 'user.name=a', '-c', 'user.email=a@example.org', ...args], { encoding: 'latin1' });
  git('init', '-q');
  git('add', '-A');
  git('commit', '-qm', 'base');
  writeFileSync(join(root, 'x.c'), 'two\n');
  git('commit', '-qam', 'foo: change it');
  const series = seriesIn(git('format-patch', '--stdout', 'HEAD~1'));
  assert.deepEqual(series?.patches.map(({ subject, files }) => [subject, files.map(({ newPath }) => newPath)]), [['foo: change it', ['x.c']]]);
});
