// What a check yields: verdict, blame, story, ledger. Plain data, the JSON of `fencepost check --format json`.

import type { RunFacts } from './run.ts';

export type Verdict = 'holds' | 'broken' | 'vacuous' | 'unfinished' | 'undecided' | 'tool-failed';

/** Which way a scenario is broken. */
export type BrokenKind = 'harm' | 'obligation' | 'warning' | 'assertion' | 'capacity' | 'deadlock' | 'hang';

export interface Blame {
  readonly party: string;
  readonly object: string;
  /** "P6", "N2", … */
  readonly obligation: string;
  /** The obligation's sentence, and where it comes from. */
  readonly text: string;
  readonly source: string;
}

export interface Change {
  readonly name: string;
  readonly from: string;
  readonly to: string;
}

/** One step of a counterexample. `n` counts from 1. */
export interface StoryStep {
  readonly n: number;
  /** The thread, worker or device that takes the step: a column of the diagram. */
  readonly party: string;
  /** Named step of the vocabulary, or null. */
  readonly step: string | null;
  /** The call as C. */
  readonly c: string;
  readonly changes: readonly Change[];
  /** Line of the scenario, 0 if it has none. */
  readonly line: number;
  /** "drivers/foo/bar.c:12" where lifted from C. */
  readonly provenance: string | null;
}

/** One edge of a wait cycle: `party` waits for `object`, which `by` holds or owes. */
export interface WaitEdge {
  readonly party: string;
  readonly waits: 'lock' | 'fence' | 'unmap' | 'work' | 'completion' | 'callback' | 'condition';
  readonly object: string;
  readonly by: readonly string[];
}

export interface Counterexample {
  readonly kind: BrokenKind;
  /** N2, P3, UF, deadlock, hang, WARN, assert … */
  readonly code: string;
  readonly text: string;
  readonly blame: Blame;
  readonly steps: readonly StoryStep[];
  /** Index into `steps` where the cycle of a hang begins; null where the story ends in one state. */
  readonly cycle: number | null;
  readonly waits: readonly WaitEdge[];
  /** One token that replays it: step names. */
  readonly replay: string;
}

export interface Ledger {
  readonly bounds: readonly string[];
  readonly reductions: readonly string[];
  /** Steps of the scenario that no run took. */
  readonly unreached: readonly string[];
  readonly assumptions: readonly string[];
  /** What a limit left out. */
  readonly notCovered: readonly string[];
}

export interface Refusal {
  readonly importer: string;
  readonly at: string;
  readonly errno: string;
}

export interface CheckResult {
  readonly scenario: string;
  readonly file: string | null;
  readonly source: readonly string[];
  readonly contract: Readonly<Record<string, string>>;
  readonly verdict: Verdict;
  /** One word and code: "holds", "broken N2", "refused gpu attach -EOPNOTSUPP". */
  readonly outcome: string;
  /** As declared in the file, same form; null where it declares none. */
  readonly expected: string | null;
  readonly asExpected: boolean | null;
  /** The counterexample of the worst violation, then the others found. */
  readonly broken: readonly Counterexample[];
  readonly refused: readonly Refusal[];
  readonly states: number;
  readonly transitions: number;
  readonly depth: number;
  readonly milliseconds: number;
  readonly ledger: Ledger;
  /** The run of the worst counterexample, or a random one; only where it was asked for. */
  readonly run?: RunFacts;
}
