// An audit's forms: the matrix as text for a person, narrow and wide, Markdown, a story, JSON against its schema, drift.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { auditJson } from '../../src/report/audit-json.ts';
import { matrixMarkdown } from '../../src/report/audit-markdown.ts';
import { matrixText } from '../../src/report/audit-matrix.ts';
import { storyText } from '../../src/report/audit-story.ts';
import { auditSummary, evidenceText, ledgerText } from '../../src/report/audit-summary.ts';
import { driftText } from '../../src/report/drift.ts';
import { plainForm, type Form } from '../../src/report/form.ts';
import type { ImporterProfile, Pair } from '../../src/results/audit.ts';
import { ROOT } from '../structure/house-rules.ts';
import { exporters, importers, pairs, sample, story } from './audit-sample.ts';

const input = { importers, exporters, pairs };
const fits = (lines: readonly string[], width: number): void => assert.deepEqual(lines.filter((line) => line.length > width), []);

test('the matrix in eighty columns of ASCII', () => {
  const lines = matrixText(input, plainForm);
  fits(lines, 80);
  assert.equal(lines.join('\n'), `\
                          1  2  3  4  5  6  7
vfio_pci                  R  R  .  .  ?  H  H
amdgpu                    .  .  .  .  ?  .  B
2 that take nothing back  .  .  .  .  .  .  .

. holds   R refused   B broken   H hangs   ? undecided

1  2 static importers: videobuf2-dma-sg, fastrpc
2  umem/efa (pinned)
3  umem/irdma (pinned-revocable, unmaps sync)
4  amdgpu (movable, unmaps deferred)
5  xe (movable, unmaps conditional)
6  lazy (movable, unmaps user)
7  careless (unprotected, unmaps never)

2 that take nothing back: system_heap, udmabuf

H  vfio_pci x lazy, careless: hang: revoke waits for the unmap of buf, which
     importer.app owes
B  amdgpu x careless: N3: The device accesses memory that was given to somebody
     else.
?  vfio_pci, amdgpu x xe: decides: device_unplugged at
     drivers/gpu/drm/xe/xe_bo.c:858
R  vfio_pci x videobuf2-dma-sg, fastrpc: attach gives -EOPNOTSUPP:
     !attachment->peer2peer (drivers/vfio/pci/vfio_pci_dmabuf.c:31)
R  vfio_pci x umem/efa: attach gives -EOPNOTSUPP:
     !dma_buf_attach_revocable(attachment)
     (drivers/vfio/pci/vfio_pci_dmabuf.c:37)`);
});

test('where the page is wide, cells are words, and the key has callback and place', () => {
  const lines = matrixText(input, { ...plainForm, width: 140, unicode: true });
  fits(lines, 140);
  assert.equal(lines.slice(0, 12).join('\n'), `\
                          1          2          3          4          5          6          7
vfio_pci                  refused    refused    holds      holds      undecided  hangs      hangs
amdgpu                    holds      holds      holds      holds      undecided  holds      broken
2 that take nothing back  holds      holds      holds      holds      holds      holds      holds

· holds   R refused   B broken   H hangs   ? undecided

1  2 static importers: videobuf2-dma-sg, fastrpc
2  umem/efa (pinned, drivers/infiniband/core/umem_dmabuf.c:158)
3  umem/irdma (pinned-revocable, unmaps sync, callback ib_umem_dmabuf_revoke_locked, drivers/infiniband/core/umem_dmabuf.c:158)
4  amdgpu (movable, unmaps deferred, callback amdgpu_dma_buf_move_notify, drivers/gpu/drm/amd/amdgpu/amdgpu_dma_buf.c:512)
5  xe (movable, unmaps conditional, callback xe_dma_buf_move_notify, drivers/gpu/drm/xe/xe_dma_buf.c:385)`);
  assert.ok(lines.includes('?  vfio_pci, amdgpu × xe: decides: device_unplugged at drivers/gpu/drm/xe/xe_bo.c:858'));
});

