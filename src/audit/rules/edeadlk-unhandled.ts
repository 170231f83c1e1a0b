// Reservations are locked with a ticket, and nobody handles -EDEADLK (P10).

import type { FunctionRule } from './rule.ts';

export const rule: FunctionRule = {
  judge: 'function',
  header: {
    id: 'edeadlk-unhandled',
    title: 'reservations are locked with a ticket, and nobody handles -EDEADLK',
    why: 'With a ticket the lock may say -EDEADLK, and then everything must be dropped and taken again: an error that is only passed on makes the ioctl fail now and then.',
    obligation: 'P10',
    source: 'kernel-doc dma_resv_lock; SEMANTICS B19',
    confidence: 'medium',
    falsePositives: 'A caller that begins again.',
    broken: `#include <linux/dma-buf.h>
#include <linux/dma-resv.h>

struct toy { struct dma_buf *dmabuf; struct dma_buf_attachment *attach; struct sg_table *sgt; struct device *dev; struct work_struct work; spinlock_t lock; bool busy; };

static int toy_lock_both(struct dma_buf *a, struct dma_buf *b)
{
	struct ww_acquire_ctx ctx;
	int ret;

	ww_acquire_init(&ctx, &reservation_ww_class);
	ret = dma_resv_lock(a->resv, &ctx);
	if (ret)
		goto fini;
	ret = dma_resv_lock(b->resv, &ctx);
	if (ret)
		goto unlock;
	toy_work_on(a, b);
	dma_resv_unlock(b->resv);
unlock:
	dma_resv_unlock(a->resv);
fini:
	ww_acquire_fini(&ctx);
	return ret;
}
`,
    clean: `#include <linux/dma-buf.h>
#include <linux/dma-resv.h>

struct toy { struct dma_buf *dmabuf; struct dma_buf_attachment *attach; struct sg_table *sgt; struct device *dev; struct work_struct work; spinlock_t lock; bool busy; };

static int toy_lock_both(struct dma_buf *a, struct dma_buf *b)
{
	struct ww_acquire_ctx ctx;
	int ret;

	ww_acquire_init(&ctx, &reservation_ww_class);
	ret = dma_resv_lock(a->resv, &ctx);
	if (ret)
		goto fini;
	ret = dma_resv_lock(b->resv, &ctx);
	if (ret == -EDEADLK) {
		dma_resv_unlock(a->resv);
		dma_resv_lock_slow(b->resv, &ctx);
		ret = dma_resv_lock(a->resv, &ctx);
		if (ret) {
			dma_resv_unlock(b->resv);
			goto fini;
		}
	} else if (ret) {
		goto unlock;
	}
	toy_work_on(a, b);
	dma_resv_unlock(b->resv);
unlock:
	dma_resv_unlock(a->resv);
fini:
	ww_acquire_fini(&ctx);
	return ret;
}
`,
  },
  words: ['ww_acquire_init'],
  find: (view, fn) => {
    const nodes = view.code.flow(fn).nodes;
    const locks = nodes.filter(({ text }) => /\bdma_resv_lock(?:_interruptible)?\([^,]*, (?!NULL)/.test(text));
    const handles = nodes.some(({ text }) => /EDEADLK|lock_slow|backoff/.test(text));
    const [, second] = locks;
    const isLoop = locks.length === 1 && view.code.flow(fn).edges.some(({ isBack }) => isBack);
    if (handles || (second === undefined && !isLoop)) return [];
    const at = second ?? locks[0];
    return at === undefined ? [] : [{ at: { file: fn.file, line: at.line, function: fn.name }, text: 'locks a second reservation with a ticket of its own, and does not handle -EDEADLK', path: [] }];
  },
};
