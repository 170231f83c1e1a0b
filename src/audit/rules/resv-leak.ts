// the reservation lock is held on a return that should have given it back (P8).

import { type TypestateRule } from './rule.ts';
import { TOY } from './toy.ts';

export const rule: TypestateRule = {
  judge: 'typestate',
  header: {
    id: 'resv-leak',
    title: 'the reservation lock is held on a return that should have given it back',
    why: 'Whoever wants the buffer next waits for ever: a user, the exporter that moves it, reclaim.',
    obligation: 'P8',
    source: 'kernel-doc dma_resv_lock; SEMANTICS B19',
    confidence: 'high',
    falsePositives: 'A function that locks for its caller under a condition that its name does not tell.',
    broken: `${TOY}static int toy_map(struct toy *t)
{
	struct sg_table *sgt;

	dma_resv_lock(t->attach->dmabuf->resv, NULL);
	sgt = dma_buf_map_attachment(t->attach, DMA_BIDIRECTIONAL);
	if (IS_ERR(sgt))
		return PTR_ERR(sgt);
	t->sgt = sgt;
	dma_resv_unlock(t->attach->dmabuf->resv);
	return 0;
}
`,
    clean: `${TOY}static int toy_map(struct toy *t)
{
	struct sg_table *sgt;

	dma_resv_lock(t->attach->dmabuf->resv, NULL);
	sgt = dma_buf_map_attachment(t->attach, DMA_BIDIRECTIONAL);
	if (IS_ERR(sgt)) {
		dma_resv_unlock(t->attach->dmabuf->resv);
		return PTR_ERR(sgt);
	}
	t->sgt = sgt;
	dma_resv_unlock(t->attach->dmabuf->resv);
	return 0;
}
`,
  },
  tell: (breach) => (breach.is === 'leak' && breach.kind === 'resv' ? { at: breach.at, text: `${breach.error ? 'returns a failure' : 'returns'} with the reservation locked`, path: breach.path } : null),
};
