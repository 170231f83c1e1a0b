// A search by several threads on shared memory: one store, one table without locks, levels in step.
// Threads are handed in: `Workers.spawn` starts one that calls `serveWorker`. The search never depends on them: it goes on
// by itself until they are ready, and takes its own share of the work behind that.

import type { System } from '../model/system.ts';
import { generate, sharedBlock } from './generate.ts';
import type { Engine } from './generate.ts';
import { comesFirst, stepBefore } from './layout.ts';
import type { Layout } from './layout.ts';
import type { Pace, Steps } from './pace.ts';

/** What a thread is given: plain data and shared buffers, fit for a structured clone. */
export interface WorkerInput {
  readonly system: System;
  readonly layout: Layout;
  readonly shared: SharedBuffers;
  /** 1 … threads - 1; the caller's own thread is 0. */
  readonly index: number;
}

export interface SharedBuffers {
  readonly control: SharedArrayBuffer;
  readonly store: SharedArrayBuffer;
  readonly table: SharedArrayBuffer;
  readonly covered: SharedArrayBuffer;
  readonly witnessed: SharedArrayBuffer;
  /** By thread and violation: state and step of the smallest sighting in this level, -1 without one. */
  readonly sights: SharedArrayBuffer;
  /** By violation: 1 once it was seen in an earlier level. */
  readonly seen: SharedArrayBuffer;
}

/** Threads for a search. */
export interface Workers {
  /** Threads in all, the caller's own included; 2 or more. */
  readonly count: number;
  /** Starts a thread that passes `input` to `serveWorker`. `end` is called once, when it has nothing more to do. */
  readonly spawn: (input: WorkerInput) => WorkerHandle;
  /** States from which on threads are worth starting; 500,000 if left out. */
  readonly from?: number;
  /** Milliseconds to wait for threads to start; 0 if left out: the search goes on alone until they are there. */
  readonly patience?: number;
}

export interface WorkerHandle {
  readonly end: () => void;
}

// Words of the control buffer.
const turn = 0;
const done = 1;
const next = 2;
const levelEnd = 3;
const allocated = 4;
const abort = 5;
const full = 6;
const ready = 7;
const mask = 8;
const job = 9;
const room = 10;
const failed = 11;
const first = 16;
const each = 8;
// Words of each thread, from `first + index * each`.
const counted = 0;
const leftFrom = 1;
const leftTo = 2;
const blockFrom = 3;
const blockTo = 4;

const jobExpand = 1;
const jobRehash = 2;
const jobQuit = 3;

const chunk = 256;
const fullAt = 0.7;

interface Views {
  readonly control: Int32Array;
  readonly store: Int32Array;
  readonly table: Int32Array;
  readonly sights: Int32Array;
  readonly seen: Int32Array;
}

/** One thread's part of the work. */
class Hand {
  readonly engine: Engine;
  readonly views: Views;
  private readonly index: number;
  private readonly layout: Layout;
  private readonly system: System;
  /** [next index of the block in hand, its end]. */
  private readonly block = new Int32Array(2);
  private transitions = 0;

  /** `own` is an engine that is warm already; its violations are to be passed to `sight`, and it keeps its own coverage. */
  constructor(system: System, layout: Layout, shared: SharedBuffers, index: number, own?: Engine) {
    this.system = system;
    this.layout = layout;
    this.index = index;
    this.views = {
      control: new Int32Array(shared.control),
      store: new Int32Array(shared.store),
      table: new Int32Array(shared.table),
      sights: new Int32Array(shared.sights),
      seen: new Int32Array(shared.seen),
    };
    this.engine =
      own ??
      generate(system, layout, (violation, step, base) => this.sight(violation, step, base), {
        covered: new Uint8Array(shared.covered),
        witnessed: new Uint8Array(shared.witnessed),
      });
  }

  /**
   * Takes chunks of the level until there are no more, or until `aside` is true between two of them: then it gives false,
   * and is to be called again. `poll` is called before each chunk; true breaks off.
   */
  expand(poll: () => boolean, aside: () => boolean): boolean {
    const { control } = this.views;
    const own = first + this.index * each;
    control[own + leftFrom] = control[own + leftTo] = 0;
    for (;;) {
      if (poll() || Atomics.load(control, abort) !== 0 || Atomics.load(control, full) !== 0) break;
      if (aside()) return false;
      const from = Atomics.add(control, next, chunk);
      const end = control[levelEnd] ?? 0;
      if (from >= end) break;
      this.transitions += this.range(from, Math.min(end, from + chunk));
    }
    control[own + counted] = this.transitions;
    this.transitions = 0;
    control[own + blockFrom] = this.block[0] ?? 0;
    control[own + blockTo] = this.block[1] ?? 0;
    this.block.fill(0);
    return true;
  }

