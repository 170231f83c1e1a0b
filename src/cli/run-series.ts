// Judges a tree before and behind a series of patches, as far as the series can reach: findings by the patch that changes them, profiles, and the pairs of those that changed.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Catalogue } from '../audit/catalogue.ts';
import { changedNames } from '../audit/changed-names.ts';
import { driftOf } from '../audit/drift.ts';
import { influenceOf, type Influence } from '../audit/influence.ts';
import { discoveredIn, filesOf, named, profiledFiles, relocated } from '../audit/series-reuse.ts';
import { judgePairs } from '../audit/pairs.ts';
import { findingsOfPairs } from '../audit/rules-result.ts';
import { RULES } from '../audit/rules/index.ts';
import { changesOf, pairChanges, type Changes } from '../audit/series-changes.ts';
import { nameOf, stagesOf, type Misfit, type Overlay } from '../audit/series-stages.ts';
import type { ExporterProfile, ImporterProfile, LedgerRow, Pair } from '../results/audit.ts';
import { identityOf, type Finding, type RulesResult } from '../results/finding.ts';
import type { Origin, PairChange, SeriesResult } from '../results/patch.ts';
import { VOCABULARY, type IdentifierIndex, type IndexedFile } from '../source/identifier-index.ts';
import { configsOf } from '../source/kbuild.ts';
import { definitionsIn } from '../source/lexical.ts';
import type { Series } from '../source/mails.ts';
import { scanner } from '../source/scan.ts';
import { auditPath, phaseText } from './audit-engine.ts';
import { scopeOf } from './audit-scope.ts';
import { bundledCatalogue } from './catalogues.ts';
import { UsageProblem } from './exit.ts';
import { factsOf } from './facts-pool.ts';
import { baseOf, commitOf, fileAt, originOf } from './git.ts';
import { defaultCacheFolder, indexTree } from './index-pool.ts';
import type { LongWork } from './long-work.ts';
import type { SeriesSource } from './read-series.ts';

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
interface End {
  readonly rules: RulesResult;
  readonly importers: readonly ImporterProfile[];
  readonly exporters: readonly ExporterProfile[];
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

const ALL_SIDES: Sides = { profiled: null, discovered: null };
const NO_SIDES: Sides = { profiled: [], discovered: [] };

/** What an earlier run over the whole tree kept. */
interface Whole extends Pick<End, 'importers' | 'exporters'> {
  readonly pairs: readonly Pair[] | null;
}

type FileRow = Pick<IndexedFile, 'path' | 'words' | 'exports'>;

/** Null where it was stopped. Throws UsageProblem, also for a patch that does not apply. */
export async function runSeries(series: Series, request: SeriesRequest, told: LongWork): Promise<SeriesResult | null> {
  const index = await indexFor(request, told);
  return index === null ? null : new Run(series, request, index, told).result();
}

async function indexFor({ path, workers, useCache }: SeriesRequest, { stop, show }: LongWork): Promise<IdentifierIndex | null> {
  const { root, isTree, only } = scopeOf(path, false);
  if (only !== null) throw new UsageProblem(`${path} is a file`, 'give the tree or the folder that the patches are for');
  return indexTree(root, {
    workers, cacheFolder: useCache && isTree ? defaultCacheFolder(process.env) : null, stop, later: setImmediate, progress: (done, found) => show(phaseText('index', done, found)), ...(isTree ? {} : { folders: [''] }),
  });
}

class Run {
  private readonly series: Series;
  private readonly request: SeriesRequest;
  private readonly told: LongWork;
  private readonly index: IdentifierIndex;
  private readonly scope: ReturnType<typeof scopeOf>;
  private readonly files: readonly FileRow[];
  private readonly stages: readonly Overlay[];
  private readonly notes: readonly string[];
  /** The commit before a range. */
  private readonly base: string | null;
  private readonly texts = new Map<string, string | null>();
  /** All profiles of the tree, where an earlier run kept them. */
  private whole: Whole | null = null;

