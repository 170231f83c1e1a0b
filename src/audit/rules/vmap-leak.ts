// A kernel mapping of a buffer is left behind (P5).

import { type TypestateRule } from './rule.ts';
import { TOY } from './toy.ts';

export const rule: TypestateRule = {
  judge: 'typestate',
  header: {
    id: 'vmap-leak',
    title: 'a kernel mapping of a buffer is left behind',
    why: 'The exporter must keep the buffer in place for as long as it is vmapped.',
    obligation: 'P5',
    source: 'kernel-doc dma_buf_vmap; SEMANTICS B18',
    confidence: 'medium',
    falsePositives: 'A success that gives no address, which the code takes for a failure.',
    broken: `${TOY}static int toy_read(struct toy *t, struct dma_buf *dmabuf)
{
	struct iosys_map map;
	int ret;

	ret = dma_buf_vmap_unlocked(dmabuf, &map);
	if (ret)
		return ret;
	ret = toy_copy(t, map.vaddr);
	if (ret)
		return ret;
	dma_buf_vunmap_unlocked(dmabuf, &map);
	return 0;
}
`,
    clean: `${TOY}static int toy_read(struct toy *t, struct dma_buf *dmabuf)
{
	struct iosys_map map;
	int ret;

	ret = dma_buf_vmap_unlocked(dmabuf, &map);
	if (ret)
		return ret;
	ret = toy_copy(t, map.vaddr);
	dma_buf_vunmap_unlocked(dmabuf, &map);
	return ret;
}
`,
  },
  tell: (breach) => (breach.is === 'leak' && breach.kind === 'vmap' ? { at: breach.at, text: `${breach.error ? 'returns a failure' : 'returns'} without vunmap: ${breach.what}`, path: breach.path } : null),
};
