// Keeps the identifier index between runs, as JSON in a folder that is handed in. A cache that cannot be read or written is no error:
// the work is done again. Entries count by size, mtime and inode (issue 3, part 2).

import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { IdentifierIndex, IndexedFile } from './identifier-index.ts';

/** Counts up with every change of what an entry means. */
const FORMAT = 1;

/** The file that belongs to a tree and a vocabulary. */
export function cacheFile(folder: string, root: string, vocabulary: readonly string[]): string {
  const key = createHash('sha256').update(JSON.stringify([FORMAT, resolve(root), vocabulary])).digest('hex').slice(0, 16);
  return join(folder, `index-${key}.json`);
}

/** Empty where there is none, or where it is broken. */
export function readCache(file: string): ReadonlyMap<string, IndexedFile> {
  const known = new Map<string, IndexedFile>();
  try {
    const rows: unknown = JSON.parse(readFileSync(file, 'utf8'));
    for (const row of Array.isArray(rows) ? rows : []) {
      const entry = entryOf(row);
      if (entry === null) return new Map();
      known.set(entry.path, entry);
    }
  } catch {
    return new Map();
  }
  return known;
}

/** True if it was written. Another process never sees half a file. `unique` keeps two writers apart. */
export function writeCache(file: string, index: IdentifierIndex, unique: string): boolean {
  try {
    mkdirSync(join(file, '..'), { recursive: true });
    const part = `${file}.${unique}`;
    writeFileSync(part, JSON.stringify(index.files.map(({ path, size, mtimeMs, inode, words }) => [path, size, mtimeMs, inode, words.join(' ')])));
    renameSync(part, file);
    return true;
  } catch {
    return false;
  }
}

function entryOf(row: unknown): IndexedFile | null {
  if (!Array.isArray(row)) return null;
  const [path, size, mtimeMs, inode, words]: readonly unknown[] = row;
  if (typeof path !== 'string' || typeof size !== 'number' || typeof mtimeMs !== 'number' || typeof inode !== 'number' || typeof words !== 'string') return null;
  return { path, size, mtimeMs, inode, words: words === '' ? [] : words.split(' ') };
}
