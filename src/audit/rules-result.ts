// What the rules said of a tree, put together from all threads; and the rules over pairs, which run where no C is open any more (issue 4, part 3).

import type { ExporterProfile, ImporterProfile, Pair } from '../results/audit.ts';
import type { Finding, RulesResult } from '../results/finding.ts';
import { outlineOf } from '../source/outline.ts';
import type { AuditFacts, AuditPart } from './audit-tree.ts';
import { anchorIn, numbered, type Unnumbered } from './findings.ts';
import type { PairsRule, Rule } from './rules/rule.ts';

/** What comes out does not depend on which thread found what. */
export function assembleRules({ tree, ledger }: AuditFacts, parts: readonly AuditPart[]): RulesResult {
  const judged = new Map<string, boolean>();
  for (const [name, isDecided] of parts.flatMap((one) => one.judged)) judged.set(name, isDecided && judged.get(name) !== false);
  return {
    tree,
    findings: numbered(parts.flatMap((one) => one.findings)),
    ledger,
    coverage: { functions: judged.size, undecided: [...judged.values()].filter((isDecided) => !isDecided).length },
  };
}

export interface PairsRulesInput {
  readonly rules: readonly Rule[];
  readonly importers: readonly ImporterProfile[];
  readonly exporters: readonly ExporterProfile[];
  readonly pairs: readonly Pair[];
  /** The C of a file that was asked for; null of any other, about which nothing is said. */
  readonly text: (file: string) => string | null;
}

/** What rules over pairs say of places in the files that were asked for. */
export function findingsOfPairs({ rules, importers, exporters, pairs, text }: PairsRulesInput): readonly Finding[] {
  const found: Unnumbered[] = [];
  for (const rule of rules.filter((one): one is PairsRule => one.judge === 'pairs')) {
    for (const { at, text: says, path, confidence } of rule.find(importers, exporters, pairs)) {
      const c = text(at.file);
      if (c === null) continue;
      const { id, obligation, confidence: usual } = rule.header;
      const { file, line, function: name } = at;
      const under = outlineOf(c).functions.find((one) => one.line <= line && line <= one.endLine)?.under ?? [];
      found.push({ file, line, function: name, rule: id, obligation, confidence: confidence ?? usual, text: says, path, anchor: anchorIn(c, line), under });
    }
  }
  return numbered(found);
}

/** Both in one order. */
export function withFindings(result: RulesResult, more: readonly Finding[]): RulesResult {
  if (more.length === 0) return result;
  const compare = (a: Finding, b: Finding): number => (a.file === b.file ? a.line - b.line : a.file < b.file ? -1 : 1);
  return { ...result, findings: [...result.findings, ...more].sort(compare) };
}
