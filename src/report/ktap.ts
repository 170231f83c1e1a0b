// Results in the kernel's test format: KTAP version 1. Diagnostics stand before the line that they belong to.

import { judge } from '../results/judgement.ts';
import type { CheckResult } from '../results/verdict.ts';
import { count } from './layout.ts';

/** `errors`: what could not be read, parsed or checked; each is a test that failed. */
export function ktapReport(results: readonly CheckResult[], errors: readonly string[] = []): string {
  const lines = ['KTAP version 1', `1..${results.length + errors.length}`];
  results.forEach((result, index) => {
    const name = nameOf(result);
    for (const line of diagnostics(result)) lines.push(`# ${name}: ${oneLine(line)}`);
    lines.push(resultLine(result, index + 1, name));
  });
  errors.forEach((error, i) => lines.push(`not ok ${results.length + i + 1} input # ERROR ${oneLine(error.split('\n')[0] ?? '')}`));
  return `${lines.join('\n')}\n`;
}

function resultLine(result: CheckResult, n: number, name: string): string {
  switch (judge(result)) {
    case 'fine':
      return `ok ${n} ${name}`;
    case 'bad':
      return `not ok ${n} ${name} # ${oneLine(result.outcome)}${result.expected === null ? '' : `, declared ${oneLine(result.expected)}`}`;
    case 'unfinished':
      return `not ok ${n} ${name} # TIMEOUT unfinished`;
    case 'open':
      return `ok ${n} ${name} # SKIP ${oneLine(result.outcome)}`;
    case 'failed':
      return `not ok ${n} ${name} # ERROR ${oneLine(result.outcome)}`;
  }
}

function diagnostics(result: CheckResult): string[] {
  const lines = [`${result.outcome}, ${count(result.states, 'state')}, depth ${result.depth}`];
  const [worst] = result.broken;
  if (judge(result) === 'bad' && worst !== undefined) {
    lines.push(`${worst.code}: ${worst.text}`, `blame ${worst.blame.party}, ${worst.blame.object}, ${worst.blame.obligation}`);
    for (const step of worst.steps) lines.push(`${step.n} ${step.party}: ${step.c}`);
  }
  for (const limit of result.ledger.notCovered) lines.push(`not covered: ${limit}`);
  return lines;
}

/** A name may not hold what begins a directive, nor a line break. */
function nameOf(result: CheckResult): string {
  return oneLine(result.scenario).replaceAll('#', '_');
}

function oneLine(text: string): string {
  return text.replace(/\s*[\r\n]+\s*/g, ' ');
}
