// When a long computation stands aside for its caller, and when it is to end: by the clock and the stop that are handed in.
// The parts of the search are generators that yield where it is due; they go on where they were.

/** A search, part by part: yields when it has worked for a while, and returns its result. */
export type Steps<T> = Generator<void, T, void>;

/** Thrown out of a part that is to end without a result. */
export class BrokenOff extends Error {}

/** Milliseconds of work between two yields. */
const SLICE = 25;

export class Pace {
  private readonly now: () => number;
  private readonly stop: () => boolean;
  private readonly until: number;
  private resumed: number;

  /** `until` is a time by the clock `now`. */
  constructor(now: () => number, stop: () => boolean, until: number) {
    this.now = now;
    this.stop = stop;
    this.until = until;
    this.resumed = now();
  }

  /** A good moment to yield. Asking has no effect on the work itself. */
  due(): boolean {
    return this.now() - this.resumed >= SLICE;
  }

  /** Yields if it is due. */
  *aside(): Steps<void> {
    if (!this.due()) return;
    yield;
    this.resumed = this.now();
  }

  /** As `aside`, and throws BrokenOff where the work is to end. */
  *on(): Steps<void> {
    if (!this.due()) return;
    yield;
    this.resumed = this.now();
    if (this.stop() || this.resumed > this.until) throw new BrokenOff();
  }
}

/** Runs it to its end without standing aside. */
export function finish<T>(steps: Steps<T>): T {
  for (;;) {
    const { done, value } = steps.next();
    if (done === true) return value;
  }
}
