// A series over texts in memory: which file a name means, what a change reaches, what is the same finding.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { changedNames } from '../../src/audit/changed-names.ts';
import { influenceOf, type Side } from '../../src/audit/influence.ts';
import { changesOf, pairChanges } from '../../src/audit/series-changes.ts';
import { relocated } from '../../src/audit/series-reuse.ts';
import { stagesOf } from '../../src/audit/series-stages.ts';
import type { Pair } from '../../src/results/audit.ts';
import type { Finding } from '../../src/results/finding.ts';
import { VOCABULARY } from '../../src/source/identifier-index.ts';
import { seriesIn, type Series } from '../../src/source/mails.ts';
import { scanner } from '../../src/source/scan.ts';

type Files = Readonly<Record<string, string>>;

const seriesOf = (text: string): Series => seriesIn(text) ?? assert.fail('no patch');
const tree = (files: Files) => ({ read: (path: string): string | null => files[path] ?? null });
const CHANGE = '@@ -1 +1 @@\n-one\n+two\n';

test('which file a name means: git, plain diffs, without prefixes, from another folder, beside a copy', () => {
  const files = { 'drivers/x.c': 'one\n' };
  for (const names of [
    ['a/drivers/x.c', 'b/drivers/x.c'], ['linux-7.3.orig/drivers/x.c', 'linux-7.3/drivers/x.c'], ['drivers/x.c', 'drivers/x.c'], ['drivers/x.c.orig', 'drivers/x.c'], ['/home/me/linux/drivers/x.c', '/home/me/linux/drivers/x.c'], ['a/linux/drivers/x.c', 'b/linux/drivers/x.c'],
  ]) {
    const made = stagesOf(seriesOf(`--- ${names[0]}\t2026-01-01 00:00:00\n+++ ${names[1]}\t2026-01-01 00:00:00\n${CHANGE}`), tree(files));
    assert.deepEqual(made.ok && [...(made.stages[1] ?? [])], [['drivers/x.c', 'two\n']], names.join(' '));
  }
});

test('made, gone, renamed, copied; a second patch sees what the first one made', () => {
  const made = stagesOf(seriesOf(`diff --git a/d/n.c b/d/n.c\nnew file mode 100644\n--- /dev/null\n+++ b/d/n.c\n@@ -0,0 +1 @@\n+one\ndiff --git a/d/o.c b/d/o.c\ndeleted file mode 100644\n--- a/d/o.c\n+++ /dev/null\n@@ -1 +0,0 @@\n-old\ndiff --git a/d/r.c b/d/s.c\nsimilarity index 100%\nrename from d/r.c\nrename to d/s.c\ndiff --git a/d/c.c b/d/k.c\nsimilarity index 100%\ncopy from d/c.c\ncopy to d/k.c\ndiff --git a/d/n.c b/d/n.c\n--- a/d/n.c\n+++ b/d/n.c\n${CHANGE}`), tree({ 'd/o.c': 'old\n', 'd/r.c': 'r\n', 'd/c.c': 'c\n' }));
  assert.ok(made.ok);
  assert.deepEqual(Object.fromEntries(made.stages[1] ?? []), { 'd/n.c': 'two\n', 'd/o.c': null, 'd/r.c': null, 'd/s.c': 'r\n', 'd/k.c': 'c\n' });
});

test('what does not fit: no file, a file that is there, a deletion that leaves something, a name outside of the tree', () => {
  const why = (text: string, files: Files): string => {
    const made = stagesOf(seriesOf(text), tree(files));
    return made.ok ? 'fits' : `${made.misfit.file} ${made.misfit.hunk}: ${made.misfit.why}`;
  };
  assert.equal(why(`--- a/d/x.c\n+++ b/d/x.c\n${CHANGE}`, {}), 'd/x.c 0: there is no d/x.c');
  assert.equal(why('--- /dev/null\n+++ b/d/x.c\n@@ -0,0 +1 @@\n+one\n', { 'd/x.c': 'is there\n' }), 'd/x.c 0: d/x.c is there already');
  assert.equal(why('--- a/d/x.c\n+++ /dev/null\n@@ -1 +0,0 @@\n-one\n', { 'd/x.c': 'one\ntwo\n' }), 'd/x.c 1: it deletes the file, which has more lines than the patch knows');
  assert.match(why(`--- a/../x.c\n+++ b/../x.c\n${CHANGE}`, { '../x.c': 'one\n' }), /it is no file of the tree/);
  assert.equal(why('diff --git a/d/x.bin b/d/x.bin\nindex 1..2 100644\nGIT binary patch\nliteral 1\nIcmZ\n\n', { 'd/x.bin': 'x' }), 'fits');
});

