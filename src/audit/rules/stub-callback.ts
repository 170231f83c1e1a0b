// A callback that does nothing about the mapping, or only says something (P6).

import type { Behaviour } from '../../results/audit.ts';
import { actsOf } from '../unmaps.ts';
import { placeOfCallback, type ImporterRule } from './rule.ts';

/** It waits, or stops the device, and starts nothing that could unmap. */
export function onlyWaits(behaviour: Behaviour): boolean {
  return !isOnlyTalk(behaviour) && actsOf([behaviour]).every(({ act }) => ['log', 'lock', 'unlock', 'wait-fences', 'wait-fence', 'stop-device'].includes(act.do) && !(act.do === 'stop-device' && act.assumed));
}

/** No act but words. */
export function isOnlyTalk(behaviour: Behaviour): boolean {
  return actsOf([behaviour]).every(({ act }) => act.do === 'log' || act.do === 'lock' || act.do === 'unlock');
}

export const rule: ImporterRule = {
  judge: 'importer',
  header: {
    id: 'stub-callback',
    title: 'a callback that does nothing about the mapping, or only says something',
    why: 'Its presence tells exporters that the importer can give the mapping back when asked. It cannot: the exporter waits for ever, or takes memory away that is still in use.',
    obligation: 'P6',
    source: 'Koenig, seed thread, 2026-01-21; SEMANTICS D2, D3, B15',
    confidence: 'high',
    falsePositives: 'None known.',
    broken: `#include <linux/dma-buf.h>
#include <linux/dma-resv.h>

struct toy { struct dma_buf *dmabuf; struct dma_buf_attachment *attach; struct sg_table *sgt; struct device *dev; struct work_struct work; spinlock_t lock; bool busy; };

static void toy_invalidate(struct dma_buf_attachment *attach)
{
	struct toy *t = attach->importer_priv;

	pr_warn("not expected\\n");
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
    const { callback, behaviour, ops, maps, unmaps } = profile;
    if (callback === null || unmaps !== 'never' || behaviour === null || !isOnlyTalk(behaviour)) return [];
    return [{ at: placeOfCallback(profile), text: `${callback}() of ${ops ?? 'the attachment'} does nothing: exporters take it for a promise to unmap`, path: maps.slice(0, 1).map((at) => ({ ...at, text: 'maps' })) }];
  },
};
