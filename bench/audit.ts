// How long the audit of a whole kernel tree takes beside grep on the same folders, cold and from the cache, and how much memory.
// Needs a tree in the cache of scripts/kernel-source; says so where there is none.

import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';

const FOLDERS = ['drivers', 'net', 'io_uring', 'sound', 'samples', 'include'] as const;
const ROUNDS = 3;

/** Lines for the table. */
export function audited(program: string, release: string): readonly string[] {
  const cache = process.env['FENCEPOST_KERNELS'] ?? join(process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'), 'fencepost/kernels');
  const tree = join(cache, `linux-source-${release}`);
  if (!existsSync(join(tree, 'MAINTAINERS'))) return [`no Linux ${release} here: scripts/kernel-source ${release} fetches it`];
  const home = mkdtempSync(join(tmpdir(), 'fencepost-bench-'));
  try {
    const grep = best(() => timed('grep', ['-rlE', 'dma_buf_|dma_resv_', ...FOLDERS], tree, {}));
    const read = best(() => timed(process.execPath, [program, 'audit', tree, '--no-cache'], tree, {}));
    const env = { XDG_CACHE_HOME: home };
    timed(process.execPath, [program, 'audit', tree], tree, env);
    const kept = best(() => timed(process.execPath, [program, 'audit', tree], tree, env));
    const row = (what: string, seconds: number): string => `${what.padEnd(34)} ${seconds.toFixed(2).padStart(6)} s ${(seconds / grep).toFixed(2).padStart(6)} times grep`;
    return [row('grep -rlE', grep), row('audit, everything read', read), row('audit, unchanged tree', kept)];
  } finally {
    rmSync(home, { recursive: true, force: true });
  }
}

function best(run: () => number): number {
  let least = Infinity;
  for (let round = 0; round < ROUNDS; round++) least = Math.min(least, run());
  return least;
}

function timed(command: string, args: readonly string[], cwd: string, env: Readonly<Record<string, string>>): number {
  const start = performance.now();
  const done = spawnSync(command, args, { cwd, env: { ...process.env, ...env }, stdio: ['ignore', 'ignore', 'pipe'], maxBuffer: 1 << 28 });
  if (done.error !== undefined) throw done.error;
  return (performance.now() - start) / 1000;
}
