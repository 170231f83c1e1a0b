// Reads unified diffs as git and diff write them: files, hunks, renames, deletions. Knows nothing of mails and of trees (issue 4, part 4).

export interface PatchLine {
  readonly kind: ' ' | '-' | '+';
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
  /** It has as many lines as its head says. */
  readonly isWhole: boolean;
}

export interface FilePatch {
  /** Null for a file that the patch makes, or deletes. */
  readonly oldPath: string | null;
  readonly newPath: string | null;
  readonly isBinary: boolean;
  readonly hunks: readonly Hunk[];
}

/** Latin1 or any other text; CRLF is taken as LF. Text around the diffs is skipped. */
export function parsePatch(text: string): readonly FilePatch[] {
  const lines = text.replace(/\r\n/g, '\n').split('\n');
  const files: { oldPath: string | null; newPath: string | null; isBinary: boolean; hunks: Hunk[] }[] = [];
  let git: (typeof files)[number] | null = null;
  let at = 0;
  const last = (): (typeof files)[number] | undefined => files[files.length - 1];
  while (at < lines.length) {
    const line = lines[at] ?? '';
    const header = /^diff --git (?:"?a\/(.*?)"?) (?:"?b\/(.*?)"?)$/.exec(line);
    if (header !== null) {
      git = { oldPath: header[1] ?? null, newPath: header[2] ?? null, isBinary: false, hunks: [] };
      files.push(git);
      at++;
      continue;
    }
    if (git !== null && /^new file mode /.test(line)) git.oldPath = null;
    else if (git !== null && /^deleted file mode /.test(line)) git.newPath = null;
    else if (git !== null && /^rename from /.test(line)) git.oldPath = line.slice(12);
    else if (git !== null && /^rename to /.test(line)) git.newPath = line.slice(10);
    else if (git !== null && /^(?:GIT binary patch|Binary files )/.test(line)) git.isBinary = true;
    else if (/^--- /.test(line) && /^\+\+\+ /.test(lines[at + 1] ?? '') && /^@@ /.test(lines[at + 2] ?? '')) {
      const [oldPath, newPath] = [pathOf(line.slice(4)), pathOf((lines[at + 1] ?? '').slice(4))];
      if (git === null || git.hunks.length > 0) files.push({ oldPath, newPath, isBinary: false, hunks: [] });
      else {
        git.oldPath = oldPath;
        git.newPath = newPath;
      }
      at += 2;
      continue;
    } else if (/^@@ /.test(line)) {
      const read = hunkAt(lines, at);
      const file = last();
      if (read !== null && file !== undefined) {
        file.hunks.push(read.hunk);
        at = read.end;
        git = null;
        continue;
      }
    }
    at++;
  }
  return files.filter(({ hunks, isBinary, oldPath, newPath }) => hunks.length > 0 || isBinary || oldPath !== newPath);
}

/** "a/drivers/x.c\t2026-01-01" → drivers/x.c; /dev/null → null. */
function pathOf(text: string): string | null {
  const name = (text.split('\t')[0] ?? '').trim().replace(/^"(.*)"$/, '$1');
  if (name === '/dev/null') return null;
  return name.replace(/^[^/]+\//, '');
}

function hunkAt(lines: readonly string[], at: number): { readonly hunk: Hunk; readonly end: number } | null {
  const head = /^@@ -(\d+)(?:,(\d+))? \+(\d+)(?:,(\d+))? @@ ?(.*)$/.exec(lines[at] ?? '');
  if (head === null) return null;
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
    // A mail program may have eaten the blank of an empty line.
    const kind = line === '' ? ' ' : line[0];
    if (kind !== ' ' && kind !== '-' && kind !== '+') break;
    found.push({ kind, text: line.slice(1) });
    if (kind !== '+') oldLeft--;
    if (kind !== '-') newLeft--;
  }
  return { hunk: { oldStart: Number(head[1]), newStart: Number(head[3]), lines: found, line: at + 1, heading: head[5] ?? '', noNewlineOld, noNewlineNew, isWhole: oldLeft === 0 && newLeft === 0 && !/^(?:\+|-(?!- $|-- ))/.test(lines[next] ?? '') }, end: next };
}
