// The checker: one call that slices a System, searches it, judges liveness, and gives every path in the system's own steps.
// No files, clock, console or threads: limits, clock, progress and stop are handed in.

import type { System } from '../model/system.ts';
import { concreteRun, endingIn } from './concrete.ts';
import { explore } from './explore.ts';
import type { ExploreOptions, Exploration } from './explore.ts';
import { layOut } from './layout.ts';
import { findTraps } from './liveness.ts';
import type { Found, Lasso, Limit, Limits, SearchOptions, SearchOutcome } from './outcome.ts';
import { BrokenOff, finish, Pace, type Steps } from './pace.ts';
import { pathsTo } from './path.ts';
import { slice, whole } from './slice.ts';
import type { Slice } from './slice.ts';
import { markTwins, noFamilies, trueFamilies } from './symmetric.ts';

export type { Found, Lasso, LassoClass, Limit, Limits, Progress, SearchOptions, SearchOutcome } from './outcome.ts';
export type { Change, Effect, State } from './interpret.ts';
export { applyStep, brokenInvariants, changesBetween, enabledSteps, initialState, isEnabled, isTrue, valueName } from './interpret.ts';
export { evaluate } from './expression.ts';
export { decodeToken, replay, replayToken, safeName, scenarioOf } from './replay.ts';
export type { Decoded, Replayed, ReplayError, Run } from './replay.ts';
export { endsLike, showsViolation, shrink } from './shrink.ts';
export type { Goal, Shrunk } from './shrink.ts';
export { serveWorker } from './parallel.ts';
export type { WorkerHandle, WorkerInput, Workers } from './parallel.ts';
export { finish, Pace } from './pace.ts';
export type { Steps } from './pace.ts';
export { simulate, simulateSteps } from './simulate.ts';
export type { DeadEnd, SimulateOptions, SimulateOutcome } from './simulate.ts';

export const unlimited: Limits = { states: Infinity, depth: Infinity, bytes: Infinity, milliseconds: Infinity };

/**
 * Searches all reachable states of `system`, breadth first, and judges `system.pending`.
 * Stops behind the first level with a fatal harm; everything else is recorded at its first, shortest occurrence.
 * Throws only where the system itself is wrong (a variable out of range, a family that is not symmetric).
 */
export function search(system: System, options: SearchOptions): SearchOutcome {
  return finish(searchSteps(system, options));
}

/** The same search in parts of some 25 ms: yields between them, so that the caller can hear signals and set its `stop`. */
export function* searchSteps(system: System, options: SearchOptions): Steps<SearchOutcome> {
  const started = options.now();
  const pace = new Pace(options.now, options.stop ?? (() => false), started + options.limits.milliseconds);
  const raw = options.reduce ? slice(system) : whole(system);
  const families = options.symmetry ? trueFamilies(raw.system) : noFamilies(raw.system);
  const sliced: Slice = { ...raw, system: families.system };
  const judge = options.liveness && system.pending.length > 0;
  const symmetric = options.symmetry && layOut(sliced.system, true).blocks.length > 0;
  const exploring = (keepEdges: boolean, phase: ExploreOptions['phase']): ExploreOptions => ({
    limits: options.limits,
    started,
    now: options.now,
    stop: options.stop ?? (() => false),
    progress: options.progress ?? (() => undefined),
    pace,
    keepEdges,
    phase,
    workers: options.workers,
  });
  const safety = yield* explore(sliced.system, layOut(sliced.system, symmetric), exploring(judge && !symmetric, 'safety'));
  // Fairness needs every party by itself, so a reduced graph is no good for it.
  const again = judge && symmetric && safety.exhausted;
  const graph = again ? yield* explore(sliced.system, layOut(sliced.system, false), exploring(true, 'liveness')) : safety;
  markTwins(safety.engine.covered, families.stepTwins);
  markTwins(safety.engine.witnessed, families.witnessTwins);
  const ready = judge && safety.exhausted && graph.exhausted;
  let lassos: readonly Lasso[] = [];
  let limit: Limit | null = safety.limit ?? (again ? graph.limit : null);
  try {
    if (ready) lassos = yield* lassosIn(graph, sliced, pace);
  } catch (error) {
    if (!(error instanceof BrokenOff)) throw error;
    limit = options.stop?.() === true ? 'interrupted' : 'milliseconds';
  }
  const judged = ready && limit === null;
  return {
    finished: limit === null,
    limit,
    exhausted: safety.exhausted,
    states: safety.states,
    transitions: safety.transitions,
    depth: safety.levels.length - 1,
    levels: safety.levelsDone,
    frontier: safety.states - safety.expanded,
    bytesPerState: safety.peakBytes / safety.states,
    wordsPerState: safety.layout.words,
    found: yield* foundIn(safety, sliced, symmetric, pace),
    liveness: !judge ? 'not-asked' : judged ? 'checked' : limit === null ? 'skipped' : 'unfinished',
    lassos,
    reachedSteps: reachedIn(system, sliced, again ? [safety, graph] : [safety]),
    witnesses: system.witnesses.map((_, id) => safety.engine.witnessed[id] === 1 || (again && graph.engine.witnessed[id] === 1)),
    threads: safety.threads,
    reductions: reductionsOf(sliced, symmetric, families.refused),
  };
}

