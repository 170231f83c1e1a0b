// A series of patches over a tree in memory: the texts behind each patch. Says which file a name in a patch means, and what does not apply (issue 4, part 4).

import type { PatchName } from '../results/patch.ts';
import type { Series, SeriesPatch } from '../source/mails.ts';
import { applyPatch } from '../source/patch-apply.ts';
import type { FilePatch } from '../source/patch-text.ts';

/** Texts in front of the tree's; null for a file that is gone. */
export type Overlay = ReadonlyMap<string, string | null>;

/** Which patch, file and hunk does not fit, and why; `hunk` 0 where it is not a hunk's fault. `line`: of the patch's text. */
export interface Misfit {
  readonly patch: PatchName;
  readonly file: string;
  readonly hunk: number;
  readonly line: number;
  readonly why: string;
}

export type Stages =
  /** `stages[n]`: the texts behind the first n patches; the first is empty. */
  | { readonly ok: true; readonly stages: readonly Overlay[]; readonly notes: readonly string[] }
  | { readonly ok: false; readonly misfit: Misfit };

export interface Ground {
  /** A file of the tree; null where there is none. */
  readonly read: (path: string) => string | null;
  /** The first stage holds the old texts too, where the disk has others. */
  readonly keepsOld?: boolean;
  /** Only a part of the tree is there: what is no C and is not there is left out. */
  readonly isPart?: boolean;
}

export function stagesOf(series: Series, ground: Ground): Stages {
  const first = new Map<string, string | null>();
  const stages: Map<string, string | null>[] = [first];
  const notes: string[] = [];
  const names = new Names();
  for (const patch of series.patches) {
    const now = new Map(stages[stages.length - 1]);
    const textOf = (path: string): string | null => (now.has(path) ? now.get(path) ?? null : ground.read(path));
    for (const file of patch.files) {
      const told = oneFile(file, now, textOf, names, ground);
      if (typeof told !== 'string') return { ok: false, misfit: { patch: nameOf(patch), ...told } };
      if (told !== '') notes.push(`${told} (patch ${patch.number})`);
    }
    if (ground.keepsOld === true) for (const path of now.keys()) if (!first.has(path)) first.set(path, ground.read(path));
    stages.push(now);
  }
  if (ground.keepsOld === true) for (const stage of stages.slice(1)) for (const [path, text] of first) if (!stage.has(path)) stage.set(path, text);
  return { ok: true, stages, notes };
}

export const nameOf = ({ number, total, subject }: SeriesPatch): PatchName => ({ number, total, subject });

/** What there is to say, or nothing; or why it does not fit. */
function oneFile(file: FilePatch, now: Map<string, string | null>, textOf: (path: string) => string | null, names: Names, { isPart }: Ground): string | Omit<Misfit, 'patch'> {
  const { oldPath, newPath } = names.of(file, (path) => textOf(path) !== null);
  const name = newPath ?? oldPath ?? '';
  const fail = (hunk: number, line: number, why: string): Omit<Misfit, 'patch'> => ({ file: name, hunk, line, why });
  for (const path of [oldPath, newPath]) if (path !== null && /(?:^|\/)\.\.(?:\/|$)|^$/.test(path)) return fail(0, 0, 'it is no file of the tree');
  if (file.isBinary) return `${name}: a binary file is left as it is`;
  if (file.isModeOnly) return `${name}: only its permissions change`;
  const old = oldPath === null ? '' : textOf(oldPath);
  if (old === null && isPart === true && !/\.[ch]$/.test(name)) return `${name}: not there, left out`;
  if (old === null) return fail(0, 0, `there is no ${oldPath ?? ''}`);
  if (oldPath !== newPath && newPath !== null && (textOf(newPath) ?? '') !== '') return fail(0, 0, `${newPath} is there already`);
  const applied = applyPatch(old, file);
  if (!applied.ok) return fail(applied.hunk, applied.line, applied.why);
  if (newPath === null && applied.text !== '') return fail(file.hunks.length, file.hunks[file.hunks.length - 1]?.line ?? 0, 'it deletes the file, which has more lines than the patch knows');
  if (oldPath !== null && oldPath !== newPath && !file.isCopy) now.set(oldPath, null);
  if (newPath !== null) now.set(newPath, applied.text);
  return applied.notes.map((note) => `${name}: ${note}`).join('; ');
}

/** How many folders are left out at most: `diff` may have been run from the root of the disk. */
const MOST_FOLDERS = 8;

/** Which file a name means: folders at its beginning are left out until there is one, as `patch -p` is told. */
class Names {
  /** Of the file before: new files follow it. */
  private level: number | null = null;

  of(file: FilePatch, exists: (path: string) => boolean): { readonly oldPath: string | null; readonly newPath: string | null } {
    const { oldName, newName, isRename, isCopy } = file;
    const levels = [...new Set([1, 0, this.level ?? 1, ...Array.from({ length: MOST_FOLDERS }, (_, at) => at)])];
    if (oldName === null || isRename || isCopy) {
      const level = levels.find((one) => oldName !== null && exists(without(oldName, one))) ?? this.level ?? levelOf(newName ?? '');
      if (oldName !== null) this.level = level;
      return { oldPath: oldName === null ? null : without(oldName, level), newPath: newName === null ? null : without(newName, level) };
    }
    for (const level of levels) {
      // `diff -u x.c.orig x.c`: of both names the one that is there.
      for (const name of newName === null ? [oldName] : [oldName, newName]) {
        const path = without(name, level);
        if (path === '' || !exists(path)) continue;
        this.level = level;
        return { oldPath: path, newPath: newName === null ? null : path };
      }
    }
    const path = without(oldName, levelOf(oldName));
    return { oldPath: path, newPath: newName === null ? null : path };
  }
}

/** Without `level` folders at its beginning. */
const without = (name: string, level: number): string => name.replace(/^\/+/, '').split('/').slice(level).join('/');

/** Where nothing is there to tell by: git's a/ and b/, or a folder that a kernel has. */
const levelOf = (name: string): number => (/^(?:arch|block|crypto|drivers|fs|include|init|io_uring|ipc|kernel|lib|mm|net|samples|security|sound|tools|virt)\//.test(name) ? 0 : 1);