  constructor(series: Series, request: SeriesRequest, index: IdentifierIndex, told: LongWork) {
    this.series = series;
    this.request = request;
    this.told = told;
    this.index = index;
    this.scope = scopeOf(request.path, false);
    this.files = index.files.map(({ path, words, exports }) => ({ path, words, exports }));
    const { root, isTree } = this.scope;
    const { source } = request;
    this.base = source.kind === 'range' ? baseOf(root, source.range) : null;
    const from = this.base;
    const applied = stagesOf(series, from === null ? { read: (path) => this.onDisk(path), isPart: !isTree } : { read: (path) => fileAt(root, from, path), keepsOld: true, isPart: !isTree });
    if (!applied.ok) throw misfitProblem(applied.misfit, series);
    this.stages = applied.stages;
    this.notes = [...series.notes, ...applied.notes, ...this.notesOfBase()];
  }

  async result(): Promise<SeriesResult | null> {
    const changed = [...this.last].flatMap(([path, text]) => (/\.[ch]$/.test(path) && text !== this.textAt(this.first, path) ? [path] : []));
    const [before, behind] = [this.indexed(this.first), this.indexed(this.last)];
    const influence = influenceOf(changed, { files: before, text: (path) => this.textAt(this.first, path) }, { files: behind, text: (path) => this.textAt(this.last, path) });
    const ends = changed.length === 0 ? NOTHING : await this.ends(influence, changed, before, behind);
    if (ends === null) return null;
    const drift = driftOf(asCatalogue(this.scope.tree, ends.before), asCatalogue(this.scope.tree, ends.after)).filter(({ of, text }) => of !== 'contract' && !/^(?:users|helpers)\b/.test(text));
    const pairs = await this.pairs(influence, ends);
    if (pairs === null) return null;
    const changes = await this.changes(influence, changed, ends, pairs.findings);
    if (changes === null) return null;
    const { after } = ends;
    return {
      series: { version: this.series.version, patches: this.series.patches.map(nameOf), base: this.series.base },
      tree: this.scope.tree,
      ...changes,
      profilesChanged: drift.map(({ of, text, what }) => ({ of, text: what === 'changed' ? text : `${what}: ${text}` })),
      pairsChanged: pairs.changed,
      configs: this.configs([...changes.added.map(({ finding }) => finding), ...changes.remaining]),
      origins: this.origins(changes),
      ledger: [...[...this.notes, ...influence.left, ...influence.notes, ...pairs.notes].map((reason): LedgerRow => ({ file: '', line: 0, function: '', reason })), ...after.rules.ledger],
      coverage: after.rules.coverage,
      left: influence.left,
    };
  }

  private get first(): Overlay {
    return this.stages[0] ?? new Map();
  }

  private get last(): Overlay {
    return this.stages[this.stages.length - 1] ?? new Map();
  }

  private onDisk(path: string): string | null {
    const known = this.texts.get(path);
    if (known !== undefined) return known;
    let text: string | null = null;
    try {
      text = readFileSync(join(this.scope.root, path), 'latin1');
    } catch {
      // A name that a patch has and the tree has not.
    }
    this.texts.set(path, text);
    return text;
  }

  private textAt(overlay: Overlay, path: string): string | null {
    const text = overlay.get(path);
    return text !== undefined ? text : this.onDisk(path);
  }

  /** Whether the tree is what the series was made for. */
  private notesOfBase(): readonly string[] {
    const { source } = this.request;
    const head = commitOf(this.scope.root, 'HEAD');
    if (source.kind === 'range') {
      const end = source.range.split(/\.\.\.?/)[1] ?? '';
      const isEnd = head === null || head === this.base || head === commitOf(this.scope.root, end === '' ? 'HEAD' : end);
      return isEnd ? [] : [`what ${source.range} does not change is read as it is on the disk, which is at ${head.slice(0, 12)}`];
    }
    const { base } = this.series;
    if (base === null || head?.startsWith(base) === true) return [];
    return [`the series was made for ${base.slice(0, 12)}${head === null ? '' : `, the tree is at ${head.slice(0, 12)}`}`];
  }

  /** The index as it is with these texts. */
  private indexed(overlay: Overlay): readonly FileRow[] {
    if (overlay.size === 0) return this.files;
    const { scan } = scanner(VOCABULARY);
    const changed = [...overlay].flatMap(([path, text]) => {
      if (text === null || !/\.[ch]$/.test(path)) return [];
      const bytes = Buffer.from(text, 'latin1');
      return [{ path, ...scan(bytes, bytes.length) }];
    });
    return [...this.files.filter(({ path }) => !overlay.has(path)), ...changed].sort((a, b) => (a.path < b.path ? -1 : 1));
  }

