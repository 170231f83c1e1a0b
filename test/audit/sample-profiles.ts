// Profiles written by hand, small enough to be judged by a person: each body is a list of acts, one C line an act.
// The audit's own tests read C; these say what must come out once the reading is done.

import type { Act, Behaviour, ExporterProfile, ImporterProfile, Place, RevokePath, Test, Work } from '../../src/results/audit.ts';
import type { Usage } from '../../src/protocol/usage.ts';

/** An act, a way out, a place where the analysis gave up, or a condition: both sides go on behind it. */
export type Line = Act | { readonly end: string } | { readonly lost: string } | { readonly when: Test; readonly yes: readonly Line[]; readonly no: readonly Line[] };

/** A body whose lines stand in `file` from `first` on; it ends with `returns`. */
export function body(file: string, first: number, lines: readonly Line[], returns = ''): Behaviour {
  let line = first;
  const place = (): Place => ({ file, line: line++, function: 'sample' });
  // Lines are counted as they are read; diagrams are built from the end.
  const numbered = (all: readonly Line[]): readonly Numbered[] => all.map((one) => {
    const at = place();
    return 'when' in one ? { at, when: one.when, yes: numbered(one.yes), no: numbered(one.no) } : { at, line: one };
  });
  return joined(numbered(lines), { kind: 'end', returns });
}

type Numbered = { readonly at: Place; readonly line: Exclude<Line, { readonly when: Test }> } | { readonly at: Place; readonly when: Test; readonly yes: readonly Numbered[]; readonly no: readonly Numbered[] };

function joined(lines: readonly Numbered[], rest: Behaviour): Behaviour {
  return lines.reduceRight<Behaviour>((next, one) => {
    if ('when' in one) return { kind: 'branch', test: one.when, at: one.at, yes: joined(one.yes, next), no: joined(one.no, next) };
    if ('end' in one.line) return { kind: 'end', returns: one.line.end };
    if ('lost' in one.line) return { kind: 'lost', why: one.line.lost, at: one.at };
    return { kind: 'act', act: one.line, at: one.at, next };
  }, rest);
}

// --- lines ---

export const when = (test: Test, yes: readonly Line[], no: readonly Line[] = []): Line => ({ when: test, yes, no });
export const unknown = (text: string): Test => ({ is: 'unknown', text });
export const PEER2PEER: Test = { is: 'peer2peer' };
export const REVOCABLE: Test = { is: 'revocable' };
export const REVOKED: Test = { is: 'flag', field: 'revoked', path: 'priv->revoked' };
export const MAPPED: Test = { is: 'mapped' };
export const IDLE: Test = { is: 'idle', usage: 'BOOKKEEP' };
export const end = (returns: string): Line => ({ end: returns });
export const lost = (why: string): Line => ({ lost: why });

export const UNMAP: Line = { do: 'unmap', unlocked: false };
export const UNPIN: Line = { do: 'unpin', unlocked: false };
export const RESV_LOCK: Line = { do: 'resv-lock', own: true, trylock: false, ticket: false };
export const RESV_UNLOCK: Line = { do: 'resv-unlock', own: true, trylock: false, ticket: false };
export const INVALIDATE: Line = { do: 'invalidate' };
export const SET_REVOKED: Line = { do: 'set', field: 'revoked', path: 'priv->revoked', value: true };
export const COUNT_GET: Line = { do: 'count-get', object: 'kref', completes: null };
export const COUNT_PUT: Line = { do: 'count-put', object: 'kref', completes: 'comp' };
export const WAIT_UNMAP: Line = { do: 'completion-wait', object: 'comp', timeout: false };
export const WAIT_UNMAP_TIMEOUT: Line = { do: 'completion-wait', object: 'comp', timeout: true };
export const REARM: readonly Line[] = [{ do: 'count-init', object: 'kref', completes: null }, { do: 'completion-init', object: 'comp' }];
export const LOG: Line = { do: 'log' };
export const waitFences = (usage: Usage): Line => ({ do: 'wait-fences', usage, interruptible: false, timeout: false });
export const stopDevice = (call: string, assumed = true): Line => ({ do: 'stop-device', call, assumed });
export const queueWork = (runs: string): Line => ({ do: 'queue-work', runs });
export const flushWork = (runs: string): Line => ({ do: 'flush-work', runs });
export const lock = (object: string, kind: 'mutex' | 'rwsem-write' = 'mutex'): Line => ({ do: 'lock', lock: kind, object });
export const unlock = (object: string, kind: 'mutex' | 'rwsem-write' = 'mutex'): Line => ({ do: 'unlock', lock: kind, object });

