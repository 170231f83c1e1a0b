// From a path to facts: recognises a tree or a driver, indexes it, has it read by threads, and keeps the answer for an unchanged tree.

import { createHash, randomUUID } from 'node:crypto';
import { existsSync, readFileSync, realpathSync, statSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { helperUsers } from '../audit/helper-users.ts';
import { decodeCatalogue, encodeCatalogue, type Catalogue } from '../audit/catalogue.ts';
import { readAnswer, writeAnswer } from '../source/cache.ts';
import { thousands } from '../report/layout.ts';
import { VOCABULARY, indexIdentifiers, indexKey } from '../source/identifier-index.ts';
import { recogniseTree, treeProblemText } from '../source/tree.ts';
import { bundledCatalogue } from './catalogues.ts';
import { UsageProblem } from './exit.ts';
import { factsOf } from './facts-pool.ts';
import { defaultCacheFolder, indexTree } from './index-pool.ts';
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
  /** A phase and how far it is. */
  readonly progress: (phase: Phase, done: number, total: number) => void;
  readonly stop: () => boolean;
}

/** `keep`: where what follows from the facts may be kept; null where nothing is. */
export type Audited = { readonly kind: 'facts'; readonly catalogue: Catalogue; readonly isTree: boolean; readonly keep: Keep | null } | { readonly kind: 'stopped' };

export interface Keep {
  readonly read: () => string | null;
  readonly write: (text: string) => void;
}

/** Throws UsageProblem for what is no tree and no C. */
export async function auditPath(path: string, options: EngineOptions): Promise<Audited> {
  const seen = recogniseTree(path);
  if (seen.ok) {
    const { tree } = seen;
    const contractText = contractTextOf(textOr(join(path, 'include/linux/dma-buf.h'), ''), textOr(join(path, 'drivers/dma-buf/dma-buf.c'), ''));
    return facts(path, { version: tree.version, contract: tree.contract }, contractText, true, undefined, options);
  }
  const { problem } = seen;
  if (problem.kind !== 'not-a-tree') throw new UsageProblem(treeProblemText(problem), 'give a kernel tree, a folder with C, or a C file');
  const isFile = statSync(path).isFile();
  if (isFile && !/\.[ch]$/.test(path)) throw new UsageProblem(`${path} is not a C file`, 'give a kernel tree, a folder with C, or a C file');
  // Through a link: a walk does not follow one, but this one was named.
  const real = isFile ? realpathSync(path) : path;
  return facts(isFile ? dirname(real) : real, { version: 'outside a tree', contract: bundledCatalogue()?.tree.contract ?? 'invalidate_mappings' }, '', false, isFile ? basename(real) : undefined, options);
}

async function facts(root: string, tree: Catalogue['tree'], contractText: string, isTree: boolean, only: string | undefined, options: EngineOptions): Promise<Audited> {
  const folder = options.useCache ? defaultCacheFolder(process.env) : null;
  // Of one file nothing beside it is looked at: it may lie in a large folder.
  const index = only !== undefined ? indexIdentifiers(root, [only], VOCABULARY) : await indexTree(root, {
    workers: options.workers, cacheFolder: isTree ? folder : null, stop: options.stop, later: setImmediate, progress: (done, found) => options.progress('index', done, found),
    ...(isTree ? {} : { folders: [''] }),
  });
  if (index === null) return { kind: 'stopped' };
  const [unread] = index.skipped;
  if (only !== undefined && unread !== undefined) throw new UsageProblem(`${join(root, only)} was not read: ${unread.why}`);
  if (!isTree && index.files.length === 0) throw new UsageProblem(`${root} holds no C files${unread === undefined ? '' : ` that can be read (${unread.path}: ${unread.why})`}`, 'give a kernel tree, a folder with C, or a C file');
  const key = indexKey(index, JSON.stringify([version, programStamp(), tree]));
  const kept = folder === null || !isTree ? null : readAnswer(folder, key);
  const known = kept === null ? null : decodeCatalogue(kept);
  const keep = folder === null || !isTree ? null : keepOf(folder, key);
  if (known?.ok === true) return { kind: 'facts', catalogue: known.catalogue, isTree, keep };
  const outcome = await factsOf(root, tree, index, { workers: isTree ? options.workers : 1, progress: (done, total) => options.progress('read', done, total), stop: options.stop });
  if (outcome.kind === 'stopped') return { kind: 'stopped' };
  if (outcome.kind === 'failed') throw new Error(outcome.message);
  const linux = isTree ? null : bundledCatalogue();
  const layered = linux === null ? [] : helperUsers(index.files.flatMap(({ path, words }) => (words.length === 0 ? [] : [{ path, text: readFileSync(join(root, path), 'latin1') }])), linux.importers);
  const catalogue: Catalogue = { ...outcome.facts, importers: [...outcome.facts.importers, ...layered], date: today(), contractText };
  if (folder !== null && isTree) writeAnswer(folder, key, encodeCatalogue(catalogue), randomUUID());
  return { kind: 'facts', catalogue, isTree, keep };
}

function keepOf(folder: string, key: string): Keep {
  const pairs = `${key}-pairs`;
  return { read: () => readAnswer(folder, pairs), write: (text) => void writeAnswer(folder, pairs, text, randomUUID()) };
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

function textOr(file: string, otherwise: string): string {
  try {
    return readFileSync(file, 'latin1');
  } catch {
    return otherwise;
  }
}

/** The kernel-doc that says what importers owe, without its layout. */
function contractTextOf(header: string, core: string): string {
  const ops = /\/\*\*\s*\n \* struct dma_buf_attach_ops[\s\S]*?\n\};/.exec(header)?.[0] ?? '';
  const call = /\/\*\*\s*\n \* dma_buf_(?:invalidate_mappings|move_notify) - [\s\S]*?\*\//.exec(core)?.[0] ?? '';
  const words = `${ops} ${call}`.replace(/[\s*/]+/g, ' ').trim();
  return words === '' ? '' : createHash('sha256').update(words).digest('hex');
}
