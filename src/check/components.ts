// Strongly connected components of the explored graph, iteratively (no recursion) on typed arrays.
// One run over the whole graph, and runs over parts of it that carry a label; both stand aside from time to time.

import type { Edges } from './explore.ts';
import type { Pace, Steps } from './pace.ts';

/** Components in an order in which every component comes after those that it leads to. */
export interface Components {
  /** Component number by state. */
  readonly of: Int32Array;
  /** States, grouped by component, in the order of component numbers. */
  readonly order: Int32Array;
  readonly count: number;
  /** Members of the components that contain a cycle (more than one state, or a self-loop). */
  readonly cyclic: readonly Int32Array[];
}

export function rowStart(edges: Edges, state: number): number {
  return state === 0 ? 0 : (edges.ends[state - 1] ?? 0);
}

/** Visits between two looks at the clock. */
const budget = 1 << 15;

type OnComponent = (from: number, to: number) => void;

/** Reusable working memory for graphs of up to `states` states. */
export class ComponentFinder {
  private readonly edges: Edges;
  private readonly pace: Pace;
  private readonly index: Int32Array;
  private readonly low: Int32Array;
  private readonly next: Uint32Array;
  private readonly stack: Int32Array;
  private readonly path: Int32Array;
  /** Which part a state belongs to; only edges within one part count. */
  readonly label: Int32Array;
  private labels = 0;
  // Where a run from one root stands.
  private stacked = 0;
  private depth = -1;
  private clock = 0;
  private left = budget;

  constructor(edges: Edges, states: number, pace: Pace) {
    this.edges = edges;
    this.pace = pace;
    this.index = new Int32Array(states);
    this.low = new Int32Array(states);
    this.next = new Uint32Array(states);
    this.stack = new Int32Array(states);
    this.path = new Int32Array(states);
    this.label = new Int32Array(states);
  }

  /** Gives `members` a label of their own and returns it. */
  mark(members: ArrayLike<number>): number {
    const label = ++this.labels;
    for (let i = 0; i < members.length; i++) this.label[members[i] ?? 0] = label;
    return label;
  }

  /** Components of the whole graph of `states` states. Labels must still be all alike. */
  *whole(states: number): Steps<Components> {
    const of = new Int32Array(states);
    const order = new Int32Array(states);
    const cyclic: Int32Array[] = [];
    let count = 0;
    let placed = 0;
    const { index } = this;
    for (let root = 0; root < states; root++) {
      if (index[root] !== 0) continue;
      yield* this.from(root, 0, (from, to) => {
        const { stack } = this;
        for (let i = from; i < to; i++) {
          const state = stack[i] ?? 0;
          of[state] = count;
          order[placed++] = state;
        }
        if (to - from > 1 || this.hasLoop(stack[from] ?? 0)) cyclic.push(stack.slice(from, to));
        count++;
      });
    }
    return { of, order, count, cyclic };
  }

  /** The cyclic components of the part that `members` make up. */
  *within(members: Int32Array): Steps<Int32Array[]> {
    const label = this.mark(members);
    const cyclic: Int32Array[] = [];
    for (const state of members) this.index[state] = 0;
    for (const root of members) {
      if (this.index[root] !== 0) continue;
      yield* this.from(root, label, (from, to) => {
        const { stack } = this;
        if (to - from > 1 || this.hasLoop(stack[from] ?? 0)) cyclic.push(stack.slice(from, to));
      });
    }
    return cyclic;
  }

  private hasLoop(state: number): boolean {
    const { targets, ends } = this.edges;
    const end = ends[state] ?? 0;
    for (let at = rowStart(this.edges, state); at < end; at++) if (targets[at] === state) return true;
    return false;
  }

  /** Tarjan from one root. `index` is 0 for a new state, and -1 for one whose component is known. */
  private *from(root: number, label: number, found: OnComponent): Steps<void> {
    this.depth = 0;
    this.clock = 1;
    this.path[0] = root;
    this.index[root] = this.low[root] = 1;
    this.next[root] = rowStart(this.edges, root);
    this.stack[0] = root;
    this.stacked = 1;
    while (!this.advance(label, found)) {
      this.left = budget;
      yield* this.pace.on();
    }
  }

  /** Goes on until the root is done, or until there were enough visits. */
  private advance(label: number, found: OnComponent): boolean {
    const { index, low, next, stack, path, label: labels } = this;
    const { targets, ends } = this.edges;
    let { stacked, depth, clock, left } = this;
    while (depth >= 0 && left-- > 0) {
      const state = path[depth] ?? 0;
      const end = ends[state] ?? 0;
      let at = next[state] ?? 0;
      let least = low[state] ?? 0;
      let deeper = -1;
      while (at < end) {
        const target = targets[at++] ?? -1;
        if (target < 0 || labels[target] !== label) continue;
        const seen = index[target] ?? 0;
        if (seen === 0) {
          deeper = target;
          break;
        }
        if (seen > 0 && seen < least) least = seen;
      }
      next[state] = at;
      low[state] = least;
      if (deeper >= 0) {
        clock++;
        index[deeper] = low[deeper] = clock;
        next[deeper] = rowStart(this.edges, deeper);
        stack[stacked++] = deeper;
        path[++depth] = deeper;
        continue;
      }
      if (least === index[state]) {
        let from = stacked - 1;
        while (stack[from] !== state) from--;
        found(from, stacked);
        for (let i = from; i < stacked; i++) index[stack[i] ?? 0] = -1;
        stacked = from;
      }
      depth--;
      if (depth >= 0) {
        const parent = path[depth] ?? 0;
        if ((low[parent] ?? 0) > least) low[parent] = least;
      }
    }
    this.stacked = stacked;
    this.depth = depth;
    this.clock = clock;
    this.left = left;
    return depth < 0;
  }
}
