// an attachment is detached with a mapping or a pin left (P5).

import { type TypestateRule } from './rule.ts';
import { TOY } from './toy.ts';

export const rule: TypestateRule = {
  judge: 'typestate',
  header: {
    id: 'detach-while-mapped',
    title: 'an attachment is detached with a mapping or a pin left',
    why: 'The attachment is freed while the mapping lives: it can never be unmapped, and the exporter waits for it.',
    obligation: 'P5',
    source: 'kernel-doc dma_buf_detach; SEMANTICS B7',
    confidence: 'high',
    falsePositives: 'None known.',
    broken: `${TOY}static int toy_import(struct toy *t, struct dma_buf *dmabuf)
{
	struct dma_buf_attachment *attach;
	struct sg_table *sgt;

	attach = dma_buf_attach(dmabuf, t->dev);
	if (IS_ERR(attach))
		return PTR_ERR(attach);
	sgt = dma_buf_map_attachment_unlocked(attach, DMA_BIDIRECTIONAL);
	if (IS_ERR(sgt)) {
		dma_buf_detach(dmabuf, attach);
		return PTR_ERR(sgt);
	}
	if (toy_check(t->size)) {
		dma_buf_detach(dmabuf, attach);
		return -EINVAL;
	}
	t->attach = attach;
	t->sgt = sgt;
	return 0;
}
`,
    clean: `${TOY}static int toy_import(struct toy *t, struct dma_buf *dmabuf)
{
	struct dma_buf_attachment *attach;
	struct sg_table *sgt;

	attach = dma_buf_attach(dmabuf, t->dev);
	if (IS_ERR(attach))
		return PTR_ERR(attach);
	sgt = dma_buf_map_attachment_unlocked(attach, DMA_BIDIRECTIONAL);
	if (IS_ERR(sgt)) {
		dma_buf_detach(dmabuf, attach);
		return PTR_ERR(sgt);
	}
	if (toy_check(t->size)) {
		dma_buf_unmap_attachment_unlocked(attach, sgt, DMA_BIDIRECTIONAL);
		dma_buf_detach(dmabuf, attach);
		return -EINVAL;
	}
	t->attach = attach;
	t->sgt = sgt;
	return 0;
}
`,
  },
  tell: (breach) => (breach.is === 'refused' && (breach.kind === 'mapping' || breach.kind === 'pin') && breach.event === 'detach' ? { at: breach.at, text: `detaches while ${breach.kind === 'pin' ? 'pinned' : 'mapped'}: ${breach.what}`, path: breach.path } : null),
};
