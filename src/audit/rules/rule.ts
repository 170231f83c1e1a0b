// What a rule is: a header, and a judge of one of five kinds. A rule looks at no driver's name and at no file's (issue 4, part 2).

import type { ExporterProfile, ImporterProfile, LedgerRow, Pair, Place } from '../../results/audit.ts';
import type { Confidence, PathStep, RuleHeader } from '../../results/finding.ts';
import type { CFunction } from '../../source/syntax.ts';
import type { FoundExporter } from '../exporters.ts';
import type { FoundImporter } from '../importers.ts';
import type { TreeView } from '../tree-view.ts';
import type { Breach } from '../typestate/breach.ts';

/** What a rule says of one place. */
export interface Found {
  readonly at: Place;
  /** One sentence, no full stop. */
  readonly text: string;
  readonly path: readonly PathStep[];
  /** Lower than the header's where this one is less sure. */
  readonly confidence?: Confidence;
}

/** Takes what the automata and the reservation lock's states say of a path (src/audit/typestate). */
export interface TypestateRule {
  readonly header: RuleHeader;
  readonly judge: 'typestate';
  /** Null where the breach is another rule's. */
  readonly tell: (breach: Breach) => Found | null;
}

/** Looks at one function that was parsed because it mentions one of `words`. */
export interface FunctionRule {
  readonly header: RuleHeader;
  readonly judge: 'function';
  /** Prefixes of identifiers: a body without any of them is not looked at. */
  readonly words: readonly string[];
  readonly find: (view: TreeView, fn: CFunction, ledger: LedgerRow[]) => readonly Found[];
}

export interface ImporterRule {
  readonly header: RuleHeader;
  readonly judge: 'importer';
  readonly find: (view: TreeView, profile: ImporterProfile, found: FoundImporter, ledger: LedgerRow[]) => readonly Found[];
}

export interface ExporterRule {
  readonly header: RuleHeader;
  readonly judge: 'exporter';
  readonly find: (view: TreeView, profile: ExporterProfile, found: FoundExporter, ledger: LedgerRow[]) => readonly Found[];
}

/** Looks at profiles and verdicts of all pairs, where no C is at hand any more. */
export interface PairsRule {
  readonly header: RuleHeader;
  readonly judge: 'pairs';
  readonly find: (importers: readonly ImporterProfile[], exporters: readonly ExporterProfile[], pairs: readonly Pair[]) => readonly Found[];
}

export type Rule = TypestateRule | FunctionRule | ImporterRule | ExporterRule | PairsRule;

/** What only a member of the caller's object has may be given back by the caller: less sure. */
export const sureness = ({ owner }: Breach & { readonly is: 'leak' }): { readonly confidence?: Confidence } => (owner === 'nobody' ? {} : { confidence: 'medium' });

/** Where the callback stands: its table names it. */
export function placeOfCallback({ evidence, behaviour, file, line, callback }: ImporterProfile): Place {
  const first = behaviour === null || behaviour.kind === 'end' ? null : behaviour.at;
  if (first !== null && first.function === callback) return first;
  const ops = evidence.find(({ fact }) => fact === 'ops');
  return ops === undefined ? { file, line, function: callback ?? '' } : { file: ops.file, line: ops.line, function: callback ?? '' };
}
