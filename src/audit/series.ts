// A series of patches over a tree in memory: the texts behind each patch, what it can influence, and what it changed, by identity (issue 4, part 4).

import type { Finding } from '../results/finding.ts';
import { identityOf } from '../results/finding.ts';
import type { FindingChange, PairChange, PatchName, SeriesResult } from '../results/patch.ts';
import type { Pair } from '../results/audit.ts';
import { folderOf } from '../source/lexical.ts';
import type { Series, SeriesPatch } from '../source/mails.ts';
import { applyPatch } from '../source/patch-apply.ts';

export type Overlay = ReadonlyMap<string, string | null>;

export type Stages =
  /** `stages[n]`: the texts behind the first n patches; the first is empty. */
  | { readonly ok: true; readonly stages: readonly Overlay[]; readonly notes: readonly string[] }
  /** Which patch, file and hunk does not fit; `hunk` 0: the file is not there, or is there already. */
  | { readonly ok: false; readonly patch: PatchName; readonly file: string; readonly hunk: number; readonly line: number; readonly why: string };

/** `read`: a file of the tree, null where there is none. `keepsOld`: the first stage holds the old texts too, where the disk has others. */
export function stagesOf(series: Series, read: (path: string) => string | null, keepsOld = false): Stages {
  const first = new Map<string, string | null>();
  if (keepsOld) for (const { files } of series.patches) for (const { oldPath, newPath } of files) for (const path of [oldPath, newPath]) if (path !== null && !first.has(path)) first.set(path, read(path));
  const stages: Overlay[] = [first];
  const notes: string[] = [];
  for (const patch of series.patches) {
    const now = new Map(stages[stages.length - 1]);
    const textOf = (path: string): string | null => (now.has(path) ? now.get(path) ?? null : read(path));
    for (const file of patch.files) {
      const name = file.newPath ?? file.oldPath ?? '';
      const fail = (hunk: number, line: number, why: string): Stages => ({ ok: false, patch: nameOf(patch), file: name, hunk, line, why });
      if (file.isBinary) {
        notes.push(`${name}: a binary file is left as it is`);
        continue;
      }
      const old = file.oldPath === null ? '' : textOf(file.oldPath);
      if (old === null) return fail(0, 0, `there is no ${file.oldPath ?? ''}`);
      if (file.oldPath === null && file.newPath !== null && (textOf(file.newPath) ?? '') !== '') return fail(0, 0, `${file.newPath} is there already`);
      const torn = file.hunks.findIndex(({ isWhole }) => !isWhole);
      if (torn !== -1) return fail(torn + 1, file.hunks[torn]?.line ?? 0, 'it has not as many lines as it says');
      const applied = applyPatch(old, file);
      if (!applied.ok) return fail(applied.hunk, applied.line, 'the lines that it wants to change are not there');
      for (const note of applied.notes) notes.push(`${name}: ${note} (patch ${patch.number})`);
      if (file.oldPath !== null && file.oldPath !== file.newPath) now.set(file.oldPath, null);
      if (file.newPath !== null) now.set(file.newPath, applied.text);
    }
    stages.push(now);
  }
  return { ok: true, stages, notes };
}

export const nameOf = ({ number, total, subject }: SeriesPatch): PatchName => ({ number, total, subject });

export interface Influence {
  /** Files to judge before and after. */
  readonly files: ReadonlySet<string>;
  /** What was left out, and why. */
  readonly left: readonly string[];
}

interface Known {
  readonly path: string;
  readonly words: readonly string[];
  readonly exports: readonly string[];
}

/** Files whose users are more than this are not all looked at. */
const MOST_USERS = 60;

/**
 * What a change of these files can influence: themselves, the .c files of their folders that use the sharing API, those that include
 * a changed header, and those that call a function which a changed file exports. `text` gives the text of a file as it is now.
 */
