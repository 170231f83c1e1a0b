// An importer edits the addresses or lengths of an imported table and never restores them (P5).

import type { FunctionRule } from './rule.ts';

const EDITS = /\bsg_dma_(?:address|len)\s*\([^)]*\)\s*[-+]?=(?!=)/;

export const rule: FunctionRule = {
  judge: 'function',
  header: {
    id: 'sgt-edit-not-restored',
    title: 'an importer edits the addresses or lengths of an imported table and never restores them',
    why: 'The exporter unmaps by what stands in the table; with other numbers it unmaps something else.',
    obligation: 'P5',
    source: 'kernel-doc dma_buf_unmap_attachment; SEMANTICS A3, B25.3',
    confidence: 'medium',
    falsePositives: 'A copy of the table that goes by the name of the imported one.',
    broken: `#include <linux/dma-buf.h>
#include <linux/dma-resv.h>

struct toy { struct dma_buf *dmabuf; struct dma_buf_attachment *attach; struct sg_table *sgt; struct device *dev; struct work_struct work; spinlock_t lock; bool busy; };

int toy_map(struct toy *t)
{
	struct scatterlist *sg;

	t->sgt = dma_buf_map_attachment_unlocked(t->attach, DMA_BIDIRECTIONAL);
	if (IS_ERR(t->sgt))
		return PTR_ERR(t->sgt);
	sg = t->sgt->sgl;
	sg_dma_address(sg) += 4096;
	return 0;
}

void toy_unmap(struct toy *t)
{
	dma_buf_unmap_attachment_unlocked(t->attach, t->sgt, DMA_BIDIRECTIONAL);
}
`,
    clean: `#include <linux/dma-buf.h>
#include <linux/dma-resv.h>

struct toy { struct dma_buf *dmabuf; struct dma_buf_attachment *attach; struct sg_table *sgt; struct device *dev; struct work_struct work; spinlock_t lock; bool busy; };

int toy_map(struct toy *t)
{
	struct scatterlist *sg;

	t->sgt = dma_buf_map_attachment_unlocked(t->attach, DMA_BIDIRECTIONAL);
	if (IS_ERR(t->sgt))
		return PTR_ERR(t->sgt);
	sg = t->sgt->sgl;
	sg_dma_address(sg) += 4096;
	return 0;
}

void toy_unmap(struct toy *t)
{
	sg_dma_address(t->sgt->sgl) -= 4096;
	dma_buf_unmap_attachment_unlocked(t->attach, t->sgt, DMA_BIDIRECTIONAL);
}
`,
  },
  words: ['dma_buf_map_attachment'],
  find: (view, fn) => view.code.flow(fn).nodes.flatMap(({ text, line }) => {
    if (!EDITS.test(text)) return [];
    // Another function of the file writes there too: before the unmap.
    const restores = view.code.functionNames(fn.file).some((name) => {
      const place = view.code.locate(name, fn.file);
      return name !== fn.name && place !== null && place.file === fn.file && EDITS.test(view.code.bodyText(place));
    });
    return restores ? [] : [{ at: { file: fn.file, line, function: fn.name }, text: `changes an imported table, and nobody changes it back: ${text.slice(0, 60)}`, path: [] }];
  }),
};
