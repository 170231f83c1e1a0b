// What the checker knows of a log, and how it speaks: counts, findings, losses. The rules stand in the classes above it, which only add
// methods: attachments, mappings, revocation, conformance, each resting on the one before.

import type { ObligationId } from '../protocol/obligations.ts';
import type { Anomaly, BufferFacts, LostPart, Moment, TimelineFact } from '../results/trace.ts';
import { Accusations, type Accusation } from './accuse.ts';
import { OpenCalls } from './calls.ts';
import type { TraceEvent } from './event.ts';
import { bufferFacts } from './facts.ts';
import { Fences } from './fences.ts';
import { KeptRevokes } from './kept-revokes.ts';
import { Latencies } from './latency.ts';
import { Marked } from './marks.ts';
import { Objects, type AttachmentObject, type BufferObject } from './objects.ts';
import type { RevokeRecord } from './revokes.ts';
import type { Taken, Tally } from './tracked.ts';

const MOST_FINISHED = 400;

/** Told as it happens, for a live reader and a timeline. */
export interface Listener {
  readonly revoke?: (record: RevokeRecord) => void;
  readonly anomaly?: (anomaly: Anomaly) => void;
  readonly accused?: (accusation: Accusation) => void;
  /** A span on the track of a buffer (null: of a task) and an importer. */
  readonly span?: (span: TimelineSpan) => void;
}

export interface TimelineSpan {
  readonly what: string;
  readonly kind: TimelineFact['kind'];
  readonly start: Moment | null;
  readonly end: Moment | null;
  readonly buffer: BufferObject | null;
  readonly attachment: AttachmentObject | null;
}

export class CheckerState implements Tally {
  readonly objects = new Objects(this);
  readonly calls = new OpenCalls();
  readonly fences = new Fences(this);
  readonly marks = new Marked();
  readonly accusations = new Accusations();
  readonly latencies = new Latencies();
  readonly revokes = new KeptRevokes();
  readonly finished: BufferFacts[] = [];
  /** Ended, and something is held against somebody: the verdict comes at the end of the log. */
  readonly accusedBuffers: BufferObject[] = [];
  readonly counts = new Map<string, number>();
  readonly asked = new Map<ObligationId, { events: number; open: number }>();
  readonly lostParts: LostPart[] = [];
  readonly ledger = new Map<string, number>();
  /** Tasks that ended. */
  readonly exited = new Map<number, Moment>();
  /** First line in which a call (by function and phase) or a mark (by event) shows. */
  readonly firstSeen = new Map<string, number>();
  /** Tracepoints; probes may have the same names. */
  protected readonly pointSeen = new Set<string>();
  readonly listener: Listener;
  /** Functions that were probed, where somebody said so. */
  readonly declared = new Set<string>();
  lost = 0;
  finishedLeftOut = 0;
  hashedPointers: boolean | null = null;
  held: number | null = null;
  /** Grows with each loss. */
  epoch = 0;
  /** Lines are missing that the log does not mark. */
  missing: string | null = null;
  last: Moment | null = null;
  /** Marks tell which fence covers which mapping. */
  marked = false;
  /** The log was printed by the model: nothing in it can be unprobed. */
  simulated = false;
  protected readonly lastOnCpu = new Map<number, number>();

  constructor(listener: Listener = {}) {
    this.listener = listener;
    this.objects.dropped = (buffer) => this.finish(buffer);
  }

  ask(obligation: ObligationId, open: boolean): void {
    const row = this.asked.get(obligation) ?? { events: 0, open: 0 };
    row.events++;
    if (open) row.open++;
    this.asked.set(obligation, row);
  }

  count(what: string): void {
    this.counts.set(what, (this.counts.get(what) ?? 0) + 1);
  }

  blame(broken: Taken['broken'], about: () => Omit<Accusation, 'obligation' | 'possible'>): void {
    for (const { obligation, possible } of broken) {
      const accusation: Accusation = { ...about(), obligation, possible };
      this.accusations.accuse(accusation);
      this.listener.accused?.(accusation);
    }
  }

  anomaly(...about: Parameters<Accusations['anomaly']>): void {
    const made = this.accusations.anomaly(...about);
    this.listener.anomaly?.(made);
  }

  /** Lines are missing though the log does not say so. */
  protected gap(event: TraceEvent, why: string): void {
    this.missing ??= `line ${event.line}: ${why}, so lines are missing`;
    this.ledger.set('calls whose start or end is missing', (this.ledger.get('calls whose start or end is missing') ?? 0) + 1);
    this.epoch++;
  }

  protected finish(buffer: BufferObject): void {
    if (this.accusations.against(buffer)) {
      this.accusedBuffers.push(buffer);
      return;
    }
    // The first ones, and more of those of which there is something to say.
    const most = buffer.refused > 0 || buffer.invalidates > 0 || buffer.reasons.length > 0 ? MOST_FINISHED : MOST_FINISHED >> 1;
    if (this.finished.length < most) this.finished.push(bufferFacts(buffer));
    else this.finishedLeftOut++;
  }
}
