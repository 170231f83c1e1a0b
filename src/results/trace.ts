// What a log of a running kernel yields: buffers, violations, anomalies, revokes, what could not be seen. Plain data, the JSON of
// `fencepost trace --format json`. Times are nanoseconds of the log's own clock, pointers hexadecimal as text, lines count from 1.

import type { ObligationId } from '../protocol/obligations.ts';

/** A moment of the log. */
export interface Moment {
  /** Line of a text log; record number of a binary one. */
  readonly line: number;
  /** Nanoseconds; ticks where the clock has no unit (`LogFacts.clock`). */
  readonly time: number;
  readonly task: string;
  readonly pid: number;
}

/** Least and most; `most` is null where nothing bounds it. */
export interface Interval {
  readonly least: number;
  readonly most: number | null;
}

export interface LostPart {
  /** Behind this line. 0: before the first. */
  readonly line: number;
  /** Null where the log does not say how many. */
  readonly events: number | null;
  readonly text: string;
}

export interface LogFacts {
  readonly file: string;
  /** "tracefs", "trace-cmd report", "perf script", "trace.dat 6", … */
  readonly form: string;
  readonly lines: number;
  /** All events, also those of no interest. */
  readonly events: number;
  /** Events that Fencepost does not know. */
  readonly ignored: number;
  /** Events that the log says it lost, as far as it gives numbers. */
  readonly lost: number;
  readonly lostParts: readonly LostPart[];
  /** Lines that are neither event nor comment. */
  readonly notUnderstood: number;
  readonly clock: { readonly unit: 'ns' | 'ticks'; readonly first: number | null; readonly last: number | null; readonly backwards: number };
  /** The last line has no end. */
  readonly cut: boolean;
  /** By step of the vocabulary: "map", "unmap", "attach refused". */
  readonly counts: Readonly<Record<string, number>>;
  /** Whether tracepoints print hashed pointers; null where nothing tells. */
  readonly hashedPointers: boolean | null;
}

export type TraceVerdict = 'holds' | 'broken' | 'hanging' | 'undecided';

export interface AttachmentFacts {
  /** Raw where known, else as hashed. */
  readonly pointer: string | null;
  readonly device: string | null;
  /** Null where the log does not show it. */
  readonly dynamic: boolean | null;
  readonly revocable: boolean | null;
  /** The function that the exporter's invalidate called for it. */
  readonly callback: string | null;
  readonly attached: Moment | null;
  readonly detached: Moment | null;
  readonly maps: number;
  readonly unmaps: number;
  readonly pins: number;
  readonly unpins: number;
  readonly callbacks: number;
  /** At the end of the log, or of its life. */
  readonly mapped: Interval;
  readonly pinned: Interval;
}

export interface BufferFacts {
  readonly ino: number | null;
  readonly pointer: string | null;
  readonly exporter: string | null;
  readonly size: number | null;
  readonly exported: Moment | null;
  readonly released: Moment | null;
  readonly attachments: readonly AttachmentFacts[];
  /** Attach calls that failed. */
  readonly refused: number;
  readonly invalidates: number;
  readonly verdict: TraceVerdict;
  /** Why it is undecided. */
  readonly reasons: readonly string[];
}

/** Whom a finding is about; null is what the log does not show. */
export interface Parties {
  readonly task: string | null;
  readonly pid: number | null;
  readonly device: string | null;
  readonly exporter: string | null;
  readonly ino: number | null;
  readonly buffer: string | null;
  readonly attachment: string | null;
}

export interface Violation extends Parties {
  readonly obligation: ObligationId;
  /** Who owes it: "importer 0000:00:04.0", "exporter vfio_pci_core". */
  readonly blame: string;
  readonly text: string;
  readonly clause: string;
  readonly source: string;
  /** The first impossible event. */
  readonly at: Moment;
  /** What was seen: "dma_buf_unmap_attachment". */
  readonly seen: string;
  /** The states that were possible, and what they would have allowed. */
  readonly possible: readonly string[];
  /** Which guard refused each near miss. */
  readonly nearMisses: readonly { readonly state: string; readonly guard: string }[];
  /** Earlier moments that it rests on. */
  readonly evidence: readonly { readonly moment: Moment; readonly text: string }[];
}

export type AnomalyKind =
  | 'refused attach' | 'refused map' | 'refused pin' | 'unmap without map' | 'unpin without pin' | 'detach while mapped' | 'detach while pinned' | 'mapping alive after revoke'
  | 'attachment leaked' | 'released while attached' | 'wait never returned' | 'wait timed out' | 'slow revoke' | 'fence freed unsignalled' | 'callback on unknown attachment' | 'fault behind unmap' | 'mapped while revoked';

export interface Anomaly extends Parties {
  readonly kind: AnomalyKind;
  readonly text: string;
  readonly at: Moment;
  /** Why it is no violation. */
  readonly doubt: string | null;
}

/** A span of the log; `end` null where it is still open at the end of the log. Durations in the clock's unit. */
export interface Span {
  readonly start: Moment;
  readonly end: Moment | null;
  readonly duration: number | null;
}

