// the result of a call is tested the wrong way (P5).

import { type TypestateRule } from './rule.ts';
import { TOY } from './toy.ts';

export const rule: TypestateRule = {
  judge: 'typestate',
  header: {
    id: 'wrong-error-test',
    title: 'the result of a call is tested the wrong way',
    why: 'A failure passes the test, and an error pointer is used as if it were memory; or a success is taken for a failure.',
    obligation: 'P5',
    source: 'kernel-doc dma_buf_attach, dma_buf_map_attachment, dma_resv_wait_timeout; SEMANTICS B6, B10, B22',
    confidence: 'high',
    falsePositives: 'None known.',
    broken: `${TOY}static int toy_map(struct toy *t)
{
	struct sg_table *sgt = dma_buf_map_attachment_unlocked(t->attach, DMA_BIDIRECTIONAL);

	if (!sgt)
		return -ENOMEM;
	t->sgt = sgt;
	return 0;
}
`,
    clean: `${TOY}static int toy_map(struct toy *t)
{
	struct sg_table *sgt = dma_buf_map_attachment_unlocked(t->attach, DMA_BIDIRECTIONAL);

	if (IS_ERR(sgt))
		return PTR_ERR(sgt);
	t->sgt = sgt;
	return 0;
}
`,
  },
  tell: (breach) => {
    if (breach.is !== 'misread') return null;
    const { call, gives, test } = breach;
    const how = gives === 'positive' ? 'gives more than 0 where it went well, which is taken for a failure' : gives === 'NULL' ? `gives NULL where it fails, and ${test} asks for ERR_PTR()` : test === '' ? 'gives ERR_PTR() where it fails, which is used here' : `gives ERR_PTR() where it fails, and ${test} asks for NULL`;
    return { at: breach.at, text: `${call}() ${how}`, path: breach.path };
  },
};
