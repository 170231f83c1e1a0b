// One part of the work of the identifier index: some files, each either recognised as unchanged or read once. Any thread can do it;
// what comes out depends on the files alone (issue 3, part 2). A file that cannot be read is told, never thrown.

import { createHash } from 'node:crypto';
import { closeSync, constants, fstatSync, lstatSync, openSync, readSync, type Stats } from 'node:fs';
import { scanner, type Found } from './scan.ts';
import { errorCode } from './tree.ts';

/** Files beyond this are not read but told: a generated table is no driver. */
export const LARGEST = 32 << 20;

/** The numbers of a file that tell whether it changed, as columns of `stamps`. */
export const STAMP = { size: 0, mtimeMs: 1, ctimeMs: 2, inode: 3, count: 4 } as const;

/** What became of a file. */
export const STATE = { unknown: 0, same: 1, read: 2, skipped: 3 } as const;

/** Some files. The numbers lie in memory that threads can share. */
export interface Part {
  /** Relative to the tree. */
  readonly paths: readonly string[];
  /** Four a file. Before: as they are known, NaN where nothing is or where it is in doubt. After: as they are now. */
  readonly stamps: Float64Array;
  /** One a file, of STATE. */
  readonly states: Uint8Array;
}

export interface Content extends Found {
  /** SHA-256 of the bytes where there are words, and where the file was so young that its times say nothing; else empty. */
  readonly hash: string;
}

/** What cannot be told in numbers. Plain data: crosses to another thread. */
export interface PartResult {
  /** By the position in the part: a file that was read and is of interest. */
  readonly contents: readonly (readonly [at: number, content: Content])[];
  readonly skipped: readonly (readonly [at: number, why: string])[];
  readonly bytesRead: number;
}

export interface TaskInput {
  readonly root: string;
  readonly vocabulary: readonly string[];
  /** A file that changed at this time (milliseconds) or later may change again and show the same times. */
  readonly youngFrom: number;
}

/** Never waits for a writer at the other end of a pipe, and follows no link that took a file's place. */
const { O_RDONLY, O_NONBLOCK = 0, O_NOFOLLOW = 0 } = constants;
const NO_CONTENT: Content = { words: [], exports: [], hash: '' };

/** Prepares once for many parts. */
export function task({ root, vocabulary, youngFrom }: TaskInput): (part: Part) => PartResult {
  const { scan } = scanner(vocabulary);
  const base = root.endsWith('/') ? root : `${root}/`;
  let bytes = Buffer.allocUnsafeSlow(1 << 20);
  /** Of the file that was read last. */
  let length = 0;

  const read = (path: string, stamps: Float64Array, row: number): Content | string => {
    const file = openSync(path, O_RDONLY | O_NONBLOCK | O_NOFOLLOW);
    try {
      const stats = fstatSync(file);
      const why = unfit(stats);
      if (why !== null) return why;
      const { size } = stats;
      if (size > bytes.length) bytes = Buffer.allocUnsafeSlow(Math.min(size * 2, LARGEST));
      length = 0;
      for (let got = 1; got > 0 && length < size; length += got) got = readSync(file, bytes, length, size - length, null);
      stamp(stats, stamps, row);
    } finally {
      closeSync(file);
    }
    const { words, exports } = scan(bytes, length);
    const isYoung = !((stamps[row + STAMP.mtimeMs] ?? NaN) < youngFrom && (stamps[row + STAMP.ctimeMs] ?? NaN) < youngFrom);
    if (words.length === 0 && exports.length === 0 && !isYoung) return NO_CONTENT;
    return { words, exports, hash: words.length > 0 || isYoung ? createHash('sha256').update(bytes.subarray(0, length)).digest('hex') : '' };
  };

  return ({ paths, stamps, states }) => {
    const contents: [number, Content][] = [];
    const skipped: [number, string][] = [];
    let bytesRead = 0;
    for (const [at, path] of paths.entries()) {
      const row = at * STAMP.count;
      const full = base + path;
      let why: string | null = null;
      try {
        if (!Number.isNaN(stamps[row]) && isSame(lstatSync(full), stamps, row)) {
          states[at] = STATE.same;
          continue;
        }
        const content = read(full, stamps, row);
        if (typeof content === 'string') {
          why = content;
        } else {
          states[at] = STATE.read;
          bytesRead += length;
          if (content !== NO_CONTENT) contents.push([at, content]);
        }
      } catch (error) {
        why = `cannot be read (${errorCode(error)})`;
      }
      if (why === null) continue;
      states[at] = STATE.skipped;
      skipped.push([at, why]);
    }
    return { contents, skipped, bytesRead };
  };
}

function unfit(stats: Stats): string | null {
  if (!stats.isFile()) return 'not a regular file';
  return stats.size > LARGEST ? `larger than ${LARGEST >> 20} MiB` : null;
}

function isSame({ size, mtimeMs, ctimeMs, ino }: Stats, stamps: Float64Array, row: number): boolean {
  return size === stamps[row + STAMP.size] && mtimeMs === stamps[row + STAMP.mtimeMs] && ctimeMs === stamps[row + STAMP.ctimeMs] && ino === stamps[row + STAMP.inode];
}

function stamp({ size, mtimeMs, ctimeMs, ino }: Stats, stamps: Float64Array, row: number): void {
  stamps[row + STAMP.size] = size;
  stamps[row + STAMP.mtimeMs] = mtimeMs;
  stamps[row + STAMP.ctimeMs] = ctimeMs;
  stamps[row + STAMP.inode] = ino;
}
