// An audit's forms: JSON against its schema, the matrix as text for a person, the catalogue there and back, drift by identity.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { decodeCatalogue, encodeCatalogue, type Catalogue } from '../../src/audit/catalogue.ts';
import { driftOf } from '../../src/audit/drift.ts';
import { judgePairs } from '../../src/audit/judge-pairs.ts';
import { auditJson } from '../../src/report/audit-json.ts';
import { matrixMarkdown, matrixText } from '../../src/report/audit-matrix.ts';
import { plainForm } from '../../src/report/form.ts';
import { ROOT } from '../structure/house-rules.ts';

const text = readFileSync(join(ROOT, 'catalogue/linux-7.3.json'), 'utf8');
const decoded = decodeCatalogue(text);
if (!decoded.ok) throw new Error(decoded.message);
const linux: Catalogue = decoded.catalogue;
const some = { importers: linux.importers.filter((one) => /^(?:amdgpu|xe:xe|umem|devmem|fastrpc)/.test(one.id)), exporters: linux.exporters.filter((one) => /^(?:vfio_pci|amdgpu|udmabuf|system_heap)$/.test(one.id)) };
const { pairs } = judgePairs(some.importers, some.exporters, { contract: 'invalidate_mappings' });

test('the JSON of an audit is what its schema says', () => {
  const validate = new Ajv2020({ strict: false }).compile(JSON.parse(readFileSync(join(ROOT, 'schema/audit.schema.json'), 'utf8')) as object);
  const { importers, exporters, references, coverage, tree, ledger } = linux;
  const made = JSON.parse(auditJson({ tree, importers, exporters, references, coverage, pairs, ledger })) as { importers: object[] };
  assert.ok(validate(made), JSON.stringify(validate.errors));
  assert.equal(validate({ ...made, importers: [{ ...made.importers[0], unmaps: 'perhaps' }] }), false);
});

test('the matrix in eighty columns', () => {
  const lines = matrixText({ ...some, pairs }, plainForm);
  assert.ok(lines.every((line) => line.length <= 80), lines.find((line) => line.length > 80));
  assert.deepEqual(lines.slice(0, 12), [
    '                          1  2  3  4  5  6',
    'vfio_pci                  .  ?  R  .  .  R',
    'amdgpu                    .  ?  .  .  .  .',
    '2 that take nothing back  .  .  .  .  .  .',
    '',
    '. holds   R refused   B broken   H hangs   ? undecided',
    '',
    '1  amdgpu (movable, unmaps deferred)',
    '2  xe:xe_dma_buf_attach_ops (movable, unmaps conditional)',
    '3  umem:ib_umem_dmabuf_attach_pinned_ops (pinned)',
    '4  umem:ib_umem_dmabuf_attach_pinned_revocable_ops (pinned-revocable, unmaps',
    '    sync)',
  ]);
  assert.ok(lines.join(' ').replace(/\s+/g, ' ').includes('device_unplugged at drivers/gpu/drm/xe/xe_bo.c:858'));
});

test('the matrix as Markdown says the same', () => {
  const page = matrixMarkdown({ ...some, pairs });
  assert.match(page, /^\| exporter \| amdgpu \| xe:xe_dma_buf_attach_ops \|/);
  assert.match(page, /\| vfio_pci \| holds \| undecided \| refused attach -EOPNOTSUPP \| holds \| holds \| refused attach -EOPNOTSUPP \|/);
});

test('a catalogue comes back as it was written', () => {
  assert.equal(encodeCatalogue(linux), text);
});

test('a catalogue that is none is refused with one sentence', () => {
  for (const [bad, message] of [['{', 'it is not JSON'], ['[]', 'it is not a catalogue of format 1'], [text.replace('"format":1', '"format":2'), 'it is not a catalogue of format 1'], [text.replace(/"nodes":\[\n\{[^\n]*/, '"nodes":[\n{"act":1},'), 'node 0 is not well made']] as const) {
    const made = decodeCatalogue(bad);
    assert.equal(made.ok ? '' : made.message, message);
  }
});

test('no drift where only lines moved; drift where facts changed', () => {
  const moved: Catalogue = { ...linux, importers: linux.importers.map((one) => ({ ...one, line: one.line + 7 })), exporters: linux.exporters.map((one) => ({ ...one, line: one.line + 7 })) };
  assert.deepEqual(driftOf(linux, moved), []);
  const changed: Catalogue = {
    ...linux,
    importers: linux.importers.filter((one) => one.id !== 'devmem').map((one) => (one.id === 'amdgpu' ? { ...one, unmaps: 'user', callback: 'amdgpu_other' } : one)),
    exporters: linux.exporters.map((one) => (one.id === 'vfio_pci' ? { ...one, waitsFences: 'KERNEL', refuses: one.refuses.slice(1) } : one)),
    contractText: 'other',
  };
  assert.deepEqual(driftOf(linux, changed).map((one) => `${one.what} ${one.of}: ${one.text}`), [
    'contract contract: the kernel-doc of the contract changed',
    'changed importer amdgpu: callback: amdgpu_dma_buf_move_notify became amdgpu_other',
    'changed importer amdgpu: unmaps: deferred became user',
    'gone importer devmem: net/core/devmem.c',
    'changed exporter vfio_pci: refuses: - attach -EOPNOTSUPP if !attachment->peer2peer',
    'changed exporter vfio_pci: waits for fences: BOOKKEEP became KERNEL',
  ]);
});
