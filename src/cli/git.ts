// What is asked of a git checkout: patches of a range, a file at a commit, the commit that brought a line. Only reads; nothing here needs git to be there.

import { spawnSync } from 'node:child_process';
import type { Origin } from '../results/patch.ts';

const MOST_BYTES = 1 << 28;

export type GitAnswer = { readonly ok: true; readonly text: string } | { readonly ok: false; readonly message: string };

/** Text is latin1: a letter a byte. */
function git(tree: string, args: readonly string[], input?: string): GitAnswer {
  const { status, stdout, stderr, error } = spawnSync('git', ['--no-optional-locks', '-C', tree, ...args], { maxBuffer: MOST_BYTES, encoding: 'latin1', ...(input === undefined ? {} : { input }), env: { ...process.env, GIT_TERMINAL_PROMPT: '0', LC_ALL: 'C' } });
  if (error !== undefined) return { ok: false, message: 'code' in error && error.code === 'ENOENT' ? 'there is no git here' : error.message };
  return status === 0 ? { ok: true, text: stdout } : { ok: false, message: stderr.trim().split('\n')[0]?.replace(/^fatal: /, '') ?? '' };
}

/** The patches of "A..B", oldest first, as mails. The user's own settings of diffs do not count. */
export function formatPatch(tree: string, range: string): GitAnswer {
  if (range.startsWith('-')) return { ok: false, message: 'a range does not begin with a dash' };
  return git(tree, [
    '-c', 'core.quotePath=true', '-c', 'diff.suppressBlankEmpty=false', 'format-patch', '--stdout', '--no-signature', '--no-stat', '--no-attach', '--no-thread', '--no-cover-letter', '--no-base', '--no-notes',
    '--subject-prefix=PATCH', '--numbered', '--src-prefix=a/', '--dst-prefix=b/', '--no-ext-diff', '--no-textconv', '--no-color', '-U3', '-M', range, '--',
  ]);
}

/** The commit that a range begins at, null where git does not say. */
export function baseOf(tree: string, range: string): string | null {
  const [from = '', to = ''] = range.split(/\.\.\.?/);
  if (!range.includes('...')) return commitOf(tree, from === '' ? 'HEAD' : from);
  const found = git(tree, ['merge-base', '--end-of-options', from === '' ? 'HEAD' : from, to === '' ? 'HEAD' : to]);
  return found.ok ? found.text.trim() : null;
}

/** The commit of a name; null where there is none, and where the tree is no checkout. */
export function commitOf(tree: string, name: string): string | null {
  const found = git(tree, ['rev-parse', '--verify', '--quiet', '--end-of-options', `${name}^{commit}`]);
  return found.ok ? found.text.trim().split('\n').pop() ?? null : null;
}

/** Text of a file at a commit; null where it is not there. */
export function fileAt(tree: string, commit: string, path: string): string | null {
  const found = git(tree, ['show', `${commit}:./${path}`]);
  return found.ok ? found.text : null;
}

/** Who brought a line of a file as it is at a commit, or on the disk. Null where that is not known: not committed, or beyond what a shallow clone has. */
export function originOf(tree: string, commit: string | null, path: string, line: number): Origin | null {
  const found = git(tree, ['blame', '--root', '--porcelain', '-w', '-L', `${line},${line}`, ...(commit === null ? [] : [commit]), '--', path]);
  if (!found.ok) return null;
  const hash = /^([0-9a-f]{40,64}) /.exec(found.text)?.[1] ?? '';
  const subject = /^summary (.*)$/m.exec(found.text)?.[1] ?? '';
  if (hash === '' || /^0+$/.test(hash)) return null;
  const isEdge = git(tree, ['rev-parse', '--is-shallow-repository']);
  if (isEdge.ok && isEdge.text.trim() === 'true' && !git(tree, ['rev-parse', '--verify', '--quiet', `${hash}^`]).ok) return null;
  return { commit: hash.slice(0, 12), subject: Buffer.from(subject, 'latin1').toString('utf8') };
}
