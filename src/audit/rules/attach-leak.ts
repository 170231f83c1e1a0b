// an attachment is left behind on a return (P5).

import { sureness, type TypestateRule } from './rule.ts';
import { TOY } from './toy.ts';

export const rule: TypestateRule = {
  judge: 'typestate',
  header: {
    id: 'attach-leak',
    title: 'an attachment is left behind on a return',
    why: 'The attachment stays on the list of the buffer for ever: its exporter holds memory for it, and its callback may come to an object that is gone.',
    obligation: 'P5',
    source: 'kernel-doc dma_buf_attach; SEMANTICS B6, B7',
    confidence: 'high',
    falsePositives: "An attachment that a callee keeps in a way that was not followed. Where only a member of the caller's object has it, confidence is medium.",
    broken: `${TOY}static int toy_import(struct toy *t, struct dma_buf *dmabuf)
{
	struct dma_buf_attachment *attach;
	struct sg_table *sgt;

	attach = dma_buf_attach(dmabuf, t->dev);
	if (IS_ERR(attach))
		return PTR_ERR(attach);
	sgt = dma_buf_map_attachment_unlocked(attach, DMA_BIDIRECTIONAL);
	if (IS_ERR(sgt)) {
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
  tell: (breach) => {
    if (breach.is === 'kept' && breach.kind === 'attachment') return { at: breach.at, text: `is never detached: no other function of its folder does, by itself or by a helper: ${breach.what}`, path: breach.path };
    if (breach.is !== 'leak' || breach.kind !== 'attachment') return null;
    return { at: breach.at, text: `${breach.error ? 'returns a failure' : 'returns'} without detaching: ${breach.what}`, path: breach.path, ...sureness(breach) };
  },
};
