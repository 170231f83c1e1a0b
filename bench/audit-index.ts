// The index of identifiers of a kernel tree beside grep on the same folders, on two threads and with a warm file cache. Each figure is
// a process of its own, from start to end, as grep's is. The whole audit is measured in audit.ts.

import { spawnSync } from 'node:child_process';
import { existsSync, rmSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { indexTree } from '../src/cli/index-pool.ts';

const here = dirname(fileURLToPath(import.meta.url));
const kernels = process.env['FENCEPOST_KERNELS'] ?? join(process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'), 'fencepost', 'kernels');
const tree = join(kernels, 'linux-source-7.3');
const GREP = ['-rlE', 'dma_buf_|dma_resv_', 'drivers', 'net', 'io_uring', 'sound', 'samples', 'include'];
const WORKERS = 2;

/** `bench.js --index TREE CACHE`: one index, in a process of its own. The exit code. */
export async function indexOnce([root = '', cacheFolder = '']: readonly string[]): Promise<number> {
  return (await indexTree(root, { workers: WORKERS, cacheFolder })) === null ? 1 : 0;
}

/** Rows: what, how, median, least, times grep's median. */
export function* besideGrep(folder: string, runs: number): Generator<readonly string[]> {
  if (!existsSync(join(tree, 'MAINTAINERS'))) {
    yield ['no tree', 'scripts/kernel-source 7.3 fetches it'];
    return;
  }
  const cache = join(folder, 'cache');
  const forget = (): void => rmSync(cache, { recursive: true, force: true });
  const grep = (): number | null => spawnSync('grep', GREP, { cwd: tree, stdio: 'ignore' }).status;
  const index = (): number | null => spawnSync(process.execPath, [join(here, 'bench.js'), '--index', tree, cache], { stdio: 'ignore' }).status;

  // Brings the tree into the file cache.
  grep();
  index();
  const base = times(grep, () => undefined, runs);
  const row = (what: string, how: string, taken: readonly number[]): readonly string[] =>
    [what, how, `${Math.round(median(taken))} ms`, `${Math.round(Math.min(...taken))} ms`, (median(taken) / median(base)).toFixed(2)];
  yield ['what', 'how', 'median', 'least', '× grep'];
  yield row('grep -rlE', '', base);
  yield row('index', 'nothing kept', times(index, forget, runs));
  yield row('index', 'from the cache', times(index, () => undefined, runs));
}

/** Milliseconds of each run; `before` is not counted. */
function times(act: () => number | null, before: () => void, runs: number): number[] {
  return Array.from({ length: runs }, () => {
    before();
    const start = performance.now();
    const status = act();
    if (status === null) throw new Error('a run of the benchmark was ended from outside');
    return performance.now() - start;
  });
}

function median(taken: readonly number[]): number {
  return [...taken].sort((a, b) => a - b)[taken.length >> 1] ?? NaN;
}
