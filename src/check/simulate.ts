// Random walks over the full system, for systems too large to search: finds violations, proves nothing.
// The same seed gives the same walks.

import type { System } from '../model/system.ts';
import { applyStep, brokenInvariants, enabledSteps, initialState, isTrue } from './interpret.ts';
import type { State } from './interpret.ts';
import type { Found } from './outcome.ts';
import { finish, type Pace, type Steps } from './pace.ts';

export interface SimulateOptions {
  /** Any integer. */
  readonly seed: number;
  readonly runs: number;
  /** Most steps of a run. */
  readonly depth: number;
  /** Polled once a run. */
  readonly stop?: () => boolean;
}

/** A state without enabled steps in which `System.pending[pending]` holds. */
export interface DeadEnd {
  readonly pending: number;
  readonly path: readonly number[];
}

export interface SimulateOutcome {
  readonly runs: number;
  readonly steps: number;
  /** The shortest walk to each violation that was met, by violation id. */
  readonly found: readonly Found[];
  /** The shortest walk to a dead end, by pending. */
  readonly deadEnds: readonly DeadEnd[];
  readonly reachedSteps: Uint8Array;
  readonly witnesses: readonly boolean[];
}

export function simulate(system: System, options: SimulateOptions): SimulateOutcome {
  return finish(simulateSteps(system, options, null));
}

/** The same, standing aside between runs as `pace` says. */
export function* simulateSteps(system: System, options: SimulateOptions, pace: Pace | null): Steps<SimulateOutcome> {
  const next = randomNumbers(options.seed);
  const found = new Map<number, Found>();
  const deadEnds = new Map<number, DeadEnd>();
  const reachedSteps = new Uint8Array(system.steps.length);
  const witnesses = system.witnesses.map(() => false);
  const note = (violation: number, path: readonly number[], invariant: number | null): void => {
    const before = found.get(violation);
    const length = path.length + (invariant === null ? 0 : 1);
    if (before === undefined || length < before.path.length + (before.invariant === null ? 0 : 1)) found.set(violation, { violation, path: [...path], invariant });
  };
  const look = (state: State, path: readonly number[]): boolean => {
    system.witnesses.forEach((w, i) => {
      if (isTrue(w.reached, state)) witnesses[i] = true;
    });
    let fatal = false;
    for (const invariant of brokenInvariants(system, state)) {
      const violation = system.invariants[invariant]?.violation ?? -1;
      note(violation, path, invariant);
      fatal ||= system.violations[violation]?.fatal ?? false;
    }
    return fatal;
  };
  let steps = 0;
  let runs = 0;
  for (; runs < options.runs && !(options.stop?.() ?? false); runs++) {
    if (pace !== null) yield* pace.aside();
    let state = initialState(system);
    const path: number[] = [];
    while (!look(state, path) && path.length < options.depth) {
      const enabled = enabledSteps(system, state);
      const step = enabled[next() % enabled.length];
      if (step === undefined) {
        system.pending.forEach((pending, id) => {
          if (isTrue(pending.holds, state) && path.length < (deadEnds.get(id)?.path.length ?? Infinity)) deadEnds.set(id, { pending: id, path: [...path] });
        });
        break;
      }
      steps++;
      reachedSteps[step] = 1;
      path.push(step);
      const effect = applyStep(system, state, step);
      for (const violation of effect.violations) note(violation, path, null);
      if (effect.next === null) break;
      state = effect.next;
    }
  }
  return {
    runs,
    steps,
    found: [...found.values()].sort((a, b) => a.violation - b.violation),
    deadEnds: [...deadEnds.values()].sort((a, b) => a.pending - b.pending),
    reachedSteps,
    witnesses,
  };
}

/** The first walk of a seed, up to where nothing goes on or something is fatal. */
export function oneWalk(system: System, seed: number, depth: number): readonly number[] {
  const next = randomNumbers(seed);
  const path: number[] = [];
  let state = initialState(system);
  while (path.length < depth) {
    const enabled = enabledSteps(system, state);
    const step = enabled[next() % enabled.length];
    if (step === undefined) return path;
    path.push(step);
    const { next: after } = applyStep(system, state, step);
    if (after === null) return path;
    state = after;
  }
  return path;
}

/** Splitmix32: 32-bit numbers, never negative. */
export function randomNumbers(seed: number): () => number {
  let state = seed | 0;
  return () => {
    state = (state + 0x9e3779b9) | 0;
    let z = state ^ (state >>> 16);
    z = Math.imul(z, 0x21f0aaad);
    z ^= z >>> 15;
    z = Math.imul(z, 0x735a2d97);
    return (z ^ (z >>> 15)) >>> 0;
  };
}
