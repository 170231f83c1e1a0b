// Runs rules over C in this thread: what every test of a rule needs.

import { auditPart, assembleAudit } from '../../src/audit/audit-tree.ts';
import { judgePairs } from '../../src/audit/pairs.ts';
import { RULES } from '../../src/audit/rules/index.ts';
import type { Rule } from '../../src/audit/rules/rule.ts';
import { assembleRules, findingsOfPairs, withFindings } from '../../src/audit/rules-result.ts';
import type { RulesResult } from '../../src/results/finding.ts';
import { CodeBase } from '../../src/source/code-base.ts';
import { indexIdentifiers, VOCABULARY } from '../../src/source/identifier-index.ts';
import { folder, grammar } from '../source/set-up.ts';
import type { TestContext } from 'node:test';

/** Files by path. `within`: the file or folder that was asked for. */
export function ruled(t: TestContext, files: Readonly<Record<string, string>>, rules: readonly Rule[] = RULES, within: string | null = null): RulesResult {
  const root = folder(t, files);
  const index = indexIdentifiers(root, Object.keys(files).sort(), VOCABULARY);
  const exports = new Map<string, string[]>();
  for (const file of index.files) for (const name of file.exports) exports.set(name, [...(exports.get(name) ?? []), file.path]);
  let next = 0;
  const part = auditPart({ code: new CodeBase({ root, grammar, exports }), files: index.files, take: () => next++, progress: () => undefined, rules, within });
  const facts = assembleAudit({ version: 'toy', contract: 'invalidate_mappings' }, index.skipped, [part]);
  const { importers, exporters } = facts;
  const { pairs } = rules.some((one) => one.judge === 'pairs') ? judgePairs(importers, exporters, { contract: 'invalidate_mappings' }) : { pairs: [] };
  return withFindings(assembleRules(facts, [part]), findingsOfPairs({ rules, importers, exporters, pairs, text: (file) => files[file] ?? null }));
}
