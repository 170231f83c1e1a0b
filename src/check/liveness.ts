// Liveness: for each pending, a fair run on which it holds for ever (SEMANTICS E12). Works on the unreduced graph.
// Weak: enabled for good, so taken. Strong: enabled again and again, so taken. A run may also stay in one state for ever,
// if no weak or strong step is enabled there. A fatal violation ends a run, and nothing is judged behind it.

import type { System } from '../model/system.ts';
import { ComponentFinder, rowStart } from './components.ts';
import type { Components } from './components.ts';
import { findCycle } from './cycle.ts';
import type { Edges, Exploration } from './explore.ts';
import { compareWords } from './layout.ts';
import type { LassoClass } from './outcome.ts';
import type { Pace, Steps } from './pace.ts';
import { levelOf } from './path.ts';

/** A lasso in terms of the explored graph. */
export interface Trap {
  readonly pending: number;
  readonly class: LassoClass;
  /** Where the cycle begins: a state of the shortest stem. */
  readonly state: number;
  /** Step ids; empty for staying. */
  readonly cycle: readonly number[];
}

/** What fairness asks of steps, by step id, with the id behind the last one standing for the end of a run. */
export interface Duties {
  /** 0 none, 1 weak, 2 strong. */
  readonly kind: Uint8Array;
  readonly group: Int32Array;
  /** By group: 0 none, 1 weak, 2 strong. A group with a strong step is strong. */
  readonly ofGroup: Uint8Array;
}

export function dutiesOf(system: System): Duties {
  const steps = system.steps.length;
  const groups = system.steps.reduce((most, s) => Math.max(most, s.group + 1), 0);
  const kind = new Uint8Array(steps + 1);
  const group = new Int32Array(steps + 1).fill(-1);
  const ofGroup = new Uint8Array(groups);
  system.steps.forEach((step, id) => {
    if (step.fairness === 'none') return;
    kind[id] = step.fairness === 'strong' ? 2 : 1;
    group[id] = step.group;
    ofGroup[step.group] = Math.max(ofGroup[step.group] ?? 0, kind[id] ?? 0);
  });
  return { kind, group, ofGroup };
}

interface Candidate {
  readonly pending: number;
  readonly class: LassoClass;
  readonly state: number;
  /** Null for staying in the state. */
  readonly members: Int32Array | null;
  /** Index behind the last state that is as near as this one. */
  readonly levelEnd: number;
}

/** All violated pendings: at most one trap a pending and class, with the shortest stem. The exploration must be exhausted and have edges. */
export function* findTraps(exploration: Exploration, pace: Pace): Steps<Trap[]> {
  const { edges, system, states } = exploration;
  if (edges === null || system.pending.length === 0) return [];
  const finder = new ComponentFinder(edges, states, pace);
  const components = yield* finder.whole(states);
  return yield* new Judge(exploration, edges, pace, finder, components).run();
}

/** States between two looks at the clock. */
const block = 1 << 15;

class Judge {
  private readonly exploration: Exploration;
  private readonly edges: Edges;
  private readonly pace: Pace;
  private readonly states: number;
  private readonly duties: Duties;
  private readonly finder: ComponentFinder;
  private readonly components: Components;
  private readonly parts: number;
  /** By pending and class. */
  private readonly best = new Map<number, Candidate>();
  private escapes: Int32Array | null = null;
  private readonly seenEnabled: Int32Array;
  private readonly enabledCount: Int32Array;
  private readonly takenIn: Int32Array;
  private stamp = 0;

  constructor(exploration: Exploration, edges: Edges, pace: Pace, finder: ComponentFinder, components: Components) {
    this.exploration = exploration;
    this.edges = edges;
    this.pace = pace;
    this.states = exploration.states;
    this.duties = dutiesOf(exploration.system);
    this.finder = finder;
    this.components = components;
    this.parts = Math.ceil(exploration.system.pending.length / 31);
    const groups = this.duties.ofGroup.length;
    this.seenEnabled = new Int32Array(groups).fill(-1);
    this.enabledCount = new Int32Array(groups);
    this.takenIn = new Int32Array(groups);
  }

