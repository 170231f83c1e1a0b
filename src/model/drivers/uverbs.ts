// The RDMA (uverbs) exporter of device memory (SEMANTICS A7.4, A10): a pin that always fails, one revoke, for good.

import type { Code } from '../code.ts';
import { constant, equal, not, or, read, set, when } from '../system.ts';
import { lock, unlock } from '../framework/locks.ts';
import type { Buffer, World } from '../world.ts';
import { revokeBuffer } from './vfio.ts';

/** dmabufs_lock is held over test, revoke and waits. The same sequence as VFIO's for one buffer; never restored. */
export function uverbsRevoke(w: World, c: Code, b: Buffer): void {
  const { lock: dmabufs } = b.exporter;
  c.call(`uverbs_dmabuf_revoke(${b.name})`, false, () => {
    lock(w, c, dmabufs);
    const skip = or(w.revoked(b), equal(read(b.references), constant(0)));
    c.test('already revoked?', skip, () => {}, () => {
      revokeBuffer(w, c, b);
      c.act([set(b.busy, constant(0))]);
    }, { actions: [when(not(skip), [set(b.busy, constant(1))])] });
    unlock(w, c, dmabufs);
  });
}
