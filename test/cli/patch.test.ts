// fencepost audit --patch as a reviewer meets it: what a series adds, fixes and changes; forms; exits; what does not apply. And the patch that the
// project began with: a stub as callback (SEMANTICS D2, D3).

import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { ruleNamed } from '../../src/audit/rules/index.ts';
import { ATTACH, revoker, unnotified } from '../audit/toy-tree.ts';
import { folder, TOY_TREE } from '../source/set-up.ts';
import { COMMAND, fencepost, ROOT } from './run.ts';

const leak = ruleNamed('attach-leak')?.header ?? assert.fail('no rule attach-leak');
const ENV = { GIT_AUTHOR_NAME: 'a', GIT_AUTHOR_EMAIL: 'a@example.org', GIT_COMMITTER_NAME: 'a', GIT_COMMITTER_EMAIL: 'a@example.org' };

/** A git checkout of a small tree, and the commits that `steps` make. Returns the folder and the series as an mbox. */
function series(t: TestContext, files: Readonly<Record<string, string>>, ...steps: readonly (readonly [subject: string, file: string, text: string])[]): { readonly root: string; readonly tree: string; readonly mbox: string } {
  const root = folder(t, files);
  const git = (...args: readonly string[]): string => execFileSync('git', ['-C', root, ...args], { env: { ...process.env, ...ENV }, encoding: 'latin1' });
  git('init', '-q');
  git('add', '-A');
  git('commit', '-qm', 'base');
  for (const [subject, file, text] of steps) {
    mkdirSync(dirname(join(root, file)), { recursive: true });
    writeFileSync(join(root, file), text);
    git('add', '-A');
    git('commit', '-qm', subject);
  }
  const outside = folder(t, {});
  const mbox = join(outside, 'series.mbox');
  writeFileSync(mbox, git('format-patch', '--stdout', '--no-signature', `HEAD~${steps.length}`));
  git('checkout', '-q', `HEAD~${steps.length}`);
  return { root: outside, tree: root, mbox };
}

const TREE = { ...TOY_TREE, 'drivers/toy/toy.c': leak.clean };

test('a patch that adds a leak: which patch, the finding, exit 1; the one that fixes it, exit 0', (t) => {
  const { tree, mbox } = series(t, TREE, ['toy: nothing', 'drivers/toy/other.c', 'int x;\n'], ['toy: simplify', 'drivers/toy/toy.c', leak.broken]);
  const { status, out, err } = fencepost(['audit', '--patch', mbox, tree, '--no-cache']);
  assert.equal(status, 1, err);
  assert.match(out, /^added by patch 2\/2 \(toy: simplify\):\ndrivers\/toy\/toy\.c:\d+ toy_import\(\) warn: returns a failure without detaching: .* \[attach-leak\]$/m);
  assert.ok(out.split('\n\n')[0]?.split('\n').length === 5, out);
  const back = series(t, { ...TREE, 'drivers/toy/toy.c': leak.broken }, ['toy: detach', 'drivers/toy/toy.c', leak.clean]);
  const fixed = fencepost(['audit', '--patch', back.mbox, back.tree, '--no-cache']);
  assert.equal(fixed.status, 0, fixed.err);
  assert.match(fixed.out, /^fixed by the patch \(toy: detach\):\n.*\[attach-leak\]$/m);
});

test('a clean series is one line', (t) => {
  const { tree, mbox } = series(t, TREE, ['toy: a comment', 'drivers/toy/toy.c', `/* toy */\n${leak.clean}`]);
  const { status, out } = fencepost(['audit', '--patch', mbox, tree, '--no-cache']);
  assert.deepEqual([status, out], [0, '1 patch, 2 functions checked to the end; 0 entries in the ledger\n']);
});

