// `fencepost audit [TREE|DIR|FILE]`: facts from C or from a catalogue, every pair judged now, one matrix.

import { writeFileSync } from 'node:fs';
import { encodeCatalogue, type Catalogue } from '../../audit/catalogue.ts';
import { judgePairs, scenarioText, storyOf, type JudgedPairs, type JudgeOptions } from '../../audit/judge-pairs.ts';
import { didYouMean } from '../../litmus/nearest.ts';
import { auditJson } from '../../report/audit-json.ts';
import { auditSummary, ledgerText, matrixMarkdown, matrixText } from '../../report/audit-matrix.ts';
import { storyText } from '../../report/audit-story.ts';
import type { AuditResult, ExporterProfile, ImporterProfile, Pair } from '../../results/audit.ts';
import { auditPath, bundledCatalogue, readCatalogue, type Keep } from '../audit-engine.ts';
import { EXIT, UsageProblem } from '../exit.ts';
import type { AuditRequest } from '../parse-arguments.ts';
import { statusLine, terminalForm } from '../terminal.ts';

/** The catalogue that stands for "Linux" where no tree is given. */
const RELEASE = '7.3';

export async function audit(request: AuditRequest): Promise<number> {
  let isStopped = false;
  const stop = (): void => {
    isStopped = true;
  };
  process.once('SIGINT', stop);
  process.once('SIGTERM', stop);
  const status = statusLine();
  try {
    const facts = await factsFor(request, (text) => status?.show(text), () => isStopped);
    if (facts === null) return EXIT.interrupted;
    status?.clear();
    return answer(request, facts, () => isStopped, (text) => status?.show(text));
  } finally {
    status?.clear();
    process.off('SIGINT', stop);
    process.off('SIGTERM', stop);
  }
}

/** What is judged: all of a tree with itself, or a driver's own against the catalogue's and its own. */
interface Facts {
  readonly catalogue: Catalogue;
  readonly importers: readonly ImporterProfile[];
  readonly exporters: readonly ExporterProfile[];
  /** Pairs in which at least one side is the driver's; all where the facts are a whole tree's. */
  readonly matters: (pair: Pair) => boolean;
  readonly keep: Keep | null;
  /** The catalogue that a driver outside a tree is held against. */
  readonly against: Catalogue | null;
}

async function factsFor(request: AuditRequest, show: (text: string) => void, stop: () => boolean): Promise<Facts | null> {
  const known = (): Catalogue => {
    const found = request.catalogue === null ? bundledCatalogue(RELEASE) : readCatalogue(request.catalogue);
    if (found === null) throw new UsageProblem('no catalogue is bundled', 'fencepost audit TREE reads a kernel tree');
    return found;
  };
  if (request.path === null) {
    const catalogue = known();
    return { catalogue, importers: catalogue.importers, exporters: catalogue.exporters, matters: () => true, keep: null, against: null };
  }
  const audited = await auditPath(request.path, {
    workers: request.workers, useCache: request.useCache, stop,
    progress: (phase, done, total) => show(phase === 'index' ? `looking through ${total} files: ${done}` : `reading importers and exporters: ${done} of ${total}`),
  });
  if (audited.kind === 'stopped') return null;
  const { catalogue } = audited;
  if (audited.isTree) return { catalogue, importers: catalogue.importers, exporters: catalogue.exporters, matters: () => true, keep: audited.keep, against: null };
  if (catalogue.importers.length === 0 && catalogue.exporters.length === 0) return { catalogue, importers: [], exporters: [], matters: () => true, keep: null, against: null };
  const linux = known();
  const taken = new Set([...linux.importers, ...linux.exporters].map((one) => one.id));
  // A driver that Linux has too stays apart from it.
  const mine = <T extends ImporterProfile | ExporterProfile>(all: readonly T[]): readonly T[] => all.map((one) => (taken.has(one.id) ? { ...one, id: `./${one.id}` } : one));
  const [importers, exporters] = [mine(catalogue.importers), mine(catalogue.exporters)];
  const ids = { importers: new Set(importers.map((one) => one.id)), exporters: new Set(exporters.map((one) => one.id)) };
  return {
    catalogue: { ...catalogue, importers, exporters },
    importers: [...importers, ...linux.importers],
    exporters: [...exporters, ...linux.exporters],
    matters: (pair) => ids.importers.has(pair.importer) || ids.exporters.has(pair.exporter),
    keep: null,
    against: linux,
  };
}

function answer(request: AuditRequest, facts: Facts, stop: () => boolean, show: (text: string) => void): number {
  const { catalogue } = facts;
  const options: JudgeOptions = { contract: catalogue.tree.contract, stop, now: () => performance.now() };
  if (request.writeCatalogue !== null) write(request.writeCatalogue, encodeCatalogue(catalogue));
  if (request.litmus !== null) return litmus(request.litmus, facts, options);
  const form = terminalForm(request.verbose, []);
  if (request.why !== null) {
    const story = storyOf(exporterNamed(request.why.exporter, facts), importerNamed(request.why.importer, facts), options);
    process.stdout.write(`${storyText(story, form).join('\n')}\n`);
    return exitOfPairs([story.pair]);
  }
  show('judging pairs');
  const own = { importers: new Set(catalogue.importers), exporters: new Set(catalogue.exporters) };
  const judged = keptPairs(facts) ?? judgePairs(facts.importers, facts.exporters, options, (exporter, importer) => own.exporters.has(exporter) || own.importers.has(importer));
  if (stop()) return EXIT.interrupted;
  facts.keep?.write(JSON.stringify(judged));
  const result: AuditResult = {
    tree: catalogue.tree, importers: catalogue.importers, exporters: catalogue.exporters, references: catalogue.references, coverage: catalogue.coverage,
    pairs: judged.pairs, ledger: [...catalogue.ledger, ...judged.ledger],
  };
  if (request.format === 'json') process.stdout.write(auditJson(result));
  else if (request.format === 'markdown') process.stdout.write(matrixMarkdown({ importers: facts.importers, exporters: facts.exporters, pairs: judged.pairs }));
  else if (result.importers.length + result.exporters.length === 0) process.stdout.write('no importer and no exporter was found\n');
  else {
    const lines = [
      headline(request, facts), '',
      ...matrixText({ importers: facts.importers, exporters: facts.exporters, pairs: judged.pairs }, form), '',
      ...auditSummary(result, form),
      ...(request.verbose ? ['', ...ledgerText(result, form)] : []),
    ];
    process.stdout.write(`${lines.join('\n')}\n`);
  }
  return exitOfPairs(judged.pairs);
}