  *run(): Steps<Trap[]> {
    yield* this.judgeStaying();
    for (const members of this.components.cyclic) {
      yield* this.judgeComponent(members);
      yield* this.pace.on();
    }
    const traps: Trap[] = [];
    for (const candidate of this.best.values()) {
      const { state, members, pending } = candidate;
      const cycle = members === null ? [] : findCycle(this.edges, this.duties, this.finder, members, state);
      traps.push({ pending, class: candidate.class, state, cycle });
    }
    return traps.sort((a, b) => a.pending - b.pending || (a.class < b.class ? -1 : 1));
  }

  private holding(state: number, part: number): number {
    const { engine, store, layout } = this.exploration;
    return engine.holding(store, state * layout.words, part);
  }

  private *judgeStaying(): Steps<void> {
    const { kind } = this.duties;
    const moves = new Uint8Array(kind);
    moves[kind.length - 1] = 1;
    for (let state = 0; state < this.states; state += block) {
      this.judgeStayingIn(state, Math.min(this.states, state + block), moves);
      yield* this.pace.on();
    }
  }

  private judgeStayingIn(from: number, to: number, moves: Uint8Array): void {
    const { ends, steps } = this.edges;
    let at = rowStart(this.edges, from);
    for (let state = from; state < to; state++) {
      const end = ends[state] ?? 0;
      let free = true;
      while (at < end) {
        if (moves[steps[at] ?? 0] !== 0) {
          free = false;
          break;
        }
        at++;
      }
      at = end;
      if (!free) continue;
      for (let part = 0; part < this.parts; part++) {
        let bits = this.holding(state, part);
        while (bits !== 0) {
          const bit = 31 - Math.clz32(bits & -bits);
          bits &= bits - 1;
          this.offer(part * 31 + bit, state, null);
        }
      }
    }
  }

  private *judgeComponent(members: Int32Array): Steps<void> {
    let everywhere: Int32Array[] | undefined;
    for (let part = 0; part < this.parts; part++) {
      const masks = new Int32Array(members.length);
      let any = 0;
      let all = -1;
      for (let i = 0; i < members.length; i++) {
        const mask = this.holding(members[i] ?? 0, part);
        masks[i] = mask;
        any |= mask;
        all &= mask;
      }
      for (let bit = 0; bit < 31; bit++) {
        if (((any >>> bit) & 1) === 0) continue;
        const pending = part * 31 + bit;
        if (pending >= this.exploration.system.pending.length) break;
        let fair: Int32Array[];
        if (((all >>> bit) & 1) !== 0) {
          everywhere ??= yield* this.fairParts(members, true);
          fair = everywhere;
        } else {
          fair = yield* this.fairParts(
            members.filter((_, i) => (((masks[i] ?? 0) >>> bit) & 1) !== 0),
            false,
          );
        }
        for (const component of fair) this.offer(pending, this.nearest(component), component);
      }
    }
  }

  /** The parts of `members` on which a fair run can stay for ever. `connected` says that they are one component already. */
  private *fairParts(members: Int32Array, connected: boolean): Steps<Int32Array[]> {
    const fair: Int32Array[] = [];
    const todo: Int32Array[] = [];
    // There may be too many parts for an argument list.
    if (connected) todo.push(members);
    else for (const part of yield* this.finder.within(members)) todo.push(part);
    for (let part = todo.pop(); part !== undefined; part = todo.pop()) {
      const verdict = yield* this.judgePart(part);
      if (verdict === 'fair') fair.push(part);
      else if (verdict !== 'unfair') for (const rest of yield* this.finder.within(verdict)) todo.push(rest);
    }
    return fair;
  }

