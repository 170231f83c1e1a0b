// A run of the rules as text: each finding with its path, one line that sums up, one line of what was not checked.

import type { FindingsReport } from '../results/findings-report.ts';
import { CONFIDENCES } from '../results/finding.ts';
import { ledgerText } from './audit-summary.ts';
import { findingLines } from './finding-text.ts';
import type { Form } from './form.ts';
import { count, wrap } from './layout.ts';

/** Ends with a line break. */
export function findingsText(report: FindingsReport, form: Form): string {
  const { findings, baseline, ledger } = report;
  const { palette, width } = form;
  const gone = baseline?.gone ?? [];
  return `${[
    ...findings.flatMap((one) => findingLines(one, form)),
    ...(findings.length === 0 ? [] : ['']),
    ...gone.flatMap((one) => wrap(`${baseline?.file ?? ''}: found no more: ${one.rule} in ${one.function}() at "${one.anchor}" (${one.reason})`, width, 4).map(palette.doubt)),
    ...wrap(findingsSummary(report), width, 2),
    ...wrap(notChecked(report, form.verbose), width, 2).map(palette.dim),
    ...(form.verbose && ledger.length > 0 ? ['', palette.strong('ledger'), ...ledgerText(report, form)] : []),
  ].join('\n')}\n`;
}

/** "3 findings by 45 rules; 2 more are in the baseline; 7 of medium confidence are not shown (--confidence medium)" */
export function findingsSummary({ tree, rules, findings, known, lower, baseline }: FindingsReport): string {
  const hidden = CONFIDENCES.flatMap((level) => (lower[level] > 0 ? [`${lower[level]} of ${level} confidence not shown (--confidence ${level})`] : []));
  const place = /^\d/.test(tree.version) ? `Linux ${tree.version}: ` : '';
  return [
    `${place}${findings.length === 0 ? 'no finding' : count(findings.length, 'finding')} by ${count(rules.length, 'rule')}`,
    ...(baseline === null ? [] : [`${known.length} known to ${baseline.file}`]),
    ...hidden,
  ].join('; ');
}

/** Says what the findings do not cover, in one line. */
export function notChecked({ coverage, ledger }: Pick<FindingsReport, 'coverage' | 'ledger'>, isVerbose: boolean): string {
  const { functions, undecided } = coverage;
  const checked = undecided === 0 ? `${count(functions, 'function')} checked to the end` : `not checked: ${undecided} of ${count(functions, 'function')}, too large or not understood`;
  return `${checked}; ${count(ledger.length, 'entry', 'entries')} in the ledger${isVerbose || ledger.length === 0 ? '' : ' (--verbose shows them)'}`;
}
