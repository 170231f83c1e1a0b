// The catalogue there and back, bad ones told in a sentence; drift by identity; names that a person may use.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { decodeCatalogue, encodeCatalogue, type Catalogue } from '../../src/audit/catalogue.ts';
import { driftOf } from '../../src/audit/drift.ts';
import { exporterNamed, importerNamed, pairIn, subjectNamed, type Named, type Sides } from '../../src/audit/select.ts';
import { ROOT } from '../structure/house-rules.ts';
import { sample } from './audit-sample.ts';

function linuxOf(release: string): { readonly text: string; readonly catalogue: Catalogue } {
  const text = readFileSync(join(ROOT, `catalogue/linux-${release}.json`), 'utf8');
  const decoded = decodeCatalogue(text);
  if (!decoded.ok) throw new Error(decoded.message);
  return { text, catalogue: decoded.catalogue };
}
const { text: linuxText, catalogue: linux } = linuxOf('7.3');
const { pairs: _, ...facts } = sample;
const small: Catalogue = { ...facts, date: '2026-11-27', contractText: 'aa' };

test('a catalogue comes back as it was written', () => {
  const decoded = decodeCatalogue(encodeCatalogue(small));
  assert.ok(decoded.ok);
  assert.deepEqual(decoded.catalogue, small);
  assert.equal(encodeCatalogue(linux), linuxText);
  const old = linuxOf('6.12');
  assert.equal(encodeCatalogue(old.catalogue), old.text);
});

test('parts that diagrams share are written once, and shared again', () => {
  const [importer] = small.importers.filter((one) => one.id === 'xe');
  assert.ok(importer?.behaviour?.kind === 'branch');
  const twice = { ...importer, works: [{ name: 'again', behaviour: structuredClone(importer.behaviour) }] };
  const text = encodeCatalogue({ ...small, importers: [twice] });
  assert.equal(text.match(/device_unplugged","at|"text":"device_unplugged"\},/g)?.length, 1);
  const decoded = decodeCatalogue(text);
  assert.ok(decoded.ok);
  assert.equal(decoded.catalogue.importers[0]?.works[0]?.behaviour, decoded.catalogue.importers[0]?.behaviour);
});

test('a catalogue that is none is refused with one sentence that says where', () => {
  const good = encodeCatalogue(small);
  const without = (change: (raw: Record<string, unknown> & { importers: Record<string, unknown>[]; exporters: Record<string, unknown>[]; nodes: unknown[] }) => void): string => {
    const raw = JSON.parse(good) as Parameters<typeof change>[0];
    change(raw);
    return JSON.stringify(raw);
  };
  const cases: readonly (readonly [bad: string, message: string | RegExp])[] = [
    ['{', 'it is not JSON'], ['[]', 'it is not a catalogue of format 1'], ['null', 'it is not a catalogue of format 1'],
    [good.replace('"format":1', '"format":2'), 'its format is 2, and only 1 is known'],
    ['{"format":1}', 'nodes is not a list'],
    [without((raw) => delete raw['coverage']), 'coverage is missing'],
    [without((raw) => (raw['tree'] = { version: '7.3', contract: 'other' })), 'tree.contract is not one of invalidate_mappings, move_notify, none'],
    [without((raw) => delete raw.importers[2]?.['class']), 'importers[2].class is missing'],
    [without((raw) => Object.assign(raw.importers[0] ?? {}, { line: '40' })), 'importers[0].line is not a number'],
    [without((raw) => Object.assign(raw.importers[5] ?? {}, { behaviour: { node: 99 } })), 'importers[5].behaviour is not one of the nodes'],
    [without((raw) => Object.assign(raw.exporters[1] ?? {}, { refuses: [{}] })), 'exporters[1].refuses[0].file is missing'],
    [without((raw) => Object.assign(raw.exporters[1] ?? {}, { id: 'amdgpu' })), 'two exporters are called amdgpu'],
    [without((raw) => (raw.nodes[0] = { act: 1 })), 'nodes[0] is not well made'],
    [without((raw) => (raw.nodes[1] = { act: { do: 'dance' }, at: 'a.c:1:f', next: 0 })), 'nodes[1] is not well made'],
    [without((raw) => (raw.nodes[1] = { act: { do: 'unmap', unlocked: true }, at: 'a.c:1:f', next: 1 })), 'nodes[1] is not well made'],
    [without((raw) => (raw.nodes[1] = { test: { is: 'constructor' }, at: 'a.c:1:f', yes: 0, no: 0 })), 'nodes[1] is not well made'],
  ];
  for (const [bad, message] of cases) {
    const made = decodeCatalogue(bad);
    assert.equal(made.ok ? '' : made.message, message);
  }
});

const drift = (after: Partial<Catalogue>, before: Catalogue = linux): readonly string[] => driftOf(before, { ...before, ...after }).map((one) => `${one.what} ${one.of}: ${one.text}`);

test('no drift where only lines moved', () => {
  // Every line of every place, those in texts too.
  const moved = JSON.parse(JSON.stringify(linux, (key, value: unknown) => (key === 'line' && typeof value === 'number' ? value + 7 : key === 'decided' && typeof value === 'string' ? value.replace(/\.c:(\d+)/g, '.c:9$1') : value))) as Catalogue;
  assert.notDeepEqual(moved.importers, linux.importers);
  assert.deepEqual(drift(moved), []);
});

