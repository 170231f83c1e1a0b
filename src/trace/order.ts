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
export function ordered(window: number, give: (event: TraceEvent, late: boolean) => void): Ordered {
  const held: TraceEvent[] = [];
  let head = 0;
  let given = -Infinity;
  let late = 0;
  const hand = (event: TraceEvent): void => {
    const isLate = event.time < given;
    if (isLate) late++;
    else given = event.time;
    give(event, isLate);
  };
  return {
    push: (event) => {
      if (window === 0) return hand(event);
      let at = held.length;
      while (at > head && (held[at - 1]?.time ?? 0) > event.time) at--;
      if (at === held.length) held.push(event);
      else held.splice(at, 0, event);
      if (held.length - head > window) {
        const next = held[head++];
        if (next !== undefined) hand(next);
        if (head >= 4096) {
          held.splice(0, head);
          head = 0;
        }
      }
    },
    flush: () => {
      for (; head < held.length; head++) {
        const next = held[head];
        if (next !== undefined) hand(next);
      }
      held.length = 0;
      head = 0;
    },
    get late() {
      return late;
    },
  };
}
