// Judges a tree before and behind a series of patches, as far as the series can reach: findings by the patch that changes them, profiles, and the pairs of those that changed.

import type { Catalogue } from '../audit/catalogue.ts';
import { driftOf } from '../audit/drift.ts';
import { influenceOf, type Influence } from '../audit/influence.ts';
import { RULES } from '../audit/rules/index.ts';
import { changesOf, type Changes } from '../audit/series-changes.ts';
import { discoveredIn, filesOf, named, profiledFiles, relocated } from '../audit/series-reuse.ts';
import { nameOf, type Overlay } from '../audit/series-stages.ts';
import type { ExporterProfile, ImporterProfile, LedgerRow, Pair } from '../results/audit.ts';
import { identityOf, type Finding, type RulesResult } from '../results/finding.ts';
import type { ProfileChange, SeriesResult } from '../results/patch.ts';
import type { IdentifierIndex } from '../source/identifier-index.ts';
import type { Series } from '../source/mails.ts';
import { auditPath, phaseText } from './audit-engine.ts';
import { scopeOf, type Scope } from './audit-scope.ts';
import { UsageProblem } from './exit.ts';
import { factsOf } from './facts-pool.ts';
import { defaultCacheFolder, indexTree } from './index-pool.ts';
import type { LongWork } from './long-work.ts';
import type { SeriesSource } from './read-series.ts';
import { configsIn, originsIn } from './series-origins.ts';
import { seriesPairs, type Profiles, type SeriesPairs, type Whole } from './series-pairs.ts';
import { SeriesTree, type FileRow } from './series-tree.ts';

export interface SeriesRequest {
  /** The tree. */
  readonly path: string;
  readonly source: SeriesSource;
  readonly workers: number | null;
  readonly useCache: boolean;
  /** The commits that brought findings which remain are wanted too, not only of those that are fixed. */
  readonly withOrigins: boolean;
}

/** Profiles and findings at one end. */
interface End extends Profiles {
  readonly rules: RulesResult;
}

interface Ends {
  readonly before: End;
  readonly after: End;
  /** Findings in changed files, in functions that no change can reach: as they were before. */
  readonly still: readonly Finding[];
  readonly sides: Sides;
}

/** Files whose importers and exporters are read, and those in which they are looked for; null: all. */
interface Sides {
  readonly profiled: readonly string[] | null;
  readonly discovered: readonly string[] | null;
}

/** What is judged of a tree. */
interface Asked extends Sides {
  readonly only: readonly string[];
  readonly functions: readonly string[];
  readonly workers: number | null;
  /** Default: all. */
  readonly rules?: readonly string[];
}

const ALL_SIDES: Sides = { profiled: null, discovered: null };
const NO_SIDES: Sides = { profiled: [], discovered: [] };
const EMPTY: End = { rules: { tree: { version: '', contract: '' }, findings: [], ledger: [], coverage: { functions: 0, undecided: 0 } }, importers: [], exporters: [] };
const NOTHING: Ends = { before: EMPTY, after: EMPTY, still: [], sides: ALL_SIDES };

/** Null where it was stopped. Throws UsageProblem, also for a patch that does not apply. */
export async function runSeries(series: Series, request: SeriesRequest, told: LongWork): Promise<SeriesResult | null> {
  const scope = scopeOf(request.path, false);
  if (scope.only !== null) throw new UsageProblem(`${request.path} is a file`, 'give the tree or the folder that the patches are for');
  const index = await indexFor(scope, request, told);
  return index === null ? null : new Run(series, new SeriesTree(series, request.source, scope, index), request, told).result();
}

const indexFor = ({ root, isTree }: Scope, { workers, useCache }: SeriesRequest, { stop, show }: LongWork): Promise<IdentifierIndex | null> => indexTree(root, {
  workers, cacheFolder: useCache && isTree ? defaultCacheFolder(process.env) : null, stop, later: setImmediate, progress: (done, found) => show(phaseText('index', done, found)), ...(isTree ? {} : { folders: [''] }),
});

