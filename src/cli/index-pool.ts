// The identifier index of a whole tree, by several threads and from the cache. The main thread walks the tree and hands out parts in
// shared memory, which the other threads begin upon at once; then it works with them. It hears signals every 20 ms.
// What comes out does not depend on the threads: what a thread took and never answered for is done again here.

import { randomUUID } from 'node:crypto';
import { availableParallelism, homedir } from 'node:os';
import { isAbsolute, join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { YOUNG, cacheFile, readCache, writeCache } from '../source/cache.ts';
import { NOTHING_KNOWN, VOCABULARY, assemble, indexIdentifiers, recall, recaller, type Done, type IdentifierIndex, type Known } from '../source/identifier-index.ts';
import { STAMP, STATE, task, type Part, type PartResult, type TaskInput } from '../source/index-task.ts';
import { ROOTS, cFiles, walk } from '../source/walk.ts';

export interface IndexOptions {
  /** Threads, the main thread included. Null: two, or one on one core. */
  readonly workers: number | null;
  /** Null: nothing is kept, nothing is taken from earlier. */
  readonly cacheFolder: string | null;
  /** Called a few times a second with the files done and the files found so far. */
  readonly progress?: ((done: number, found: number) => void) | null;
  /** Asked before each part. */
  readonly stop?: () => boolean;
  /** Folders of the tree; `['']` is all of it. */
  readonly folders?: readonly string[];
  readonly vocabulary?: readonly string[];
  /** When the cache is written, which takes some 50 ms for a kernel: at once, or `setImmediate` where other threads are about to work. */
  readonly later?: (write: () => void) => void;
}

/** What a thread is started with. */
export interface IndexSetup {
  readonly input: TaskInput;
  readonly memory: QueueMemory;
}

/** What it says, once. */
export interface FromIndexWorker {
  readonly results: readonly (readonly [part: number, result: PartResult])[];
}

/** Files in a part: enough to be worth a message, few enough that all threads end together. */
const PART = 64;
/** Files from which on a thread is worth its start. */
const MANY = 256;
/** Milliseconds after which the main thread looks for messages and signals, and after which it tells its progress. */
const BREATH = 20;
const TELL = 100;

/** Where the index and finished audits are kept, or null on a machine without a home. */
export function defaultCacheFolder(env: Readonly<Record<string, string | undefined>>): string | null {
  const set = env['XDG_CACHE_HOME'] ?? '';
  try {
    return join(isAbsolute(set) ? set : join(homedir(), '.cache'), 'fencepost', 'index');
  } catch {
    return null;
  }
}

/** Files in the order of their paths. Null: it was stopped. */
export async function indexTree(root: string, options: IndexOptions): Promise<IdentifierIndex | null> {
  const pool = new IndexPool(root, options);
  try {
    return await pool.run();
  } finally {
    pool.end();
  }
}

/**
 * The index of a tree as it was kept, with one folder's files as they are now; null where none is kept. For who asks of one file in a tree again and
 * again, as a build does: another folder's change since then is not seen.
 */
export function indexAround(root: string, folder: string, cacheFolder: string | null): IdentifierIndex | null {
  const known = cacheFolder === null ? NOTHING_KNOWN : readCache(cacheFile(cacheFolder, root, VOCABULARY));
  if (known.size === 0) return null;
  const near = cFiles(root, [folder]).files.filter((path) => path.lastIndexOf('/') === folder.length);
  const now = indexIdentifiers(root, near, VOCABULARY, known);
  const own = new Set(near);
  const nothing = { size: 0, mtimeMs: 0, ctimeMs: 0, inode: 0, hash: '' };
  const kept = [...known.contents].flatMap(([row, { words, exports }]) => {
    const path = known.paths[row] ?? '';
    return own.has(path) ? [] : [{ ...nothing, path, words, exports }];
  });
  return { files: [...kept, ...now.files].sort((a, b) => (a.path < b.path ? -1 : 1)), skipped: now.skipped, bytesRead: now.bytesRead };
}

class IndexPool {
  private readonly input: TaskInput;
  private readonly options: IndexOptions;
  private readonly queue = new PartQueue();
  private readonly workers: Worker[] = [];
  /** Threads that may still answer. */
  private awaited = 0;
  private changed: () => void = () => undefined;
  private readonly parts: { part: Part; readonly rows: Int32Array }[] = [];
  private readonly results: (PartResult | undefined)[] = [];
  private found = 0;
  private breathed = performance.now();
  private told = performance.now();

  constructor(root: string, options: IndexOptions) {
    this.input = { root, vocabulary: options.vocabulary ?? VOCABULARY, youngFrom: Date.now() - YOUNG };
    this.options = options;
  }

  async run(): Promise<IdentifierIndex | null> {
    const { root, vocabulary, youngFrom } = this.input;
    const { cacheFolder, folders = ROOTS } = this.options;
    const walker = walk(root, folders);
    let more = true;
    while (more && walker.files.length < MANY) more = walker.step();
    if (more) this.callHelp();
    const file = cacheFolder === null ? null : cacheFile(cacheFolder, root, vocabulary);
    const known = file === null ? NOTHING_KNOWN : readCache(file);

    const where = recaller(known);
    for (let from = 0; more || from < walker.files.length; ) {
      for (; walker.files.length - from >= (more ? PART : 1); from += PART) this.hand(walker.files.slice(from, from + PART), known, where);
      this.found = walker.files.length;
      if (await this.isStopped()) return null;
      if (more) more = walker.step();
    }
    this.queue.close();
    if (!(await this.work(known))) return null;

    const done = this.parts.flatMap(({ part, rows }, number): Done[] => {
      const result = this.results[number];
      return result === undefined ? [] : [{ part, rows, result }];
    });
    const index = assemble(done, known, walker.skipped);
    const isNews = done.some(({ part }) => part.states.includes(STATE.read));
    const { later = (write): void => write() } = this.options;
    if (file !== null && isNews) later(() => void writeCache(file, index, randomUUID(), youngFrom));
    return index;
  }

  end(): void {
    this.queue.stop();
    for (const worker of this.workers) void worker.terminate();
  }

  private callHelp(): void {
    const threads = this.options.workers ?? Math.min(2, availableParallelism());
    const setup: IndexSetup = { input: this.input, memory: this.queue.memory };
    for (let count = 1; count < threads; count++) {
      const worker = new Worker(new URL('./index-worker.js', import.meta.url), { workerData: setup });
      let isAwaited = true;
      const settle = (): void => {
        if (isAwaited) this.awaited--;
        isAwaited = false;
        this.changed();
      };
      worker.on('message', ({ results }: FromIndexWorker) => {
        for (const [number, result] of results) this.results[number] = result;
        settle();
      });
      // One that fails ends, and what it had in hand is done again.
      worker.on('error', () => undefined);
      worker.on('exit', settle);
      this.awaited++;
      this.workers.push(worker);
    }
  }

  private hand(paths: readonly string[], known: Known, where: (path: string) => number): void {
    const shared = this.queue.reserve(paths);
    const part = shared ?? ownPart(paths);
    this.parts.push({ part, rows: recall(part, known, where) });
    if (shared !== null) this.queue.publish();
  }

  /** False: it was stopped. */
  private async work(known: Known): Promise<boolean> {
    const act = task(this.input);
    const answer = (number: number, { part }: { readonly part: Part }): void => {
      this.results[number] = act(part);
      this.queue.count(part.paths.length);
    };
    for (const number of this.turns()) {
      if (await this.isStopped()) return false;
      const one = this.parts[number];
      if (one !== undefined) answer(number, one);
    }
    while (this.awaited > 0 && this.parts.some((_, number) => this.results[number] === undefined)) {
      await new Promise<void>((changed) => {
        this.changed = changed;
        setTimeout(changed, BREATH);
      });
      if (await this.isStopped()) return false;
    }
    for (const [number, one] of this.parts.entries()) {
      if (this.results[number] !== undefined) continue;
      if (await this.isStopped()) return false;
      // In memory of our own: the thread may have begun to write into the other.
      one.part = ownPart(one.part.paths);
      recall(one.part, known, recaller(known));
      answer(number, one);
    }
    return true;
  }

  /** Parts taken one by one with the other threads, then those that found no room in the shared memory. */
  private *turns(): Generator<number, void, undefined> {
    for (let number = this.queue.take(); number < this.queue.published; number = this.queue.take()) yield number;
    for (let number = this.queue.published; number < this.parts.length; number++) yield number;
  }

  private async isStopped(): Promise<boolean> {
    const now = performance.now();
    if (now - this.told >= TELL) {
      this.options.progress?.(this.queue.done, this.found);
      this.told = now;
    }
    if (now - this.breathed >= BREATH) {
      await new Promise((resolve) => setImmediate(resolve));
      this.breathed = performance.now();
    }
    return this.options.stop?.() === true;
  }
}

function ownPart(paths: readonly string[]): Part {
  return { paths, stamps: new Float64Array(paths.length * STAMP.count), states: new Uint8Array(paths.length) };
}

interface QueueMemory {
  readonly control: SharedArrayBuffer;
  readonly arena: SharedArrayBuffer;
}

/** Bytes for parts. The machine gives them only when they are used; a kernel needs 6 MB. */
const ARENA = 128 << 20;
const MOST_PARTS = 1 << 16;
/** Words of the control memory; from PLACES on, for each part, its place in the arena. */
const STOPPED = 0;
const CLOSED = 1;
const PUBLISHED = 2;
const NEXT = 3;
const DONE = 4;
/** Counts up whenever a thread that waits should look again. */
const NEWS = 5;
const PLACES = 6;
/** A part in the arena begins with the number of its files and the bytes of its paths; then come the stamps, the states, the paths. */
const HEAD = 8;

/** Hands parts from the main thread to all. The main thread alone writes a part before it is published, then the thread that takes it. */
export class PartQueue {
  readonly memory: QueueMemory;
  private readonly control: Int32Array;
  private reserved = 0;
  private isFull = false;
  private end = 0;

  constructor(memory: QueueMemory = { control: new SharedArrayBuffer((PLACES + MOST_PARTS) * 4), arena: new SharedArrayBuffer(ARENA) }) {
    this.memory = memory;
    this.control = new Int32Array(memory.control);
  }

  get published(): number {
    return Atomics.load(this.control, PUBLISHED);
  }

  /** Files that are done. */
  get done(): number {
    return Atomics.load(this.control, DONE);
  }

  /** Room for the next part, to be filled and published. Null, then and for ever, where there is none. */
  reserve(paths: readonly string[]): Part | null {
    const text = Buffer.from(paths.join('\0'));
    const size = HEAD + paths.length * (STAMP.count * 8 + 1) + text.length;
    this.isFull ||= this.reserved === MOST_PARTS || this.end + size > ARENA;
    if (this.isFull) return null;
    new Uint32Array(this.memory.arena, this.end, 2).set([paths.length, text.length]);
    const { stamps, states, letters } = this.views(this.end);
    letters.set(text);
    this.control[PLACES + this.reserved++] = this.end;
    // Numbers of eight bytes stand at a multiple of eight.
    this.end = (this.end + size + 7) & ~7;
    return { paths, stamps, states };
  }

  publish(): void {
    Atomics.store(this.control, PUBLISHED, this.reserved);
    this.tell();
  }

  /** There will be no more parts. */
  close(): void {
    Atomics.store(this.control, CLOSED, 1);
    this.tell();
  }

  /** Nobody takes another one. */
  stop(): void {
    Atomics.store(this.control, STOPPED, 1);
    this.tell();
  }

  take(): number {
    return Atomics.add(this.control, NEXT, 1);
  }

  /** Sleeps until the part is there. False: it will not come. Not for the main thread. */
  awaits(number: number): boolean {
    for (;;) {
      const news = Atomics.load(this.control, NEWS);
      if (Atomics.load(this.control, STOPPED) !== 0) return false;
      if (number < this.published) return true;
      if (Atomics.load(this.control, CLOSED) !== 0) return false;
      Atomics.wait(this.control, NEWS, news);
    }
  }

  read(number: number): Part {
    const { stamps, states, letters } = this.views(this.control[PLACES + number] ?? 0);
    return { paths: Buffer.from(letters).toString('utf8').split('\0'), stamps, states };
  }

  count(files: number): void {
    Atomics.add(this.control, DONE, files);
  }

  private views(at: number): { readonly stamps: Float64Array; readonly states: Uint8Array; readonly letters: Uint8Array } {
    const { arena } = this.memory;
    const [files = 0, letters = 0] = new Uint32Array(arena, at, 2);
    const statesAt = at + HEAD + files * STAMP.count * 8;
    return {
      stamps: new Float64Array(arena, at + HEAD, files * STAMP.count),
      states: new Uint8Array(arena, statesAt, files),
      letters: new Uint8Array(arena, statesAt + files, letters),
    };
  }

  private tell(): void {
    Atomics.add(this.control, NEWS, 1);
    Atomics.notify(this.control, NEWS);
  }
}
