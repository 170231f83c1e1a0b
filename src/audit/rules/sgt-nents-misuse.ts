// The mapped entries of an imported table are counted with orig_nents, or its pages with nents (P1).

import { bodiesOf, eachExpression, expressionText, type Statement } from '../../source/c-tree.ts';
import type { FunctionRule } from './rule.ts';

export const rule: FunctionRule = {
  judge: 'function',
  header: {
    id: 'sgt-nents-misuse',
    title: 'the mapped entries of an imported table are counted with orig_nents, or its pages with nents',
    why: 'After mapping nents counts the addresses for the device and orig_nents the pieces of memory; the two differ where an IOMMU joins pieces.',
    obligation: 'P1',
    source: 'kernel-doc struct sg_table, dma_map_sgtable; SEMANTICS A3',
    confidence: 'medium',
    falsePositives: 'A loop that stops by itself at the last address.',
    broken: `#include <linux/dma-buf.h>
#include <linux/dma-resv.h>

struct toy { struct dma_buf *dmabuf; struct dma_buf_attachment *attach; struct sg_table *sgt; struct device *dev; struct work_struct work; spinlock_t lock; bool busy; };

void toy_program(struct toy *t)
{
	struct scatterlist *sg;
	int i;

	for_each_sg(t->sgt->sgl, sg, t->sgt->orig_nents, i)
		toy_write(t, sg_dma_address(sg), sg_dma_len(sg));
	dma_buf_unmap_attachment_unlocked(t->attach, t->sgt, DMA_BIDIRECTIONAL);
}
`,
    clean: `#include <linux/dma-buf.h>
#include <linux/dma-resv.h>

struct toy { struct dma_buf *dmabuf; struct dma_buf_attachment *attach; struct sg_table *sgt; struct device *dev; struct work_struct work; spinlock_t lock; bool busy; };

void toy_program(struct toy *t)
{
	struct scatterlist *sg;
	int i;

	for_each_sg(t->sgt->sgl, sg, t->sgt->nents, i)
		toy_write(t, sg_dma_address(sg), sg_dma_len(sg));
	dma_buf_unmap_attachment_unlocked(t->attach, t->sgt, DMA_BIDIRECTIONAL);
}
`,
  },
  words: ['dma_buf_'],
  find: (_view, fn) => {
    const found: { line: number; text: string }[] = [];
    const visit = (statements: readonly Statement[]): void => {
      for (const one of statements) {
        if (one.kind === 'each' && /^for_each_(?:sg|sgtable_sg)$/.test(one.macro)) {
          const counts = one.macro === 'for_each_sgtable_sg' ? 'orig_nents' : one.args[2] === undefined ? '' : expressionText(one.args[2]);
          let dma = false;
          let cpu = false;
          eachExpression(one.body, (inner) => {
            if (inner.kind !== 'call' || inner.callee.kind !== 'name') return;
            if (/^sg_dma_(?:address|len)$/.test(inner.callee.name)) dma = true;
            if (/^sg_(?:page|virt|phys)$/.test(inner.callee.name)) cpu = true;
          });
          if (/orig_nents$/.test(counts) && dma && !cpu) found.push({ line: one.line, text: 'walks the addresses for the device by orig_nents' });
          if (/(?:^|[^_])nents$/.test(counts) && cpu && !dma) found.push({ line: one.line, text: 'walks the pages by nents' });
        }
        for (const inner of bodiesOf(one)) visit(inner);
      }
    };
    visit(fn.body);
    return found.map(({ line, text }) => ({ at: { file: fn.file, line, function: fn.name }, text, path: [] }));
  },
};
