// The library: what `import … from 'fencepost'` gives. Only names that are meant to stay.
// Scenario text in, values out; no files, no console. The clock is the machine's where the caller gives none.

import { unlimited, type Limits } from './check/index.ts';
import { checkScenario, replayScenario, simulateScenario, type Checked } from './check/run.ts';
import { check as checkNames, parse, type Diagnostic } from './litmus/index.ts';
import type { Scenario } from './model/scenario.ts';
import type { CheckResult } from './results/verdict.ts';

export { formatDiagnostic, parse, type Diagnostic, type Parsed } from './litmus/index.ts';
export { CONTRACT_KEYS, type Contract, type ContractKey } from './model/contract.ts';
export type { Limits, Progress } from './check/outcome.ts';
export type * from './model/scenario.ts';
export type * from './results/verdict.ts';

export interface Options {
  /** Told in the result and in messages. */
  readonly file?: string;
  /** Overrides of the scenario's contract (SEMANTICS D), e.g. `{ STOP: 'V1' }`. */
  readonly contract?: Readonly<Record<string, string>>;
  /** Identical importers count once. Default true. */
  readonly symmetry?: boolean;
  /** Judge bounded time (SEMANTICS E12). Default true. */
  readonly liveness?: boolean;
  /** How callbacks are visited: any order (default), or the kernel's. */
  readonly order?: 'any' | 'kernel';
  /** States, steps, bytes, milliseconds; no bound where left out. */
  readonly limits?: Partial<Limits>;
  /** Polled; true ends the search as unfinished. */
  readonly stop?: () => boolean;
}

/** A result, or what is wrong with the text: one diagnostic a problem. Nothing throws on bad input. */
export type Outcome = { readonly ok: true; readonly result: CheckResult } | { readonly ok: false; readonly diagnostics: readonly Diagnostic[] };

/** Searches a scenario exhaustively (text, or a parsed one) and judges it. */
export function check(scenario: string | Scenario, options: Options = {}): Outcome {
  return judge(scenario, options, (parsed, file) => checkScenario(parsed, file, common(options)));
}

/** Random walks: finds violations, proves nothing. `runs` walks of at most `depth` steps (default 1000), by `seed`. */
export function simulate(scenario: string | Scenario, options: Options & { readonly runs: number; readonly seed: number; readonly depth?: number }): Outcome {
  const { runs, seed, depth } = options;
  return judge(scenario, options, (parsed, file) => simulateScenario(parsed, file, { ...common(options), runs, seed, ...(depth === undefined ? {} : { depth }) }));
}

/** Replays the token that ends a counterexample. */
export function replay(scenario: string | Scenario, token: string, options: Options = {}): Outcome {
  if (typeof token !== 'string') return refused(options.file ?? 'scenario', 'a replay token is a string');
  return judge(scenario, options, (parsed, file) => replayScenario(parsed, file, token, common(options)));
}

function judge(scenario: string | Scenario, options: Options, run: (scenario: Scenario, file: string | null) => Checked): Outcome {
  const file = options.file ?? 'scenario';
  if (typeof scenario !== 'string' && (typeof scenario !== 'object' || scenario === null)) return refused(file, 'a scenario is a string, or what parse() gives as scenario');
  const parsed = typeof scenario === 'string' ? parse(scenario, file) : { ok: true as const, scenario };
  if (!parsed.ok) return parsed;
  const names = checkNames(parsed.scenario, file);
  if (names.length > 0) return { ok: false, diagnostics: names };
  const checked = run(parsed.scenario, options.file ?? null);
  if (checked.ok) return { ok: true, result: checked.result };
  return refused(file, checked.message, checked.at?.line, checked.at?.column);
}

function refused(file: string, message: string, line = 1, column = 1): Outcome {
  return { ok: false, diagnostics: [{ file, line, column, length: 1, message, expected: [], hint: null }] };
}

function common(options: Options) {
  const { symmetry, liveness, order, stop } = options;
  return {
    limits: { ...unlimited, ...options.limits }, now: () => performance.now(),
    contract: Object.entries(options.contract ?? {}).map(([key, value]) => ({ key, value })),
    ...(symmetry === undefined ? {} : { symmetry }), ...(liveness === undefined ? {} : { liveness }), ...(order === undefined ? {} : { order }), ...(stop === undefined ? {} : { stop }),
  };
}
