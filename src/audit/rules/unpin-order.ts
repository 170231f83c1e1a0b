// the pin is dropped before the mapping that relies on it (P5).

import { type TypestateRule } from './rule.ts';
import { TOY } from './toy.ts';

export const rule: TypestateRule = {
  judge: 'typestate',
  header: {
    id: 'unpin-order',
    title: 'the pin is dropped before the mapping that relies on it',
    why: 'Between unpin and unmap the buffer may move while the device still reads the old place.',
    obligation: 'P5',
    source: 'kernel-doc dma_buf_unpin; SEMANTICS B9',
    confidence: 'medium',
    falsePositives: 'An importer with a callback does not rely on its pin while it is mapped.',
    broken: `${TOY}static void toy_close(struct toy *t)
{
	dma_resv_lock(t->dmabuf->resv, NULL);
	dma_buf_unpin(t->attach);
	dma_buf_unmap_attachment(t->attach, t->sgt, DMA_BIDIRECTIONAL);
	dma_resv_unlock(t->dmabuf->resv);
	dma_buf_detach(t->dmabuf, t->attach);
}
`,
    clean: `${TOY}static void toy_close(struct toy *t)
{
	dma_resv_lock(t->dmabuf->resv, NULL);
	dma_buf_unmap_attachment(t->attach, t->sgt, DMA_BIDIRECTIONAL);
	dma_buf_unpin(t->attach);
	dma_resv_unlock(t->dmabuf->resv);
	dma_buf_detach(t->dmabuf, t->attach);
}
`,
  },
  tell: (breach) => (breach.is === 'refused' && breach.kind === 'pin' && breach.state === 'mapped' ? { at: breach.at, text: `unpins before it unmaps: ${breach.what}`, path: breach.path } : null),
};
