// the callbacks are run without the lock that protects the list of attachments (P8).

import { REVOKE, toyExporter } from './toy-exporter.ts';
import type { TypestateRule } from './rule.ts';

const LOCK = '\tdma_resv_lock(bar->dmabuf->resv, NULL);\n';

export const CALLS_BACK: ReadonlySet<string> = new Set(['dma_buf_invalidate_mappings', 'dma_buf_move_notify']);

export const rule: TypestateRule = {
  judge: 'typestate',
  header: {
    id: 'invalidate-without-lock',
    title: 'dma_buf_invalidate_mappings() is called without the reservation lock',
    why: 'It walks the list of attachments and runs the importers\' callbacks, which unmap under that lock. An importer may attach, detach or map meanwhile.',
    obligation: 'P8',
    source: 'kernel-doc dma_buf_invalidate_mappings; SEMANTICS B13, B28',
    confidence: 'high',
    falsePositives: 'A lock that is taken in a way that was not followed. A function whose caller holds the lock is not told.',
    broken: toyExporter({ revoke: REVOKE.replace(LOCK, '').replace('\tdma_resv_wait', `${LOCK}\tdma_resv_wait`), map: '\tif (READ_ONCE(bar->revoked))\n\t\treturn ERR_PTR(-ENODEV);\n' }),
    clean: toyExporter(),
  },
  tell: (breach) => (breach.is === 'lock' && breach.needs === 'held' && CALLS_BACK.has(breach.call) ? { at: breach.at, text: `${breach.call}() without the reservation lock: the list of attachments can change under it`, path: breach.path } : null),
};
