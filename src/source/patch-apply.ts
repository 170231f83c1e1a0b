// Applies a file's hunks to its text as patch(1) does: where they say, else nearby, else with up to two lines of context left out (issue 4, part 4).

import type { FilePatch, Hunk } from './patch-text.ts';

/** Lines of context that may be left out at either end. */
const FUZZ = 2;

export type Applied =
  /** `notes`: hunks that did not stand where they said, or did not fit exactly. */
  | { readonly ok: true; readonly text: string; readonly notes: readonly string[] }
  /** `hunk`: which one, from 1, and the line of its head in the patch. */
  | { readonly ok: false; readonly hunk: number; readonly line: number };

/** `text`: of the old file, "" for a new one. Line ends of the text are kept. */
export function applyPatch(text: string, { hunks }: Pick<FilePatch, 'hunks'>): Applied {
  const isCrlf = /\r\n/.test(text.slice(0, 4096));
  const lines = text === '' ? [] : text.replace(/\r\n/g, '\n').split('\n');
  let endsWithNewline = text === '' || text.endsWith('\n');
  if (text !== '' && endsWithNewline) lines.pop();
  const notes: string[] = [];
  let shift = 0;
  let from = 0;
  for (const [index, hunk] of hunks.entries()) {
    const place = placeOf(lines, hunk, hunk.oldStart - 1 + shift + (hunk.lines.every(({ kind }) => kind === '+') && hunk.oldStart > 0 ? 1 : 0), from);
    if (place === null) return { ok: false, hunk: index + 1, line: hunk.line };
    const { at, head, tail } = place;
    const wanted = hunk.oldStart - 1 + shift;
    if (at - head !== Math.max(0, wanted) && hunk.oldStart > 0 && hunk.lines.some(({ kind }) => kind !== '+')) notes.push(`hunk ${index + 1} applied ${Math.abs(at - head - wanted)} lines ${at - head > wanted ? 'further down' : 'further up'}`);
    if (head + tail > 0) notes.push(`hunk ${index + 1} applied with ${Math.max(head, tail)} lines of context left out`);
    const used = hunk.lines.slice(head, hunk.lines.length - tail);
    const removed = used.filter(({ kind }) => kind !== '+').length;
    const added = used.filter(({ kind }) => kind !== '-').map((line) => line.text);
    lines.splice(at, removed, ...added);
    shift += added.length - removed + (at - head - Math.max(0, wanted));
    from = at + added.length;
    if (at + added.length === lines.length && (hunk.noNewlineOld || hunk.noNewlineNew)) endsWithNewline = !hunk.noNewlineNew;
  }
  const end = isCrlf ? '\r\n' : '\n';
  return { ok: true, text: lines.length === 0 ? '' : `${lines.join(end)}${endsWithNewline ? end : ''}`, notes };
}

/** The nearest place where the old lines stand, not before `from`. `head`, `tail`: context left out. */
function placeOf(lines: readonly string[], hunk: Hunk, wanted: number, from: number): { readonly at: number; readonly head: number; readonly tail: number } | null {
  const leading = hunk.lines.findIndex(({ kind }) => kind !== ' ');
  const trailing = [...hunk.lines].reverse().findIndex(({ kind }) => kind !== ' ');
  for (let fuzz = 0; fuzz <= FUZZ; fuzz++) {
    const head = Math.min(fuzz, Math.max(0, leading));
    const tail = Math.min(fuzz, Math.max(0, trailing));
    if (fuzz > 0 && head + tail === 0) break;
    const old = hunk.lines.slice(head, hunk.lines.length - tail).flatMap(({ kind, text }) => (kind === '+' ? [] : [text]));
    const start = Math.max(from, Math.min(wanted + head, lines.length));
    // A file that is made must not be there.
    if (old.length === 0) return hunk.oldStart === 0 && lines.length > 0 ? null : { at: start, head, tail };
    for (let distance = 0; distance <= lines.length; distance++) {
      for (const at of distance === 0 ? [start] : [start + distance, start - distance]) if (at >= from && at + old.length <= lines.length && old.every((text, i) => lines[at + i] === text)) return { at, head, tail };
    }
  }
  return null;
}
