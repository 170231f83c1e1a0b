// Small drivers in C, each a situation, put together to a tree in memory and audited in this thread.

import { auditTree, type AuditFacts } from '../../src/audit/audit-tree.ts';
import { judgePairs } from '../../src/audit/pairs.ts';
import { CodeBase } from '../../src/source/code-base.ts';
import type { ExporterProfile, ImporterProfile, Pair } from '../../src/results/audit.ts';
import { folder, grammar } from '../source/set-up.ts';
import type { TestContext } from 'node:test';
import { indexIdentifiers, VOCABULARY } from '../../src/source/identifier-index.ts';

/** Files by path; all of them are read. */
export function auditOf(t: TestContext, files: Readonly<Record<string, string>>): AuditFacts {
  const root = folder(t, files);
  const index = indexIdentifiers(root, Object.keys(files).sort(), VOCABULARY);
  const exports = new Map<string, string[]>();
  for (const file of index.files) for (const name of file.exports) exports.set(name, [...(exports.get(name) ?? []), file.path]);
  return auditTree({ code: new CodeBase({ root, grammar, exports }), files: index.files, skipped: index.skipped, tree: { version: 'toy', contract: 'invalidate_mappings' }, progress: () => undefined });
}

export function importerOf(t: TestContext, text: string): ImporterProfile {
  const [one, ...more] = auditOf(t, { 'drivers/toy/toy.c': text }).importers;
  if (one === undefined || more.length > 0) throw new Error(`${more.length + 1} importers where one was expected`);
  return one;
}

export function exporterOf(t: TestContext, text: string): ExporterProfile {
  const [one, ...more] = auditOf(t, { 'drivers/bar/bar.c': text }).exporters;
  if (one === undefined || more.length > 0) throw new Error(`${more.length + 1} exporters where one was expected`);
  return one;
}

export function pairOf(exporter: ExporterProfile, importer: ImporterProfile): Pair {
  const [pair] = judgePairs([importer], [exporter], { contract: 'invalidate_mappings' }).pairs;
  if (pair === undefined) throw new Error('no pair');
  return pair;
}

const STRUCTS = `
struct toy { struct dma_buf_attachment *attach; struct sg_table *sgt; struct work_struct work; bool busy; bool gone; int kind; struct mutex lock; };
`;

/** An importer with a callback: attach, map under the lock, and the body of the callback. `before` stands above it. */
export const movable = (callback: string, before = '', setUp = ''): string => `#include <linux/dma-buf.h>
${STRUCTS}
${before}
static void toy_invalidate(struct dma_buf_attachment *attach)
{
	struct toy *t = attach->importer_priv;

${callback}
}

static const struct dma_buf_attach_ops toy_attach_ops = {
	.allow_peer2peer = true,
	.invalidate_mappings = toy_invalidate,
};

int toy_import(struct toy *t, struct dma_buf *buf, struct device *dev)
{
	struct dma_buf_attachment *attach;

${setUp}
	attach = dma_buf_dynamic_attach(buf, dev, &toy_attach_ops, t);
	if (IS_ERR(attach))
		return PTR_ERR(attach);
	t->attach = attach;
	dma_resv_lock(buf->resv, NULL);
	t->sgt = dma_buf_map_attachment(attach, DMA_BIDIRECTIONAL);
	dma_resv_unlock(buf->resv);
	return 0;
}

void toy_close(struct toy *t, struct dma_buf *buf)
{
	dma_resv_lock(buf->resv, NULL);
	dma_buf_unmap_attachment(t->attach, t->sgt, DMA_BIDIRECTIONAL);
	t->sgt = NULL;
	dma_resv_unlock(buf->resv);
	dma_buf_detach(buf, t->attach);
}
`;

export const UNMAP = '\tdma_buf_unmap_attachment(t->attach, t->sgt, DMA_BIDIRECTIONAL);\n\tt->sgt = NULL;\n';
export const SYNC = `\ttoy_stop_hw(t);\n${UNMAP}`;

