// Threads for the tests and benchmarks of the checker, by node:worker_threads.

import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import { buildSync } from 'esbuild';
import type { Workers } from '../../src/check/index.ts';

let program: string | undefined;

/** The checker's thread as plain JavaScript: a loader for TypeScript would have to wait for the main thread, which is searching. */
function threadProgram(): string {
  const entry = fileURLToPath(new URL('../../src/check/parallel.ts', import.meta.url));
  const { outputFiles } = buildSync({
    stdin: { contents: `import { serveWorker } from ${JSON.stringify(entry)}; import { workerData } from 'node:worker_threads'; serveWorker(workerData);`, resolveDir: process.cwd() },
    bundle: true,
    write: false,
    platform: 'node',
    format: 'cjs',
  });
  return outputFiles[0]?.text ?? '';
}

/** `count` threads in all, started when a search has reached `from` states; given that, the search waits for them. */
export function threads(count: number, from?: number): Workers {
  program ??= threadProgram();
  const code = program;
  return {
    count,
    ...(from === undefined ? {} : { from, patience: 5000 }),
    spawn: (input) => {
      const worker = new Worker(code, { eval: true, execArgv: [], workerData: input });
      // A search that ends early must not wait for a thread that is still starting.
      worker.unref();
      return { end: () => void worker.terminate() };
    },
  };
}
