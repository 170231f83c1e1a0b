// The contract's obligations P1 to P14 and UF (SEMANTICS C10, C5). Each is one or more small automata over the events of
// one object. The model runs their product as its own state; the audit and the trace checker run the very same tables.

/** What an automaton watches. A pin belongs to an attachment; a reference (of a buffer, a fence, a kernel mapping) to whoever took it; a call to a thread; a lock to one thread's view of it. */
export type ObjectKind = 'mapping' | 'pin' | 'attachment' | 'reference' | 'buffer' | 'fence' | 'lock' | 'call' | 'kref';

export const EVENTS = {
  mapping: ['map', 'map-blocked', 'kernel-retired', 'unmap', 'callback-unmap', 'invalidate', 'fence-busy', 'fence-retired', 'access', 'write', 'decode-off', 'reassign', 'recycle', 'recycle-early', 'detach'],
  pin: ['pin', 'unpin', 'callback-unpin', 'move', 'detach'],
  attachment: ['list', 'unlist', 'callback', 'detach', 'use'],
  reference: ['get', 'put'],
  buffer: ['revoke', 'restore', 'map-granted'],
  fence: ['arm', 'add', 'signal', 'free'],
  lock: ['lock', 'unlock', 'call-needs-held', 'call-needs-free'],
  call: ['enter', 'leave'],
  kref: ['get', 'put', 'last', 'arm'],
} as const satisfies Record<ObjectKind, readonly string[]>;

export type EventOf<K extends ObjectKind> = (typeof EVENTS)[K][number];

/** `states[0]` is where an object starts. An event without a move leaves the state as it is. */
export interface Automaton {
  readonly object: ObjectKind;
  readonly states: readonly string[];
  readonly moves: readonly (readonly [from: string, event: string, to: string])[];
  /** Events that break the obligation in that state. */
  readonly breaks: readonly (readonly [from: string, event: string])[];
  /** States that must be left in bounded time (SEMANTICS E12). */
  readonly duty: readonly string[];
}

export interface Obligation {
  readonly id: string;
  readonly name: string;
  readonly text: string;
  /** Kernel-doc symbol, mail, commit; SEMANTICS number. */
  readonly source: string;
  /** Who owes it. */
  readonly party: 'importer' | 'exporter' | 'either';
  readonly automata: readonly Automaton[];
}

const mapped = { object: 'mapping', states: ['none', 'live'], moves: [['none', 'map', 'live'], ['none', 'map-blocked', 'live'], ['live', 'unmap', 'none']], duty: [] } as const;

