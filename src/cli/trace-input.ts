// The bytes of a log: a file, standard input or a pipe, gzipped or not, in parts. A log that ends in the middle is no failure.

import { closeSync, createReadStream, openSync, readSync, statSync } from 'node:fs';
import type { Readable } from 'node:stream';
import * as zlib from 'node:zlib';
import { createGunzip, inflateSync } from 'node:zlib';
import { DAT_MAGIC, type ReadAt, type Uncompress } from '../trace/index.ts';
import { UsageProblem } from './exit.ts';

export interface LogBytes {
  readonly parts: AsyncIterable<Buffer>;
  /** Ends the reading. */
  readonly close: () => void;
}

const PART = 1 << 20;

/** A file that is read in places; null where it is no trace.dat. */
export function openDatFile(path: string): { readonly read: ReadAt; readonly close: () => void } | null {
  if (path === '-') return null;
  checkFile(path);
  if (!statSync(path).isFile()) return null;
  const file = openedFile(path);
  const read: ReadAt = (offset, length) => {
    const part = Buffer.alloc(length);
    return part.subarray(0, readSync(file, part, 0, length, offset));
  };
  const head = read(0, DAT_MAGIC.length);
  const close = (): void => closeSync(file);
  if (head.length === DAT_MAGIC.length && DAT_MAGIC.every((byte, i) => head[i] === byte)) return { read, close };
  close();
  return null;
}

function openedFile(path: string): number {
  try {
    return openSync(path, 'r');
  } catch (error) {
    throw reading(path, (error as NodeJS.ErrnoException).code ?? String(error));
  }
}

/** zlib always; zstd where Node has it (22.15 and newer). Null also where the bytes are damaged. */
export const uncompress: Uncompress = (algorithm, part, size) => {
  if (algorithm === 'none' || size === 0) return knownAlgorithm(algorithm) ? part : null;
  const zstd = zstdOfNode();
  try {
    if (algorithm === 'zlib') return inflateSync(part, { maxOutputLength: size });
    return algorithm === 'zstd' && zstd !== null ? zstd(part) : null;
  } catch {
    return null;
  }
};

const zstdOfNode = (): ((bytes: Uint8Array) => Buffer) | null => (zlib as { readonly zstdDecompressSync?: (bytes: Uint8Array) => Buffer }).zstdDecompressSync ?? null;
const knownAlgorithm = (name: string): boolean => name === 'none' || name === 'zlib' || (name === 'zstd' && zstdOfNode() !== null);

/** Throws UsageProblem where it cannot be opened. */
export async function openLog(path: string): Promise<LogBytes> {
  if (path !== '-') checkFile(path);
  const raw: Readable = path === '-' ? process.stdin : createReadStream(path, { highWaterMark: PART });
  const parts = raw[Symbol.asyncIterator]() as AsyncIterator<Buffer>;
  const first = await nextOf(parts, path);
  const rest = (async function* (): AsyncGenerator<Buffer> {
    if (first === null) return;
    yield first;
    for (;;) {
      const part = await nextOf(parts, path);
      if (part === null) return;
      yield part;
    }
  })();
  const isGzip = first !== null && first[0] === 0x1f && first[1] === 0x8b;
  return { parts: isGzip ? unzipped(rest) : rest, close: () => void raw.destroy() };
}

async function nextOf(parts: AsyncIterator<Buffer>, path: string): Promise<Buffer | null> {
  try {
    const { value, done } = await parts.next();
    return done === true ? null : value;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ERR_STREAM_PREMATURE_CLOSE') return null;
    throw reading(path, code ?? String(error));
  }
}

function checkFile(path: string): void {
  try {
    if (statSync(path).isDirectory()) throw new UsageProblem(`${path} is a folder, not a log`, 'name the file in it: trace, trace.txt or trace.dat');
  } catch (error) {
    if (error instanceof UsageProblem) throw error;
    throw reading(path, (error as NodeJS.ErrnoException).code ?? String(error));
  }
}

function reading(path: string, code: string): UsageProblem {
  switch (code) {
    case 'ENOENT':
      return new UsageProblem(`${path}: there is no such file`);
    case 'EACCES':
    case 'EPERM':
      return new UsageProblem(`${path}: permission denied`, path.includes('tracing') ? 'tracefs is for root: sudo cat it into a file, and give that' : null);
    default:
      return new UsageProblem(`${path}: cannot be read (${code})`);
  }
}

/** A gzip file that was cut gives what it has. */
async function* unzipped(parts: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  const gunzip = createGunzip({ chunkSize: PART });
  const feed = (async () => {
    for await (const part of parts) if (!gunzip.write(part)) await new Promise((go) => gunzip.once('drain', go));
    gunzip.end();
  })();
  feed.catch((error: unknown) => gunzip.destroy(error instanceof Error ? error : undefined));
  try {
    for await (const part of gunzip) yield part as Buffer;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code !== 'Z_BUF_ERROR') throw error instanceof UsageProblem ? error : new UsageProblem(`the log is no whole gzip file (${code ?? String(error)})`);
  }
}
