// Runs rules over what a path names: those over C in the threads that find the facts, those over pairs here, once the pairs are judged.

import { judgePairs } from '../audit/pairs.ts';
import type { Rule } from '../audit/rules/rule.ts';
import { findingsOfPairs, withFindings } from '../audit/rules-result.ts';
import type { Pair } from '../results/audit.ts';
import type { RulesResult } from '../results/finding.ts';
import { auditPath, phaseText } from './audit-engine.ts';
import { sidesOf, type Audited } from './audit-sides.ts';
import type { LongWork } from './long-work.ts';

export interface RulesOptions {
  readonly workers: number | null;
  readonly useCache: boolean;
  /** What a driver outside a tree is held against; null: the bundled catalogue. */
  readonly catalogue: string | null;
}

export interface Ran {
  readonly result: RulesResult;
  /** Whether a file, relative to the tree, was looked at. */
  readonly looked: (file: string) => boolean;
}

/** Null where it was stopped. Throws UsageProblem. */
export async function runRules(path: string, rules: readonly Rule[], options: RulesOptions, told: LongWork): Promise<Ran | null> {
  const { stop, show } = told;
  const found = await auditPath(path, { workers: options.workers, useCache: options.useCache, withRules: true, stop, progress: (phase, done, total) => show(phaseText(phase, done, total)) });
  if (found.kind === 'stopped' || found.rules === null) return null;
  // Of the whole tree a file counts as looked at even if it is not there any more.
  const looked = (file: string): boolean => found.isTree || found.text(file) !== null;
  if (!rules.some((rule) => rule.judge === 'pairs')) return { result: found.rules, looked };
  const { importers, exporters, ...sides } = sidesOf(path, found, options.catalogue);
  const pairs = pairsOf({ importers, exporters, ...sides }, told);
  if (pairs === null) return null;
  return { result: withFindings(found.rules, findingsOfPairs({ rules, importers, exporters, pairs, text: found.text })), looked };
}

function pairsOf({ catalogue, importers, exporters, matters, keep }: Audited, { show, stop, unheard }: LongWork): readonly Pair[] | null {
  const kept = keep?.pairs.read() ?? null;
  if (kept !== null) {
    try {
      const { pairs } = JSON.parse(kept) as { readonly pairs: readonly Pair[] };
      if (pairs.length === importers.length * exporters.length) return pairs;
    } catch {
      // What cannot be read is judged again.
    }
  }
  if (stop()) return null;
  show(phaseText('judge', 0, 0));
  const judged = unheard(() => judgePairs(importers, exporters, { contract: catalogue.tree.contract, now: () => performance.now(), progress: (done, total) => show(phaseText('judge', done, total)) }, matters));
  keep?.pairs.write(JSON.stringify(judged));
  return judged.pairs;
}
