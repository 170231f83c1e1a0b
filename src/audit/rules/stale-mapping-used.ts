// Addresses of a mapping are kept and used after the callback may have come (P1).

import { actsOf } from '../unmaps.ts';
import { placeOfCallback, type ImporterRule } from './rule.ts';

export const rule: ImporterRule = {
  judge: 'importer',
  header: {
    id: 'stale-mapping-used',
    title: 'addresses of a mapping are kept and used after the callback may have come',
    why: 'After the callback the old addresses may belong to somebody else; they must be read anew from the next mapping.',
    obligation: 'P1',
    source: 'SEMANTICS A9, C5',
    confidence: 'low',
    falsePositives: 'Nearly every importer that programs its device once; only those of a movable importer are told.',
    broken: `#include <linux/dma-buf.h>
#include <linux/dma-resv.h>

struct toy { struct dma_buf *dmabuf; struct dma_buf_attachment *attach; struct sg_table *sgt; struct device *dev; struct work_struct work; spinlock_t lock; bool busy; };

static void toy_invalidate(struct dma_buf_attachment *attach)
{
	struct toy *t = attach->importer_priv;

	if (!t->sgt)
		return;
	toy_stop(t);
	dma_buf_unmap_attachment(attach, t->sgt, DMA_BIDIRECTIONAL);
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

void toy_shut(struct toy *t)
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
  find: (view, profile) => {
    const { callback, behaviour, unmaps } = profile;
    if (callback === null || behaviour === null || unmaps !== 'sync') return [];
    const unmap = actsOf([behaviour]).find(({ act }) => act.do === 'unmap');
    const place = unmap === undefined ? null : view.code.locate(unmap.at.function, unmap.at.file);
    if (unmap === undefined || place === null) return [];
    // The member that held the table is cleared, or a flag says that it is gone.
    return /=\s*(?:NULL|false|true|0|1)\s*;/.test(view.code.bodyText(place)) ? [] : [{ at: placeOfCallback(profile), text: `${callback}() unmaps and leaves no trace of it: whoever comes next uses the old addresses`, path: [{ ...unmap.at, text: 'unmaps' }] }];
  },
};
