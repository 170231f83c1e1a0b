// an importer that neither hears of a move nor prevents it (A8.5).

import { TOY } from './toy.ts';
import { toyMover } from './toy-exporter.ts';
import type { Found, PairsRule } from './rule.ts';

const importer = (pin: string): string => `${toyMover()}${TOY.slice(TOY.indexOf('struct toy'))}
static const struct dma_buf_attach_ops toy_attach_ops = {
	.allow_peer2peer = true,
};

int toy_import(struct toy *t)
{
	t->attach = dma_buf_dynamic_attach(t->dmabuf, t->dev, &toy_attach_ops, t);
	if (IS_ERR(t->attach))
		return PTR_ERR(t->attach);
	dma_resv_lock(t->dmabuf->resv, NULL);
${pin}	t->sgt = dma_buf_map_attachment(t->attach, DMA_BIDIRECTIONAL);
	if (IS_ERR(t->sgt))
		goto err_unpin;
	dma_resv_wait_timeout(t->dmabuf->resv, DMA_RESV_USAGE_KERNEL, false, MAX_SCHEDULE_TIMEOUT);
	dma_resv_unlock(t->dmabuf->resv);
	return 0;

err_unpin:
${pin === '' ? '' : '\tdma_buf_unpin(t->attach);\nerr:\n'}	dma_resv_unlock(t->dmabuf->resv);
	dma_buf_detach(t->dmabuf, t->attach);
	return -ENOMEM;
}
`;

export const rule: PairsRule = {
  judge: 'pairs',
  header: {
    id: 'no-pin-no-callback',
    title: 'an importer neither pins nor has a callback, and an exporter moves its memory',
    why: 'Importer operations without invalidate_mappings mean: "I cannot be told". Then the pin is all that keeps the memory in place. Without one the exporter moves it, and the importer\'s device goes on with a place that belongs to somebody else.',
    obligation: 'P11',
    source: 'kernel-doc dma_buf_attach_ops; SEMANTICS A8.5, C1, D2',
    confidence: 'high',
    falsePositives: 'A pin that is taken by a helper that was not followed.',
    broken: importer(''),
    clean: importer('\tif (dma_buf_pin(t->attach))\n\t\tgoto err;\n'),
  },
  find: (importers, exporters, pairs) => importers.flatMap((one): readonly Found[] => {
    if (one.attach !== 'dynamic' || one.callback !== null || one.pinsToMap || one.maps.length === 0) return [];
    const [worst] = pairs.filter(({ importer: id, verdict }) => id === one.id && (verdict === 'broken' || verdict === 'hangs'));
    const mover = exporters.find(({ id, moves }) => moves && id === worst?.exporter);
    if (worst === undefined || mover === undefined) return [];
    const at = { file: one.file, line: one.line, function: one.function };
    return [{
      at, text: `maps memory of ${mover.id} that moves, without a pin and without a callback`,
      path: [{ ...at, text: `attaches with ${one.ops ?? 'importer operations'} that have no callback` }, ...one.maps.slice(0, 1).map((place) => ({ ...place, text: 'maps, and has not pinned' })), { file: mover.file, line: mover.line, function: '', text: `${mover.ops}: its backing moves while nobody pins it: ${worst.why}` }],
    }];
  }),
};
