// Lists the C files below some folders of a tree, in a fixed order. Reads folders only, never a file.
// Symlinks are not followed (a loop cannot trap it, and no file is read twice); what was left out is told (issue 3, bad input).

import { readdirSync } from 'node:fs';
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

/** Where dma-buf code can live. A folder that a tree lacks is passed over. */
export const ROOTS: readonly string[] = ['drivers', 'net', 'io_uring', 'sound', 'samples', 'include', 'fs', 'mm', 'kernel', 'virt', 'tools/testing/selftests', 'arch'];

export function cFiles(root: string, folders: readonly string[]): Walk {
  const files: string[] = [];
  const skipped: Skipped[] = [];
  const visit = (folder: string): void => {
    let entries;
    try {
      entries = readdirSync(join(root, folder), { withFileTypes: true });
    } catch (error) {
      const code = errorCode(error);
      if (code !== 'ENOENT' || !folders.includes(folder)) skipped.push({ path: folder, why: `cannot be read (${code})` });
      return;
    }
    entries.sort((a, b) => (a.name < b.name ? -1 : 1));
    for (const entry of entries) {
      const path = folder === '' ? entry.name : `${folder}/${entry.name}`;
      const isC = entry.name.endsWith('.c') || entry.name.endsWith('.h');
      if (entry.isDirectory()) visit(path);
      else if (entry.isFile() && isC) files.push(path);
      else if (entry.isSymbolicLink() && (isC || !entry.name.includes('.'))) skipped.push({ path, why: 'symbolic link' });
    }
  };
  for (const folder of folders) visit(folder);
  return { files, skipped };
}
