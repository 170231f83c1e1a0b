// A tree in memory behind each patch of a series: texts, index, and what changes between. Throws UsageProblem for a patch that does not apply.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { changedNames } from '../audit/changed-names.ts';
import { stagesOf, type Misfit, type Overlay } from '../audit/series-stages.ts';
import { VOCABULARY, type IdentifierIndex, type IndexedFile } from '../source/identifier-index.ts';
import { definitionsIn } from '../source/lexical.ts';
import type { Series } from '../source/mails.ts';
import { scanner } from '../source/scan.ts';
import { contractIn } from '../source/tree.ts';
import type { Scope } from './audit-scope.ts';
import { UsageProblem } from './exit.ts';
import { baseOf, commitOf, fileAt } from './git.ts';
import type { SeriesSource } from './read-series.ts';

export type FileRow = Pick<IndexedFile, 'path' | 'words' | 'exports'>;

export class SeriesTree {
  readonly scope: Scope;
  readonly index: IdentifierIndex;
  /** `stages[n]`: the texts behind the first n patches. */
  readonly stages: readonly Overlay[];
  readonly first: Overlay;
  readonly last: Overlay;
  /** What was left aside, and hunks that did not stand where they said. */
  readonly notes: readonly string[];
  /** The commit before a range; null for other series. */
  readonly base: string | null;
  private readonly files: readonly FileRow[];
  private readonly texts = new Map<string, string | null>();

  constructor(series: Series, source: SeriesSource, scope: Scope, index: IdentifierIndex) {
    const { root, isTree } = scope;
    this.scope = scope;
    this.index = index;
    this.files = index.files.map(({ path, words, exports }) => ({ path, words, exports }));
    const base = source.kind === 'range' ? baseOf(root, source.range) : null;
    this.base = base;
    const applied = stagesOf(series, base === null ? { read: (path) => this.onDisk(path), isPart: !isTree } : { read: remembered((path) => fileAt(root, base, path)), keepsOld: true, isPart: !isTree });
    if (!applied.ok) throw misfitProblem(applied.misfit, series);
    this.stages = applied.stages;
    this.first = applied.stages[0] ?? new Map();
    this.last = applied.stages[applied.stages.length - 1] ?? new Map();
    this.notes = [...series.notes, ...applied.notes, ...notesOfBase(root, source, series, base)];
  }

  textAt(overlay: Overlay, path: string): string | null {
    const text = overlay.get(path);
    return text !== undefined ? text : this.onDisk(path);
  }

  private onDisk(path: string): string | null {
    const known = this.texts.get(path);
    if (known !== undefined) return known;
    let text: string | null = null;
    try {
      text = readFileSync(join(this.scope.root, path), 'latin1');
    } catch {
      // A name that a patch has and the tree has not.
    }
    this.texts.set(path, text);
    return text;
  }

  /** The index as it is with these texts. */
  indexed(overlay: Overlay): readonly FileRow[] {
    if (overlay.size === 0) return this.files;
    const { scan } = scanner(VOCABULARY);
    const changed = [...overlay].flatMap(([path, text]) => {
      if (text === null || !isC(path)) return [];
      const bytes = Buffer.from(text, 'latin1');
      return [{ path, ...scan(bytes, bytes.length) }];
    });
    return [...this.files.filter(({ path }) => !overlay.has(path)), ...changed].sort((a, b) => (a.path < b.path ? -1 : 1));
  }

  /** C files with another text at the ends. */
  changed(): readonly string[] {
    return [...this.last].flatMap(([path, text]) => (isC(path) && text !== this.textAt(this.first, path) ? [path] : []));
  }

  /** Whether more of a file than comments, blanks and the order of declarations is another one at the ends. */
  saysOtherwise(path: string): boolean {
    return otherwise(this.textAt(this.first, path), this.textAt(this.last, path));
  }

  /** Patches that change more of C than that, by position. */
  changing(): readonly number[] {
    return this.stages.slice(1).flatMap((is, at) => ([...is].some(([path, text]) => isC(path) && otherwise(this.textAt(this.stages[at] ?? this.first, path), text)) ? [at] : []));
  }

  /** Tells a function that is not there any more, and one that was not there before. */
  renaming(): (before: string, after: string) => boolean {
    const namesAt = (overlay: Overlay): ReadonlySet<string> => new Set([...this.last.keys()].filter(isC).flatMap((path) => definitionsIn(this.textAt(overlay, path) ?? '').map(({ name }) => name)));
    const [was, is] = [namesAt(this.first), namesAt(this.last)];
    return (before, after) => was.has(before) && !is.has(before) && !was.has(after) && is.has(after);
  }

  /** The callback's name in the framework's header. */
  contractAt(overlay: Overlay): string {
    const header = this.scope.isTree ? this.textAt(overlay, 'include/linux/dma-buf.h') : null;
    return header === null ? this.scope.tree.contract : contractIn(header);
  }
}

const isC = (path: string): boolean => /\.[ch]$/.test(path);

const otherwise = (was: string | null, is: string | null): boolean => was !== is && (was === null || is === null || changedNames(was, is).size > 0);

function remembered(read: (path: string) => string | null): (path: string) => string | null {
  const known = new Map<string, string | null>();
  return (path) => {
    const before = known.get(path);
    if (before !== undefined) return before;
    const text = read(path);
    known.set(path, text);
    return text;
  };
}

/** Whether the tree is what the series was made for. */
function notesOfBase(root: string, source: SeriesSource, series: Series, base: string | null): readonly string[] {
  if (source.kind === 'range') {
    const head = commitOf(root, 'HEAD');
    const end = source.range.split(/\.\.\.?/)[1] ?? '';
    const isEnd = head === null || head === base || head === commitOf(root, end === '' ? 'HEAD' : end);
    return isEnd ? [] : [`what ${source.range} does not change is read as it is on the disk, which is at ${head.slice(0, 12)}`];
  }
  if (series.base === null) return [];
  const head = commitOf(root, 'HEAD');
  return head?.startsWith(series.base) === true ? [] : [`the series was made for ${series.base.slice(0, 12)}${head === null ? '' : `, the tree is at ${head.slice(0, 12)}`}`];
}

function misfitProblem({ patch, file, hunk, line, why }: Misfit, { base }: Series): UsageProblem {
  const which = `patch ${patch.number} of ${patch.total}${patch.subject === '' ? '' : ` (${patch.subject})`}`;
  const where = `${file}${hunk === 0 ? '' : `, hunk ${hunk} (line ${line} of the patch)`}`;
  return new UsageProblem(`${which} does not apply: ${where}: ${why}`, base === null ? 'apply it to the tree that it was made for' : `it was made for ${base}`);
}