class Run {
  private readonly series: Series;
  private readonly tree: SeriesTree;
  private readonly request: SeriesRequest;
  private readonly told: LongWork;
  /** All of the tree, where an earlier run kept it. */
  private whole: Whole | null = null;

  constructor(series: Series, tree: SeriesTree, request: SeriesRequest, told: LongWork) {
    this.series = series;
    this.tree = tree;
    this.request = request;
    this.told = told;
  }

  async result(): Promise<SeriesResult | null> {
    const { series, tree } = this;
    const changed = tree.changed();
    const [before, behind] = [tree.indexed(tree.first), tree.indexed(tree.last)];
    const influence = influenceOf(changed, { files: before, text: (path) => tree.textAt(tree.first, path) }, { files: behind, text: (path) => tree.textAt(tree.last, path) });
    const ends = changed.length === 0 ? NOTHING : await this.ends(influence, changed, before, behind);
    if (ends === null) return null;
    // Threads look at the patches between while this one searches pairs.
    const [between, pairs] = await Promise.all([
      this.between(influence, ends),
      seriesPairs({ tree, files: influence.files, before: ends.before, after: ends.after, whole: () => this.audited(), told: this.told }),
    ]);
    if (pairs === null || between === null) return null;
    const changes = this.changes(influence, changed, ends, between, pairs.findings);
    const { rules } = ends.after;
    const notes = [...tree.notes, ...influence.left, ...influence.notes, ...pairs.notes];
    return {
      series: { version: series.version, patches: series.patches.map(nameOf), base: series.base },
      tree: tree.scope.tree,
      ...changes,
      profilesChanged: this.profileChanges(ends),
      pairsChanged: pairs.changed,
      configs: configsIn(tree, [...changes.added.map(({ finding }) => finding), ...changes.fixed.map(({ finding }) => finding), ...changes.remaining]),
      origins: originsIn(tree, changes.fixed.map(({ finding }) => finding), this.request.withOrigins ? changes.remaining : []),
      ledger: [...notes.map((reason): LedgerRow => ({ file: '', line: 0, function: '', reason })), ...rules.ledger],
      coverage: rules.coverage,
      left: influence.left,
    };
  }

  /**
   * Both ends. Where an earlier run over the whole tree is kept, the first is taken from it, and of the last only what can be another one is judged; else each
   * is judged in a thread of its own.
   */
  private async ends(influence: Influence, changed: readonly string[], before: readonly FileRow[], behind: readonly FileRow[]): Promise<Ends | null> {
    const { tree } = this;
    const only = [...influence.files];
    const kept = tree.scope.isTree && tree.first.size === 0 && this.request.useCache ? await this.kept() : null;
    if (kept !== null) return this.later(kept, influence, changed, behind);
    const what = { only, functions: [...influence.functions, ...influence.own], ...ALL_SIDES, workers: 1 };
    const [first, last] = await Promise.all([this.judge(tree.first, before, what), this.judge(tree.last, behind, what)]);
    return first === null || last === null ? null : { before: first, after: last, still: [], sides: ALL_SIDES };
  }

