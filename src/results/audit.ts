// What the audit found in C: profiles of importers and exporters, each fact with its evidence, and the verdict on each pair.
// Plain data: the JSON of `fencepost audit --format json`, and what a catalogue keeps (issue 3, parts 4 to 9). Holds no C beyond the text of a condition.

import type { Usage } from '../protocol/usage.ts';
import type { CheckResult } from './verdict.ts';

/** A place in C. `file` is relative to the tree. */
export interface Place {
  readonly file: string;
  readonly line: number;
  readonly function: string;
}

/** One link of a chain of evidence: what stands there. */
export interface Evidence extends Place {
  /** "attach", "callback", "unmap", "pin", "flag", … */
  readonly fact: string;
  /** A few words: "dma_buf_unmap_attachment()", "calls ttm_bo_validate()". */
  readonly text: string;
}

/** A condition in C that the analysis met on a path. */
export interface Guard extends Place {
  /** The C condition, blanks squeezed: "device_unplugged". */
  readonly text: string;
  /** Why it was decided, or null where it was not: "true whenever mapped: stored from dma_buf_map_attachment() at …". */
  readonly decided: string | null;
  /** The side that leads to the unmap, where one does. */
  readonly side: boolean | null;
}

/** One thing that code does, which the contract speaks about. */
export type Act =
  | { readonly do: 'map' | 'unmap' | 'pin' | 'unpin' | 'attach' | 'detach' | 'put'; readonly unlocked: boolean }
  /** The reservation of the buffer; of another object if `own` is false (then it is only told). */
  | { readonly do: 'resv-lock' | 'resv-unlock'; readonly own: boolean; readonly trylock: boolean; readonly ticket: boolean }
  | { readonly do: 'wait-fences'; readonly usage: Usage; readonly interruptible: boolean; readonly timeout: boolean }
  | { readonly do: 'wait-fence'; readonly object: string; readonly timeout: boolean }
  | { readonly do: 'reserve-fences' }
  | { readonly do: 'add-fence'; readonly usage: Usage }
  | { readonly do: 'invalidate' }
  /** A field stored with a constant: `field` is its last name ("revoked"), `value` true for anything but 0, false and NULL. */
  | { readonly do: 'set'; readonly field: string; readonly path: string; readonly value: boolean }
  | { readonly do: 'lock' | 'unlock'; readonly lock: 'mutex' | 'spinlock' | 'rwsem-read' | 'rwsem-write'; readonly object: string }
  /** `runs` is the C function of the work, a key of `works`. */
  | { readonly do: 'queue-work' | 'flush-work'; readonly runs: string }
  | { readonly do: 'count-get' | 'count-put' | 'count-init'; readonly object: string; readonly completes: string | null }
  | { readonly do: 'completion-wait'; readonly object: string; readonly timeout: boolean }
  | { readonly do: 'completion-init' | 'complete'; readonly object: string }
  /** The device is told to stop: a known way (iommu_unmap), or an assumption about the call that is named. */
  | { readonly do: 'stop-device'; readonly call: string; readonly assumed: boolean }
  /** Only says something: pr_warn and its like. Never enough for a callback. */
  | { readonly do: 'log' };

/** What a body of C does, as a decision diagram: branches are the conditions that matter and that could not be decided. */
export type Behaviour =
  /** `returns`: "0", "-ENODEV", "?" for what a call gave, "" for void. */
  | { readonly kind: 'end'; readonly returns: string }
  /** The analysis gave up here: `why` is in the ledger too. */
  | { readonly kind: 'lost'; readonly why: string; readonly at: Place }
  | { readonly kind: 'act'; readonly act: Act; readonly at: Place; readonly next: Behaviour }
  /** A test of the interface itself, of a flag, or a condition nobody could decide. */
  | { readonly kind: 'branch'; readonly test: Test; readonly at: Place; readonly yes: Behaviour; readonly no: Behaviour };

