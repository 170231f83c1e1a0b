// Mails as text: an mbox split, headers, and bodies as they were before a mail program had them (RFC 2045, 2047, 3676). Knows nothing of patches but where asked to judge a body (issue 4, part 4).

import { readable } from './letters.ts';

export interface Mail {
  readonly subject: string;
  readonly from: string;
  /** Milliseconds; 0 where there is none. */
  readonly date: number;
  /** With its brackets, or empty. */
  readonly id: string;
  /** Latin1: one letter a byte, as all C is read. */
  readonly body: string;
}

type Headers = ReadonlyMap<string, string>;

/** Says which of two readings of a flowed body is the better one. */
export type Better = (one: string, other: string) => string;

/** Splits an mbox, or takes one mail; nothing where the text has no mail header. `text` is latin1. A mail that stands there twice is taken once. */
export function mailsIn(text: string, better: Better): readonly Mail[] {
  const plain = /^[^\n]*\r\n/.test(text) ? text.replace(/\r\n/g, '\n') : text;
  const seen = new Set<string>();
  return mboxParts(plain).flatMap((one) => {
    const mail = mailIn(one, better);
    if (mail === null || (mail.id !== '' && seen.has(mail.id))) return [];
    seen.add(mail.id);
    return [mail];
  });
}

/** A line "From …" begins a mail only where headers follow: a sentence may begin so too. */
function mboxParts(text: string): readonly string[] {
  const begins = /(?<=^|\n)From [^\n]*\n(?=(?:>From [^\n]*\n)?[A-Za-z][A-Za-z0-9-]*:)/g;
  const starts = [...text.matchAll(begins)].filter((one) => one.index === 0 || text.startsWith('\n\n', one.index - 2) || /\d\d:\d\d/.test(one[0]));
  if (starts[0]?.index === 0) return starts.map((one, at) => text.slice(one.index + one[0].length, starts[at + 1]?.index ?? text.length));
  return /^[A-Za-z][A-Za-z0-9-]*:/.test(text) && /^Subject:/im.test(headOf(text)) ? [text] : [];
}

const headEnd = (text: string): number => (text.startsWith('\n') ? 0 : (text.indexOf('\n\n') + 1 || text.length + 1) - 1);
const headOf = (text: string): string => text.slice(0, headEnd(text));

function headersOf(head: string): Headers {
  const headers = new Map<string, string>();
  for (const line of head.replace(/\n[ \t]+/g, ' ').split('\n')) {
    const [, name, value = ''] = /^([!-9;-~]+):[ \t]*(.*)$/.exec(line) ?? [];
    if (name !== undefined && !headers.has(name.toLowerCase())) headers.set(name.toLowerCase(), value.trim());
  }
  return headers;
}

function mailIn(text: string, better: Better): Mail | null {
  const headers = headersOf(headOf(text));
  const subject = headers.get('subject');
  if (subject === undefined) return null;
  const date = Date.parse((headers.get('date') ?? '').replace(/\s*\([^)]*\)\s*$/, ''));
  // What quoting of an mbox did to lines that begin with From.
  const body = bodyOf(text.slice(headEnd(text)).replace(/^\n+/, '').replace(/^>(>*From )/gm, '$1'), headers, better, 0);
  return { subject: decodedWords(subject), from: decodedWords(headers.get('from') ?? ''), date: Number.isNaN(date) ? 0 : date, id: /<[^>]*>/.exec(headers.get('message-id') ?? '')?.[0] ?? '', body };
}

/** Parts within parts; a mail that nests deeper than this is no patch. */
const DEEPEST = 8;

