// A short fair cycle through a state of a component that is known to be fair: starts from the shortest way round and
// adds a detour for each duty that it leaves unkept. Edges are tried in row order, so the result does not depend on
// how states are numbered.

import type { ComponentFinder } from './components.ts';
import { rowStart } from './components.ts';
import type { Edges } from './explore.ts';
import type { Duties } from './liveness.ts';

interface Tour {
  readonly states: number[];
  readonly edges: number[];
}

/** Steps of a cycle from `start` back to it that keeps every duty. */
export function findCycle(edges: Edges, duties: Duties, finder: ComponentFinder, members: Int32Array, start: number): number[] {
  const label = finder.mark(members);
  const inside = (state: number): boolean => state >= 0 && finder.label[state] === label;
  let tour: Tour = { states: [start], edges: [] };
  for (;;) {
    const closed = extend(edges, inside, tour, (_, target) => target === start);
    const duty = unkept(edges, duties, closed);
    if (duty === undefined) return closed.edges.map((at) => edges.steps[at] ?? 0);
    // What was visited for earlier duties stays, the way home goes, and a detour is added.
    const { group } = duties;
    const enabledAt = (state: number): boolean => rowSteps(edges, state).some((step) => group[step] === duty);
    const weak = duties.ofGroup[duty] !== 2;
    tour = extend(edges, inside, tour, (at, target) => group[edges.steps[at] ?? 0] === duty || (weak && !enabledAt(target)));
  }
}

function rowSteps(edges: Edges, state: number): Uint16Array | Int32Array {
  return edges.steps.subarray(rowStart(edges, state), edges.ends[state] ?? 0);
}

/** A group that the closed tour treats unfairly: smallest number. */
function unkept(edges: Edges, duties: Duties, tour: Tour): number | undefined {
  const visited = new Set(tour.states);
  const taken = new Set(tour.edges.map((at) => duties.group[edges.steps[at] ?? 0] ?? -1));
  const enabled = new Map<number, number>();
  for (const state of visited) {
    const groups = new Set<number>();
    for (const step of rowSteps(edges, state)) groups.add(duties.group[step] ?? -1);
    for (const g of groups) enabled.set(g, (enabled.get(g) ?? 0) + 1);
  }
  const broken = [...enabled].filter(([g, count]) => g >= 0 && !taken.has(g) && (duties.ofGroup[g] === 2 || count === visited.size));
  return broken.length === 0 ? undefined : Math.min(...broken.map(([g]) => g));
}

/** The tour with the shortest way added that ends in an edge that `goal` accepts. */
function extend(edges: Edges, inside: (state: number) => boolean, tour: Tour, goal: (edge: number, target: number) => boolean): Tour {
  const start = tour.states.at(-1) ?? 0;
  const cameBy = new Map<number, { from: number; edge: number }>();
  const queue = [start];
  for (let head = 0; head < queue.length; head++) {
    const state = queue[head] ?? 0;
    const end = edges.ends[state] ?? 0;
    for (let at = rowStart(edges, state); at < end; at++) {
      const target = edges.targets[at] ?? -1;
      if (!inside(target)) continue;
      if (goal(at, target)) return joined(tour, cameBy, state, at, target, start);
      if (target === start || cameBy.has(target)) continue;
      cameBy.set(target, { from: state, edge: at });
      queue.push(target);
    }
  }
  throw new Error('a component that is not connected');
}

function joined(tour: Tour, cameBy: ReadonlyMap<number, { from: number; edge: number }>, last: number, edge: number, target: number, start: number): Tour {
  const states = [target];
  const way = [edge];
  for (let state = last; state !== start; ) {
    const step = cameBy.get(state);
    if (step === undefined) break;
    states.push(state);
    way.push(step.edge);
    state = step.from;
  }
  return { states: [...tour.states, ...states.reverse()], edges: [...tour.edges, ...way.reverse()] };
}
