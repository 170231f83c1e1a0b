// The callback unmaps before it stops its device (UF).

import type { Behaviour } from '../../results/audit.ts';
import type { ImporterRule } from './rule.ts';

interface Found {
  readonly unmap: { readonly file: string; readonly line: number; readonly function: string };
  readonly stop: { readonly file: string; readonly line: number; readonly function: string };
  readonly call: string;
}

/** A way on which the first stop comes behind the unmap. */
function stopBehindUnmap(one: Behaviour, unmap: Found['unmap'] | null, isStopped: boolean): Found | null {
  switch (one.kind) {
    case 'end':
    case 'lost':
      return null;
    case 'branch':
      return stopBehindUnmap(one.yes, unmap, isStopped) ?? stopBehindUnmap(one.no, unmap, isStopped);
    case 'act': {
      const { act, at, next } = one;
      if (act.do === 'stop-device' && !act.assumed) return unmap !== null && !isStopped ? { unmap, stop: at, call: act.call } : stopBehindUnmap(next, unmap, true);
      return stopBehindUnmap(next, act.do === 'unmap' ? at : unmap, isStopped);
    }
  }
}

export const rule: ImporterRule = {
  judge: 'importer',
  header: {
    id: 'unmap-before-stop',
    title: 'the callback unmaps before it stops its device',
    why: 'Between unmap and stop the device accesses addresses that are no longer its own.',
    obligation: 'UF',
    source: 'SEMANTICS C2, C5',
    confidence: 'medium',
    falsePositives: 'A call behind the unmap that has nothing to do with the device.',
    broken: `#include <linux/dma-buf.h>
#include <linux/dma-resv.h>

struct toy { struct dma_buf *dmabuf; struct dma_buf_attachment *attach; struct sg_table *sgt; struct device *dev; struct work_struct work; spinlock_t lock; bool busy; };

static void toy_invalidate(struct dma_buf_attachment *attach)
{
	struct toy *t = attach->importer_priv;

	if (!t->sgt)
		return;
	dma_buf_unmap_attachment(attach, t->sgt, DMA_BIDIRECTIONAL);
	t->sgt = NULL;
	iommu_unmap(t->domain, t->iova, t->size);
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
  find: (_view, { callback, behaviour }) => {
    if (callback === null || behaviour === null) return [];
    const found = stopBehindUnmap(behaviour, null, false);
    return found === null ? [] : [{ at: found.unmap, text: `${callback}() unmaps first and stops its device after: ${found.call}()`, path: [{ ...found.stop, text: `${found.call}()` }] }];
  },
};
