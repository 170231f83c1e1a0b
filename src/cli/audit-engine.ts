// From a path to facts: recognises a tree or a driver, indexes it, has it read by threads, and keeps the answer for an unchanged tree.

import { createHash, randomUUID } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { helperUsers } from '../audit/helper-users.ts';
import { decodeCatalogue, encodeCatalogue, type Catalogue } from '../audit/catalogue.ts';
import { RULES } from '../audit/rules/index.ts';
import type { RulesResult } from '../results/finding.ts';
import { readAnswer, writeAnswer } from '../source/cache.ts';
import { thousands } from '../report/layout.ts';
import { VOCABULARY, indexIdentifiers, indexKey, type IdentifierIndex } from '../source/identifier-index.ts';
import { scopeOf, sourceScope, textOr, type Scope } from './audit-scope.ts';
import { bundledCatalogue } from './catalogues.ts';
import { UsageProblem } from './exit.ts';
import { factsOf } from './facts-pool.ts';
import { defaultCacheFolder, indexAround, indexTree } from './index-pool.ts';
import { packageFolder } from './package-folder.ts';
import { version } from './version.ts';

export type Phase = 'index' | 'read' | 'judge';

/** For the line of progress. */
export function phaseText(phase: Phase, done: number, total: number): string {
  switch (phase) {
    case 'index':
      return `looking through ${thousands(total)} files: ${thousands(done)}`;
    case 'read':
      return `reading importers and exporters: ${done} of ${total}`;
    case 'judge':
      return total === 0 ? 'judging pairs' : `judging pairs: ${done} of ${total}`;
  }
}

export interface EngineOptions {
  readonly workers: number | null;
  readonly useCache: boolean;
  /** Rules are run too. Then a file or folder inside a kernel tree is read as a part of that tree. */
  readonly withRules?: boolean;
  /** Of a part of a tree: the index of the rest is taken as it was kept, unseen. */
  readonly trustIndex?: boolean;
  /** The index of the tree, where it was made just now. */
  readonly index?: IdentifierIndex;
  /** What is not kept from an earlier run is not made: then the answer is 'stopped'. */
  readonly onlyKept?: boolean;
  /** A phase and how far it is. */
  readonly progress: (phase: Phase, done: number, total: number) => void;
  readonly stop: () => boolean;
}

export interface Facts {
  readonly kind: 'facts';
  readonly catalogue: Catalogue;
  /** A whole kernel tree. */
  readonly isTree: boolean;
  /** Where what follows from the facts may be kept; null where nothing is. */
  readonly keep: Keep | null;
  /** What all rules but those over pairs said; null where they were not asked. */
  readonly rules: RulesResult | null;
  /** The C of a file that was asked for; null of any other. */
  readonly text: (file: string) => string | null;
}

export type Audited = Facts | { readonly kind: 'stopped' };

/** An answer that is kept between runs. */
export interface Kept {
  readonly read: () => string | null;
  readonly write: (text: string) => void;
}

/** What is kept of an unchanged tree for this same program. */
export interface Keep {
  readonly facts: Kept;
  readonly pairs: Kept;
  readonly rules: Kept;
}

/** Throws UsageProblem for what is no tree and no C. */
export async function auditPath(path: string, options: EngineOptions): Promise<Audited> {
  return facts(scopeOf(path, options.withRules === true), options);
}

/**
 * What the rules say of one C file, `real` being its real path, as a checker of a build asks it: alone, without progress, in one thread.
 * `headers`: roots of trees whose headers the build uses. Null: nothing can be said of it.
 */
export async function auditSource(real: string, headers: readonly string[]): Promise<{ readonly root: string; readonly rules: RulesResult } | null> {
  const scope = sourceScope(real, headers);
  const found = await facts(scope, { workers: 1, useCache: true, withRules: true, trustIndex: true, progress: () => undefined, stop: () => false });
  return found.kind === 'stopped' || found.rules === null ? null : { root: scope.root, rules: found.rules };
}

