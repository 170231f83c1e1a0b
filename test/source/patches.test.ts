// Diffs and mails: what is read from them, and that applying gives the other side.

import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { rmSync, writeFileSync } from 'node:fs';
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

test('the same of git, with any context, with renames and odd names', (t) => {
  const root = folder(t, {});
  const git = (...args: string[]): string => execFileSync('git', ['-C', root, '-c', 'user.name=a', '-c', 'user.email=a@example.org', ...args], { encoding: 'latin1' });
  git('init', '-q');
  const text = fc.array(fc.constantFrom('one', 'two', 'three', '', 'four\r', '\u00e9'), { minLength: 1, maxLength: 25 }).map((rows) => rows.map((row) => `${row}\n`).join(''));
  const names = ['a b.c', 't\t.c', 'plain.c', 'q"q.c', '\u00e9.c'];
  fc.assert(fc.property(text, text, fc.nat(5), fc.constantFrom(...names), fc.constantFrom(...names), (old, now, context, from, to) => {
    git('rm', '-rqf', '--cached', '--ignore-unmatch', '.');
    for (const name of names) rmSync(join(root, name), { force: true });
    writeFileSync(join(root, from), old, 'latin1');
    git('add', '-A');
    const before = git('write-tree').trim();
    rmSync(join(root, from));
    writeFileSync(join(root, to), now, 'latin1');
    git('add', '-A');
    const files = parsePatch(git('diff', '--cached', '-M30%', `-U${context}`, before));
    const texts = new Map<string | null, string>([[from, old]]);
    for (const file of files) {
      const applied = applyPatch(file.oldPath === null ? '' : texts.get(file.oldPath) ?? assert.fail(`no ${file.oldPath}`), file);
      assert.ok(applied.ok, JSON.stringify(applied));
      if (file.oldPath !== file.newPath) texts.delete(file.oldPath);
      if (file.newPath !== null) texts.set(file.newPath, applied.text);
    }
    assert.deepEqual([...texts], [[to, now]]);
  }), { numRuns: 40 });
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

test('a copy leaves the old file; a file of which only permissions change is told; what is combined of a merge is none', () => {
  const [copy, mode, ...more] = parsePatch('diff --git a/x.c b/y.c\nsimilarity index 90%\ncopy from x.c\ncopy to y.c\n--- a/x.c\n+++ b/y.c\n@@ -1 +1 @@\n-a\n+b\ndiff --git a/run b/run\nold mode 100644\nnew mode 100755\ndiff --cc z.c\nindex 1,2..3\n--- a/z.c\n+++ b/z.c\n@@@ -1,1 -1,1 +1,1 @@@\n- a\n -b\n++c\n');
  assert.deepEqual([copy?.isCopy, copy?.oldPath, copy?.newPath, mode?.isModeOnly, more.length], [true, 'x.c', 'y.c', true, 0]);
});

test('diff -N says with a time what is made and what is gone', () => {
  const epoch = '1970-01-01 00:00:00.000000000 +0000';
  const files = parsePatch(`--- a/new.c\t${epoch}\n+++ b/new.c\t2026-01-01 00:00:00.0 +0000\n@@ -0,0 +1 @@\n+x\n--- a/old.c\t2026-01-01 00:00:00.0 +0000\n+++ b/old.c\t${epoch}\n@@ -1 +0,0 @@\n-x\n`);
  assert.deepEqual(files.map(({ oldPath, newPath }) => [oldPath, newPath]), [[null, 'new.c'], ['old.c', null]]);
});

test('a damaged hunk is told: cut off, broken by a mail program, with more lines than its head says', () => {
  const head = '--- a/x.c\n+++ b/x.c\n@@ -1,3 +1,3 @@\n one\n';
  const told = (text: string): unknown => parsePatch(text)[0]?.damage;
  assert.deepEqual(told(`${head}-two\n`), { hunk: 1, line: 6, why: 'the patch ends within it' });
  assert.deepEqual(told(`${head}-two that is\nlong\n+three\n four\n`), { hunk: 1, line: 6, why: 'a line of it was broken, perhaps by a mail program' });
  assert.deepEqual(told(`${head}-two\n+three\n four\n+five\n`), { hunk: 1, line: 8, why: 'it has other lines than its head says' });
  // A signature is none of it.
  assert.equal(told(`${head}-two\n+three\n four\n-- \n2.52.0\n`), null);
});

test('line ends stay those of the file, and a patch of line ends changes them', () => {
  const [file] = parsePatch('--- a/x.c\n+++ b/x.c\n@@ -1,3 +1,3 @@\n one\n-two\n+2\n three\n');
  assert.ok(file !== undefined);
  assert.deepEqual(applyPatch('one\r\ntwo\r\nthree\r\n', file), { ok: true, text: 'one\r\n2\r\nthree\r\n', notes: [] });
  const [ends] = parsePatch('--- a/x.c\n+++ b/x.c\n@@ -1,2 +1,2 @@\n one\n-two\r\n+two\n');
  assert.ok(ends !== undefined);
  assert.deepEqual(applyPatch('one\ntwo\r\n', ends), { ok: true, text: 'one\ntwo\n', notes: [] });
});

test('what is applied already is said; a file of a hundred thousand lines is no problem', () => {
  const [file] = parsePatch('--- a/x.c\n+++ b/x.c\n@@ -2,3 +2,3 @@\n line 2\n-line 3\n+line three\n line 4\n');
  assert.ok(file !== undefined);
  assert.deepEqual(applyPatch(lines(9).replace('line 3', 'line three'), file), { ok: false, hunk: 1, line: 3, why: 'it seems to be applied already' });
  const big = Array.from({ length: 200_000 }, (_, at) => `+${at}\n`).join('');
  const [made] = parsePatch(`--- /dev/null\n+++ b/big.h\n@@ -0,0 +1,200000 @@\n${big}`);
  const applied = made === undefined ? assert.fail() : applyPatch('', made);
  assert.ok(applied.ok && applied.text.length === big.length - 200_000);
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

test('a flowed body is put together as git does it, and left alone where that would hurt', () => {
  const one = (body: string): unknown => seriesIn(mail('[PATCH] a', body, 'Content-Type: text/plain; charset=UTF-8; format=flowed\n'))?.patches[0]?.files[0];
  const want = parsePatch('--- a/x.c\n+++ b/x.c\n@@ -1,2 +1,2 @@\n one\n-two\n+three and more\n')[0];
  // Blanks at the beginning are doubled, a long line goes on behind a blank.
  assert.deepEqual(one('text that goes \non\n\n--- a/x.c\n+++ b/x.c\n@@ -1,2 +1,2 @@\n  one\n-two\n+three and \nmore'), { ...want, hunks: want?.hunks.map((hunk) => ({ ...hunk, line: 5 })) });
  const plain = parsePatch('--- a/x.c\n+++ b/x.c\n@@ -1,2 +1,2 @@\n one\n-two\n+three\n')[0];
  assert.deepEqual(one('--- a/x.c\n+++ b/x.c\n@@ -1,2 +1,2 @@\n one\n-two\n+three'), plain);
});

test('of a mail with plain text and HTML the text counts; an attached patch counts', () => {
  const parts = (...all: string[]): string => `${all.map((part) => `--b\n${part}\n`).join('')}--b--\n`;
  const both = mail('[PATCH] a', parts(`Content-Type: text/plain\n\n${DIFF('two')}`, `Content-Type: text/html\n\n<pre>\n${DIFF('two')}</pre>`), 'Content-Type: multipart/alternative; boundary=b\n');
  const attached = mail('[PATCH] a', parts('Content-Type: text/plain\n\nSee below.', `Content-Type: text/x-patch; name="0001-a.patch"\nContent-Transfer-Encoding: base64\n\n${Buffer.from(DIFF('two')).toString('base64')}`, 'Content-Type: image/png\n\nxx'), 'Content-Type: multipart/mixed;\n boundary="b"\n');
  for (const one of [both, attached]) assert.deepEqual(seriesIn(one)?.patches[0]?.files.map(({ newPath }) => newPath), ['x.c'], one);
});

test('subjects and senders in letters; a mail that is there twice; a patch that was sent again', () => {
  const more = (id: string, date: string): string => `Message-ID: <${id}@example.org>\nDate: ${date}\n`;
  const with_ = (subject: string, to: string, id: string, day: number): string => mail(subject, DIFF(to)).replace(/Date: .*\n/, more(id, `Mon, ${day} Jan 2026 00:00:00 +0000`)).replace('From: A', 'From: =?UTF-8?Q?Christian_K=C3=B6nig?=');
  const series = seriesIn(`${with_('[PATCH 2/2] b', 'three', 'b', 5)}${with_('[PATCH 1/2] =?utf-8?b?w7w=?=', 'old', 'a', 5)}${with_('[RESEND PATCH 1/2] new', 'two', 'c', 9)}${with_('[PATCH 2/2] b', 'three', 'b', 5)}`);
  assert.deepEqual(series?.patches.map(({ number, subject, from, id }) => [number, subject, from, id]), [[1, 'new', 'Christian K\u00f6nig <a@example.org>', '<c@example.org>'], [2, 'b', 'Christian K\u00f6nig <a@example.org>', '<b@example.org>']]);
});

test('a line of a body that begins with From begins no mail', () => {
  const series = seriesIn(mail('[PATCH] a', `Text.\n\nFrom here on it is 12:30 o'clock.\nNothing.\n${DIFF('two')}`) + mail('Re: [PATCH] a', 'Fine.'));
  assert.deepEqual([series?.patches.length, series?.notes], [1, ['1 reply was left aside']]);
});

test('a series that lacks a patch says so; a cover letter is no patch; git log -p is read oldest first', () => {
  assert.deepEqual(seriesIn(mail('[PATCH v2 0/3] cover', DIFF('x')) + mail('[PATCH v2 1/3] a', DIFF('two')) + mail('[PATCH v2 3/3] c', DIFF('four')))?.notes, ['patch 2 of 3 is missing']);
  const commit = (hash: string, day: number, subject: string, to: string): string => `commit ${hash.repeat(40)}\nAuthor: A <a@example.org>\nDate:   Mon Jan ${day} 00:00:00 2026 +0000\n\n    ${subject}\n\n${DIFF(to)}\n`;
  assert.deepEqual(seriesIn(commit('b', 6, 'second', 'three') + commit('a', 5, 'first', 'two'))?.patches.map(({ subject }) => subject), ['first', 'second']);
});

test('a mutated thread is read, or not, and never throws', () => {
  const thread = [mail('[PATCH v2 0/2] cover', 'base-commit: 0123456789abcdef'), mail('[PATCH v2 1/2] a', DIFF('two')), mail('Re: [PATCH v2 1/2] a', `> ${DIFF('two').replace(/\n/g, '\n> ')}`), mail('[PATCH v2 2/2] b', DIFF('three'), 'Content-Type: text/plain; format=flowed; charset="utf-8"\nContent-Transfer-Encoding: quoted-printable\n')].join('');
  fc.assert(fc.property(fc.nat(thread.length), fc.nat(40), fc.oneof(fc.string({ maxLength: 6 }), fc.constantFrom('\n', '\r\n', '--', '@@ ', 'From ', '=?', '=', ';')), fc.nat(thread.length), (at, cut, piece, other) => {
    const once = thread.slice(0, at) + piece + thread.slice(at + cut);
    const series = seriesIn(once.slice(0, other) + piece + once.slice(other));
    for (const { files } of series?.patches ?? []) for (const file of files) assert.equal(typeof applyPatch('one\n', file).ok, 'boolean');
  }), { numRuns: 400 });
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
