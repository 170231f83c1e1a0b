// Entry of a worker thread: answers tasks, one after the other, until it is ended.

import { parentPort, workerData } from 'node:worker_threads';
import { engine } from './engine.ts';
import { answer, type Surroundings } from './pipeline.ts';
import type { FromWorker, Setup, ToWorker } from './pool.ts';

const { stopFlag, progress } = workerData as Setup;
const flag = new Int32Array(stopFlag);
const port = parentPort;

port?.on('message', ({ index, task }: ToWorker) => {
  const say = (message: FromWorker): void => port.postMessage(message);
  const quiet: Surroundings = { now: () => performance.now(), stop: () => Atomics.load(flag, 0) !== 0 };
  const surroundings: Surroundings = progress ? { ...quiet, progress: (made) => say({ kind: 'progress', index, progress: made }) } : quiet;
  say({ kind: 'answer', index, answer: answer(engine, task, surroundings) });
});
