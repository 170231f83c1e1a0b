// An audit made by hand, small enough to check a report by eye: every verdict, refusals with one and with several reasons, groups of both sides.

import type { AuditResult, Behaviour, ExporterProfile, ImporterProfile, Pair, PairStory, Place } from '../../src/results/audit.ts';
import { broken } from './samples.ts';

const place = (file: string, line: number, fn: string): Place => ({ file, line, function: fn });

function importer(id: string, at: Place, more: Partial<ImporterProfile> = {}): ImporterProfile {
  return {
    id, ...at, attach: 'static', ops: null, peer2peer: false, callback: null, promisesNothing: false, pins: false, pinsToMap: false, class: 'static', unmaps: null, guards: [], maps: [], unmapSites: [], users: [], helpers: [],
    unpinsInCallback: false, waitsInCallback: [], addsInCallback: [], addsFences: false, mapsAgain: false, privateFields: [], marked: null, onlyExporters: null, behaviour: null, works: [],
    evidence: [], assumptions: [], ...more,
  };
}

const dynamic = (ops: string, callback: string | null, more: Partial<ImporterProfile>): Partial<ImporterProfile> => ({ attach: 'dynamic', ops, peer2peer: true, callback, class: 'movable', ...more });

const XE = 'drivers/gpu/drm/xe/xe_bo.c';
const leaves: Behaviour = { kind: 'end', returns: '' };
const xeMove: Behaviour = {
  kind: 'branch', test: { is: 'unknown', text: 'device_unplugged' }, at: place(XE, 858, 'xe_bo_move_dmabuf'),
  yes: { kind: 'act', act: { do: 'unmap', unlocked: false }, at: place(XE, 862, 'xe_bo_move_dmabuf'), next: leaves }, no: leaves,
};

const camera = importer('videobuf2-dma-sg', place('drivers/media/common/videobuf2/videobuf2-dma-sg.c', 636, 'vb2_dma_sg_attach_dmabuf'), { users: ['drivers/media/pci/cx88', 'drivers/media/platform/ti'] });
const fastrpc = importer('fastrpc', place('drivers/misc/fastrpc.c', 798, 'fastrpc_map_attach'));
const efa = importer('umem/efa', place('drivers/infiniband/core/umem_dmabuf.c', 158, 'ib_umem_dmabuf_get_with_dma_device'), dynamic('ib_umem_dmabuf_attach_pinned_ops', null, { class: 'pinned', pins: true, pinsToMap: true }));
const irdma = importer('umem/irdma', place('drivers/infiniband/core/umem_dmabuf.c', 158, 'ib_umem_dmabuf_get_with_dma_device'), dynamic('ib_umem_dmabuf_attach_pinned_revocable_ops', 'ib_umem_dmabuf_revoke_locked', { class: 'pinned-revocable', pins: true, pinsToMap: true, unmaps: 'sync', unpinsInCallback: true }));
const amdgpu = importer('amdgpu', place('drivers/gpu/drm/amd/amdgpu/amdgpu_dma_buf.c', 512, 'amdgpu_gem_prime_import'), dynamic('amdgpu_dma_buf_attach_ops', 'amdgpu_dma_buf_move_notify', { unmaps: 'deferred', addsFences: true, mapsAgain: true }));
const xe = importer('xe', place('drivers/gpu/drm/xe/xe_dma_buf.c', 385, 'xe_gem_prime_import'), dynamic('xe_dma_buf_attach_ops', 'xe_dma_buf_move_notify', {
  unmaps: 'conditional',
  guards: [
    { ...place(XE, 858, 'xe_bo_move_dmabuf'), text: 'device_unplugged', decided: null, side: true },
    { ...place(XE, 859, 'xe_bo_move_dmabuf'), text: 'ttm_bo->sg', decided: 'true whenever mapped: stored from dma_buf_map_attachment()', side: true },
  ],
  maps: [place(XE, 874, 'xe_bo_move_dmabuf')], unmapSites: [place(XE, 862, 'xe_bo_move_dmabuf')], behaviour: xeMove,
  evidence: [{ ...place(XE, 862, 'xe_bo_move_dmabuf'), fact: 'unmap', text: 'dma_buf_unmap_attachment()' }],
  privateFields: [{ field: 'bo', set: 'after-attach', at: place('drivers/gpu/drm/xe/xe_dma_buf.c', 401, 'xe_gem_prime_import') }],
}));
const lazy = importer('lazy', place('drivers/misc/lazy.c', 40, 'lazy_import'), dynamic('lazy_ops', 'lazy_invalidate', { unmaps: 'user' }));
const careless = importer('careless', place('drivers/misc/careless.c', 40, 'careless_import'), dynamic('careless_ops', 'careless_invalidate', { unmaps: 'never', class: 'unprotected' }));

function exporter(id: string, file: string, line: number, ops: string, more: Partial<ExporterProfile> = {}): ExporterProfile {
  return {
    id, file, line, ops, has: ['map_dma_buf', 'unmap_dma_buf', 'release'], users: [], refuses: [], downgrades: [], invalidates: [], revokedFirst: null, waitsFences: null, waitsUnmap: null,
    locksHeld: [], ownReference: null, moves: false, unrevokes: null, pinsInAttach: false, marked: null, attachBehaviour: null, pinBehaviour: null, mapBehaviour: null, unmapBehaviour: null, revokes: [], works: [],
    evidence: [], assumptions: [], ...more,
  };
}

