// a pin through an attachment that is pinned by mapping it (B8).

import { placeOfSite } from '../tree-view.ts';
import { TOY } from './toy.ts';
import type { ImporterRule } from './rule.ts';

const importer = (pin: string, unpin: string): string => `${TOY}
int toy_import(struct toy *t)
{
	t->attach = dma_buf_attach(t->dmabuf, t->dev);
	if (IS_ERR(t->attach))
		return PTR_ERR(t->attach);
	dma_resv_lock(t->dmabuf->resv, NULL);
${pin}	t->sgt = dma_buf_map_attachment(t->attach, DMA_BIDIRECTIONAL);
	if (IS_ERR(t->sgt))
		goto err;
	dma_resv_unlock(t->dmabuf->resv);
	return 0;

err:
${unpin}	dma_resv_unlock(t->dmabuf->resv);
	dma_buf_detach(t->dmabuf, t->attach);
	return -ENOMEM;
}
`;

export const rule: ImporterRule = {
  judge: 'importer',
  header: {
    id: 'pin-on-static',
    title: 'a static importer pins by itself',
    why: 'dma_buf_pin() is for dynamic attachments and warns of any other. The core pins a static one when it is mapped, and unpins it with the unmap: a pin of its own is one too many, or never given back.',
    obligation: 'P5',
    source: 'dma_buf_pin; SEMANTICS B8, B10.2',
    confidence: 'high',
    falsePositives: 'Set-up that attaches in two ways and pins on one of them.',
    broken: importer('\tif (dma_buf_pin(t->attach)) {\n\t\tdma_resv_unlock(t->dmabuf->resv);\n\t\tdma_buf_detach(t->dmabuf, t->attach);\n\t\treturn -EBUSY;\n\t}\n', '\tdma_buf_unpin(t->attach);\n'),
    clean: importer('', '').replace('\tdma_buf_unpin(t->attach);\n', ''),
  },
  find: (view, profile) => {
    const { file, line, function: name } = profile;
    // Where a file attaches in both ways, the pin is the other one's.
    if (profile.attach !== 'static' || view.filesWith('dma_buf_dynamic_attach').includes(file)) return [];
    return view.callSites('dma_buf_pin').filter((one) => one.file === file).map((one) => ({
      at: placeOfSite(one), text: 'pins through a static attachment: the core warns, and pins by itself when it maps', path: [{ file, line, function: name, text: 'attaches without importer operations' }],
    }));
  },
};
