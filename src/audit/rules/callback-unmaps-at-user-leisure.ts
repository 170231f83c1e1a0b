// The unmap after the callback is left to a user (P6).

import { placeOfCallback, type ImporterRule } from './rule.ts';
import { isOnlyTalk, onlyWaits } from './stub-callback.ts';

export const rule: ImporterRule = {
  judge: 'importer',
  header: {
    id: 'callback-unmaps-at-user-leisure',
    title: 'the unmap after the callback is left to a user',
    why: 'A user who never comes, or is stopped, keeps the exporter waiting. Bounded time must not depend on a user.',
    obligation: 'P6',
    source: 'kernel-doc dma_buf_attach_revocable; SEMANTICS E6, E12',
    confidence: 'high',
    falsePositives: 'A thread of the kernel that was taken for a user\'s.',
    broken: `#include <linux/dma-buf.h>
#include <linux/dma-resv.h>

struct toy { struct dma_buf *dmabuf; struct dma_buf_attachment *attach; struct sg_table *sgt; struct device *dev; struct work_struct work; spinlock_t lock; bool busy; };

int toy_ioctl(struct toy *t)
{
	dma_resv_lock(t->attach->dmabuf->resv, NULL);
	dma_buf_unmap_attachment(t->attach, t->sgt, DMA_BIDIRECTIONAL);
	t->sgt = NULL;
	dma_resv_unlock(t->attach->dmabuf->resv);
	return 0;
}

static void toy_invalidate(struct dma_buf_attachment *attach)
{
	struct toy *t = attach->importer_priv;

	t->busy = true;
	wake_up(&t->queue);
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
    const { callback, unmaps, ops, unmapSites, behaviour } = profile;
    if (callback === null || unmaps !== 'user' || behaviour === null || onlyWaits(behaviour) || isOnlyTalk(behaviour)) return [];
    return [{ at: placeOfCallback(profile), text: `${callback}() of ${ops ?? 'the attachment'} leaves the unmap to whoever comes later`, path: unmapSites.slice(0, 1).map((at) => ({ ...at, text: 'unmaps' })) }];
  },
};
