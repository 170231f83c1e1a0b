// One exporter and one importer as a litmus scenario with `// file:line` on each step that was read in C (issue 3, part 5).
// Set-up and teardown come from the profile; whatever had to be taken for granted is told.

import { parse } from '../litmus/index.ts';
import { print } from '../litmus/print.ts';
import type { Scenario } from '../model/scenario.ts';
import type { ExporterProfile, ImporterProfile, RevokePath } from '../results/audit.ts';
import { exporterLines, flagsOf, type ExporterFlags } from './lift-exporter.ts';
import { importerLines } from './lift-importer.ts';
import { LiftNotes, takesRange, type ImporterFacts, type LiftedRefusal, type OpenCondition } from './lift-notes.ts';
import { isMover, moverLines, revokeLines } from './lift-revoke.ts';

export interface Lifted {
  /** Litmus text. */
  readonly text: string;
  readonly assumptions: readonly string[];
  /** The open conditions, in the order of their names g1, g2, … */
  readonly unknowns: readonly OpenCondition[];
  /** Further ones, which no search tries: a fault that is found counts for one side of them only. */
  readonly notSearched: readonly OpenCondition[];
  readonly refusals: readonly LiftedRefusal[];
}

export interface LiftOptions {
  /** The tree's: `move_notify` demands no unmap (before 7.1), `invalidate_mappings` does, in bounded time. */
  readonly contract: string;
  /** The importer's device does no work: a harm that it does ends a search before a hang is seen. Default false. */
  readonly isIdle?: boolean;
}

/** `revoke`: which of the exporter's places that take back; null where it has none. */
export function lift(exporter: ExporterProfile, importer: ImporterProfile, revoke: RevokePath | null, { contract, isIdle = false }: LiftOptions): Lifted {
  const notes = new LiftNotes(exporter.file, importer.file);
  const flags = flagsOf(exporter, isMover(exporter) ? null : revoke);
  // In this order: open conditions of the callback are named before those of the revoke.
  const given = exporterLines(exporter, importer, flags, notes);
  const taken = importerLines(importer, isIdle, notes);
  if (isIdle) notes.assume('the device of the importer does no work meanwhile: only its mapping is asked about');
  const back = backLines(exporter, importer, revoke, flags, notes);
  // Where nothing is taken back, nothing that the callback does was asked.
  for (const text of revoke === null && !isMover(exporter) ? [] : [...importer.assumptions, ...exporter.assumptions]) notes.assume(text);
  const header = [
    `"${exporter.id} exports, ${importer.id} imports."`, `source "${exporter.file}:${exporter.line}"`, `source "${importer.file}:${importer.line}"`,
    ...(isMover(exporter) ? ['contract MOVE=V2b, STORE=RS2'] : []),
  ];
  return finished(header, given, taken, back, contract, notes);
}

/** This importer before a revoker that does all that is owed: VFIO's sequence, written out. */
export function liftImporter(importer: ImporterProfile, { contract }: LiftOptions): Lifted {
  const notes = new LiftNotes('', importer.file);
  const given = ['exporter exporter {', '  bool revoked;', '  attach {', '    if (revoked) return -ENODEV;', '    if (!dma_buf_attach_revocable(att)) return -EOPNOTSUPP;', '  }', '  map { if (revoked) return -ENODEV; }', '}'];
  const taken = importerLines(importer, false, notes);
  const back = [
    'thread revoke: kernel {', '  dma_resv_lock(buf);', '  exporter.revoked = true;', '  dma_buf_invalidate_mappings(buf);', '  dma_resv_wait_timeout(buf, BOOKKEEP);', '  dma_resv_unlock(buf);',
    // A physical range is not counted (SEMANTICS C1a).
    ...(takesRange(importer) ? [] : ['  wait_for_unmap(buf);']),
    '  device_off(exporter);', '}',
  ];
  return finished([`"${importer.id} imports from an exporter that revokes, waits for fences and for every unmap."`, `source "${importer.file}:${importer.line}"`], given, taken, back, contract, notes);
}

