// Lists the C files below some folders of a tree, in the order of their paths. Reads folders only, never a file.
// Symlinks are not followed (a loop cannot trap it, and no file is read twice); what was left out is told (issue 3, bad input).

import { readdirSync, statSync, type Dirent } from 'node:fs';
import { join } from 'node:path';
import { errorCode } from './tree.ts';

export interface Skipped {
  /** Relative to the tree. */
  readonly path: string;
  readonly why: string;
}

export interface Walk {
  /** Paths relative to the tree, with `/`. */
  readonly files: readonly string[];
  readonly skipped: readonly Skipped[];
}

/** A walk that stands aside after each folder. */
export interface Walker {
  /** Grow with each step. */
  readonly files: readonly string[];
  readonly skipped: readonly Skipped[];
  /** Reads one more folder. False when there is none left. */
  readonly step: () => boolean;
}

/** Where dma-buf code, and what it calls, can live. A folder that a tree lacks is passed over. */
export const ROOTS: readonly string[] = [
  'arch', 'block', 'crypto', 'drivers', 'fs', 'include', 'init', 'io_uring', 'ipc', 'kernel', 'lib', 'mm', 'net', 'samples', 'security', 'sound',
  'tools/testing/selftests', 'virt',
];

/** What a name that is not UTF-8 has in place of its bytes. */
const REPLACEMENT = '\ufffd';

export function cFiles(root: string, folders: readonly string[]): Walk {
  const walker = walk(root, folders);
  while (walker.step());
  return { files: walker.files, skipped: walker.skipped };
}

/** `''` among the folders is the root itself. */
export function walk(root: string, folders: readonly string[]): Walker {
  const files: string[] = [];
  const skipped: Skipped[] = [];
  const base = root.endsWith('/') ? root : `${root}/`;
  /** Still to be looked at, the next one last. A folder ends in `/`, as it does where paths are compared. */
  const waiting = outermost(folders.map((folder) => (folder === '' ? '' : `${folder}/`)));
  const given = new Set(waiting);
  const enter = (folder: string): void => {
    const path = folder.slice(0, -1);
    if (path.includes(REPLACEMENT)) {
      skipped.push({ path, why: 'its name is not UTF-8' });
      return;
    }
    const inside: string[] = [];
    try {
      for (const entry of readdirSync(base + folder, { withFileTypes: true })) {
        const { name } = entry;
        if (entry.isDirectory()) inside.push(`${folder}${name}/`);
        else if (isC(name) && entry.isFile() && !name.includes(REPLACEMENT)) inside.push(folder + name);
        else leaveOut(entry, folder + name);
      }
    } catch (error) {
      const code = errorCode(error);
      if (code !== 'ENOENT' || !given.has(folder)) skipped.push({ path, why: `cannot be read (${code})` });
    }
    inside.sort();
    for (let at = inside.length - 1; at >= 0; at--) waiting.push(inside[at] ?? '');
  };
  const leaveOut = (entry: Dirent, path: string): void => {
    if (entry.isSymbolicLink()) {
      if (isC(entry.name) || leadsToFolder(join(root, path))) skipped.push({ path, why: 'symbolic link' });
    } else if (isC(entry.name)) {
      skipped.push({ path, why: entry.isFile() ? 'its name is not UTF-8' : 'not a regular file' });
    }
  };
  const step = (): boolean => {
    for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
      if (next !== '' && !next.endsWith('/')) {
        files.push(next);
        continue;
      }
      enter(next);
      return true;
    }
    return false;
  };
  return { files, skipped, step };
}

/** In reverse order, each once, and without those inside another one. */
function outermost(folders: readonly string[]): string[] {
  const each = [...new Set(folders)].sort();
  return each.filter((folder) => !each.some((other) => other !== folder && folder.startsWith(other))).reverse();
}

const isC = (name: string): boolean => name.endsWith('.c') || name.endsWith('.h');

/** True also for a link of which that cannot be found out, other than one that leads nowhere: a loop, or no permission. */
function leadsToFolder(path: string): boolean {
  try {
    return statSync(path, { throwIfNoEntry: false })?.isDirectory() === true;
  } catch {
    return true;
  }
}
