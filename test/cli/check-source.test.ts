// fencepost check-source as a kernel build calls it: the shell front, the compiler's arguments, build folders, the kernel's own check of a checker.

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { ruleNamed } from '../../src/audit/rules/index.ts';
import { OPTIONS_WITH_VALUE, compilerArguments } from '../../src/cli/compiler-arguments.ts';
import { VOCABULARY } from '../../src/source/identifier-index.ts';
import { folder, NEEDS_REAL, REAL, TOY_TREE } from '../source/set-up.ts';
import { ROOT } from './run.ts';

const FRONT = join(ROOT, 'bin', 'fencepost');
const leak = ruleNamed('attach-leak')?.header ?? assert.fail('no rule attach-leak');
const LINE = String.raw`\S+\(\) warn: .+ \[attach-leak\]`;

interface Ran {
  readonly status: number | null;
  readonly out: string;
  readonly err: string;
}

function run(t: TestContext, args: readonly string[], options: { readonly cwd: string; readonly front?: string; readonly path?: string }): Ran {
  const cache = folder(t, {});
  const { NO_COLOR: _, FORCE_COLOR: __, ...env } = process.env;
  const path = options.path ?? `${dirname(process.execPath)}${delimiter}${env['PATH'] ?? ''}`;
  const { status, stdout, stderr } = spawnSync(options.front ?? FRONT, args, { cwd: options.cwd, env: { ...env, PATH: path, XDG_CACHE_HOME: cache }, encoding: 'utf8', timeout: 60_000 });
  return { status, out: stdout, err: stderr };
}

/** A PATH with sh and grep, and without Node: what ends well here never started it. */
function withoutNode(t: TestContext): string {
  const bin = folder(t, {});
  for (const name of ['sh', 'grep', 'readlink']) {
    const found = (process.env['PATH'] ?? '').split(delimiter).map((one) => join(one, name)).find((one) => existsSync(one));
    if (found !== undefined) symlinkSync(found, join(bin, name));
  }
  return bin;
}

/** What the kernel's build gives: CHECKFLAGS and c_flags, the file last. */
const flags = (source: string): readonly string[] => [
  '-D__linux__', '-Dlinux', '-D__STDC__', '-Dunix', '-D__unix__', '-Wbitwise', '-Wno-return-void', '-Wno-unknown-attribute', '-D__x86_64__', '--arch=x86', '-mlittle-endian', '-m64',
  '-Wp,-MMD,drivers/toy/.toy.o.d', '-nostdinc', `-I${source}/arch/x86/include`, '-I./arch/x86/include/generated', `-I${source}/include`, '-I./include', '-include', `${source}/include/linux/compiler-version.h`,
  '-include', `${source}/include/linux/kconfig.h`, '-D__KERNEL__', '-std=gnu11', '-fno-strict-aliasing', '-I', `${source}/drivers/toy`, '-isystem', '/usr/lib/gcc/include', '-DMODULE',
  `-DKBUILD_BASENAME="toy"`, `-DKBUILD_MODNAME="toy"`, '-D__KBUILD_MODNAME=kmod_toy', `-DKBUILD_MODFILE="drivers/toy/toy"`, '-o', 'drivers/toy/toy.o',
];

const HEADERS = { 'include/linux/kconfig.h': '#define DMA_BUF_WORDS dma_buf_put\n', 'include/linux/compiler-version.h': '' };

test('a file without dma-buf: nothing is said, and Node is not started', (t) => {
  const root = folder(t, { ...TOY_TREE, ...HEADERS, 'drivers/toy/dull one.c': 'int main(void) { return 0; }\n', 'drivers/toy/toy.o': 'dma_buf_put' });
  const path = withoutNode(t);
  for (const args of [[...flags('.'), 'drivers/toy/dull one.c'], ['drivers/toy/dull one.c', ...flags('.')], [...flags('.'), '--', 'drivers/toy/dull one.c']]) {
    assert.deepEqual(run(t, ['check-source', ...args], { cwd: root, path }), { status: 0, out: '', err: '' });
  }
  // With its words Node is asked for.
  writeFileSync(join(root, 'drivers/toy/dull one.c'), 'void f(void) { dma_buf_put(0); }\n');
  assert.match(run(t, ['check-source', ...flags('.'), 'drivers/toy/dull one.c'], { cwd: root, path }).err, /node is not installed/);
});

