// Takes patches out of mails: an mbox with a series, its replies and older versions; a single mail; or a plain diff (issue 4, part 4).

import { parsePatch, type FilePatch } from './patch-text.ts';

export interface Mail {
  readonly subject: string;
  readonly from: string;
  readonly body: string;
}

export interface SeriesPatch {
  /** 1, 2, …; of a single patch 1. */
  readonly number: number;
  readonly total: number;
  /** Without "[PATCH v3 2/5]". */
  readonly subject: string;
  readonly files: readonly FilePatch[];
  /** The diff as text, for quoting. */
  readonly text: string;
}

export interface Series {
  readonly version: number;
  readonly patches: readonly SeriesPatch[];
  /** base-commit: of the cover letter or of a patch; null without one. */
  readonly base: string | null;
  /** What was left aside: replies, older versions, patches that are missing. */
  readonly notes: readonly string[];
}

/** `text` is latin1. Null where no diff is in it. */
export function seriesIn(text: string): Series | null {
  const mails = mailsIn(text);
  if (mails.length === 0) {
    const files = parsePatch(text);
    return files.length === 0 ? null : { version: 1, patches: [{ number: 1, total: 1, subject: '', files, text }], base: null, notes: [] };
  }
  return seriesOf(mails);
}

/** The patches of several texts, each a patch or an mbox, in their order. */
export function seriesOfTexts(texts: readonly string[]): Series | null {
  const all = texts.flatMap((text) => {
    const mails = mailsIn(text);
    return mails.length > 0 ? mails : [{ subject: '', from: '', body: text }];
  });
  return seriesOf(all);
}

function seriesOf(mails: readonly Mail[]): Series | null {
  const notes: string[] = [];
  const rows = mails.map((mail) => ({ mail, tag: tagOf(mail.subject), files: isReply(mail.subject) ? [] : parsePatch(mail.body) }));
  const replies = rows.filter(({ mail }) => isReply(mail.subject)).length;
  if (replies > 0) notes.push(`${replies} ${replies === 1 ? 'reply was' : 'replies were'} left aside`);
  const base = rows.map(({ mail }) => /^base-commit: ([0-9a-f]{7,64})\s*$/m.exec(mail.body)?.[1]).find((one) => one !== undefined) ?? null;
  const patches = rows.filter(({ files }) => files.length > 0);
  if (patches.length === 0) return null;
  const versions = [...new Set(patches.map(({ tag }) => tag.version))].sort((a, b) => b - a);
  const isWhole = (version: number): boolean => {
    const own = patches.filter(({ tag }) => tag.version === version);
    const total = Math.max(...own.map(({ tag }) => tag.total));
    return new Set(own.map(({ tag }) => tag.number)).size >= total;
  };
  const version = versions.find(isWhole) ?? versions[0] ?? 1;
  if (versions.length > 1) notes.push(`of versions ${[...versions].reverse().join(', ')} only v${version} was read`);
  const own = patches.filter(({ tag }) => tag.version === version);
  const isNumbered = own.some(({ tag }) => tag.total > 1);
  const ordered = isNumbered ? [...own].sort((a, b) => a.tag.number - b.tag.number) : own;
  const seen = new Set<number>();
  const chosen = ordered.filter(({ tag }) => !isNumbered || (!seen.has(tag.number) && seen.add(tag.number) !== undefined));
  const total = isNumbered ? Math.max(...own.map(({ tag }) => tag.total)) : chosen.length;
  if (isNumbered) for (let number = 1; number <= total; number++) if (!seen.has(number)) notes.push(`patch ${number} of ${total} is missing`);
  return { version, base, notes, patches: chosen.map(({ mail, tag, files }, at) => ({ number: isNumbered ? tag.number : at + 1, total, subject: tag.rest, files, text: mail.body })) };
}

const isReply = (subject: string): boolean => /^\s*(?:re|aw|fwd?)\s*:/i.test(subject);

