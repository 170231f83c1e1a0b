// What a rule found in C, and how findings of two trees differ. Plain data: the JSON of `fencepost audit --rules` and of `--patch` (issue 4, parts 2 to 4).

import type { ObligationId } from '../protocol/obligations.ts';
import type { LedgerRow, Place } from './audit.ts';

export const CONFIDENCES = ['high', 'medium', 'low'] as const;
export type Confidence = (typeof CONFIDENCES)[number];

/** One line of the path that leads to a finding. */
export interface PathStep extends Place {
  /** "attaches: dma_buf_attach(buf, dev)", "IS_ERR(sgt) is true", "returns ret". */
  readonly text: string;
}

export interface Finding extends Place {
  /** The id of the rule: "attach-leak". */
  readonly rule: string;
  readonly obligation: ObligationId | null;
  readonly confidence: Confidence;
  /** One sentence, no full stop. */
  readonly text: string;
  readonly path: readonly PathStep[];
  /** The source line it stands on, blanks squeezed: survives a shift of lines. */
  readonly anchor: string;
  /** Counts findings of the same rule, function and anchor, from 0. */
  readonly ordinal: number;
  /** The #if conditions around the place, outermost first; empty where there are none. */
  readonly under: readonly string[];
  /** The functions that were looked at when it was found, or "importer xe": its place may be in another one. Not for who reads it. */
  readonly by?: readonly string[];
}

/**
 * Survives shifts of lines and a move to another file: rule, function, anchor, ordinal.
 * Two findings with one identity in one tree are the same finding.
 */
export const identityOf = ({ rule, function: name, anchor, ordinal }: Finding): string => `${rule} ${name} ${anchor}${ordinal === 0 ? '' : ` #${ordinal + 1}`}`;

/** What a rule says of itself; `explain` and docs/rules are made of it. */
export interface RuleHeader {
  /** Kebab-case, once and for ever. */
  readonly id: string;
  /** One sentence: what is wrong where it strikes. */
  readonly title: string;
  /** Two to five sentences: why it matters, what happens. */
  readonly why: string;
  readonly obligation: ObligationId | null;
  /** Kernel-doc symbol, commit or mail; SEMANTICS number. */
  readonly source: string;
  readonly confidence: Confidence;
  /** What it may be wrong about, in a sentence or two. */
  readonly falsePositives: string;
  /** A whole C file of our own in which the rule, and no other of high confidence, finds something; and one in which it does not. */
  readonly broken: string;
  readonly clean: string;
}

export interface RulesResult {
  readonly tree: { readonly version: string; readonly contract: string };
  readonly findings: readonly Finding[];
  readonly ledger: readonly LedgerRow[];
  /** Functions that rules looked at, and those of them that were given up (undecided; each is in the ledger). */
  readonly coverage: { readonly functions: number; readonly undecided: number };
}