test('the shell front knows the words and the options that the program knows', () => {
  const text = readFileSync(FRONT, 'utf8');
  assert.deepEqual((/^words='([^']*)'/m.exec(text)?.[1] ?? '').split('\n'), VOCABULARY);
  const known = [...text.matchAll(/^\t\t\t(-.*)\) value=yes/gm)].flatMap((match) => (match[1] ?? '').split(' | '));
  assert.deepEqual(known.sort(), [...OPTIONS_WITH_VALUE].sort());
});

test('arguments of a compiler: the file anywhere, values are no files, folders of headers', () => {
  const { files, folders } = compilerArguments(flags('../..'));
  assert.deepEqual(files, []);
  assert.deepEqual(folders, ['../../arch/x86/include', './arch/x86/include/generated', '../../include', './include', '../../drivers/toy', '/usr/lib/gcc/include']);
  assert.deepEqual(compilerArguments(['a.c', ...flags('.')]).files, ['a.c']);
  assert.deepEqual(compilerArguments(['-c', '-O2', 'a b.c', '-o', 'x.o', '--', '-strange.c']).files, ['a b.c', '-strange.c']);
  assert.deepEqual(compilerArguments(['-', '-I', '-o']).files, []);
});

test('one line a finding, by the name that the build has for the file, exit 0', (t) => {
  const root = folder(t, { ...TOY_TREE, ...HEADERS, 'drivers/toy/toy.c': leak.broken, 'drivers/toy/other.c': leak.broken.replaceAll('toy_import', 'other_import') });
  const inTree = run(t, ['check-source', ...flags('.'), 'drivers/toy/toy.c'], { cwd: root });
  assert.deepEqual([inTree.status, inTree.err], [0, '']);
  assert.match(inTree.out, new RegExp(`^drivers/toy/toy\\.c:\\d+ ${LINE}\\n$`));
  // make O=build: the build's folder inside the tree, and one beside it.
  mkdirSync(join(root, 'build'));
  assert.match(run(t, ['check-source', ...flags('..'), '../drivers/toy/toy.c'], { cwd: join(root, 'build') }).out, new RegExp(`^\\.\\./drivers/toy/toy\\.c:\\d+ ${LINE}\\n$`));
  const apart = folder(t, {});
  assert.match(run(t, ['check-source', ...flags(root), join(root, 'drivers/toy/toy.c')], { cwd: apart }).out, new RegExp(`^${root}/drivers/toy/toy\\.c:\\d+ ${LINE}\\n$`));
  // Through a link to the tree.
  symlinkSync(root, join(apart, 'linux'));
  assert.match(run(t, ['check-source', ...flags('linux'), 'linux/drivers/toy/toy.c'], { cwd: apart }).out, new RegExp(`^linux/drivers/toy/toy\\.c:\\d+ ${LINE}\\n$`));
});

