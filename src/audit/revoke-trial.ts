// An exporter's revoke under trial: the ways through it act by act, and the search of its sequence before an importer that obeys the
// contract, whose story becomes the path of a finding (issue 4, part 2). Finds nothing by itself.

import type { Act, Behaviour, ExporterProfile, Place, RevokePath } from '../results/audit.ts';
import type { PathStep } from '../results/finding.ts';
import type { Counterexample } from '../results/verdict.ts';
import { canSucceed } from './emit.ts';
import { liftExporter, type Canonical } from './lift.ts';
import { isMover } from './lift-revoke.ts';
import { mappingCountOf } from './mapping-count.ts';
import { search } from './pairs.ts';
import { isSilent, takesBack } from './revoke-paths.ts';
import { partsOfBehaviour } from './diagram.ts';

export interface Done {
  readonly act: Act;
  readonly at: Place;
}

/** One way through a revoke. */
export interface Way {
  readonly acts: readonly Done[];
  /** Index of the call of dma_buf_invalidate_mappings, or of the flag's store where nobody is called. */
  readonly moment: number;
}

const MOST_WAYS = 400;

/**
 * Revokes with evidence: a flag that an operation refuses on, or a count of mappings. What only moves is judged by the mover's rules, and
 * an exporter that never lets anybody map owes nothing.
 */
export function revokesOf(exporter: ExporterProfile): readonly RevokePath[] {
  const { attachBehaviour, mapBehaviour } = exporter;
  if (isMover(exporter) || (mapBehaviour !== null && !canSucceed(mapBehaviour))) return [];
  const asksFlag = [attachBehaviour, mapBehaviour].some((one) => one !== null && partsOfBehaviour(one).some((part) => part.kind === 'branch' && part.test.is === 'flag'));
  return asksFlag || mappingCountOf(exporter) !== null || exporter.waitsUnmap !== null ? exporter.revokes : [];
}

/** The ways that take the memory back, and do not give it out again. */
export const waysOf = (path: RevokePath): readonly Way[] => everyWayOf(path).filter(({ acts }) => !acts.some(({ act }) => act.do === 'set' && !act.value));

/** Those that call back, to take the memory or to give it out again. */
export function everyWayOf({ behaviour }: RevokePath): readonly Way[] {
  const silent = isSilent(behaviour);
  const ways: Way[] = [];
  const visit = (from: Behaviour, before: readonly Done[]): void => {
    const acts = [...before];
    let one = from;
    for (; one.kind === 'act'; one = one.next) acts.push({ act: one.act, at: one.at });
    if (ways.length >= MOST_WAYS) return;
    if (one.kind === 'branch') {
      visit(one.yes, acts);
      visit(one.no, acts);
      return;
    }
    const moment = acts.findIndex(({ act }) => takesBack(act, silent));
    if (moment !== -1) ways.push({ acts, moment });
  };
  visit(behaviour, []);
  return ways;
}

/** Locks that are held before the act of that index: "resv" and names. */
export function heldAt({ acts }: Way, index: number): ReadonlyMap<string, Place> {
  const held = new Map<string, Place>();
  for (const { act, at } of acts.slice(0, index)) {
    if (act.do === 'resv-lock' && act.own) held.set('resv', at);
    else if (act.do === 'resv-unlock' && act.own) held.delete('resv');
    else if (act.do === 'lock' && act.lock !== 'spinlock') held.set(act.object, at);
    else if (act.do === 'unlock') held.delete(act.object);
  }
  return held;
}

export interface Trial {
  readonly worst: Counterexample | null;
  /** The story, each step at its place in the exporter. */
  readonly path: readonly PathStep[];
}

const STATES = 200_000;

/** Searches one revoke before an importer that obeys. Null where no search came to an end. */
export function tryRevoke(exporter: ExporterProfile, revoke: RevokePath, canonical: Canonical = 'deferred'): Trial | null {
  const options = { contract: 'invalidate_mappings', limits: { states: STATES } };
  const result = search(liftExporter(exporter, revoke, options, canonical).text, options);
  if (typeof result === 'string' || result.verdict === 'unfinished' || result.verdict === 'tool-failed') return null;
  const [worst] = result.broken;
  return worst === undefined ? { worst: null, path: [] } : { worst, path: pathOf(worst, revoke) };
}

/** Steps of the importer have no place in C: they are told where the exporter stands then. */
function pathOf(worst: Counterexample, revoke: RevokePath): readonly PathStep[] {
  const steps: PathStep[] = [];
  let last: Place = { file: revoke.file, line: revoke.line, function: revoke.function };
  const places = new Map<string, Place>(partsOfBehaviour(revoke.behaviour).flatMap((one) => (one.kind === 'act' || one.kind === 'branch' ? [[`${one.at.file}:${one.at.line}`, one.at] as const] : [])));
  for (const { party, c, provenance } of worst.steps) {
    if (isFramework(c)) continue;
    if (provenance !== null) {
      const [, file = '', line = '0'] = /^(.*):(\d+)$/.exec(provenance) ?? [];
      last = places.get(provenance) ?? { file, line: Number(line), function: '' };
    }
    steps.push({ ...last, text: `${party}: ${c}` });
  }
  return [...steps, { ...last, text: `${worst.code}: ${worst.text}` }];
}

/** Inner steps of the framework's own calls, and what every importer does to get its mapping, tell nothing. */
const isFramework = (c: string): boolean => / returns$|^(?:\w+: )?(?:dma_buf_dynamic_attach\(|if \()|reserve_fences|^app: dma_resv_/.test(c);
