// fencepost audit --rules as a user meets it: a driver outside a tree, a part of a tree, a baseline's life, forms, wrong use.

import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { ruleNamed } from '../../src/audit/rules/index.ts';
import { folder, TOY_TREE } from '../source/set-up.ts';
import { fencepost } from './run.ts';

const leak = ruleNamed('attach-leak')?.header ?? assert.fail('no rule attach-leak');
const LINE = /^(\S+:\d+) (\w+)\(\) warn: .+ \[attach-leak\]$/m;

test('a driver outside a tree: the finding in one line, the path below it, exit 1', (t) => {
  const root = folder(t, { 'toy.c': leak.broken, 'clean.c': leak.clean });
  const { status, out, err } = fencepost(['audit', '--rules', join(root, 'toy.c')]);
  assert.equal(status, 1, err);
  assert.match(out, LINE);
  assert.match(out, /^ {4}toy\.c:\d+ \w+\(\) \S/m);
  assert.match(out, /^1 finding by \d+ rules$/m);
  const clean = fencepost(['audit', '--rules', join(root, 'clean.c')]);
  assert.equal(clean.status, 0, clean.out);
  assert.match(clean.out, /^no finding by \d+ rules/);
  // A folder is read whole.
  assert.match(fencepost(['audit', '--rules', root]).out, LINE);
});

test('rules by name, before the path, behind it, or with commas; others then say nothing', (t) => {
  const root = folder(t, { 'toy.c': leak.broken });
  const file = join(root, 'toy.c');
  for (const args of [['--rules', 'attach-leak', file], [file, '--rules', 'attach-leak'], ['--rules', 'attach-leak,map-leak', file], ['--rules', 'map-leak', 'attach-leak', '--verbose', file]]) {
    const { status, out, err } = fencepost(['audit', ...args]);
    assert.equal(status, 1, `${args.join(' ')}: ${err}`);
    assert.match(out, LINE);
  }
  const other = fencepost(['audit', '--rules', 'double-unmap', file]);
  assert.equal(other.status, 0);
  assert.match(other.out, /^no finding by 1 rule/);
});

test('in a tree: all of it, a folder, a file; a second run takes what was kept', (t) => {
  const root = folder(t, { ...TOY_TREE, 'drivers/toy/toy.c': leak.broken, 'drivers/clean/clean.c': leak.clean });
  const env = { XDG_CACHE_HOME: join(root, '.cache') };
  const first = fencepost(['audit', '--rules', root], { env });
  assert.equal(first.status, 1, first.err);
  assert.match(first.out, /^drivers\/toy\/toy\.c:\d+ /m);
  assert.match(first.out, /^Linux 7\.3\.4-rc1: 1 finding by/m);
  assert.deepEqual(fencepost(['audit', '--rules', root], { env }), first);
  assert.deepEqual(fencepost(['audit', '--rules', root, '--no-cache', '--workers', '1'], { env }), first);
  for (const part of ['drivers/toy', 'drivers/toy/toy.c']) {
    const { status, out } = fencepost(['audit', '--rules', join(root, part)], { env });
    assert.equal(status, 1, part);
    assert.match(out, /^drivers\/toy\/toy\.c:\d+ /m);
    assert.match(out, /^Linux 7\.3\.4-rc1: /m);
  }
  assert.equal(fencepost(['audit', '--rules', join(root, 'drivers/clean')], { env }).status, 0);
  // The matrix of the same tree does not change by it.
  assert.equal(fencepost(['audit', root], { env }).out, fencepost(['audit', root, '--no-cache'], { env }).out);
});

test('the life of a baseline: made, reasoned, shifted, outlived', (t) => {
  const root = folder(t, { 'toy.c': leak.broken });
  const [file, known] = [join(root, 'toy.c'), join(root, 'known.txt')];
  const run = (...more: readonly string[]) => fencepost(['audit', '--rules', file, '--baseline', known, ...more]);
  const missing = run();
  assert.equal(missing.status, 2);
  assert.match(missing.err, /known\.txt cannot be read \(ENOENT\)\n {2}.*--update-baseline makes one/);
  const made = run('--update-baseline');
  assert.equal(made.status, 0, made.err);
  assert.match(made.out, /1 finding, 1 of them new and not judged yet/);
  writeFileSync(known, readFileSync(known, 'utf8').replace('not judged yet', 'toy_open() undoes it'));
  // The same line, elsewhere.
  writeFileSync(file, `/* shifted */\n\n${leak.broken}`);
  const quiet = run();
  assert.equal(quiet.status, 0);
  assert.match(quiet.out, /^no finding by \d+ rules; 1 known to /);
  run('--update-baseline');
  assert.match(readFileSync(known, 'utf8'), /why: toy_open\(\) undoes it/);
  writeFileSync(file, leak.clean);
  const gone = run();
  assert.equal(gone.status, 0);
  assert.match(gone.out.replace(/\s+/g, ' '), /found no more: attach-leak in \w+\(\) at ".*" \(toy_open\(\) undoes it\)/);
  assert.match(run('--update-baseline').out, /^gone: attach-leak in /m);
  assert.doesNotMatch(readFileSync(known, 'utf8'), /^attach-leak/m);
  writeFileSync(known, '# fine\n\n{}\n');
  const wrong = run();
  assert.equal(wrong.status, 2);
  assert.match(wrong.err, /known\.txt:3: "\{\}" is no entry/);
});

