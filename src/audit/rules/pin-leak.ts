// a pin is kept where the function fails (P5).

import { sureness, type TypestateRule } from './rule.ts';
import { TOY } from './toy.ts';

export const rule: TypestateRule = {
  judge: 'typestate',
  header: {
    id: 'pin-leak',
    title: 'a pin is kept where the function fails',
    why: 'Who is told that it failed will not unpin. The buffer can then never move again, and the memory behind it is lost to everybody else.',
    obligation: 'P5',
    source: 'kernel-doc dma_buf_pin; SEMANTICS B8, B9',
    confidence: 'high',
    falsePositives: 'A caller that unpins also where the function failed. Where another way out of the function unpins, the rule is early-return-keeps-pin.',
    broken: `${TOY}static int toy_pin(struct toy *t)
{
	int ret;

	dma_resv_lock(t->attach->dmabuf->resv, NULL);
	ret = dma_buf_pin(t->attach);
	if (ret)
		goto unlock;
	ret = toy_program(t);
unlock:
	dma_resv_unlock(t->attach->dmabuf->resv);
	return ret;
}
`,
    clean: `${TOY}static int toy_pin(struct toy *t)
{
	int ret;

	dma_resv_lock(t->attach->dmabuf->resv, NULL);
	ret = dma_buf_pin(t->attach);
	if (ret)
		goto unlock;
	ret = toy_program(t);
	if (ret)
		dma_buf_unpin(t->attach);
unlock:
	dma_resv_unlock(t->attach->dmabuf->resv);
	return ret;
}
`,
  },
  tell: (breach) => {
    if (breach.is === 'kept' && breach.kind === 'pin') return { at: breach.at, text: `is never unpinned: no other function of its folder does, by itself or by a helper: ${breach.what}`, path: breach.path };
    if (breach.is !== 'leak' || breach.kind !== 'pin' || !breach.error || breach.otherwise !== null) return null;
    return { at: breach.at, text: `${breach.error ? 'returns a failure' : 'returns'} without unpinning: ${breach.what}`, path: breach.path, ...sureness(breach) };
  },
};
