// Built-in importers, one of each class of SEMANTICS A8: what they promise, their user's calls, their callback, their worker.
// A scenario may replace any of the three by its own code.

import type { Contract } from '../contract.ts';
import type { Code } from '../code.ts';
import { constant, set, when } from '../system.ts';

import type { Attachment, Fence, Mapping, Traits, Work, World } from '../world.ts';
import type { Usage } from '../../protocol/usage.ts';
import { dmaBufAttach, dmaBufDetach, dmaBufMap, dmaBufUnmap } from '../framework/dma-buf.ts';
import { stopHardware, submitJob } from '../framework/devices.ts';
import { addFence, reserve, waitFence, waitResv } from '../framework/fences.ts';
import { lock, unlock } from '../framework/locks.ts';
import { cancelWork, queueWork } from '../framework/work.ts';
import { iommufdMap, iommufdUnmap, umemGet, umemGetPinned, umemMapPages, umemRelease, umemRevokeLocked, umemUnmapPages } from './umem.ts';

/** What an importer's default code works with. */
export interface Parts {
  readonly name: string;
  readonly att: Attachment;
  readonly map: Mapping;
  readonly job: Fence | null;
  readonly usage: Usage;
  readonly worker: Work | null;
  readonly rounds: number;
  readonly works: boolean;
}

export interface ImporterDriver {
  readonly text: string;
  readonly semantics: string;
  traits(contract: Contract): Omit<Traits, 'speculates'>;
  /** Its jobs carry a fence. */
  readonly fenced: boolean;
  readonly deferred: boolean;
  readonly counted: boolean;
  app(w: World, c: Code, p: Parts): void;
  callback(w: World, c: Code, p: Parts): void;
}

const dynamic = (callback: Traits['callback'], level: Traits['level']): Omit<Traits, 'speculates'> => ({ dynamic: true, peer2peer: true, callback, level });

/** Attach, lock, map, wait KERNEL, submit with a fence, unlock; later wait, unmap, detach. */
function movableApp(w: World, c: Code, p: Parts): void {
  const b = p.att.buffer;
  c.group('IMPORT', () => {
    dmaBufAttach(w, c, p.att, p.att.traits.dynamic, true);
    c.propagate();
    lock(w, c, b.resv);
    dmaBufMap(w, c, p.map);
    c.propagate(() => unlock(w, c, b.resv));
    if (p.att.traits.dynamic) waitResv(w, c, b, 'KERNEL');
    if (p.works) {
      if (p.job !== null) reserve(w, c, b, 1);
      submitJob(w, c, p.map, p.job);
      if (p.job !== null) addFence(w, c, b, p.job, p.usage);
    }
    unlock(w, c, b.resv);
  });
  c.group('RELEASE', () => {
    if (p.worker !== null) cancelWork(w, c, p.worker);
    if (p.works && p.job === null) stopHardware(w, c, p.map);
    if (p.job !== null) waitFence(w, c, p.job, false);
    lock(w, c, b.resv);
    c.branch(w.live(p.map), () => dmaBufUnmap(w, c, p.map));
    unlock(w, c, b.resv);
    c.branch(w.listed(p.att), () => dmaBufDetach(w, c, p.att));
  });
}

const unmapIfLive = (w: World, c: Code, p: Parts): void => c.branch(w.live(p.map), () => dmaBufUnmap(w, c, p.map));

