// One scenario under two contracts, side by side, with the story of each that is broken.

import type { CheckResult } from '../results/verdict.ts';
import type { Form } from './form.ts';
import { duration, table, thousands, type Cell } from './layout.ts';
import { story } from './story.ts';

export interface Comparison {
  /** "STOP=V1" */
  readonly left: string;
  readonly right: string;
  readonly leftResult: CheckResult;
  readonly rightResult: CheckResult;
}

export function compareReport(comparison: Comparison, form: Form): string {
  const { left, right, leftResult, rightResult } = comparison;
  const rows = FACTS.map(([title, fact]): Cell[] => [{ text: title, paint: form.palette.dim }, { text: fact(leftResult) }, { text: fact(rightResult) }]);
  const lines = table([{ title: leftResult.scenario, least: 16 }, { title: left, least: 20 }, { title: right, least: 20 }], rows, form.width, form.unicode);
  for (const [name, result] of [[left, leftResult], [right, rightResult]] as const) {
    const [found] = result.broken;
    if (found !== undefined) lines.push('', `${form.palette.strong(name)}: ${found.code}: ${found.text}`, '', ...story(found, form));
  }
  return `${lines.join('\n')}\n`;
}

const FACTS: readonly (readonly [string, (result: CheckResult) => string])[] = [
  ['verdict', (result) => result.outcome],
  ['blame', (result) => blame(result)],
  ['counterexample', (result) => (result.broken[0] === undefined ? '-' : `${result.broken[0].steps.length} steps`)],
  ['refused', (result) => result.refused.map((refusal) => `${refusal.importer} in ${refusal.at}`).join(', ') || '-'],
  ['states', (result) => thousands(result.states)],
  ['time', (result) => duration(result.milliseconds)],
];

function blame(result: CheckResult): string {
  const found = result.broken[0]?.blame;
  return found === undefined ? '-' : [found.party, found.object, found.obligation].filter((part) => part !== '').join(', ');
}
