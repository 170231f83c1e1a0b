// Reads unified diffs as git and diff write them: files, hunks, renames, copies, deletions, and where one is damaged. Knows nothing of mails and of trees (issue 4, part 4).

import { readable } from './letters.ts';

export interface PatchLine {
  readonly kind: ' ' | '-' | '+';
  /** Without its line feed; a carriage return stays where not every line of the patch has one. */
  readonly text: string;
}

export interface Hunk {
  /** First line of the old and of the new file, from 1; 0 for an empty one. */
  readonly oldStart: number;
  readonly newStart: number;
  readonly lines: readonly PatchLine[];
  /** Line of the patch's text, from 1. */
  readonly line: number;
  /** What stands behind the second @@. */
  readonly heading: string;
  /** The old or new text ends without a line feed. */
  readonly noNewlineOld: boolean;
  readonly noNewlineNew: boolean;
}

/** A hunk that cannot be read: its number, from 1, the line of the patch, and why. */
export interface Damage {
  readonly hunk: number;
  readonly line: number;
  readonly why: string;
}

export interface FilePatch {
  /** As they are written, without time and quotes: "a/drivers/x.c". Null for a file that the patch makes, or deletes. */
  readonly oldName: string | null;
  readonly newName: string | null;
  /** The same without the first folder, as git and `patch -p1` take them. */
  readonly oldPath: string | null;
  readonly newPath: string | null;
  /** git says that the file gets another name, or that it is copied and the old one stays. */
  readonly isRename: boolean;
  readonly isCopy: boolean;
  readonly isBinary: boolean;
  /** Only its permissions change. */
  readonly isModeOnly: boolean;
  readonly hunks: readonly Hunk[];
  readonly damage: Damage | null;
}

interface Draft {
  oldName: string | null;
  newName: string | null;
  isRename: boolean;
  isCopy: boolean;
  isBinary: boolean;
  hasMode: boolean;
  damage: Damage | null;
  readonly hunks: Hunk[];
}

/** Latin1 or any other text; where every line ends with CRLF, as mails do, that is taken as LF. Text around the diffs is skipped. */
export function parsePatch(text: string): readonly FilePatch[] {
  const lines = withoutReturns(text).split('\n');
  const files: Draft[] = [];
  let file: Draft | null = null;
  /** Between "diff --git" and the first hunk. */
  let isHead = false;
  const begin = (oldName: string | null, newName: string | null): Draft => {
    const made: Draft = { oldName, newName, isRename: false, isCopy: false, isBinary: false, hasMode: false, damage: null, hunks: [] };
    files.push(made);
    return made;
  };
  for (let at = 0; at < lines.length; at++) {
    const line = lines[at] ?? '';
    const names = gitNames(line);
    if (names !== null) {
      file = begin(names.old, names.now);
      isHead = true;
    } else if (/^diff --(?:cc|combined) /.test(line)) {
      file = null;
      isHead = false;
    } else if (isHead && file !== null && gitHeader(file, line)) {
      continue;
    } else if (line.startsWith('--- ') && (lines[at + 1] ?? '').startsWith('+++ ') && (lines[at + 2] ?? '').startsWith('@@ -')) {
      const [old, now] = [nameOf(line.slice(4)), nameOf((lines[at + 1] ?? '').slice(4))];
      if (file === null || !isHead) file = begin(old.name, now.name);
      // What git says of renames is surer than what stands behind --- and +++.
      file.oldName = old.name === null ? null : file.oldName ?? old.name;
      file.newName = now.name === null ? null : file.newName ?? now.name;
      // `diff -N` has no /dev/null: a time of 1970 says that a side is not there.
      const [, oldCount, newCount] = /^@@ -\d+(?:,(\d+))? \+\d+(?:,(\d+))? @@/.exec(lines[at + 2] ?? '') ?? [];
      if (old.isEpoch && oldCount === '0') file.oldName = null;
      if (now.isEpoch && newCount === '0') file.newName = null;
      isHead = false;
      at++;
    } else if (/^@@ -\d/.test(line) && file !== null) {
      isHead = false;
      const read = hunkAt(lines, at, file.hunks.length + 1);
      if (read.damage !== null) file.damage ??= read.damage;
      else file.hunks.push(read.hunk);
      at = read.end - 1;
    }
  }
  return files.flatMap((one) => finished(one) ?? []);
}

function finished({ oldName, newName, isRename, isCopy, isBinary, hasMode, damage, hunks }: Draft): FilePatch | null {
  const isModeOnly = hasMode && !isBinary && damage === null && hunks.length === 0 && oldName !== null && newName !== null && withoutFirst(oldName) === withoutFirst(newName);
  const isNothing = hunks.length === 0 && damage === null && !isBinary && !isModeOnly && oldName !== null && newName !== null && withoutFirst(oldName) === withoutFirst(newName);
  if (isNothing) return null;
  return { oldName, newName, oldPath: oldName === null ? null : withoutFirst(oldName), newPath: newName === null ? null : withoutFirst(newName), isRename, isCopy, isBinary, isModeOnly, hunks, damage };
}

