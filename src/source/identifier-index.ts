// Which files of a tree mention which words of a vocabulary, and which names they export: one pass over the bytes, so that only files
// that can matter are parsed. Knows no rule: the vocabulary is handed in (issue 3, part 2). The work is done in parts, by any thread.

import { createHash } from 'node:crypto';
import { STAMP, STATE, task, type Content, type Part, type PartResult } from './index-task.ts';
import type { Skipped } from './walk.ts';

export { LARGEST } from './index-task.ts';

export interface IndexedFile {
  /** Relative to the tree. */
  readonly path: string;
  readonly size: number;
  readonly mtimeMs: number;
  readonly ctimeMs: number;
  readonly inode: number;
  /** Sorted. Words that stand only in comments count too. */
  readonly words: readonly string[];
  /** Names inside EXPORT_SYMBOL…(…), sorted. */
  readonly exports: readonly string[];
  /** SHA-256 of the bytes where there are words, and where the file was so young that its times say nothing; else empty. */
  readonly hash: string;
}

export interface IdentifierIndex {
  /** Every file that was read, in the order handed in, with or without words. */
  readonly files: readonly IndexedFile[];
  /** By path. */
  readonly skipped: readonly Skipped[];
  /** Bytes that were read now, not taken from what was known. */
  readonly bytesRead: number;
}

/** What an earlier run found. */
export interface Known {
  /** Number of files. */
  readonly size: number;
  /** In the order of `<`. */
  readonly paths: readonly string[];
  /** As in a Part. */
  readonly stamps: Float64Array;
  /** By position in `paths`; a file without words, exports and hash is not in it. */
  readonly contents: ReadonlyMap<number, Content>;
  /** A file that changed at this time (milliseconds) or later is in doubt: within a tick of the clock it can change twice and show one time. */
  readonly doubtFrom: number;
}

export const NOTHING_KNOWN: Known = { size: 0, paths: [], stamps: new Float64Array(), contents: new Map(), doubtFrom: 0 };

/** Prefixes of the kernel's sharing API. All have seven letters or more, which is what the scan's speed rests on. */
export const VOCABULARY: readonly string[] = [
  'dma_buf_', 'dma_resv_', 'dma_fence_', 'drm_gem_prime', 'drm_prime_', 'drm_gem_dma_buf', 'drm_gem_map_', 'drm_gem_unmap_', 'drm_gem_dmabuf_',
  'ib_umem_', 'virtio_dma_buf', 'gem_prime_', 'DRM_GEM_SHMEM_DRIVER_OPS', 'DRM_GEM_DMA_DRIVER_OPS', 'drm_gem_shmem_prime', 'drm_gem_dma_prime', 'vb2_mem_ops', 'vb2_dma_', 'vb2_vmalloc', 'iommufd_', 'ttm_device_funcs', 'ib_device_ops', 'ib_set_device_ops',
];

/** `known` answers for a file that has not changed: same path, size, times and inode. */
export function indexIdentifiers(root: string, files: readonly string[], vocabulary: readonly string[], known: Known = NOTHING_KNOWN): IdentifierIndex {
  const part: Part = { paths: files, stamps: new Float64Array(files.length * STAMP.count), states: new Uint8Array(files.length) };
  const rows = recall(part, known, recaller(known));
  const result = task({ root, vocabulary, youngFrom: Infinity })(part);
  return assemble([{ part, rows, result }], known, []);
}

/** Where a path stands among the known ones, or -1. Quick where it is asked for them in their order. */
export function recaller({ paths }: Known): (path: string) => number {
  let next = 0;
  return (path) => {
    const row = paths[next] === path ? next : positionOf(path, paths);
    if (row >= 0) next = row + 1;
    return row;
  };
}

function positionOf(path: string, paths: readonly string[]): number {
  let low = 0;
  for (let high = paths.length; low < high; ) {
    const middle = (low + high) >> 1;
    if ((paths[middle] ?? '') < path) low = middle + 1;
    else high = middle;
  }
  return paths[low] === path ? low : -1;
}

/** Writes what is known, without doubt, into a part, and returns where all that is known stands, by file. */
export function recall({ paths, stamps }: Part, { stamps: known, doubtFrom }: Known, where: (path: string) => number): Int32Array {
  const rows = Int32Array.from(paths, where);
  stamps.fill(NaN);
  for (const [at, row] of rows.entries()) {
    const from = row * STAMP.count;
    if (row < 0 || !((known[from + STAMP.mtimeMs] ?? NaN) < doubtFrom && (known[from + STAMP.ctimeMs] ?? NaN) < doubtFrom)) continue;
    for (let i = 0; i < STAMP.count; i++) stamps[at * STAMP.count + i] = known[from + i] ?? NaN;
  }
  return rows;
}

export interface Done {
  readonly part: Part;
  /** What `recall` returned for it. */
  readonly rows: Int32Array;
  readonly result: PartResult;
}

/** The index of some parts, in their order. `skipped` is what the walk left out. */
export function assemble(parts: readonly Done[], known: Known, skipped: readonly Skipped[]): IdentifierIndex {
  const files: IndexedFile[] = [];
  const left = [...skipped];
  let bytesRead = 0;
  for (const { part, rows, result } of parts) {
    const { paths, stamps, states } = part;
    const contents = new Map(result.contents);
    bytesRead += result.bytesRead;
    for (const [at, why] of result.skipped) left.push({ path: paths[at] ?? '', why });
    for (const [at, path] of paths.entries()) {
      if (states[at] !== STATE.same && states[at] !== STATE.read) continue;
      const { words, exports, hash } = (states[at] === STATE.same ? known.contents.get(rows[at] ?? -1) : contents.get(at)) ?? NO_CONTENT;
      const row = at * STAMP.count;
      const [size = NaN, mtimeMs = NaN, ctimeMs = NaN, inode = NaN] = [stamps[row + STAMP.size], stamps[row + STAMP.mtimeMs], stamps[row + STAMP.ctimeMs], stamps[row + STAMP.inode]];
      files.push({ path, size, mtimeMs, ctimeMs, inode, words, exports, hash });
    }
  }
  left.sort((a, b) => (a.path < b.path ? -1 : 1));
  return { files, skipped: left, bytesRead };
}

const NO_CONTENT: Content = { words: [], exports: [], hash: '' };

/**
 * Stands for all that an audit can take from a tree, and for what could not be read. A file with words counts by its content. One
 * without counts by its numbers, for the audit reads headers and neighbours too. `version` is that of whatever makes the answer.
 */
export function indexKey(index: IdentifierIndex, version: string): string {
  const stamps = new Float64Array(index.files.length * STAMP.count);
  const hashes: [number, string][] = [];
  for (const [at, { size, mtimeMs, ctimeMs, inode, hash }] of index.files.entries()) {
    const row = at * STAMP.count;
    if (hash !== '') {
      hashes.push([at, hash]);
      continue;
    }
    stamps[row + STAMP.size] = size;
    stamps[row + STAMP.mtimeMs] = mtimeMs;
    stamps[row + STAMP.ctimeMs] = ctimeMs;
    stamps[row + STAMP.inode] = inode;
  }
  const facts = JSON.stringify([version, index.skipped, index.files.length, hashes]);
  return createHash('sha256').update(facts).update(index.files.map(({ path }) => path).join('\0')).update(stamps).digest('hex');
}