  /**
   * Both ends. Where an earlier run over the whole tree is kept, the first is taken from it, and of the last only what can be another one is judged; else each is
   * judged in a thread of its own.
   */
  private async ends(influence: Influence, changed: readonly string[], before: readonly FileRow[], behind: readonly FileRow[]): Promise<Ends | null> {
    const only = [...influence.files];
    const kept = this.scope.isTree && this.first.size === 0 && this.request.useCache ? await this.kept() : null;
    const { functions } = influence;
    if (kept === null) {
      const what = { only, functions: [...functions, ...influence.own], ...ALL_SIDES, workers: 1 };
      const [first, last] = await Promise.all([this.judge(this.first, before, what), this.judge(this.last, behind, what)]);
      return first === null || last === null ? null : { before: first, after: last, still: [], sides: ALL_SIDES };
    }
    const profiled = profiledFiles(kept.importers, kept.exporters, influence, changed.filter((path) => saysOtherwise(this.textAt(this.first, path), this.textAt(this.last, path))));
    // One place may be told from several functions.
    const isOf = (one: Finding): boolean => one.by?.some((name) => functions.has(name)) === true;
    const judged = new Set([...functions, ...kept.rules.findings.filter(isOf).flatMap(({ by = [] }) => by)]);
    const own = <T extends ImporterProfile | ExporterProfile>(rows: readonly T[]): readonly T[] => rows.filter((one) => filesOf(one).some((file) => profiled.has(file)));
    const [importers, exporters] = [own(kept.importers), own(kept.exporters)];
    const sides = new Set([...importers.map(({ id }) => `importer ${id}`), ...exporters.map(({ id }) => `exporter ${id}`)]);
    const isAgain = ({ by = [], file }: Finding): boolean => by.some((name) => sides.has(name)) || (influence.files.has(file) && by.some((name) => judged.has(name)));
    const isLooked = discoveredIn(kept.importers, kept.exporters, profiled, changed);
    const looked: Sides = { profiled: [...profiled], discovered: behind.flatMap(({ path }) => (isLooked(path) ? [path] : [])) };
    // Comments alone change nothing.
    const last = judged.size + profiled.size === 0 ? EMPTY : await this.judge(this.last, behind, { only, functions: [...judged], ...looked, workers: this.request.workers });
    if (last === null) return null;
    const after: End = { ...last, importers: named(last.importers, kept.importers), exporters: named(last.exporters, kept.exporters) };
    const inChanged = new Set(changed);
    const still = kept.rules.findings.filter((one) => !isAgain(one) && inChanged.has(one.file));
    return { before: { importers, exporters, rules: { ...kept.rules, findings: kept.rules.findings.filter(isAgain) } }, after, still, sides: looked };
  }

  private async judge(overlay: Overlay, files: readonly FileRow[], what: { readonly only: readonly string[]; readonly workers: number | null; readonly rules?: readonly string[]; readonly functions: readonly string[] | null } & Sides): Promise<End | null> {
    const { stop, show } = this.told;
    const outcome = await factsOf(this.scope.root, this.scope.tree, { files, skipped: [] }, {
      rules: RULES.map(({ header }) => header.id), within: null, headers: this.scope.headers, overlay, progress: (done, total) => show(phaseText('read', done, total)), stop, ...what,
    });
    if (outcome.kind === 'stopped') return null;
    if (outcome.kind === 'failed') throw new Error(outcome.message);
    return { rules: outcome.rules, importers: outcome.facts.importers, exporters: outcome.facts.exporters };
  }

  /** What an earlier run over the whole tree said. */
  private async kept(): Promise<End | null> {
    const found = await auditPath(this.request.path, { workers: 1, useCache: true, withRules: true, onlyKept: true, index: this.index, stop: this.told.stop, progress: () => undefined });
    if (found.kind === 'stopped' || found.rules === null) return null;
    const { importers, exporters } = found.catalogue;
    this.whole = { importers, exporters, pairs: pairsIn(found.keep?.pairs.read() ?? null) };
    return { rules: found.rules, importers, exporters };
  }