  private range(from: number, to: number): number {
    const { engine } = this;
    const { control, store, table } = this.views;
    const bits = control[mask] ?? 0;
    let transitions = 0;
    for (let at = from; at < to; ) {
      const count = engine.expand(store, at, to);
      if (Atomics.load(control, allocated) + count + sharedBlock > (control[room] ?? 0)) {
        // Not inserted: these states are to be expanded again when there is room.
        const own = first + this.index * each;
        control[own + leftFrom] = at;
        control[own + leftTo] = to;
        Atomics.store(control, full, 1);
        return transitions;
      }
      at = engine.cursor[0] ?? to;
      transitions += count - (engine.cursor[1] ?? 0);
      engine.settle(count, table, bits);
      engine.insertShared(count, table, bits, store, control, this.block);
    }
    return transitions;
  }

  rehash(): void {
    const { control, store, table } = this.views;
    for (;;) {
      const from = Atomics.add(control, next, chunk * 16);
      const end = control[levelEnd] ?? 0;
      if (from >= end) return;
      this.engine.rehashShared(table, control[mask] ?? 0, store, from, Math.min(end, from + chunk * 16));
    }
  }

  sight(violation: number, step: number, base: number): void {
    const { seen, sights, store } = this.views;
    if (seen[violation] === 1) return;
    const at = (this.index * this.system.violations.length + violation) * 2;
    const state = base / this.layout.words;
    const before = sights[at] ?? -1;
    if (before >= 0 && !this.closer(state, step, before, sights[at + 1] ?? 0, store)) return;
    sights[at] = state;
    sights[at + 1] = step;
  }

  private closer(state: number, step: number, before: number, beforeStep: number, store: Int32Array): boolean {
    return comesFirst(this.layout, store, { state, step }, { state: before, step: beforeStep }, (a, b) => stepBefore(this.system, a, b));
  }
}

const never = (): boolean => false;

/** What a spawned thread does until the search is over. It blocks; nothing else can run on that thread. */
export function serveWorker(input: WorkerInput): void {
  const hand = new Hand(input.system, input.layout, input.shared, input.index);
  const { control } = hand.views;
  let seenTurn = 0;
  Atomics.add(control, ready, 1);
  Atomics.notify(control, ready);
  for (;;) {
    Atomics.wait(control, turn, seenTurn);
    const now = Atomics.load(control, turn);
    if (now === seenTurn) continue;
    seenTurn = now;
    const what = Atomics.load(control, job);
    if (what === jobQuit) return;
    try {
      if (what === jobExpand) hand.expand(never, never);
      else hand.rehash();
    } catch (error) {
      // The leading thread must not wait for ever.
      Atomics.store(control, failed, 1);
      throw error;
    } finally {
      Atomics.add(control, done, 1);
      Atomics.notify(control, done);
    }
  }
}

/** What one level came to. */
export interface LevelResult {
  readonly transitions: number;
  /** States in the store behind it. */
  readonly states: number;
  /** Index of the first state that was not expanded, if it was broken off. */
  readonly expanded: number;
  /** Store and table cannot grow any more. */
  readonly outOfRoom: boolean;
  readonly sightings: readonly { readonly violation: number; readonly state: number; readonly step: number }[];
}

/** The shared search, from the side of the thread that leads it. */
export class Team {
  private readonly hand: Hand;
  private readonly handles: readonly WorkerHandle[];
  private readonly system: System;
  private readonly layout: Layout;
  private readonly count: number;
  private readonly capacity: number;

  private readonly shared: SharedBuffers;

  constructor(system: System, layout: Layout, engine: Engine, workers: Workers, mostBytes: number) {
    const { shared, capacity } = reserve(system, layout, workers.count, mostBytes);
    this.system = system;
    this.layout = layout;
    this.count = workers.count;
    this.capacity = capacity;
    this.shared = shared;
    this.hand = new Hand(system, layout, shared, 0, engine);
    this.hand.views.sights.fill(-1);
    this.handles = Array.from({ length: workers.count - 1 }, (_, i) => workers.spawn({ system, layout, shared, index: i + 1 }));
  }

  /** Violations that the leading thread meets. */
  sight(violation: number, step: number, base: number): void {
    this.hand.sight(violation, step, base);
  }

  get store(): Int32Array {
    return this.hand.views.store;
  }

  get tableSize(): number {
    return (this.hand.views.control[mask] ?? 0) + 1;
  }

