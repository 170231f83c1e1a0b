// An event of a log, whatever form the log had, and what its name says. Types only.

import type { StepId } from '../protocol/steps.ts';

/** Where in a call an event stands: at its start, at its end, or alone (a tracepoint, a mark). */
export type Phase = 'enter' | 'leave' | 'point';

/** What a tracepoint without a step of its own says. */
export type PointRole = 'fence-emit' | 'fence-enable' | 'fence-wait-start' | 'fence-wait-end' | 'fence-free' | 'iommu-map' | 'iommu-unmap' | 'iommu-fault' | 'mark' | 'process-exit';

/** 'range': iommufd takes the physical range. 'helper': a framework or driver function that takes several steps. 'callee': any other probed function. */
export type Role = StepId | PointRole | 'range' | 'helper' | 'callee';

/** What stands before a value, and where it was found last: the next event mostly has it in the same place. */
export interface FieldPlace {
  readonly key: string;
  at: number;
}

/** What the name of an event (and the symbol beside it) says. One object a name, so it may be compared. */
export interface Call {
  /** As the log prints it, without its system. */
  readonly name: string;
  /** Kernel function or tracepoint. */
  readonly function: string;
  readonly phase: Phase;
  readonly role: Role;
  /** The payload begins with "(symbol…)". */
  readonly probe: boolean;
  /** Function and phase as one word: "dma_buf_pin", "dma_buf_pin:leave". */
  readonly seen: string;
  /** What stands before each field in its payload, found with the first event of the name: it always prints the same fields. */
  readonly keys: Record<string, FieldPlace | null | undefined>;
}

export interface TraceEvent {
  /** Line of a text log, record of a binary one; from 1. */
  readonly line: number;
  readonly cpu: number;
  readonly task: string;
  readonly pid: number;
  /** Nanoseconds, or ticks. */
  readonly time: number;
  /** False in a hard or soft interrupt: then the task is not the one that acts. */
  readonly inTask: boolean;
  readonly call: Call;
  /** What stands behind the name. */
  readonly payload: string;
}

/** What a log says beside its events. */
export type LogNote =
  /** Events are missing behind this line; `events` null where it does not say how many. */
  | { readonly note: 'lost'; readonly line: number; readonly events: number | null; readonly text: string }
  /** "entries-in-buffer/entries-written: 96/96" */
  | { readonly note: 'header'; readonly line: number; readonly held: number; readonly written: number };

/** What a reader hands its events to. */
export interface Sink {
  event(event: TraceEvent): void;
  note(note: LogNote): void;
}
