// The seam between the command line and what it runs: scenario text in, result out.
// The rest of src/cli knows the judges only as this interface, so tests can hand in their own.

import type { Limits, Progress } from '../check/outcome.ts';
import type { Scenario } from '../model/scenario.ts';
import type { Origin } from '../model/system.ts';
import type { CheckResult } from '../results/verdict.ts';
import type { Steps, Workers } from '../check/index.ts';
import { checkSteps, replayScenario, simulatedSteps, type Checked } from '../check/run.ts';
import { check as checkNames, formatDiagnostic, parse } from '../litmus/index.ts';
import type { Override } from './parse-arguments.ts';
import type { Order } from './options.ts';

export interface CheckOptions {
  readonly contract: readonly Override[];
  readonly symmetry: boolean;
  readonly liveness: boolean;
  readonly limits: Limits;
  readonly order: Order;
  /** Adds a run to the result, to be printed as a trace. */
  readonly run?: boolean;
  /** Milliseconds. */
  readonly now: () => number;
  readonly stop: () => boolean;
  readonly progress?: (progress: Progress) => void;
  /** Threads for a search that turns out to be large. */
  readonly workers?: Workers;
}

export type Read = { readonly ok: true; readonly scenario: Scenario } | { readonly ok: false; readonly messages: readonly string[] };
/** A scenario that does not fit the model, or a token that does not fit the scenario, is a message; `at` where it has a place. */
export type Judged = { readonly ok: true; readonly result: CheckResult } | { readonly ok: false; readonly message: string; readonly at?: Origin };

/** What may take long comes in parts: it yields every few milliseconds. */
export interface Engine {
  /** Parse and check; messages are ready to be printed. */
  readonly read: (text: string, file: string) => Read;
  readonly check: (scenario: Scenario, file: string, options: CheckOptions) => Steps<Judged>;
  readonly simulate: (scenario: Scenario, file: string, options: CheckOptions & { readonly runs: number; readonly seed: number }) => Steps<Judged>;
  readonly replay: (scenario: Scenario, file: string, token: string, options: CheckOptions) => Judged;
}

export const engine: Engine = {
  read: (text, file) => {
    const parsed = parse(text, file);
    const diagnostics = parsed.ok ? checkNames(parsed.scenario, file) : parsed.diagnostics;
    if (parsed.ok && diagnostics.length === 0) return parsed;
    return { ok: false, messages: diagnostics.map((diagnostic) => formatDiagnostic(text, diagnostic)) };
  },
  check: function* (scenario, file, options) {
    return answered(file, yield* checkSteps(scenario, file, options));
  },
  simulate: function* (scenario, file, options) {
    return answered(file, yield* simulatedSteps(scenario, file, options));
  },
  replay: (scenario, file, token, options) => answered(file, replayScenario(scenario, file, token, options)),
};

function answered(file: string, checked: Checked): Judged {
  if (checked.ok) return checked;
  return checked.at === null ? { ok: false, message: `${file}: ${checked.message}` } : { ok: false, message: checked.message, at: checked.at };
}
