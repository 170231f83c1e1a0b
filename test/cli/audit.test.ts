// fencepost audit as a user meets it: the bundled catalogue, a driver outside a tree, scenarios that can be run, wrong input.

import assert from 'node:assert/strict';
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { movable, revoker, SYNC } from '../audit/toy-tree.ts';
import { folder, NEEDS_REAL, REAL, TOY_TREE } from '../source/set-up.ts';
import { COMMAND, ROOT, fencepost } from './run.ts';

const NEEDS_SCRIPT = spawnSync('script', ['--version']).error === undefined ? false : 'script is not installed';

test('every pair of the bundled catalogue has a scenario that can be searched', () => {
  const { status, out } = fencepost(['audit', '--format', 'json']);
  assert.equal(status, 4);
  const { pairs } = JSON.parse(out) as { pairs: { verdict: string; why: string }[] };
  assert.ok(pairs.length > 800);
  assert.deepEqual(pairs.filter((one) => one.why.startsWith('the scenario') || one.why.includes('limit')), []);
});

test('a scenario that was printed can be checked by hand', (t) => {
  const root = folder(t, { 'x.litmus': fencepost(['audit', '--litmus', 'vfio_pci:amdgpu']).out });
  const { status, out } = fencepost(['check', join(root, 'x.litmus')]);
  assert.equal(status, 0, out);
  assert.match(out, /pair: holds/);
});

test('a driver outside a tree is held against Linux', (t) => {
  const root = folder(t, { 'toy.c': movable(SYNC), 'bar.c': revoker() });
  const one = fencepost(['audit', join(root, 'toy.c')]);
  assert.equal(one.status, 0, one.err);
  assert.match(one.out, /toy\.c with Linux 7\.3/);
  assert.match(one.out, /1 importer, 0 exporters, 32 pairs/);
  const both = fencepost(['audit', root, '--why', 'bar', 'toy']);
  assert.equal(both.status, 0, both.err);
  assert.match(both.out, /bar x toy: holds/);
});

test('a driver that attaches through a helper of Linux is that helper\'s importer', (t) => {
  const root = folder(t, { 'nic.c': '#include <rdma/ib_umem.h>\nint nic_reg(struct ib_device *dev)\n{\n\t/* not ib_umem_dmabuf_get_pinned_revocable_and_lock() */\n\treturn IS_ERR(ib_umem_dmabuf_get_pinned(dev, 0, 1, 3, 0));\n}\n' });
  const { out, status } = fencepost(['audit', root, '--format', 'json']);
  assert.equal(status, 0);
  const { importers, pairs } = JSON.parse(out) as { importers: { class: string; line: number; function: string }[]; pairs: { exporter: string; verdict: string; errno: string | null }[] };
  assert.deepEqual(importers.map((one) => [one.class, one.line, one.function]), [['pinned', 5, 'nic_reg']]);
  assert.deepEqual(pairs.find((one) => one.exporter === 'vfio_pci'), { ...pairs.find((one) => one.exporter === 'vfio_pci'), verdict: 'refused', errno: 'EOPNOTSUPP' });
});

test('ops that a driver hands to a helper of Linux are read, and the helper\'s unmap is known by name', (t) => {
  const driver = (callback: string): string => `#include <rdma/ib_umem.h>
static void nic_invalidate(struct dma_buf_attachment *attach)
{
	struct ib_umem_dmabuf *umem = attach->importer_priv;

	nic_zap(umem);
${callback}}
static const struct dma_buf_attach_ops nic_ops = { .allow_peer2peer = true, .invalidate_mappings = nic_invalidate };
int nic_reg(struct ib_device *dev)
{
	return IS_ERR(ib_umem_dmabuf_get(dev, 0, 1, 3, 0, &nic_ops));
}
`;
  const unmaps = (callback: string): unknown => {
    const { importers } = JSON.parse(fencepost(['audit', join(folder(t, { 'nic.c': driver(callback) }), 'nic.c'), '--format', 'json']).out) as { importers: { unmaps: string; line: number }[] };
    return importers.map((one) => [one.unmaps, one.line]);
  };
  assert.deepEqual(unmaps('\tib_umem_dmabuf_unmap_pages(umem);\n'), [['sync', 12]]);
  assert.deepEqual(unmaps(''), [['user', 11]]);
});

test('a toy tree: catalogue, cache, drift', (t) => {
  const root = folder(t, { ...TOY_TREE, 'drivers/toy/toy.c': movable(SYNC), 'drivers/bar/bar.c': revoker() });
  const env = { XDG_CACHE_HOME: join(root, '.cache') };
  const file = join(root, 'catalogue.json');
  const first = fencepost(['audit', root, '--write-catalogue', file], { env });
  assert.equal(first.status, 0, first.err);
  assert.equal(fencepost(['audit', root], { env }).out, first.out);
  assert.match(fencepost(['drift', root, file], { env }).out, /no drift/);
  writeFileSync(join(root, 'drivers/toy/toy.c'), movable('\ttoy_stop_hw(t);\n\tt->gone = true;'));
  const after = fencepost(['drift', root, file], { env });
  assert.equal(after.status, 1);
  assert.match(after.out, /importer toy: unmaps: sync became user/);
  const hangs = fencepost(['audit', root], { env });
  assert.equal(hangs.status, 1);
  assert.match(hangs.out, /^bar +H$/m);
});

