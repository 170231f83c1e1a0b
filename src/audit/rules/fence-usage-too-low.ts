// A fence of memory management is added with a usage that others do not wait for (P12).

import { expressionText } from '../../source/c-tree.ts';
import type { FunctionRule } from './rule.ts';

export const rule: FunctionRule = {
  judge: 'function',
  header: {
    id: 'fence-usage-too-low',
    title: 'a fence of memory management is added with a usage that others do not wait for',
    why: 'Who maps the buffer next waits for KERNEL fences only: a move or a clear that is added as BOOKKEEP or READ is not waited for.',
    obligation: 'P12',
    source: 'kernel-doc enum dma_resv_usage; SEMANTICS A5.2',
    confidence: 'low',
    falsePositives: 'A function whose name speaks of moving and that adds the fence of something else.',
    broken: `#include <linux/dma-buf.h>
#include <linux/dma-resv.h>

struct toy { struct dma_buf *dmabuf; struct dma_buf_attachment *attach; struct sg_table *sgt; struct device *dev; struct work_struct work; spinlock_t lock; bool busy; };

void toy_move(struct toy *t, struct dma_fence *copy)
{
	if (dma_resv_reserve_fences(t->dmabuf->resv, 1))
		return;
	dma_resv_add_fence(t->dmabuf->resv, copy, DMA_RESV_USAGE_BOOKKEEP);
}
`,
    clean: `#include <linux/dma-buf.h>
#include <linux/dma-resv.h>

struct toy { struct dma_buf *dmabuf; struct dma_buf_attachment *attach; struct sg_table *sgt; struct device *dev; struct work_struct work; spinlock_t lock; bool busy; };

void toy_move(struct toy *t, struct dma_fence *copy)
{
	if (dma_resv_reserve_fences(t->dmabuf->resv, 1))
		return;
	dma_resv_add_fence(t->dmabuf->resv, copy, DMA_RESV_USAGE_KERNEL);
}
`,
  },
  words: ['dma_resv_add_fence'],
  find: (view, fn) => (/(?:^|_)(?:move|copy|clear|evict|migrate|fill)(?:_|$)/.test(fn.name) ? view.callSites('dma_resv_add_fence', [fn.file]) : []).filter((site) => site.function === fn.name).flatMap(({ call, line }) => {
    const usage = call.args[2] === undefined ? '' : expressionText(call.args[2]);
    return /USAGE_(?:BOOKKEEP|READ)$/.test(usage) ? [{ at: { file: fn.file, line, function: fn.name }, text: `adds the fence of a move as ${usage}: who maps next does not wait for it`, path: [] }] : [];
  }),
};