export type Test =
  /** attach->peer2peer */
  | { readonly is: 'peer2peer' }
  /** dma_buf_attach_revocable() */
  | { readonly is: 'revocable' }
  /** attach->importer_ops->invalidate_mappings is there. */
  | { readonly is: 'callback' }
  /** A dynamic attachment: importer_ops set. */
  | { readonly is: 'dynamic' }
  /** A flag of the driver: "revoked". */
  | { readonly is: 'flag'; readonly field: string; readonly path: string }
  /** The mapping is there: the field that holds the sg_table. */
  | { readonly is: 'mapped' }
  /** dma_resv_test_signaled() */
  | { readonly is: 'idle'; readonly usage: Usage }
  /** The buffer's dma_buf_ops are those of this table. */
  | { readonly is: 'exporter-ops'; readonly table: string }
  /** Not decided: `text` as C. */
  | { readonly is: 'unknown'; readonly text: string };

export type ImporterClass = 'static' | 'movable' | 'pinned' | 'pinned-revocable' | 'unprotected';
export type Unmaps = 'sync' | 'deferred' | 'user' | 'never' | 'conditional';

export interface Work {
  /** The C function that the work runs. */
  readonly name: string;
  readonly behaviour: Behaviour;
}

export interface ImporterProfile {
  /** "amdgpu", "ib_umem/efa", "videobuf2-dma-contig": readable, unique in its tree. */
  readonly id: string;
  readonly file: string;
  readonly line: number;
  /** The C function that contains the attach call. */
  readonly function: string;
  readonly attach: 'static' | 'dynamic';
  /** The dma_buf_attach_ops table, null for a static one. */
  readonly ops: string | null;
  readonly peer2peer: boolean;
  /** The C function of invalidate_mappings (move_notify before 7.1). */
  readonly callback: string | null;
  /** The tree's dma_buf_attach_revocable() names this callback as one that promises nothing. */
  readonly promisesNothing: boolean;
  /** Pins for as long as it is mapped. */
  readonly pins: boolean;
  /** Wherever it maps it has pinned, if only until then: an exporter that refuses the pin refuses it. True where `pins` is. */
  readonly pinsToMap: boolean;
  readonly class: ImporterClass;
  /** What the callback does about the unmap; null without a callback. */
  readonly unmaps: Unmaps | null;
  readonly guards: readonly Guard[];
  readonly maps: readonly Place[];
  readonly unmapSites: readonly Place[];
  /** Drivers (folders or files) that reach this importer through its helper layer. */
  readonly users: readonly string[];
  /** Exported functions and tables of the helper layer that lead to this attach call. */
  readonly helpers: readonly string[];
  readonly unpinsInCallback: boolean;
  readonly waitsInCallback: readonly Usage[];
  readonly addsInCallback: readonly Usage[];
  /** Its driver adds fences to reservations: its jobs can be waited for. */
  readonly addsFences: boolean;
  /** It can ask for a new mapping after the callback. */
  readonly mapsAgain: boolean;
  /** Fields of its private object that the callback reads, and whether they are set before the attach call. */
  readonly privateFields: readonly { readonly field: string; readonly set: 'before-attach' | 'after-attach' | 'not-seen'; readonly at: Place | null }[];
  /** selftest or sample code. */
  readonly marked: 'selftest' | 'sample' | null;
  /** Exporters' tables outside of which it refuses to map: iommufd's private interconnect. Null: any. */
  readonly onlyExporters: readonly { readonly table: string; readonly errno: string; readonly at: Place }[] | null;
  /** Speculative or unfenced use of the mapping by hardware cannot be read from C: false only where the callback itself stops the device. */
  readonly behaviour: Behaviour | null;
  readonly works: readonly Work[];
  readonly evidence: readonly Evidence[];
  readonly assumptions: readonly string[];
}

export interface RefusalFact extends Place {
  readonly at: 'attach' | 'pin' | 'map';
  /** C condition, "" for always. */
  readonly when: string;
  readonly errno: string;
}

