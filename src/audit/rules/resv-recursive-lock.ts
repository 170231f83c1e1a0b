// a call that takes the reservation lock is made with it held (P8).

import type { PathStep } from '../../results/finding.ts';
import type { TypestateRule } from './rule.ts';
import { TOY } from './toy.ts';

/** Of an importer's callback callback-takes-resv speaks. */
const isCallback = (path: readonly PathStep[]): boolean => path.some(({ text }) => /^(?:invalidate_mappings|move_notify)\(\) is called/.test(text));

export const rule: TypestateRule = {
  judge: 'typestate',
  header: {
    id: 'resv-recursive-lock',
    title: 'a call that takes the reservation lock is made with it held',
    why: 'The thread waits for itself, uninterruptibly, and everybody who wants the buffer waits with it.',
    obligation: 'P8',
    source: 'DOC: locking convention, drivers/dma-buf/dma-buf.c; SEMANTICS B12, B28',
    confidence: 'high',
    falsePositives: 'Two buffers that share one name in the function.',
    broken: `${TOY}static int toy_map(struct toy *t)
{
	int ret = 0;

	dma_resv_lock(t->attach->dmabuf->resv, NULL);
	t->sgt = dma_buf_map_attachment_unlocked(t->attach, DMA_BIDIRECTIONAL);
	if (IS_ERR(t->sgt))
		ret = PTR_ERR(t->sgt);
	dma_resv_unlock(t->attach->dmabuf->resv);
	return ret;
}
`,
    clean: `${TOY}static int toy_map(struct toy *t)
{
	int ret = 0;

	dma_resv_lock(t->attach->dmabuf->resv, NULL);
	t->sgt = dma_buf_map_attachment(t->attach, DMA_BIDIRECTIONAL);
	if (IS_ERR(t->sgt))
		ret = PTR_ERR(t->sgt);
	dma_resv_unlock(t->attach->dmabuf->resv);
	return ret;
}
`,
  },
  tell: (breach) => (breach.is === 'lock' && breach.needs === 'free' && !isCallback(breach.path) ? { at: breach.at, text: `${breach.call}() with the reservation lock held`, path: breach.path } : null),
};
