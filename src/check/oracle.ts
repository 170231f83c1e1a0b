// A second checker, slow and obviously right: plain states in a map, no packing, no reductions, no generated code.
// Liveness on classes of mutual reachability, computed state by state. For tests only.

import type { System } from '../model/system.ts';
import { applyStep, brokenInvariants, enabledSteps, initialState, isTrue } from './interpret.ts';
import type { State } from './interpret.ts';
import type { LassoClass } from './outcome.ts';

export interface OracleAnswer {
  readonly states: number;
  readonly transitions: number;
  /** By violation id: the fewest steps to it, an invariant counting as one. */
  readonly shortest: ReadonlyMap<number, number>;
  /** "pending class" -> shortest stem. Empty if a fatal harm occurs or `most` states were passed. */
  readonly traps: ReadonlyMap<string, number>;
  readonly reached: ReadonlySet<number>;
  readonly witnesses: readonly boolean[];
  /** Steps to the first fatal harm; Infinity without one. */
  readonly harm: number;
}

interface Node {
  readonly state: State;
  readonly depth: number;
  /** Successors, with the step; -1 behind a fatal violation. */
  readonly out: { readonly step: number; readonly to: number }[];
  ended: boolean;
}

/** The answer; null if there are more than `most` states. Does not stop at a harm: `shortest` is to be cut off at `harm`. */
export function oracle(system: System, most: number): OracleAnswer | null {
  const nodes: Node[] = [{ state: initialState(system), depth: 0, out: [], ended: false }];
  const index = new Map<string, number>([[initialState(system).join(), 0]]);
  const shortest = new Map<number, number>();
  const reached = new Set<number>();
  const witnesses = system.witnesses.map(() => false);
  let transitions = 0;
  let harm = Infinity;
  const violated = (violation: number, length: number): void => {
    if (!shortest.has(violation)) shortest.set(violation, length);
    const v = system.violations[violation];
    if (v !== undefined && v.fatal && v.kind === 'harm') harm = Math.min(harm, length);
  };
  for (const node of nodes) {
    if (nodes.length > most) return null;
    system.witnesses.forEach((w, i) => {
      if (isTrue(w.reached, node.state)) witnesses[i] = true;
    });
    for (const invariant of brokenInvariants(system, node.state)) {
      const violation = system.invariants[invariant]?.violation ?? -1;
      violated(violation, node.depth + 1);
      if (system.violations[violation]?.fatal ?? false) node.ended = true;
    }
    if (node.ended) continue;
    for (const step of enabledSteps(system, node.state)) {
      transitions++;
      reached.add(step);
      const { next, violations } = applyStep(system, node.state, step);
      for (const violation of violations) violated(violation, node.depth + 1);
      if (next === null) {
        node.out.push({ step, to: -1 });
        continue;
      }
      const key = next.join();
      let to = index.get(key);
      if (to === undefined) {
        to = nodes.push({ state: next, depth: node.depth + 1, out: [], ended: false }) - 1;
        index.set(key, to);
      }
      node.out.push({ step, to });
    }
  }
  const traps = new Map<string, number>();
  system.pending.forEach((_, pending) => {
    for (const [kind, stem] of trapsOf(system, nodes, pending)) traps.set(`${pending} ${kind}`, stem);
  });
  return { states: nodes.length, transitions, shortest, traps, reached, witnesses, harm };
}

/** Shortest stems of the fair runs on which a pending holds for ever, by class. */
function trapsOf(system: System, nodes: readonly Node[], pending: number): Map<LassoClass, number> {
  const what = system.pending[pending];
  const found = new Map<LassoClass, number>();
  if (what === undefined) return found;
  const holds = nodes.map((n) => !n.ended && isTrue(what.holds, n.state));
  const bad = fairlyTrapped(system, nodes, holds);
  for (const i of bad) {
    const free = [...reachable(nodes, i)].some((j) => !isTrue(what.holds, nodes[j]?.state ?? []));
    const kind: LassoClass = what.kind !== 'call' ? 'never' : free ? 'hang' : 'deadlock';
    found.set(kind, Math.min(found.get(kind) ?? Infinity, nodes[i]?.depth ?? 0));
  }
  return found;
}

/** States of `allowed` that some fair run, staying in `allowed`, visits again and again. */
function fairlyTrapped(system: System, nodes: readonly Node[], allowed: readonly boolean[]): Set<number> {
  const bad = new Set<number>();
  const enabled = (i: number): Set<number> => new Set((nodes[i]?.out ?? []).flatMap(({ step }) => groupOf(system, step)));
  const strong = new Set(system.steps.filter((s) => s.fairness === 'strong').map((s) => s.group));
  for (const members of classes(nodes, allowed)) {
    // staying in one state is fair where nothing has to happen
    for (const i of members) if (enabled(i).size === 0) bad.add(i);
    const inside = [...members].flatMap((i) => (nodes[i]?.out ?? []).filter(({ to }) => members.has(to)));
    if (inside.length === 0) continue;
    const taken = new Set(inside.flatMap(({ step }) => groupOf(system, step)));
    const owed = new Set([...members].flatMap((i) => [...enabled(i)]).filter((g) => strong.has(g) && !taken.has(g)));
    if (owed.size > 0) {
      // a run that stays fair must keep away from where an untaken strong group is possible
      const rest = nodes.map((_, i) => members.has(i) && ![...enabled(i)].some((g) => owed.has(g)));
      for (const i of fairlyTrapped(system, nodes, rest)) bad.add(i);
      continue;
    }
    const always = [...enabled([...members][0] ?? 0)].filter((g) => [...members].every((i) => enabled(i).has(g)));
    if (always.every((g) => taken.has(g))) for (const i of members) bad.add(i);
  }
  return bad;
}

function groupOf(system: System, step: number): number[] {
  const s = system.steps[step];
  return s === undefined || s.fairness === 'none' ? [] : [s.group];
}

/** Classes of states that reach each other within `allowed`; a state alone is one too. */
function classes(nodes: readonly Node[], allowed: readonly boolean[]): Set<number>[] {
  const reach = nodes.map((_, i) => (allowed[i] === true ? reachable(nodes, i, allowed) : new Set<number>()));
  const done = new Set<number>();
  const result: Set<number>[] = [];
  nodes.forEach((_, i) => {
    if (allowed[i] !== true || done.has(i)) return;
    const members = new Set([...(reach[i] ?? [])].filter((j) => reach[j]?.has(i) ?? false));
    for (const j of members) done.add(j);
    result.push(members);
  });
  return result;
}

function reachable(nodes: readonly Node[], from: number, allowed?: readonly boolean[]): Set<number> {
  const seen = new Set([from]);
  for (const i of seen) for (const { to } of nodes[i]?.out ?? []) if (to >= 0 && (allowed === undefined || allowed[to] === true)) seen.add(to);
  return seen;
}
