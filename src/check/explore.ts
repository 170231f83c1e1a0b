// Breadth-first exploration of a System by generated code: states in one growing store, found again through one table.
// Level by level, so that the first violation is a shortest one; nothing here depends on the order of arrival within a level
// that a reader could see. No parent pointers: path.ts finds the way back from the level boundaries.

import type { System } from '../model/system.ts';
import { generate } from './generate.ts';
import type { Engine } from './generate.ts';
import type { Layout } from './layout.ts';
import { canonicalise, comesFirst, isHarm, pack, stepBefore } from './layout.ts';
import type { Limit, Limits, Progress } from './outcome.ts';
import type { Pace, Steps } from './pace.ts';
import { Team } from './parallel.ts';
import type { Workers } from './parallel.ts';

/** Where a violation was first seen. `step` is a step id, or -1 - invariant index. */
export interface Sighting {
  readonly violation: number;
  readonly state: number;
  readonly step: number;
  readonly level: number;
}

/** Every enabled step of every expanded state, in rows by state. */
export interface Edges {
  /** End of each state's row; a row begins where the one before ends. */
  ends: Uint32Array;
  /** State index, or -1 behind a fatal violation. */
  targets: Int32Array;
  /** Step id; one past the last step marks a state that ends in a fatal invariant. */
  steps: Uint16Array | Int32Array;
  count: number;
}

export interface Exploration {
  readonly system: System;
  readonly layout: Layout;
  readonly engine: Engine;
  readonly store: Int32Array;
  readonly states: number;
  readonly expanded: number;
  /** Index of the first state of each level; the levels are contiguous. */
  readonly levels: readonly number[];
  /** Levels whose states were all expanded. */
  readonly levelsDone: number;
  readonly transitions: number;
  readonly limit: Limit | null;
  readonly harmed: boolean;
  readonly exhausted: boolean;
  readonly sightings: readonly Sighting[];
  readonly edges: Edges | null;
  readonly peakBytes: number;
  /** Threads that took part. */
  readonly threads: number;
}

export interface ExploreOptions {
  readonly limits: Limits;
  /** When the whole search began, by the same clock as `now`. */
  readonly started: number;
  readonly now: () => number;
  readonly stop: () => boolean;
  readonly progress: (progress: Progress) => void;
  readonly pace: Pace;
  readonly keepEdges: boolean;
  /** Which part of the search this is, for the progress. */
  readonly phase: Progress['phase'];
  /** Threads to help with a large search; not where edges are kept. */
  readonly workers?: Workers | undefined;
}

const load = 0.7;
const pollEvery = 16;
const progressEvery = 250;

export function explore(system: System, layout: Layout, options: ExploreOptions): Steps<Exploration> {
  return new Explorer(system, layout, options).run();
}

class Explorer {
  private readonly system: System;
  private readonly layout: Layout;
  private readonly options: ExploreOptions;
  private readonly engine: Engine;
  private team: Team | undefined;
  /** The team has taken over. */
  private teamed = false;
  private readonly sightings: (Sighting | undefined)[];
  private store: Int32Array;
  private table = new Int32Array(1 << 12);
  private readonly edges: Edges | null;
  private states = 0;
  private level = 0;
  private transitions = 0;
  private harmed = false;
  private peakBytes = 0;
  private polls = 0;
  private lastProgress: number;

  constructor(system: System, layout: Layout, options: ExploreOptions) {
    this.system = system;
    this.layout = layout;
    this.options = options;
    this.engine = generate(system, layout, (violation, step, base) => {
      if (this.teamed) this.team?.sight(violation, step, base);
      else this.sight(violation, step, base);
    });
    this.sightings = system.violations.map(() => undefined);
    this.store = new Int32Array(layout.words << 12);
    this.lastProgress = options.started;
    const wide = system.steps.length >= 65535;
    this.edges = options.keepEdges
      ? { ends: new Uint32Array(1 << 12), targets: new Int32Array(1 << 14), steps: wide ? new Int32Array(1 << 14) : new Uint16Array(1 << 14), count: 0 }
      : null;
  }