test('a finding that only moved is unchanged; one that went to another file is moved', (t) => {
  const { tree, mbox } = series(t, { ...TREE, 'drivers/toy/toy.c': leak.broken }, ['toy: a comment', 'drivers/toy/toy.c', `/* toy */\n\n${leak.broken}`]);
  const json = JSON.parse(fencepost(['audit', '--patch', mbox, tree, '--no-cache', '--format', 'json']).out) as { added: unknown[]; fixed: unknown[]; unchanged: number };
  assert.deepEqual([json.added, json.fixed, json.unchanged], [[], [], 1]);
});

test('JSON keeps its schema; a mail quotes the hunk; a bot says it in a line', (t) => {
  const { tree, mbox, root } = series(t, TREE, ['toy: simplify', 'drivers/toy/toy.c', leak.broken]);
  const validate = new Ajv2020().compile(JSON.parse(readFileSync(join(ROOT, 'schema/series.schema.json'), 'utf8')) as object);
  const json: unknown = JSON.parse(fencepost(['audit', '--patch', mbox, tree, '--no-cache', '--format', 'json']).out);
  assert.ok(validate(json), JSON.stringify(validate.errors));
  const mail = fencepost(['audit', '--patch', mbox, tree, '--no-cache', '--format', 'mail']);
  assert.match(mail.out, /^> -\t\tdma_buf_detach\(dmabuf, attach\);$/m);
  assert.match(mail.out, /^Returns a failure without detaching: .*\.$/m);
  assert.match(mail.out, /^\[fencepost: attach-leak, P5\]$/m);
  const bot = fencepost(['audit', '--patch', mbox, tree, '--no-cache', '--bot']);
  assert.deepEqual([bot.status, bot.out], [1, '1 patch: 1 added, 0 fixed, 0 moved, 0 unchanged; 0 profile facts and 0 pairs changed\n']);
  // What was fixed since an older version, and what remains.
  const clean = join(root, 'clean.diff');
  writeFileSync(clean, '--- a/drivers/toy/toy.c\n+++ b/drivers/toy/toy.c\n@@ -1,1 +1,2 @@\n+/* toy */\n #include <linux/dma-buf.h>\n');
  const since = fencepost(['audit', '--patch', clean, '--since', mbox, tree, '--no-cache']);
  assert.equal(since.status, 0, since.err);
  assert.match(since.out, /^fixed since the older version, the patch \(toy: simplify\):\n.*\[attach-leak\]\nsince the older version: 1 fixed, 0 remain, 0 new\n$/);
  const remains = fencepost(['audit', '--patch', mbox, '--since', mbox, tree, '--no-cache']);
  assert.deepEqual([remains.status, remains.out.split('\n').at(-2)], [1, 'since the older version: 0 fixed, 1 remain, 0 new']);
});

test('a range of commits, with the tree at either end; standard input and a folder', (t) => {
  const { tree, mbox, root } = series(t, TREE, ['toy: simplify', 'drivers/toy/toy.c', leak.broken]);
  const expected = fencepost(['audit', '--patch', mbox, tree, '--no-cache']).out;
  execFileSync('git', ['-C', tree, 'checkout', '-q', '-']);
  const range = fencepost(['audit', '--range', 'HEAD~1..HEAD', tree, '--no-cache']);
  assert.deepEqual([range.status, range.out], [1, expected], range.err);
  execFileSync('git', ['-C', tree, 'checkout', '-q', 'HEAD~1']);
  mkdirSync(join(root, 'patches'));
  writeFileSync(join(root, 'patches/0001-toy.patch'), readFileSync(mbox));
  assert.equal(fencepost(['audit', '--patch', join(root, 'patches'), tree, '--no-cache']).out, expected);
});