test('other forms carry the same finding, and the exit code', (t) => {
  const root = folder(t, { 'toy.c': leak.broken });
  const run = (format: string) => fencepost(['audit', '--rules', join(root, 'toy.c'), '--format', format]);
  const json = run('json');
  assert.equal(json.status, 1);
  const { findings } = JSON.parse(json.out) as { findings: { rule: string; identity: string }[] };
  assert.deepEqual(findings.map((one) => one.rule), ['attach-leak']);
  const sarif = JSON.parse(run('sarif').out) as { runs: { results: { ruleId: string; partialFingerprints: object }[] }[] };
  assert.deepEqual(sarif.runs[0]?.results.map((one) => [one.ruleId, Object.values(one.partialFingerprints)]), [['attach-leak', [findings[0]?.identity]]]);
  assert.match(run('ktap').out, /^not ok \d+ attach-leak # 1 finding$/m);
});

test('wrong use: what does not go together, what is not there', (t) => {
  const root = folder(t, { 'toy.c': leak.clean, 'notes.txt': 'x' });
  const file = join(root, 'toy.c');
  const wrong: readonly (readonly [args: readonly string[], message: RegExp])[] = [
    [['--rules'], /--rules reads C: name a kernel tree, a folder or a file/],
    [['--rules', 'atach-leak', file], /no rule is called 'atach-leak', and no such file exists\n {2}did you mean 'attach-leak'/],
    [['--rules', 'attach-leek'], /no rule is called 'attach-leek'/],
    [['--rules', join(root, 'gone.c')], /gone\.c does not exist/],
    [['--rules', join(root, 'notes.txt')], /notes\.txt is not a C file/],
    [['--rules', file, '--why', 'a', 'b'], /--rules and --why do not go together/],
    [['--rules', file, '--litmus', 'a'], /--rules and --litmus do not go together/],
    [['--rules', file, '--write-catalogue', 'a'], /--rules and --write-catalogue do not go together/],
    [['--rules', file, '--format', 'markdown'], /--format markdown is for the matrix/],
    [['--rules', file, '--confidence', 'sure'], /--confidence cannot be 'sure'/],
    [['--rules', file, '--update-baseline'], /--update-baseline needs --baseline FILE/],
    [[file, '--baseline', 'x'], /--baseline goes with --rules only/],
    [[file, '--confidence', 'low'], /--confidence goes with --rules only/],
    [[file, '--update-baseline'], /--update-baseline goes with --rules only/],
    [[file, '--format', 'sarif'], /--format sarif goes with --rules only/],
  ];
  for (const [args, message] of wrong) {
    const { status, err, out } = fencepost(['audit', ...args]);
    assert.equal(status, 2, `${args.join(' ')}: ${err}`);
    assert.equal(out, '');
    assert.match(err, message);
    assert.doesNotMatch(err, /^\s+at /m);
  }
  assert.equal(existsSync(join(root, 'x')), false);
  mkdirSync(join(root, 'folder'));
  const readOnly = fencepost(['audit', '--rules', file, '--baseline', join(root, 'folder/none/known.txt'), '--update-baseline']);
  assert.deepEqual([readOnly.status, /cannot be written \(ENOENT\)/.test(readOnly.err)], [2, true]);
});

test('explain shows a rule with its code as it is, list its title', () => {
  const { out, status } = fencepost(['explain', 'attach-leak']);
  assert.equal(status, 0);
  assert.match(out, /^attach-leak \(rule\): high confidence$/m);
  assert.match(out, /^Obligation P5: /m);
  assert.ok(out.includes(`Broken:\n  ${leak.broken.trim().split('\n')[0] ?? ''}\n`));
  assert.match(fencepost(['list', 'rules']).out, /^attach-leak +An attachment /m);
});
