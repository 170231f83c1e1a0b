// The RDMA (uverbs) exporter of device memory (SEMANTICS A7.4, A10): a pin that always fails, one revoke, for good.

import type { Code } from '../code.ts';
import type { Buffer, World } from '../world.ts';
import { revokeBuffer } from './vfio.ts';

/** The same sequence as VFIO's for one buffer; never restored. */
export function uverbsRevoke(w: World, c: Code, b: Buffer): void {
  c.call(`uverbs_dmabuf_revoke(${b.name})`, false, () => c.test('already revoked?', w.revoked(b), () => {}, () => revokeBuffer(w, c, b)));
}
