// one failing way out keeps the pin that the others undo (P5).

import { sureness, type TypestateRule } from './rule.ts';
import { TOY } from './toy.ts';

export const rule: TypestateRule = {
  judge: 'typestate',
  header: {
    id: 'early-return-keeps-pin',
    title: 'one failing way out keeps the pin that the others undo',
    why: 'The function undoes its pin where it fails, but not on this way. The buffer can then never move again.',
    obligation: 'P5',
    source: 'kernel-doc dma_buf_pin; SEMANTICS B8, B9',
    confidence: 'high',
    falsePositives: 'None known.',
    broken: `${TOY}static int toy_scanout(struct toy *t)
{
	int ret;

	dma_resv_lock(t->attach->dmabuf->resv, NULL);
	ret = dma_buf_pin(t->attach);
	if (ret)
		goto unlock;
	ret = toy_program(t);
	if (ret)
		goto unpin;
	ret = toy_start(t);
	if (ret)
		goto unlock;
	dma_resv_unlock(t->attach->dmabuf->resv);
	return 0;
unpin:
	dma_buf_unpin(t->attach);
unlock:
	dma_resv_unlock(t->attach->dmabuf->resv);
	return ret;
}
`,
    clean: `${TOY}static int toy_scanout(struct toy *t)
{
	int ret;

	dma_resv_lock(t->attach->dmabuf->resv, NULL);
	ret = dma_buf_pin(t->attach);
	if (ret)
		goto unlock;
	ret = toy_program(t);
	if (ret)
		goto unpin;
	ret = toy_start(t);
	if (ret)
		goto unpin;
	dma_resv_unlock(t->attach->dmabuf->resv);
	return 0;
unpin:
	dma_buf_unpin(t->attach);
unlock:
	dma_resv_unlock(t->attach->dmabuf->resv);
	return ret;
}
`,
  },
  tell: (breach) => {
    if (breach.is !== 'leak' || breach.kind !== 'pin' || !breach.error || breach.otherwise === null) return null;
    return { at: breach.at, text: `returns a failure without unpinning, as it does at line ${breach.otherwise.line}: ${breach.what}`, path: breach.path, ...sureness(breach) };
  },
};
