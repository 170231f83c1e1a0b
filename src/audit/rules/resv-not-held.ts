// a call that needs the reservation lock is made without it (P8).

import { type TypestateRule } from './rule.ts';
import { TOY } from './toy.ts';

export const rule: TypestateRule = {
  judge: 'typestate',
  header: {
    id: 'resv-not-held',
    title: 'a call that needs the reservation lock is made without it',
    why: 'Map, unmap, pin and the list of attachments are protected by that lock alone: the callback can run at the same time.',
    obligation: 'P8',
    source: 'DOC: locking convention, drivers/dma-buf/dma-buf.c; SEMANTICS B28',
    confidence: 'high',
    falsePositives: 'A lock that is taken in a way that was not followed. A function whose caller holds the lock is not told.',
    broken: `${TOY}static void toy_close(struct toy *t)
{
	dma_buf_unmap_attachment(t->attach, t->sgt, DMA_BIDIRECTIONAL);
	dma_buf_detach(t->dmabuf, t->attach);
}
`,
    clean: `${TOY}static void toy_close(struct toy *t)
{
	dma_resv_lock(t->dmabuf->resv, NULL);
	dma_buf_unmap_attachment(t->attach, t->sgt, DMA_BIDIRECTIONAL);
	dma_resv_unlock(t->dmabuf->resv);
	dma_buf_detach(t->dmabuf, t->attach);
}
`,
  },
  tell: (breach) => {
    if (breach.is === 'lock' && breach.needs === 'held') return { at: breach.at, text: `${breach.call}() without the reservation lock`, path: breach.path };
    if (breach.is !== 'refused' || breach.kind !== 'resv') return null;
    return { at: breach.at, text: 'unlocks a reservation that is not locked', path: breach.path, ...(breach.state === 'perhaps taken by the caller' ? { confidence: 'medium' as const } : {}) };
  },
};