test('the exit code: 1 for a finding, 4 for what a condition decides, 0 for a refusal', (t) => {
  assert.equal(fencepost(['audit']).status, 4);
  assert.equal(fencepost(['audit', '--why', 'vfio_pci', 'xe']).status, 4);
  assert.equal(fencepost(['audit', '--why', 'vfio_pci', 'drm_prime']).status, 0);
  const root = folder(t, { 'toy.c': movable('\ttoy_stop_hw(t);\n\tt->gone = true;'), 'bar.c': revoker() });
  assert.equal(fencepost(['audit', root, '--why', 'bar', 'toy']).status, 1);
  assert.equal(fencepost(['audit', root]).status, 1);
});

const steady = (text: string): string => text.replace(/[\d.]+ m?s\b/g, 'TIME');

test('a pair by two names or by one, before or behind the tree', (t) => {
  const root = folder(t, { ...TOY_TREE, 'drivers/toy/toy.c': movable(SYNC), 'drivers/bar/bar.c': revoker() });
  const story = fencepost(['audit', root, '--why', 'bar', 'toy']);
  assert.match(story.out, /^bar x toy: holds\n/);
  for (const args of [['--why', 'bar', 'toy', root], ['--why', 'bar:toy', root], [root, '--why', 'bar:toy'], ['--why=bar:toy', root], ['--why', 'bar:toy', '--no-cache', root]]) assert.equal(steady(fencepost(['audit', ...args]).out), steady(story.out), args.join(' '));
  // Each side that was read says where each step stands.
  for (const [id, places] of [['bar:toy', ['bar/bar', 'toy/toy']], ['toy', ['toy/toy']], ['bar', ['bar/bar']]] as const) {
    const { out, err } = fencepost(['audit', root, '--litmus', id]);
    for (const place of places) assert.match(out, new RegExp(`^litmus [^]*; // drivers/${place}\\.c:\\d+`), err);
  }
});

test('Markdown, the whole ledger, help', (t) => {
  const root = folder(t, { ...TOY_TREE, 'drivers/toy/toy.c': movable(SYNC), 'drivers/bar/bar.c': revoker() });
  assert.match(fencepost(['audit', root, '--format', 'markdown']).out, /^# Linux [^]*\| bar \| holds \|[^]*\n## Importers\n[^]*\| toy \| toy \| movable \|/);
  const { out } = fencepost(['audit', root, '--verbose']);
  assert.match(out, /\nexporter bar\n {2}drivers\/bar\/bar\.c:\d+ [^]*\nimporter toy\n {2}drivers\/toy\/toy\.c:\d+ /);
  assert.match(fencepost(['audit', '--help']).out, /--why <EXPORTER IMPORTER>[^]*Exit: 1 if any pair is broken or hangs, else 4/);
  assert.match(fencepost(['drift', '--help']).out, /drift \[options\] <TREE> \[CATALOGUE\][^]*Exit: 0 if nothing changed/);
});

test('a driver that Linux has too stays apart from it; its JSON tells what it was held against', (t) => {
  const root = folder(t, { 'amdgpu.c': movable(SYNC) });
  const { out, status } = fencepost(['audit', join(root, 'amdgpu.c'), '--format', 'json', '--catalogue', join(ROOT, 'catalogue/linux-6.12.json')]);
  assert.equal(status, 0);
  const { against, importers, pairs } = JSON.parse(out) as { against: { version: string; contract: string }; importers: { id: string }[]; pairs: { importer: string }[] };
  assert.match(against.version, /^6\.12/);
  assert.equal(against.contract, 'move_notify');
  assert.deepEqual(importers.map((one) => one.id), ['./amdgpu']);
  assert.ok(pairs.every((one) => one.importer === './amdgpu'));
  assert.equal((JSON.parse(fencepost(['audit', '--format', 'json']).out) as { against: unknown }).against, null);
});

test('one file: nothing beside it is looked at, a link is followed', (t) => {
  const root = folder(t, { 'toy.c': movable(SYNC), 'beside/other.c': revoker() });
  execFileSync('mkfifo', [join(root, 'pipe.c')]);
  symlinkSync('toy.c', join(root, 'link.c'));
  for (const name of ['toy.c', 'link.c']) {
    const { out, status } = fencepost(['audit', join(root, name), '--verbose']);
    assert.equal(status, 0, name);
    assert.match(out, /1 importer, 0 exporters/);
    assert.doesNotMatch(out, /pipe\.c|other\.c/);
  }
});

test('Ctrl-C while a tree is read: nothing printed, exit 130', { skip: NEEDS_REAL }, async (t) => {
  const child = spawn(process.execPath, [COMMAND, 'audit', REAL ?? '', '--no-cache'], { stdio: ['ignore', 'pipe', 'pipe'] });
  t.after(() => child.kill('SIGKILL'));
  let said = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => (said += chunk.toString()));
  setTimeout(() => child.kill('SIGINT'), 1200);
  const code = await new Promise((resolve) => child.on('close', resolve));
  assert.equal(code, 130);
  assert.equal(said, '');
});