  private async later(kept: End, influence: Influence, changed: readonly string[], behind: readonly FileRow[]): Promise<Ends | null> {
    const { tree } = this;
    const { functions, files } = influence;
    const profiled = profiledFiles(kept.importers, kept.exporters, influence, changed.filter((path) => tree.saysOtherwise(path)));
    // One place may be told from several functions.
    const isOf = (one: Finding): boolean => one.by?.some((name) => functions.has(name)) === true;
    const judged = new Set([...functions, ...kept.rules.findings.filter(isOf).flatMap(({ by = [] }) => by)]);
    const own = <T extends ImporterProfile | ExporterProfile>(rows: readonly T[]): readonly T[] => rows.filter((one) => filesOf(one).some((file) => profiled.has(file)));
    const [importers, exporters] = [own(kept.importers), own(kept.exporters)];
    const ids = new Set([...importers.map(({ id }) => `importer ${id}`), ...exporters.map(({ id }) => `exporter ${id}`)]);
    const isAgain = ({ by = [], file }: Finding): boolean => by.some((name) => ids.has(name)) || (files.has(file) && by.some((name) => judged.has(name)));
    const isLooked = discoveredIn(kept.importers, kept.exporters, profiled, changed, (path) => tree.textAt(tree.last, path));
    const sides: Sides = { profiled: [...profiled], discovered: behind.flatMap(({ path }) => (isLooked(path) ? [path] : [])) };
    // Comments alone change nothing.
    const last = judged.size + profiled.size === 0 ? EMPTY : await this.judge(tree.last, behind, { only: [...files], functions: [...judged], ...sides, workers: this.request.workers });
    if (last === null) return null;
    const after: End = { ...last, importers: named(last.importers, kept.importers), exporters: named(last.exporters, kept.exporters) };
    const inChanged = new Set(changed);
    const still = kept.rules.findings.filter((one) => !isAgain(one) && inChanged.has(one.file));
    return { before: { importers, exporters, rules: { ...kept.rules, findings: kept.rules.findings.filter(isAgain) } }, after, still, sides };
  }

  private async judge(overlay: Overlay, files: readonly FileRow[], asked: Asked): Promise<End | null> {
    const { stop, show } = this.told;
    const { root, tree, headers } = this.tree.scope;
    const outcome = await factsOf(root, tree, { files, skipped: [] }, {
      rules: RULES.map(({ header }) => header.id), within: null, headers, overlay, progress: (done, total) => show(phaseText('read', done, total)), stop, ...asked,
    });
    if (outcome.kind === 'stopped') return null;
    if (outcome.kind === 'failed') throw new Error(outcome.message);
    return { rules: outcome.rules, importers: outcome.facts.importers, exporters: outcome.facts.exporters };
  }

  /** What an earlier run over the whole tree said. */
  private async kept(): Promise<End | null> {
    const found = await auditPath(this.request.path, { workers: 1, useCache: true, withRules: true, onlyKept: true, index: this.tree.index, stop: this.told.stop, progress: () => undefined });
    if (found.kind === 'stopped' || found.rules === null) return null;
    const { importers, exporters } = found.catalogue;
    this.whole = { importers, exporters, pairs: pairsIn(found.keep?.pairs.read() ?? null) };
    return { rules: found.rules, importers, exporters };
  }

  private async audited(): Promise<Whole | null> {
    if (this.whole !== null) return this.whole;
    const { path, workers, useCache } = this.request;
    const whole = await auditPath(path, { workers, useCache, index: this.tree.index, stop: this.told.stop, progress: (phase, done, total) => this.told.show(phaseText(phase, done, total)) });
    return whole.kind === 'stopped' ? null : { ...whole.catalogue, pairs: null };
  }

  /** Findings behind each patch but the last. Looked at only where the ends differ, with the rules that differ, and between patches that change C. */
  private async between(influence: Influence, ends: Ends): Promise<readonly (readonly Finding[])[] | null> {
    const [before, after] = [ends.before.rules.findings, ends.after.rules.findings];
    const [was, is] = [new Set(before.map(identityOf)), new Set(after.map(identityOf))];
    const differing = [...before.filter((one) => !is.has(identityOf(one))), ...after.filter((one) => !was.has(identityOf(one)))];
    const inner = this.tree.stages.slice(1, -1);
    if (differing.length === 0) return inner.map(() => after);
    const changing = new Set(this.tree.changing());
    const found: (readonly Finding[])[] = [];
    for (const [at, overlay] of inner.entries()) {
      const isLast = ![...changing].some((patch) => patch > at);
      // A patch without C changes nothing, and behind the last one with C it is as at the end.
      const one = !changing.has(at) ? found[at - 1] ?? before : isLast ? after : await this.behind(overlay, influence, differing, ends.sides);
      if (one === null) return null;
      found.push(one);
    }
    return found;
  }