/** "[PATCH v3 2/5] dma-buf: x" → version 3, 2 of 5. */
function tagOf(subject: string): { readonly version: number; readonly number: number; readonly total: number; readonly rest: string } {
  const [, tag = '', rest = subject] = /^\s*((?:\[[^\]]*\]\s*)*)([\s\S]*)$/.exec(subject) ?? [];
  const [, number, total] = /(\d+)\/(\d+)/.exec(tag) ?? [];
  return { version: Number(/\bv(\d+)\b/i.exec(tag)?.[1] ?? 1), number: Number(number ?? 1), total: Number(total ?? 1), rest: rest.replace(/\s+/g, ' ').trim() };
}

/** Splits an mbox, or takes one mail; nothing where the text has no mail header. */
export function mailsIn(text: string): readonly Mail[] {
  const plain = text.replace(/\r\n/g, '\n');
  if (/^From [^\n]*\d\d:\d\d/m.test(plain) && /^(?:From |From mboxrd)/.test(plain)) return plain.split(/^From [^\n]*\d\d:\d\d[^\n]*\n/m).slice(1).flatMap((one) => mailIn(one) ?? []);
  const one = /^[A-Za-z-]+: /.test(plain) && /^Subject: /m.test(plain.slice(0, headEnd(plain))) ? mailIn(plain) : null;
  return one === null ? [] : [one];
}

const headEnd = (text: string): number => {
  const at = text.indexOf('\n\n');
  return at === -1 ? text.length : at;
};

function mailIn(text: string): Mail | null {
  const end = headEnd(text);
  const headers = new Map<string, string>();
  for (const line of text.slice(0, end).replace(/\n[ \t]+/g, ' ').split('\n')) {
    const colon = line.indexOf(':');
    if (colon > 0 && !headers.has(line.slice(0, colon).toLowerCase())) headers.set(line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim());
  }
  const subject = headers.get('subject');
  if (subject === undefined) return null;
  const body = decoded(text.slice(end + 2), headers).replace(/^>(>*From )/gm, '$1');
  return { subject: words(subject), from: words(headers.get('from') ?? ''), body };
}

function decoded(body: string, headers: ReadonlyMap<string, string>): string {
  const type = headers.get('content-type') ?? '';
  const boundary = /boundary="?([^";]+)"?/i.exec(type)?.[1];
  if (/^multipart\//i.test(type) && boundary !== undefined) {
    return body.split(`--${boundary}`).slice(1).flatMap((part) => {
      const inner = mailIn(`Subject: part\n${part.replace(/^\n/, '')}`);
      return inner === null || part.startsWith('--') ? [] : [inner.body];
    }).join('\n');
  }
  const flat = transfer(body, (headers.get('content-transfer-encoding') ?? '').toLowerCase());
  return /format=flowed/i.test(type) ? flowed(flat, /delsp=yes/i.test(type)) : flat;
}

function transfer(body: string, encoding: string): string {
  if (encoding === 'base64') return Buffer.from(body.replace(/\s+/g, ''), 'base64').toString('latin1').replace(/\r\n/g, '\n');
  if (encoding === 'quoted-printable') return quoted(body);
  return body;
}

const quoted = (text: string): string => text.replace(/[ \t]+$/gm, '').replace(/=\n/g, '').replace(/=([0-9A-Fa-f]{2})/g, (_, hex: string) => String.fromCharCode(parseInt(hex, 16)));

/** A line that ends with a blank goes on in the next; a line that begins with one was stuffed. */
function flowed(text: string, deletesBlank: boolean): string {
  const out: string[] = [];
  let isOpen = false;
  // Context lines of a diff begin with a blank: where a single one stands, nothing was stuffed.
  const isStuffed = !/^ [^ >F\n]/m.test(text);
  for (const line of text.split('\n')) {
    const plain = isStuffed && line.startsWith(' ') ? line.slice(1) : line;
    if (isOpen) out[out.length - 1] += plain;
    else out.push(plain);
    isOpen = plain.endsWith(' ') && plain !== '-- ' && plain.trim() !== '';
    if (isOpen && deletesBlank) out[out.length - 1] = (out[out.length - 1] ?? '').slice(0, -1);
  }
  return out.join('\n');
}

/** =?utf-8?q?…?= */
const words = (text: string): string => text.replace(/=\?[^?]+\?([bqBQ])\?([^?]*)\?=\s*/g, (_, how: string, part: string) => (how.toLowerCase() === 'b' ? Buffer.from(part, 'base64').toString('latin1') : quoted(part.replace(/_/g, ' '))));
