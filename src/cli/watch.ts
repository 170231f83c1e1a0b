// `--watch`: runs again after a change, until it is interrupted. Gives the exit code of the last run.

import { statSync, watch as watchPath, type FSWatcher } from 'node:fs';
import { dirname } from 'node:path';
import { corpusFolder } from './package-folder.ts';
import { UsageProblem } from './exit.ts';

/** Milliseconds in which several changes count as one: editors write a file in several goes. */
const SETTLE = 120;

export async function watch(paths: readonly string[], once: () => Promise<number>): Promise<number> {
  const watched = paths.length === 0 ? [corpusFolder()] : paths;
  const changes = changesOf(watched);
  let code = 0;
  do {
    if (process.stdout.isTTY) process.stdout.write('\x1b[2J\x1b[H');
    code = await once();
    process.stderr.write(`watching ${watched.join(', ')}; Ctrl-C ends\n`);
  } while (await changes.next());
  changes.close();
  return code;
}

/** `next` yields true after a change, false once the user interrupts. A change during a run counts afterwards. */
function changesOf(paths: readonly string[]): { readonly next: () => Promise<boolean>; readonly close: () => void } {
  let dirty = false;
  let ended = false;
  let wake: ((changed: boolean) => void) | null = null;
  let timer: NodeJS.Timeout | undefined;
  const settle = (): void => {
    if (wake === null) {
      dirty = true;
      return;
    }
    wake(true);
    wake = null;
  };
  const changed = (): void => {
    clearTimeout(timer);
    timer = setTimeout(settle, SETTLE);
  };
  const watchers = paths.map((path) => watcherOf(path, changed));
  // From the start on: a signal between two runs must not be lost.
  const interrupted = (): void => {
    ended = true;
    wake?.(false);
    wake = null;
  };
  process.on('SIGINT', interrupted);
  return {
    next: () => {
      if (ended) return Promise.resolve(false);
      if (dirty) {
        dirty = false;
        return Promise.resolve(true);
      }
      return new Promise<boolean>((resolve) => (wake = resolve));
    },
    close: () => {
      process.off('SIGINT', interrupted);
      clearTimeout(timer);
      for (const watcher of watchers) watcher.close();
    },
  };
}

/** The folder of a file is watched, not the file: many editors write a new one in its place. */
function watcherOf(path: string, changed: () => void): FSWatcher {
  try {
    const folder = statSync(path).isDirectory();
    const watcher = watchPath(folder ? path : dirname(path), { recursive: folder }, changed);
    // A folder that goes away is told by the next run.
    return watcher.on('error', changed);
  } catch {
    throw new UsageProblem(`${path}: cannot be watched`, 'check the spelling and the permissions');
  }
}