test('generated files and modules outside the tree, with blanks in their paths', (t) => {
  const root = folder(t, { ...TOY_TREE, ...HEADERS });
  const apart = folder(t, { 'my module/toy one.c': leak.broken, 'my module/clean.c': leak.clean });
  const line = new RegExp(`^toy one\\.c:\\d+ ${LINE}\\n$`);
  assert.match(run(t, ['check-source', ...flags(root), 'toy one.c'], { cwd: join(apart, 'my module') }).out, line);
  // No headers of a tree at all.
  assert.match(run(t, ['check-source', '-Wbitwise', 'toy one.c'], { cwd: join(apart, 'my module') }).out, line);
  assert.deepEqual(run(t, ['check-source', ...flags(root), 'clean.c'], { cwd: join(apart, 'my module') }), { status: 0, out: '', err: '' });
  mkdirSync(join(root, 'build/drivers/toy'), { recursive: true });
  writeFileSync(join(root, 'build/drivers/toy/made.c'), leak.broken);
  assert.match(run(t, ['check-source', ...flags('..'), 'drivers/toy/made.c'], { cwd: join(root, 'build') }).out, new RegExp(`^drivers/toy/made\\.c:\\d+ ${LINE}\\n$`));
});

test('confidence can be asked for in CHECK', (t) => {
  const root = folder(t, { 'toy.c': leak.broken });
  assert.match(run(t, ['check-source', '--confidence=low', '-Wbitwise', 'toy.c'], { cwd: root }).out, /\[attach-leak\]\n/);
  const wrong = run(t, ['check-source', '--confidence=sure', 'toy.c'], { cwd: root });
  assert.deepEqual([wrong.status, wrong.out], [2, '']);
  assert.match(wrong.err, /--confidence cannot be 'sure'/);
});

test('what is no file is told, exit 2', (t) => {
  const root = folder(t, {});
  const gone = run(t, ['check-source', '-Wbitwise', 'gone.c'], { cwd: root });
  assert.deepEqual([gone.status, gone.out], [2, '']);
  assert.match(gone.err, /gone\.c: no such file/);
  assert.match(run(t, ['check-source', '-Wbitwise'], { cwd: root }).err, /no file among the arguments/);
  assert.match(run(t, ['check-source', '--help'], { cwd: root }).out, /make C=1 CHECK="fencepost check-source"/);
});

test('the front is the command: through links, from any folder, and it tells what is missing', (t) => {
  const away = folder(t, {});
  mkdirSync(join(away, 'node_modules/.bin'), { recursive: true });
  symlinkSync(FRONT, join(away, 'absolute'));
  symlinkSync('../../absolute', join(away, 'node_modules/.bin/fencepost'));
  const version = run(t, ['--version'], { cwd: away, front: join(away, 'node_modules/.bin/fencepost') });
  assert.deepEqual([version.status, version.err], [0, '']);
  assert.match(version.out, /^\d+\.\d+\.\d+\n$/);
  cpSync(FRONT, join(away, 'fencepost'));
  const unbuilt = run(t, ['--version'], { cwd: away, front: join(away, 'fencepost') });
  assert.deepEqual([unbuilt.status, unbuilt.err], [5, 'fencepost: it is not built yet: npm ci && npm run build\n']);
  // As make finds it: by its name alone.
  const named = spawnSync('sh', ['-c', 'cd / && fencepost --version'], { env: { PATH: `${join(away, 'node_modules/.bin')}${delimiter}${dirname(process.execPath)}${delimiter}${process.env['PATH'] ?? ''}` }, encoding: 'utf8' });
  assert.match(named.stdout, /^\d+\.\d+\.\d+\n$/, named.stderr);
});

test('the kernel takes it for a checker', { skip: NEEDS_REAL }, (t) => {
  const bin = folder(t, {});
  symlinkSync(FRONT, join(bin, 'fencepost'));
  const script = join(REAL ?? '', 'scripts/checker-valid.sh');
  const { status, stdout, stderr } = spawnSync(script, ['fencepost', 'check-source', '-D__linux__', '-Dlinux', '-Wbitwise', '--arch=x86', '-mlittle-endian', '-m64'], {
    cwd: bin, env: { PATH: `${bin}${delimiter}${dirname(process.execPath)}${delimiter}${process.env['PATH'] ?? ''}` }, encoding: 'utf8',
  });
  assert.deepEqual([status, stdout.trim(), stderr], [0, '1', '']);
});
