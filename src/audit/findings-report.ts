// Sorts findings by what was asked for: rules, confidence, and a baseline (issue 4, part 3).

import { CONFIDENCES, identityOf, type Confidence, type RuleHeader, type RulesResult } from '../results/finding.ts';
import { isAtLeast, type BaselineEntry, type FindingsReport } from '../results/findings-report.ts';

export interface Asked {
  /** Those whose findings count. */
  readonly rules: readonly RuleHeader[];
  readonly confidence: Confidence;
  readonly baseline: { readonly file: string; readonly entries: readonly BaselineEntry[] } | null;
  /** Whether a file was looked at. */
  readonly looked: (file: string) => boolean;
}

export function findingsReport(result: RulesResult, { rules, confidence, baseline, looked }: Asked): FindingsReport {
  const ids = new Set(rules.map(({ id }) => id));
  const found = result.findings.filter((one) => ids.has(one.rule));
  const reasons = new Map((baseline?.entries ?? []).map((one) => [one.identity, one.reason]));
  const isKnown = (identity: string): boolean => reasons.has(identity);
  const asked = found.filter((one) => isAtLeast(one.confidence, confidence));
  const below = found.filter((one) => !isAtLeast(one.confidence, confidence) && !isKnown(identityOf(one)));
  const present = new Set(found.map(identityOf));
  const lower = (level: Confidence): number => below.filter((one) => one.confidence === level).length;
  const [high, medium, low] = CONFIDENCES.map(lower);
  return {
    tree: result.tree,
    ledger: result.ledger,
    coverage: result.coverage,
    rules,
    confidence,
    findings: asked.filter((one) => !isKnown(identityOf(one))),
    known: asked.flatMap((finding) => {
      const reason = reasons.get(identityOf(finding));
      return reason === undefined ? [] : [{ finding, reason }];
    }),
    lower: { high: high ?? 0, medium: medium ?? 0, low: low ?? 0 },
    baseline: baseline === null ? null : { file: baseline.file, gone: baseline.entries.filter((one) => ids.has(one.rule) && looked(one.file) && !present.has(one.identity)) },
  };
}
