// `npm run bench`: how fast the search is, how much memory a state takes, how long a user waits, and how Spin does.
// `--quick` takes under half a minute. Prints tables; judges nothing.

import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import { search, unlimited, type SearchOutcome, type Workers } from '../src/check/index.ts';
import { parse } from '../src/litmus/index.ts';
import { compile } from '../src/model/compile.ts';
import { audited } from './audit.ts';
import { besideGrep, indexOnce } from './audit-index.ts';
import { deferred, idle, mixed, type Family } from './families.ts';
import { besideSpin } from './spin.ts';
import { traceRows } from './trace.ts';

const quick = process.argv.includes('--quick');
/** A case that takes longer, or more memory, is broken off and marked. */
const LIMITS = { ...unlimited, milliseconds: quick ? 3000 : 15_000, bytes: 2 ** 30 };
const program = join(dirname(fileURLToPath(import.meta.url)), 'fencepost.js');

interface Way {
  readonly symmetry?: true;
  readonly liveness?: true;
  readonly threads?: number;
}

function threads(count: number): Workers {
  return {
    count,
    spawn: (input) => {
      const worker = new Worker(new URL('./worker.js', import.meta.url), { workerData: { kind: 'search', input } });
      worker.unref();
      return { end: () => void worker.terminate() };
    },
  };
}

function searched({ text }: Family, way: Way): { readonly outcome: SearchOutcome; readonly seconds: number } {
  const parsed = parse(text, 'bench');
  if (!parsed.ok) throw new Error('a family that does not parse');
  const made = compile(parsed.scenario);
  if (!made.ok) throw new Error(made.message);
  const start = performance.now();
  const outcome = search(made.compiled.system, {
    symmetry: way.symmetry ?? false, liveness: way.liveness ?? false, reduce: true, limits: LIMITS, now: () => performance.now(),
    ...(way.threads === undefined ? {} : { workers: threads(way.threads) }),
  });
  return { outcome, seconds: (performance.now() - start) / 1000 };
}

const line = (...cells: readonly string[]): void => void process.stdout.write(`${cells.map((cell, i) => (i === 0 ? cell.padEnd(18) : i === 1 ? cell.padEnd(24) : cell.padStart(11))).join(' ').trimEnd()}\n`);
const title = (text: string): void => void process.stdout.write(`\n${text}\n`);
const whole = (n: number): string => Math.round(n).toLocaleString('en');
const millions = (n: number): string => `${(n / 1e6).toFixed(2)} M`;
const named = ({ symmetry, liveness, threads: count }: Way): string => [symmetry ? 'symmetry' : 'unreduced', ...(liveness ? ['liveness'] : []), ...(count === undefined ? [] : [`${count} threads`])].join(', ');

/** False where the case was too large, so that a larger one need not be tried. */
function measured(family: Family, way: Way): boolean {
  const { outcome, seconds } = searched(family, way);
  line(family.name, named(way), whole(outcome.states), `${seconds.toFixed(2)} s`, millions(outcome.states / seconds), millions(outcome.transitions / seconds), outcome.bytesPerState.toFixed(1), String(outcome.wordsPerState * 4), outcome.limit === null ? '' : `(${outcome.limit})`);
  return outcome.limit === null;
}

function searches(): void {
  title('The search itself (not counted: start, parsing, compiling). With symmetry and liveness the time holds both searches, the states are the reduced ones.');
  line('family', 'how', 'states', 'time', 'states/s', 'trans./s', 'bytes/state', 'packed');
  const plain: readonly Way[] = [{}, { liveness: true }, { threads: 2 }, { symmetry: true }, { symmetry: true, liveness: true }];
  const done = new Set<string>();
  for (let importers = 1; importers <= (quick ? 3 : 6); importers++) {
    for (const way of plain) {
      if (done.has(named(way)) || (importers === 1 && way.symmetry)) continue;
      if (!measured(deferred(importers, 1), way)) done.add(named(way));
    }
  }
  for (const rounds of [2, 3]) for (const way of plain.slice(3)) measured(deferred(quick ? 1 : 2, rounds), way);
  for (const family of quick ? [idle('sync', 5)] : [idle('sync', 5), idle('odp', 5)]) for (const way of [plain[0], plain[3]]) if (way !== undefined) measured(family, way);
  for (let importers = 3; importers <= (quick ? 4 : 5); importers++) for (const way of plain.slice(0, 3)) measured(mixed(importers), way);
}

/** Milliseconds of wall time, the least of several. */
function started(args: readonly string[], runs: number): { readonly least: number; readonly out: string } {
  let least = Infinity;
  let out = '';
  for (let i = 0; i < runs; i++) {
    const start = performance.now();
    out = spawnSync(process.execPath, [program, ...args], { encoding: 'utf8', maxBuffer: 2 ** 28 }).stdout;
    least = Math.min(least, performance.now() - start);
  }
  return { least, out };
}

function verdicts(folder: string): void {
  const runs = quick ? 3 : 7;
  title(`From process start to verdict: node dist/fencepost.js check, least of ${runs}`);
  line('scenario', 'threads', 'states', 'time', 'verdict');
  line('(--version)', '', '', `${whole(started(['--version'], runs).least)} ms`);
  const families = [deferred(1, 1), deferred(2, 1), deferred(3, 1), mixed(3), mixed(4)];
  for (const [i, family] of families.entries()) {
    const file = join(folder, `${i}.litmus`);
    writeFileSync(file, family.text);
    for (const workers of ['1', '2']) {
      const { least, out } = started(['check', file, '--format', 'json', '--workers', workers], runs);
      const [result] = (JSON.parse(out) as { results: { states: number; verdict: string }[] }).results;
      line(family.name, workers, whole(result?.states ?? 0), `${whole(least)} ms`, result?.verdict ?? '');
    }
  }
  for (const workers of ['1', '2']) {
    const { least, out } = started(['check', '--workers', workers], quick ? 2 : 5);
    line('whole corpus', workers, '', `${whole(least)} ms`, /^\d+ scenarios/m.exec(out)?.[0] ?? '');
  }
}

if (process.argv[2] === '--trace') {
  for (const row of traceRows(process.argv.includes('--quick'))) line(...row);
  process.exit(0);
}
if (process.argv[2] === '--index') process.exit(await indexOnce(process.argv.slice(3)));
const begun = performance.now();
const folder = mkdtempSync(join(tmpdir(), 'fencepost-bench-'));
process.stdout.write(`${availableParallelism()} cores, Node ${process.versions.node}\n`);
try {
  title('The trace checker on tracefs text, one core (processor time, collecting garbage included); the heap must not grow with the log.');
  for (const row of traceRows(quick)) line(...row);
  title('The audit of Linux 7.3, least of 3, beside grep -rlE over drivers net io_uring sound samples include.');
  for (const row of audited(program, '7.3')) process.stdout.write(`${row}\n`);
  title('Of that the index of identifiers alone: 2 threads, a process each, from start to end.');
  for (const row of besideGrep(folder, quick ? 3 : 7)) line(...row);
  verdicts(folder);
  searches();
  title('Beside Spin: the same model at the same grain (bench/revoke.pml), safety. Spin without partial-order reduction, compiled with -O2.');
  for (const row of besideSpin(folder, quick ? [3, 4] : [3, 4, 5], (n) => searched(mixed(n), {}))) line(...row);
} finally {
  rmSync(folder, { recursive: true, force: true });
}
process.stdout.write(`\n${((performance.now() - begun) / 1000).toFixed(0)} s\n`);
