// The way back from a state to the initial one, without parent pointers: each level is expanded again, and of all
// predecessors the one with the smallest words, then the smallest step name, is taken. So a story does not depend on
// the order in which states were found.

import type { System } from '../model/system.ts';
import type { Exploration } from './explore.ts';
import { comesFirst } from './layout.ts';
import type { Pace, Steps } from './pace.ts';

export interface Path {
  /** Step ids, from the initial state. */
  readonly steps: readonly number[];
  /** State indices, one more than steps. */
  readonly states: readonly number[];
}

interface Walk {
  readonly steps: number[];
  readonly states: number[];
  /** The level of the last state in `states`, counted back. */
  level: number;
  best: { state: number; step: number } | undefined;
}

/** Shortest paths to states of an exploration, in the order asked. Stands aside, but is never broken off: what was found is told. */
export function* pathsTo(exploration: Exploration, targets: readonly number[], pace: Pace): Steps<Path[]> {
  const { layout, store } = exploration;
  const rank = nameRanks(exploration.system);
  const byRank = (a: number, b: number): boolean => (rank[a] ?? 0) < (rank[b] ?? 0);
  const walks = targets.map((target): Walk => ({ steps: [], states: [target], level: levelOf(exploration, target), best: undefined }));
  const highest = Math.max(0, ...walks.map((w) => w.level));
  for (let level = highest; level > 0; level--) {
    const active = walks.filter((w) => w.level === level);
    if (active.length === 0) continue;
    yield* pace.aside();
    const offer = (from: number, step: number, to: Walk): void => {
      const { best } = to;
      const offered = { state: from, step };
      if (best === undefined || comesFirst(layout, store, offered, best, byRank)) to.best = offered;
    };
    if (exploration.edges !== null) scanEdges(exploration, level - 1, active, offer);
    else expandAgain(exploration, level - 1, active, offer);
    for (const walk of active) {
      if (walk.best === undefined) throw new Error('a state without a predecessor');
      walk.steps.push(walk.best.step);
      walk.states.push(walk.best.state);
      walk.level = level - 1;
      walk.best = undefined;
    }
  }
  return walks.map((w) => ({ steps: w.steps.reverse(), states: w.states.reverse() }));
}

export function levelOf(exploration: Exploration, state: number): number {
  const { levels } = exploration;
  let low = 0;
  let high = levels.length - 1;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if ((levels[middle] ?? 0) <= state) low = middle;
    else high = middle - 1;
  }
  return low;
}

/** By step id: its place in the order of names. */
export function nameRanks(system: System): Int32Array {
  const order = system.steps.map((_, id) => id).sort((a, b) => ((system.steps[a]?.name ?? '') < (system.steps[b]?.name ?? '') ? -1 : 1));
  const ranks = new Int32Array(order.length);
  order.forEach((id, rank) => {
    ranks[id] = rank;
  });
  return ranks;
}

type Offer = (from: number, step: number, to: Walk) => void;

function byState(active: readonly Walk[]): Map<number, Walk[]> {
  const map = new Map<number, Walk[]>();
  for (const walk of active) {
    const state = walk.states.at(-1) ?? 0;
    map.set(state, [...(map.get(state) ?? []), walk]);
  }
  return map;
}

function scanEdges(exploration: Exploration, level: number, active: readonly Walk[], offer: Offer): void {
  const { edges, levels, states } = exploration;
  if (edges === null) return;
  const wanted = byState(active);
  const first = levels[level] ?? 0;
  const last = levels[level + 1] ?? states;
  const low = Math.min(...wanted.keys());
  const high = Math.max(...wanted.keys());
  let at = first === 0 ? 0 : (edges.ends[first - 1] ?? 0);
  for (let state = first; state < last; state++) {
    const end = edges.ends[state] ?? 0;
    for (; at < end; at++) {
      const target = edges.targets[at] ?? -1;
      if (target < low || target > high) continue;
      const walks = wanted.get(target);
      if (walks !== undefined) for (const walk of walks) offer(state, edges.steps[at] ?? 0, walk);
    }
  }
}

function expandAgain(exploration: Exploration, level: number, active: readonly Walk[], offer: Offer): void {
  const { engine, layout, levels, states, store } = exploration;
  const wanted = [...byState(active)].map(([state, walks]) => ({ base: state * layout.words, walks }));
  // The hash is the quick filter; it is read off the wanted states by the same code.
  const empty = new Int32Array(1);
  const hashes = new Map<number, typeof wanted>();
  for (const want of wanted) {
    for (let i = 0; i < layout.words; i++) engine.batch[i] = store[want.base + i] ?? 0;
    engine.settle(1, empty, 0);
    const hash = engine.hashes[0] ?? 0;
    hashes.set(hash, [...(hashes.get(hash) ?? []), want]);
  }
  const filter = new Uint8Array(256);
  for (const hash of hashes.keys()) filter[hash & 255] = 1;
  const last = levels[level + 1] ?? states;
  for (let next = levels[level] ?? 0; next < last; ) {
    const first = next;
    const count = engine.expand(store, next, last);
    next = engine.cursor[0] ?? last;
    engine.settle(count, empty, 0);
    let row = 0;
    for (let i = 0; i < count; i++) {
      const hash = engine.hashes[i] ?? 0;
      if (filter[hash & 255] === 0) continue;
      const step = engine.taken[i] ?? -1;
      const candidates = step < 0 ? undefined : hashes.get(hash);
      if (candidates === undefined) continue;
      while (i >= (engine.ends[row] ?? 0)) row++;
      for (const { base, walks } of candidates) {
        let same = true;
        for (let w = 0; w < layout.words && same; w++) same = engine.batch[i * layout.words + w] === store[base + w];
        if (same) for (const walk of walks) offer(first + row, step, walk);
      }
    }
  }
}
