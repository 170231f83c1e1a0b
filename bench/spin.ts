// Spin on revoke.pml beside our own search: rows of a table, or one row that says that Spin is not installed.

import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import type { SearchOutcome } from '../src/check/index.ts';
import { packageFolder } from '../src/cli/package-folder.ts';

interface Searched {
  readonly outcome: SearchOutcome;
  readonly seconds: number;
}

export function besideSpin(folder: string, sizes: readonly number[], own: (n: number) => Searched): readonly (readonly string[])[] {
  const rows: (readonly string[])[] = [['importers', '', 'states', 'Spin', 'our states', 'ours', 'ours / Spin']];
  for (const n of sizes) {
    const spin = spun(folder, n);
    if (spin === null) return [['spin or cc is not installed']];
    const { outcome, seconds } = own(n);
    rows.push([`N=${n}`, '', spin.states.toLocaleString('en'), `${spin.seconds.toFixed(2)} s`, outcome.states.toLocaleString('en'), `${seconds.toFixed(2)} s`, (seconds / spin.seconds).toFixed(2)]);
  }
  return rows;
}

/** States and wall time of the compiled verifier; null where it cannot be made. */
function spun(folder: string, n: number): { readonly states: number; readonly seconds: number } | null {
  const run = (program: string, ...args: readonly string[]) => spawnSync(program, args, { cwd: folder, encoding: 'utf8' });
  const made = run('spin', `-DN=${n}`, '-DK=1', '-DMIX=1092', '-a', join(packageFolder(), 'bench', 'revoke.pml'));
  if (made.status !== 0 || run('cc', '-O2', '-DNOREDUCE', '-DSAFETY', '-o', 'pan', 'pan.c').status !== 0) return null;
  const start = performance.now();
  const { stdout, status } = run('./pan', '-m1000000', '-w24');
  const seconds = (performance.now() - start) / 1000;
  const states = /^\s*([\d.e+]+) states, stored/m.exec(stdout)?.[1];
  return status === 0 && states !== undefined ? { states: Number(states), seconds } : null;
}