export const IMPORTER_DRIVERS = {
  static: {
    text: 'Attaches without ops: the core pins and waits for it; never notified, no peer to peer.', semantics: 'A8.1',
    traits: () => ({ dynamic: false, peer2peer: false, callback: 'none', level: 'unsupported' }),
    fenced: false, deferred: false, counted: true, app: movableApp, callback: () => {},
  },
  pinned: {
    text: 'RDMA memory region that pins and has no callback (or the stub, by STUB): unmapped when its user deregisters it.', semantics: 'A8.2',
    traits: (contract) => dynamic(contract.STUB === 'R0' ? 'none' : 'stub', 'unsupported'),
    fenced: false, deferred: false, counted: true,
    app(w, c, p) {
      c.group('REG_MR', () => {
        umemGetPinned(w, c, p.map, false);
        c.propagate();
        if (p.works) submitJob(w, c, p.map, null);
      });
      c.group('DEREG_MR', () => {
        if (p.works) stopHardware(w, c, p.map);
        c.branch(w.live(p.map), () => umemRelease(w, c, p.map));
      });
    },
    callback: () => {},
  },
  pinned_revocable: {
    text: 'RDMA memory region that pins and has the generic revoke as callback: stops the hardware, unmaps and unpins at once.', semantics: 'A8.3',
    traits: () => dynamic('real', 'revoking'),
    fenced: false, deferred: false, counted: true,
    app(w, c, p) {
      c.group('REG_MR', () => {
        umemGetPinned(w, c, p.map, true);
        c.propagate();
        if (p.works) submitJob(w, c, p.map, null);
        unlock(w, c, p.att.buffer.resv);
      });
      c.group('DEREG_MR', () => c.test('registered?', w.listed(p.att), () => umemRelease(w, c, p.map)));
    },
    callback: (w, c, p) => umemRevokeLocked(w, c, p.map),
  },
  odp: {
    text: 'On-demand paging: maps at a fault, unmaps at once in the callback, never pins.', semantics: 'A8.4',
    traits: () => dynamic('real', 'faulting'),
    fenced: false, deferred: false, counted: true,
    app(w, c, p) {
      const { resv } = p.att.buffer;
      c.group('REG_MR', () => {
        umemGet(w, c, p.att);
        c.propagate();
      });
      c.group('FAULT', () => c.test('registered?', w.listed(p.att), () => {
        lock(w, c, resv);
        umemMapPages(w, c, p.map);
        c.propagate(() => unlock(w, c, resv));
        if (p.works) submitJob(w, c, p.map, null);
        unlock(w, c, resv);
      }));
      c.group('DEREG_MR', () => c.test('registered?', w.listed(p.att), () => {
        lock(w, c, resv);
        stopHardware(w, c, p.map);
        umemUnmapPages(w, c, p.map);
        unlock(w, c, resv);
        dmaBufDetach(w, c, p.att);
      }));
    },
    callback(w, c, p) {
      stopHardware(w, c, p.map);
      umemUnmapPages(w, c, p.map);
    },
  },
  sync: {
    text: 'A movable importer with a fence a job, whose callback waits for its own fences and unmaps.', semantics: 'A8.4',
    traits: () => dynamic('real', 'faulting'),
    fenced: true, deferred: false, counted: true, app: movableApp,
    callback(w, c, p) {
      if (p.works && p.job === null) stopHardware(w, c, p.map);
      if (p.job !== null) waitFence(w, c, p.job, false);
      unmapIfLive(w, c, p);
    },
  },
  deferred: {
    text: 'A movable importer with a fence a job, whose callback leaves the unmap to a kernel worker.', semantics: 'A8.4, D1/V4',
    traits: () => dynamic('real', 'faulting'),
    fenced: true, deferred: true, counted: true, app: movableApp,
    callback(w, c, p) {
      if (p.worker !== null) queueWork(w, c, p.worker);
    },
  },
  user: {
    text: 'A movable importer whose callback only marks the mapping stale: it unmaps at its user\'s next call.', semantics: 'A8.4, E7',
    traits: () => dynamic('real', 'faulting'),
    fenced: true, deferred: false, counted: true, app: movableApp,
    callback: (_w, c) => c.step('mark the mapping stale'),
  },
  hole: {
    text: 'Dynamic, without callback and without pin: nothing protects it.', semantics: 'A8.5',
    traits: () => dynamic('none', 'unsupported'),
    fenced: false, deferred: false, counted: true, app: movableApp, callback: () => {},
  },
  iommufd: {
    text: 'iommufd: pins, takes VFIO\'s physical range instead of a mapping, unmaps its domains in the callback, keeps the pin.', semantics: 'A8.3, B27',
    traits: () => dynamic('real', 'revoking'),
    fenced: false, deferred: false, counted: false,
    app(w, c, p) {
      c.group('IOMMU_IOAS_MAP_FILE', () => {
        iommufdMap(w, c, p.map);
        c.propagate();
        // under pages->mutex, and not for a range that was revoked meanwhile
        if (p.works) c.step('iopt_area_fill_domains()', { actions: [when(w.live(p.map), [set(p.map.job, constant(1))])], step: 'submit' });
      });
      c.group('IOMMU_IOAS_UNMAP', () => c.test('mapped?', w.listed(p.att), () => {
        stopHardware(w, c, p.map);
        iommufdUnmap(w, c, p.map);
      }));
    },
    callback(w, c, p) {
      // pages->mutex: the domains are unmapped in one go
      c.branch(w.live(p.map), () => {
        dmaBufUnmap(w, c, p.map);
        c.act([set(p.map.job, constant(0))]);
      });
    },
  },
} as const satisfies Readonly<Record<string, ImporterDriver>>;

export type ImporterDriverName = keyof typeof IMPORTER_DRIVERS;

export const isImporterDriver = (name: string): name is ImporterDriverName => Object.hasOwn(IMPORTER_DRIVERS, name);

/** The worker of a deferring importer: under the lock it waits for its own fence and unmaps what is stale. */
export function unmapWorker(w: World, c: Code, p: Omit<Parts, 'worker'>): void {
  lock(w, c, p.att.buffer.resv);
  c.branch(w.stale(p.map), () => {
    if (p.job !== null) waitFence(w, c, p.job, false);
    dmaBufUnmap(w, c, p.map);
  });
  unlock(w, c, p.att.buffer.resv);
}

/** Exporters that the model knows, for `list` and the litmus checker. */
export const EXPORTER_DRIVERS = {
  vfio_pci: { text: 'VFIO PCI: revokes and restores; refuses in attach what it cannot revoke.', semantics: 'A7.3, C4' },
  uverbs: { text: 'RDMA device memory: a pin that always fails; revoked once, for good.', semantics: 'A7.4' },
  ttm: { text: 'A mover: pins, calls back before a move, waits only for fences.', semantics: 'A7.2, C3' },
  static: { text: 'Memory that never moves by itself; no pin.', semantics: 'A7.1' },
} as const;

export const isExporterDriver = (name: string): name is keyof typeof EXPORTER_DRIVERS => Object.hasOwn(EXPORTER_DRIVERS, name);

