// A dynamic importer uses a mapping without waiting for the KERNEL fences (P12).

import { folderOf } from '../../source/lexical.ts';
import type { ImporterRule } from './rule.ts';

const WAITS = /\bdma_resv_(?:wait_timeout|get_singleton|get_fences|for_each_fence)|\bdma_fence_wait|drm_sched_job_add_|ttm_bo_wait|i915_gem_object_wait|dma_resv_iter_begin/;

export const rule: ImporterRule = {
  judge: 'importer',
  header: {
    id: 'kernel-fences-not-awaited',
    title: 'a dynamic importer uses a mapping without waiting for the KERNEL fences',
    why: 'map of a dynamic importer may return while the exporter still moves or clears the memory. Access before that is done reads or writes the wrong place.',
    obligation: 'P12',
    source: 'kernel-doc enum dma_resv_usage; SEMANTICS A5.2, B10.4',
    confidence: 'medium',
    falsePositives: 'A wait in a scheduler or memory manager that was not recognised as one.',
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
  find: (view, { attach, maps }) => maps.slice(0, attach === 'dynamic' ? undefined : 0).flatMap((at) => {
    const place = view.code.locate(at.function, at.file);
    if (place === null) return [];
    // The function that maps, its callers, and theirs.
    const near = [place, ...view.fields.callers(place)];
    const all = [...near, ...near.slice(1).flatMap((one) => view.fields.callers(one))];
    const waits = all.some((one) => WAITS.test(view.code.bodyText(one))) || view.code.folderFiles(folderOf(at.file)).some((file) => /\bstruct ttm_device_funcs \w+ = /.test(view.code.text(file) ?? ''));
    return waits ? [] : [{ at, text: `${at.function}() maps for a dynamic attachment, and nobody near waits for KERNEL fences`, path: [] }];
  }),
};
