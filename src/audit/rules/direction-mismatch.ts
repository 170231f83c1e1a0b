// A mapping is unmapped with another direction than it was mapped with (P5).

import { expressionText } from '../../source/c-tree.ts';
import type { TreeView } from '../tree-view.ts';
import type { FunctionRule } from './rule.ts';

const isDirection = (text: string): boolean => /^DMA_(?:BIDIRECTIONAL|TO_DEVICE|FROM_DEVICE)$/.test(text);

/** Directions of the map calls of a file; empty where one of them is not a constant. */
function directionsMapped(view: TreeView, file: string): ReadonlySet<string> {
  const found = new Set<string>();
  for (const name of ['dma_buf_map_attachment', 'dma_buf_map_attachment_unlocked']) {
    for (const { call } of view.callSites(name, [file])) {
      const direction = call.args[1] === undefined ? '' : expressionText(call.args[1]);
      if (!isDirection(direction)) return new Set();
      found.add(direction);
    }
  }
  return found;
}

export const rule: FunctionRule = {
  judge: 'function',
  header: {
    id: 'direction-mismatch',
    title: 'a mapping is unmapped with another direction than it was mapped with',
    why: 'Caches are treated for the wrong direction, and the DMA debugging code complains.',
    obligation: 'P5',
    source: 'kernel-doc dma_buf_map_attachment; SEMANTICS B10, B11',
    confidence: 'high',
    falsePositives: 'Two mappings of different directions that one file unmaps.',
    broken: `#include <linux/dma-buf.h>
#include <linux/dma-resv.h>

struct toy { struct dma_buf *dmabuf; struct dma_buf_attachment *attach; struct sg_table *sgt; struct device *dev; struct work_struct work; spinlock_t lock; bool busy; };

struct sg_table *toy_map(struct toy *t)
{
	return dma_buf_map_attachment_unlocked(t->attach, DMA_BIDIRECTIONAL);
}

void toy_unmap(struct toy *t)
{
	dma_buf_unmap_attachment_unlocked(t->attach, t->sgt, DMA_TO_DEVICE);
}
`,
    clean: `#include <linux/dma-buf.h>
#include <linux/dma-resv.h>

struct toy { struct dma_buf *dmabuf; struct dma_buf_attachment *attach; struct sg_table *sgt; struct device *dev; struct work_struct work; spinlock_t lock; bool busy; };

struct sg_table *toy_map(struct toy *t)
{
	return dma_buf_map_attachment_unlocked(t->attach, DMA_BIDIRECTIONAL);
}

void toy_unmap(struct toy *t)
{
	dma_buf_unmap_attachment_unlocked(t->attach, t->sgt, DMA_BIDIRECTIONAL);
}
`,
  },
  words: ['dma_buf_unmap_attachment'],
  find: (view, fn) => {
    const mapped = directionsMapped(view, fn.file);
    if (mapped.size !== 1) return [];
    return ['dma_buf_unmap_attachment', 'dma_buf_unmap_attachment_unlocked'].flatMap((name) => view.callSites(name, [fn.file]).filter((site) => site.function === fn.name)).flatMap(({ call, line }) => {
      const direction = call.args[2] === undefined ? '' : expressionText(call.args[2]);
      if (!isDirection(direction) || mapped.has(direction)) return [];
      return [{ at: { file: fn.file, line, function: fn.name }, text: `unmaps with ${direction} what the file maps with ${[...mapped].join()}`, path: [] }];
    });
  },
};
