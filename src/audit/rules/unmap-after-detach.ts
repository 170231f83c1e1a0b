// an attachment is used after it was detached (P4).

import { type TypestateRule } from './rule.ts';
import { TOY } from './toy.ts';

export const rule: TypestateRule = {
  judge: 'typestate',
  header: {
    id: 'unmap-after-detach',
    title: 'an attachment is used after it was detached',
    why: 'dma_buf_detach() frees the attachment: what comes after it is a use after free.',
    obligation: 'P4',
    source: 'kernel-doc dma_buf_detach; SEMANTICS B7',
    confidence: 'high',
    falsePositives: 'None known.',
    broken: `${TOY}static void toy_close(struct toy *t)
{
	struct sg_table *sgt = t->sgt;

	dma_buf_detach(t->dmabuf, t->attach);
	dma_buf_unmap_attachment_unlocked(t->attach, sgt, DMA_BIDIRECTIONAL);
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
  tell: (breach) => (breach.is === 'refused' && breach.kind === 'attachment' ? { at: breach.at, text: `${breach.event === 'detach' ? 'detaches a second time' : `${breach.event}() comes after dma_buf_detach()`}: ${breach.what}`, path: breach.path } : null),
};
