// the failure of a pin, a map, an attach or a lock is ignored (P5).

import { type TypestateRule } from './rule.ts';
import { TOY } from './toy.ts';

export const rule: TypestateRule = {
  judge: 'typestate',
  header: {
    id: 'error-swallowed',
    title: 'the failure of a pin, a map, an attach or a lock is ignored',
    why: 'The function goes on as if it had the pin, the mapping or the lock; what follows works on nothing.',
    obligation: 'P5',
    source: 'kernel-doc dma_buf_pin, dma_buf_map_attachment; SEMANTICS B8, B10, B19',
    confidence: 'high',
    falsePositives: 'A call that cannot fail for reasons that the code does not show.',
    broken: `${TOY}static int toy_pin(struct toy *t)
{
	int ret = 0;

	dma_resv_lock(t->attach->dmabuf->resv, NULL);
	dma_buf_pin(t->attach);
	dma_resv_unlock(t->attach->dmabuf->resv);
	return ret;
}
`,
    clean: `${TOY}static int toy_pin(struct toy *t)
{
	int ret = 0;

	dma_resv_lock(t->attach->dmabuf->resv, NULL);
	ret = dma_buf_pin(t->attach);
	dma_resv_unlock(t->attach->dmabuf->resv);
	return ret;
}
`,
  },
  tell: (breach) => (breach.is === 'unread' ? { at: breach.at, text: `the failure of ${breach.call}() is not looked at`, path: breach.path } : null),
};