test('what does not apply, holds no patch, or is not there: which hunk, a remedy, exit 2', (t) => {
  const { tree, root } = series(t, TREE, ['toy: x', 'drivers/toy/toy.c', leak.broken]);
  const bad = (text: string, says: RegExp): void => {
    const file = join(root, 'bad.diff');
    writeFileSync(file, text);
    const { status, out, err } = fencepost(['audit', '--patch', file, tree, '--no-cache']);
    assert.deepEqual([status, out], [2, ''], err);
    assert.match(err, says);
  };
  bad('--- a/drivers/toy/toy.c\n+++ b/drivers/toy/toy.c\n@@ -1 +1 @@\n-nothing of that\n+x\n', /patch 1 of 1 does not apply: drivers\/toy\/toy\.c, hunk 1 \(line 3 of the patch\): it wants "nothing of that" at line 1, where "#include <linux\/dma-buf\.h>" stands/);
  bad('--- a/drivers/toy/none.c\n+++ b/drivers/toy/none.c\n@@ -1 +1 @@\n-x\n+y\n', /there is no drivers\/toy\/none\.c/);
  bad('--- a/drivers/toy/toy.c\n+++ b/drivers/toy/toy.c\n@@ -1,3 +1,2 @@\n-#include <linux/dma-buf.h>\n', /hunk 1 \(line 5 of the patch\): the patch ends within it/);
  bad('hello\n', /holds no patch/);
  assert.match(fencepost(['audit', '--patch', join(root, 'none'), tree]).err, /there is no /);
  assert.match(fencepost(['audit', '--patch', 'x']).err, /needs the tree that the patches are for/);
  assert.match(fencepost(['audit', '--range', 'nothing..here', tree]).err, /git gave no patches for nothing\.\.here/);
  assert.match(fencepost(['audit', '--range=--output=/dev/null', tree]).err, /a range does not begin with a dash/);
  assert.match(fencepost(['audit', '--range', 'HEAD..HEAD', tree]).err, /HEAD\.\.HEAD holds no commit with a change/);
});

test('a function that went to another file, or got another name, keeps its finding', (t) => {
  const moved = series(t, { ...TREE, 'drivers/toy/toy.c': leak.broken }, ['toy: rename', 'drivers/toy/toy.c', leak.broken.replace(/toy_import/g, 'toy_import_buf')]);
  const json = JSON.parse(fencepost(['audit', '--patch', moved.mbox, moved.tree, '--no-cache', '--format', 'json']).out) as { added: unknown[]; fixed: unknown[]; moved: { function: string; from: { function: string } }[] };
  assert.deepEqual([json.added, json.fixed, json.moved.map((one) => [one.from.function, one.function])], [[], [], [['toy_import', 'toy_import_buf']]]);
});

const USER = leak.clean.replace('dma_buf_detach(dmabuf, attach);', 'core_undo(dmabuf, attach);').replace('static int toy_import', '#include <linux/core.h>\nstatic int toy_import');
const CORE_C = (body: string): string => `#include <linux/dma-buf.h>\n\nvoid core_undo(struct dma_buf *dmabuf, struct dma_buf_attachment *attach)\n{\n${body}}\nEXPORT_SYMBOL_GPL(core_undo);\n`;

test('a change is judged where it is felt: in who calls what another folder exports; the kept answer of the whole tree says the same', (t) => {
  const made = series(t, { ...TREE, 'drivers/toy/toy.c': USER, 'drivers/core/core.c': CORE_C('\tdma_buf_detach(dmabuf, attach);\n') }, ['core: nothing', 'drivers/core/core.c', CORE_C('\t/* here */\n\tdma_buf_detach(dmabuf, attach);\n')], ['core: simplify', 'drivers/core/core.c', CORE_C('\tcpu_relax();\n')]);
  const env = { XDG_CACHE_HOME: join(made.root, 'cache') };
  const cold = fencepost(['audit', '--patch', made.mbox, made.tree, '--no-cache']);
  assert.equal(cold.status, 1, cold.err + cold.out);
  assert.match(cold.out, /^added by patch 2\/2 \(core: simplify\):\ndrivers\/toy\/toy\.c:\d+ toy_import\(\) warn: .* \[attach-leak\]$/m);
  fencepost(['audit', '--rules', made.tree], { env });
  const warm = fencepost(['audit', '--patch', made.mbox, made.tree], { env });
  const steady = (text: string): string => text.replace(/, \d+ functions? checked to the end/, '');
  assert.equal(steady(warm.out), steady(cold.out), warm.err);
});