test('dots where characters beyond ASCII are shown; paint moves no column', () => {
  const unicode = matrixText(input, { ...plainForm, unicode: true });
  assert.equal(unicode[1], 'vfio_pci                  R  R  ·  ·  ?  H  H');
  for (const width of [80, 140]) {
    const painted: Form = { ...plainForm, width, palette: { good: (text) => `<${text}>`, bad: (text) => `{${text}}`, doubt: (text) => `[${text}]`, dim: (text) => text, strong: (text) => text } };
    const lines = matrixText(input, painted);
    assert.deepEqual(lines.map((line) => line.replace(/[<{[](\.|[?BH]|holds|undecided|hangs|broken)[>}\]]/g, '$1')), matrixText(input, { ...plainForm, width }));
    assert.match(lines[1] ?? '', /^vfio_pci +(?:R|refused) .*<.*\[.*\{/);
  }
});

/** As many importers as nobody could fold. */
function manyKinds(n: number): { readonly importers: readonly ImporterProfile[]; readonly pairs: readonly Pair[] } {
  const [first] = importers;
  assert.ok(first !== undefined);
  const all = Array.from({ length: n }, (_, i) => ({ ...first, id: `importer-${i + 1}` }));
  const verdict = (i: number, j: number): Pair['verdict'] => ((i >> j) % 2 === 0 ? 'holds' : 'refused');
  return { importers: all, pairs: exporters.flatMap((exporter, j) => all.map((one, i): Pair => ({ exporter: exporter.id, importer: one.id, verdict: verdict(i, j), at: null, errno: `E${i}`, why: 'so', obligation: null }))) };
}

test('more kinds than fit: bands under one another, numbers apart', () => {
  const lines = matrixText({ exporters, ...manyKinds(120) }, plainForm);
  fits(lines, 80);
  const heads = lines.filter((line) => /^ +\d+(?: +\d+)*$/.test(line));
  assert.deepEqual(heads.join(' ').trim().split(/\s+/).map(Number), Array.from({ length: 120 }, (_, i) => i + 1));
  assert.equal(lines.filter((line) => line.startsWith('vfio_pci  ')).length, heads.length);
});

test('the matrix as Markdown: a table in words, all importers and exporters, the reasons', () => {
  const page = matrixMarkdown(sample.tree, input);
  assert.ok(page.startsWith(`\
# Linux 7.3, invalidate_mappings

| exporter | 2 static importers | umem/efa | umem/irdma | amdgpu | xe | lazy | careless |
|---|---|---|---|---|---|---|---|
| vfio_pci | refused attach -EOPNOTSUPP | refused attach -EOPNOTSUPP | holds | holds | undecided | **hangs** P6 | **hangs** P6 |
| amdgpu | holds | holds | holds | holds | undecided | holds | **broken** N3 |
| 2 that take nothing back | holds | holds | holds | holds | holds | holds | holds |

## Importers
`));
  for (const { id } of [...importers, ...exporters]) assert.ok(page.includes(`| ${id} |`), id);
  assert.ok(page.includes('| vfio_pci | vfio_pci | vfio_pci_dmabuf_ops | vfio_pci_dma_buf_move() | BOOKKEEP fences, unmaps (forever) | drivers/vfio/pci/vfio_pci_dmabuf.c:120 |'));
  assert.ok(page.includes('- **refused**: vfio_pci × videobuf2-dma-sg, fastrpc: attach gives -EOPNOTSUPP: !attachment->peer2peer (drivers/vfio/pci/vfio_pci_dmabuf.c:31)\n'));
  const odd = matrixMarkdown(sample.tree, { ...input, pairs: pairs.map((one) => (one.verdict === 'broken' ? { ...one, why: 'a | b * c __d__ <e>' } : one)) });
  assert.ok(odd.includes('a \\| b \\* c \\_\\_d\\_\\_ \\<e>'));
});

test('a story: facts of both sides, what is taken for granted, scenario, search', () => {
  const lines = storyText(story, plainForm);
  const text = lines.join('\n');
  assert.ok(text.startsWith(`\
vfio_pci x xe: undecided (P6)
decides: device_unplugged at drivers/gpu/drm/xe/xe_bo.c:858

exporter
  drivers/vfio/pci/vfio_pci_dmabuf.c:120 vfio_pci_dmabuf_ops: attach,
      map_dma_buf, unmap_dma_buf, release
  drivers/vfio/pci/vfio_pci_dmabuf.c:31 vfio_pci_dma_buf_attach(): attach gives
      -EOPNOTSUPP if !attachment->peer2peer
`));
  for (const part of [`
  flag set first: revoked; waits for fences: BOOKKEEP; waits for unmaps:
      forever; while it holds memory_lock
`, `
importer
  drivers/gpu/drm/xe/xe_dma_buf.c:385 xe_gem_prime_import(): attaches, dynamic,
      xe_dma_buf_attach_ops, class movable, takes peer to peer
  callback xe_dma_buf_move_notify(): unmaps conditional
  drivers/gpu/drm/xe/xe_bo.c:858 xe_bo_move_dmabuf(): open: device_unplugged
      (unmaps where it is true)
`, `
taken for granted
  mappings are counted by kref (drivers/vfio/pci/vfio_pci_dmabuf.c:57)

scenario
  "vfio_pci and xe"
  thread revoke: kernel {
    dma_buf_invalidate_mappings(buf); // drivers/vfio/pci/vfio_pci_dmabuf.c:340
  }

search
vfio_pci x xe: undecided (drivers/gpu/drm/xe/xe_bo.c:858), as declared
`]) assert.ok(text.includes(part), part);
});

test('around the matrix: counts, evidence, ledger', () => {
  assert.deepEqual(auditSummary(sample, plainForm), [
    '8 importers, 4 exporters, 32 pairs: 24 holds, 3 refused, 1 broken, 2 hangs, 2 undecided',
    '31 functions read, 1 not in full (3.2 %); 2 entries in the ledger (--verbose shows them)',
  ]);
  assert.equal(auditSummary({ ...sample, pairs: [] }, plainForm)[0], '8 importers, 4 exporters, 0 pairs');
  const evidence = evidenceText(sample, plainForm);
  fits(evidence, 80);
  for (const title of ['exporter vfio_pci', 'importer videobuf2-dma-sg', '  used by drivers/media/pci/cx88, drivers/media/platform/ti', 'never attach', '  drivers/gpu/drm/tiny/gud.c:12 gud_flush(): maps into the kernel']) assert.ok(evidence.includes(title), title);
  assert.deepEqual(ledgerText(sample, plainForm), [
    'drivers/misc/lazy.c:71 lazy_invalidate() call through lazy->ops->notify, which',
    '    was not resolved',
    'drivers/odd.c not read: its name is not UTF-8',
  ]);
});

test('the JSON of an audit is what its schema says', () => {
  const validate = new Ajv2020({ strict: false }).compile(JSON.parse(readFileSync(join(ROOT, 'schema/audit.schema.json'), 'utf8')) as object);
  const made = JSON.parse(auditJson(sample)) as { importers: Record<string, unknown>[]; exporters: Record<string, unknown>[]; pairs: object[] };
  assert.ok(validate(made), JSON.stringify(validate.errors));
  const xe = made.importers.find((one) => one['id'] === 'xe');
  assert.deepEqual(xe?.['guards'], [
    { file: 'drivers/gpu/drm/xe/xe_bo.c', line: 858, function: 'xe_bo_move_dmabuf', text: 'device_unplugged', decided: null, side: true },
    { file: 'drivers/gpu/drm/xe/xe_bo.c', line: 859, function: 'xe_bo_move_dmabuf', text: 'ttm_bo->sg', decided: 'true whenever mapped: stored from dma_buf_map_attachment()', side: true },
  ]);
  for (const name of ['behaviour', 'works']) assert.ok(xe !== undefined && !(name in xe));
  for (const name of ['attachBehaviour', 'revokes', 'works']) assert.ok(made.exporters.every((one) => !(name in one)));
  assert.deepEqual(made.exporters.find((one) => one['id'] === 'vfio_pci')?.['invalidates'], [{ file: 'drivers/vfio/pci/vfio_pci_dmabuf.c', line: 340, function: 'vfio_pci_dma_buf_move' }]);

  const driver = JSON.parse(auditJson(sample, { version: '7.3', contract: 'invalidate_mappings', date: '2026-11-27' })) as object;
  assert.ok(validate(driver), JSON.stringify(validate.errors));
  const [importer] = made.importers;
  const { class: _, ...classless } = importer ?? {};
  for (const bad of [{ importers: [{ ...importer, unmaps: 'perhaps' }] }, { importers: [classless] }, { importers: [{ ...importer, mood: 'good' }] }, { pairs: [{ ...made.pairs[0], verdict: 'fine' }] }, { version: 2 }]) {
    assert.equal(validate({ ...made, ...bad }), false, JSON.stringify(bad));
  }
});

test('drift: a line a change, searchable, no wider than the page', () => {
  const head = [{ version: '7.3', date: '2026-11-27' }, { version: '7.4' }] as const;
  assert.deepEqual(driftText(...head, [], plainForm), ['Linux 7.3 (catalogue of 2026-11-27) to 7.4: no drift']);
  assert.deepEqual(driftText(...head, [
    { what: 'contract', of: 'contract', text: 'move_notify became invalidate_mappings' },
    { what: 'new', of: 'importer devmem', text: 'net/core/devmem.c net_devmem_bind_dmabuf(), static' },
    { what: 'changed', of: 'importer xe', text: 'conditions: new !bo->is_external && other->something_longer (open); gone device_unplugged (open)' },
  ], plainForm), [
    'Linux 7.3 (catalogue of 2026-11-27) to 7.4: 3 changes',
    'contract move_notify became invalidate_mappings',
    'new      importer devmem: net/core/devmem.c net_devmem_bind_dmabuf(), static',
    'changed  importer xe: conditions: new !bo->is_external &&',
    '         other->something_longer (open); gone device_unplugged (open)',
  ]);
});
