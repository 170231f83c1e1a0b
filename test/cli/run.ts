// Starts the built command, as a user would.

import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

export const ROOT = resolve(dirname(fileURLToPath(import.meta.url)), '../..');
export const COMMAND = join(ROOT, 'dist', 'fencepost.js');

export interface Ran {
  readonly status: number | null;
  readonly out: string;
  readonly err: string;
}

export function fencepost(args: readonly string[], options: { readonly cwd?: string; readonly env?: Readonly<Record<string, string>> } = {}): Ran {
  const { NO_COLOR: _, FORCE_COLOR: __, ...env } = process.env;
  const { status, stdout, stderr } = spawnSync(process.execPath, [COMMAND, ...args], { cwd: options.cwd ?? ROOT, env: { ...env, LC_ALL: 'C', ...options.env }, encoding: 'utf8', timeout: 60_000 });
  return { status, out: stdout, err: stderr };
}

/** A folder with these files; gone when `use` returns. */
export function withFiles<T>(files: Readonly<Record<string, string | Uint8Array>>, use: (folder: string) => T): T {
  const folder = mkdtempSync(join(tmpdir(), 'fencepost-'));
  try {
    for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
    return use(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
