// A path of canonical states (blocks sorted, by symmetry) turned into a run of the system as it is: from the initial
// state forward, at each step the enabled step of smallest name whose successor is the next state up to sorting.

import type { System } from '../model/system.ts';
import { applyStep, brokenInvariants, enabledSteps, initialState } from './interpret.ts';
import type { State } from './interpret.ts';
import { canonicalise, pack } from './layout.ts';
import type { Layout } from './layout.ts';

export interface ConcreteRun {
  readonly steps: readonly number[];
  readonly state: State;
}

/** `path` holds packed canonical states, the initial one first. */
export function concreteRun(system: System, layout: Layout, path: readonly Int32Array[]): ConcreteRun {
  const words = new Int32Array(layout.words);
  let state = initialState(system);
  const steps: number[] = [];
  for (const goal of path.slice(1)) {
    const fits = byName(system, state).find((step) => {
      const { next } = applyStep(system, state, step);
      return next !== null && sameUpToOrder(layout, next, goal, words);
    });
    if (fits === undefined) throw new Error('a canonical path that no run follows: a family is not symmetric');
    steps.push(fits);
    state = applyStep(system, state, fits).next ?? state;
  }
  return { steps, state };
}

function sameUpToOrder(layout: Layout, state: State, goal: Int32Array, words: Int32Array): boolean {
  pack(layout, state, words, 0);
  canonicalise(layout, words, 0);
  return goal.every((word, i) => word === words[i]);
}

function byName(system: System, state: State): number[] {
  const name = (step: number): string => system.steps[step]?.name ?? '';
  return enabledSteps(system, state).sort((a, b) => (name(a) < name(b) ? -1 : 1));
}

export interface Ending {
  readonly violation: number;
  /** Null for an invariant. */
  readonly step: number | null;
  readonly invariant: number | null;
}

/** How `violation`, or its twin by symmetry, comes about from `state`: itself first, then steps by name. */
export function endingIn(system: System, state: State, violation: number): Ending | null {
  const endings: Ending[] = brokenInvariants(system, state).map((invariant) => ({
    violation: system.invariants[invariant]?.violation ?? -1,
    step: null, invariant,
  }));
  for (const step of byName(system, state)) for (const v of applyStep(system, state, step).violations) endings.push({ violation: v, step, invariant: null });
  return endings.find((e) => e.violation === violation) ?? endings.find((e) => twins(system, e.violation, violation)) ?? null;
}

function twins(system: System, a: number, b: number): boolean {
  const [x, y] = [system.violations[a], system.violations[b]];
  return x !== undefined && y !== undefined && x.code === y.code && x.kind === y.kind && x.fatal === y.fatal && x.obligation === y.obligation;
}