function headline(request: AuditRequest, { catalogue, against }: Facts): string {
  if (against !== null) return `${request.path ?? ''} with Linux ${against.tree.version} (catalogue of ${against.date})`;
  return `Linux ${catalogue.tree.version}, ${catalogue.tree.contract}${request.path === null ? `, catalogue of ${catalogue.date}` : ''}`;
}

/** Pairs of an unchanged tree that this same program has judged before. */
function keptPairs(facts: Facts): JudgedPairs | null {
  const text = facts.keep?.read() ?? null;
  if (text === null) return null;
  try {
    const kept = JSON.parse(text) as JudgedPairs;
    return kept.pairs.length === facts.importers.length * facts.exporters.length ? kept : null;
  } catch {
    return null;
  }
}

/** The matrix of the bundled catalogue, for the start without arguments; null where there is none. */
export function bundledMatrix(): readonly string[] | null {
  const catalogue = bundledCatalogue(RELEASE);
  if (catalogue === null) return null;
  const form = terminalForm(false, []);
  const { importers, exporters, tree } = catalogue;
  const { pairs } = judgePairs(importers, exporters, { contract: tree.contract, now: () => performance.now() });
  return [`Linux ${tree.version}: exporters and importers, as read from its source on ${catalogue.date}, judged now`, '', ...matrixText({ importers, exporters, pairs }, form)];
}

function exitOfPairs(pairs: readonly Pair[]): number {
  if (pairs.some((one) => one.verdict === 'broken' || one.verdict === 'hangs')) return EXIT.bad;
  return pairs.some((one) => one.verdict === 'undecided') ? EXIT.open : EXIT.fine;
}

function litmus(id: string, facts: Facts, options: JudgeOptions): number {
  const exporter = facts.exporters.find((one) => id === one.id || id.startsWith(`${one.id}:`));
  if (exporter !== undefined && id !== exporter.id && facts.importers.every((one) => one.id !== id)) {
    process.stdout.write(scenarioText(exporter, importerNamed(id.slice(exporter.id.length + 1), facts), options));
    return EXIT.fine;
  }
  // One side alone stands before the other side that asks most of it.
  const revoker = facts.exporters.find((one) => one.waitsUnmap !== null && one.revokedFirst !== null) ?? facts.exporters.find((one) => one.invalidates.length > 0) ?? facts.exporters[0];
  const deferring = facts.importers.find((one) => one.unmaps === 'deferred') ?? facts.importers.find((one) => one.callback !== null) ?? facts.importers[0];
  const isImporter = facts.importers.some((one) => one.id === id) || exporter === undefined;
  const [left, right] = isImporter ? [revoker, importerNamed(id, facts)] : [exporter, deferring];
  if (left === undefined || right === undefined) throw new UsageProblem('there is no other side to make a scenario with');
  process.stdout.write(scenarioText(left, right, options));
  return EXIT.fine;
}

function exporterNamed(id: string, facts: Facts): ExporterProfile {
  return named(id, facts.exporters, 'exporter');
}

function importerNamed(id: string, facts: Facts): ImporterProfile {
  const byUser = facts.importers.filter((one) => one.users.some((user) => user.split('/').at(-1) === id));
  return named(id, facts.importers, 'importer', byUser);
}

/** The id itself, its first part, or a user's name where only one has it. */
function named<T extends ImporterProfile | ExporterProfile>(id: string, all: readonly T[], kind: string, others: readonly T[] = []): T {
  const exact = all.find((one) => one.id === id);
  if (exact !== undefined) return exact;
  const parts = all.filter((one) => one.id.split(/[:/]/).includes(id));
  const near = parts.length > 0 ? parts : all.filter((one) => one.id.startsWith(id));
  const real = near.filter((one) => one.marked === null);
  for (const list of [near, real, others]) if (list.length === 1 && list[0] !== undefined) return list[0];
  const many = near.length > 0 ? near : others;
  if (many.length > 0) throw new UsageProblem(`several ${kind}s are called '${id}'`, `it is one of ${many.map((one) => one.id).join(', ')}`);
  throw new UsageProblem(`no ${kind} is called '${id}'`, didYouMean(id, all.map((one) => one.id)) ?? `there are ${all.map((one) => one.id).join(', ')}`);
}

function write(file: string, text: string): void {
  try {
    writeFileSync(file, text);
  } catch (error) {
    throw new UsageProblem(`${file} cannot be written (${error instanceof Error && 'code' in error ? String(error.code) : 'unknown'})`);
  }
}