  private async changes(influence: Influence, changed: readonly string[], ends: Ends, pairs: readonly [readonly Finding[], readonly Finding[]]): Promise<Changes | null> {
    const names = this.series.patches.map(nameOf);
    const isRenamed = this.renaming();
    const { before, after } = ends;
    const between = await this.between(influence, ends);
    if (between === null) return null;
    const code = changesOf([before.rules.findings, ...between, after.rules.findings].map((findings) => ({ findings })), names, isRenamed);
    // Pairs were judged at the ends only. One patch that changes C is the one.
    const changing = this.changing();
    const paired = changesOf(pairs.map((findings) => ({ findings })), changing.length === 1 ? changing.flatMap((at) => names[at] ?? []) : names, isRenamed);
    const { functions } = influence;
    const isNear = ({ file, by = [], function: name }: Finding): boolean => changed.includes(file) || functions.has(name) || by.some((one) => functions.has(one));
    const still = ends.still.map((one) => relocated(one, (path) => this.textAt(this.first, path), (path) => this.textAt(this.last, path)));
    return {
      added: [...code.added, ...paired.added], fixed: [...code.fixed, ...paired.fixed], moved: [...code.moved, ...paired.moved],
      remaining: [...code.remaining, ...still, ...paired.remaining].filter(isNear).sort((a, b) => (a.file === b.file ? a.line - b.line : a.file < b.file ? -1 : 1)),
    };
  }

  /** Patches that change more of C than comments, by position. */
  private changing(): readonly number[] {
    return this.series.patches.flatMap((_, at) => {
      const [was, is] = [this.stages[at] ?? this.first, this.stages[at + 1] ?? this.last];
      return [...is].some(([path, text]) => /\.[ch]$/.test(path) && saysOtherwise(this.textAt(was, path), text)) ? [at] : [];
    });
  }

  /** Findings behind each patch but the last. Looked at only where the ends differ, with the rules that differ, and between patches that change C. */
  private async between(influence: Influence, ends: Ends): Promise<readonly (readonly Finding[])[] | null> {
    const [before, after] = [ends.before.rules.findings, ends.after.rules.findings];
    const [was, is] = [new Set(before.map(identityOf)), new Set(after.map(identityOf))];
    const differing = [...before.filter((one) => !is.has(identityOf(one))), ...after.filter((one) => !was.has(identityOf(one)))];
    const changing = new Set(this.changing());
    const inner = this.stages.slice(1, -1);
    if (inner.length === 0) return [];
    if (differing.length === 0) return inner.map(() => after);
    const found: (readonly Finding[])[] = [];
    for (const [at, overlay] of inner.entries()) {
      const last = found[at - 1] ?? before;
      const isLast = ![...changing].some((patch) => patch > at);
      // A patch without C changes nothing, and behind the last one with C it is as at the end.
      const one = !changing.has(at) ? last : isLast ? after : await this.behind(overlay, influence, differing, ends.sides);
      if (one === null) return null;
      found.push(one);
    }
    return found;
  }

  /** Which of the differing findings are there behind a patch. */
  private async behind(overlay: Overlay, { files: only }: Influence, differing: readonly Finding[], sides: Sides): Promise<readonly Finding[] | null> {
    const files = this.indexed(overlay);
    const isOfProfiles = ({ by = [] }: Finding): boolean => by.some((one) => one.includes(' '));
    const [ofFunctions, ofProfiles] = [differing.filter((one) => !isOfProfiles(one)), differing.filter(isOfProfiles)];
    const ids = (rows: readonly Finding[]): readonly string[] => [...new Set(rows.map(({ rule }) => rule))];
    const what = { only: [...only], workers: 1 };
    const [functions, profiles] = await Promise.all([
      ofFunctions.length === 0 ? [] : this.judge(overlay, files, { ...what, rules: ids(ofFunctions), ...NO_SIDES, functions: [...new Set(ofFunctions.flatMap(({ by = [] }) => by))] }),
      ofProfiles.length === 0 ? [] : this.judge(overlay, files, { ...what, rules: ids(ofProfiles), ...sides, functions: [] }),
    ]);
    if (functions === null || profiles === null) return null;
    return [functions, profiles].flatMap((one) => ('rules' in one ? one.rules.findings : []));
  }

