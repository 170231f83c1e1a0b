// Entry of a worker thread: takes tasks until there are none left, or serves one search.

import { parentPort, workerData } from 'node:worker_threads';
import { finish, serveWorker } from '../check/index.ts';
import { engine } from './engine.ts';
import { answer, type Surroundings } from './pipeline.ts';
import { IN_HAND, NEXT, STOP, type FromWorker, type Setup } from './pool.ts';

const setup = workerData as Setup;
if (setup.kind === 'search') serveWorker(setup.input);
else takeTasks(setup);

function takeTasks({ tasks, control, index: own, progress }: Extract<Setup, { kind: 'tasks' }>): void {
  const words = new Int32Array(control);
  const say = (message: FromWorker): void => parentPort?.postMessage(message);
  const quiet: Surroundings = { now: () => performance.now(), stop: () => Atomics.load(words, STOP) !== 0 };
  const surroundings: Surroundings = progress ? { ...quiet, progress: (made) => say({ kind: 'progress', progress: made }) } : quiet;
  for (let index = Atomics.add(words, NEXT, 1); ; index = Atomics.add(words, NEXT, 1)) {
    const task = tasks[index];
    if (task === undefined) return;
    Atomics.store(words, IN_HAND + own, index + 1);
    const made = finish(answer(engine, task, surroundings));
    say({ kind: 'answer', index, json: JSON.stringify(made) });
  }
}