  /** 'fair', 'unfair', or the states that remain when those with an unkept strong duty are left. */
  private *judgePart(part: Int32Array): Steps<'fair' | 'unfair' | Int32Array> {
    const label = this.finder.mark(part);
    const { group, ofGroup } = this.duties;
    const { ends, steps } = this.edges;
    const { enabledCount, takenIn } = this;
    enabledCount.fill(0);
    takenIn.fill(0);
    for (let from = 0; from < part.length; from += block) {
      this.countDuties(part, from, Math.min(part.length, from + block), label);
      if (part.length > block) yield* this.pace.on();
    }
    let leave = false;
    for (let g = 0; g < ofGroup.length; g++) {
      if (takenIn[g] !== 0 || enabledCount[g] === 0) continue;
      if (ofGroup[g] === 2) leave = true;
      else if (enabledCount[g] === part.length) return 'unfair';
    }
    if (!leave) return 'fair';
    return part.filter((state) => {
      const end = ends[state] ?? 0;
      for (let at = rowStart(this.edges, state); at < end; at++) {
        const g = group[steps[at] ?? 0] ?? -1;
        if (g >= 0 && ofGroup[g] === 2 && takenIn[g] === 0) return false;
      }
      return true;
    });
  }

  /** Which groups are enabled in states `from` … `to` - 1 of a part, and which are taken inside it. */
  private countDuties(part: Int32Array, from: number, to: number, label: number): void {
    const { label: labels } = this.finder;
    const { group } = this.duties;
    const { ends, steps, targets } = this.edges;
    const { seenEnabled, enabledCount, takenIn } = this;
    for (let i = from; i < to; i++) {
      const state = part[i] ?? 0;
      const end = ends[state] ?? 0;
      const now = ++this.stamp;
      for (let at = rowStart(this.edges, state); at < end; at++) {
        const g = group[steps[at] ?? 0] ?? -1;
        if (g < 0) continue;
        if (seenEnabled[g] !== now) {
          seenEnabled[g] = now;
          enabledCount[g] = (enabledCount[g] ?? 0) + 1;
        }
        const target = targets[at] ?? -1;
        if (target >= 0 && labels[target] === label) takenIn[g] = 1;
      }
    }
  }

  /** The member with the shortest stem; of several the one with the smallest words. */
  private nearest(members: Int32Array): number {
    const { exploration } = this;
    // States are numbered level by level.
    const first = members.reduce((a, b) => Math.min(a, b));
    const end = exploration.levels[levelOf(exploration, first) + 1] ?? this.states;
    let best = first;
    for (const state of members) if (state < end && state !== best && compareWords(exploration.layout, exploration.store, state, best) < 0) best = state;
    return best;
  }

  private offer(pending: number, state: number, members: Int32Array | null): void {
    const { exploration } = this;
    const kind = this.classOf(pending, state);
    const key = pending * 3 + (kind === 'deadlock' ? 0 : kind === 'hang' ? 1 : 2);
    const before = this.best.get(key);
    if (before !== undefined) {
      if (state >= before.levelEnd) return;
      const closer = levelOf(exploration, state) < levelOf(exploration, before.state);
      const order = closer ? -1 : state === before.state ? 0 : compareWords(exploration.layout, exploration.store, state, before.state);
      if (order > 0 || (order === 0 && members !== null)) return;
    }
    const levelEnd = exploration.levels[levelOf(exploration, state) + 1] ?? this.states;
    this.best.set(key, { pending, class: kind, state, members, levelEnd });
  }

  private classOf(pending: number, state: number): LassoClass {
    if (this.exploration.system.pending[pending]?.kind !== 'call') return 'never';
    this.escapes ??= this.findEscapes();
    const mask = this.escapes[(this.components.of[state] ?? 0) * this.parts + Math.floor(pending / 31)] ?? 0;
    return ((mask >>> (pending % 31)) & 1) !== 0 ? 'hang' : 'deadlock';
  }

  /** By component and part: the pendings that some path, fair or not, leads out of. */
  private findEscapes(): Int32Array {
    const { of, order } = this.components;
    const { parts, edges } = this;
    const escapes = new Int32Array(this.components.count * parts);
    for (const state of order) {
      const own = (of[state] ?? 0) * parts;
      const end = edges.ends[state] ?? 0;
      for (let part = 0; part < parts; part++) {
        let mask = (escapes[own + part] ?? 0) | (~this.holding(state, part) & 0x7fffffff);
        for (let at = rowStart(edges, state); at < end; at++) {
          const target = edges.targets[at] ?? -1;
          if (target >= 0) mask |= escapes[(of[target] ?? 0) * parts + part] ?? 0;
        }
        escapes[own + part] = mask;
      }
    }
    return escapes;
  }
}