  /** A function that is not there any more, and one that was not there before. */
  private renaming(): (before: string, after: string) => boolean {
    const namesAt = (overlay: Overlay): ReadonlySet<string> => new Set([...this.last.keys()].filter((path) => /\.[ch]$/.test(path)).flatMap((path) => definitionsIn(this.textAt(overlay, path) ?? '').map(({ name }) => name)));
    const [was, is] = [namesAt(this.first), namesAt(this.last)];
    return (before, after) => was.has(before) && !is.has(before) && !was.has(after) && is.has(after);
  }

  /** Pairs with a side whose profile is another one now, and what rules over pairs say of them. */
  private async pairs({ files }: Influence, { before, after }: Ends): Promise<{ readonly changed: readonly PairChange[]; readonly findings: readonly [readonly Finding[], readonly Finding[]]; readonly notes: readonly string[] } | null> {
    const [was, is] = [new Set([...before.importers, ...before.exporters].map(facts)), new Set([...after.importers, ...after.exporters].map(facts))];
    const isSame = (one: ImporterProfile | ExporterProfile): boolean => was.has(facts(one)) && is.has(facts(one));
    if ([...before.importers, ...before.exporters, ...after.importers, ...after.exporters].every(isSame)) return { changed: [], findings: [[], []], notes: [] };
    const whole = await this.others(before, after);
    if (whole === null) return null;
    const judged = (end: End, text: (path: string) => string | null): { readonly pairs: readonly Pair[]; readonly findings: readonly Finding[] } => {
      const [importers, exporters] = [[...end.importers, ...whole.importers], [...end.exporters, ...whole.exporters]];
      const ours = new Set<ImporterProfile | ExporterProfile>([...end.importers, ...end.exporters].filter((one) => !isSame(one)));
      const isOurs = (exporter: ExporterProfile, importer: ImporterProfile): boolean => ours.has(exporter) || ours.has(importer);
      const pairs = (end === before ? this.keptPairs(ours) : null) ?? this.told.unheard(() => judgePairs(importers, exporters, { contract: whole.contract, now: () => performance.now() }, isOurs).pairs);
      return { pairs, findings: findingsOfPairs({ rules: RULES, importers, exporters, pairs, text: (path) => (files.has(path) ? text(path) : null) }) };
    };
    const [first, last] = [judged(before, (path) => this.textAt(this.first, path)), judged(after, (path) => this.textAt(this.last, path))];
    return { changed: pairChanges(first.pairs, last.pairs), findings: [first.findings, last.findings], notes: whole.notes };
  }

  /** Pairs with one of these, as an earlier run judged them; null where none is kept. */
  private keptPairs(ours: ReadonlySet<ImporterProfile | ExporterProfile>): readonly Pair[] | null {
    const importers = new Set([...ours].flatMap((one) => ('attach' in one ? [one.id] : [])));
    const exporters = new Set([...ours].flatMap((one) => ('attach' in one ? [] : [one.id])));
    return this.whole?.pairs?.filter((one) => importers.has(one.importer) || exporters.has(one.exporter)) ?? null;
  }

  /** What the changed ones are paired with: the rest of the tree; of a folder outside a tree, the bundled catalogue. */
  private async others(before: End, after: End): Promise<{ readonly importers: readonly ImporterProfile[]; readonly exporters: readonly ExporterProfile[]; readonly contract: string; readonly notes: readonly string[] } | null> {
    if (!this.scope.isTree) {
      const linux = bundledCatalogue();
      const taken = new Set([...before.importers, ...before.exporters].map(({ id }) => id));
      const apart = <T extends { readonly id: string }>(rows: readonly T[]): readonly T[] => rows.filter(({ id }) => !taken.has(id));
      return { importers: apart(linux?.importers ?? []), exporters: apart(linux?.exporters ?? []), contract: linux?.tree.contract ?? this.scope.tree.contract, notes: linux === null ? [] : [`pairs are with Linux ${linux.tree.version}, as its catalogue knows it`] };
    }
    const whole = this.whole ?? await this.audited();
    if (whole === null) return null;
    const isOwn = (one: ImporterProfile | ExporterProfile): boolean => [...before.importers, ...before.exporters, ...after.importers, ...after.exporters].some((own) => own.id === one.id && own.file === one.file && own.ops === one.ops);
    return { importers: whole.importers.filter((one) => !isOwn(one)), exporters: whole.exporters.filter((one) => !isOwn(one)), contract: this.scope.tree.contract, notes: [] };
  }