test('progress goes to a terminal and is gone in the end; none in a pipe', { skip: NEEDS_SCRIPT }, (t) => {
  const root = folder(t, { ...TOY_TREE, 'drivers/toy/toy.c': movable(SYNC), 'drivers/bar/bar.c': revoker() });
  assert.equal(fencepost(['audit', root, '--no-cache']).err, '');
  const { stdout } = spawnSync('script', ['-qec', `"${process.execPath}" "${COMMAND}" audit "${root}" --no-cache >/dev/null`, '/dev/null'], { encoding: 'utf8' });
  assert.match(stdout, /reading importers and exporters: \d+ of \d+/);
  assert.match(stdout, /judging pairs/);
  assert.ok(stdout.trimEnd().endsWith('\x1b[K') && !stdout.includes('\n'), JSON.stringify(stdout.slice(-80)));
});

test('wrong input: a message, a remedy, exit 2', (t) => {
  const root = folder(t, { 'a.txt': 'no C here\n', 'c.json': '{"format":1}' });
  mkdirSync(join(root, 'empty'));
  for (const [args, message] of [
    [[join(root, 'nowhere')], /does not exist/],
    [[join(root, 'a.txt')], /is not a C file/],
    [[join(root, 'empty')], /is empty/],
    [[root], /holds no C files/],
    [['--why', 'vfio_pci'], /--why takes an exporter and an importer/],
    [['--why', 'vfio_pci', '--verbose'], /--why takes an exporter and an importer/],
    [['--why', 'a', 'b', 'c', 'd'], /--why takes an exporter and an importer/],
    [[root, '--why', 'vfio_pci', 'xe', root], /two trees are given/],
    [['--why', 'nobody', 'amdgpu'], /no exporter is called 'nobody'\n {2}fencepost audit lists all of them/],
    [['--why', 'vfio_pic:amdgpu'], /no exporter is called 'vfio_pic'\n {2}did you mean 'vfio_pci'\? fencepost audit lists/],
    [['--why', 'vfio_pci', 'umem'], /several importers are called 'umem'\n {2}it is one of umem:/],
    [['--litmus', 'vfio_pci:amdgpo'], /no importer is called 'amdgpo'\n {2}did you mean 'amdgpu'\?/],
    [['--litmus', 'zzzz'], /no importer or exporter is called 'zzzz'/],
    [['--write-catalogue', join(root, 'none', 'x.json')], /cannot be written \(ENOENT\)/],
    [['--why', 'i915', 'amdgpu', '--litmus', 'xe'], /do not go together/],
    [['--catalogue', join(root, 'c.json')], /is not a catalogue/],
    [['--catalogue', join(root, 'none.json')], /cannot be read \(ENOENT\)/],
  ] as const) {
    const { status, err, out } = fencepost(['audit', ...args]);
    assert.equal(status, 2, args.join(' '));
    assert.match(err, message);
    assert.equal(out, '');
    assert.ok(!err.includes('    at '));
  }
  const tree = folder(t, { ...TOY_TREE, 'drivers/toy/toy.c': movable(SYNC) });
  assert.match(fencepost(['audit', tree, '--catalogue', join(ROOT, 'catalogue/linux-7.3.json')]).err, /--catalogue is for a driver outside a tree/);
  assert.match(fencepost(['drift', root]).err, /holds no C files/);
  assert.match(fencepost(['drift', tree, join(root, 'c.json')]).err, /is not a catalogue: nodes is not a list/);
});

test('odd files are told and stop nobody', (t) => {
  const root = folder(t, { 'toy.c': movable(SYNC), 'bytes.c': 'dma_buf_ops \xff\xfe {{{ static const struct dma_buf_ops x = { .attach = ', 'half.c': 'int f(void) { dma_buf_attach(((b, d; }}}\n' });
  symlinkSync('.', join(root, 'loop'));
  execFileSync('mkfifo', [join(root, 'pipe.c')]);
  const { status, out, err } = fencepost(['audit', root, '--verbose']);
  assert.equal(err, '');
  assert.ok(status === 0 || status === 4, out);
  for (const told of ['loop not read: symbolic link', 'pipe.c not read', 'half.c']) assert.ok(out.includes(told), told);
});
