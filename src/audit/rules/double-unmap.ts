// a mapping is unmapped twice (P5).

import { type TypestateRule } from './rule.ts';
import { TOY } from './toy.ts';

export const rule: TypestateRule = {
  judge: 'typestate',
  header: {
    id: 'double-unmap',
    title: 'a mapping is unmapped twice',
    why: 'The exporter frees the sg_table a second time, and its count of mappings falls too low: a revoke then ends while somebody still maps.',
    obligation: 'P5',
    source: 'kernel-doc dma_buf_unmap_attachment; SEMANTICS B11, P14',
    confidence: 'high',
    falsePositives: 'Two mappings that go by one name.',
    broken: `${TOY}static void toy_close(struct toy *t, bool quiet)
{
	struct sg_table *sgt = t->sgt;

	dma_buf_unmap_attachment_unlocked(t->attach, sgt, DMA_BIDIRECTIONAL);
	if (!quiet)
		dma_buf_unmap_attachment_unlocked(t->attach, sgt, DMA_BIDIRECTIONAL);
	dma_buf_detach(t->dmabuf, t->attach);
}
`,
    clean: `${TOY}static void toy_close(struct toy *t)
{
	struct sg_table *sgt = t->sgt;

	dma_buf_unmap_attachment_unlocked(t->attach, sgt, DMA_BIDIRECTIONAL);
	dma_buf_detach(t->dmabuf, t->attach);
}
`,
  },
  tell: (breach) => (breach.is === 'refused' && breach.kind === 'mapping' && breach.event === 'unmap' ? { at: breach.at, text: `unmaps what is not mapped any more: ${breach.what}`, path: breach.path } : null),
};
