// Puts events into the order of their time within a bounded window: the buffers of several CPUs are merged a little out of order.
// Events with the same time keep the order of the log. Constant memory.

import type { TraceEvent } from './event.ts';

export interface Ordered {
  push(event: TraceEvent): void;
  /** Hands over everything that is still held. */
  flush(): void;
  /** Events that came too late even for the window. */
  readonly late: number;
}

/** `window`: events that are held back. A live reader takes 0. */
export function ordered(window: number, give: (event: TraceEvent) => void): Ordered {
  // A ring: what was handed over is let go at once.
  const size = 2 ** Math.ceil(Math.log2(window + 2));
  const held: (TraceEvent | null)[] = new Array<TraceEvent | null>(size).fill(null);
  let head = 0;
  let count = 0;
  let given = -Infinity;
  let late = 0;
  const hand = (event: TraceEvent): void => {
    const isLate = event.time < given;
    if (isLate) late++;
    else given = event.time;
    give(event);
  };
  const shift = (): void => {
    const at = head & (size - 1);
    const next = held[at];
    held[at] = null;
    head++;
    count--;
    if (next != null) hand(next);
  };
  return {
    push: (event) => {
      if (window === 0) return hand(event);
      let at = head + count;
      for (; at > head; at--) {
        const before = held[(at - 1) & (size - 1)];
        if (before == null || before.time <= event.time) break;
        held[at & (size - 1)] = before;
      }
      held[at & (size - 1)] = event;
      count++;
      if (count > window) shift();
    },
    flush: () => {
      while (count > 0) shift();
    },
    get late() {
      return late;
    },
  };
}