test('what a change defines otherwise: functions, tables, macros, members; not comments, not blanks, not places', () => {
  const names = (before: string, after: string): readonly string[] => [...changedNames(before, after)].sort();
  const before = '#define LIMIT 4\nstruct toy {\n\tint size;\n\tvoid (*move)(struct toy *t);\n};\nint toy_get(struct toy *t);\n\n/* says */\nstatic int one(int a)\n{\n\treturn a;\n}\n\nint two(void)\n{\n\treturn 2;\n}\n\nstatic const struct toy_ops ops = {\n\t.get = one,\n};\n';
  assert.deepEqual(names(before, `\n\n${before.replace('/* says */', '/* says more */').replace('return a;', 'return  a; /* a */')}`), []);
  assert.deepEqual(names(before, before.replace('return a', 'return -a')), ['one']);
  assert.deepEqual(names(before, before.replace('static int one', 'int one')), ['one']);
  assert.deepEqual(names(before, before.replace('.get = one', '.get = two')), ['ops']);
  assert.deepEqual(names(before, before.replace('LIMIT 4', 'LIMIT 5')), ['LIMIT']);
  assert.deepEqual(names(before, before.replace('\tint size;', '\tint size;\n\tbool gone;')), ['gone']);
  assert.deepEqual(names(before, before.replace('(*move)(struct toy *t)', '(*move)(struct toy *t, int b)')), ['move']);
  assert.deepEqual(names(before, before.replace('int toy_get(struct toy *t);', 'long toy_get(struct toy *t);')), ['toy_get']);
});

function side(files: Files): Side {
  const { scan } = scanner(VOCABULARY);
  return {
    files: Object.entries(files).map(([path, text]) => {
      const bytes = Buffer.from(text, 'latin1');
      return { path, ...scan(bytes, bytes.length) };
    }),
    text: (path) => files[path] ?? null,
  };
}

const BODY = (name: string, says: string): string => `int ${name}(struct x *x)\n{\n\t${says}\n\treturn 0;\n}\n`;

/** What the change of one file reaches. */
function reached(files: Files, path: string, change: (text: string) => string): ReturnType<typeof influenceOf> {
  return influenceOf([path], side(files), side({ ...files, [path]: change(files[path] ?? '') }));
}

test('upwards in the folder: by name, through a table and a call of its member; others are not reached', () => {
  const files = {
    'drivers/toy/low.c': BODY('low', 'dma_buf_put(x->buf);'),
    'drivers/toy/mid.c': `${BODY('mid', 'low(x);')}\nstatic const struct toy_ops ops = {\n\t.release = mid,\n};\n`,
    'drivers/toy/top.c': BODY('top', 'x->ops->release(x);'),
    'drivers/toy/other.c': BODY('other', 'dma_buf_unpin(x->at);'),
    'drivers/far/far.c': BODY('far', 'dma_buf_get(1); low(x);'),
  };
  const { reached: names, files: judged, left } = reached(files, 'drivers/toy/low.c', (text) => text.replace('dma_buf_put(x->buf);', ''));
  assert.deepEqual(['low', 'mid', 'ops', 'top', 'other', 'far'].map((name) => names.has(name)), [true, true, true, true, false, false]);
  assert.ok(judged.has('drivers/toy/other.c') && !judged.has('drivers/far/far.c'));
  assert.deepEqual(left, []);
});

test('who takes what the changed function gives back is judged again; whom it calls, too', () => {
  const files = { 'drivers/toy/toy.c': `${BODY('opens', 'x->at = dma_buf_attach(x->buf, x->dev);')}${BODY('callee', 'dma_buf_map_attachment(x->at, 0);')}${BODY('closes', 'callee(x); dma_buf_detach(x->buf, x->at);')}${BODY('apart', 'dma_buf_vmap(x->buf, 0);')}` };
  const { functions, reached: names } = reached(files, 'drivers/toy/toy.c', (text) => text.replace(' dma_buf_detach(x->buf, x->at);', ''));
  assert.deepEqual(['closes', 'opens', 'callee', 'apart'].map((name) => functions.has(name)), [true, true, true, false]);
  assert.deepEqual(['closes', 'opens', 'callee'].map((name) => names.has(name)), [true, false, false]);
});

