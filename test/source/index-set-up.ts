// What the tests of the walk and the index share: a reader without root's rights, and the pool with its threads as plain JavaScript.

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after } from 'node:test';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { buildSync } from 'esbuild';
import type { IdentifierIndex } from '../../src/source/identifier-index.ts';

type Pool = typeof import('../../src/cli/index-pool.ts');

const NOBODY = 65_534;

/** Root may read everything: so that a test sees what others see. */
export function withoutRights<T>(act: () => T): T {
  if (process.geteuid?.() !== 0) return act();
  process.seteuid?.(NOBODY);
  try {
    return act();
  } finally {
    process.seteuid?.(0);
  }
}

/** The pool, whose threads run `thread`, or their own program. Built, because a thread cannot load TypeScript. */
export async function poolWith(thread?: string): Promise<Pool> {
  const outdir = mkdtempSync(join(tmpdir(), 'fencepost-pool-'));
  after(() => rmSync(outdir, { recursive: true, force: true }));
  const entry = (name: string): string => fileURLToPath(new URL(`../../src/cli/${name}.ts`, import.meta.url));
  writeFileSync(join(outdir, 'package.json'), '{"type":"module"}');
  buildSync({ entryPoints: [entry('index-pool'), entry('index-worker')], outdir, bundle: true, platform: 'node', format: 'esm', logLevel: 'error' });
  if (thread !== undefined) writeFileSync(join(outdir, 'index-worker.js'), thread);
  return (await import(pathToFileURL(join(outdir, 'index-pool.js')).href)) as Pool;
}

/** Holds up the main thread, so that the others get to work. */
export function slowly(milliseconds: number): () => false {
  const never = new Int32Array(new SharedArrayBuffer(4));
  return () => {
    Atomics.wait(never, 0, 0, milliseconds);
    return false;
  };
}

export function whole(index: IdentifierIndex | null): IdentifierIndex {
  if (index === null) throw new Error('the index was stopped');
  return index;
}
