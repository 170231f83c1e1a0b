// Runs the rules over a tree before and behind a series of patches, as far as the series can reach, and judges the pairs whose profile it changed.

import { execFileSync } from 'node:child_process';
import { readFileSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { driftOf } from '../audit/drift.ts';
import type { Catalogue } from '../audit/catalogue.ts';
import { judgePairs } from '../audit/pairs.ts';
import { findingsOfPairs, withFindings } from '../audit/rules-result.ts';
import { RULES } from '../audit/rules/index.ts';
import { changesOf, influenceOf, nameOf, pairChanges, stagesOf, type Influence, type Overlay } from '../audit/series.ts';
import type { ExporterProfile, ImporterProfile, LedgerRow, Pair } from '../results/audit.ts';
import { identityOf, type RulesResult } from '../results/finding.ts';
import type { SeriesResult } from '../results/patch.ts';
import { VOCABULARY, type IdentifierIndex, type IndexedFile } from '../source/identifier-index.ts';
import { seriesIn, seriesOfTexts, type Series } from '../source/mails.ts';
import { scanner } from '../source/scan.ts';
import { auditPath, phaseText } from './audit-engine.ts';
import { scopeOf } from './audit-scope.ts';
import { UsageProblem } from './exit.ts';
import { factsOf } from './facts-pool.ts';
import { defaultCacheFolder, indexTree } from './index-pool.ts';
import type { LongWork } from './long-work.ts';
import type { PatchRequest } from './parse-arguments.ts';

/** Throws UsageProblem where no patch can be had from it. */
export function readSeries(source: PatchRequest['source'], tree: string): Series {
  const found = source.kind === 'range' ? rangeOf(source.range, tree) : ofPath(source.path);
  const name = source.kind === 'range' ? source.range : source.path === '-' ? 'standard input' : source.path;
  if (found === null) throw new UsageProblem(`${name} holds no patch`, 'give an mbox, a diff, or a folder of patches');
  return found;
}

function ofPath(path: string): Series | null {
  if (path === '-') return seriesIn(readFileSync(0, 'latin1'));
  const seen = statSync(path, { throwIfNoEntry: false });
  if (seen === undefined) throw new UsageProblem(`there is no ${path}`);
  if (!seen.isDirectory()) return seriesIn(readFileSync(path, 'latin1'));
  const names = readdirSync(path).filter((name) => /\.(?:patch|diff|mbox|eml)$/.test(name) || /^\d+-/.test(name)).sort();
  return seriesOfTexts(names.map((name) => readFileSync(join(path, name), 'latin1')));
}

/** Text of a file at the commit before a range; null where it is not there. */
export function readAt(range: string, tree: string): (path: string) => string | null {
  const base = range.split(/\.\.\.?/)[0] ?? '';
  return (path) => {
    try {
      return execFileSync('git', ['-C', tree, 'show', `${base === '' ? 'HEAD' : base}:${path}`], { maxBuffer: 1 << 28, stdio: ['ignore', 'pipe', 'ignore'] }).toString('latin1');
    } catch {
      return null;
    }
  };
}

function rangeOf(range: string, tree: string): Series | null {
  try {
    const text = execFileSync('git', ['-C', tree, 'format-patch', '--stdout', '--no-signature', range], { maxBuffer: 1 << 28, stdio: ['ignore', 'pipe', 'pipe'] }).toString('latin1');
    return seriesIn(text);
  } catch (error) {
    const said = error instanceof Error && 'stderr' in error ? String(error.stderr).trim().split('\n')[0] ?? '' : '';
    throw new UsageProblem(`git gave no patches for ${range} in ${tree}${said === '' ? '' : `: ${said}`}`, 'the tree must be a git checkout that has both commits');
  }
}

/** Null where it was stopped. Throws UsageProblem, also for a patch that does not apply. */
export async function runSeries(series: Series, request: Pick<PatchRequest, 'path' | 'workers' | 'useCache' | 'source'>, told: LongWork): Promise<SeriesResult | null> {
  const { stop, show } = told;
  const { root, tree, isTree } = scopeOf(request.path, false);
  const folder = request.useCache && isTree ? defaultCacheFolder(process.env) : null;
  const index = await indexTree(root, {
    workers: request.workers, cacheFolder: folder, stop, later: setImmediate, progress: (done, found) => show(phaseText('index', done, found)), ...(isTree ? {} : { folders: [''] }),
  });
  if (index === null) return null;
  const onDisk = (path: string): string | null => {
    try {
      return readFileSync(join(root, path), 'latin1');
    } catch {
      return null;
    }
  };
  // Of a range the tree may be at its end already: what it changes is read as it was before.
  const { source } = request;
  const applied = stagesOf(series, source.kind === 'range' ? readAt(source.range, root) : onDisk, source.kind === 'range');
  if (!applied.ok) {
    const { patch, file, hunk, line, why } = applied;
    throw new UsageProblem(`patch ${patch.number} of ${patch.total}${patch.subject === '' ? '' : ` (${patch.subject})`} does not apply: ${file}${hunk === 0 ? '' : `, hunk ${hunk} (line ${line} of the patch)`}: ${why}`, series.base === null ? 'apply it to the tree that it was made for' : `it was made for ${series.base}`);
  }
  const { stages } = applied;
  const last = stages[stages.length - 1] ?? new Map<string, string | null>();
  const changed = [...last.keys()].filter((path) => /\.[ch]$/.test(path));
  const files = index.files.map(({ path, words, exports }) => ({ path, words, exports }));
  const behind = indexed(files, last);
  const influence = influenceOf(changed, [...files, ...behind.filter(({ path }) => last.has(path))], (path) => (last.has(path) ? last.get(path) ?? null : onDisk(path)));
  const at = async (overlay: Overlay, known: typeof files, only: readonly string[] = [...influence.files], workers: number | null = 1): Promise<{ readonly rules: RulesResult; readonly importers: readonly ImporterProfile[]; readonly exporters: readonly ExporterProfile[] } | null> => {
    const outcome = await factsOf(root, tree, { files: known, skipped: [] }, {
      workers, rules: RULES.map(({ header }) => header.id), within: null, headers: null, overlay, only, progress: (done, total) => show(phaseText('read', done, total)), stop,
    });
    if (outcome.kind === 'stopped') return null;
    if (outcome.kind === 'failed') throw new Error(outcome.message);
    return { rules: outcome.rules, importers: outcome.facts.importers, exporters: outcome.facts.exporters };
  };
  if (influence.files.size === 0) return nothing(series, tree, [...applied.notes, 'the series changes no C that the rules look at']);
  const first = stages[0] ?? new Map<string, string | null>();
  // What an earlier run said of the whole tree is what it says of these files; else both are read at once, one thread each.
  const kept = isTree && first.size === 0 && request.useCache ? await keptOf(request.path, index, influence.files, told) : null;
  const [before, after] = kept !== null ? [kept, await at(last, behind, undefined, request.workers)] : await Promise.all([at(first, indexed(files, first)), at(last, behind)]);
  if (before === null || after === null) return null;

  // Who uses a helper layer is looked for in the whole tree only.
  const drift = driftOf(asCatalogue(tree, before), asCatalogue(tree, after)).filter(({ of, text }) => of !== 'contract' && !/^(?:users|helpers)\b/.test(text));
  const pairs = drift.length === 0 || !isTree ? null : await pairsAround({ ...request, index }, told, influence, before, after);
  const textBehind = (path: string): string | null => (influence.files.has(path) ? last.get(path) ?? onDisk(path) : null);
  const findings = [
    before.rules.findings,
    ...await between(stages, files, before.rules, after.rules, at),
    after.rules.findings,
  ];
  if (pairs !== null) {
    findings[0] = withFindings({ ...before.rules, findings: findings[0] ?? [] }, findingsOfPairs({ rules: RULES, ...pairs.before, text: (path) => (influence.files.has(path) ? stages[0]?.get(path) ?? onDisk(path) : null) })).findings;
    findings[findings.length - 1] = withFindings({ ...after.rules, findings: findings[findings.length - 1] ?? [] }, findingsOfPairs({ rules: RULES, ...pairs.after, text: textBehind })).findings;
  }
  const names = series.patches.map(nameOf);
  const notes = [...series.notes, ...applied.notes, ...influence.left].map((reason): LedgerRow => ({ file: '', line: 0, function: '', reason }));
  return {
    series: { version: series.version, patches: names, base: series.base },
    tree,
    ...changesOf(findings.map((one) => ({ findings: one })), findings.length === stages.length ? names : [names[0] ?? { number: 1, total: 1, subject: '' }]),
    profilesChanged: drift.map(({ of, text, what }) => ({ of, text: what === 'changed' ? text : `${what}: ${text}` })),
    pairsChanged: pairs === null ? [] : pairChanges(pairs.before.pairs, pairs.after.pairs),
    ledger: [...notes, ...after.rules.ledger],
    coverage: after.rules.coverage,
  };
}

/** What is kept of the tree from an earlier run with rules, of these files; null where nothing is. */
async function keptOf(path: string, index: IdentifierIndex, files: ReadonlySet<string>, told: LongWork): Promise<{ readonly rules: RulesResult; readonly importers: readonly ImporterProfile[]; readonly exporters: readonly ExporterProfile[] } | null> {
  const found = await auditPath(path, { workers: 1, useCache: true, withRules: true, onlyKept: true, index, stop: told.stop, progress: () => undefined });
  if (found.kind === 'stopped' || found.rules === null) return null;
  const own = <T extends { readonly file: string }>(rows: readonly T[]): readonly T[] => rows.filter(({ file }) => files.has(file));
  // An importer counts by its table too, which may stand elsewhere.
  const importers = found.catalogue.importers.filter((one) => files.has(one.file) || one.evidence.some(({ fact, file }) => fact === 'ops' && files.has(file)));
  return { rules: { ...found.rules, findings: own(found.rules.findings), ledger: own(found.rules.ledger) }, importers, exporters: own(found.catalogue.exporters) };
}

/** The patches between are only looked at where the ends differ, and only in the files where they do. */
async function between(stages: readonly Overlay[], files: readonly Pick<IndexedFile, 'path' | 'words' | 'exports'>[], before: RulesResult, after: RulesResult, at: (overlay: Overlay, known: Pick<IndexedFile, 'path' | 'words' | 'exports'>[], only: readonly string[]) => Promise<{ readonly rules: RulesResult } | null>): Promise<RulesResult['findings'][]> {
  const was = new Set(before.findings.map(identityOf));
  const is = new Set(after.findings.map(identityOf));
  const differing = [...before.findings.filter((one) => !is.has(identityOf(one))), ...after.findings.filter((one) => !was.has(identityOf(one)))];
  if (stages.length <= 2 || differing.length === 0) return [];
  const only = [...new Set(differing.map(({ file }) => file))];
  const elsewhere = after.findings.filter(({ file }) => !only.includes(file));
  const found: RulesResult['findings'][] = [];
  for (const overlay of stages.slice(1, -1)) {
    const one = await at(overlay, indexed(files, overlay), only);
    if (one === null) return [];
    found.push([...one.rules.findings, ...elsewhere]);
  }
  return found;
}

interface Judged {
  readonly importers: readonly ImporterProfile[];
  readonly exporters: readonly ExporterProfile[];
  readonly pairs: readonly Pair[];
}

/** Pairs with a changed profile on one side, the rest of the tree on the other. */
async function pairsAround(request: Pick<PatchRequest, 'path' | 'workers' | 'useCache'> & { readonly index: IdentifierIndex }, told: LongWork, { files }: Influence, before: Omit<Judged, 'pairs'>, after: Omit<Judged, 'pairs'>): Promise<{ readonly before: Judged; readonly after: Judged } | null> {
  const whole = await auditPath(request.path, { workers: request.workers, useCache: request.useCache, index: request.index, stop: told.stop, progress: (phase, done, total) => told.show(phaseText(phase, done, total)) });
  if (whole.kind === 'stopped') return null;
  const others = {
    importers: whole.catalogue.importers.filter((one) => !files.has(one.file) && !before.importers.some(({ id }) => id === one.id)),
    exporters: whole.catalogue.exporters.filter((one) => !files.has(one.file) && !before.exporters.some(({ id }) => id === one.id)),
  };
  const judge = (own: Omit<Judged, 'pairs'>): Judged => {
    const [importers, exporters] = [[...own.importers, ...others.importers], [...own.exporters, ...others.exporters]];
    const ours = { importers: new Set(own.importers), exporters: new Set(own.exporters) };
    const { pairs } = told.unheard(() => judgePairs(importers, exporters, { contract: whole.catalogue.tree.contract, now: () => performance.now() }, (exporter, importer) => ours.exporters.has(exporter) || ours.importers.has(importer)));
    return { importers, exporters, pairs };
  };
  return { before: judge(before), after: judge(after) };
}

/** The index as it is behind the patches. */
function indexed<T extends Pick<IndexedFile, 'path' | 'words' | 'exports'>>(files: readonly T[], overlay: Overlay): { path: string; words: readonly string[]; exports: readonly string[] }[] {
  const scan = scanner(VOCABULARY).scan;
  const kept = files.filter(({ path }) => !overlay.has(path));
  const changed = [...overlay].flatMap(([path, text]) => {
    if (text === null || !/\.[ch]$/.test(path)) return [];
    const bytes = Buffer.from(text, 'latin1');
    return [{ path, ...scan(bytes, bytes.length) }];
  });
  return [...kept.map(({ path, words, exports }) => ({ path, words, exports })), ...changed].sort((a, b) => (a.path < b.path ? -1 : 1));
}

const asCatalogue = (tree: Catalogue['tree'], { importers, exporters }: Omit<Judged, 'pairs'>): Catalogue =>
  ({ tree, importers, exporters, references: [], ledger: [], coverage: { functions: 0, withParseError: 0 }, date: '', contractText: '' });

const nothing = (series: Series, tree: Catalogue['tree'], notes: readonly string[]): SeriesResult => ({
  series: { version: series.version, patches: series.patches.map(nameOf), base: series.base }, tree, added: [], fixed: [], moved: [], unchanged: 0, remaining: [], profilesChanged: [], pairsChanged: [],
  ledger: [...series.notes, ...notes].map((reason) => ({ file: '', line: 0, function: '', reason })), coverage: { functions: 0, undecided: 0 },
});
