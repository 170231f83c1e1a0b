// Which files of a tree mention which words of a vocabulary: one pass over the bytes, so that only files that can matter are parsed.
// Knows no rule: the vocabulary is handed in (issue 3, part 2).

import { closeSync, fstatSync, lstatSync, openSync, readSync } from 'node:fs';
import { join } from 'node:path';
import { scanner } from './scan.ts';
import { errorCode } from './tree.ts';
import type { Skipped } from './walk.ts';

export interface IndexedFile {
  /** Relative to the tree. */
  readonly path: string;
  readonly size: number;
  readonly mtimeMs: number;
  readonly inode: number;
  /** Sorted. Words that stand only in comments count too. */
  readonly words: readonly string[];
}

export interface IdentifierIndex {
  /** Every file that was read, in the order handed in, with or without words. */
  readonly files: readonly IndexedFile[];
  readonly skipped: readonly Skipped[];
  /** Bytes that were read now, not taken from `known`. */
  readonly bytesRead: number;
}

/** Files beyond this are not read but told: a generated table is no driver. */
export const LARGEST = 32 << 20;

/** Prefixes of the kernel's sharing API. All have seven letters or more, which is what the scan's speed rests on. */
export const VOCABULARY: readonly string[] = [
  'dma_buf_', 'dma_resv_', 'dma_fence_', 'drm_gem_prime', 'drm_prime_', 'drm_gem_dma_buf', 'drm_gem_map_', 'drm_gem_unmap_', 'drm_gem_dmabuf_',
  'ib_umem_dmabuf', 'vb2_mem_ops', 'vb2_dma_', 'vb2_vmalloc', 'iommufd_', 'ttm_device_funcs', 'ib_device_ops', 'ib_set_device_ops',
];

/** `known` answers for a file that has not changed: same path, size, mtime and inode. */
export function indexIdentifiers(root: string, files: readonly string[], vocabulary: readonly string[], known: ReadonlyMap<string, IndexedFile> = new Map()): IdentifierIndex {
  const search = scanner(vocabulary);
  const indexed: IndexedFile[] = [];
  const skipped: Skipped[] = [];
  let bytesRead = 0;
  let bytes = Buffer.allocUnsafeSlow(1 << 20);
  for (const path of files) {
    try {
      const full = join(root, path);
      const old = known.get(path);
      if (old !== undefined && isSame(old, lstatSync(full))) {
        indexed.push(old);
        continue;
      }
      const file = openSync(full, 'r');
      try {
        const { size, mtimeMs, ino } = fstatSync(file);
        if (size > LARGEST) {
          skipped.push({ path, why: `larger than ${LARGEST >> 20} MiB` });
          continue;
        }
        if (size > bytes.length) bytes = Buffer.allocUnsafeSlow(size * 2);
        let length = 0;
        for (let got = 1; got > 0 && length < size; length += got) got = readSync(file, bytes, length, size - length, null);
        bytesRead += length;
        indexed.push({ path, size, mtimeMs, inode: ino, words: search.find(bytes, length) });
      } finally {
        closeSync(file);
      }
    } catch (error) {
      skipped.push({ path, why: `cannot be read (${errorCode(error)})` });
    }
  }
  return { files: indexed, skipped, bytesRead };
}

function isSame(old: IndexedFile, now: { readonly size: number; readonly mtimeMs: number; readonly ino: number }): boolean {
  return old.size === now.size && old.mtimeMs === now.mtimeMs && old.inode === now.ino;
}
