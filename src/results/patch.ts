// What a series of patches does to the findings, the profiles and the pairs of a tree. Plain data: the JSON of `fencepost audit --patch` (issue 4, part 4).

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

/** The same finding in another file, or in a function that got another name. */
export interface MovedFinding {
  readonly finding: Finding;
  readonly from: { readonly file: string; readonly line: number; readonly function: string };
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

/** A commit that brought a line: `Fixes: 0123456789ab ("subject")`. */
export interface Origin {
  /** Twelve digits. */
  readonly commit: string;
  readonly subject: string;
}

export interface SeriesResult {
  readonly series: { readonly version: number; readonly patches: readonly PatchName[]; readonly base: string | null };
  readonly tree: { readonly version: string; readonly contract: string };
  readonly added: readonly FindingChange[];
  readonly fixed: readonly FindingChange[];
  readonly moved: readonly MovedFinding[];
  /** Those that were there before and still are, where they were. */
  readonly remaining: readonly Finding[];
  readonly profilesChanged: readonly ProfileChange[];
  readonly pairsChanged: readonly PairChange[];
  /** By file: the Kconfig symbols without which it is not built, the nearest first: "CONFIG_DRM_XE". Only files of findings above. */
  readonly configs: ReadonlyMap<string, readonly string[]>;
  /** By identity: the commits that brought findings that the series did not bring. */
  readonly origins: ReadonlyMap<string, Origin>;
  readonly ledger: readonly LedgerRow[];
  /** Functions that rules looked at, and those given up. */
  readonly coverage: { readonly functions: number; readonly undecided: number };
  /** What a change of the series may reach and what was not looked at. */
  readonly left: readonly string[];
}

/** What a version of a series did about the findings that an older one added. */
export interface Since {
  /** Of the older one; it counts where `isNewer`. */
  readonly version: number;
  readonly isNewer: boolean;
  /** With the patch of the older series. */
  readonly fixed: readonly FindingChange[];
  readonly remains: readonly FindingChange[];
  readonly fresh: readonly FindingChange[];
}
