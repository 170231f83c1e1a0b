// The callback waits for a work that may wait for the reservation lock (P10).

import { actsOf } from '../unmaps.ts';
import { retentionOf } from '../typestate/run.ts';
import type { ImporterRule } from './rule.ts';

export const rule: ImporterRule = {
  judge: 'importer',
  header: {
    id: 'callback-flushes-worker',
    title: 'the callback waits for a work that may wait for the reservation lock',
    why: 'The caller of the callback holds that lock. If the work wants it, neither gets on.',
    obligation: 'P10',
    source: 'SEMANTICS B13.2, E9, E11',
    confidence: 'high',
    falsePositives: 'A work that only takes the lock where no callback can run; then confidence is medium.',
    broken: `#include <linux/dma-buf.h>
#include <linux/dma-resv.h>

struct toy { struct dma_buf *dmabuf; struct dma_buf_attachment *attach; struct sg_table *sgt; struct device *dev; struct work_struct work; spinlock_t lock; bool busy; };

static void toy_work(struct work_struct *work)
{
	struct toy *t = container_of(work, struct toy, work);

	dma_resv_lock(t->attach->dmabuf->resv, NULL);
	toy_refresh(t);
	dma_resv_unlock(t->attach->dmabuf->resv);
}

void toy_init(struct toy *t)
{
	INIT_WORK(&t->work, toy_work);
}

static void toy_invalidate(struct dma_buf_attachment *attach)
{
	struct toy *t = attach->importer_priv;

	flush_work(&t->work);
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
    clean: `#include <linux/dma-buf.h>
#include <linux/dma-resv.h>

struct toy { struct dma_buf *dmabuf; struct dma_buf_attachment *attach; struct sg_table *sgt; struct device *dev; struct work_struct work; spinlock_t lock; bool busy; };

static void toy_work(struct work_struct *work)
{
	struct toy *t = container_of(work, struct toy, work);

	dma_resv_lock(t->attach->dmabuf->resv, NULL);
	toy_refresh(t);
	dma_resv_unlock(t->attach->dmabuf->resv);
}

void toy_init(struct toy *t)
{
	INIT_WORK(&t->work, toy_work);
}

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
  find: (view, { callback, behaviour }) => {
    if (callback === null || behaviour === null) return [];
    return actsOf([behaviour]).flatMap(({ act, at }) => {
      if (act.do !== 'flush-work') return [];
      const place = view.code.locate(act.runs, at.file);
      if (place === null || !retentionOf(view).locks(place)) return [];
      return [{ at, text: `${callback}() waits for ${act.runs}(), which takes a reservation lock`, path: [] }];
    });
  },
};