function bodyOf(body: string, headers: Headers, better: Better, depth: number): string {
  const type = headers.get('content-type') ?? 'text/plain';
  const boundary = parameter(type, 'boundary');
  if (/^multipart\//i.test(type) && boundary !== null && depth < DEEPEST) {
    const parts = partsOf(body, boundary).map((part) => ({ headers: headersOf(headOf(part)), body: part.slice(headEnd(part)).replace(/^\n{1,2}/, '') }));
    const texts = parts.filter((part) => isText(part.headers) || /^multipart\//i.test(part.headers.get('content-type') ?? ''));
    return texts.map((part) => bodyOf(part.body, part.headers, better, depth + 1)).join('\n');
  }
  const plain = transferred(body, (headers.get('content-transfer-encoding') ?? '').toLowerCase().trim());
  if (!/^flowed$/i.test(parameter(type, 'format') ?? '')) return plain;
  return better(plain, flowed(plain, /^yes$/i.test(parameter(type, 'delsp') ?? '')));
}

/** HTML says again what stands beside it in plain text; a picture is no patch. Attached patches have many types. */
function isText(headers: Headers): boolean {
  const type = headers.get('content-type') ?? 'text/plain';
  const name = parameter(type, 'name') ?? parameter(headers.get('content-disposition') ?? '', 'filename') ?? '';
  return (/^text\//i.test(type) && !/^text\/html/i.test(type)) || /^application\/(?:octet-stream|x-patch|x-diff|mbox)/i.test(type) || /\.(?:patch|diff|mbox)$/i.test(name);
}

function partsOf(body: string, boundary: string): readonly string[] {
  const parts: string[][] = [];
  let isOpen = false;
  for (const line of body.split('\n')) {
    if (line.startsWith(`--${boundary}`)) {
      isOpen = !line.startsWith(`--${boundary}--`);
      if (isOpen) parts.push([]);
    } else if (isOpen) parts[parts.length - 1]?.push(line);
  }
  return parts.map((lines) => lines.join('\n'));
}

function parameter(header: string, name: string): string | null {
  const [, quoted, plain] = new RegExp(`;\\s*${name}\\s*=\\s*(?:"([^"]*)"|([^\\s;]+))`, 'i').exec(header) ?? [];
  return quoted ?? plain ?? null;
}

function transferred(body: string, encoding: string): string {
  switch (encoding) {
    case 'base64':
      return Buffer.from(body.replace(/\s+/g, ''), 'base64').toString('latin1').replace(/\r\n/g, '\n');
    case 'quoted-printable':
      return quotedPrintable(body);
    default:
      return body;
  }
}

/** Lines that end with = go on; blanks that a transport left at their end were not in the text. */
const quotedPrintable = (text: string): string => text.replace(/[ \t]+$/gm, '').replace(/=\n/g, '').replace(/=([0-9A-Fa-f]{2})/g, (_, hex: string) => String.fromCharCode(parseInt(hex, 16))).replace(/\r\n/g, '\n');

/** As git takes it: a line that ends with a blank goes on in the next, a blank at its beginning was stuffed. */
function flowed(text: string, deletesBlank: boolean): string {
  const out: string[] = [];
  let open = '';
  for (const line of text.split('\n')) {
    const plain = line.startsWith(' ') ? line.slice(1) : line;
    const isSignature = line === '-- ';
    if (!isSignature && plain.endsWith(' ')) {
      open += deletesBlank ? plain.slice(0, -1) : plain;
      continue;
    }
    if (isSignature && open !== '') {
      out.push(open);
      open = '';
    }
    out.push(isSignature ? line : open + plain);
    open = '';
  }
  return [...out, ...(open === '' ? [] : [open])].join('\n');
}

/** `=?utf-8?q?…?=`, and letters that stand there as bytes. Between two encoded words no blank counts. */
function decodedWords(text: string): string {
  const word = /=\?([^?\s]+)\?([bqBQ])\?([^?\s]*)\?=/g;
  return readable(text.replace(/(\?=)\s+(?==\?[^?\s]+\?[bqBQ]\?)/g, '$1').replace(word, (_, __: string, how: string, part: string) => (how.toLowerCase() === 'b' ? Buffer.from(part, 'base64').toString('latin1') : quotedPrintable(part.replace(/_/g, '=20')))));
}
