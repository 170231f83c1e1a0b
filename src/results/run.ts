// A run of the model as events in the lives of its objects, for printing it as a trace. Plain data.

import type { ObjectKind } from '../protocol/obligations.ts';

/** What one step did, in its order. */
export type RunEvent =
  | { readonly what: 'life'; readonly kind: ObjectKind; readonly object: string; readonly event: string }
  /** The model holds it against somebody. `object`: what it says it is about. */
  | { readonly what: 'violation'; readonly code: string; readonly obligation: string | null; readonly object: string }
  /** `importer`'s callback begins or ends, in the task that invalidates. */
  | { readonly what: 'callback'; readonly importer: string; readonly phase: 'enter' | 'leave' }
  | { readonly what: 'invalidate'; readonly buffer: string; readonly phase: 'enter' | 'leave' }
  | { readonly what: 'lock'; readonly resv: string; readonly phase: 'lock' | 'unlock' }
  /** An access of the device that the last state allows. */
  | { readonly what: 'access'; readonly mapping: string; readonly writes: boolean };

export interface RunStep {
  /** Counts from 1, as in the story. */
  readonly n: number;
  /** The task in which it happens: a callback runs in its caller's. */
  readonly task: string;
  readonly c: string;
  /** The named step, where it is one. */
  readonly step: string | null;
  readonly events: readonly RunEvent[];
}

export interface RunFacts {
  readonly scenario: string;
  /** Attachments by importer: the buffer that each belongs to. */
  readonly buffers: Readonly<Record<string, string>>;
  readonly exporter: string;
  readonly locks: readonly string[];
  readonly steps: readonly RunStep[];
}