function* foundIn(exploration: Exploration, sliced: Slice, symmetric: boolean, pace: Pace): Steps<Found[]> {
  const { sightings, store, layout, system } = exploration;
  const original = (step: number): number => sliced.steps[step] ?? 0;
  const paths = yield* pathsTo(
    exploration,
    sightings.map((s) => s.state),
    pace,
  );
  const found = sightings.flatMap((sighting, i): Found[] => {
    const path = paths[i];
    if (path === undefined) return [];
    if (symmetric) {
      const states = path.states.map((s) => store.slice(s * layout.words, (s + 1) * layout.words));
      const run = concreteRun(system, layout, states);
      const ending = endingIn(system, run.state, sighting.violation);
      if (ending === null) throw new Error('a violation that no run shows: a family is not symmetric');
      const steps = ending.step === null ? run.steps : [...run.steps, ending.step];
      return [{ violation: ending.violation, path: steps.map(original), invariant: ending.invariant }];
    }
    const steps = sighting.step < 0 ? path.steps : [...path.steps, sighting.step];
    return [{ violation: sighting.violation, path: steps.map(original), invariant: sighting.step < 0 ? -1 - sighting.step : null }];
  });
  // Twins may have been turned into the same violation.
  const shortest = new Map<number, Found>();
  for (const one of found) {
    const other = shortest.get(one.violation);
    if (other === undefined || lengthOf(one) < lengthOf(other)) shortest.set(one.violation, one);
  }
  return [...shortest.values()].sort((a, b) => lengthOf(a) - lengthOf(b) || a.violation - b.violation);
}

/** Steps of a story; an invariant counts as one. */
export function lengthOf(found: Found): number {
  return found.path.length + (found.invariant === null ? 0 : 1);
}

function* lassosIn(graph: Exploration, sliced: Slice, pace: Pace): Steps<Lasso[]> {
  const traps = yield* findTraps(graph, pace);
  const paths = yield* pathsTo(
    graph,
    traps.map((t) => t.state),
    pace,
  );
  const original = (step: number): number => sliced.steps[step] ?? 0;
  return traps.map((trap, i) => ({ pending: trap.pending, class: trap.class, stem: (paths[i]?.steps ?? []).map(original), cycle: trap.cycle.map(original) }));
}

function reachedIn(system: System, sliced: Slice, explorations: readonly Exploration[]): Uint8Array {
  const reached = new Uint8Array(system.steps.length);
  for (const { engine } of explorations) {
    sliced.steps.forEach((id, step) => {
      if (engine.covered[step] === 1) reached[id] = 1;
    });
  }
  return reached;
}

function reductionsOf(sliced: Slice, symmetric: boolean, refused: readonly string[]): string[] {
  const families = symmetric ? sliced.system.symmetry.map((f) => `${f.name}: ${f.blocks.length} interchangeable parties count once (safety only)`) : [];
  return [...sliced.reductions, ...families, ...refused.map((name) => `${name}: parties not interchangeable, a step or property tells them apart; each counted by itself`)];
}
