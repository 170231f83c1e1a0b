// What a series of patches does to the findings, the profiles and the pairs of a tree: the JSON of `fencepost audit --patch` (issue 4, part 4).

import type { LedgerRow, PairVerdict } from './audit.ts';
import type { Finding } from './finding.ts';

/** A patch of the series: its number, of how many, its subject. */
export interface PatchName {
  readonly number: number;
  readonly total: number;
  readonly subject: string;
}

export interface FindingChange {
  readonly finding: Finding;
  /** The patch that brings it, or takes it away; null where that could not be told. */
  readonly patch: PatchName | null;
}

export interface PairChange {
  readonly exporter: string;
  readonly importer: string;
  /** Null where one of the two was not there. */
  readonly before: PairVerdict | null;
  readonly after: PairVerdict | null;
  readonly why: string;
}

export interface ProfileChange {
  /** "importer xe", "exporter vfio_pci" */
  readonly of: string;
  readonly text: string;
}

export interface SeriesResult {
  readonly series: { readonly version: number; readonly patches: readonly PatchName[]; readonly base: string | null };
  readonly tree: { readonly version: string; readonly contract: string };
  readonly added: readonly FindingChange[];
  readonly fixed: readonly FindingChange[];
  /** The same finding at another place. */
  readonly moved: readonly { readonly finding: Finding; readonly from: { readonly file: string; readonly line: number } }[];
  readonly unchanged: number;
  /** Those that were there before and still are. */
  readonly remaining: readonly Finding[];
  readonly profilesChanged: readonly ProfileChange[];
  readonly pairsChanged: readonly PairChange[];
  readonly ledger: readonly LedgerRow[];
  /** Functions that rules looked at, and those given up. */
  readonly coverage: { readonly functions: number; readonly undecided: number };
}
