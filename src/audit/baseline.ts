// Findings that somebody has judged, each with a reason: a text that people edit and diffs show well. Matched by identity, so that it survives shifts of lines.
// Reads and writes text only; no file (issue 4, part 3).

import { identityOf, type Finding } from '../results/finding.ts';
import type { BaselineEntry } from '../results/findings-report.ts';

/** What an entry says that nobody has judged yet. */
export const UNJUDGED = 'not judged yet';

const HEAD = `# Findings that were judged, and why each may stay. fencepost audit --rules --baseline FILE does not show them.
# Write the reason behind "why:"; further lines of it are indented deeper. Lines that begin with # are kept.
`;

/** A baseline as it was written: its entries, and the comments that stand before each and at the end. */
export interface Baseline {
  readonly entries: readonly BaselineEntry[];
  /** By identity. */
  readonly comments: ReadonlyMap<string, readonly string[]>;
  /** Before the first entry, up to an empty line; and behind the last entry. */
  readonly head: readonly string[];
  readonly tail: readonly string[];
}

/** `line` counts from 1. */
export type BaselineRead = { readonly ok: true; readonly baseline: Baseline } | { readonly ok: false; readonly line: number; readonly message: string };

export const EMPTY_BASELINE: Baseline = { entries: [], comments: new Map(), head: HEAD.trimEnd().split('\n'), tail: [] };

const FIRST = /^([a-z0-9]+(?:-[a-z0-9]+)*) (\w*)\(\) (\S.*)$/;
const FIELD = /^[ \t]+(at|number|why):(?:[ \t]+(.*))?$/;

interface Draft {
  readonly line: number;
  readonly rule: string;
  readonly function: string;
  readonly file: string;
  anchor: string | null;
  ordinal: number;
  readonly why: string[];
  /** The last field; a deeper line goes on with it. */
  last: string;
}

export function readBaseline(text: string): BaselineRead {
  const entries: BaselineEntry[] = [];
  const comments = new Map<string, readonly string[]>();
  let head: readonly string[] | null = null;
  let waiting: string[] = [];
  let draft: Draft | null = null;
  const fail = (line: number, message: string): BaselineRead => ({ ok: false, line, message });
  /** The entry that ends here; what is wrong with it, or null. */
  const close = (): BaselineRead | null => {
    if (draft === null) return null;
    const { line, rule, function: name, file, anchor, ordinal, why } = draft;
    if (anchor === null) return fail(line, 'the entry has no line "at: …" with the C that it stands on');
    if (why.join('').trim() === '') return fail(line, `the entry has no reason: a line "why: …" is missing`);
    const made = { rule, function: name, file, anchor, ordinal, reason: why.join(' ').trim() };
    const identity = identityOf({ ...made, line: 0, obligation: null, confidence: 'high', text: '', path: [], under: [] });
    if (entries.some((one) => one.identity === identity)) return fail(line, `the finding stands twice: ${rule} in ${name}() at "${anchor}"`);
    entries.push({ identity, ...made });
    comments.set(identity, commentsOf);
    draft = null;
    return null;
  };
  let commentsOf: readonly string[] = [];
  for (const [index, raw] of text.split(/\r?\n/).entries()) {
    const line = index + 1;
    const content = raw.trimEnd();
    if (content === '') {
      const problem = close();
      if (problem !== null) return problem;
      if (head === null && waiting.length > 0 && entries.length === 0) {
        head = waiting;
        waiting = [];
      }
      continue;
    }
    if (content.startsWith('#')) {
      const problem = close();
      if (problem !== null) return problem;
      waiting.push(content);
      continue;
    }
    if (!/^[ \t]/.test(content)) {
      const problem = close();
      if (problem !== null) return problem;
      const [, rule, name, file] = FIRST.exec(content) ?? [];
      if (rule === undefined || name === undefined || file === undefined) return fail(line, `"${content.slice(0, 60)}" is no entry: it begins with RULE FUNCTION() FILE`);
      draft = { line, rule, function: name, file, anchor: null, ordinal: 0, why: [], last: '' };
      commentsOf = waiting;
      waiting = [];
      continue;
    }
    if (draft === null) return fail(line, 'an indented line belongs to an entry, and none stands above it');
    const [, field, value = ''] = FIELD.exec(content) ?? [];
    if (draft.last === 'why' && (field === undefined || /^(?: {5,}|\t{2,}| +\t)/.test(content))) {
      draft.why.push(content.trim());
      continue;
    }
    switch (field) {
      case 'at':
        if (draft.anchor !== null) return fail(line, '"at:" stands twice in one entry');
        draft.anchor = value.replace(/\s+/g, ' ').trim();
        break;
      case 'number': {
        if (!/^[1-9]\d{0,8}$/.test(value.trim())) return fail(line, `"number:" takes a whole number from 1 up, not "${value}"`);
        draft.ordinal = Number(value) - 1;
        break;
      }
      case 'why':
        if (draft.why.length > 0) return fail(line, '"why:" stands twice in one entry');
        draft.why.push(value.trim());
        break;
      default:
        return fail(line, `"${content.trim().slice(0, 60)}" is not understood: an entry has lines at:, number: and why:`);
    }
    draft.last = field;
  }
  const problem = close();
  if (problem !== null) return problem;
  return { ok: true, baseline: { entries, comments, head: head ?? [], tail: waiting } };
}

export function baselineText({ entries, comments, head, tail }: Baseline): string {
  const sorted = [...entries].sort((a, b) => compare(a.file, b.file) || compare(a.function, b.function) || compare(a.identity, b.identity));
  const parts = [
    ...(head.length === 0 ? [] : [head]),
    ...sorted.map(({ identity, rule, function: name, file, anchor, ordinal, reason }) => [
      ...(comments.get(identity) ?? []),
      `${rule} ${name}() ${file}`,
      `    at: ${anchor}`,
      ...(ordinal === 0 ? [] : [`    number: ${ordinal + 1}`]),
      ...folded(`    why: ${reason}`),
    ]),
    ...(tail.length === 0 ? [] : [tail]),
  ];
  return `${parts.map((lines) => lines.join('\n')).join('\n\n')}\n`;
}

const WIDTH = 90;

/** Long reasons go on below, deeper. */
function folded(text: string): string[] {
  const lines: string[] = [];
  let rest = text;
  while (rest.length > WIDTH) {
    const at = rest.lastIndexOf(' ', WIDTH);
    if (at <= 9) break;
    lines.push(rest.slice(0, at));
    rest = `         ${rest.slice(at + 1)}`;
  }
  return [...lines, rest];
}

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

/** The baseline that knows all of `findings`: reasons and comments stay, what is gone goes, what is new is not judged yet. */
export function updated(before: Baseline, findings: readonly Finding[], gone: readonly BaselineEntry[]): Baseline {
  const left = new Set(gone.map((one) => one.identity));
  const entries = new Map(before.entries.filter((one) => !left.has(one.identity)).map((one) => [one.identity, one]));
  for (const finding of findings) {
    const identity = identityOf(finding);
    const { rule, function: name, anchor, ordinal, file } = finding;
    entries.set(identity, { identity, rule, function: name, anchor, ordinal, file, reason: entries.get(identity)?.reason ?? UNJUDGED });
  }
  return { ...before, entries: [...entries.values()] };
}