  /** All threads have started, at the latest after `patience` milliseconds of waiting for each. */
  ready(patience: number): boolean {
    const { control } = this.hand.views;
    for (let started = Atomics.load(control, ready); started < this.handles.length; started = Atomics.load(control, ready)) {
      if (patience === 0 || Atomics.wait(control, ready, started, patience) === 'timed-out') return false;
    }
    return true;
  }

  /** Takes over the states that were found so far. */
  begin(store: Int32Array, states: number, seen: readonly number[]): void {
    const { control, seen: seenBefore } = this.hand.views;
    this.store.set(store.subarray(0, states * this.layout.words));
    for (const violation of seen) seenBefore[violation] = 1;
    control[allocated] = states;
    // Filling a larger table anew costs more than the room: most searches that get here grow on.
    this.grow(states * 4);
  }

  /** Expands the states from `from` to `to`, which are all there are. `poll` is called now and then; true breaks off. */
  *level(from: number, to: number, poll: () => boolean, pace: Pace): Steps<LevelResult> {
    const { control, seen } = this.hand.views;
    let transitions = 0;
    let outOfRoom = false;
    control[next] = from;
    control[levelEnd] = to;
    control[abort] = 0;
    if (to + (to - from) * 2 > (control[room] ?? 0)) this.grow(to * 2);
    for (;;) {
      control[full] = 0;
      const stopped = (): boolean => {
        const stop = poll();
        if (stop) Atomics.store(control, abort, 1);
        return stop;
      };
      const helped = this.call(jobExpand, to - from);
      while (!this.hand.expand(stopped, () => pace.due())) yield* pace.aside();
      if (helped) this.gather();
      transitions += this.sum(counted);
      this.closeGaps(to);
      if (control[full] === 0 || control[abort] !== 0) break;
      const size = control[mask] ?? 0;
      this.grow((control[allocated] ?? 0) * 2);
      if (size === control[mask]) {
        outOfRoom = true;
        break;
      }
      transitions += this.leftovers();
    }
    const sightings = this.sightings();
    for (const { violation } of sightings) seen[violation] = 1;
    return { transitions, states: control[allocated] ?? 0, expanded: Math.min(to, control[next] ?? to), outOfRoom, sightings };
  }

  /** Adds what the other threads covered, and lets them go. */
  end(): void {
    const { control } = this.hand.views;
    const { covered, witnessed } = this.hand.engine;
    new Uint8Array(this.shared.covered).forEach((on, i) => (covered[i] = (covered[i] ?? 0) | on));
    new Uint8Array(this.shared.witnessed).forEach((on, i) => (witnessed[i] = (witnessed[i] ?? 0) | on));
    Atomics.store(control, job, jobQuit);
    Atomics.add(control, turn, 1);
    Atomics.notify(control, turn);
    for (const handle of this.handles) handle.end();
  }

  /** Sets the other threads to a job; false where it is too small to wake them for. */
  private call(what: number, size: number): boolean {
    const { control } = this.hand.views;
    if (size < chunk * 8) {
      for (let i = 1; i < this.count; i++) control.fill(0, first + i * each, first + (i + 1) * each);
      return false;
    }
    Atomics.store(control, done, 0);
    Atomics.store(control, job, what);
    Atomics.add(control, turn, 1);
    Atomics.notify(control, turn);
    return true;
  }

  /** Waits until the others have done their part. */
  private gather(): void {
    const { control } = this.hand.views;
    for (let seen = Atomics.load(control, done); seen < this.handles.length; seen = Atomics.load(control, done)) Atomics.wait(control, done, seen, 100);
    if (Atomics.load(control, failed) !== 0) throw new Error('a thread of the search failed');
  }

  private sum(word: number): number {
    let total = 0;
    for (let i = 0; i < this.count; i++) total += this.hand.views.control[first + i * each + word] ?? 0;
    return total;
  }

  /** Expands again what a full table kept from being inserted. */
  private leftovers(): number {
    const { control } = this.hand.views;
    const ranges = Array.from({ length: this.count }, (_, i) => [control[first + i * each + leftFrom] ?? 0, control[first + i * each + leftTo] ?? 0] as const);
    const [from, to] = [control[next] ?? 0, control[levelEnd] ?? 0];
    let transitions = 0;
    control[full] = 0;
    for (const [start, end] of ranges) {
      if (start >= end) continue;
      control[next] = start;
      control[levelEnd] = end;
      for (let i = 0; i < this.count; i++) control.fill(0, first + i * each, first + (i + 1) * each);
      this.hand.expand(never, never);
      transitions += control[first + counted] ?? 0;
      this.closeGaps(to);
    }
    control[next] = Math.min(from, to);
    control[levelEnd] = to;
    return transitions;
  }

