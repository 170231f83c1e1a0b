// A run of the rules in the kernel's test format: KTAP version 1. Each rule is a test; what it found stands before its line.

import type { FindingsReport } from '../results/findings-report.ts';
import { findingLines } from './finding-text.ts';
import { findingsSummary, notChecked } from './findings-text.ts';
import { plainForm } from './form.ts';
import { count } from './layout.ts';

export function findingsKtap(report: FindingsReport): string {
  const { rules, findings, known, baseline } = report;
  const lines = ['KTAP version 1', `1..${rules.length}`];
  for (const [index, { id }] of rules.entries()) {
    const own = findings.filter((one) => one.rule === id);
    const expected = known.filter(({ finding }) => finding.rule === id);
    for (const { finding, reason } of expected) lines.push(`# ${id}: known: ${findingLines(finding, plainForm)[0] ?? ''}: ${reason}`);
    for (const finding of own) lines.push(...findingLines(finding, plainForm).map((line) => `# ${id}: ${line}`));
    lines.push(own.length === 0 ? `ok ${index + 1} ${id}` : `not ok ${index + 1} ${id} # ${count(own.length, 'finding')}`);
  }
  for (const one of baseline?.gone ?? []) lines.push(`# found no more: ${one.rule} in ${one.function}() at "${one.anchor}"`);
  lines.push(`# ${findingsSummary(report)}`, `# ${notChecked(report, true)}`);
  return `${lines.join('\n')}\n`;
}
