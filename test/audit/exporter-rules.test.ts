// One thing of a revoke removed, weakened or put elsewhere: who says so, and that nobody else does. Then what must not be said.

import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { RULES } from '../../src/audit/rules/index.ts';
import { ATTACH, MAP, RESTORE, REVOKE, toyExporter, toyMover, type ToyParts } from '../../src/audit/rules/toy-exporter.ts';
import { ruled } from './ruled.ts';

const FILE = 'drivers/bar/bar.c';
const LOCK = '\tdma_resv_lock(bar->dmabuf->resv, NULL);\n';
const UNLOCK = '\tdma_resv_unlock(bar->dmabuf->resv);\n';
const FLAG = '\tbar->revoked = true;\n';
const CALL = '\tdma_buf_invalidate_mappings(bar->dmabuf);\n';
const FENCES = '\tdma_resv_wait_timeout(bar->dmabuf->resv, DMA_RESV_USAGE_BOOKKEEP, false, MAX_SCHEDULE_TIMEOUT);\n';
const PUT = '\tkref_put(&bar->kref, bar_unmapped);\n';
const WAIT = '\twait_for_completion(&bar->comp);\n';

const without = (...parts: readonly string[]): string => parts.reduce((text, part) => {
  assert.ok(text.includes(part), `the revoke has no ${part}`);
  return text.replace(part, '');
}, REVOKE);

/** "rule line: the source line" of what is found with high confidence. */
function told(t: TestContext, text: string): readonly string[] {
  const lines = text.split('\n');
  return ruled(t, { [FILE]: text }).findings.filter((one) => one.confidence === 'high').map((one) => `${one.rule} | ${(lines[one.line - 1] ?? '').trim()}`);
}

const revokes = (revoke: string, more: ToyParts = {}): string => toyExporter({ revoke, ...more });

const MUTANTS: readonly (readonly [what: string, text: string, told: string])[] = [
  ['no flag', revokes(without(FLAG)), 'revoke-without-flag | dma_buf_invalidate_mappings(bar->dmabuf);'],
  ['the flag before the lock', revokes(`${FLAG}${without(FLAG)}`), 'revoke-without-flag | bar->revoked = true;'],
  ['a map that does not ask for the flag', toyExporter({ map: '', attach: `\tif (bar->revoked)\n\t\treturn -ENODEV;\n${ATTACH}` }), 'revoke-without-flag | static struct sg_table *bar_map(struct dma_buf_attachment *attachment, enum dma_data_direction dir)'],
  ['no callbacks', revokes(without(CALL)), 'silent-revoke | bar->revoked = true;'],
  ['no wait for fences', revokes(without(FENCES)), 'revoke-without-fence-wait | dma_buf_invalidate_mappings(bar->dmabuf);'],
  ['fences before the callbacks', revokes(without(CALL).replace(FENCES, `${FENCES}${CALL}`)), 'revoke-without-fence-wait | dma_buf_invalidate_mappings(bar->dmabuf);'],
  ['fences up to READ', revokes(REVOKE.replace('BOOKKEEP', 'READ')), `revoke-without-fence-wait | ${FENCES.trim().replace('BOOKKEEP', 'READ')}`],
  ['a wait that a signal ends', revokes(REVOKE.replace('false, MAX', 'true, MAX')), `revoke-without-fence-wait | ${FENCES.trim().replace('false, MAX', 'true, MAX')}`],
  ['fences with a timeout', revokes(REVOKE.replace('MAX_SCHEDULE_TIMEOUT', 'HZ')), `revoke-timeout | ${FENCES.trim().replace('MAX_SCHEDULE_TIMEOUT', 'HZ')}`],
  ['no wait for unmaps', revokes(without(WAIT)), 'revoke-without-unmap-wait | dma_buf_invalidate_mappings(bar->dmabuf);'],
  ['unmaps with a timeout', revokes(REVOKE.replace('completion(&bar->comp)', 'completion_timeout(&bar->comp, HZ)')), 'revoke-timeout | wait_for_completion_timeout(&bar->comp, HZ);'],
  ['unmaps until a signal', revokes(REVOKE.replace('completion(&bar->comp)', 'completion_killable(&bar->comp)')), 'revoke-timeout | wait_for_completion_killable(&bar->comp);'],
  ['unmaps under the reservation', revokes(without(UNLOCK).replace(WAIT, `${WAIT}${UNLOCK}`)), 'unmap-wait-under-resv | wait_for_completion(&bar->comp);'],
  ['its own reference kept', revokes(without(PUT)), 'own-reference-kept | wait_for_completion(&bar->comp);'],
  ['its own reference dropped late', revokes(without(PUT).replace(WAIT, `${WAIT}${PUT}`)), 'own-reference-kept | wait_for_completion(&bar->comp);'],
  ['no new count', revokes(without('\tkref_init(&bar->kref);\n')), 'unrevoke-without-rearm | wait_for_completion(&bar->comp);'],
  ['an unmap that does not count', toyExporter({ unmap: '' }), 'mapping-count-unbalanced | kref_get(&bar->kref);'],
  ['a map that does not count', toyExporter().replace('\tkref_get(&bar->kref);\n', ''), 'mapping-count-unbalanced | kref_put(&bar->kref, bar_unmapped);'],
  ['a last unmap that completes nothing', toyExporter().replace('\tcomplete(&bar->comp);\n', '\tbar_note(bar);\n'), 'mapping-count-unbalanced | wait_for_completion(&bar->comp);'],
  ['an attach that lets everybody in', toyExporter({ attach: ATTACH.slice(0, ATTACH.indexOf('\tif (!dma_buf_attach_revocable')) }), 'non-revocable-accepted | static int bar_attach(struct dma_buf *dmabuf, struct dma_buf_attachment *attachment)'],
  ['memory that moves without a word', toyMover({ move: '' }), 'silent-revoke | static int vram_pin(struct dma_buf_attachment *attachment)'],
];

