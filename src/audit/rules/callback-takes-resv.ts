// The callback locks the reservation that its caller holds (P8).

import { actsOf } from '../unmaps.ts';
import type { ImporterRule } from './rule.ts';

export const rule: ImporterRule = {
  judge: 'importer',
  header: {
    id: 'callback-takes-resv',
    title: 'the callback locks the reservation that its caller holds',
    why: 'The exporter calls back with that lock held: the thread waits for itself, and the revoke with it.',
    obligation: 'P8',
    source: 'DOC: locking convention, drivers/dma-buf/dma-buf.c; SEMANTICS B13.2, B28',
    confidence: 'high',
    falsePositives: 'A reservation that is another\'s and goes by the same name.',
    broken: `#include <linux/dma-buf.h>
#include <linux/dma-resv.h>

struct toy { struct dma_buf *dmabuf; struct dma_buf_attachment *attach; struct sg_table *sgt; struct device *dev; struct work_struct work; spinlock_t lock; bool busy; };

static void toy_invalidate(struct dma_buf_attachment *attach)
{
	struct toy *t = attach->importer_priv;

	dma_resv_lock(attach->dmabuf->resv, NULL);
	if (!t->sgt)
		goto out;
	toy_stop(t);
	dma_buf_unmap_attachment(attach, t->sgt, DMA_BIDIRECTIONAL);
	t->sgt = NULL;
out:
	dma_resv_unlock(attach->dmabuf->resv);
}

static const struct dma_buf_attach_ops toy_ops = {
	.allow_peer2peer = true,
	.invalidate_mappings = toy_invalidate,
};

int toy_import(struct toy *t, struct dma_buf *dmabuf)
{
	struct dma_buf_attachment *attach;
	int ret = 0;
	long left;

	attach = dma_buf_dynamic_attach(dmabuf, t->dev, &toy_ops, t);
	if (IS_ERR(attach))
		return PTR_ERR(attach);
	t->attach = attach;
	dma_resv_lock(dmabuf->resv, NULL);
	t->sgt = dma_buf_map_attachment(attach, DMA_BIDIRECTIONAL);
	if (IS_ERR(t->sgt)) {
		ret = PTR_ERR(t->sgt);
		t->sgt = NULL;
	} else {
		left = dma_resv_wait_timeout(dmabuf->resv, DMA_RESV_USAGE_KERNEL, false, MAX_SCHEDULE_TIMEOUT);
		if (left < 0)
			ret = left;
	}
	dma_resv_unlock(dmabuf->resv);
	return ret;
}

void toy_close(struct toy *t)
{
	struct dma_buf *dmabuf = t->attach->dmabuf;

	dma_resv_lock(dmabuf->resv, NULL);
	if (t->sgt)
		dma_buf_unmap_attachment(t->attach, t->sgt, DMA_BIDIRECTIONAL);
	t->sgt = NULL;
	dma_resv_unlock(dmabuf->resv);
	dma_buf_detach(dmabuf, t->attach);
}
`,
    clean: `#include <linux/dma-buf.h>
#include <linux/dma-resv.h>

struct toy { struct dma_buf *dmabuf; struct dma_buf_attachment *attach; struct sg_table *sgt; struct device *dev; struct work_struct work; spinlock_t lock; bool busy; };

static void toy_invalidate(struct dma_buf_attachment *attach)
{
	struct toy *t = attach->importer_priv;

	if (!t->sgt)
		return;
	toy_stop(t);
	dma_buf_unmap_attachment(attach, t->sgt, DMA_BIDIRECTIONAL);
	t->sgt = NULL;
}

static const struct dma_buf_attach_ops toy_ops = {
	.allow_peer2peer = true,
	.invalidate_mappings = toy_invalidate,
};

int toy_import(struct toy *t, struct dma_buf *dmabuf)
{
	struct dma_buf_attachment *attach;
	int ret = 0;
	long left;

	attach = dma_buf_dynamic_attach(dmabuf, t->dev, &toy_ops, t);
	if (IS_ERR(attach))
		return PTR_ERR(attach);
	t->attach = attach;
	dma_resv_lock(dmabuf->resv, NULL);
	t->sgt = dma_buf_map_attachment(attach, DMA_BIDIRECTIONAL);
	if (IS_ERR(t->sgt)) {
		ret = PTR_ERR(t->sgt);
		t->sgt = NULL;
	} else {
		left = dma_resv_wait_timeout(dmabuf->resv, DMA_RESV_USAGE_KERNEL, false, MAX_SCHEDULE_TIMEOUT);
		if (left < 0)
			ret = left;
	}
	dma_resv_unlock(dmabuf->resv);
	return ret;
}

void toy_close(struct toy *t)
{
	struct dma_buf *dmabuf = t->attach->dmabuf;

	dma_resv_lock(dmabuf->resv, NULL);
	if (t->sgt)
		dma_buf_unmap_attachment(t->attach, t->sgt, DMA_BIDIRECTIONAL);
	t->sgt = NULL;
	dma_resv_unlock(dmabuf->resv);
	dma_buf_detach(dmabuf, t->attach);
}
`,
  },
  find: (_view, { callback, behaviour, callback: name }) => {
    if (callback === null || behaviour === null) return [];
    const found = actsOf([behaviour]).find(({ act }) => act.do === 'resv-lock' && act.own && !act.trylock && !act.ticket);
    return found === undefined ? [] : [{ at: found.at, text: `${name ?? 'the callback'}() runs with the reservation locked, and locks it here`, path: [] }];
  },
};