test('who brought what is fixed, and what hides it; a second run with --verbose says what remains', (t) => {
  const hidden = leak.broken.replace('static int toy_import', '#ifdef CONFIG_TOY_IMPORT\nstatic int toy_import').replace(/(\nstatic int toy_import[\s\S]*?\n\}\n)/, '$1#endif\n');
  const made = series(t, { ...TREE, 'drivers/toy/toy.c': hidden, 'drivers/toy/Makefile': 'obj-$(CONFIG_TOY) += toy.o\n' }, ['toy: fix', 'drivers/toy/toy.c', leak.clean]);
  const fixed = fencepost(['audit', '--patch', made.mbox, made.tree, '--no-cache']);
  assert.match(fixed.out, /^fixed by the patch \(toy: fix\):\n.*\[attach-leak\]\n {4}Fixes: [0-9a-f]{12} \("base"\)$/m, fixed.err);
  const back = series(t, { ...TREE, 'drivers/toy/Makefile': 'obj-$(CONFIG_TOY) += toy.o\n' }, ['toy: break', 'drivers/toy/toy.c', hidden]);
  const added = fencepost(['audit', '--patch', back.mbox, back.tree, '--no-cache']);
  assert.match(added.out, /^ {4}built only under CONFIG_TOY and #ifdef CONFIG_TOY_IMPORT$/m);
  assert.equal(added.out.split('\n\n')[0]?.split('\n').length, 5);
  const note = join(back.root, 'note.diff');
  writeFileSync(note, '--- drivers/toy/toy.c\n+++ drivers/toy/toy.c\n@@ -1,1 +1,2 @@\n+/* toy */\n #include <linux/dma-buf.h>\n');
  writeFileSync(join(back.tree, 'drivers/toy/toy.c'), hidden);
  const remains = fencepost(['audit', '--patch', note, back.tree, '--no-cache', '--verbose']);
  assert.match(remains.out, /^was there before, and remains:\n.*\[attach-leak\]$/m);
});

test('a bot tells findings of lower confidence by 250; standard input; a thread with its replies and an older version', (t) => {
  const lower = ruleNamed('sgt-nents-misuse')?.header ?? assert.fail('no rule sgt-nents-misuse');
  assert.equal(lower.confidence, 'medium');
  const made = series(t, { ...TREE, 'drivers/low/low.c': lower.clean }, ['low: count', 'drivers/low/low.c', lower.broken]);
  const bot = fencepost(['audit', '--patch', made.mbox, made.tree, '--no-cache', '--bot']);
  assert.deepEqual([bot.status, bot.out.split('\n').length], [250, 2], bot.out);
  assert.match(bot.out, /1 more of lower confidence added/);
  const text = readFileSync(made.mbox, 'latin1');
  const mail = (subject: string, body: string): string => text.replace(/^Subject: .*$/m, `Subject: ${subject}`).replace(/\n\n[\s\S]*$/, `\n\n${body}\n\n`);
  const old = text.replace('[PATCH]', '[PATCH v1]').replace(/^\+(?!\+).*$/m, '+/* no such thing */');
  const thread = mail('[PATCH v2 0/1] low', 'Hello.') + text.replace('[PATCH]', '[PATCH v2 1/1]') + mail('Re: [PATCH v2 1/1] low: count', '> --- a/x\n> +++ b/x\n\nNo.') + old;
  const { status, stdout } = spawnSync(process.execPath, [COMMAND, 'audit', '--patch', '-', made.tree, '--no-cache', '--format', 'json', '--confidence', 'medium'], { input: thread, encoding: 'utf8' });
  const json = JSON.parse(stdout) as { added: { rule: string; patch: { subject: string } }[]; series: { version: number }; ledger: { reason: string }[] };
  assert.deepEqual([status, json.series.version, json.added.map(({ rule, patch }) => [rule, patch.subject])], [1, 2, [['sgt-nents-misuse', 'low: count']]]);
  assert.deepEqual(json.ledger.slice(0, 2).map(({ reason }) => reason), ['1 reply was left aside', 'of versions 1, 2 only v2 was read']);
});

