// A scenario's unknowns: which there are, every valuation of them, and one result out of the results under each.

import type { Declaration, Scenario } from '../model/scenario.ts';
import type { CheckResult } from '../results/verdict.ts';

/** More cannot be searched. */
export const MOST_UNKNOWNS = 4;

export type Unknown = Declaration & { readonly kind: 'unknown' };

/** The result of one search under these values, in the order of the unknowns. */
export interface Valued {
  readonly result: CheckResult;
  readonly values: readonly boolean[];
}

export function unknownsOf(scenario: Scenario): Unknown[] {
  return scenario.declarations.flatMap((d) => (d.kind === 'unknown' ? [d] : []));
}

/** Every valuation of so many unknowns; the first is false throughout. */
export function valuations(count: number): boolean[][] {
  return Array.from({ length: 1 << count }, (_, bits) => Array.from({ length: count }, (_, i) => ((bits >> i) & 1) === 1));
}

export function byName(unknowns: readonly Unknown[], values: readonly boolean[]): Readonly<Record<string, boolean>> {
  return Object.fromEntries(unknowns.map((u, i) => [u.name, values[i] ?? false]));
}

/** Several searches, one a valuation of the unknowns: broken under all is broken, under none holds, under some undecided. */
export function merged(scenario: Scenario, unknowns: readonly Unknown[], results: readonly Valued[]): CheckResult {
  const sum = (pick: (r: CheckResult) => number): number => results.reduce((total, r) => total + pick(r.result), 0);
  const broken = results.filter((r) => r.result.verdict === 'broken');
  const [base] = broken.length > 0 ? broken : results;
  const unfinished = results.find((r) => r.result.verdict === 'unfinished');
  if (base === undefined) throw new Error('no valuation was searched');
  const assumed = (values: readonly boolean[]): string => unknowns.map((u, i) => `${u.name} (${u.where}) is ${values[i] === true}`).join(', ');
  const totals = { states: sum((r) => r.states), transitions: sum((r) => r.transitions), depth: Math.max(...results.map((r) => r.result.depth)) };
  if (broken.length === 0 && unfinished !== undefined) return { ...unfinished.result, ...totals };
  if (broken.length === 0 || broken.length === results.length) return { ...base.result, ...totals };
  const turns = (i: number, a: Valued, b: Valued): boolean => a.result.verdict !== b.result.verdict && differOnlyIn(i, a.values, b.values);
  const deciding = unknowns.filter((_, i) => results.some((a) => results.some((b) => turns(i, a, b))));
  const expected = scenario.expectation;
  const assumptions = [...base.result.ledger.assumptions, ...broken.map((b) => `broken (${b.result.outcome}) where ${assumed(b.values)}`)];
  return {
    ...base.result, ...totals, verdict: 'undecided', outcome: `undecided (${deciding.map((u) => u.where).join(', ')})`,
    asExpected: expected === null ? null : expected.verdict === 'undecided',
    ledger: { ...base.result.ledger, assumptions },
  };
}

function differOnlyIn(i: number, a: readonly boolean[], b: readonly boolean[]): boolean {
  return a.every((value, j) => (j === i) !== (value === b[j]));
}
