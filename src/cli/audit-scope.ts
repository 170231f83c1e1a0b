// What a path means to an audit: a kernel tree, a part of one, or C outside of any. Looks at the disk; reads no C.

import { createHash } from 'node:crypto';
import { existsSync, readFileSync, realpathSync, statSync } from 'node:fs';
import { basename, dirname, join, relative } from 'node:path';
import type { Catalogue } from '../audit/catalogue.ts';
import { contractIn, recogniseTree, treeProblemText, type KernelTree } from '../source/tree.ts';
import { ROOTS } from '../source/walk.ts';
import { bundledCatalogue } from './catalogues.ts';
import { UsageProblem } from './exit.ts';

/** A folder of C, and how much of it was asked for. */
export interface Scope {
  readonly root: string;
  readonly tree: Catalogue['tree'];
  readonly contractText: string;
  /** A kernel tree, all of it or a part. */
  readonly isTree: boolean;
  /** Outside a tree: the one file that is looked at. */
  readonly only: string | null;
  /** In a tree: the file or folder that was asked for; null for all of it. */
  readonly within: string | null;
  /** Where headers are looked for that the root does not have; null: nowhere. */
  readonly headers: string | null;
}

/** `mayBePart`: a file or folder inside a kernel tree is read as a part of it. Throws UsageProblem for what is no tree and no C. */
export function scopeOf(path: string, mayBePart: boolean): Scope {
  const seen = recogniseTree(path);
  if (seen.ok) return treeScope(seen.tree, null);
  const { problem } = seen;
  if (problem.kind !== 'not-a-tree') throw new UsageProblem(treeProblemText(problem), 'give a kernel tree, a folder with C, or a C file');
  const isFile = statSync(path).isFile();
  if (isFile && !/\.[ch]$/.test(path)) throw new UsageProblem(`${path} is not a C file`, 'give a kernel tree, a folder with C, or a C file');
  // Through a link: a walk does not follow one, but this one was named.
  const real = realpathSync(path);
  return (mayBePart ? partOfTree(real) : null) ?? { ...outside(isFile ? dirname(real) : path, null), only: isFile ? basename(real) : null };
}

/** Of one C file. `real`: its real path. `headers`: roots of trees whose headers a build uses. */
export function sourceScope(real: string, headers: readonly string[]): Scope {
  const part = partOfTree(real);
  if (part !== null) return part;
  const around = treeAround(real);
  return { ...outside(dirname(real), around?.root ?? headers[0] ?? null), only: basename(real) };
}

function treeScope({ root, version, contract }: KernelTree, within: string | null): Scope {
  const contractText = contractTextOf(textOr(join(root, 'include/linux/dma-buf.h'), ''), textOr(join(root, 'drivers/dma-buf/dma-buf.c'), ''));
  return { root, tree: { version, contract }, contractText, isTree: true, only: null, within, headers: null };
}

function outside(root: string, headers: string | null): Scope {
  const contract = headers === null ? bundledCatalogue()?.tree.contract : contractIn(textOr(join(headers, 'include/linux/dma-buf.h'), ''));
  return { root, tree: { version: 'outside a tree', contract: contract ?? 'invalidate_mappings' }, contractText: '', isTree: false, only: null, within: null, headers };
}

/** Null where no tree is around it, and for what lies in a tree where no sources do: its build folder. */
function partOfTree(real: string): Scope | null {
  const tree = treeAround(real);
  if (tree === null) return null;
  const within = relative(tree.root, real);
  return ROOTS.some((folder) => within === folder || within.startsWith(`${folder}/`)) ? treeScope(tree, within) : null;
}

/** The kernel tree that a path lies in. */
function treeAround(path: string): KernelTree | null {
  for (let folder = dirname(path); ; folder = dirname(folder)) {
    const seen = existsSync(join(folder, 'MAINTAINERS')) ? recogniseTree(folder) : null;
    if (seen?.ok === true) return seen.tree;
    if (folder === dirname(folder)) return null;
  }
}

/** latin1, as all C is read. */
export function textOr(file: string, otherwise: string): string {
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
