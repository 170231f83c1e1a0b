// The bytes of a log: a file, standard input or a pipe, gzipped or not, in parts. A log that ends in the middle is no failure.

import { createReadStream, statSync } from 'node:fs';
import type { Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { UsageProblem } from './exit.ts';

export interface LogBytes {
  readonly parts: AsyncIterable<Buffer>;
  /** Ends the reading. */
  readonly close: () => void;
}

const PART = 1 << 20;

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