for (const [what, text, expected] of MUTANTS) {
  test(`a revoke: ${what}`, (t) => {
    assert.deepEqual(told(t, text), [expected]);
  });
}

test('a finding of the search has the story as its path, at the lines of the exporter', (t) => {
  const text = revokes(without(WAIT));
  const [one] = ruled(t, { [FILE]: text }).findings.filter(({ rule }) => rule === 'revoke-without-unmap-wait');
  assert.ok(one !== undefined);
  const line = (part: string): number => text.split('\n').findIndex((row) => row.includes(part)) + 1;
  assert.ok(one.path.some((step) => step.line === line(FLAG.trim()) && step.text === 'revoke: exporter.revoked = true'), one.path.map((step) => step.text).join('\n'));
  assert.ok(one.path.some((step) => step.text === 'importer: app: dma_buf_map_attachment(importer.map)'), 'the importer is part of the story');
  assert.match(one.path.at(-1)?.text ?? '', /^(?:N[1-4]|P3): /);
});

const FINE: readonly (readonly [what: string, text: string])[] = [
  ['as it should be', toyExporter()],
  ['one way only, and then no new count', revokes(without('\tkref_init(&bar->kref);\n'), { more: '' })],
  ['waits again after each second', revokes(REVOKE.replace(WAIT, '\twhile (!wait_for_completion_timeout(&bar->comp, HZ))\n\t\tpr_warn("waits for an importer\\n");\n'))],
  ['a lock around all of it that unmap does not need', revokes(`\tmutex_lock(&bar->lock);\n${REVOKE}\tmutex_unlock(&bar->lock);\n`)],
  ['the reservation taken by the caller', toyExporter({ revoke: `${FLAG}${CALL}${FENCES}`, more: `${RESTORE}\nvoid bar_remove(struct bar *bar)\n{\n${LOCK}\tbar_revoke(bar);\n${UNLOCK}${PUT}${WAIT}}\n` })],
  ['memory that stays and has a pin', toyMover({ pin: '\treturn 0;\n', move: '' }).replace('\tbo_unpin(attachment->dmabuf->priv);\n', '')],
  ['memory that moves and tells', toyMover()],
  ['a flag that nobody shares', `${toyExporter({ map: MAP })}\nvoid bar_note(struct bar *bar)\n{\n\tbar->noted = true;\n}\n`],
];

