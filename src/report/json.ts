// Results as JSON. The form is schema/check.schema.json; `version` counts its incompatible changes.

import type { CheckResult, Counterexample } from '../results/verdict.ts';

export const JSON_VERSION = 1;

/** Two spaces of indent, one line break at the end. `errors`: what could not be read, parsed or checked, one message each. */
export function jsonReport(results: readonly CheckResult[], errors: readonly string[] = []): string {
  return `${JSON.stringify({ version: JSON_VERSION, results: results.map(resultObject), errors }, null, 2)}\n`;
}

function resultObject(result: CheckResult): object {
  const [worst, ...others] = result.broken;
  return {
    scenario: result.scenario,
    file: result.file,
    source: result.source,
    contract: result.contract,
    verdict: result.verdict,
    outcome: result.outcome,
    expected: result.expected,
    asExpected: result.asExpected,
    ...(worst === undefined ? NOTHING_BROKEN : counterexampleObject(worst)),
    also: others.map(counterexampleObject),
    refused: result.refused,
    states: result.states,
    transitions: result.transitions,
    depth: result.depth,
    milliseconds: result.milliseconds,
    ledger: result.ledger,
  };
}

const NOTHING_BROKEN = { kind: null, property: null, text: null, blame: null, steps: [], cycle: null, waits: [], replay: null };

function counterexampleObject(found: Counterexample): object {
  const { kind, code, text, blame, steps, cycle, waits, replay } = found;
  return { kind, property: code, text, blame, steps, cycle, waits, replay };
}