// --- importers ---

export const IMPORTER_FILE = 'drivers/net/nic/nic_mr.c';

function importer(id: string, more: Partial<ImporterProfile>): ImporterProfile {
  const file = more.file ?? IMPORTER_FILE;
  const place = (line: number): Place => ({ file, line, function: 'nic_import' });
  return {
    id, file, line: 40, function: 'nic_import', attach: 'dynamic', ops: 'nic_attach_ops', peer2peer: true, callback: 'nic_invalidate', promisesNothing: false, pins: false, pinsToMap: false, class: 'movable', unmaps: 'sync', guards: [],
    maps: [place(50)], unmapSites: [place(70)], users: [], helpers: [], unpinsInCallback: false, waitsInCallback: [], addsInCallback: [], addsFences: false, mapsAgain: false, privateFields: [],
    marked: null, onlyExporters: null, behaviour: null, works: [], evidence: [], assumptions: [], ...more,
  };
}

const callback = (lines: readonly Line[]): Behaviour => body(IMPORTER_FILE, 60, lines);
const work = (name: string, lines: readonly Line[]): Work => ({ name, behaviour: body(IMPORTER_FILE, 90, lines) });

/** A movable importer with this callback; `more` for what the class asks for. */
export const movable = (id: string, lines: readonly Line[], more: Partial<ImporterProfile> = {}): ImporterProfile => importer(id, { behaviour: callback(lines), ...more });

/** dma_buf_attach(): no operations at all. */
export const staticImporter = importer('camera', { attach: 'static', ops: null, peer2peer: false, callback: null, class: 'static', unmaps: null });
/** ib_umem_dmabuf_get_pinned(): pins, never told. */
export const pinned = importer('efa', { callback: null, pins: true, pinsToMap: true, class: 'pinned', unmaps: null });
/** The generic revoke: stop, unmap, unpin, all in the callback. */
export const pinnedRevocable = movable('irdma', [stopDevice('pinned_revoke'), UNMAP, UNPIN], { pins: true, pinsToMap: true, class: 'pinned-revocable', unpinsInCallback: true });
/** On-demand paging: zaps its page tables, then unmaps. */
export const pageFaults = movable('mlx5', [when(MAPPED, [stopDevice('update_mr_pas'), UNMAP])], { mapsAgain: true });
/** Fences of its jobs, unmap in a worker behind them. */
export const deferred = movable('amdgpu', [when(MAPPED, [queueWork('gpu_unmap')])], {
  unmaps: 'deferred', addsFences: true, works: [work('gpu_unmap', [waitFences('BOOKKEEP'), RESV_LOCK, when(MAPPED, [UNMAP]), RESV_UNLOCK])],
});
/** Unmaps only where the device is gone. */
export const conditional = movable('xe', [when(unknown('device_unplugged'), [waitFences('BOOKKEEP'), when(MAPPED, [UNMAP])])], { unmaps: 'conditional', addsFences: true });
/** Marks the mapping stale; its user's next call unmaps. */
export const byUser = movable('lazy', [{ do: 'set', field: 'stale', path: 'bo->stale', value: true }], { unmaps: 'user', addsFences: true });
/** Has a callback so that it may attach, and warns there. */
export const onlyLogs = movable('warner', [LOG], { unmaps: 'never', class: 'unprotected' });
/** The same, pinned: RDMA before 7.1. */
export const pinnedOnlyLogs = movable('stub', [LOG], { unmaps: 'never', class: 'pinned', pins: true, pinsToMap: true });
/** Operations without callback, and no pin. */
export const unprotected = importer('careless', { callback: null, class: 'unprotected', unmaps: null });
/** Unmaps while its device still works. */
export const unmapsUnderJob = movable('hasty', [UNMAP]);
/** iommufd: pins, takes the physical range of one exporter, clears its domains in the callback. */
export const rangeOnly = (table: string): ImporterProfile => movable('ioas', [lock('mutex'), stopDevice('iommu_unmap', false), unlock('mutex')], {
  pins: true, pinsToMap: true, class: 'pinned-revocable', maps: [], unmapSites: [], onlyExporters: [{ table, errno: 'EOPNOTSUPP', at: { file: 'drivers/iommu/pages.c', line: 127, function: 'range_of' } }],
});

// --- exporters ---

