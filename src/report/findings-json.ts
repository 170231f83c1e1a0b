// A run of the rules as JSON: schema/findings.schema.json. `version` counts its incompatible changes.

import { identityOf, type Finding } from '../results/finding.ts';
import type { FindingsReport } from '../results/findings-report.ts';

export const FINDINGS_JSON_VERSION = 1;

/** Two spaces of indent, one line break at the end. */
export function findingsJson({ tree, rules, confidence, findings, known, lower, baseline, coverage, ledger }: FindingsReport): string {
  return `${JSON.stringify({
    version: FINDINGS_JSON_VERSION,
    tree,
    rules: rules.map(({ id, title, obligation, confidence: usual, source }) => ({ id, title, obligation, confidence: usual, source })),
    confidence,
    findings: findings.map(findingObject),
    known: known.map(({ finding, reason }) => ({ ...findingObject(finding), reason })),
    lower,
    baseline: baseline === null ? null : { file: baseline.file, gone: baseline.gone },
    coverage,
    ledger,
  }, null, 2)}\n`;
}

/** With its identity, which other tools compare by. */
export function findingObject(finding: Finding): object {
  const { rule, obligation, confidence, file, line, function: name, text, path, anchor, ordinal, under } = finding;
  return { rule, obligation, confidence, file, line, function: name, text, path, anchor, ordinal, under, identity: identityOf(finding) };
}