const VFIO = 'drivers/vfio/pci/vfio_pci_dmabuf.c';
const vfio = exporter('vfio_pci', VFIO, 120, 'vfio_pci_dmabuf_ops', {
  has: ['attach', 'map_dma_buf', 'unmap_dma_buf', 'release'],
  refuses: [
    { ...place(VFIO, 31, 'vfio_pci_dma_buf_attach'), at: 'attach', when: '!attachment->peer2peer', errno: 'EOPNOTSUPP' },
    { ...place(VFIO, 37, 'vfio_pci_dma_buf_attach'), at: 'attach', when: '!dma_buf_attach_revocable(attachment)', errno: 'EOPNOTSUPP' },
    { ...place(VFIO, 52, 'vfio_pci_dma_buf_map'), at: 'map', when: 'priv->revoked', errno: 'ENODEV' },
  ],
  invalidates: [place(VFIO, 340, 'vfio_pci_dma_buf_move')], revokedFirst: 'revoked', waitsFences: 'BOOKKEEP', waitsUnmap: 'forever', locksHeld: ['memory_lock'],
  unrevokes: place(VFIO, 372, 'vfio_pci_dma_buf_move'),
  evidence: [{ ...place(VFIO, 358, 'vfio_pci_dma_buf_move'), fact: 'wait', text: 'wait_for_completion()' }],
});
const vram = exporter('amdgpu', 'drivers/gpu/drm/amd/amdgpu/amdgpu_dma_buf.c', 404, 'amdgpu_dmabuf_ops', {
  has: ['attach', 'pin', 'unpin', 'map_dma_buf', 'unmap_dma_buf', 'release'], moves: true, invalidates: [place('drivers/gpu/drm/amd/amdgpu/amdgpu_object.c', 1330, 'amdgpu_bo_move_notify')],
});
const heap = exporter('system_heap', 'drivers/dma-buf/heaps/system_heap.c', 338, 'system_heap_buf_ops');
const udmabuf = exporter('udmabuf', 'drivers/dma-buf/udmabuf.c', 251, 'udmabuf_ops');

const says = (left: ExporterProfile, right: ImporterProfile, more: Partial<Pair> & Pick<Pair, 'verdict' | 'why'>): Pair => ({ exporter: left.id, importer: right.id, at: null, errno: null, obligation: null, ...more });
const noPeer = { verdict: 'refused', at: 'attach', errno: 'EOPNOTSUPP', why: `attach gives -EOPNOTSUPP: !attachment->peer2peer (${VFIO}:31)` } as const;
const noCallback = { verdict: 'refused', at: 'attach', errno: 'EOPNOTSUPP', why: `attach gives -EOPNOTSUPP: !dma_buf_attach_revocable(attachment) (${VFIO}:37)` } as const;
const fine = { verdict: 'holds', why: 'every run ends well' } as const;
const still = { verdict: 'holds', why: 'nothing is taken back' } as const;
const open = { verdict: 'undecided', obligation: 'P6', why: `decides: device_unplugged at ${XE}:858` } as const;
const stuck = { verdict: 'hangs', obligation: 'P6', why: 'hang: revoke waits for the unmap of buf, which importer.app owes' } as const;

export const importers: readonly ImporterProfile[] = [camera, fastrpc, efa, irdma, amdgpu, xe, lazy, careless];
export const exporters: readonly ExporterProfile[] = [heap, vfio, vram, udmabuf];
export const pairs: readonly Pair[] = [
  ...[heap, udmabuf].flatMap((one) => importers.map((other) => says(one, other, still))),
  says(vfio, camera, noPeer), says(vfio, fastrpc, noPeer), says(vfio, efa, noCallback), says(vfio, irdma, fine), says(vfio, amdgpu, fine), says(vfio, xe, open), says(vfio, lazy, stuck), says(vfio, careless, stuck),
  says(vram, camera, fine), says(vram, fastrpc, fine), says(vram, efa, fine), says(vram, irdma, fine), says(vram, amdgpu, fine), says(vram, xe, open), says(vram, lazy, fine),
  says(vram, careless, { verdict: 'broken', obligation: 'N3', why: 'N3: The device accesses memory that was given to somebody else.' }),
];

export const sample: AuditResult = {
  tree: { version: '7.3', contract: 'invalidate_mappings' }, importers, exporters, pairs,
  references: [{ ...place('drivers/gpu/drm/tiny/gud.c', 12, 'gud_flush'), how: 'vmap' }],
  ledger: [{ ...place('drivers/misc/lazy.c', 71, 'lazy_invalidate'), reason: 'call through lazy->ops->notify, which was not resolved' }, { ...place('drivers/odd.c', 0, ''), reason: 'not read: its name is not UTF-8' }],
  coverage: { functions: 31, withParseError: 1 },
};

export const story: PairStory = {
  pair: says(vfio, xe, open), importer: xe, exporter: vfio, result: { ...broken, verdict: 'undecided', outcome: `undecided (${XE}:858)` },
  scenario: `"vfio_pci and xe"\nthread revoke: kernel {\n  dma_buf_invalidate_mappings(buf); // ${VFIO}:340\n}\n`, assumptions: [`mappings are counted by kref (${VFIO}:57)`],
};