export const EXPORTER_FILE = 'drivers/vfio/bar.c';

function exporter(id: string, more: Partial<ExporterProfile>): ExporterProfile {
  return {
    id, file: EXPORTER_FILE, line: 200, ops: `${id}_dmabuf_ops`, has: ['map_dma_buf', 'unmap_dma_buf', 'release'], users: [], refuses: [], downgrades: [], invalidates: [], revokedFirst: null,
    waitsFences: null, waitsUnmap: null, locksHeld: [], ownReference: null, moves: false, unrevokes: null, pinsInAttach: false, marked: null, attachBehaviour: null, pinBehaviour: null, mapBehaviour: null,
    unmapBehaviour: null, revokes: [], works: [], evidence: [], assumptions: [], ...more,
  };
}

const fact = (at: 'attach' | 'pin' | 'map', line: number, condition: string, errno: string) => ({ at, when: condition, errno, file: EXPORTER_FILE, line, function: 'sample' });

/** One place that takes back; its lines start at 100. */
export function path(lines: readonly Line[], file = EXPORTER_FILE): RevokePath {
  return { file, line: 100, function: 'bar_revoke', behaviour: body(file, 100, lines) };
}

export const REVOKE: readonly Line[] = [RESV_LOCK, SET_REVOKED, INVALIDATE, waitFences('BOOKKEEP'), RESV_UNLOCK, COUNT_PUT, WAIT_UNMAP, ...REARM];

/** VFIO, or what a mutant makes of it. */
export function revoker(revoke: readonly Line[] = REVOKE, more: Partial<ExporterProfile> = {}): ExporterProfile {
  return exporter('vfio', {
    refuses: [fact('attach', 10, '!attachment->peer2peer', 'EOPNOTSUPP'), fact('attach', 12, 'priv->revoked', 'ENODEV'), fact('attach', 14, '!dma_buf_attach_revocable(attachment)', 'EOPNOTSUPP'), fact('map', 30, 'priv->revoked', 'ENODEV')],
    attachBehaviour: body(EXPORTER_FILE, 10, [when(PEER2PEER, [], [end('-EOPNOTSUPP')]), when(REVOKED, [end('-ENODEV')]), when(REVOCABLE, [], [end('-EOPNOTSUPP')])], '0'),
    mapBehaviour: body(EXPORTER_FILE, 30, [when(REVOKED, [end('-ENODEV')]), COUNT_GET], '0'),
    unmapBehaviour: body(EXPORTER_FILE, 40, [COUNT_PUT]),
    invalidates: [{ file: EXPORTER_FILE, line: 102, function: 'bar_revoke' }], revokedFirst: 'revoked', waitsFences: 'BOOKKEEP', waitsUnmap: 'forever', revokes: [path(revoke)], ...more,
  });
}

/** RDMA device memory: the pin always fails. */
export const uverbs = (): ExporterProfile => ({
  ...revoker(), id: 'uverbs', ops: 'uverbs_dmabuf_ops',
  refuses: [fact('attach', 10, '!attachment->peer2peer', 'EOPNOTSUPP'), fact('pin', 20, '', 'EOPNOTSUPP'), fact('map', 30, 'priv->revoked', 'ENODEV')],
  attachBehaviour: body(EXPORTER_FILE, 10, [when(PEER2PEER, [], [end('-EOPNOTSUPP')])], '0'),
  pinBehaviour: body(EXPORTER_FILE, 20, [], '-EOPNOTSUPP'),
});

/** A TTM-like mover. */
export const mover = (more: Partial<ExporterProfile> = {}): ExporterProfile => exporter('vram', {
  moves: true, pinBehaviour: body(EXPORTER_FILE, 20, [], '0'), mapBehaviour: body(EXPORTER_FILE, 30, [], '0'), unmapBehaviour: body(EXPORTER_FILE, 40, []),
  invalidates: [{ file: EXPORTER_FILE, line: 101, function: 'bo_move_notify' }], revokes: [path([when(unknown('old_mem->mem_type != TTM_PL_SYSTEM'), [INVALIDATE])])], ...more,
});

/** Memory that stays where it is. */
export const heap = (more: Partial<ExporterProfile> = {}): ExporterProfile => exporter('heap', { attachBehaviour: body(EXPORTER_FILE, 10, [], '0'), mapBehaviour: body(EXPORTER_FILE, 30, [], '0'), unmapBehaviour: body(EXPORTER_FILE, 40, []), ...more });
