// fencepost audit as a user meets it: the bundled catalogue, a driver outside a tree, scenarios that can be run, wrong input.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { movable, revoker, SYNC } from '../audit/toy-tree.ts';
import { folder, TOY_TREE } from '../source/set-up.ts';
import { fencepost } from './run.ts';

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

test('wrong input: a message, a remedy, exit 2', (t) => {
  const root = folder(t, { 'a.txt': 'no C here\n', 'c.json': '{"format":1}' });
  mkdirSync(join(root, 'empty'));
  for (const [args, message] of [
    [[join(root, 'nowhere')], /does not exist/],
    [[join(root, 'a.txt')], /is not a C file/],
    [[join(root, 'empty')], /is empty/],
    [[root], /holds no C files/],
    [['--why', 'vfio_pci'], /--why takes an exporter and an importer/],
    [['--why', 'nobody', 'amdgpu'], /no exporter is called 'nobody'/],
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
