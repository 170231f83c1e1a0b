// A fence is added to a reservation without a reserved slot (P9).

import { type TypestateRule } from './rule.ts';
import { TOY } from './toy.ts';

export const rule: TypestateRule = {
  judge: 'typestate',
  header: {
    id: 'fence-slot-missing',
    title: 'a fence is added to a reservation without a reserved slot',
    why: 'Adding cannot fail and has no room: a NULL dereference, a BUG, or silence and a lost fence.',
    obligation: 'P9',
    source: 'kernel-doc dma_resv_reserve_fences; SEMANTICS B20, B21',
    confidence: 'high',
    falsePositives: 'A slot that a lock helper of another layer reserves.',
    broken: `${TOY}static int toy_submit(struct toy *t, struct dma_fence *fence)
{
	int ret;

	dma_resv_lock(t->dmabuf->resv, NULL);
	ret = 0;
	dma_resv_add_fence(t->dmabuf->resv, fence, DMA_RESV_USAGE_WRITE);
	dma_resv_unlock(t->dmabuf->resv);
	return ret;
}
`,
    clean: `${TOY}static int toy_submit(struct toy *t, struct dma_fence *fence)
{
	int ret;

	dma_resv_lock(t->dmabuf->resv, NULL);
	ret = dma_resv_reserve_fences(t->dmabuf->resv, 1);
	if (ret)
		goto unlock;
	dma_resv_add_fence(t->dmabuf->resv, fence, DMA_RESV_USAGE_WRITE);
unlock:
	dma_resv_unlock(t->dmabuf->resv);
	return ret;
}
`,
  },
  tell: (breach) => (breach.is === 'slot' ? { at: breach.at, text: 'adds a fence without a reserved slot', path: breach.path } : null),
};
