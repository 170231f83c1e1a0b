// What a check, a simulation or a replay of one scenario is asked for and gives back, and the compile that all three begin with.

import { compile, type CompileResult } from '../model/compile.ts';
import type { Scenario } from '../model/scenario.ts';
import type { Origin } from '../model/system.ts';
import type { CheckResult } from '../results/verdict.ts';
import type { Limits, Progress } from './outcome.ts';
import type { Workers } from './parallel.ts';

export interface CheckOptions {
  /** Overrides the scenario's contract. */
  readonly contract?: readonly { readonly key: string; readonly value: string }[];
  /** Default true. */
  readonly symmetry?: boolean;
  /** Default true. */
  readonly liveness?: boolean;
  readonly order?: 'any' | 'kernel';
  readonly limits: Limits;
  /** A clock in milliseconds. */
  readonly now: () => number;
  readonly stop?: () => boolean;
  readonly progress?: (progress: Progress) => void;
  /** Threads for a large search; the result does not depend on them. */
  readonly workers?: Workers;
  /** Adds the run of the worst counterexample to the result. */
  readonly run?: boolean;
  /** Rules of the model's programs to leave out: what each one buys. */
  readonly without?: ReadonlySet<string>;
}

/** A scenario that does not fit the model, with its place. */
export interface Unfit {
  readonly ok: false;
  readonly message: string;
  readonly at: Origin | null;
}

export type Checked = { readonly ok: true; readonly result: CheckResult; readonly rules: readonly string[] } | Unfit;

/** The scenario under these values of its unknowns. */
export function compiledFor(scenario: Scenario, options: CheckOptions, unknowns: Readonly<Record<string, boolean>>): CompileResult {
  return compile(scenario, {
    unknowns,
    ...(options.contract === undefined ? {} : { contract: options.contract }),
    ...(options.order === undefined ? {} : { order: options.order }),
    ...(options.without === undefined ? {} : { without: options.without }),
  });
}