  *run(): Steps<Exploration> {
    try {
      return yield* this.search();
    } finally {
      this.team?.end();
    }
  }

  private *search(): Steps<Exploration> {
    const { engine } = this;
    const { pace } = this.options;
    pack(this.layout, this.system.variables.map((v) => v.initial), this.store, 0);
    canonicalise(this.layout, this.store, 0);
    this.states = 1;
    engine.rehash(this.table, this.table.length - 1, this.store, 1);
    const levels = [0];
    let from = 0;
    let limit: Limit | null = null;
    while (from < this.states && !this.harmed && limit === null) {
      if (this.level >= this.options.limits.depth) {
        limit = 'depth';
        break;
      }
      const to = this.states;
      const team = this.readyTeam();
      if (team !== undefined) [from, limit] = yield* this.levelByTeam(team, from, to);
      else {
        while (from < to && limit === null) {
          this.expandBatch(from, to);
          from = engine.cursor[0] ?? to;
          if (this.polls % pollEvery === 0 && pace.due()) yield* pace.aside();
          limit = this.limitHit(to - from);
        }
      }
      if (from === to) {
        this.level++;
        if (this.states > to) levels.push(to);
        // A limit that is hit by the very last state leaves nothing out.
        else limit = null;
      }
    }
    return {
      system: this.system,
      layout: this.layout,
      engine,
      store: this.store,
      states: this.states,
      expanded: from,
      levels,
      levelsDone: this.level,
      transitions: this.transitions,
      limit,
      harmed: this.harmed,
      exhausted: from === this.states,
      sightings: this.sightings.filter((s) => s !== undefined),
      edges: this.edges,
      peakBytes: Math.max(this.peakBytes, this.bytes()),
      threads: this.teamed ? (this.options.workers?.count ?? 1) : 1,
    };
  }

  /** The team once it is there; threads are started when the search turns out to be large. */
  private readyTeam(): Team | undefined {
    const { workers, limits } = this.options;
    if (this.teamed || workers === undefined || workers.count < 2 || this.edges !== null) return this.team;
    if (this.team === undefined) {
      if (this.states < (workers.from ?? 500_000)) return undefined;
      this.team = new Team(this.system, this.layout, this.engine, workers, limits.bytes);
    }
    const { team } = this;
    if (!team.ready(workers.patience ?? 0)) return undefined;
    const seen = this.sightings.flatMap((s, violation) => (s === undefined ? [] : [violation]));
    team.begin(this.store, this.states, seen);
    this.peakBytes = Math.max(this.peakBytes, this.bytes() + this.states * this.layout.words * 4 + team.tableSize * 4);
    this.teamed = true;
    this.store = team.store;
    this.table = new Int32Array(0);
    return team;
  }

  /** The first state that was not expanded, and why. */
  private *levelByTeam(team: Team, from: number, to: number): Steps<[number, Limit | null]> {
    let limit: Limit | null = null;
    let left = to - from;
    const poll = (): boolean => {
      limit ??= this.limitHit(left);
      left = Math.max(0, left - 512);
      return limit !== null;
    };
    const result = yield* team.level(from, to, poll, this.options.pace);
    this.states = result.states;
    this.transitions += result.transitions;
    for (const { violation, state, step } of result.sightings) {
      if (isHarm(this.system, violation)) this.harmed = true;
      this.sightings[violation] = { violation, state, step, level: this.level };
    }
    const { expanded } = result;
    if (result.outOfRoom) return [expanded, 'bytes'];
    return [expanded, limit ?? (this.states > this.options.limits.states ? 'states' : null)];
  }

