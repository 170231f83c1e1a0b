// Threads for the tests and benchmarks of the checker, by node:worker_threads.

import { Worker } from 'node:worker_threads';
import type { Workers } from '../../src/check/index.ts';

const entry = new URL('./thread.mjs', import.meta.url);

/** `count` threads in all, started when a search has reached `from` states. */
export function threads(count: number, from?: number): Workers {
  return {
    count,
    ...(from === undefined ? {} : { from }),
    spawn: (input) => {
      const worker = new Worker(entry, { workerData: input });
      // A search that ends early must not wait for a thread that is still starting.
      worker.unref();
      return { end: () => void worker.terminate() };
    },
  };
}
