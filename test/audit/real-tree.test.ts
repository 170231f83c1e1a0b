// Real Linux trees: what a person found by reading them, and the committed catalogues. Needs the trees in the cache (scripts/kernel-source).

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { test, type TestContext } from 'node:test';
import type { AuditResult } from '../../src/results/audit.ts';
import { ROOT } from '../structure/house-rules.ts';
import { NEEDS_REAL, REAL } from '../source/set-up.ts';

const OLD = REAL === null ? null : join(dirname(REAL), 'linux-source-6.12');
const NEEDS_OLD = OLD !== null && existsSync(join(OLD, 'MAINTAINERS')) ? false : 'no Linux 6.12 here: run scripts/kernel-source 6.12';

interface Read {
  readonly result: AuditResult;
  readonly catalogue: string;
}

const known = new Map<string, Read>();

function read(t: TestContext, tree: string | null): Read {
  if (tree === null) throw new Error('no tree');
  const before = known.get(tree);
  if (before !== undefined) return before;
  const folder = mkdtempSync(join(tmpdir(), 'fencepost-audit-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const file = join(folder, 'catalogue.json');
  const done = spawnSync(process.execPath, [join(ROOT, 'dist/fencepost.js'), 'audit', tree, '--no-cache', '--format', 'json', '--write-catalogue', file], { encoding: 'utf8', maxBuffer: 1 << 28 });
  assert.equal(done.stderr, '');
  const made = { result: JSON.parse(done.stdout) as AuditResult, catalogue: readFileSync(file, 'utf8') };
  known.set(tree, made);
  return made;
}

const undated = (catalogue: string): string => catalogue.replace(/"date":"[\d-]+"/, '"date":""');

const dynamic = ({ importers }: AuditResult): readonly string[] =>
  importers
    .filter((one) => one.attach === 'dynamic')
    .map((one) => `${one.file}:${one.line} ${one.ops ?? ''} ${one.class} ${one.unmaps ?? '-'}${one.guards.filter((guard) => guard.decided === null).map((guard) => ` [${guard.text} ${guard.file.split('/').at(-1) ?? ''}:${guard.line}]`).join('')}`);

test('every dynamic importer of 7.3, its class and what its callback does', { skip: NEEDS_REAL }, (t) => {
  assert.deepEqual(dynamic(read(t, REAL).result), [
    // TTM: idle, ttm_bo_pipeline_gutting unbinds at once; busy, a ghost's delayed delete does.
    'drivers/gpu/drm/amd/amdgpu/amdgpu_dma_buf.c:609 amdgpu_dma_buf_attach_ops movable deferred',
    // created is set in the same section of the lock as the mapping, and never cleared.
    'drivers/gpu/drm/virtio/virtgpu_prime.c:366 virtgpu_dma_buf_attach_ops movable sync',
    // xe_bo_move_dmabuf(): on the way to system memory it unmaps only a device that is unplugged.
    'drivers/gpu/drm/xe/xe_dma_buf.c:385 nop2p_attach_ops movable conditional [ttm_resource_compatible(bo->resource, placement, force_space) ttm_bo.c:1095] [bo->pin_count ttm_bo.c:1100] [device_unplugged xe_bo.c:858]',
    'drivers/gpu/drm/xe/xe_dma_buf.c:385 xe_dma_buf_attach_ops movable conditional [ttm_resource_compatible(bo->resource, placement, force_space) ttm_bo.c:1095] [bo->pin_count ttm_bo.c:1100] [device_unplugged xe_bo.c:858]',
    'drivers/infiniband/core/umem_dmabuf.c:155 ib_umem_dmabuf_attach_pinned_ops pinned -',
    'drivers/infiniband/core/umem_dmabuf.c:155 ib_umem_dmabuf_attach_pinned_revocable_ops pinned-revocable sync',
    'drivers/infiniband/core/umem_dmabuf.c:155 mlx5_ib_dmabuf_attach_ops movable sync',
    'drivers/iommu/iommufd/pages.c:1495 iopt_dmabuf_attach_revoke_ops pinned-revocable sync',
  ]);
});

test('every attach call and every dma_buf_ops table that grep finds', { skip: NEEDS_REAL }, (t) => {
  const { result } = read(t, REAL);
  const grep = (pattern: string): readonly string[] => {
    const done = spawnSync('grep', ['-rnE', '--include=*.[ch]', pattern, 'drivers', 'net', 'io_uring', 'sound', 'samples', 'virt', 'kernel', 'fs', 'mm'], { cwd: REAL ?? '.', encoding: 'utf8', maxBuffer: 1 << 28 });
    return done.stdout.split('\n').filter((line) => line !== '' && !/^\S+:\d+:\s*(?:\*|\/\*|\/\/)/.test(line) && !line.startsWith('drivers/dma-buf/dma-buf.c:')).map((line) => line.split(':').slice(0, 2).join(':'));
  };
  const calls = [...new Set(result.importers.map((one) => `${one.file}:${one.line}`))].sort();
  assert.deepEqual(calls, [...grep('\\bdma_buf_(dynamic_)?attach\\(')].sort());
  const tables = result.exporters.map((one) => `${one.file}:${one.line}`).sort();
  assert.deepEqual(tables, [...grep('struct (virtio_)?dma_buf_ops \\w+ *= *\\{')].sort());
  assert.ok(result.coverage.withParseError / result.coverage.functions < 0.02);
});

test('who takes memory back in 7.3, and how', { skip: NEEDS_REAL }, (t) => {
  const rows = read(t, REAL).result.exporters.filter((one) => one.invalidates.length > 0).map((one) => [one.ops, one.invalidates.map((row) => row.function).join(), one.revokedFirst, one.waitsFences, one.waitsUnmap, one.moves, one.unrevokes?.line ?? null]);
  assert.deepEqual(rows, [
    ['amdgpu_dmabuf_ops', 'amdgpu_bo_move_notify', null, null, null, true, null],
    ['xe_dmabuf_ops', 'xe_bo_move_notify', null, null, null, true, null],
    ['uverbs_dmabuf_ops', 'ib_uverbs_dmabuf_revoke', 'revoked', 'BOOKKEEP', 'forever', false, null],
    ['iommufd_test_dmabuf_ops', 'iommufd_test_dmabuf_revoke', 'revoked', null, null, false, 2089],
    ['vfio_pci_dmabuf_ops', 'vfio_pci_dma_buf_move', 'revoked', 'BOOKKEEP', 'forever', false, 372],
  ]);
});

test('the pairs of 7.3 that the debate was about', { skip: NEEDS_REAL }, (t) => {
  const { pairs } = read(t, REAL).result;
  const say = (exporter: string, importer: string): string => {
    const pair = pairs.find((one) => one.exporter === exporter && one.importer === importer);
    return pair === undefined ? 'none' : [pair.verdict, pair.at, pair.errno].filter((one) => one !== null).join(' ');
  };
  assert.equal(say('vfio_pci', 'amdgpu'), 'holds');
  assert.equal(say('vfio_pci', 'umem/mlx5'), 'holds');
  assert.equal(say('vfio_pci', 'iommufd'), 'holds');
  assert.equal(say('vfio_pci', 'umem:ib_umem_dmabuf_attach_pinned_revocable_ops'), 'holds');
  assert.equal(say('vfio_pci', 'xe:xe_dma_buf_attach_ops'), 'undecided');
  assert.equal(say('vfio_pci', 'umem:ib_umem_dmabuf_attach_pinned_ops'), 'refused attach EOPNOTSUPP');
  assert.equal(say('vfio_pci', 'drm_prime'), 'refused attach EOPNOTSUPP');
  // SEMANTICS D8: a pin that always fails turns away revocable importers too.
  assert.equal(say('uverbs_std_types', 'umem:ib_umem_dmabuf_attach_pinned_revocable_ops'), 'refused pin EOPNOTSUPP');
  assert.equal(say('uverbs_std_types', 'umem/mlx5'), 'holds');
  assert.equal(say('amdgpu', 'iommufd'), 'refused map EOPNOTSUPP');
  assert.equal(say('system_heap', 'videobuf2-dma-contig'), 'holds');
});

test('the committed catalogue of 7.3 is what the audit finds', { skip: NEEDS_REAL }, (t) => {
  assert.equal(undated(read(t, REAL).catalogue), undated(readFileSync(join(ROOT, 'catalogue/linux-7.3.json'), 'utf8')));
});

test('6.12 is read under its own names', { skip: NEEDS_OLD }, (t) => {
  const { result, catalogue } = read(t, OLD);
  assert.deepEqual(dynamic(result), [
    'drivers/gpu/drm/amd/amdgpu/amdgpu_dma_buf.c:512 amdgpu_dma_buf_attach_ops movable deferred',
    // xe_bo_move_dmabuf() leaves at once for system memory: the sg table stays mapped until the next use.
    'drivers/gpu/drm/xe/xe_dma_buf.c:306 nop2p_attach_ops movable user',
    'drivers/gpu/drm/xe/xe_dma_buf.c:306 xe_dma_buf_attach_ops movable user',
    // The callback is a warning (SEMANTICS D3, R2).
    'drivers/infiniband/core/umem_dmabuf.c:158 ib_umem_dmabuf_attach_pinned_ops pinned never',
    'drivers/infiniband/core/umem_dmabuf.c:158 ib_umem_dmabuf_attach_pinned_revocable_ops pinned-revocable sync',
    'drivers/infiniband/core/umem_dmabuf.c:158 mlx5_ib_dmabuf_attach_ops movable sync',
  ]);
  assert.equal(result.tree.contract, 'move_notify');
  assert.equal(undated(catalogue), undated(readFileSync(join(ROOT, 'catalogue/linux-6.12.json'), 'utf8')));
});