export interface CallbackSpan extends Span {
  readonly attachment: string | null;
  readonly device: string | null;
  readonly function: string | null;
  /** Not seen itself; the attachment was on the list, so it was reached. */
  readonly inferred: boolean;
}

export interface FenceName {
  readonly driver: string | null;
  readonly timeline: string | null;
  /** As printed: 32 bit. */
  readonly context: number;
  readonly seqno: number;
}

export interface FenceWaitSpan extends Span {
  readonly ino: number | null;
  /** "KERNEL" … "BOOKKEEP", null where not shown. */
  readonly usage: string | null;
  readonly fences: readonly FenceName[];
}

export interface AccessEnd {
  readonly attachment: string | null;
  readonly device: string | null;
  readonly ino: number | null;
  /** What ended it: "dma_buf_unmap_attachment" or "iommu:unmap". */
  readonly by: string;
  readonly at: Moment;
  /** After the start of the invalidate. */
  readonly after: number;
}

export interface InvalidateSpan extends Span {
  readonly ino: number | null;
  readonly buffer: string | null;
  readonly exporter: string | null;
  readonly callbacks: readonly CallbackSpan[];
}

export interface Waited {
  readonly what: 'callback' | 'fence' | 'unmap' | 'lock' | 'unknown';
  /** "fence vgem unbound 54:1", "unmap by 0000:00:04.0 (attachment 0xffff…)" */
  readonly text: string;
  readonly parties: Parties;
}

export interface Revoke extends Span {
  /** "vfio_pci_dma_buf_move", or "dma_buf_invalidate_mappings" where no caller is probed. */
  readonly call: string;
  /** revoke, restore; move where only the invalidate shows. */
  readonly kind: 'revoke' | 'restore' | 'invalidate';
  readonly exporter: string | null;
  readonly invalidates: readonly InvalidateSpan[];
  readonly fenceWaits: readonly FenceWaitSpan[];
  readonly accessEnds: readonly AccessEnd[];
  /** Mappings that were alive when it returned (or at the end of the log). */
  readonly stillMapped: readonly string[];
  /** done; pending: open where the log ends, and nothing says that it waits; hanging: waits where the log ends. */
  readonly state: 'done' | 'pending' | 'hanging' | 'end not seen';
  /** Time from its start to the end of the log, where it is open. */
  readonly open: number | null;
  readonly waitsFor: readonly Waited[];
  /** What makes the hang uncertain. */
  readonly doubt: string | null;
}

export interface Quantiles {
  readonly count: number;
  readonly p50: number;
  readonly p90: number;
  readonly p99: number;
  readonly max: number;
  /** Upper bound of a bucket, and how many lie in it. */
  readonly buckets: readonly { readonly upTo: number; readonly count: number }[];
}

export interface LatencyRow {
  readonly what: 'revoke' | 'callback' | 'fence wait' | 'end of access';
  readonly exporter: string | null;
  readonly device: string | null;
  readonly quantiles: Quantiles;
}

export interface ObligationRow {
  readonly obligation: ObligationId;
  readonly name: string;
  readonly verdict: 'holds' | 'broken' | 'undecided' | 'not observable';
  /** Events that its automaton was asked about. */
  readonly events: number;
  readonly undecided: number;
  /** For "not observable": why. */
  readonly reason: string | null;
}

export interface TraceResult {
  readonly log: LogFacts;
  readonly buffers: readonly BufferFacts[];
  /** Buffers that were left out of `buffers` to keep memory flat. */
  readonly buffersLeftOut: number;
  readonly violations: readonly Violation[];
  readonly anomalies: readonly Anomaly[];
  readonly anomaliesLeftOut: number;
  readonly revokes: readonly Revoke[];
  readonly revokesLeftOut: number;
  readonly latencies: readonly LatencyRow[];
  readonly obligations: readonly ObligationRow[];
  readonly notObservable: readonly { readonly obligation: ObligationId; readonly reason: string }[];
  readonly ledger: readonly string[];
}

/** A span of a buffer's life, for a timeline. `start` null: before the log; `end` null: behind it. */
export interface TimelineFact {
  readonly what: string;
  readonly kind: 'buffer' | 'attachment' | 'mapping' | 'callback' | 'invalidate' | 'revoke' | 'fence wait';
  readonly start: Moment | null;
  readonly end: Moment | null;
  readonly ino: number | null;
  readonly buffer: string | null;
  readonly exporter: string | null;
  readonly attachment: string | null;
  readonly device: string | null;
}

export type TraceJudgement = 'fine' | 'bad' | 'open';

/** bad: a broken obligation or a hanging revoke. open: nothing could be judged. */
export function judgeTrace({ violations, revokes, obligations }: TraceResult): TraceJudgement {
  if (violations.length > 0 || revokes.some(({ state }) => state === 'hanging')) return 'bad';
  return obligations.some(({ verdict }) => verdict === 'holds') ? 'fine' : 'open';
}