  private expandBatch(from: number, to: number): void {
    const { engine } = this;
    const count = engine.expand(this.store, from, to);
    this.transitions += count - (engine.cursor[1] ?? 0);
    this.makeRoom(count);
    const mask = this.table.length - 1;
    engine.settle(count, this.table, mask);
    this.states = engine.insert(count, this.table, mask, this.store, this.states);
    if (this.edges !== null) this.keepEdges(this.edges, from, count);
  }

  private makeRoom(count: number): void {
    const most = this.states + count;
    const words = this.layout.words;
    if (most * words > this.store.length) {
      // Memory that was never touched costs nothing, so the steps are large and the copies few.
      const grown = new Int32Array(this.store.length * 4);
      grown.set(this.store.subarray(0, this.states * words));
      this.peakBytes = Math.max(this.peakBytes, this.bytes() + this.states * words * 4);
      this.store = grown;
    }
    if (most > this.table.length * load) {
      let size = this.table.length;
      while (most > size * load) size *= size < 1 << 18 ? 4 : 2;
      this.table = new Int32Array(0);
      this.table = new Int32Array(size);
      this.engine.rehash(this.table, size - 1, this.store, this.states);
    }
  }

  private keepEdges(edges: Edges, from: number, count: number): void {
    const { engine } = this;
    const first = edges.count;
    if (first + count > edges.targets.length) {
      this.peakBytes = Math.max(this.peakBytes, this.bytes() + first * 6);
      edges.targets = grow(edges.targets, new Int32Array(edges.targets.length * 4));
      edges.steps = edges.steps instanceof Uint16Array ? grow(edges.steps, new Uint16Array(edges.steps.length * 4)) : grow(edges.steps, new Int32Array(edges.steps.length * 4));
    }
    const expanded = engine.cursor[2] ?? 0;
    if (from + expanded > edges.ends.length) edges.ends = grow(edges.ends, new Uint32Array(edges.ends.length * 4));
    const { targets, steps, ends } = edges;
    for (let i = 0; i < count; i++) {
      const taken = engine.taken[i] ?? 0;
      targets[first + i] = engine.targets[i] ?? 0;
      steps[first + i] = taken < 0 ? ~taken : taken;
    }
    for (let i = 0; i < expanded; i++) ends[from + i] = first + (engine.ends[i] ?? 0);
    edges.count = first + count;
  }

  private sight(violation: number, step: number, base: number): void {
    const before = this.sightings[violation];
    if (before !== undefined && before.level < this.level) return;
    const state = base / this.layout.words;
    if (isHarm(this.system, violation)) this.harmed = true;
    if (before !== undefined) {
      const first = comesFirst(this.layout, this.store, { state, step }, before, (a, b) => stepBefore(this.system, a, b));
      if (!first) return;
    }
    this.sightings[violation] = { violation, state, step, level: this.level };
  }

  private limitHit(left: number): Limit | null {
    const { limits, now, stop, progress, started, phase } = this.options;
    if (this.states > limits.states) return 'states';
    if (this.polls++ % pollEvery !== 0) return null;
    if (this.bytes() > limits.bytes) return 'bytes';
    const time = now();
    if (time - started > limits.milliseconds) return 'milliseconds';
    if (stop()) return 'interrupted';
    if (time - this.lastProgress >= progressEvery) {
      this.lastProgress = time;
      progress({ phase, states: this.states, transitions: this.transitions, depth: this.level, frontier: left, milliseconds: time - started });
    }
    return null;
  }

  /** Memory in use: what was written of the store and the edges, and the whole table. */
  private bytes(): number {
    const edges = this.edges === null ? 0 : this.edges.count * 6 + this.states * 4;
    const table = this.teamed && this.team !== undefined ? this.team.tableSize : this.table.length;
    return this.states * this.layout.words * 4 + table * 4 + edges;
  }
}

function grow<A extends Int32Array | Uint32Array | Uint16Array>(from: A, to: A): A {
  to.set(from);
  return to;
}
