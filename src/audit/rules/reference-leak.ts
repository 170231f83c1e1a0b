// a reference to a buffer or a fence is left behind on a return (P5).

import { sureness, type TypestateRule } from './rule.ts';
import { TOY } from './toy.ts';

export const rule: TypestateRule = {
  judge: 'typestate',
  header: {
    id: 'reference-leak',
    title: 'a reference to a buffer or a fence is left behind on a return',
    why: 'The buffer is never released, nor its memory; of a fence, its driver can never be unloaded.',
    obligation: 'P5',
    source: 'kernel-doc dma_buf_get, dma_fence_get; SEMANTICS B3, B4, A6',
    confidence: 'high',
    falsePositives: 'A callee that takes the reference over. References that were taken with dma_fence_get() of a fence that was there before are of medium confidence.',
    broken: `${TOY}static int toy_open(struct toy *t, int fd)
{
	struct dma_buf *dmabuf = dma_buf_get(fd);

	if (IS_ERR(dmabuf))
		return PTR_ERR(dmabuf);
	if (dmabuf->size < t->size)
		return -EINVAL;
	t->dmabuf = dmabuf;
	return 0;
}
`,
    clean: `${TOY}static int toy_open(struct toy *t, int fd)
{
	struct dma_buf *dmabuf = dma_buf_get(fd);

	if (IS_ERR(dmabuf))
		return PTR_ERR(dmabuf);
	if (dmabuf->size < t->size) {
		dma_buf_put(dmabuf);
		return -EINVAL;
	}
	t->dmabuf = dmabuf;
	return 0;
}
`,
  },
  tell: (breach) => {
    if (breach.is === 'kept' && breach.kind === 'reference') return { at: breach.at, text: `is never put: no other function of its folder does, by itself or by a helper: ${breach.what}`, path: breach.path };
    if (breach.is !== 'leak' || (breach.kind !== 'reference' && breach.kind !== 'fence')) return null;
    const text = `${breach.error ? 'returns a failure' : 'returns'} without putting the ${breach.kind === 'fence' ? 'fence' : 'buffer'}: ${breach.what}`;
    // How often a fence is held that was there before is known less well.
    const isOwn = breach.kind === 'reference' || (breach.kind === 'fence' && !/^dma_fence_get\(/.test(breach.what));
    return { at: breach.at, text, path: breach.path, ...(isOwn ? sureness(breach) : { confidence: 'medium' as const }) };
  },
};