test('drift where facts changed, by identity', () => {
  assert.deepEqual(drift({
    importers: linux.importers.filter((one) => one.id !== 'devmem').map((one) => (one.id === 'amdgpu' ? { ...one, unmaps: 'user', callback: 'amdgpu_other' } : one)),
    exporters: linux.exporters.map((one) => (one.id === 'vfio_pci' ? { ...one, waitsFences: 'KERNEL', refuses: one.refuses.slice(1) } : one)),
    contractText: 'other',
  }), [
    'contract contract: the kernel-doc of dma_buf_attach_ops or of the invalidate call changed',
    'changed importer amdgpu: callback: amdgpu_dma_buf_move_notify became amdgpu_other',
    'changed importer amdgpu: unmaps: deferred became user',
    'gone importer devmem: net/core/devmem.c net_devmem_bind_dmabuf(), static',
    'changed exporter vfio_pci: refuses: gone attach -EOPNOTSUPP if !attachment->peer2peer',
    'changed exporter vfio_pci: waits for fences: BOOKKEEP became KERNEL',
  ]);
});

test('who is who: a new name for the same table, a file that moved, two attach calls of one function', () => {
  const with_ = (id: string, change: Partial<Catalogue['importers'][number]>): Partial<Catalogue> => ({ importers: small.importers.map((one) => (one.id === id ? { ...one, ...change } : one)) });
  assert.deepEqual(drift(with_('xe', { id: 'xe:xe_dma_buf_attach_ops' }), small), []);
  assert.deepEqual(drift(with_('fastrpc', { file: 'drivers/dsp/fastrpc.c' }), small), ['changed importer fastrpc: file: drivers/misc/fastrpc.c became drivers/dsp/fastrpc.c']);
  assert.deepEqual(drift(with_('xe', { ops: 'xe_other_ops' }), small), ['changed importer xe: operations: xe_dma_buf_attach_ops became xe_other_ops']);
  assert.deepEqual(drift(with_('xe', { guards: [] }), small), ['changed importer xe: conditions: gone device_unplugged (open), ttm_bo->sg (yes: true whenever mapped: stored from dma_buf_map_attachment())']);
  const [first] = small.importers;
  assert.ok(first !== undefined);
  const both: Catalogue = { ...small, importers: [first, { ...first, id: 'second', line: 700 }] };
  assert.deepEqual(drift({ importers: [...both.importers].reverse() }, both), []);
  assert.deepEqual(drift({ importers: [{ ...first, id: 'third', line: 9 }, ...both.importers] }, both), [`new importer third: ${first.file} ${first.function}(), static`]);
});

test('names: an id, its part, its table, a user of it; what may have been meant', () => {
  const told = (found: Named<{ readonly id: string }>): string => (found.ok ? found.one.id : found.problem.kind === 'several' ? `several: ${found.problem.ids.join()}` : `unknown: ${found.problem.near.join()}`);
  assert.equal(told(exporterNamed('vfio_pci', linux)), 'vfio_pci');
  assert.equal(told(exporterNamed('vfio_pci_dmabuf_ops', linux)), 'vfio_pci');
  assert.equal(told(exporterNamed('vfio_pic', linux)), 'unknown: vfio_pci');
  assert.equal(told(exporterNamed('vfio', linux)), 'vfio_pci');
  assert.equal(told(exporterNamed('zzzzzzzz', linux)), 'unknown: ');
  assert.equal(told(exporterNamed('', linux)), 'unknown: ');
  // The other one of this name is a selftest.
  assert.equal(told(importerNamed('xe', linux)), 'xe:xe_dma_buf_attach_ops');
  assert.equal(told(importerNamed('umem', linux)), `several: ${linux.importers.filter((one) => one.id.startsWith('umem')).map((one) => one.id).join()}`);
  assert.equal(told(importerNamed('mlx5', linux)), 'umem/mlx5');
  assert.equal(told(importerNamed('irdma', small)), 'umem/irdma');
  assert.equal(told(importerNamed('cx88', small)), 'videobuf2-dma-sg');
});

test('a pair in one word, although names have colons; a scenario of one side or both', () => {
  const colons: Sides = { importers: small.importers.map((one) => (one.id === 'xe' ? { ...one, id: 'xe:p2p' } : one)), exporters: small.exporters.map((one) => (one.id === 'udmabuf' ? { ...one, id: 'udmabuf:ops' } : one)) };
  const pair = (text: string): string => {
    const found = pairIn(text, colons);
    return found.ok ? `${found.one.exporter.id} x ${found.one.importer.id}` : `${found.problem.kind} ${found.problem.side} ${found.problem.name}`;
  };
  assert.equal(pair('vfio_pci:amdgpu'), 'vfio_pci x amdgpu');
  assert.equal(pair('vfio_pci:xe:p2p'), 'vfio_pci x xe:p2p');
  assert.equal(pair('udmabuf:ops:xe:p2p'), 'udmabuf:ops x xe:p2p');
  assert.equal(pair('udmabuf:ops:xe'), 'udmabuf:ops x xe:p2p');
  assert.equal(pair('vfio_pci:nobody'), 'unknown importer nobody');
  assert.equal(pair('nobody:amdgpu'), 'unknown exporter nobody');
  const subject = (name: string): string => {
    const found = subjectNamed(name, colons);
    return found.ok ? found.one.kind : `${found.problem.kind} ${found.problem.side}`;
  };
  assert.deepEqual(['amdgpu', 'vfio_pci', 'xe:p2p', 'udmabuf:ops', 'vfio_pci:amdgpu', 'cx88', 'heap', 'umem'].map(subject), ['importer', 'exporter', 'importer', 'exporter', 'pair', 'importer', 'unknown either', 'several importer']);
});
