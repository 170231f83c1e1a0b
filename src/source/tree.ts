// Recognises a kernel tree: its version, and which importer contract its own header declares (issue 3, parts 1 and 2).
// Answers are values; nothing here throws for what it finds on the disk, and nothing is written.

import { readFileSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';

/** The name of the importer's callback in include/linux/dma-buf.h. `none`: dynamic attachments are not known there. */
export type CallbackContract = 'move_notify' | 'invalidate_mappings' | 'none';

export interface KernelTree {
  readonly root: string;
  /** "7.3.4": VERSION.PATCHLEVEL.SUBLEVEL and EXTRAVERSION. */
  readonly version: string;
  /** "7.3", as the tables of src/protocol count releases. */
  readonly release: string;
  readonly contract: CallbackContract;
}

export type TreeProblem =
  | { readonly kind: 'missing'; readonly path: string }
  | { readonly kind: 'unreadable'; readonly path: string; readonly code: string }
  | { readonly kind: 'empty'; readonly path: string }
  | { readonly kind: 'not-a-tree'; readonly path: string; readonly lacks: string };

export type TreeResult = { readonly ok: true; readonly tree: KernelTree } | { readonly ok: false; readonly problem: TreeProblem };

const HEADER = 'include/linux/dma-buf.h';

/** Looks at a folder. `root` is kept as it was given. */
export function recogniseTree(root: string): TreeResult {
  const listing = attempt(() => (statSync(root).isDirectory() ? readdirSync(root) : null));
  if ('code' in listing) return fail(listing.code === 'ENOENT' ? { kind: 'missing', path: root } : { kind: 'unreadable', path: root, code: listing.code });
  if (listing.value === null) return fail({ kind: 'not-a-tree', path: root, lacks: 'a folder' });
  if (listing.value.length === 0) return fail({ kind: 'empty', path: root });

  for (const name of ['Makefile', 'MAINTAINERS', HEADER]) {
    const there = attempt(() => statSync(join(root, name)).isFile());
    if ('code' in there && there.code !== 'ENOENT' && there.code !== 'ENOTDIR') return fail({ kind: 'unreadable', path: join(root, name), code: there.code });
    if ('code' in there || !there.value) return fail({ kind: 'not-a-tree', path: root, lacks: name });
  }
  const makefile = attempt(() => readFileSync(join(root, 'Makefile'), 'latin1'));
  if ('code' in makefile) return fail({ kind: 'unreadable', path: join(root, 'Makefile'), code: makefile.code });
  const version = makefileVersion(makefile.value);
  if (version === null) return fail({ kind: 'not-a-tree', path: root, lacks: 'VERSION and PATCHLEVEL in its Makefile' });
  const header = attempt(() => readFileSync(join(root, HEADER), 'latin1'));
  if ('code' in header) return fail({ kind: 'unreadable', path: join(root, HEADER), code: header.code });
  return { ok: true, tree: { root, ...version, contract: contractIn(header.value) } };
}

/** One sentence for a person. */
export function treeProblemText(problem: TreeProblem): string {
  switch (problem.kind) {
    case 'missing':
      return `${problem.path} does not exist`;
    case 'unreadable':
      return `${problem.path} cannot be read (${problem.code})`;
    case 'empty':
      return `${problem.path} is empty`;
    case 'not-a-tree':
      return `${problem.path} is not a kernel tree: it lacks ${problem.lacks}`;
  }
}

export function makefileVersion(makefile: string): { readonly version: string; readonly release: string } | null {
  const value = (key: string): string => new RegExp(`^${key}[ \\t]*=[ \\t]*(\\S*)`, 'm').exec(makefile)?.[1] ?? '';
  const [major, minor, patch] = [value('VERSION'), value('PATCHLEVEL'), value('SUBLEVEL')];
  if (!/^\d+$/.test(major) || !/^\d+$/.test(minor)) return null;
  const release = `${major}.${minor}`;
  return { version: `${release}${/^\d+$/.test(patch) && patch !== '0' ? `.${patch}` : ''}${value('EXTRAVERSION')}`, release };
}

/** The member of struct dma_buf_attach_ops counts, not a mention in a comment or a function's name. */
export function contractIn(header: string): CallbackContract {
  const body = /struct\s+dma_buf_attach_ops\s*\{([\s\S]*?)\n\};/.exec(header)?.[1] ?? '';
  const members = [...body.replace(/\/\*[\s\S]*?\*\//g, '').matchAll(/\(\s*\*\s*(\w+)\s*\)/g)].map((match) => match[1]);
  if (members.includes('invalidate_mappings')) return 'invalidate_mappings';
  return members.includes('move_notify') ? 'move_notify' : 'none';
}

function attempt<T>(read: () => T): { readonly value: T } | { readonly code: string } {
  try {
    return { value: read() };
  } catch (error) {
    return { code: errorCode(error) };
  }
}

/** "EACCES" of what node:fs threw. */
export function errorCode(error: unknown): string {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : 'unknown';
}

const fail = (problem: TreeProblem): TreeResult => ({ ok: false, problem });
