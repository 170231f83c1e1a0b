// Entry of a thread of the audit: reads C and profiles importers and exporters until there are none left. Started with a large stack.

import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { parentPort, workerData } from 'node:worker_threads';
import { auditPart, type AuditPart } from '../audit/audit-tree.ts';
import { RULES } from '../audit/rules/index.ts';
import { CodeBase } from '../source/code-base.ts';
import { loadGrammar } from '../source/grammar.ts';
import { LARGEST, type IndexedFile } from '../source/identifier-index.ts';

/** What the thread is started with. */
export interface FactsSetup {
  readonly root: string;
  readonly files: readonly Pick<IndexedFile, 'path' | 'words' | 'exports'>[];
  /** The folder of dist, where the grammar's wasm files lie. */
  readonly dist: string;
  /** One counter, shared by all threads. */
  readonly counter: SharedArrayBuffer;
  /** Ids of the rules to run: a rule itself cannot be sent. */
  readonly rules: readonly string[];
  /** A file or folder of the root, or null for all of it. */
  readonly within: string | null;
  /** Where headers are looked for that the root does not have; null: nowhere. */
  readonly headers: string | null;
  /** Texts in front of the disk's: null for a file that is gone. */
  readonly overlay: ReadonlyMap<string, string | null> | null;
  /** Only these files are judged; null: all within. */
  readonly only: readonly string[] | null;
  /** Only these functions are judged; null: all. */
  readonly functions: readonly string[] | null;
  /** Files whose importers and exporters count; null: all of those above. */
  readonly profiled: readonly string[] | null;
  /** Files in which importers and exporters are looked for; null: all. */
  readonly discovered: readonly string[] | null;
}

/** What it says: pieces begun, and at the end what it found; or why it could not. */
export type FromFactsWorker =
  | { readonly kind: 'progress'; readonly done: number; readonly total: number }
  | { readonly kind: 'done'; readonly part: AuditPart }
  | { readonly kind: 'failed'; readonly message: string };

const { root, files, dist, counter, rules, within, headers, overlay, only, functions, profiled, discovered } = workerData as FactsSetup;
const say = (message: FromFactsWorker): void => parentPort?.postMessage(message);
try {
  const grammar = await loadGrammar({ runtime: readFileSync(join(dist, 'web-tree-sitter.wasm')), language: readFileSync(join(dist, 'tree-sitter-c.wasm')) });
  const exports = new Map<string, string[]>();
  for (const file of files) {
    for (const name of file.exports) {
      const list = exports.get(name);
      if (list === undefined) exports.set(name, [file.path]);
      else list.push(file.path);
    }
  }
  const pieces = new Int32Array(counter);
  say({
    kind: 'done',
    part: auditPart({
      code: new CodeBase({ root, grammar, exports, ...(overlay === null ? {} : { overlay }), ...(headers === null ? {} : { read: (path: string) => plainText(join(root, path)) ?? (path.startsWith('include/') ? plainText(join(headers, path)) : null) }) }),
      files,
      rules: RULES.filter(({ header }) => rules.includes(header.id)),
      within,
      only: only === null ? null : new Set(only),
      functions: functions === null ? null : new Set(functions),
      profiled: profiled === null ? null : new Set(profiled),
      discovered: discovered === null ? null : new Set(discovered),
      take: () => Atomics.add(pieces, 0, 1),
      progress: (done, total) => say({ kind: 'progress', done, total }),
    }),
  });
} catch (error) {
  say({ kind: 'failed', message: error instanceof Error ? `${error.message}\n${error.stack ?? ''}` : String(error) });
}

/** latin1; null where it is no file that a driver would have. A folder, or a pipe, is none. */
function plainText(path: string): string | null {
  const seen = statSync(path, { throwIfNoEntry: false });
  return seen?.isFile() === true && seen.size <= LARGEST ? readFileSync(path, 'latin1') : null;
}
