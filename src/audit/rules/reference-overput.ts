// a reference is put more often than it was taken (P5).

import { type TypestateRule } from './rule.ts';
import { TOY } from './toy.ts';

export const rule: TypestateRule = {
  judge: 'typestate',
  header: {
    id: 'reference-overput',
    title: 'a reference is put more often than it was taken',
    why: 'The buffer, or the fence, is freed while somebody still uses it.',
    obligation: 'P5',
    source: 'dma_buf_put, dma_fence_put; SEMANTICS B4, A6',
    confidence: 'high',
    falsePositives: 'A second reference that was taken in a way that was not followed.',
    broken: `${TOY}static int toy_open(struct toy *t, int fd)
{
	struct dma_buf *dmabuf = dma_buf_get(fd);
	int ret;

	if (IS_ERR(dmabuf))
		return PTR_ERR(dmabuf);
	ret = toy_program(t);
	if (ret) {
		dma_buf_put(dmabuf);
		goto put;
	}
	t->dmabuf = dmabuf;
	return 0;
put:
	dma_buf_put(dmabuf);
	return ret;
}
`,
    clean: `${TOY}static int toy_open(struct toy *t, int fd)
{
	struct dma_buf *dmabuf = dma_buf_get(fd);
	int ret;

	if (IS_ERR(dmabuf))
		return PTR_ERR(dmabuf);
	ret = toy_program(t);
	if (ret) {
		goto put;
	}
	t->dmabuf = dmabuf;
	return 0;
put:
	dma_buf_put(dmabuf);
	return ret;
}
`,
  },
  tell: (breach) => {
    if (breach.is !== 'refused' || !['reference', 'fence', 'vmap', 'pin'].includes(breach.kind) || breach.event === 'detach' || breach.state === 'mapped') return null;
    return { at: breach.at, text: `gives back what is not held any more: ${breach.what}`, path: breach.path, ...(breach.kind === 'fence' ? { confidence: 'medium' as const } : {}) };
  },
};
