// What a run of the rules has to tell: findings, those that a baseline knows, what was asked for, what was not decided. Plain data, made ready for every form (issue 4, part 3).

import { CONFIDENCES, type Confidence, type Finding, type RuleHeader, type RulesResult } from './finding.ts';

/** An entry of a baseline: a finding that somebody has judged. */
export interface BaselineEntry {
  /** The identity of the finding: identityOf(). */
  readonly identity: string;
  readonly rule: string;
  readonly function: string;
  readonly anchor: string;
  /** From 0, as in a finding. */
  readonly ordinal: number;
  /** Where it was when the entry was written: for the reader, and to know whether it was looked for. */
  readonly file: string;
  readonly reason: string;
}

export interface FindingsReport extends Pick<RulesResult, 'tree' | 'ledger' | 'coverage'> {
  /** Those that ran, in the order of their list. */
  readonly rules: readonly RuleHeader[];
  /** The least that is shown. */
  readonly confidence: Confidence;
  /** To be shown; they decide the exit code. */
  readonly findings: readonly Finding[];
  /** Of the same confidence, but known to the baseline. */
  readonly known: readonly { readonly finding: Finding; readonly reason: string }[];
  /** Findings of a lower confidence, not shown, that the baseline does not know. */
  readonly lower: Readonly<Record<Confidence, number>>;
  /** Null where none was given. `gone`: entries that match nothing any more, though their file was looked at with their rule. */
  readonly baseline: { readonly file: string; readonly gone: readonly BaselineEntry[] } | null;
}

/** "medium" is at least "low". */
export const isAtLeast = (one: Confidence, least: Confidence): boolean => CONFIDENCES.indexOf(one) <= CONFIDENCES.indexOf(least);
