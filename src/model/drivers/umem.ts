// The RDMA umem helpers (SEMANTICS B25). Mirrors drivers/infiniband/core/umem_dmabuf.c.

import { errnoValue } from '../../protocol/errno.ts';
import type { Code } from '../code.ts';
import { constant, read, set } from '../system.ts';
import type { Attachment, Mapping, World } from '../world.ts';
import { dmaBufAttach, dmaBufDetach, dmaBufMap, dmaBufPin, dmaBufUnmap, dmaBufUnpin } from '../framework/dma-buf.ts';
import { waitResv } from '../framework/fences.ts';
import { lock, unlock } from '../framework/locks.ts';

/** B25.1: attached, nothing mapped. */
export function umemGet(w: World, c: Code, att: Attachment): void {
  c.call(`ib_umem_dmabuf_get(${att.name})`, 'inner', () => dmaBufAttach(w, c, att, true, true));
}

/** B25.2: map if not mapped, then always wait for KERNEL fences, uninterruptibly. */
export function umemMapPages(w: World, c: Code, map: Mapping): void {
  c.call(`ib_umem_dmabuf_map_pages(${map.name})`, true, () => {
    c.step('revoked or mapped?');
    c.branch(read(map.attachment.revoked), () => c.fail(errnoValue('EINVAL'), w.refused(map.attachment.importer, 'map', 'EINVAL')));
    c.branch(w.live(map), () => {}, () => {
      dmaBufMap(w, c, map);
      c.propagate();
    });
    waitResv(w, c, map.attachment.buffer, 'KERNEL');
  });
}

/** B25.3: a no-op when nothing is mapped. */
export function umemUnmapPages(w: World, c: Code, map: Mapping): void {
  c.call(`ib_umem_dmabuf_unmap_pages(${map.name})`, false, () => c.test('mapped?', w.live(map), () => dmaBufUnmap(w, c, map)));
}

/** B25.4 and B25.5: attach, lock, pin, map; the revocable one returns with the lock held. */
export function umemGetPinned(w: World, c: Code, map: Mapping, revocable: boolean): void {
  const att = map.attachment;
  const { resv } = att.buffer;
  const name = revocable ? 'ib_umem_dmabuf_get_pinned_revocable_and_lock' : 'ib_umem_dmabuf_get_pinned';
  c.call(`${name}(${map.name})`, 'inner', () => {
    dmaBufAttach(w, c, att, true, true);
    c.propagate();
    lock(w, c, resv);
    const giveUp = (): void => {
      umemRevokeLocked(w, c, map);
      unlock(w, c, resv);
      dmaBufDetach(w, c, att);
    };
    dmaBufPin(w, c, att);
    c.propagate(giveUp);
    umemMapPages(w, c, map);
    c.propagate(giveUp);
    if (!revocable) unlock(w, c, resv);
    c.act([set(c.result, constant(0))]);
  });
}

/** B25.6: the generic revoke under the lock: stop the hardware, unmap, unpin, once. */
export function umemRevokeLocked(w: World, c: Code, map: Mapping): void {
  c.call(`ib_umem_dmabuf_revoke_locked(${map.name})`, false, () => {
    const att = map.attachment;
    c.test('already revoked?', read(att.revoked), () => {}, () => {
      c.step('stop the hardware, keep the key reserved', { actions: [set(map.job, constant(0)), set(att.revoked, constant(1))], step: 'stop' });
      c.branch(w.live(map), () => dmaBufUnmap(w, c, map));
      c.branch(w.pinned(att), () => dmaBufUnpin(w, c, att));
    });
  });
}

export function umemRevoke(w: World, c: Code, map: Mapping): void {
  c.call(`ib_umem_dmabuf_revoke(${map.name})`, false, () => {
    lock(w, c, map.attachment.buffer.resv);
    umemRevokeLocked(w, c, map);
    unlock(w, c, map.attachment.buffer.resv);
  });
}

/** B25.7. */
export function umemRelease(w: World, c: Code, map: Mapping): void {
  c.call(`ib_umem_dmabuf_release(${map.name})`, false, () => {
    umemRevoke(w, c, map);
    dmaBufDetach(w, c, map.attachment);
  });
}

/** B27: iommufd attaches, pins and takes VFIO's physical range: nothing is counted. */
export function iommufdMap(w: World, c: Code, map: Mapping): void {
  const att = map.attachment;
  const { resv } = att.buffer;
  c.call(`iopt_map_dmabuf(${map.name})`, 'inner', () => {
    dmaBufAttach(w, c, att, true, true);
    c.propagate();
    lock(w, c, resv);
    dmaBufPin(w, c, att);
    c.propagate(() => { unlock(w, c, resv); dmaBufDetach(w, c, att); });
    if (att.buffer.exporter.driver === 'vfio_pci') dmaBufMap(w, c, map);
    else c.call('vfio_pci_dma_buf_iommufd_map', true, () => { c.step(''); c.fail(errnoValue('EOPNOTSUPP'), w.refused(att.importer, 'map', 'EOPNOTSUPP')); });
    c.propagate(() => { dmaBufUnpin(w, c, att); unlock(w, c, resv); dmaBufDetach(w, c, att); });
    unlock(w, c, resv);
    c.act([set(c.result, constant(0))]);
  });
}

/** The pin and the attachment stay until userspace unmaps, also after a revoke. */
export function iommufdUnmap(w: World, c: Code, map: Mapping): void {
  const { resv } = map.attachment.buffer;
  c.call(`iopt_unmap_dmabuf(${map.name})`, false, () => {
    lock(w, c, resv);
    c.branch(w.live(map), () => dmaBufUnmap(w, c, map));
    dmaBufUnpin(w, c, map.attachment);
    unlock(w, c, resv);
    dmaBufDetach(w, c, map.attachment);
  });
}