  /** Which of the differing findings are there behind a patch. */
  private async behind(overlay: Overlay, { files: only }: Influence, differing: readonly Finding[], sides: Sides): Promise<readonly Finding[] | null> {
    const files = this.tree.indexed(overlay);
    const isOfProfiles = ({ by = [] }: Finding): boolean => by.some((one) => one.includes(' '));
    const [ofFunctions, ofProfiles] = [differing.filter((one) => !isOfProfiles(one)), differing.filter(isOfProfiles)];
    const ids = (rows: readonly Finding[]): readonly string[] => [...new Set(rows.map(({ rule }) => rule))];
    const what = { only: [...only], workers: 1 };
    const [functions, profiles] = await Promise.all([
      ofFunctions.length === 0 ? EMPTY : this.judge(overlay, files, { ...what, rules: ids(ofFunctions), ...NO_SIDES, functions: [...new Set(ofFunctions.flatMap(({ by = [] }) => by))] }),
      ofProfiles.length === 0 ? EMPTY : this.judge(overlay, files, { ...what, rules: ids(ofProfiles), ...sides, functions: [] }),
    ]);
    return functions === null || profiles === null ? null : [...functions.rules.findings, ...profiles.rules.findings];
  }

  private changes({ functions }: Influence, changed: readonly string[], { before, after, still }: Ends, between: readonly (readonly Finding[])[], pairs: SeriesPairs['findings']): Changes {
    const { tree } = this;
    const names = this.series.patches.map(nameOf);
    const isRenamed = tree.renaming();
    const code = changesOf([before.rules.findings, ...between, after.rules.findings].map((findings) => ({ findings })), names, isRenamed);
    // Pairs were judged at the ends only. One patch that changes C is the one.
    const changing = tree.changing();
    const paired = changesOf(pairs.map((findings) => ({ findings })), changing.length === 1 ? changing.flatMap((at) => names[at] ?? []) : names, isRenamed);
    const isNear = ({ file, by = [], function: name }: Finding): boolean => changed.includes(file) || functions.has(name) || by.some((one) => functions.has(one));
    const shifted = still.map((one) => relocated(one, (path) => tree.textAt(tree.first, path), (path) => tree.textAt(tree.last, path)));
    return {
      added: [...code.added, ...paired.added], fixed: [...code.fixed, ...paired.fixed], moved: [...code.moved, ...paired.moved],
      remaining: [...code.remaining, ...shifted, ...paired.remaining].filter(isNear).sort((a, b) => (a.file === b.file ? a.line - b.line : a.file < b.file ? -1 : 1)),
    };
  }

  /** By identity. Who uses a helper layer is looked for in whole trees only. */
  private profileChanges({ before, after }: Ends): readonly ProfileChange[] {
    const { tree } = this;
    const [was, is] = [tree.contractAt(tree.first), tree.contractAt(tree.last)];
    const drift = driftOf(asCatalogue(tree.scope.tree, before), asCatalogue(tree.scope.tree, after)).filter(({ of, text }) => of !== 'contract' && !/^(?:users|helpers)\b/.test(text));
    return [
      ...(was === is ? [] : [{ of: 'contract', text: `${was} became ${is}: importers in files that the series does not change were not looked at` }]),
      ...drift.map(({ of, text, what }) => ({ of, text: what === 'changed' ? text : `${what}: ${text}` })),
    ];
  }
}

function pairsIn(kept: string | null): readonly Pair[] | null {
  try {
    return kept === null ? null : (JSON.parse(kept) as { readonly pairs: readonly Pair[] }).pairs;
  } catch {
    // What cannot be read is judged again.
    return null;
  }
}

const asCatalogue = (tree: Catalogue['tree'], { importers, exporters }: Profiles): Catalogue =>
  ({ tree, importers, exporters, references: [], ledger: [], coverage: { functions: 0, withParseError: 0 }, date: '', contractText: '' });