  private async audited(): Promise<Whole | null> {
    const { path, workers, useCache } = this.request;
    const whole = await auditPath(path, { workers, useCache, index: this.index, stop: this.told.stop, progress: (phase, done, total) => this.told.show(phaseText(phase, done, total)) });
    return whole.kind === 'stopped' ? null : { ...whole.catalogue, pairs: null };
  }

  private configs(findings: readonly Finding[]): ReadonlyMap<string, readonly string[]> {
    return new Map([...new Set(findings.map(({ file }) => file))].map((file) => [file, configsOf(file, (path) => this.textAt(this.last, path))]));
  }

  /** Of findings that are fixed, and of those that remain where that is wanted. */
  private origins({ fixed, remaining }: Changes): ReadonlyMap<string, Origin> {
    const asked = [...fixed.map(({ finding }) => finding), ...(this.request.withOrigins ? remaining : [])].slice(0, MOST_ORIGINS);
    const found = new Map<string, Origin>();
    if (asked.length === 0 || commitOf(this.scope.root, 'HEAD') === null) return found;
    for (const finding of asked) {
      const one = this.originIn(finding, remaining.includes(finding));
      if (one !== null) found.set(identityOf(finding), one);
    }
    return found;
  }

  /** The line of a finding that remains has perhaps another number now: it is looked for by its text. */
  private originIn(finding: Finding, isBehind: boolean): Origin | null {
    const { file, line, anchor } = finding;
    const lines = (this.textAt(this.first, file) ?? '').split('\n');
    const stands = (at: number): boolean => (lines[at - 1] ?? '').replace(/\s+/g, ' ').trim() === anchor;
    const places = isBehind && !stands(line) ? lines.flatMap((_, at) => (stands(at + 1) ? [at + 1] : [])) : [line];
    const [place] = places.sort((a, b) => Math.abs(a - line) - Math.abs(b - line));
    return place === undefined ? null : originOf(this.scope.root, this.base, file, place);
  }
}

/** git takes a second for a line of a long file. */
const MOST_ORIGINS = 8;

function pairsIn(kept: string | null): readonly Pair[] | null {
  try {
    return kept === null ? null : (JSON.parse(kept) as { readonly pairs: readonly Pair[] }).pairs;
  } catch {
    return null;
  }
}

/** More than comments, blanks and the order of declarations. */
const saysOtherwise = (was: string | null, is: string | null): boolean => was !== is && (was === null || is === null || changedNames(was, is).size > 0);

const EMPTY: End = { rules: { tree: { version: '', contract: '' }, findings: [], ledger: [], coverage: { functions: 0, undecided: 0 } }, importers: [], exporters: [] };
const NOTHING: Ends = { before: EMPTY, after: EMPTY, still: [], sides: ALL_SIDES };

/** A profile without the numbers of lines: by it, another profile is another one. */
const facts = (one: ImporterProfile | ExporterProfile): string => JSON.stringify({ ...one, users: [], helpers: [] }).replace(/"line":\d+/g, '').replace(/(\.[chS]):\d+/g, '$1');

const asCatalogue = (tree: Catalogue['tree'], { importers, exporters }: End): Catalogue =>
  ({ tree, importers, exporters, references: [], ledger: [], coverage: { functions: 0, withParseError: 0 }, date: '', contractText: '' });

function misfitProblem({ patch, file, hunk, line, why }: Misfit, { base }: Series): UsageProblem {
  const which = `patch ${patch.number} of ${patch.total}${patch.subject === '' ? '' : ` (${patch.subject})`}`;
  return new UsageProblem(`${which} does not apply: ${file}${hunk === 0 ? '' : `, hunk ${hunk} (line ${line} of the patch)`}: ${why}`, base === null ? 'apply it to the tree that it was made for' : `it was made for ${base}`);
}
