// From a path to facts: recognises a tree or a driver, indexes it, has it read by threads, and keeps the answer for an unchanged tree.

import { createHash, randomUUID } from 'node:crypto';
import { existsSync, readFileSync, statSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import type { AuditFacts } from '../audit/audit-tree.ts';
import { helperUsers } from '../audit/helper-users.ts';
import { decodeCatalogue, encodeCatalogue, type Catalogue } from '../audit/catalogue.ts';
import { readAnswer, writeAnswer } from '../source/cache.ts';
import { indexKey, type IdentifierIndex } from '../source/identifier-index.ts';
import { recogniseTree, treeProblemText } from '../source/tree.ts';
import { UsageProblem } from './exit.ts';
import { factsOf } from './facts-pool.ts';
import { defaultCacheFolder, indexTree } from './index-pool.ts';
import { packageFolder } from './package-folder.ts';
import { version } from './version.ts';

export interface EngineOptions {
  readonly workers: number | null;
  readonly useCache: boolean;
  /** A phase and how far it is. */
  readonly progress: (phase: 'index' | 'read', done: number, total: number) => void;
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
    const header = readFileSync(join(path, 'include/linux/dma-buf.h'), 'latin1');
    const core = existsSync(join(path, 'drivers/dma-buf/dma-buf.c')) ? readFileSync(join(path, 'drivers/dma-buf/dma-buf.c'), 'latin1') : '';
    return facts(path, { version: tree.version, contract: tree.contract }, contractTextOf(header, core), true, undefined, options);
  }
  const { problem } = seen;
  if (problem.kind !== 'not-a-tree') throw new UsageProblem(treeProblemText(problem), 'give a kernel tree, a folder with C, or a C file');
  const isFile = statSync(path).isFile();
  if (isFile && !/\.[ch]$/.test(path)) throw new UsageProblem(`${path} is not a C file`, 'give a kernel tree, a folder with C, or a C file');
  const root = isFile ? dirname(path) : path;
  return facts(root, { version: 'outside a tree', contract: bundledCatalogue('7.3')?.tree.contract ?? 'invalidate_mappings' }, '', false, isFile ? basename(path) : undefined, options);
}

async function facts(root: string, tree: Catalogue['tree'], contractText: string, isTree: boolean, only: string | undefined, options: EngineOptions): Promise<Audited> {
  const folder = options.useCache ? defaultCacheFolder(process.env) : null;
  const index = await indexTree(root, {
    workers: options.workers, cacheFolder: isTree ? folder : null, stop: options.stop, later: setImmediate, progress: (done, found) => options.progress('index', done, found), ...(isTree ? {} : { folders: [''] }),
  });
  if (index === null) return { kind: 'stopped' };
  if (!isTree && index.files.length === 0) throw new UsageProblem(`${root} holds no C files`, 'give a kernel tree, a folder with C, or a C file');
  const mine: IdentifierIndex = only === undefined ? index : { ...index, files: index.files.filter((file) => file.path === only) };
  const key = indexKey(mine, JSON.stringify([version, programStamp(), tree]));
  const kept = folder === null || !isTree ? null : readAnswer(folder, key);
  const known = kept === null ? null : decodeCatalogue(kept);
  const keep = folder === null || !isTree ? null : keepOf(folder, key);
  if (known?.ok === true) return { kind: 'facts', catalogue: known.catalogue, isTree, keep };
  const outcome = await factsOf(root, tree, mine, { workers: isTree ? options.workers : 1, progress: (done, total) => options.progress('read', done, total), stop: options.stop });
  if (outcome.kind === 'stopped') return { kind: 'stopped' };
  if (outcome.kind === 'failed') throw new Error(outcome.message);
  const linux = isTree ? null : bundledCatalogue('7.3');
  const layered = linux === null ? [] : helperUsers(mine.files.flatMap(({ path, words }) => (words.length === 0 ? [] : [{ path, text: readFileSync(join(root, path), 'latin1') }])), linux.importers);
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

/** The kernel-doc that says what importers owe, without its layout. */
function contractTextOf(header: string, core: string): string {
  const ops = /\/\*\*\s*\n \* struct dma_buf_attach_ops[\s\S]*?\n\};/.exec(header)?.[0] ?? '';
  const call = /\/\*\*\s*\n \* dma_buf_(?:invalidate_mappings|move_notify) - [\s\S]*?\*\//.exec(core)?.[0] ?? '';
  const words = `${ops} ${call}`.replace(/[\s*/]+/g, ' ').trim();
  return words === '' ? '' : createHash('sha256').update(words).digest('hex');
}

/** The catalogue that comes with the program, by release; null where there is none. */
export function bundledCatalogue(release: string): Catalogue | null {
  const file = join(packageFolder(), 'catalogue', `linux-${release}.json`);
  return existsSync(file) ? readCatalogue(file) : null;
}

/** Throws UsageProblem. */
export function readCatalogue(file: string): Catalogue {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    throw new UsageProblem(`the catalogue ${file} cannot be read (${error instanceof Error && 'code' in error ? String(error.code) : 'unknown'})`);
  }
  const decoded = decodeCatalogue(text);
  if (!decoded.ok) throw new UsageProblem(`${file} is not a catalogue: ${decoded.message}`, 'fencepost audit TREE --write-catalogue FILE makes one');
  return decoded.catalogue;
}

export type { AuditFacts };