test('beyond the folder: who uses an exported name, and who uses what that one exports; who includes a changed header and uses what is new in it', () => {
  const files = {
    'drivers/core/core.c': `${BODY('core_inner', 'dma_buf_put(x->buf);')}${BODY('core_put', 'core_inner(x);')}EXPORT_SYMBOL(core_put);\n${BODY('core_other', 'dma_buf_get(1);')}EXPORT_SYMBOL(core_other);\n`,
    'drivers/mid/mid.c': `${BODY('mid_put', 'core_put(x); dma_buf_get(1);')}EXPORT_SYMBOL_GPL(mid_put);\n`,
    'drivers/top/top.c': BODY('top_put', 'mid_put(x); dma_buf_get(1);'),
    'drivers/none/none.c': BODY('none', 'core_other(x); dma_buf_get(1);'),
    'include/toy/toy.h': '#define TOY_PUT(x) dma_buf_put(x)\n#define TOY_GET(x) dma_buf_get(x)\n',
    'drivers/has/has.c': `#include <toy/toy.h>\n${BODY('has', 'TOY_PUT(x); dma_buf_get(1);')}`,
    'drivers/own/own.c': `#define TOY_PUT(x) 0\n${BODY('own', 'TOY_PUT(x); dma_buf_get(1);')}`,
    'drivers/get/get.c': `#include <toy/toy.h>\n${BODY('get', 'TOY_GET(x); dma_buf_get(1);')}`,
  };
  const exported = reached(files, 'drivers/core/core.c', (text) => text.replace('dma_buf_put(x->buf);', ''));
  assert.deepEqual([...exported.files].sort(), ['drivers/core/core.c', 'drivers/mid/mid.c', 'drivers/top/top.c']);
  assert.ok(exported.reached.has('top_put') && !exported.reached.has('core_other'));
  const header = reached(files, 'include/toy/toy.h', (text) => text.replace('TOY_PUT(x) dma_buf_put(x)', 'TOY_PUT(x) 0'));
  assert.deepEqual([...header.files].sort(), ['drivers/has/has.c', 'include/toy/toy.h']);
});

test('the framework itself, and more users than can be looked at, are told', () => {
  const many = Object.fromEntries(Array.from({ length: 350 }, (_, at) => [`drivers/d${at}/d.c`, BODY(`f${at}`, 'core_put(x); dma_buf_get(1);')]));
  const files = { ...many, 'drivers/core/core.c': `${BODY('core_put', 'dma_buf_put(x->buf);')}EXPORT_SYMBOL(core_put);\n`, 'drivers/dma-buf/dma-buf.c': BODY('dma_buf_put', 'x = 0;') };
  const { left } = reached(files, 'drivers/core/core.c', (text) => text.replace('dma_buf_put(x->buf);', ''));
  assert.match(left.join(), /^not looked at: 50 folders that use what the series changes: drivers\/d\d+ \(core_put\), .*…$/);
  assert.match(reached(files, 'drivers/dma-buf/dma-buf.c', (text) => text.replace('x = 0', 'x = 1')).left.join(), /^drivers\/dma-buf\/dma-buf\.c is the framework/);
  // But whom its question names is looked at again.
  const asks = { 'drivers/dma-buf/dma-buf.c': 'bool dma_buf_attach_revocable(struct x *x)\n{\n\treturn x->cb;\n}\n', 'drivers/toy/toy.c': 'static const struct dma_buf_attach_ops toy_ops = {\n\t.invalidate_mappings = dma_buf_stub,\n};\n' };
  const { files: judged, reached: names } = reached(asks, 'drivers/dma-buf/dma-buf.c', (text) => text.replace('x->cb', 'x->cb && x->cb != dma_buf_stub'));
  assert.ok(judged.has('drivers/toy/toy.c') && names.has('toy_ops'));
});