/** Without callback: pins if `pins`. */
export const unnotified = (pins: boolean): string => `#include <linux/dma-buf.h>
${STRUCTS}
static const struct dma_buf_attach_ops toy_attach_ops = { .allow_peer2peer = true };

int toy_import(struct toy *t, struct dma_buf *buf, struct device *dev)
{
	int ret = 0;

	t->attach = dma_buf_dynamic_attach(buf, dev, &toy_attach_ops, t);
	if (IS_ERR(t->attach))
		return PTR_ERR(t->attach);
	dma_resv_lock(buf->resv, NULL);
${pins ? '\tret = dma_buf_pin(t->attach);\n\tif (ret)\n\t\tgoto out;\n' : ''}
	t->sgt = dma_buf_map_attachment(t->attach, DMA_BIDIRECTIONAL);
out:
	dma_resv_unlock(buf->resv);
	return ret;
}
`;

export const STATIC = `#include <linux/dma-buf.h>
int toy_import(struct dma_buf *buf, struct device *dev)
{
	struct dma_buf_attachment *attach = dma_buf_attach(buf, dev);

	if (IS_ERR(attach))
		return PTR_ERR(attach);
	return IS_ERR(dma_buf_map_attachment_unlocked(attach, DMA_BIDIRECTIONAL));
}
`;

/** A revoking exporter, with what a mutant changes. */
export interface Revoker {
  readonly attach?: string;
  readonly map?: string;
  readonly unmap?: string;
  readonly revoke?: string;
  readonly ops?: string;
}

export const ATTACH = '\tif (!attachment->peer2peer)\n\t\treturn -EOPNOTSUPP;\n\tif (priv->revoked)\n\t\treturn -ENODEV;\n\tif (!dma_buf_attach_revocable(attachment))\n\t\treturn -EOPNOTSUPP;\n';
export const REVOKE = `	dma_resv_lock(priv->dmabuf->resv, NULL);
	priv->revoked = true;
	dma_buf_invalidate_mappings(priv->dmabuf);
	dma_resv_wait_timeout(priv->dmabuf->resv, DMA_RESV_USAGE_BOOKKEEP, false, MAX_SCHEDULE_TIMEOUT);
	dma_resv_unlock(priv->dmabuf->resv);
	kref_put(&priv->kref, bar_done);
	wait_for_completion(&priv->comp);
	kref_init(&priv->kref);
	reinit_completion(&priv->comp);
`;

export const revoker = ({ attach = ATTACH, map = '\tkref_get(&priv->kref);\n', unmap = '\tkref_put(&priv->kref, bar_done);\n', revoke = REVOKE, ops = '' }: Revoker = {}): string => `#include <linux/dma-buf.h>
struct bar { struct dma_buf *dmabuf; struct kref kref; struct completion comp; bool revoked; };

static int bar_attach(struct dma_buf *dmabuf, struct dma_buf_attachment *attachment)
{
	struct bar *priv = dmabuf->priv;

${attach}
	return 0;
}

static void bar_done(struct kref *kref)
{
	struct bar *priv = container_of(kref, struct bar, kref);

	complete(&priv->comp);
}

static struct sg_table *bar_map(struct dma_buf_attachment *attachment, enum dma_data_direction dir)
{
	struct bar *priv = attachment->dmabuf->priv;
	struct sg_table *sgt;

	if (priv->revoked)
		return ERR_PTR(-ENODEV);
	sgt = bar_make_table(priv);
	if (IS_ERR(sgt))
		return sgt;
${map}
	return sgt;
}

static void bar_unmap(struct dma_buf_attachment *attachment, struct sg_table *sgt, enum dma_data_direction dir)
{
	struct bar *priv = attachment->dmabuf->priv;

${unmap}
}

static int bar_pin(struct dma_buf_attachment *attachment)
{
	return -EOPNOTSUPP;
}

static void bar_unpin(struct dma_buf_attachment *attachment)
{
}

static const struct dma_buf_ops bar_dmabuf_ops = {
	.attach = bar_attach,
	.map_dma_buf = bar_map,
	.unmap_dma_buf = bar_unmap,
	.release = bar_release,
${ops}
};

void bar_revoke(struct bar *priv)
{
${revoke}
}
`;
