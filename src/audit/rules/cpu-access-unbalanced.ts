// CPU access is begun and on one way not ended (P5).

import { type TypestateRule } from './rule.ts';
import { TOY } from './toy.ts';

export const rule: TypestateRule = {
  judge: 'typestate',
  header: {
    id: 'cpu-access-unbalanced',
    title: 'CPU access is begun and on one way not ended',
    why: 'Caches are not written back, and an exporter that counts never lets its memory go again.',
    obligation: 'P5',
    source: 'kernel-doc dma_buf_begin_cpu_access; SEMANTICS B16',
    confidence: 'high',
    falsePositives: 'A function that begins for its caller only where it fails.',
    broken: `${TOY}static int toy_fill(struct toy *t, struct dma_buf *dmabuf)
{
	int ret;

	ret = dma_buf_begin_cpu_access(dmabuf, DMA_TO_DEVICE);
	if (ret)
		return ret;
	ret = toy_copy(t);
	if (ret)
		return ret;
	dma_buf_end_cpu_access(dmabuf, DMA_TO_DEVICE);
	return 0;
}
`,
    clean: `${TOY}static int toy_fill(struct toy *t, struct dma_buf *dmabuf)
{
	int ret;

	ret = dma_buf_begin_cpu_access(dmabuf, DMA_TO_DEVICE);
	if (ret)
		return ret;
	ret = toy_copy(t);
	if (ret)
		goto end;
	dma_buf_end_cpu_access(dmabuf, DMA_TO_DEVICE);
	return 0;
end:
	dma_buf_end_cpu_access(dmabuf, DMA_TO_DEVICE);
	return ret;
}
`,
  },
  tell: (breach) => (breach.is === 'leak' && breach.kind === 'access' ? { at: breach.at, text: `${breach.error ? 'returns a failure' : 'returns'} without ending CPU access: ${breach.what}`, path: breach.path } : null),
};