export const OBLIGATIONS = [
  {
    id: 'P1', name: 'access-while-mapped', party: 'importer',
    text: 'The device accesses the buffer only between map and unmap, and only a place that still answers and still belongs to the buffer.',
    source: 'kernel-doc dma_buf_unmap_attachment; Koenig, seed thread, 2026-01-21; SEMANTICS C5, C10',
    automata: [{ ...mapped, breaks: [['none', 'access']] }],
  },
  {
    id: 'P2', name: 'no-use-after-fences', party: 'importer',
    text: 'After the callback, once the fences have signalled, the device may at most read ahead and throw the result away.',
    source: 'kernel-doc dma_buf_attach_ops.invalidate_mappings; SEMANTICS C5',
    automata: [{
      object: 'mapping', states: ['none', 'full', 'full-busy', 'drain', 'retired'],
      moves: [
        ['none', 'map', 'full'], ['none', 'map-blocked', 'full'],
        ['full', 'fence-busy', 'full-busy'], ['full-busy', 'fence-retired', 'full'],
        ['full', 'invalidate', 'retired'], ['full-busy', 'invalidate', 'drain'],
        ['retired', 'fence-busy', 'drain'], ['drain', 'fence-retired', 'retired'],
        ['full', 'unmap', 'none'], ['full-busy', 'unmap', 'none'], ['drain', 'unmap', 'none'], ['retired', 'unmap', 'none'],
      ],
      breaks: [['retired', 'write']], duty: [],
    }],
  },
  {
    id: 'P3', name: 'keep-until-unmap', party: 'exporter',
    text: 'The exporter switches the target off or gives its addresses away only when no mapping is live, and recycles the memory only after the fences.',
    source: 'kernel-doc dma_buf_invalidate_mappings; Koenig 31872c87, 2026-01-30; SEMANTICS C10',
    automata: [{ ...mapped, breaks: [['live', 'decode-off'], ['live', 'reassign'], ['live', 'recycle-early']] }],
  },
  {
    id: 'P4', name: 'callback-while-attached', party: 'exporter',
    text: 'The callback never runs for an attachment that is not on the list, and finds everything it needs initialised.',
    source: 'dma_buf_detach, dma_buf_dynamic_attach; SEMANTICS B6.3, B7',
    automata: [{ object: 'attachment', states: ['none', 'listed'], moves: [['none', 'list', 'listed'], ['listed', 'unlist', 'none']], breaks: [['none', 'callback'], ['none', 'use']], duty: [] }],
  },
  {
    id: 'P5', name: 'balanced', party: 'importer',
    text: 'Every reference, mapping and pin is given back once, mappings and pins before detach.',
    source: 'kernel-doc dma_buf_detach, dma_buf_unpin; SEMANTICS B7, B9, C10',
    automata: [
      { ...mapped, breaks: [['none', 'unmap'], ['live', 'detach'], ['live', 'map'], ['live', 'map-blocked']] },
      { object: 'pin', states: ['none', 'held', 'twice'], moves: [['none', 'pin', 'held'], ['held', 'pin', 'twice'], ['twice', 'unpin', 'held'], ['held', 'unpin', 'none']], breaks: [['none', 'unpin'], ['held', 'detach'], ['twice', 'detach']], duty: [] },
      { object: 'attachment', states: ['none', 'listed'], moves: [['none', 'list', 'listed'], ['listed', 'unlist', 'none']], breaks: [['none', 'detach'], ['listed', 'list']], duty: [] },
      { object: 'reference', states: ['none', 'held', 'twice'], moves: [['none', 'get', 'held'], ['held', 'get', 'twice'], ['twice', 'put', 'held'], ['held', 'put', 'none']], breaks: [['none', 'put']], duty: [] },
    ],
  },
  {
    id: 'P6', name: 'unmap-in-bounded-time', party: 'importer',
    text: 'An importer with the callback gives back every mapping older than the callback in bounded time, whatever users do.',
    source: 'kernel-doc dma_buf_attach_revocable; commit be6d4c9e9d71; SEMANTICS E6, C10',
    automata: [{
      object: 'mapping', states: ['none', 'live', 'stale'],
      moves: [['none', 'map', 'live'], ['none', 'map-blocked', 'live'], ['live', 'invalidate', 'stale'], ['live', 'unmap', 'none'], ['stale', 'unmap', 'none']],
      breaks: [], duty: ['stale'],
    }],
  },
  {
    id: 'P7', name: 'no-map-while-revoked', party: 'exporter',
    text: 'No mapping is granted between revoke and restore.',
    source: 'vfio_pci_dma_buf_map; SEMANTICS C4, C10',
    automata: [{ object: 'buffer', states: ['open', 'revoked'], moves: [['open', 'revoke', 'revoked'], ['revoked', 'restore', 'open']], breaks: [['revoked', 'map-granted']], duty: [] }],
  },
  {
    id: 'P8', name: 'reservation-lock', party: 'either',
    text: 'The reservation lock is held exactly where the locking convention says so.',
    source: 'DOC: locking convention, drivers/dma-buf/dma-buf.c; SEMANTICS B28',
    automata: [{ object: 'lock', states: ['free', 'held'], moves: [['free', 'lock', 'held'], ['held', 'unlock', 'free']], breaks: [['free', 'call-needs-held'], ['held', 'call-needs-free'], ['free', 'unlock']], duty: [] }],
  },
  {
    id: 'P9', name: 'fence-signals', party: 'either',
    text: 'Every fence added to a reservation signals in bounded time, whatever users do.',
    source: 'DOC: fence cross-driver contract, drivers/dma-buf/dma-fence.c; SEMANTICS E3, E5',
    automata: [{
      object: 'fence', states: ['new', 'armed', 'pending', 'signalled'],
      moves: [['new', 'arm', 'armed'], ['armed', 'add', 'pending'], ['pending', 'signal', 'signalled'], ['armed', 'signal', 'signalled'], ['signalled', 'arm', 'armed'], ['armed', 'free', 'new'], ['signalled', 'free', 'new'], ['pending', 'free', 'new']],
      breaks: [['pending', 'free']], duty: ['pending'],
    }],
  },
  {
    id: 'P10', name: 'no-wait-cycle', party: 'either',
    text: 'Every call that has begun ends in bounded time: nobody waits in a circle, and nothing that the kernel waits for depends on a user.',
    source: 'dma_resv_lockdep, dma_fence_begin_signalling; SEMANTICS E11, E12',
    automata: [{ object: 'call', states: ['outside', 'inside'], moves: [['outside', 'enter', 'inside'], ['inside', 'leave', 'outside']], breaks: [], duty: ['inside'] }],
  },
  {
    id: 'P11', name: 'pinned-stays', party: 'exporter',
    text: 'While a pin is held the backing does not move.',
    source: 'kernel-doc dma_buf_ops.pin; SEMANTICS B8, C10',
    automata: [{ object: 'pin', states: ['none', 'held', 'twice'], moves: [['none', 'pin', 'held'], ['held', 'pin', 'twice'], ['twice', 'unpin', 'held'], ['held', 'unpin', 'none']], breaks: [['held', 'move'], ['twice', 'move']], duty: [] }],
  },
  {
    id: 'P12', name: 'kernel-fences-first', party: 'importer',
    text: 'No device access before the KERNEL fences that were pending when map returned have signalled.',
    source: 'kernel-doc enum dma_resv_usage; SEMANTICS A5.2, B10.4',
    automata: [{
      object: 'mapping', states: ['none', 'blocked', 'ready'],
      moves: [['none', 'map', 'ready'], ['none', 'map-blocked', 'blocked'], ['blocked', 'kernel-retired', 'ready'], ['blocked', 'unmap', 'none'], ['ready', 'unmap', 'none']],
      breaks: [['blocked', 'access']], duty: [],
    }],
  },
  {
    id: 'P13', name: 'callback-idempotent', party: 'importer',
    text: 'The callback may come with nothing mapped, twice, or after the importer\'s own revoke; it then does nothing.',
    source: 'SEMANTICS B14; vfio_pci_dma_buf_move (un-revoke)',
    automata: [
      { ...mapped, breaks: [['none', 'callback-unmap']] },
      { object: 'pin', states: ['none', 'held', 'twice'], moves: [['none', 'pin', 'held'], ['held', 'pin', 'twice'], ['twice', 'unpin', 'held'], ['held', 'unpin', 'none']], breaks: [['none', 'callback-unpin']], duty: [] },
    ],
  },
  {
    id: 'P14', name: 'count-above-zero', party: 'exporter',
    text: 'The count of mappings is at least one whenever map is allowed, and never goes below zero.',
    source: 'commit c64a647c84f3; refcount_t; SEMANTICS C10',
    automata: [{ object: 'kref', states: ['armed', 'zero'], moves: [['armed', 'last', 'zero'], ['zero', 'arm', 'armed']], breaks: [['zero', 'get'], ['zero', 'put']], duty: [] }],
  },
  {
    id: 'UF', name: 'unmap-after-own-fences', party: 'importer',
    text: 'An importer unmaps only when its own fences on the mapping have signalled and no access of its device is left.',
    source: 'Gunthorpe\'s question and Koenig a1c55bd8, 2026-01; SEMANTICS C5',
    automata: [{
      object: 'mapping', states: ['none', 'quiet', 'busy'],
      moves: [['none', 'map', 'quiet'], ['none', 'map-blocked', 'quiet'], ['quiet', 'fence-busy', 'busy'], ['busy', 'fence-retired', 'quiet'], ['quiet', 'unmap', 'none'], ['busy', 'unmap', 'none']],
      breaks: [['busy', 'unmap']], duty: [],
    }],
  },
] as const satisfies readonly Obligation[];

export type ObligationId = (typeof OBLIGATIONS)[number]['id'];

const byId = new Map<string, Obligation>(OBLIGATIONS.map((o) => [o.id, o]));

export function isObligation(id: string): id is ObligationId {
  return byId.has(id);
}

/** The obligation with that id; throws on an id that is not in the table (a defect of the caller). */
export function obligation(id: ObligationId): Obligation {
  const found = byId.get(id);
  if (found === undefined) throw new Error(`no obligation ${id}`);
  return found;
}