export function influenceOf(changed: readonly string[], files: readonly Known[], text: (path: string) => string | null): Influence {
  const found = new Set<string>(changed.filter((path) => path.endsWith('.c')));
  const left: string[] = [];
  const ours = files.filter(({ path, words }) => path.endsWith('.c') && words.length > 0);
  const folders = new Set(changed.map(folderOf));
  for (const { path } of ours) if (folders.has(folderOf(path))) found.add(path);
  for (const header of changed.filter((path) => path.endsWith('.h'))) {
    const short = header.replace(/^include\/(?:uapi\/)?/, '');
    const base = header.slice(header.lastIndexOf('/') + 1);
    const users = ours.filter(({ path }) => {
      const body = text(path) ?? '';
      return body.includes(short) || (body.includes(`"${base}"`) && folderOf(path).startsWith(folderOf(header)));
    });
    if (users.length > MOST_USERS) left.push(`${users.length} files include ${header}: only those of the changed folders were looked at`);
    else for (const { path } of users) found.add(path);
  }
  const exported = files.filter(({ path }) => changed.includes(path)).flatMap(({ exports }) => exports);
  if (exported.length > 0) {
    const users = ours.filter(({ path, words }) => !found.has(path) && exported.some((name) => words.includes(name)));
    if (users.length > MOST_USERS) left.push(`${users.length} other files use what the changed files export: they were not looked at`);
    else for (const { path } of users) found.add(path);
  }
  return { files: found, left };
}

export interface StageFindings {
  readonly findings: readonly Finding[];
}

/** Added, fixed and moved between the first and the last stage; between which two is looked for in the stages. */
export function changesOf(stages: readonly StageFindings[], patches: readonly PatchName[]): Pick<SeriesResult, 'added' | 'fixed' | 'moved' | 'unchanged' | 'remaining'> {
  const maps = stages.map(({ findings }) => new Map(findings.map((one) => [identityOf(one), one])));
  const before = maps[0] ?? new Map<string, Finding>();
  const after = maps[maps.length - 1] ?? new Map<string, Finding>();
  const patchAt = (identity: string, isThere: boolean): PatchName | null => {
    for (let at = maps.length - 1; at > 0; at--) if ((maps[at - 1]?.has(identity) ?? false) !== isThere) return patches[at - 1] ?? null;
    return patches[0] ?? null;
  };
  const added: FindingChange[] = [];
  const moved: SeriesResult['moved'][number][] = [];
  const remaining: Finding[] = [];
  for (const [identity, finding] of after) {
    const old = before.get(identity);
    if (old === undefined) added.push({ finding, patch: patchAt(identity, true) });
    else {
      remaining.push(finding);
      if (old.file !== finding.file) moved.push({ finding, from: { file: old.file, line: old.line } });
    }
  }
  const fixed = [...before].flatMap(([identity, finding]) => (after.has(identity) ? [] : [{ finding, patch: patchAt(identity, false) }]));
  return { added, fixed, moved, unchanged: remaining.length - moved.length, remaining };
}

/** Verdicts that are not what they were. A pair counts by the names of its two sides. */
export function pairChanges(before: readonly Pair[], after: readonly Pair[]): readonly PairChange[] {
  const key = ({ exporter, importer }: Pair): string => `${exporter}\n${importer}`;
  const was = new Map(before.map((pair) => [key(pair), pair]));
  const is = new Map(after.map((pair) => [key(pair), pair]));
  const rows: PairChange[] = [];
  for (const [name, pair] of is) {
    const old = was.get(name);
    if (old === undefined || old.verdict !== pair.verdict || old.errno !== pair.errno) rows.push({ exporter: pair.exporter, importer: pair.importer, before: old?.verdict ?? null, after: pair.verdict, why: pair.why });
  }
  for (const [name, pair] of was) if (!is.has(name)) rows.push({ exporter: pair.exporter, importer: pair.importer, before: pair.verdict, after: null, why: '' });
  return rows;
}
