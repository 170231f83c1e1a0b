// Spreads tasks over worker threads and gives the answers in the order of the tasks, whatever the order of arrival.
// One or two small tasks are tried in the main thread first: a thread costs more than most searches.

import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';
import type { Progress } from '../check/outcome.ts';
import type { Answer, Task } from './pipeline.ts';

/** What a worker is started with. */
export interface Setup {
  /** One Int32, not zero once the search is to end. */
  readonly stopFlag: SharedArrayBuffer;
  readonly progress: boolean;
}

export interface ToWorker {
  readonly index: number;
  readonly task: Task;
}

export type FromWorker =
  | { readonly kind: 'answer'; readonly index: number; readonly answer: Answer }
  | { readonly kind: 'progress'; readonly index: number; readonly progress: Progress };

export interface PoolOptions {
  /** Null: two, or one on one core. */
  readonly workers: number | null;
  /** Called a few times a second, with the number of tasks done. */
  readonly progress: ((progress: Progress, done: number) => void) | null;
}

export interface Run {
  readonly answers: Promise<readonly Answer[]>;
  /** Ends the searches; their answers are unfinished ones. */
  readonly interrupt: () => void;
}

/** Milliseconds that the main thread may be deaf to signals. */
const TRY = 60;
const MOST_TRIED = 2;

export function run(tasks: readonly Task[], options: PoolOptions): Run {
  const stopFlag = new SharedArrayBuffer(4);
  const flag = new Int32Array(stopFlag);
  return {
    answers: all(tasks, options, stopFlag),
    interrupt: () => void Atomics.store(flag, 0, 1),
  };
}

async function all(tasks: readonly Task[], options: PoolOptions, stopFlag: SharedArrayBuffer): Promise<readonly Answer[]> {
  const answers: (Answer | undefined)[] = tasks.length <= MOST_TRIED ? await tryHere(tasks) : [];
  const open = tasks.map((task, index) => ({ task, index })).filter(({ index }) => answers[index] === undefined);
  if (open.length > 0) {
    const threads = Math.min(open.length, options.workers ?? Math.min(2, availableParallelism()));
    await Promise.all(Array.from({ length: threads }, () => thread(open, answers, options, stopFlag)));
  }
  return answers.map((answer) => answer ?? { kind: 'failed', message: 'a task was lost' });
}

/** An answer for each task that was done in time, undefined for the others. */
async function tryHere(tasks: readonly Task[]): Promise<(Answer | undefined)[]> {
  const [{ answer }, { engine }] = await Promise.all([import('./pipeline.ts'), import('./engine.ts')]);
  const end = performance.now() + TRY;
  return tasks.map((task) => {
    let late = false;
    const stop = (): boolean => (late ||= performance.now() > end);
    if (stop()) return undefined;
    const made = answer(engine, task, { now: () => performance.now(), stop });
    return late ? undefined : made;
  });
}

/** One worker that takes tasks from `open` until there are none. */
function thread(open: ToWorker[], answers: (Answer | undefined)[], options: PoolOptions, stopFlag: SharedArrayBuffer): Promise<void> {
  return new Promise((done) => {
    const setup: Setup = { stopFlag, progress: options.progress !== null };
    const worker = new Worker(new URL('./worker.js', import.meta.url), { workerData: setup });
    let current: ToWorker | undefined;
    const finish = (): void => {
      current = undefined;
      void worker.terminate();
      done();
    };
    const next = (): void => {
      current = open.shift();
      if (current === undefined) finish();
      else worker.postMessage(current);
    };
    const lost = (message: string): void => {
      if (current === undefined) return;
      answers[current.index] = { kind: 'failed', message: `${current.task.file}: ${message}` };
      current = undefined;
      // What is left goes to a new worker.
      done(open.length > 0 ? thread(open, answers, options, stopFlag) : undefined);
    };
    worker.on('message', (message: FromWorker) => {
      if (message.kind === 'progress') {
        options.progress?.(message.progress, answers.filter((answer) => answer !== undefined).length);
        return;
      }
      answers[message.index] = message.answer;
      next();
    });
    worker.on('error', (error) => lost(error.message));
    worker.on('exit', () => lost('a worker ended unexpectedly'));
    next();
  });
}
