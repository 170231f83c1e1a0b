// The callback follows a pointer that the set-up stores only after the attach call (P4).

import type { ImporterRule } from './rule.ts';

export const rule: ImporterRule = {
  judge: 'importer',
  header: {
    id: 'callback-reads-late-field',
    title: 'the callback follows a pointer that the set-up stores only after the attach call',
    why: 'From the moment that the attach call lists the attachment the exporter may call back, even before the call has returned.',
    obligation: 'P4',
    source: 'dma_buf_dynamic_attach; SEMANTICS B6.3, B6.7',
    confidence: 'medium',
    falsePositives: 'A pointer that is only followed once a mapping is there; what the callback tests first is taken into account within its own body.',
    broken: `#include <linux/dma-buf.h>
#include <linux/dma-resv.h>

struct toy { struct dma_buf *dmabuf; struct dma_buf_attachment *attach; struct sg_table *sgt; struct device *dev; struct work_struct work; spinlock_t lock; bool busy; };

static void toy_invalidate(struct dma_buf_attachment *attach)
{
	struct toy *t = attach->importer_priv;

	toy_stop(t->attach->dev);
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

void toy_finish(struct toy *t)
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
	toy_stop(t->attach->dev);
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
    const { callback, privateFields, ops } = profile;
    const late = privateFields.filter(({ set, at, field }) => set === 'after-attach' && at !== null && !field.includes('.'));
    const place = callback === null || late.length === 0 ? null : view.code.locate(callback, profile.evidence.find(({ fact }) => fact === 'ops')?.file ?? profile.file);
    if (place === null) return [];
    const body = view.code.bodyText(place);
    const first = /\bif\s*\(/.exec(body)?.index ?? body.length;
    return late.flatMap(({ field, at }) => {
      // What stands behind a test is another question.
      const follow = new RegExp(`->${field}->\\w+`).exec(body.slice(0, first));
      if (follow === null) return [];
      const line = (view.code.text(place.file) ?? '').slice(0, (view.code.text(place.file) ?? '').indexOf(body) + follow.index).split('\n').length;
      return [{ at: { file: place.file, line, function: place.name }, text: `${place.name}() of ${ops ?? 'the attachment'} follows ${field}, which is stored only after the attach call`, path: at === null ? [] : [{ ...at, text: `stores ${field}` }] }];
    });
  },
};
