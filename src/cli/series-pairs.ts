// The pairs of those importers and exporters that a series makes other ones: judged at both ends with the rest of the tree, and with what rules over pairs say of them.

import { judgePairs } from '../audit/pairs.ts';
import { findingsOfPairs } from '../audit/rules-result.ts';
import { RULES } from '../audit/rules/index.ts';
import { pairChanges } from '../audit/series-changes.ts';
import type { Overlay } from '../audit/series-stages.ts';
import type { ExporterProfile, ImporterProfile, Pair } from '../results/audit.ts';
import type { Finding } from '../results/finding.ts';
import type { PairChange } from '../results/patch.ts';
import { bundledCatalogue } from './catalogues.ts';
import type { LongWork } from './long-work.ts';
import type { SeriesTree } from './series-tree.ts';

type Profile = ImporterProfile | ExporterProfile;

export interface Profiles {
  readonly importers: readonly ImporterProfile[];
  readonly exporters: readonly ExporterProfile[];
}

/** All of a tree. `pairs`: as an earlier run judged them; null where none is kept. */
export interface Whole extends Profiles {
  readonly pairs: readonly Pair[] | null;
}

export interface SeriesPairs {
  readonly changed: readonly PairChange[];
  /** At the two ends. */
  readonly findings: readonly [readonly Finding[], readonly Finding[]];
  readonly notes: readonly string[];
}

export interface PairsInput {
  readonly tree: SeriesTree;
  /** Files in which a finding counts. */
  readonly files: ReadonlySet<string>;
  readonly before: Profiles;
  readonly after: Profiles;
  /** The whole tree before the series; null where that was stopped. Asked for only where it is needed. */
  readonly whole: () => Promise<Whole | null>;
  readonly told: LongWork;
}

const NONE: SeriesPairs = { changed: [], findings: [[], []], notes: [] };

/** Null where it was stopped. */
export async function seriesPairs(input: PairsInput): Promise<SeriesPairs | null> {
  const { tree, files, before, after, told } = input;
  const all = ({ importers, exporters }: Profiles): readonly Profile[] => [...importers, ...exporters];
  const [was, is] = [before, after].map((end) => new Set(all(end).map(facts)));
  const isSame = (one: Profile): boolean => was?.has(facts(one)) === true && is?.has(facts(one)) === true;
  if ([...all(before), ...all(after)].every(isSame)) return NONE;
  const others = await othersOf(input);
  if (others === null) return null;
  const judged = (end: Profiles, overlay: Overlay, kept: readonly Pair[] | null): { readonly pairs: readonly Pair[]; readonly findings: readonly Finding[] } => {
    const [importers, exporters] = [[...end.importers, ...others.importers], [...end.exporters, ...others.exporters]];
    const ours = new Set<Profile>(all(end).filter((one) => !isSame(one)));
    const contract = tree.scope.isTree ? tree.contractAt(overlay) : others.contract;
    const judge = (): readonly Pair[] => told.unheard(() => judgePairs(importers, exporters, { contract, now: () => performance.now() }, (exporter, importer) => ours.has(exporter) || ours.has(importer)).pairs);
    const pairs = kept === null ? judge() : pairsWith(end, ours, kept);
    return { pairs, findings: findingsOfPairs({ rules: RULES, importers, exporters, pairs, text: (path) => (files.has(path) ? tree.textAt(overlay, path) : null) }) };
  };
  const [first, last] = [judged(before, tree.first, others.pairs), judged(after, tree.last, null)];
  return { changed: pairChanges(first.pairs, last.pairs), findings: [first.findings, last.findings], notes: others.notes };
}

/** A profile without the numbers of lines, and without who uses it: by it, another profile is another one. */
const facts = (one: Profile): string => JSON.stringify({ ...one, users: [], helpers: [] }).replace(/"line":\d+/g, '').replace(/(\.[chS]):\d+/g, '$1');

function pairsWith({ importers, exporters }: Profiles, ours: ReadonlySet<Profile>, kept: readonly Pair[]): readonly Pair[] {
  const left = new Set(importers.filter((one) => ours.has(one)).map(({ id }) => id));
  const right = new Set(exporters.filter((one) => ours.has(one)).map(({ id }) => id));
  return kept.filter((one) => left.has(one.importer) || right.has(one.exporter));
}

interface Others extends Whole {
  readonly contract: string;
  readonly notes: readonly string[];
}

/** What the changed ones are paired with: the rest of the tree; of a folder outside a tree, the bundled catalogue. */
async function othersOf({ tree, before, after, whole }: PairsInput): Promise<Others | null> {
  const { contract } = tree.scope.tree;
  if (!tree.scope.isTree) {
    const linux = bundledCatalogue();
    if (linux === null) return { importers: [], exporters: [], pairs: null, contract, notes: [] };
    const taken = new Set([...before.importers, ...before.exporters, ...after.importers, ...after.exporters].map(({ id }) => id));
    const apart = <T extends Profile>(rows: readonly T[]): readonly T[] => rows.filter(({ id }) => !taken.has(id));
    return { importers: apart(linux.importers), exporters: apart(linux.exporters), pairs: null, contract: linux.tree.contract, notes: [`pairs are with Linux ${linux.tree.version}, as its catalogue knows it`] };
  }
  const found = await whole();
  if (found === null) return null;
  const own = new Set([...before.importers, ...before.exporters, ...after.importers, ...after.exporters].map((one) => `${one.id} ${one.file} ${one.ops ?? ''}`));
  const rest = <T extends Profile>(rows: readonly T[]): readonly T[] => rows.filter((one) => !own.has(`${one.id} ${one.file} ${one.ops ?? ''}`));
  return { importers: rest(found.importers), exporters: rest(found.exporters), pairs: found.pairs, contract, notes: [] };
}
