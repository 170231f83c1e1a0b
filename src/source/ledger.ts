// What was not understood, by function and reason, and how much of what matters was read. Only counts and tells; decides nothing.
// Nothing may vanish silently (issue 3, part 2; DESIGN "Reading C").

import type { CFunction, CTable } from './syntax.ts';
import type { Outline } from './outline.ts';
import type { Skipped } from './walk.ts';

export type Gap = 'not-read' | 'not-cut' | 'parse-error' | 'first-side-only' | 'both-sides-read' | 'table-error' | 'unknown-callee' | 'no-such-label';

export interface LedgerEntry {
  readonly gap: Gap;
  readonly file: string;
  /** 0 where the whole file is meant. */
  readonly line: number;
  /** Empty outside of functions. */
  readonly function: string;
  readonly text: string;
}

export interface Coverage {
  readonly functions: number;
  readonly withParseError: number;
  /** 0 to 1; 0 where there are no functions. */
  readonly share: number;
}

export const fileGaps = (skipped: readonly Skipped[]): readonly LedgerEntry[] => skipped.map(({ path, why }) => ({ gap: 'not-read', file: path, line: 0, function: '', text: why }));

export const outlineGaps = (file: string, outline: Outline): readonly LedgerEntry[] => outline.problems.map(({ line, reason }) => ({ gap: 'not-cut', file, line, function: '', text: reason }));

export function functionGaps(one: CFunction): readonly LedgerEntry[] {
  const at = { file: one.file, function: one.name };
  const gaps: LedgerEntry[] = one.unread.map(({ line, text }) => ({ ...at, gap: 'parse-error', line, text }));
  if (one.conditionals === 'both') gaps.push({ ...at, gap: 'both-sides-read', line: one.line, text: 'both sides of #if are read: the configuration is not known' });
  if (one.conditionals === 'first') gaps.push({ ...at, gap: 'first-side-only', line: one.line, text: 'only the first side of #if could be read' });
  return gaps;
}

export const tableGaps = (one: CTable): readonly LedgerEntry[] => (one.hasError ? [{ gap: 'table-error', file: one.file, line: one.line, function: '', text: `${one.type} ${one.name}` }] : []);

/** Of the functions that are handed in: those that matter. */
export function coverage(functions: readonly CFunction[]): Coverage {
  const withParseError = functions.filter((one) => one.unread.length > 0).length;
  return { functions: functions.length, withParseError, share: functions.length === 0 ? 0 : withParseError / functions.length };
}
