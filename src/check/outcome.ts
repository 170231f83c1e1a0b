// What a search is asked and what it answers: options, limits, progress, violations found, lassos.
// Plain types. Step ids are indices into `System.steps` of the system that the caller gave.

import type { System, ViolationId } from '../model/system.ts';
import type { Workers } from './parallel.ts';

/** Where a search gives up. Infinity (or leaving it out of `defaultLimits`) means no bound. */
export interface Limits {
  /** Distinct states. */
  readonly states: number;
  /** Steps from the initial state. */
  readonly depth: number;
  /** Bytes of the search's own memory. */
  readonly bytes: number;
  readonly milliseconds: number;
}

export type Limit = 'states' | 'depth' | 'bytes' | 'milliseconds' | 'interrupted';

export interface Progress {
  readonly phase: 'safety' | 'liveness';
  readonly states: number;
  readonly transitions: number;
  /** The level that is being expanded, in steps from the initial state. */
  readonly depth: number;
  /** States of that level still to be expanded. */
  readonly frontier: number;
  /** Since the start of the search. */
  readonly milliseconds: number;
}

export interface SearchOptions {
  /** Identical parties count once, in the safety search. */
  readonly symmetry: boolean;
  /** Judge `System.pending`, always on the unreduced graph. */
  readonly liveness: boolean;
  /** Leave out of the state what nothing observes (slice). */
  readonly reduce: boolean;
  readonly limits: Limits;
  /** A clock in milliseconds. */
  readonly now: () => number;
  /** Polled every few milliseconds; true ends the search with limit 'interrupted'. */
  readonly stop?: () => boolean;
  /** Called about four times a second. */
  readonly progress?: (progress: Progress) => void;
  /** Threads for large searches. Verdict, stories and counts do not depend on them. */
  readonly workers?: Workers;
}

/** A violation at its shortest distance. */
export interface Found {
  readonly violation: ViolationId;
  /** Steps from the initial state. The last of them violates, unless `invariant` does so in the state that they lead to. */
  readonly path: readonly number[];
  /** Index into `System.invariants`, or null. */
  readonly invariant: number | null;
}

/** SEMANTICS E12.4 for a pending of kind 'call'; 'never' for the other kinds. */
export type LassoClass = 'deadlock' | 'hang' | 'never';

/** A fair run on which `System.pending[pending].holds` stays true for ever. */
export interface Lasso {
  readonly pending: number;
  readonly class: LassoClass;
  /** Steps from the initial state to the first state of the cycle; shortest. */
  readonly stem: readonly number[];
  /** Steps repeated for ever; empty where the run stays in one state because nothing has to happen there. */
  readonly cycle: readonly number[];
}

export interface SearchOutcome {
  /** False where a limit ended the search. A search that stops at a fatal harm is finished. */
  readonly finished: boolean;
  readonly limit: Limit | null;
  /** Every reachable state (up to symmetry) was expanded. */
  readonly exhausted: boolean;
  readonly states: number;
  /** Enabled steps of expanded states, self-loops and fatal ones included. */
  readonly transitions: number;
  /** Longest distance of a state from the initial one. */
  readonly depth: number;
  /** Levels expanded completely: everything within so many steps of the initial state was covered. */
  readonly levels: number;
  /** States reached and not expanded. */
  readonly frontier: number;
  /** Highest use of memory by the search (store, table, edges), over states. */
  readonly bytesPerState: number;
  /** Packed size of a state. */
  readonly wordsPerState: number;
  /** Sorted by length, then by violation id. Under symmetry one of each set of interchangeable violations. */
  readonly found: readonly Found[];
  readonly liveness: 'checked' | 'unfinished' | 'skipped' | 'not-asked';
  /** At most one a pending and class, shortest stem; sorted by pending, deadlock first. */
  readonly lassos: readonly Lasso[];
  /** 1 for each step that some run takes, by step id. Under symmetry a step's twins count together. */
  readonly reachedSteps: Uint8Array;
  /** By witness id. */
  readonly witnesses: readonly boolean[];
  /** Threads that took part; 1 where the search was too small to share, absent where none was made. */
  readonly threads?: number;
  /** For the ledger: what made the search smaller, one sentence each. */
  readonly reductions: readonly string[];
}

/** The outcome of no search at all: what a simulation or a replay fills in. */
export function noSearch(system: System): SearchOutcome {
  return {
    finished: false, limit: null, exhausted: false, states: 0, transitions: 0, depth: 0, levels: 0, frontier: 0, bytesPerState: 0, wordsPerState: 0,
    found: [], liveness: 'not-asked', lassos: [], reachedSteps: new Uint8Array(system.steps.length), witnesses: [], reductions: [],
  };
}
