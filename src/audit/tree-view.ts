// What discovery needs of a tree: which files mention which word, the code base, and lexical searches that stay cheap on a whole kernel.

import { eachExpression, type Expression } from '../source/c-tree.ts';
import type { CodeBase } from '../source/code-base.ts';
import type { IndexedFile } from '../source/identifier-index.ts';
import type { LexicalFunction } from '../source/lexical.ts';
import type { CFunction } from '../source/syntax.ts';
import type { Place } from '../results/audit.ts';
import type { Answer } from './execute.ts';
import { Fields } from './fields.ts';
import { Reach } from './reach.ts';

export type CallExpression = Expression & { readonly kind: 'call' };

export interface CallSite extends Place {
  readonly call: CallExpression;
  readonly fn: CFunction;
}

export class TreeView {
  readonly code: CodeBase;
  readonly reach: Reach;
  readonly fields: Fields;
  /** Callbacks that were run: two tables may share one. */
  readonly answers = new Map<string, Answer>();
  private readonly byWord = new Map<string, string[]>();
  private readonly sites = new Map<string, readonly CallSite[]>();

  constructor(code: CodeBase, files: readonly Pick<IndexedFile, 'path' | 'words'>[]) {
    this.code = code;
    this.reach = new Reach(code);
    this.fields = new Fields(code, this.reach);
    for (const { path, words } of files) {
      for (const word of words) {
        const list = this.byWord.get(word);
        if (list === undefined) this.byWord.set(word, [path]);
        else list.push(path);
      }
    }
  }

  filesWith(word: string): readonly string[] {
    return this.byWord.get(word) ?? [];
  }

  /** Calls of a function by name in the tree's indexed files (or the files given), with the function they stand in. */
  callSites(name: string, files: readonly string[] = this.filesWith(name)): readonly CallSite[] {
    return files.flatMap((file) => this.callSitesIn(file, name));
  }

  private callSitesIn(file: string, name: string): readonly CallSite[] {
    const key = `${file} ${name}`;
    const known = this.sites.get(key);
    if (known !== undefined) return known;
    const found: CallSite[] = [];
    const text = this.code.text(file) ?? '';
    const call = new RegExp(`\\b${name}\\s*\\(`, 'g');
    const functions = new Set<string>();
    for (const match of text.matchAll(call)) {
      const fn = this.fields.functionAround(file, match.index);
      if (fn !== null && fn.name !== name) functions.add(fn.name);
    }
    for (const one of functions) {
      const fn = this.code.functionIn(file, one);
      if (fn === null) continue;
      eachExpression(fn.body, (expression) => {
        if (expression.kind === 'call' && expression.callee.kind === 'name' && expression.callee.name === name) found.push({ file, line: expression.line, function: fn.name, call: expression, fn });
      });
    }
    this.sites.set(key, found);
    return found;
  }

  lexical(fn: CFunction): LexicalFunction | null {
    const found = this.code.locate(fn.name, fn.file);
    return found !== null && found.file === fn.file ? found : null;
  }
}

export const placeOfSite = ({ file, line, function: name }: Place): Place => ({ file, line, function: name });

/** selftests, samples and test folders are marked. */
export function markOf(file: string): 'selftest' | 'sample' | null {
  if (file.startsWith('samples/')) return 'sample';
  return /(?:^|\/)(?:selftests?|tests?)(?:\/|\.c$)|(?:_test|_kunit|_selftest)\.c$|(?:^|\/)st-[\w-]+\.c$/.test(file) ? 'selftest' : null;
}

/** A short name of the driver that a file belongs to: "amdgpu", "i915", "videobuf2-dma-contig". */
export function driverName(file: string): string {
  const parts = file.split('/');
  const folder = parts.at(-2) ?? '';
  const base = (parts.at(-1) ?? '').replace(/\.[ch]$/, '');
  if (folder === '') return base;
  if (/^(?:gem|selftests?|tests?|common|core|heaps|pci|function|v4l2-core)$/.test(folder)) {
    if (folder === 'common' && parts.length > 4) return parts.at(-3) ?? base;
    if (/^(?:pci|heaps|core|common)$/.test(folder)) return base.replace(/_dmabuf$|-dmabuf$/, '');
    return folder === 'gem' || /^selftests?$|^tests?$/.test(folder) ? `${parts.filter((part) => !/^(?:gem|selftests?|tests?)$/.test(part)).at(-2) ?? folder}` : base;
  }
  if (/^(?:drm|misc|net|iio|tee|dma-buf|xen|io_uring|videobuf2|core|fsl|vfio-mdev|samples)$/.test(folder)) return base.replace(/_dmabuf$|-dmabuf$/, '');
  return folder;
}