for (const [what, text] of FINE) {
  test(`a revoke that is fine: ${what}`, (t) => {
    assert.deepEqual(told(t, text), []);
  });
}

const CORE = (zaps: string, body: string): string => toyExporter({
  more: `${RESTORE}
static void bar_zap(struct bar *bar)
{
	unmap_mapping_range(bar->mapping, 0, 0, true);
}
${['reset', 'sleep', 'power'].map((name) => `
void bar_${name}(struct bar *bar)
{
	bar_zap(bar);
	bar_revoke(bar);
	pci_reset_function(bar->pdev);
	bar_restore(bar);
}
`).join('')}
void bar_other(struct bar *bar)
{
${zaps}${body}}
`,
});

test('who takes one kind of mapping away takes the other as well, and in the right order', (t) => {
  const zap = '\tbar_zap(bar);\n';
  const revoke = '\tbar_revoke(bar);\n';
  const off = '\tpci_reset_function(bar->pdev);\n';
  const restore = '\tbar_restore(bar);\n';
  assert.deepEqual(told(t, CORE(zap, `${revoke}${off}${restore}`)), []);
  assert.deepEqual(told(t, CORE('', `${revoke}${off}${restore}`)), ['mmap-not-zapped-on-revoke | bar_revoke(bar);']);
  assert.deepEqual(told(t, CORE(zap, `${off}${revoke}${restore}`)), ['device-off-before-revoke | pci_reset_function(bar->pdev);']);
  assert.deepEqual(told(t, CORE(zap, `${revoke}${restore}${off}`)), ['device-off-before-revoke | pci_reset_function(bar->pdev);']);
  assert.deepEqual(told(t, CORE(zap, `${revoke}${off}`)), ['restore-out-of-order | pci_reset_function(bar->pdev);']);
  assert.deepEqual(told(t, CORE(zap, `${off}${restore}`)), ['mmap-not-zapped-on-revoke | bar_zap(bar);', 'device-off-before-revoke | pci_reset_function(bar->pdev);']);
});

test('operations of an exporter come in pairs', (t) => {
  const heap = (map: string, unmap: string): string => `#include <linux/dma-buf.h>
static struct sg_table *heap_map(struct dma_buf_attachment *attachment, enum dma_data_direction dir)
{
	struct heap_part *part = attachment->priv;
	int ret;

${map}	return &part->table;
}

static void heap_unmap(struct dma_buf_attachment *attachment, struct sg_table *table, enum dma_data_direction dir)
{
${unmap}}

static const struct dma_buf_ops heap_ops = { .map_dma_buf = heap_map, .unmap_dma_buf = heap_unmap };
`;
  const map = '\tret = dma_map_sgtable(attachment->dev, &part->table, dir, 0);\n\tif (ret)\n\t\treturn ERR_PTR(ret);\n';
  const unmap = '\tdma_unmap_sgtable(attachment->dev, table, dir, 0);\n';
  assert.deepEqual(told(t, heap(map, unmap)), []);
  assert.deepEqual(told(t, heap(map, '')), ['op-not-undone | ret = dma_map_sgtable(attachment->dev, &part->table, dir, 0);']);
  assert.deepEqual(told(t, heap('', unmap)), ['op-not-undone | dma_unmap_sgtable(attachment->dev, table, dir, 0);']);
  assert.deepEqual(told(t, heap(map.slice(0, map.indexOf('\tif (ret)')), unmap)), ['op-error-ignored | ret = dma_map_sgtable(attachment->dev, &part->table, dir, 0);']);
});

test('no rule of an exporter knows a driver', () => {
  for (const { header, judge } of RULES) if (judge === 'exporter') assert.doesNotMatch(header.title, /vfio|uverbs|amdgpu|xe\b|rdma/i, header.id);
});
