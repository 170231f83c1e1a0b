// a second reservation is locked without a ticket (P10).

import { type TypestateRule } from './rule.ts';
import { TOY } from './toy.ts';

export const rule: TypestateRule = {
  judge: 'typestate',
  header: {
    id: 'resv-nested-without-ticket',
    title: 'a second reservation is locked without a ticket',
    why: 'Two threads that lock the same two buffers the other way round wait for each other for ever; only a ticket resolves that.',
    obligation: 'P10',
    source: 'kernel-doc dma_resv_lock; SEMANTICS B19',
    confidence: 'medium',
    falsePositives: 'Two reservations whose order is fixed: one of them is known to nobody else.',
    broken: `${TOY}static void toy_copy(struct dma_buf *from, struct dma_buf *to)
{
	dma_resv_lock(from->resv, NULL);
	dma_resv_lock(to->resv, NULL);
	toy_copy_locked(from, to);
	dma_resv_unlock(to->resv);
	dma_resv_unlock(from->resv);
}
`,
    clean: `${TOY}static void toy_copy(struct dma_buf *from, struct dma_buf *to)
{
	dma_resv_lock(from->resv, NULL);
	toy_read_locked(from);
	dma_resv_unlock(from->resv);
	dma_resv_lock(to->resv, NULL);
	toy_write_locked(to);
	dma_resv_unlock(to->resv);
}
`,
  },
  tell: (breach) => (breach.is === 'nested' ? { at: breach.at, text: `locks ${breach.lock} while another reservation is held, without a ticket`, path: breach.path } : null),
};
