// a mapping is left behind on a return (P5).

import { sureness, type TypestateRule } from './rule.ts';
import { TOY } from './toy.ts';

export const rule: TypestateRule = {
  judge: 'typestate',
  header: {
    id: 'map-leak',
    title: 'a mapping is left behind on a return',
    why: 'The exporter counts it: a revoke waits for its unmap for ever, and the address space of the device is never given back.',
    obligation: 'P5',
    source: 'kernel-doc dma_buf_map_attachment; SEMANTICS B10, B11',
    confidence: 'high',
    falsePositives: "A mapping that a callee keeps in a way that was not followed. Where only a member of the caller's object has it, confidence is medium.",
    broken: `${TOY}static int toy_map(struct toy *t, struct dma_buf_attachment *attach)
{
	struct sg_table *sgt;

	sgt = dma_buf_map_attachment_unlocked(attach, DMA_BIDIRECTIONAL);
	if (IS_ERR(sgt))
		return PTR_ERR(sgt);
	if (toy_check(t->size)) {
		return -EINVAL;
	}
	t->sgt = sgt;
	return 0;
}
`,
    clean: `${TOY}static int toy_map(struct toy *t, struct dma_buf_attachment *attach)
{
	struct sg_table *sgt;

	sgt = dma_buf_map_attachment_unlocked(attach, DMA_BIDIRECTIONAL);
	if (IS_ERR(sgt))
		return PTR_ERR(sgt);
	if (toy_check(t->size)) {
		dma_buf_unmap_attachment_unlocked(attach, sgt, DMA_BIDIRECTIONAL);
		return -EINVAL;
	}
	t->sgt = sgt;
	return 0;
}
`,
  },
  tell: (breach) => {
    if (breach.is === 'kept' && breach.kind === 'mapping') return { at: breach.at, text: `is never unmapped: no other function of its folder does, by itself or by a helper: ${breach.what}`, path: breach.path };
    if (breach.is !== 'leak' || breach.kind !== 'mapping') return null;
    return { at: breach.at, text: `${breach.error ? 'returns a failure' : 'returns'} without unmapping: ${breach.what}`, path: breach.path, ...sureness(breach) };
  },
};
