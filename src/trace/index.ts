// Logs of a running kernel against the contract: bytes in, result out. What the rest of Fencepost sees of this folder.

import type { Anomaly, Moment, Revoke, TimelineFact, TraceResult } from '../results/trace.ts';
import { Checker } from './conformance.ts';
import type { ReadAt, Uncompress } from './dat-file.ts';
import { readDat } from './dat-reader.ts';
import type { Sink } from './event.ts';
import { finishTrace, statesText } from './finish.ts';
import { ordered } from './order.ts';
import { done, revokeFacts } from './revokes.ts';
import { openSpans, timelineFact } from './timeline.ts';
import { textReader, type TextFacts } from './text-reader.ts';


export { DAT_MAGIC, type ReadAt, type Uncompress } from './dat-file.ts';

export interface TraceOptions {
  readonly file: string;
  /** Nanoseconds; a revoke that takes longer is an anomaly. */
  readonly slow?: number | null;
  /** Events that are held back to put them in order; 0 for a live reader. */
  readonly window?: number;
  /** Nothing behind this line is looked at. */
  readonly until?: number | null;
  /** Functions that were probed. */
  readonly probes?: readonly string[];
  /** Told when a span ends; those that are open at the end of the log come last. */
  readonly timeline?: (fact: TimelineFact) => void;
  /** For a live reader. */
  readonly live?: LiveListener;
}

export interface LiveListener {
  readonly revoke: (revoke: Revoke) => void;
  readonly anomaly: (anomaly: Anomaly) => void;
  /** Not yet sure: lines that come later may explain it. */
  readonly accused: (accused: { readonly obligation: string; readonly at: Moment; readonly text: string }) => void;
}

/** Not a trace, or nothing in it that could be judged. */
export type NoTrace = 'empty' | 'no trace' | 'no events' | 'no dma-buf';

export interface Traced {
  readonly result: TraceResult;
  readonly problem: NoTrace | null;
  /** For --at. */
  readonly states: readonly string[];
}

export interface TraceRun {
  /** Bytes as Latin-1. */
  push(part: string): void;
  end(): Traced;
}

/** Events that are held back unless somebody says otherwise. */
export const WINDOW = 512;

interface Session {
  readonly checker: Checker;
  readonly sink: Sink;
  readonly finish: (facts: TextFacts) => Traced;
}

function session(options: TraceOptions): Session {
  const { timeline, live } = options;
  const checker = new Checker({
    ...(timeline === undefined ? {} : { span: (one) => timeline(timelineFact(one)) }),
    ...(live === undefined ? {} : { revoke: (record) => live.revoke(revokeFacts(record, done(record))), anomaly: live.anomaly, accused: live.accused }),
  });
  for (const name of options.probes ?? []) checker.declared.add(name);
  const until = options.until ?? Infinity;
  const order = ordered(options.window ?? WINDOW, (event) => checker.event(event));
  return {
    checker,
    sink: {
      event: (event) => {
        if (event.line <= until) order.push(event);
      },
      note: (note) => {
        if (note.line > until) return;
        order.flush();
        checker.note(note);
      },
    },
    finish: (facts) => {
      order.flush();
      if (timeline !== undefined) for (const one of openSpans(checker)) timeline(timelineFact(one));
      const states = statesText(checker);
      const result = finishTrace(checker, { file: options.file, ...facts, backwards: order.late }, { slow: options.slow ?? null });
      return { result, problem: problemOf(facts, result), states };
    },
  };
}

export function traceText(options: TraceOptions): TraceRun {
  const { sink, finish } = session(options);
  const reader = textReader(sink);
  return { push: (part) => reader.push(part), end: () => finish(reader.end()) };
}

/** A trace.dat, whose parts are read where they lie. `stop` is polled now and then. */
export function traceDat(options: TraceOptions, read: ReadAt, uncompress: Uncompress, stop: () => boolean): { readonly ok: true; readonly traced: Traced } | { readonly ok: false; readonly message: string } {
  const { checker, sink, finish } = session(options);
  const given = readDat(read, uncompress, sink, stop);
  if (!given.ok) return given;
  for (const note of given.notes) checker.ledger.set(note, 0);
  return { ok: true, traced: finish(given.facts) };
}

function problemOf({ lines, events, hasHeader, cut }: { readonly lines: number; readonly events: number; readonly hasHeader: boolean; readonly cut: boolean }, { log }: TraceResult): NoTrace | null {
  if (lines === 0) return 'empty';
  if (events === 0) return hasHeader && !cut ? 'no events' : 'no trace';
  return events === log.ignored || !Object.keys(log.counts).some((name) => !name.startsWith('fence-')) ? 'no dma-buf' : null;
}