const withoutFirst = (name: string): string => name.replace(/^[^/]+\//, '');

/** A mail has CRLF everywhere. Where only some lines have it, it is the file's. */
function withoutReturns(text: string): string {
  const returns = text.split('\r\n').length - 1;
  return returns > 0 && returns >= text.split('\n').length - 1 ? text.replace(/\r\n/g, '\n') : text;
}

/** "diff --git a/x b/x"; names with blanks are told apart by being the same, names with odd letters stand in quotes. */
function gitNames(line: string): { readonly old: string; readonly now: string } | null {
  const rest = /^diff --git (.+?)\r?$/.exec(line)?.[1];
  if (rest === undefined) return null;
  const quoted = /^("(?:[^"\\]|\\.)*"|\S+) ("(?:[^"\\]|\\.)*"|\S+)$/.exec(rest);
  if (quoted !== null) return { old: unquoted(quoted[1] ?? ''), now: unquoted(quoted[2] ?? '') };
  const half = (rest.length - 1) / 2;
  // Of two other names what follows says which they are.
  const [, old = rest, now = rest] = rest[half] === ' ' ? [rest, rest.slice(0, half), rest.slice(half + 1)] : /^(.*) ("?b\/.*)$/.exec(rest) ?? [];
  return { old: unquoted(old), now: unquoted(now) };
}

/** Takes one line of git's head of a file; false where it is none. */
function gitHeader(file: Draft, line: string): boolean {
  const [, what = '', rest = ''] = /^(new file mode|deleted file mode|old mode|new mode|rename from|rename to|copy from|copy to|similarity index|dissimilarity index|index|GIT binary patch|Binary files)\b ?(.*?)\r?$/.exec(line) ?? [];
  switch (what) {
    case 'new file mode':
      file.oldName = null;
      return true;
    case 'deleted file mode':
      file.newName = null;
      return true;
    case 'old mode':
    case 'new mode':
      file.hasMode = true;
      return true;
    case 'rename from':
    case 'copy from':
      file.oldName = `a/${unquoted(rest)}`;
      file.isCopy = what === 'copy from';
      file.isRename = what === 'rename from';
      return true;
    case 'rename to':
    case 'copy to':
      file.newName = `b/${unquoted(rest)}`;
      return true;
    case 'GIT binary patch':
    case 'Binary files':
      file.isBinary = true;
      return true;
    case '':
      return false;
    default:
      return true;
  }
}

/** `a/drivers/x.c\t2026-01-01 …` → a/drivers/x.c. */
function nameOf(text: string): { readonly name: string | null; readonly isEpoch: boolean } {
  const [, quoted, plain = '', time = ''] = /^(?:("(?:[^"\\]|\\.)*")|([^\t]*?))[ \t\r]*(?:\t(.*))?$/.exec(text) ?? [];
  const name = unquoted(quoted ?? plain);
  return { name: name === '/dev/null' ? null : name, isEpoch: /^(?:1970-01-01|1969-12-31) /.test(time) };
}

/** git writes bytes that are no letters in octal. */
function unquoted(text: string): string {
  if (!text.startsWith('"')) return readable(text);
  return readable(text.slice(1, -1).replace(/\\([0-7]{3}|.)/g, (_, letter: string) => (letter.length === 3 ? String.fromCharCode(parseInt(letter, 8)) : { n: '\n', t: '\t' }[letter] ?? letter)));
}

type HunkRead = { readonly hunk: Hunk; readonly damage: null; readonly end: number } | { readonly damage: Damage; readonly end: number };

/** `end`: the line behind it. `number`: which hunk of its file, from 1. */
function hunkAt(lines: readonly string[], at: number, number: number): HunkRead {
  const head = /^@@ -(\d+)(?:,(\d+))? \+(\d+)(?:,(\d+))? @@ ?(.*?)\r?$/.exec(lines[at] ?? '');
  if (head === null) return { damage: { hunk: number, line: at + 1, why: 'its head cannot be read' }, end: at + 1 };
  let [oldLeft, newLeft] = [Number(head[2] ?? 1), Number(head[4] ?? 1)];
  const found: PatchLine[] = [];
  let noNewlineOld = false;
  let noNewlineNew = false;
  let next = at + 1;
  for (; next < lines.length && (oldLeft > 0 || newLeft > 0 || lines[next]?.startsWith('\\ ') === true); next++) {
    const line = lines[next] ?? '';
    if (line.startsWith('\\ ')) {
      const kind = found[found.length - 1]?.kind;
      if (kind !== '+') noNewlineOld = true;
      if (kind !== '-') noNewlineNew = true;
      continue;
    }
    // A mail program may have eaten the blank of an empty line; but the text itself ends so, too.
    const kind = line === '' || line === '\r' ? (next === lines.length - 1 ? null : ' ') : line[0];
    if ((kind !== ' ' && kind !== '-' && kind !== '+') || (kind !== '+' && oldLeft === 0) || (kind !== '-' && newLeft === 0)) {
      const why = kind === null ? 'the patch ends within it' : kind === ' ' || kind === '-' || kind === '+' ? 'it has other lines than its head says' : 'a line of it was broken, perhaps by a mail program';
      return { damage: { hunk: number, line: next + 1, why }, end: next };
    }
    found.push({ kind, text: line === '' ? '' : line.slice(1) });
    if (kind !== '+') oldLeft--;
    if (kind !== '-') newLeft--;
  }
  if (oldLeft > 0 || newLeft > 0) return { damage: { hunk: number, line: lines.length, why: 'the patch ends within it' }, end: next };
  // A signature, or the next file, may follow at once.
  if (/^(?:\+|-(?!- ?\r?$|-- ))/.test(lines[next] ?? '')) return { damage: { hunk: number, line: next + 1, why: 'it has other lines than its head says' }, end: next };
  return { hunk: { oldStart: Number(head[1]), newStart: Number(head[3]), lines: found, line: at + 1, heading: head[5] ?? '', noNewlineOld, noNewlineNew }, damage: null, end: next };
}
