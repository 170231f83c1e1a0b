// The facts of a tree, found by several threads. Reading C nests deeply, so the threads have a stack of their own size.

import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';
import { assembleAudit, type AuditFacts, type AuditPart } from '../audit/audit-tree.ts';
import { assembleRules } from '../audit/rules-result.ts';
import type { RulesResult } from '../results/finding.ts';
import type { AuditResult } from '../results/audit.ts';
import type { IdentifierIndex } from '../source/identifier-index.ts';
import type { FactsSetup, FromFactsWorker } from './facts-worker.ts';

export interface FactsOptions {
  /** Threads. Null: two, or one on one core. */
  readonly workers: number | null;
  /** Ids of the rules to run. */
  readonly rules: readonly string[];
  /** A file or folder of the root, or null for all of it. */
  readonly within: string | null;
  /** Where headers are looked for that the root does not have; null: nowhere. */
  readonly headers: string | null;
  /** Texts in front of the disk's, and the only files that are judged; with a series of patches. */
  readonly overlay?: ReadonlyMap<string, string | null>;
  readonly only?: readonly string[];
  /** Rules look at these functions alone; of importers and exporters, those in these files alone. */
  readonly functions?: readonly string[] | null;
  readonly profiled?: readonly string[] | null;
  /** Files in which importers and exporters are looked for; null: all. */
  readonly discovered?: readonly string[] | null;
  readonly progress: (done: number, total: number) => void;
  readonly stop: () => boolean;
}

export type FactsOutcome = { readonly kind: 'facts'; readonly facts: AuditFacts; readonly rules: RulesResult } | { readonly kind: 'stopped' } | { readonly kind: 'failed'; readonly message: string };

const STACK_MIB = 64;
/** Milliseconds between two looks at the stop signal. */
const BREATH = 20;

export async function factsOf(root: string, tree: AuditResult['tree'], index: Pick<IdentifierIndex, 'skipped'> & { readonly files: readonly Pick<IdentifierIndex['files'][number], 'path' | 'words' | 'exports'>[] }, options: FactsOptions): Promise<FactsOutcome> {
  const count = options.workers ?? Math.min(2, availableParallelism());
  const files = index.files.filter((file) => file.words.length > 0 || file.exports.length > 0).map(({ path, words, exports }) => ({ path, words, exports }));
  const counter = new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT);
  const setup: FactsSetup = { root, files, dist: dirname(fileURLToPath(import.meta.url)), counter, rules: options.rules, within: options.within, headers: options.headers, overlay: options.overlay ?? null, only: options.only ?? null, functions: options.functions ?? null, profiled: options.profiled ?? null, discovered: options.discovered ?? null };
  const workers = Array.from({ length: Math.max(1, count) }, () => new Worker(new URL('./facts-worker.js', import.meta.url), { workerData: setup, resourceLimits: { stackSizeMb: STACK_MIB } }));
  let timer: NodeJS.Timeout | undefined;
  try {
    const stopped = new Promise<FactsOutcome>((resolve) => {
      timer = setInterval(() => {
        if (options.stop()) resolve({ kind: 'stopped' });
      }, BREATH);
    });
    let done = 0;
    const answers = Promise.all(workers.map((worker) => new Promise<AuditPart>((resolve, reject) => {
      worker.on('message', (message: FromFactsWorker) => {
        switch (message.kind) {
          case 'progress':
            done++;
            options.progress(done, message.total);
            return;
          case 'done':
            resolve(message.part);
            return;
          case 'failed':
            reject(new Error(message.message));
            return;
        }
      });
      worker.on('error', reject);
      worker.on('exit', (code) => reject(new Error(`a thread of the audit ended with ${code}`)));
    })));
    const made = answers.then((parts): FactsOutcome => {
      const facts = assembleAudit(tree, index.skipped, parts);
      return { kind: 'facts', facts, rules: assembleRules(facts, parts) };
    }, (error: unknown): FactsOutcome => ({ kind: 'failed', message: error instanceof Error ? error.message : String(error) }));
    return await Promise.race([made, stopped]);
  } finally {
    clearInterval(timer);
    for (const worker of workers) {
      void worker.terminate();
      // One that hangs in the system keeps nobody waiting.
      worker.unref();
    }
  }
}
