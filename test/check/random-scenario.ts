// Random small scenarios as litmus text: an exporter, one or two importers built in or written out, a user with random calls,
// a revoke or a move, a random contract. Most make little sense; all must be judged alike by both checkers.

import fc from 'fast-check';
import { CONTRACT_KEYS } from '../../src/model/contract.ts';
import { EXPORTER_DRIVERS, IMPORTER_DRIVERS } from '../../src/model/drivers/importers.ts';

const IMPORTER_CALLS = [
  'dma_buf_dynamic_attach(att);', 'dma_resv_lock(bar);', 'dma_resv_unlock(bar);', 'dma_buf_map_attachment(map);', 'dma_buf_unmap_attachment(map);', 'dma_buf_pin(att);', 'dma_buf_unpin(att);',
  'dma_buf_detach(att);', 'submit_job(map, job);', 'dma_resv_reserve_fences(bar, 1);', 'dma_resv_add_fence(bar, job, BOOKKEEP);', 'dma_fence_wait(job);', 'dma_resv_wait_timeout(bar, KERNEL);',
  'if (live(map)) { stop_hw(map); }', 'ret = dma_buf_map_attachment_unlocked(map); if (ret) return ret;', 'queue_work(late);', 'flush_work(late);', 'choose { stop_hw(map); } or { free_private(att); }',
];
const CALLBACKS = ['', 'queue_work(late);', 'if (live(map)) dma_buf_unmap_attachment(map);', 'dma_fence_wait(job); if (live(map)) dma_buf_unmap_attachment(map);', 'stop_hw(map);', 'flush_work(late);', 'dma_resv_lock(bar);'];
const EXPORTER_CALLS: Readonly<Record<string, readonly string[]>> = {
  vfio_pci: ['vfio_pci_dma_buf_move(x, true);', 'device_off(x);', 'device_on(x);', 'vfio_pci_dma_buf_move(x, false);', 'reassign_address(bar);'],
  uverbs: ['uverbs_dmabuf_revoke(bar);', 'device_off(x);', 'free_storage(bar);'],
  ttm: ['ttm_bo_move(bar);', 'dma_buf_vmap_unlocked(bar);', 'ttm_bo_move(bar);'],
  static: ['recycle_storage(bar);', 'dma_resv_lock(bar); dma_buf_invalidate_mappings(bar); dma_resv_unlock(bar);', 'device_off(x);'],
};

const written = fc
  .record({ calls: fc.array(fc.constantFrom(...IMPORTER_CALLS), { minLength: 1, maxLength: 6 }), callback: fc.option(fc.constantFrom(...CALLBACKS)), user: fc.boolean(), inIoctl: fc.boolean() })
  .map(({ calls, callback, user, inIoctl }) => (name: string): string => `importer ${name} of bar {
  fence job by hardware;
  ${callback === null ? '' : `invalidate_mappings { ${callback} }`}
  work late { dma_resv_lock(bar); if (live(map)) dma_buf_unmap_attachment(map); dma_resv_unlock(bar); }
  thread app: ${user ? 'user' : 'kernel'} { ${inIoctl ? `ioctl DO { ${calls.join(' ')} }` : calls.join(' ').replace(/if \(ret\) return ret;/g, '')} }
}`);

const builtIn = fc
  .record({ driver: fc.constantFrom(...Object.keys(IMPORTER_DRIVERS)), options: fc.subarray(['speculates;', 'idle;', 'no_peer2peer;']), twins: fc.boolean() })
  .map(({ driver, options, twins }) => (name: string): string => `importer ${name}${twins && options.includes('idle;') ? '[2]' : ''}: ${driver} of bar { ${options.join(' ')} }`);

const contract = fc.subarray(Object.keys(CONTRACT_KEYS), { maxLength: 2 }).chain((keys) => fc.tuple(...keys.map((key) => fc.constantFrom(...CONTRACT_KEYS[key as keyof typeof CONTRACT_KEYS]).map((value) => `${key}=${value}`))));

/** Text of a scenario that parses and compiles. */
export const randomScenario: fc.Arbitrary<string> = fc
  .record({
    exporter: fc.constantFrom(...Object.keys(EXPORTER_DRIVERS)), importers: fc.array(fc.oneof(written, builtIn), { minLength: 1, maxLength: 2 }), contract, by: fc.constantFrom('user', 'kernel'),
    most: fc.integer({ min: 1, max: 5 }), holds: fc.option(fc.constantFrom('user', 'user timeout')),
  })
  .map(({ exporter, importers, contract: keys, by, most, holds }) => `litmus random
${keys.length === 0 ? '' : `contract ${keys.join(', ')}`}
exporter x: ${exporter};
buffer bar of x;
${holds === null ? '' : `fence foreign by ${holds};\nthread mallory: user { import_sync_file(bar, foreign); }`}
${importers.map((importer, i) => importer(`i${i}`)).join('\n')}
thread reset: ${by} { ${(EXPORTER_CALLS[exporter] ?? []).slice(0, most).join(' ')} }
`);
