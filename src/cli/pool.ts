// Answers tasks in the main thread, with worker threads to help where there are many, in the order of the tasks.
// The main thread works in parts of some milliseconds, so that it hears signals. All threads take tasks from one counter
// in shared memory; a single task gets the threads for its search instead.

import { availableParallelism } from 'node:os';
import { setFlagsFromString } from 'node:v8';
import { Worker } from 'node:worker_threads';
import type { Progress, WorkerInput, Workers } from '../check/index.ts';
import type { Engine } from './engine.ts';
import type { Answer, Surroundings, Task } from './pipeline.ts';

/** What a worker is started for. */
export type Setup =
  | { readonly kind: 'search'; readonly input: WorkerInput }
  | { readonly kind: 'tasks'; readonly tasks: readonly Task[]; readonly control: SharedArrayBuffer; readonly index: number; readonly progress: boolean };

export type FromWorker =
  /** `json` is an Answer: a text crosses in less time than an object. */
  | { readonly kind: 'answer'; readonly index: number; readonly json: string }
  | { readonly kind: 'progress'; readonly progress: Progress };

/** Words of the control buffer. From IN_HAND on, by worker: one more than the index of its task, 0 without. */
export const STOP = 0;
export const NEXT = 1;
export const IN_HAND = 2;

export interface PoolOptions {
  /** Threads, the main thread included. Null: two, or one on one core. */
  readonly workers: number | null;
  /** Called a few times a second, with the number of tasks done. */
  readonly progress: ((progress: Progress, done: number) => void) | null;
}

export interface Run {
  readonly answers: Promise<readonly Answer[]>;
  /** Ends the searches; their answers are unfinished ones. */
  readonly interrupt: () => void;
}

/** Milliseconds of work after which threads are worth their start, and a number of tasks that surely takes longer. */
const PATIENCE = 60;
const MANY = 20;
/** V8 optimises what has run so much. Its default, 67,584, costs a third more processor time where hundreds of short programs are generated. */
const OPTIMISE_LATER = '--interrupt-budget=300000';
/** The last version of Node that is known to have the flag; an unknown one would be told on standard error. */
const LAST_WITH_FLAG = 20;
/** Milliseconds after which the main thread looks for messages and signals. */
const BREATH = 20;

export function run(tasks: readonly Task[], options: PoolOptions): Run {
  const threads = options.workers ?? Math.min(2, availableParallelism());
  const pool = new Pool(tasks, threads, options.progress);
  return { answers: pool.run(), interrupt: () => pool.interrupt() };
}

class Pool {
  private readonly tasks: readonly Task[];
  private readonly threads: number;
  private readonly progress: PoolOptions['progress'];
  private readonly answers: (Answer | undefined)[];
  private readonly control: Int32Array;
  private readonly workers: Worker[] = [];
  private readonly begun = performance.now();
  private breathed = performance.now();
  private done = 0;
  private changed: () => void = () => undefined;

  constructor(tasks: readonly Task[], threads: number, progress: PoolOptions['progress']) {
    this.tasks = tasks;
    this.threads = threads;
    this.progress = progress;
    this.answers = tasks.map(() => undefined);
    this.control = new Int32Array(new SharedArrayBuffer((IN_HAND + threads) * 4));
  }

  interrupt(): void {
    Atomics.store(this.control, STOP, 1);
  }

  async run(): Promise<readonly Answer[]> {
    if (this.tasks.length > MANY && Number.parseInt(process.versions.node, 10) <= LAST_WITH_FLAG) setFlagsFromString(OPTIMISE_LATER);
    this.callHelp();
    const [{ answer }, { engine }] = await Promise.all([import('./pipeline.ts'), import('./engine.ts')]);
    await this.work(answer, engine);
    // What is still in hand elsewhere.
    while (this.done < this.tasks.length) await new Promise<void>((changed) => (this.changed = changed));
    for (const worker of this.workers) void worker.terminate();
    return this.answers.map((one) => one ?? { kind: 'failed', message: 'a task was lost' });
  }

  private async work(answer: typeof import('./pipeline.ts').answer, engine: Engine): Promise<void> {
    for (let index = this.take(); index < this.tasks.length; index = this.take()) {
      const task = this.tasks[index];
      if (task === undefined) return;
      const parts = answer(engine, task, this.surroundings());
      for (;;) {
        const { done, value } = parts.next();
        if (done === true) this.give(index, value);
        await this.breathe();
        if (done === true) break;
      }
    }
  }

  private take(): number {
    return Atomics.add(this.control, NEXT, 1);
  }

  private give(index: number, answer: Answer): void {
    if (this.answers[index] !== undefined) return;
    this.answers[index] = answer;
    this.done++;
    this.changed();
  }

  private async breathe(): Promise<void> {
    if (performance.now() - this.breathed < BREATH) return;
    this.callHelp();
    await new Promise((resolve) => setImmediate(resolve));
    this.breathed = performance.now();
  }

  private surroundings(): Surroundings {
    const { progress } = this;
    return {
      now: () => performance.now(),
      stop: () => Atomics.load(this.control, STOP) !== 0,
      ...(progress === null ? {} : { progress: (made: Progress) => progress(made, this.done) }),
      ...(this.tasks.length === 1 && this.threads > 1 ? { workers: searchThreads(this.threads) } : {}),
    };
  }

  /** Starts the threads once they are worth it. */
  private callHelp(): void {
    const left = this.tasks.length - Atomics.load(this.control, NEXT);
    if (this.workers.length > 0 || left < 1 || this.tasks.length < 2) return;
    if (left <= MANY && performance.now() - this.begun < PATIENCE) return;
    const most = Math.min(this.threads - 1, left);
    for (let index = 0; index < most; index++) this.workers.push(this.helper(index));
  }

  private helper(index: number): Worker {
    const setup: Setup = { kind: 'tasks', tasks: this.tasks, control: this.shared, index, progress: this.progress !== null };
    const worker = start(setup);
    const lost = (message: string): void => {
      const task = Atomics.exchange(this.control, IN_HAND + index, 0) - 1;
      if (task >= 0) this.give(task, { kind: 'failed', message: `${this.tasks[task]?.file ?? ''}: ${message}` });
    };
    worker.on('message', (message: FromWorker) => {
      if (message.kind === 'progress') this.progress?.(message.progress, this.done);
      else this.give(message.index, JSON.parse(message.json) as Answer);
    });
    worker.on('error', (error) => lost(error.message));
    worker.on('exit', () => lost('a worker ended unexpectedly'));
    return worker;
  }

  private get shared(): SharedArrayBuffer {
    return this.control.buffer as SharedArrayBuffer;
  }
}

function start(setup: Setup): Worker {
  return new Worker(new URL('./worker.js', import.meta.url), { workerData: setup });
}

/** Threads for one search that turns out to be large. */
function searchThreads(count: number): Workers {
  return {
    count,
    spawn: (input) => {
      const worker = start({ kind: 'search', input });
      // One that cannot start is not waited for: the search goes on alone.
      worker.on('error', () => undefined);
      worker.unref();
      return { end: () => void worker.terminate() };
    },
  };
}
