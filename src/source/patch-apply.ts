// Applies a file's hunks to its text as patch(1) does: where they say, else nearby, else with up to two lines of context left out. Touches no file (issue 4, part 4).

import type { FilePatch, Hunk } from './patch-text.ts';

/** Lines of context that may be left out at either end. */
const FUZZ = 2;

export type Applied =
  /** `notes`: hunks that did not stand where they said, or did not fit exactly. */
  | { readonly ok: true; readonly text: string; readonly notes: readonly string[] }
  /** `hunk`: which one, from 1, and the line of its head in the patch. */
  | { readonly ok: false; readonly hunk: number; readonly line: number; readonly why: string };

/** `text`: of the old file, "" for a new one. Line ends of the text are kept. */
export function applyPatch(text: string, { hunks, damage }: Pick<FilePatch, 'hunks' | 'damage'>): Applied {
  if (damage !== null) return { ok: false, hunk: damage.hunk, line: damage.line, why: damage.why };
  const lines = text === '' ? [] : text.split('\n');
  let endsWithNewline = text === '' || text.endsWith('\n');
  if (text !== '' && endsWithNewline) lines.pop();
  const out: string[] = [];
  const notes: string[] = [];
  /** Where the hunk before stood, against where it said. */
  let offset = 0;
  let from = 0;
  for (const [index, hunk] of hunks.entries()) {
    // A hunk without old lines stands behind the line that it names.
    const wanted = Math.max(0, hunk.oldStart - (hunk.lines.some(({ kind }) => kind !== '+') ? 1 : 0)) + offset;
    const place = placeOf(lines, hunk, wanted, from);
    if (place === null) return { ok: false, hunk: index + 1, line: hunk.line, why: whyNot(lines, hunk, wanted) };
    const { at, head, tail } = place;
    const moved = at - head - wanted;
    offset += moved;
    if (moved !== 0) notes.push(`hunk ${index + 1} applied ${Math.abs(moved)} ${Math.abs(moved) === 1 ? 'line' : 'lines'} further ${moved > 0 ? 'down' : 'up'}`);
    if (head + tail > 0) notes.push(`hunk ${index + 1} applied with ${Math.max(head, tail)} ${Math.max(head, tail) === 1 ? 'line' : 'lines'} of context left out`);
    for (let i = from; i < at; i++) out.push(lines[i] ?? '');
    from = put(lines, hunk, place, out);
    if (from === lines.length && (hunk.noNewlineOld || hunk.noNewlineNew)) endsWithNewline = !hunk.noNewlineNew;
  }
  for (let i = from; i < lines.length; i++) out.push(lines[i] ?? '');
  return { ok: true, text: out.length === 0 ? '' : `${out.join('\n')}${endsWithNewline ? '\n' : ''}`, notes };
}

interface Stands {
  readonly at: number;
  /** Lines of context left out at the beginning and at the end. */
  readonly head: number;
  readonly tail: number;
}

/** Appends what the hunk makes of its lines; gives the line behind them. Line ends are the text's where they were not the patch's. */
function put(lines: readonly string[], { lines: all }: Hunk, { at, head, tail }: Stands, out: string[]): number {
  const used = all.slice(head, all.length - tail);
  const old = used.filter(({ kind }) => kind !== '+');
  const isExact = old.every(({ text }, i) => lines[at + i] === text);
  const ends = lines[at]?.endsWith('\r') ?? false;
  let next = at;
  for (const { kind, text } of used) {
    if (kind === '+') out.push(isExact ? text : `${bare(text)}${ends ? '\r' : ''}`);
    else if (kind === '-') next++;
    else out.push(lines[next++] ?? '');
  }
  return next;
}

const bare = (line: string): string => (line.endsWith('\r') ? line.slice(0, -1) : line);

/** The nearest place where the old lines stand, not before `from`. */
function placeOf(lines: readonly string[], hunk: Hunk, wanted: number, from: number): Stands | null {
  const leading = Math.max(0, hunk.lines.findIndex(({ kind }) => kind !== ' '));
  const trailing = Math.max(0, [...hunk.lines].reverse().findIndex(({ kind }) => kind !== ' '));
  const context = Math.max(leading, trailing);
  for (let fuzz = 0; fuzz <= Math.min(FUZZ, context); fuzz++) {
    // The longer side first, as patch(1) does: a short one stands at the edge of the file.
    const [head, tail] = [Math.max(0, fuzz + leading - context), Math.max(0, fuzz + trailing - context)];
    const old = hunk.lines.slice(head, hunk.lines.length - tail).flatMap(({ kind, text }) => (kind === '+' ? [] : [bare(text)]));
    const start = Math.max(from, Math.min(wanted + head, lines.length));
    if (old.length === 0) return { at: start, head, tail };
    const fits = (at: number): boolean => at >= from && at + old.length <= lines.length && old.every((text, i) => bare(lines[at + i] ?? '') === text);
    for (let distance = 0; distance <= lines.length; distance++) {
      if (fits(start + distance)) return { at: start + distance, head, tail };
      if (distance > 0 && fits(start - distance)) return { at: start - distance, head, tail };
    }
  }
  return null;
}

/** For a person: that it is applied already, or the first line that is another one where it should stand. */
function whyNot(lines: readonly string[], hunk: Hunk, wanted: number): string {
  const turned: Hunk = { ...hunk, lines: hunk.lines.map(({ kind, text }) => ({ kind: kind === '+' ? '-' : kind === '-' ? '+' : ' ', text })) };
  const isApplied = turned.lines.some(({ kind }) => kind === '-') && placeOf(lines, turned, wanted, 0);
  if (isApplied !== false && isApplied !== null && isApplied.head + isApplied.tail === 0) return 'it seems to be applied already';
  const old = hunk.lines.filter(({ kind }) => kind !== '+');
  const first = old.findIndex(({ text }, i) => bare(lines[wanted + i] ?? '') !== bare(text));
  const [there, lacking] = [lines[wanted + first], old[first]];
  if (lacking === undefined) return 'the lines that it wants to change are not there';
  return `it wants "${bare(lacking.text).trim()}" at line ${wanted + first + 1}${there === undefined ? ', where the file has ended' : `, where "${bare(there).trim()}" stands`}`;
}
