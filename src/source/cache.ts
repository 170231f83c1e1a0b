// Keeps the identifier index, and finished answers, between runs, in a folder that is handed in. A cache that cannot be read or
// written is no error: the work is done again. Another process never sees half a file. Files count by size, times and inode (issue 3, part 2).

import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, readdirSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { NOTHING_KNOWN, type IdentifierIndex, type IndexedFile, type Known } from './identifier-index.ts';
import { STAMP, type Content } from './index-task.ts';

/** Counts up with every change of what an entry means. */
const FORMAT = 4;

/** A file that changed less than so many milliseconds before the index was begun, or later, may change again and show the same time. */
export const YOUNG = 2000;

/** Trees, and answers, that are kept; the oldest goes. A tree has up to five answers. */
const KEPT_TREES = 8;
const KEPT_ANSWERS = 24;

/** Milliseconds after which a file that another process began to write is taken for abandoned. */
const ABANDONED = 3_600_000;

/** The file that belongs to a tree and a vocabulary. */
export function cacheFile(folder: string, root: string, vocabulary: readonly string[]): string {
  const key = sha256(JSON.stringify([FORMAT, resolve(root), vocabulary])).slice(0, 16);
  return join(folder, `index-${key}.bin`);
}

// One line of text, padded to HEAD bytes, then the numbers of all files, their paths, and a line for each file with words, exports or
// a hash. The check sum in the first line is over all else: format, files, bytes of the paths, the time of doubt, and what follows.
const HEAD = 256;
const FIRST_LINE = /^fencepost-index ([0-9a-f]{64}) ((\d+) (\d+) (\d+) (\S+)) *\n$/;

/** Nothing where there is no cache, or where it is broken. */
export function readCache(file: string): Known {
  try {
    return parse(readFileSync(file)) ?? NOTHING_KNOWN;
  } catch {
    return NOTHING_KNOWN;
  }
}

function parse(bytes: Buffer): Known | null {
  const [, sum, facts = '', format, files, pathBytes, doubtFrom] = FIRST_LINE.exec(bytes.toString('latin1', 0, HEAD)) ?? [];
  if (Number(format) !== FORMAT || sha256(facts, bytes.subarray(HEAD)) !== sum) return null;
  const size = Number(files);
  const pathsAt = HEAD + size * STAMP.count * 8;
  const contentsAt = pathsAt + Number(pathBytes);
  const paths = size === 0 ? [] : bytes.toString('utf8', pathsAt, contentsAt).split('\0');
  const contents = new Map<number, Content>();
  for (const line of bytes.toString('latin1', contentsAt).split('\n')) {
    const [row = '', hash = '', words = '', exports = ''] = line.split('\t');
    if (row !== '') contents.set(Number(row), { words: list(words), exports: list(exports), hash });
  }
  // Copied: the numbers of a typed array must stand at a multiple of eight.
  const stamps = new Float64Array(Uint8Array.prototype.slice.call(bytes, HEAD, pathsAt).buffer);
  return { size, paths, stamps, contents, doubtFrom: Number(doubtFrom) };
}

const list = (words: string): readonly string[] => (words === '' ? [] : words.split(' '));

/**
 * True if it was written. `unique` keeps two writers apart. A file that changed at `doubtFrom` (milliseconds) or later will be read
 * again: the time when the index was begun, less YOUNG.
 */
export function writeCache(file: string, index: IdentifierIndex, unique: string, doubtFrom = Infinity): boolean {
  const files = inOrder(index.files);
  const stamps = new Float64Array(files.length * STAMP.count);
  const lines: string[] = [];
  for (const [row, { size, mtimeMs, ctimeMs, inode, words, exports, hash }] of files.entries()) {
    const at = row * STAMP.count;
    stamps[at + STAMP.size] = size;
    stamps[at + STAMP.mtimeMs] = mtimeMs;
    stamps[at + STAMP.ctimeMs] = ctimeMs;
    stamps[at + STAMP.inode] = inode;
    if (words.length > 0 || exports.length > 0 || hash !== '') lines.push(`${row}\t${hash}\t${words.join(' ')}\t${exports.join(' ')}`);
  }
  const paths = Buffer.from(files.map(({ path }) => path).join('\0'));
  const body = Buffer.concat([Buffer.from(stamps.buffer), paths, Buffer.from(lines.join('\n'), 'latin1')]);
  const facts = `${FORMAT} ${files.length} ${paths.length} ${doubtFrom}`;
  const head = `fencepost-index ${sha256(facts, body)} ${facts}`;
  const written = replace(file, Buffer.concat([Buffer.from(`${head.padEnd(HEAD - 1)}\n`), body]), unique);
  if (written) tidy(file, /^index-/, KEPT_TREES);
  return written;
}

function inOrder(files: readonly IndexedFile[]): readonly IndexedFile[] {
  const isSorted = files.every(({ path }, at) => at === 0 || (files[at - 1]?.path ?? '') < path);
  return isSorted ? files : [...files].sort((a, b) => (a.path < b.path ? -1 : 1));
}

/** The answer that was kept under a key of `indexKey`, or null. */
export function readAnswer(folder: string, key: string): string | null {
  try {
    const kept = readFileSync(answerFile(folder, key));
    const end = kept.indexOf('\n');
    const text = kept.subarray(end + 1);
    return kept.toString('latin1', 0, end) === sha256(text) ? text.toString('utf8') : null;
  } catch {
    return null;
  }
}

/** True if it was written. `unique` keeps two writers apart. */
export function writeAnswer(folder: string, key: string, text: string, unique: string): boolean {
  const file = answerFile(folder, key);
  const written = replace(file, `${sha256(text)}\n${text}`, unique);
  if (written) tidy(file, /^answer-/, KEPT_ANSWERS);
  return written;
}

/** The key is hashed once more: whatever it is, it makes a name in this folder. */
const answerFile = (folder: string, key: string): string => join(folder, `answer-${sha256(key).slice(0, 32)}`);

function replace(file: string, content: string | Uint8Array, unique: string): boolean {
  const part = `${file}.${unique}.part`;
  try {
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(part, content);
    renameSync(part, file);
    return true;
  } catch {
    quietly(() => rmSync(part, { force: true }));
    return false;
  }
}

/** Removes the oldest of a kind beyond `most`, other than the one just written, and what a process left that was killed while it wrote. */
function tidy(written: string, kind: RegExp, most: number): void {
  quietly(() => {
    const folder = dirname(written);
    const timeOf = (name: string): number => statSync(join(folder, name), { throwIfNoEntry: false })?.mtimeMs ?? 0;
    const own = basename(written);
    const others = readdirSync(folder).filter((name) => kind.test(name) && name !== own).map((name) => ({ name, time: timeOf(name) })).sort((a, b) => b.time - a.time);
    const isPart = (name: string): boolean => name.endsWith('.part');
    const abandoned = timeOf(own) - ABANDONED;
    const surplus = [...others.filter(({ name }) => !isPart(name)).slice(most - 1), ...others.filter(({ name, time }) => isPart(name) && time < abandoned)];
    for (const { name } of surplus) quietly(() => rmSync(join(folder, name), { force: true }));
  });
}

function quietly(action: () => void): void {
  try {
    action();
  } catch {
    // Someone else's folder, or someone else was quicker: the cache only saves time.
  }
}

function sha256(...contents: readonly (string | Uint8Array)[]): string {
  const hash = createHash('sha256');
  for (const content of contents) hash.update(content);
  return hash.digest('hex');
}