async function facts(scope: Scope, options: EngineOptions): Promise<Audited> {
  const { root, tree, contractText, isTree, only, within, headers } = scope;
  const folder = options.useCache ? defaultCacheFolder(process.env) : null;
  // Of one file nothing beside it is looked at: it may lie in a large folder.
  const kept = within === null || options.trustIndex !== true ? null : indexAround(root, dirname(within), folder);
  const index = options.index ?? kept ?? (only !== null ? indexIdentifiers(root, [only], VOCABULARY) : await indexTree(root, {
    workers: options.workers, cacheFolder: isTree ? folder : null, stop: options.stop, later: setImmediate, progress: (done, found) => options.progress('index', done, found),
    ...(isTree ? {} : { folders: [''] }),
  }));
  if (index === null) return { kind: 'stopped' };
  const [unread] = index.skipped;
  if (only !== null && unread !== undefined) throw new UsageProblem(`${join(root, only)} was not read: ${unread.why}`);
  if (!isTree && index.files.length === 0) throw new UsageProblem(`${root} holds no C files${unread === undefined ? '' : ` that can be read (${unread.path}: ${unread.why})`}`, 'give a kernel tree, a folder with C, or a C file');
  // Rules read more functions than the facts need, so that what was read, and not understood, is not the same.
  // A part of a tree is read quickly, and one after the other would push out what took long.
  const keep = folder === null || !isTree || within !== null ? null : keepOf(folder, `${indexKey(index, JSON.stringify([version, programStamp(), tree]))}${options.withRules === true ? '-ruled' : ''}`);
  const known = keep === null ? null : decodeCatalogue(keep.facts.read() ?? '');
  const rules = options.withRules !== true ? null : rulesKept(keep);
  const asked = new Set(index.files.flatMap((file) => (within === null || file.path === within || file.path.startsWith(`${within}/`) ? [file.path] : [])));
  const text = (file: string): string | null => (asked.has(file) ? textOr(join(root, file), '') : null);
  const isWhole = isTree && within === null;
  if (known?.ok === true && (options.withRules !== true || rules !== null)) return { kind: 'facts', catalogue: known.catalogue, isTree: isWhole, keep, rules, text };
  if (options.onlyKept === true) return { kind: 'stopped' };
  const outcome = await factsOf(root, tree, index, {
    workers: isTree ? options.workers : 1, rules: options.withRules === true ? RULES.map(({ header }) => header.id) : [], within, headers,
    progress: (done, total) => options.progress('read', done, total), stop: options.stop,
  });
  if (outcome.kind === 'stopped') return { kind: 'stopped' };
  if (outcome.kind === 'failed') throw new Error(outcome.message);
  const linux = isTree ? null : bundledCatalogue();
  const layered = linux === null ? [] : helperUsers(index.files.flatMap(({ path, words }) => (words.length === 0 ? [] : [{ path, text: readFileSync(join(root, path), 'latin1') }])), linux.importers);
  const catalogue: Catalogue = { ...outcome.facts, importers: [...outcome.facts.importers, ...layered], date: today(), contractText };
  keep?.facts.write(encodeCatalogue(catalogue));
  if (options.withRules === true) keep?.rules.write(JSON.stringify(outcome.rules));
  return { kind: 'facts', catalogue, isTree: isWhole, keep, rules: options.withRules === true ? outcome.rules : null, text };
}

/** Findings of an unchanged tree by this same program. */
function rulesKept(keep: Keep | null): RulesResult | null {
  const text = keep?.rules.read() ?? null;
  try {
    return text === null ? null : (JSON.parse(text) as RulesResult);
  } catch {
    return null;
  }
}

function keepOf(folder: string, key: string): Keep {
  const one = (name: string): Kept => ({ read: () => readAnswer(folder, name), write: (text) => void writeAnswer(folder, name, text, randomUUID()) });
  return { facts: one(key), pairs: one(`${key}-pairs`), rules: one(`${key}-rules`) };
}

/** An answer of another build is none. */
function programStamp(): string {
  const all = createHash('sha256');
  for (const name of ['facts-worker.js', 'fencepost.js']) {
    const file = join(packageFolder(), 'dist', name);
    if (existsSync(file)) all.update(readFileSync(file));
  }
  return all.digest('hex');
}

const today = (): string => new Date().toISOString().slice(0, 10);
