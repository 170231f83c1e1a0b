// Makes a counterexample easier to read: drops steps that it does not need, and puts steps of one process next to each
// other where that changes nothing. Every candidate is replayed on the full system.

import type { System } from '../model/system.ts';
import { replay } from './replay.ts';
import type { Run } from './replay.ts';

export interface Shrunk {
  readonly path: readonly number[];
  /** Each step was left out once, and without it the rest no longer shows the same. */
  readonly necessary: boolean;
  /** How often the story changes from one process to another. */
  readonly switches: number;
}

/** What a path must still show. */
export type Goal = (run: Run) => boolean;

/** The goal of a violation: the last step records it, or the invariant is broken at the end. */
export function showsViolation(violation: number, invariant: number | null): Goal {
  return (run) => (invariant === null ? (run.violations.at(-1)?.includes(violation) ?? false) : run.invariants.includes(invariant));
}

/** The goal of a stem: it ends in the same state as before, so the same cycle goes on from it. */
export function endsLike(system: System, path: readonly number[]): Goal {
  const original = replay(system, path);
  const end = original.ok ? original.run.states.at(-1)?.join() : undefined;
  return (run) => run.states.at(-1)?.join() === end;
}

/** `path` must show `goal`; the result does, in no more steps. */
export function shrink(system: System, path: readonly number[], goal: Goal): Shrunk {
  const shows = (candidate: readonly number[]): boolean => {
    const replayed = replay(system, candidate);
    return replayed.ok && goal(replayed.run);
  };
  const short = gather(system, drop(system, path, shows), shows);
  const necessary = short.every((_, i) => !shows(without(short, i)));
  return { path: short, necessary, switches: switchesOf(system, short) };
}

function without(path: readonly number[], index: number): number[] {
  return path.filter((_, i) => i !== index);
}

/** Leaves out single steps, and all steps of a process from some point on, as long as the rest still shows the goal. */
function drop(system: System, path: readonly number[], shows: (candidate: readonly number[]) => boolean): readonly number[] {
  let best = path;
  for (let i = 0; i < best.length; ) {
    const process = system.steps[best[i] ?? -1]?.process;
    const at = i;
    const tail = best.filter((step, j) => j < at || system.steps[step]?.process !== process);
    const smaller = [tail, without(best, i)].find((candidate) => candidate.length < best.length && shows(candidate));
    if (smaller === undefined) i++;
    else {
      best = smaller;
      i = 0;
    }
  }
  return best;
}

/** Moves later steps of a process forward, next to its earlier ones, as long as there are fewer switches. */
function gather(system: System, path: readonly number[], shows: (candidate: readonly number[]) => boolean): readonly number[] {
  let best = path;
  let least = switchesOf(system, best);
  for (let improved = true; improved; ) {
    improved = false;
    for (let i = 1; i < best.length && !improved; i++) {
      const process = processOf(system, best[i - 1]);
      if (processOf(system, best[i]) === process) continue;
      for (const candidate of moves(system, best, i, process)) {
        const switches = switchesOf(system, candidate);
        if (switches >= least || !shows(candidate)) continue;
        best = candidate;
        least = switches;
        improved = true;
        break;
      }
    }
  }
  return best;
}

/** The next run of steps of `process` moved to `index`, or the steps between moved in front of the run that ends there. */
function* moves(system: System, path: readonly number[], index: number, process: number | undefined): Generator<number[]> {
  const from = path.findIndex((step, j) => j > index && processOf(system, step) === process);
  if (from < 0) return;
  let to = from;
  while (to < path.length && processOf(system, path[to]) === process) to++;
  let start = index;
  while (start > 0 && processOf(system, path[start - 1]) === process) start--;
  const before = path.slice(0, start);
  const first = path.slice(start, index);
  const between = path.slice(index, from);
  const next = path.slice(from, to);
  const rest = path.slice(to);
  yield [...before, ...first, ...next, ...between, ...rest];
  yield [...before, ...between, ...first, ...next, ...rest];
  const [one, ...others] = next;
  if (one !== undefined && others.length > 0) yield [...before, ...first, one, ...between, ...others, ...rest];
}

function processOf(system: System, step: number | undefined): number | undefined {
  return step === undefined ? undefined : system.steps[step]?.process;
}

function switchesOf(system: System, path: readonly number[]): number {
  return path.filter((step, i) => i > 0 && processOf(system, step) !== processOf(system, path[i - 1])).length;
}
