// From paths to texts. Every problem is a message with the place and the remedy; the other files are read nevertheless.

import { readdirSync, readFileSync, statSync } from 'node:fs';
import { isAbsolute, join, relative } from 'node:path';

const SUFFIX = '.litmus';
const LARGEST = 20 * 2 ** 20;

export interface ScenarioFile {
  /** As shown: relative to the working directory where it lies below it. */
  readonly file: string;
  readonly text: string;
}

export interface Gathered {
  readonly files: readonly ScenarioFile[];
  readonly problems: readonly string[];
}

/** A path may be a file, whatever its name, or a folder, of which every *.litmus is taken, sorted by path. Each file once. */
export function gather(paths: readonly string[]): Gathered {
  const files = new Map<string, ScenarioFile>();
  const problems: string[] = [];
  for (const path of paths) {
    for (const file of attempt(() => found(path), path, problems) ?? []) {
      const text = files.has(file) ? null : attempt(() => read(file), file, problems);
      if (text !== null) files.set(file, { file: shown(file), text });
    }
  }
  return { files: [...files.values()], problems };
}

/** One bad file does not keep the others from being read. */
function attempt<T>(action: () => T, path: string, problems: string[]): T | null {
  try {
    return action();
  } catch (error) {
    problems.push(problem(path, error));
    return null;
  }
}

/** Every *.litmus below a folder, sorted. */
export function below(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true, recursive: true })
    .filter((entry) => !entry.isDirectory() && entry.name.endsWith(SUFFIX))
    .map((entry) => join(entry.parentPath ?? entry.path, entry.name))
    .sort(byName);
}

function found(path: string): string[] {
  if (!statSync(path).isDirectory()) return [path];
  const files = below(path);
  if (files.length === 0) throw new Problem(`${path}: no *${SUFFIX} file in this folder or below; name a file, or another folder`);
  return files;
}

function read(file: string): string {
  const status = statSync(file);
  if (!status.isFile()) throw new Problem(`${file}: not a regular file; a scenario is a text file`);
  if (status.size > LARGEST) throw new Problem(`${file}: ${Math.ceil(status.size / 2 ** 20)} MB is too large for a scenario (at most ${LARGEST / 2 ** 20} MB); is it the right file?`);
  const bytes = readFileSync(file);
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw new Problem(`${place(file, bytes)}: not UTF-8 text; convert it (iconv -t UTF-8), or name another file`);
  }
}

/** file:line of the first byte that is no UTF-8. */
function place(file: string, bytes: Uint8Array): string {
  let line = 1;
  let start = 0;
  for (;;) {
    const end = bytes.indexOf(10, start);
    const slice = bytes.subarray(start, end === -1 ? undefined : end);
    try {
      new TextDecoder('utf-8', { fatal: true }).decode(slice);
    } catch {
      return `${file}:${line}`;
    }
    if (end === -1) return file;
    start = end + 1;
    line++;
  }
}

class Problem extends Error {}

const REASONS: Readonly<Record<string, string>> = {
  ENOENT: 'no such file or folder; check the spelling and the working directory',
  EACCES: 'may not be read; check its permissions (ls -l)',
  EPERM: 'may not be read; check its permissions (ls -l)',
  ELOOP: 'too many symbolic links; name the file itself',
  ENAMETOOLONG: 'the name is too long; check the spelling',
};

function problem(path: string, error: unknown): string {
  if (error instanceof Problem) return error.message;
  if (!(error instanceof Error)) return `${path}: cannot be read`;
  const code = 'code' in error && typeof error.code === 'string' ? error.code : '';
  const where = 'path' in error && typeof error.path === 'string' ? shown(error.path) : path;
  return `${where}: ${REASONS[code] ?? `cannot be read (${code === '' ? error.message : code})`}`;
}

function shown(file: string): string {
  const short = relative(process.cwd(), file);
  return short === '' || short.startsWith('..') || isAbsolute(short) ? file : short;
}

function byName(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
