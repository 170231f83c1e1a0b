// What a thread of threads.ts runs: the checker's own entry, on what it was given.
import { workerData } from 'node:worker_threads';
import { register } from 'tsx/esm/api';

register();
const { serveWorker } = await import('../../src/check/index.ts');
serveWorker(workerData);
