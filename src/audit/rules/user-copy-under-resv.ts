// User memory is touched with the reservation lock held (P10).

import { type TypestateRule } from './rule.ts';
import { TOY } from './toy.ts';

export const rule: TypestateRule = {
  judge: 'typestate',
  header: {
    id: 'user-copy-under-resv',
    title: 'user memory is touched with the reservation lock held',
    why: 'A page fault may need the same lock: the BAR of an exporter is faulted in under it, and reclaim takes it as well.',
    obligation: 'P10',
    source: 'dma_resv_lockdep; SEMANTICS B28, E8',
    confidence: 'high',
    falsePositives: 'Memory that is known to be resident.',
    broken: `${TOY}static int toy_read(struct toy *t, void __user *to)
{
	struct toy_state state;
	int ret = 0;

	dma_resv_lock(t->dmabuf->resv, NULL);
	toy_fill(t, &state);
	if (copy_to_user(to, &state, sizeof(state)))
		ret = -EFAULT;
	dma_resv_unlock(t->dmabuf->resv);
	return ret;
}
`,
    clean: `${TOY}static int toy_read(struct toy *t, void __user *to)
{
	struct toy_state state;
	int ret = 0;

	dma_resv_lock(t->dmabuf->resv, NULL);
	toy_fill(t, &state);
	dma_resv_unlock(t->dmabuf->resv);
	if (copy_to_user(to, &state, sizeof(state)))
		ret = -EFAULT;
	return ret;
}
`,
  },
  tell: (breach) => (breach.is === 'under-resv' ? { at: breach.at, text: `${breach.call}() with the reservation locked`, path: breach.path } : null),
};