const finding = (more: Partial<Finding> = {}): Finding => ({ file: 'd/x.c', line: 5, function: 'f', rule: 'attach-leak', obligation: null, confidence: 'high', text: 'x', path: [], anchor: 'return ret;', ordinal: 0, under: [], ...more });
const NAMES = [1, 2, 3].map((number) => ({ number, total: 3, subject: '' }));
const never = (): boolean => false;

test('by identity: a shifted line is the same, another file is moved, a second one of the same line is added', () => {
  const same = changesOf([{ findings: [finding()] }, { findings: [finding({ line: 50 })] }], [], never);
  assert.deepEqual([same.added.length, same.fixed.length, same.moved.length, same.remaining.map(({ line }) => line)], [0, 0, 0, [50]]);
  const moved = changesOf([{ findings: [finding()] }, { findings: [finding({ file: 'd/y.c', line: 9 })] }], [], never);
  assert.deepEqual(moved.moved.map(({ finding: one, from }) => [one.file, from]), [['d/y.c', { file: 'd/x.c', line: 5, function: 'f' }]]);
  const second = changesOf([{ findings: [finding()] }, { findings: [finding(), finding({ line: 8, ordinal: 1 })] }], [], never);
  assert.deepEqual([second.added.map(({ finding: one }) => one.line), second.remaining.length], [[8], 1]);
});

test('a function that got another name keeps its finding; one that is there beside it does not', () => {
  const stages = [{ findings: [finding({ anchor: 'f(1);' })] }, { findings: [finding({ function: 'g', anchor: 'g(1);' })] }];
  const renamed = changesOf(stages, [], (before, after) => before === 'f' && after === 'g');
  assert.deepEqual([renamed.added.length, renamed.fixed.length, renamed.moved.map(({ from }) => from.function)], [0, 0, ['f']]);
  const other = changesOf(stages, [], never);
  assert.deepEqual([other.added.length, other.fixed.length], [1, 1]);
});

test('the patch that adds, the patch that fixes; of a finding that came, went and came the last', () => {
  const [yes, no] = [{ findings: [finding()] }, { findings: [] }];
  const patch = (stages: readonly { readonly findings: readonly Finding[] }[], names = NAMES): unknown => {
    const { added, fixed } = changesOf(stages, names, never);
    return [...added.map((one) => `added ${one.patch?.number ?? '?'}`), ...fixed.map((one) => `fixed ${one.patch?.number ?? '?'}`)].join();
  };
  assert.equal(patch([no, no, yes, yes]), 'added 2');
  assert.equal(patch([yes, yes, yes, no]), 'fixed 3');
  assert.equal(patch([no, yes, no, yes]), 'added 3');
  assert.equal(patch([no, yes, yes, no]), '');
  assert.equal(patch([no, yes], NAMES.slice(0, 1)), 'added 1');
  // Only the ends were looked at.
  assert.equal(patch([no, yes]), 'added ?');
});

test('pairs: another verdict or errno is a change, new and gone ones too', () => {
  const pair = (importer: string, verdict: Pair['verdict'], errno: string | null = null): Pair => ({ exporter: 'e', importer, verdict, at: null, errno, why: 'w', obligation: null });
  const rows = pairChanges([pair('a', 'holds'), pair('b', 'refused', 'EPERM'), pair('c', 'holds'), pair('gone', 'holds')], [pair('a', 'holds'), pair('b', 'refused', 'ENODEV'), pair('c', 'broken'), pair('new', 'hangs')]);
  assert.deepEqual(rows.map(({ importer, before, after }) => `${importer}: ${before ?? '-'} ${after ?? '-'}`), ['b: refused refused', 'c: holds broken', 'new: - hangs', 'gone: holds -']);
});

test('a finding that was taken over stands where its function stands now', () => {
  const before = `${BODY('a', 'x = 1;')}${BODY('b', 'x = 2;')}`;
  const after = `/* new */\n${BODY('new', 'x = 3;')}${before}`;
  const one = relocated(finding({ function: 'b', line: 9, path: [{ file: 'd/x.c', line: 3, function: 'a', text: 't' }, { file: 'd/y.c', line: 3, function: 'c', text: 't' }] }), () => before, (path) => (path === 'd/x.c' ? after : before));
  assert.equal(after.split('\n')[one.line - 1], before.split('\n')[8]);
  assert.deepEqual(one.path.map(({ line }) => line), [9, 3]);
});
