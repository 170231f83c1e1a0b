// An importer looks at the struct pages of an imported sg_table (P1).

import type { FunctionRule } from './rule.ts';

export const rule: FunctionRule = {
  judge: 'function',
  header: {
    id: 'importer-touches-pages',
    title: 'an importer looks at the struct pages of an imported sg_table',
    why: 'The table holds addresses for a device and nothing else: pages may not exist, and with CONFIG_DMABUF_DEBUG they are removed.',
    obligation: 'P1',
    source: 'kernel-doc dma_buf_map_attachment, CONFIG_DMABUF_DEBUG; SEMANTICS A3',
    confidence: 'high',
    falsePositives: 'A table of its own in a member of the same name.',
    broken: `#include <linux/dma-buf.h>
#include <linux/dma-resv.h>

struct toy { struct dma_buf *dmabuf; struct dma_buf_attachment *attach; struct sg_table *sgt; struct device *dev; struct work_struct work; spinlock_t lock; bool busy; };

int toy_map(struct toy *t)
{
	t->sgt = dma_buf_map_attachment_unlocked(t->attach, DMA_BIDIRECTIONAL);
	if (IS_ERR(t->sgt))
		return PTR_ERR(t->sgt);
	t->page = sg_page(t->sgt->sgl);
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
	t->sgt = dma_buf_map_attachment_unlocked(t->attach, DMA_BIDIRECTIONAL);
	if (IS_ERR(t->sgt))
		return PTR_ERR(t->sgt);
	t->address = sg_dma_address(t->sgt->sgl);
	return 0;
}

void toy_unmap(struct toy *t)
{
	dma_buf_unmap_attachment_unlocked(t->attach, t->sgt, DMA_BIDIRECTIONAL);
}
`,
  },
  words: ['dma_buf_map_attachment'],
  find: (view, fn) => {
    const nodes = view.code.flow(fn).nodes.filter(({ text }) => text !== '');
    // The names that the table goes by in this function.
    const names = new Set<string>();
    for (const { text } of nodes) {
      const made = /([\w>.-]+) = dma_buf_map_attachment(?:_unlocked)?\(/.exec(text)?.[1];
      if (made !== undefined) names.add(made.replace(/^.*\s/, ''));
      const copied = /^([\w>.-]+) = ([\w>.-]+)$/.exec(text);
      if (copied !== null && names.has(copied[2] ?? '')) names.add(copied[1] ?? '');
    }
    return nodes.flatMap(({ text, line }) => {
      const call = /\b(sg_page|sg_virt|sg_phys|for_each_sg_page|for_each_sgtable_page|sg_copy_to_buffer|sg_copy_from_buffer|sg_miter_start|drm_prime_sg_to_page_array)\(([^)]*)/.exec(text);
      const of = call === null ? null : [...names].find((name) => new RegExp(`(?:^|[\\s(,&])${name.replace(/[.>-]/g, '\\$&')}(?:->sgl)?(?:[,)\\s]|$)`).test(call[2] ?? ''));
      if (call === null || of === null || of === undefined) return [];
      return [{ at: { file: fn.file, line, function: fn.name }, text: `${call[1] ?? ''}() of an imported table: it need not have pages`, path: [] }];
    });
  },
};