/** One place that calls dma_buf_invalidate_mappings, and the whole sequence around it; or, where an exporter calls nowhere, a flag's store. */
export interface RevokePath {
  readonly file: string;
  readonly line: number;
  readonly function: string;
  /** From the start of the outermost function that was followed. */
  readonly behaviour: Behaviour;
}

export interface ExporterProfile {
  readonly id: string;
  readonly file: string;
  readonly line: number;
  /** The dma_buf_ops table. */
  readonly ops: string;
  /** Members present. */
  readonly has: readonly string[];
  readonly users: readonly string[];
  readonly refuses: readonly RefusalFact[];
  /** Where it clears attach->peer2peer. */
  readonly downgrades: readonly Place[];
  readonly invalidates: readonly Place[];
  /** A flag that makes map fail, set under the same lock before the callbacks: its name; null where there is none. */
  readonly revokedFirst: string | null;
  /** The highest usage that it waits for after the callbacks, null where it does not wait. */
  readonly waitsFences: Usage | null;
  /** How it waits for every unmap: null, "forever", "timeout". */
  readonly waitsUnmap: 'forever' | 'timeout' | null;
  /** Locks held while it waits for unmaps, or for fences where it does not wait for unmaps: "resv", "memory_lock". */
  readonly locksHeld: readonly string[];
  /**
   * Where it drops the reference that its count of mappings is set up with, unmap left out; empty: nowhere.
   * Null: it does not count, or no such set-up is seen.
   */
  readonly ownReference: readonly Place[] | null;
  /** The backing can move while nobody pins it: a pin can succeed, and nothing waits for unmaps. It may do so without a word. */
  readonly moves: boolean;
  /** Where it clears the flag again. */
  readonly unrevokes: Place | null;
  readonly pinsInAttach: boolean;
  readonly marked: 'selftest' | 'sample' | null;
  /** Bodies of the ops, null where the op is not there. */
  readonly attachBehaviour: Behaviour | null;
  readonly pinBehaviour: Behaviour | null;
  readonly mapBehaviour: Behaviour | null;
  readonly unmapBehaviour: Behaviour | null;
  readonly revokes: readonly RevokePath[];
  readonly works: readonly Work[];
  readonly evidence: readonly Evidence[];
  readonly assumptions: readonly string[];
}

/** Code that takes a reference or a kernel mapping and never attaches. */
export interface ReferenceUser extends Place {
  readonly how: 'reference' | 'vmap';
}

export type PairVerdict = 'holds' | 'refused' | 'broken' | 'hangs' | 'undecided';

export interface Pair {
  readonly exporter: string;
  readonly importer: string;
  readonly verdict: PairVerdict;
  /** attach, pin, map of a refusal; null otherwise. */
  readonly at: string | null;
  readonly errno: string | null;
  /** One line for a person: place of the refusal, the guard that decides, the harm. */
  readonly why: string;
  /** P6, N2, … of a broken or hanging pair. */
  readonly obligation: string | null;
}

export interface LedgerRow {
  /** Empty, with line 0, for what was taken for granted of all. */
  readonly file: string;
  readonly line: number;
  readonly function: string;
  readonly reason: string;
}

export interface AuditResult {
  readonly tree: { readonly version: string; readonly contract: string };
  readonly importers: readonly ImporterProfile[];
  readonly exporters: readonly ExporterProfile[];
  readonly references: readonly ReferenceUser[];
  readonly pairs: readonly Pair[];
  readonly ledger: readonly LedgerRow[];
  /** Functions that matter, and those of them with a parse error. */
  readonly coverage: { readonly functions: number; readonly withParseError: number };
}

/** A pair with its scenario and what the search said: the story of `--why`. */
export interface PairStory {
  readonly pair: Pair;
  readonly importer: ImporterProfile;
  readonly exporter: ExporterProfile;
  /** Litmus text with `// file:line` on each step taken from C. */
  readonly scenario: string;
  readonly result: CheckResult | null;
  readonly assumptions: readonly string[];
}
