// A callback that nothing follows: the mapping stays (P6).

import { onlyWaits } from './stub-callback.ts';
import { placeOfCallback, type ImporterRule } from './rule.ts';

export const rule: ImporterRule = {
  judge: 'importer',
  header: {
    id: 'callback-never-unmaps',
    title: 'a callback that nothing follows: the mapping stays',
    why: 'An exporter that asks takes the callback for a promise to unmap in bounded time. It then waits for the unmap with its device in reset, for ever.',
    obligation: 'P6',
    source: 'kernel-doc dma_buf_attach_revocable, commit be6d4c9e9d71; SEMANTICS C2, E6',
    confidence: 'high',
    falsePositives: 'An unmap that is reached in a way that was not followed.',
    broken: `#include <linux/dma-buf.h>
#include <linux/dma-resv.h>

struct toy { struct dma_buf *dmabuf; struct dma_buf_attachment *attach; struct sg_table *sgt; struct device *dev; struct work_struct work; spinlock_t lock; bool busy; };

static void toy_invalidate(struct dma_buf_attachment *attach)
{
	struct toy *t = attach->importer_priv;

	dma_resv_wait_timeout(attach->dmabuf->resv, DMA_RESV_USAGE_BOOKKEEP, false, MAX_SCHEDULE_TIMEOUT);
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
  find: (_view, profile) => {
    const { callback, unmaps, behaviour, ops, maps } = profile;
    if (callback === null || (unmaps !== 'never' && unmaps !== 'user') || behaviour === null || !onlyWaits(behaviour) || maps.length === 0) return [];
    return [{ at: placeOfCallback(profile), text: `${callback}() of ${ops ?? 'the attachment'} neither unmaps nor starts anything that does`, path: maps.slice(0, 1).map((at) => ({ ...at, text: 'maps' })) }];
  },
};