/** An importer of the language's own, that obeys the contract. */
export type Canonical = 'deferred' | 'remapping' | 'pinned';

interface CanonicalImporter {
  readonly facts: ImporterFacts;
  /** Litmus declaration. */
  readonly line: string;
  readonly text: string;
}

const DEFERRING: ImporterFacts = { attach: 'dynamic', callback: 'invalidate_mappings', promisesNothing: false, peer2peer: true, onlyExporters: null, maps: [{ file: '', line: 0, function: '' }] };

const CANONICAL: Readonly<Record<Canonical, CanonicalImporter>> = {
  deferred: { facts: DEFERRING, line: 'importer importer: deferred of buf { speculates; }', text: 'an importer that unmaps from a worker' },
  remapping: { facts: DEFERRING, line: 'importer importer: deferred of buf { rounds 2; }', text: 'an importer that unmaps from a worker and maps again' },
  pinned: { facts: { ...DEFERRING, callback: null }, line: 'importer importer: pinned of buf;', text: 'an importer that pins and has no callback' },
};

/** This exporter before an importer that obeys; by default the one that asks most of it: it leaves its unmap to a worker, behind the fence of its job. */
export function liftExporter(exporter: ExporterProfile, revoke: RevokePath | null, { contract }: LiftOptions, canonical: Canonical = 'deferred'): Lifted {
  const notes = new LiftNotes(exporter.file, '');
  const flags = flagsOf(exporter, isMover(exporter) ? null : revoke);
  const { facts, line, text } = CANONICAL[canonical];
  const given = exporterLines(exporter, facts, flags, notes);
  const header = [`"${exporter.id} exports to ${text}."`, `source "${exporter.file}:${exporter.line}"`, ...(isMover(exporter) ? ['contract MOVE=V2b, STORE=RS2'] : [])];
  return finished(header, given, [line], backLines(exporter, facts, revoke, flags, notes), contract, notes);
}

function backLines(exporter: ExporterProfile, importer: ImporterFacts, revoke: RevokePath | null, flags: ExporterFlags, notes: LiftNotes): readonly string[] {
  if (isMover(exporter)) return moverLines(exporter, revoke, notes);
  return revoke === null ? [] : revokeLines(exporter, importer, revoke, flags, notes);
}

function finished(header: readonly string[], exporter: readonly string[], importer: readonly string[], back: readonly string[], contract: string, notes: LiftNotes): Lifted {
  const text = [
    'litmus pair',
    ...header,
    // Before 7.1 nobody owed an unmap.
    ...(contract === 'move_notify' ? ['off P6'] : []),
    '',
    ...[...notes.locks].map(([name, kind]) => `${kind} ${name};`),
    ...[...notes.completions].map((name) => `completion ${name};`),
    ...notes.unknowns.map(({ at }, index) => `unknown g${index + 1} at "${at.file}:${at.line}";`),
    ...exporter,
    'buffer buf of exporter;',
    ...importer,
    ...back,
    'sometimes mapped: live(importer.map);',
    '',
  ].join('\n');
  return { text, assumptions: [...notes.assumptions], unknowns: notes.unknowns, notSearched: notes.notSearched, refusals: notes.refusals };
}

/** The syntax tree of a lifted text. Throws if it cannot be read, which is a fault of the lift. */
export function scenarioOfLifted({ text }: Lifted): Scenario {
  const parsed = parse(text, 'pair');
  if (parsed.ok) return parsed.scenario;
  throw new Error(`a lifted scenario cannot be read: ${parsed.diagnostics[0]?.message ?? ''}`);
}

/** As the language prints it: parse reads it back to the same tree. */
export const printedLift = (lifted: Lifted): string => print(scenarioOfLifted(lifted));
