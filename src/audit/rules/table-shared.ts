// one sg_table of the buffer, mapped for every attachment (A3, B10).

import { eachExpression, expressionText, type Expression } from '../../source/c-tree.ts';
import type { CFunction } from '../../source/syntax.ts';
import { calleeName } from '../c-reading.ts';
import { memberFunction } from '../exporters.ts';
import type { ExporterRule, Found } from './rule.ts';

const heap = (table: string): string => `#include <linux/dma-buf.h>
#include <linux/slab.h>

struct heap { struct sg_table table; };

static struct sg_table *heap_map(struct dma_buf_attachment *, enum dma_data_direction);
static void heap_unmap(struct dma_buf_attachment *, struct sg_table *, enum dma_data_direction);

static const struct dma_buf_ops heap_ops = {
	.map_dma_buf = heap_map,
	.unmap_dma_buf = heap_unmap,
	.release = heap_release,
};

static struct sg_table *heap_map(struct dma_buf_attachment *attachment, enum dma_data_direction dir)
{
${table}	int ret;

	ret = dma_map_sgtable(attachment->dev, table, dir, 0);
	if (ret)
		return ERR_PTR(ret);
	return table;
}

static void heap_unmap(struct dma_buf_attachment *attachment, struct sg_table *table, enum dma_data_direction dir)
{
	dma_unmap_sgtable(attachment->dev, table, dir, 0);
}
`;

export const rule: ExporterRule = {
  judge: 'exporter',
  header: {
    id: 'table-shared',
    title: 'an exporter maps the buffer\'s one sg_table for every attachment',
    why: 'The table holds the DMA addresses. The second attachment writes its own over those that the first one\'s device works with, and what is unmapped in the end is not what was mapped.',
    obligation: 'P1',
    source: 'kernel-doc dma_buf_ops.unmap_dma_buf ("the &sg_table allocated in @map_dma_buf"); SEMANTICS A3, B10',
    confidence: 'medium',
    falsePositives: 'A buffer that only one device can ever attach to, because its descriptor never reaches a user.',
    broken: heap('\tstruct sg_table *table = attachment->dmabuf->priv;\n'),
    clean: heap('\tstruct sg_table *table = attachment->priv;\n'),
  },
  find: (view, _profile, found) => {
    const map = memberFunction(view, found, 'map_dma_buf');
    if (map === null) return [];
    const rows: Found[] = [];
    eachExpression(map.body, (one) => {
      if (one.kind !== 'call' || !/^dma_map_sg(?:table|_attrs)?$/.test(calleeName(one))) return;
      const [, table] = one.args;
      const origin = table === undefined ? null : originOf(map, table);
      if (origin !== null) rows.push({ at: { file: map.file, line: one.line, function: map.name }, text: `maps \`${origin}\`, the one table of the buffer, for each attachment: the second one overwrites the addresses of the first`, path: [] });
    });
    return rows;
  },
};

/** "attachment->dmabuf->priv" where the table is the buffer's own and nothing else is ever stored there. */
function originOf(fn: CFunction, table: Expression): string | null {
  const inner = table.kind === 'unary' && table.op === '&' ? table.of : table;
  const path = inner.kind === 'field' || inner.kind === 'name' ? expressionText(inner) : null;
  const root = path === null ? null : /^\w+/.exec(path)?.[0] ?? null;
  if (path === null || root === null) return null;
  let isStored = false;
  let start: string | null = null;
  for (const one of fn.body) if (one.kind === 'declare' && one.name === root && one.value !== null) start = expressionText(one.value);
  eachExpression(fn.body, (one) => {
    if (one.kind === 'assign' && [path, root].includes(expressionText(one.to))) isStored = true;
  });
  return !isStored && start !== null && /(?:dmabuf|dma_buf|\bbuf)->priv$/.test(start) ? path === root ? start : path : null;
}