  /** Threads leave unused indices at the ends of their blocks: the last states move there. */
  private closeGaps(to: number): void {
    const { control, store, table } = this.hand.views;
    const top = control[allocated] ?? 0;
    const gaps = new Set<number>();
    for (let i = 0; i < this.count; i++) {
      const own = first + i * each;
      for (let index = control[own + blockFrom] ?? 0; index < (control[own + blockTo] ?? 0); index++) gaps.add(index);
    }
    const states = top - gaps.size;
    const bits = control[mask] ?? 0;
    const { words } = this.layout;
    let source = top - 1;
    for (const gap of [...gaps].sort((a, b) => a - b)) {
      if (gap >= states) break;
      while (gaps.has(source)) source--;
      if (source < to) throw new Error('a gap below the level');
      for (let word = 0; word < words; word++) {
        const value = store[source * words + word] ?? 0;
        store[gap * words + word] = value;
        this.hand.engine.batch[word] = value;
      }
      this.hand.engine.settle(1, table, bits);
      let slot = (this.hand.engine.hashes[0] ?? 0) & bits;
      while (((table[slot] ?? 0) & bits) !== source + 1) slot = (slot + 1) & bits;
      table[slot] = ((table[slot] ?? 0) & ~bits) | (gap + 1);
      source--;
    }
    control[allocated] = states;
  }

  /** Makes room in the table for so many states, as far as the reserve goes. */
  private grow(states: number): void {
    const { control, table } = this.hand.views;
    let size = Math.max(1 << 18, this.tableSize);
    while (size * fullAt < states && size * 2 <= table.length) size *= 2;
    control[room] = Math.min(this.capacity, Math.floor(size * fullAt)) - this.count * sharedBlock * 2;
    if (size === this.tableSize) return;
    table.fill(0, 0, this.tableSize);
    control[mask] = size - 1;
    const [from, to] = [control[next] ?? 0, control[levelEnd] ?? 0];
    control[next] = 0;
    control[levelEnd] = control[allocated] ?? 0;
    const left = control.slice(first, first + this.count * each);
    const helped = this.call(jobRehash, control[levelEnd]);
    this.hand.rehash();
    if (helped) this.gather();
    control.set(left, first);
    control[next] = from;
    control[levelEnd] = to;
  }

  private sightings(): LevelResult['sightings'] {
    const { sights } = this.hand.views;
    const violations = this.system.violations.length;
    const best: LevelResult['sightings'][number][] = [];
    for (let violation = 0; violation < violations; violation++) {
      let smallest: LevelResult['sightings'][number] | undefined;
      for (let i = 0; i < this.count; i++) {
        const at = (i * violations + violation) * 2;
        const state = sights[at] ?? -1;
        const step = sights[at + 1] ?? 0;
        if (state < 0) continue;
        sights[at] = -1;
        if (smallest !== undefined && !comesFirst(this.layout, this.store, { state, step }, smallest, (a, b) => stepBefore(this.system, a, b))) continue;
        smallest = { violation, state, step };
      }
      if (smallest !== undefined) best.push(smallest);
    }
    return best;
  }
}

/** Address space for store and table. What is not written to takes no memory, so it is asked for once and never moved. */
function reserve(system: System, layout: Layout, threads: number, mostBytes: number): { shared: SharedBuffers; capacity: number } {
  const most = Math.min(mostBytes, 2 ** 33);
  for (let states = 2 ** 29; ; states /= 2) {
    const capacity = Math.floor(states * fullAt);
    const bytes = capacity * layout.words * 4 + states * 4;
    if (states > 2 ** 18 && (bytes > most || capacity * layout.words * 4 > 2 ** 32)) continue;
    try {
      const shared: SharedBuffers = {
        control: new SharedArrayBuffer((first + threads * each) * 4),
        store: new SharedArrayBuffer(capacity * layout.words * 4),
        table: new SharedArrayBuffer(states * 4),
        covered: new SharedArrayBuffer(system.steps.length + 1),
        witnessed: new SharedArrayBuffer(system.witnesses.length),
        sights: new SharedArrayBuffer(threads * system.violations.length * 8),
        seen: new SharedArrayBuffer(system.violations.length * 4),
      };
      return { shared, capacity };
    } catch (error) {
      // No such address space: try half.
      if (!(error instanceof RangeError) || states <= 2 ** 18) throw error;
    }
  }
}
