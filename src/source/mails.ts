// A series of patches out of mails: of a thread with replies and older versions the newest whole version, in its order; or a plain diff, or what git shows of commits.
// Reads text only (issue 4, part 4).

import { readable } from './letters.ts';
import { mailsIn, type Mail } from './mail-text.ts';
import { parsePatch, type FilePatch } from './patch-text.ts';

export interface SeriesPatch {
  /** 1, 2, …; of a single patch 1. */
  readonly number: number;
  readonly total: number;
  /** Without "[PATCH v3 2/5]". */
  readonly subject: string;
  readonly from: string;
  /** Message-Id with its brackets, or empty. */
  readonly id: string;
  readonly files: readonly FilePatch[];
}

export interface Series {
  /** "3" of v3. */
  readonly version: number;
  readonly patches: readonly SeriesPatch[];
  /** base-commit: of the cover letter or of a patch; null without one. */
  readonly base: string | null;
  /** What was left aside: replies, older versions, patches that are missing. */
  readonly notes: readonly string[];
}

/** `text` is latin1. Null where no diff is in it. */
export const seriesIn = (text: string): Series | null => seriesOfTexts([text]);

/** The patches of several texts, each a patch or an mbox, in their order. */
export function seriesOfTexts(texts: readonly string[]): Series | null {
  return seriesOf(texts.flatMap((text) => {
    const mails = mailsIn(text, betterPatch);
    return mails.length > 0 ? mails : commitsIn(text);
  }));
}

/** Of two readings of a body, the one whose hunks are whole. */
function betterPatch(plain: string, flowed: string): string {
  const hurt = (text: string): number => parsePatch(text).filter(({ damage }) => damage !== null).length;
  const whole = (text: string): number => parsePatch(text).reduce((sum, { hunks }) => sum + hunks.length, 0);
  const [left, right] = [hurt(flowed) - hurt(plain), whole(plain) - whole(flowed)];
  return left < 0 || (left === 0 && right <= 0) ? flowed : plain;
}

/** What `git show` and `git log -p` print, the newest first; any other text is one patch without a subject. */
function commitsIn(text: string): readonly Mail[] {
  const starts = [...text.matchAll(/^commit [0-9a-f]{7,64}\b.*$/gm)];
  const one = (subject: string, body: string): Mail => ({ subject: readable(subject), from: '', date: 0, id: '', body });
  const [first] = starts;
  if (first === undefined || text.slice(0, first.index).trim() !== '') return [one('', text)];
  const commits = starts.map((start, at) => {
    const body = text.slice(start.index, starts[at + 1]?.index ?? text.length);
    return { mail: one(/^ {4}(\S.*)$/m.exec(body)?.[1] ?? '', body), date: Date.parse(/^(?:Author)?Date:\s*(.*)$/m.exec(body)?.[1] ?? '') };
  });
  const isNewestFirst = commits.length > 1 && !((commits[0]?.date ?? 0) < (commits[commits.length - 1]?.date ?? 0));
  return (isNewestFirst ? commits.reverse() : commits).map(({ mail }) => mail);
}

interface Row {
  readonly mail: Mail;
  readonly tag: Tag;
  readonly files: readonly FilePatch[];
}

function seriesOf(mails: readonly Mail[]): Series | null {
  const notes: string[] = [];
  const rows: readonly Row[] = mails.map((mail) => ({ mail, tag: tagOf(mail.subject), files: parsePatch(mail.body) }));
  const isPatch = ({ files, tag }: Row): boolean => files.length > 0 && !(tag.number === 0 && tag.total > 0);
  const replies = rows.filter(({ mail }) => isReply(mail.subject));
  const mine = rows.filter((row) => !isReply(row.mail.subject) && isPatch(row));
  // A thread that is nothing but an answer with a patch in it.
  const patches = mine.length > 0 ? mine : replies.filter(isPatch);
  if (patches.length === 0) return null;
  if (mine.length > 0 && replies.length > 0) notes.push(`${replies.length} ${replies.length === 1 ? 'reply was' : 'replies were'} left aside${replies.some(isPatch) ? ', one with a patch in it' : ''}`);
  const { version, isWhole } = versionOf(patches, notes);
  const own = patches.filter(({ tag }) => tag.version === version);
  const isNumbered = own.some(({ tag }) => tag.total > 1);
  const total = isNumbered ? Math.max(...own.map(({ tag }) => tag.total)) : own.length;
  const chosen = isNumbered ? inOrder(own) : own;
  if (!isWhole) for (let number = 1; number <= total; number++) if (!chosen.some(({ tag }) => tag.number === number)) notes.push(`patch ${number} of ${total} is missing`);
  const versioned = rows.filter(({ tag, mail }) => tag.version === version && !isReply(mail.subject));
  return {
    version, notes,
    base: [...versioned, ...rows].map(({ mail }) => /^base-commit: ([0-9a-f]{7,64})\s*$/m.exec(mail.body)?.[1]).find((one) => one !== undefined) ?? null,
    patches: chosen.map(({ mail, tag, files }, at) => ({ number: isNumbered ? tag.number : at + 1, total, subject: tag.rest, from: mail.from, id: mail.id, files })),
  };
}

/** The newest version that is whole; of none that is, the newest. */
function versionOf(patches: readonly Row[], notes: string[]): { readonly version: number; readonly isWhole: boolean } {
  const versions = [...new Set(patches.map(({ tag }) => tag.version))].sort((a, b) => b - a);
  const isWhole = (version: number): boolean => {
    const own = patches.filter(({ tag }) => tag.version === version);
    return new Set(own.map(({ tag }) => tag.number)).size >= Math.max(...own.map(({ tag }) => tag.total));
  };
  const whole = versions.find(isWhole);
  const version = whole ?? versions[0] ?? 1;
  if (versions.length > 1) notes.push(`of versions ${[...versions].reverse().join(', ')} only v${version} was read${version === versions[0] ? '' : `: v${versions[0] ?? version} is not whole`}`);
  return { version, isWhole: whole !== undefined };
}

/** By number; what was sent again counts as it was sent last. */
function inOrder(own: readonly Row[]): readonly Row[] {
  const latest = new Map<number, Row>();
  for (const row of own) {
    const before = latest.get(row.tag.number);
    if (before === undefined || row.mail.date > before.mail.date) latest.set(row.tag.number, row);
  }
  return [...latest.values()].sort((a, b) => a.tag.number - b.tag.number);
}

const isReply = (subject: string): boolean => /^\s*(?:re|aw|sv|antw|fwd?|wg)\s*(?:\[\d+\])?\s*:/i.test(subject);

interface Tag {
  readonly version: number;
  readonly number: number;
  readonly total: number;
  readonly rest: string;
}

/** "[PATCH v3 2/5] dma-buf: x" → version 3, 2 of 5. */
function tagOf(subject: string): Tag {
  const [, tag = '', rest = subject] = /^\s*((?:\[[^\]]*\]\s*)*)([\s\S]*)$/.exec(subject) ?? [];
  const [, number, total] = /(?<!\d)(\d{1,4})\/(\d{1,4})(?!\d)/.exec(tag) ?? [];
  return { version: Number(/\bv(\d+)\b/i.exec(tag)?.[1] ?? 1), number: Number(number ?? 1), total: Number(total ?? 1), rest: rest.replace(/\s+/g, ' ').trim() };
}