test('a driver outside of a tree: its patch, in another folder\'s words; pairs with Linux as the catalogue knows it', (t) => {
  const root = folder(t, { 'toy.c': BEFORE, 'p.diff': '' });
  writeFileSync(join(root, 'p.diff'), execDiff(root, BEFORE, STUB));
  const { out, err } = fencepost(['audit', '--patch', join(root, 'p.diff'), root, '--format', 'json']);
  const { pairsChanged, added } = JSON.parse(out) as { pairsChanged: { exporter: string; before: string; after: string }[]; added: { rule: string }[] };
  assert.deepEqual(added.map(({ rule }) => rule), ['stub-callback'], err);
  assert.deepEqual(pairsChanged.filter(({ exporter }) => exporter === 'vfio_pci').map(({ before, after }) => [before, after]), [['refused', 'hangs']]);
});

/** What `diff -u` prints of two texts of toy.c, in the folder of a kernel. */
function execDiff(root: string, before: string, after: string): string {
  writeFileSync(join(root, 'before.txt'), before);
  writeFileSync(join(root, 'after.txt'), after);
  const { stdout } = spawnSync('diff', ['-u', '--label', 'a/drivers/misc/toy.c', '--label', 'b/drivers/misc/toy.c', 'before.txt', 'after.txt'], { cwd: root, encoding: 'utf8' });
  return stdout;
}

const ASKS_FOR_CALLBACK = ATTACH.replace(/\tif \(!dma_buf_attach_revocable[\s\S]*$/, '\tif (!attachment->importer_ops || !attachment->importer_ops->invalidate_mappings)\n\t\treturn -EOPNOTSUPP;\n');
const BEFORE = unnotified(true);
const STUB = BEFORE.replace(/static const struct dma_buf_attach_ops[^\n]*\n/, `static void toy_unsupported(struct dma_buf_attachment *attach)
{
	pr_warn("not expected while pinned\\n");
}

static const struct dma_buf_attach_ops toy_attach_ops = {
	.allow_peer2peer = true,
	.invalidate_mappings = toy_unsupported,
};
`);
const CORE = (question: string): string => `bool dma_buf_attach_revocable(struct dma_buf_attachment *attach)
{
	const struct dma_buf_attach_ops *ops = attach->importer_ops;

	return ${question};
}
`;

test('the patch that began it: a stub as callback of an importer that cannot stop', (t) => {
  const tree = { ...TOY_TREE, 'drivers/toy/toy.c': BEFORE, 'drivers/bar/bar.c': revoker(), 'drivers/baz/baz.c': revoker({ attach: ASKS_FOR_CALLBACK }).replace(/bar/g, 'baz') };
  const pairs = (core: string): readonly string[] => {
    const made = series(t, { ...tree, 'drivers/dma-buf/dma-buf.c': core }, ['toy: give a callback', 'drivers/toy/toy.c', STUB]);
    const { out, err } = fencepost(['audit', '--patch', made.mbox, made.tree, '--no-cache', '--format', 'json']);
    const { pairsChanged, added } = JSON.parse(out) as { pairsChanged: { exporter: string; importer: string; before: string; after: string }[]; added: { rule: string }[] };
    assert.deepEqual(added.map(({ rule }) => rule), ['stub-callback'], err);
    return pairsChanged.map(({ exporter, importer, before, after }) => `${exporter} ${importer}: ${before} → ${after}`).sort();
  };
  // As in that series: the question knows the stub, so who asks it refuses the importer as before. Who only looks for a callback lets it in.
  assert.deepEqual(pairs(CORE('ops && ops->invalidate_mappings && ops->invalidate_mappings != toy_unsupported')), ['baz toy: refused → hangs']);
  // As in 7.3, where there is no stub to know: both let it in.
  assert.deepEqual(pairs(CORE('ops && ops->invalidate_mappings')), ['bar toy: refused → hangs', 'baz toy: refused → hangs']);
});
