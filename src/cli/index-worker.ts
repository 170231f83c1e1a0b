// Entry of a thread of the identifier index: takes parts until there are none left, and tells at the end what it found.

import { parentPort, workerData } from 'node:worker_threads';
import { task, type PartResult } from '../source/index-task.ts';
import { PartQueue, type FromIndexWorker, type IndexSetup } from './index-pool.ts';

const { input, memory } = workerData as IndexSetup;
const queue = new PartQueue(memory);
const act = task(input);
const results: [number, PartResult][] = [];
for (let number = queue.take(); queue.awaits(number); number = queue.take()) {
  const part = queue.read(number);
  results.push([number, act(part)]);
  queue.count(part.paths.length);
}
parentPort?.postMessage({ results } satisfies FromIndexWorker);
