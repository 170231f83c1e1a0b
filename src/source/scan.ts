// Finds many words in the bytes of a file at once, without decoding it. Looks at each aligned block of four bytes once, through a
// small table: a prefix of seven letters or more fills at least one such block, wherever it stands. Faster than reading the file
// (issue 3, speed). The same pass takes up the names inside EXPORT_SYMBOL(…).

export interface Found {
  /** The identifiers that begin with one of the prefixes, each once, sorted. Words in comments count too. */
  readonly words: readonly string[];
  /** The first argument of every EXPORT_SYMBOL…(…), each once, sorted. Not those that a macro makes: they have no name here. */
  readonly exports: readonly string[];
}

export interface Scanner {
  /** Looks at `bytes[0, length)`. */
  readonly scan: (bytes: Uint8Array, length: number) => Found;
  /** Only the words. */
  readonly find: (bytes: Uint8Array, length: number) => readonly string[];
}

/** Any identifier that contains this is an export: EXPORT_SYMBOL_NS_GPL, ACPI_EXPORT_SYMBOL … */
const EXPORT = 'EXPORT_SYMBOL';
/** Shortest prefix that makes sense. Below seven letters, blocks of two bytes are looked at, in twice the time. */
const SHORTEST = 3;
/** Slots of the table, as a power of two: few names share one, and it still stays in the processor's cache. */
const SLOTS = 16;
/** Knuth's multiplicative hash; where two blocks would share a slot, the next odd number is tried. */
const SPREAD = 0x9e3779b1;
const NOTHING: Found = { words: [], exports: [] };

/** A prefix at a distance from a block that lies inside it. */
interface Candidate {
  readonly letters: Uint8Array;
  /** Bytes from the beginning of the prefix to the block. */
  readonly before: number;
  readonly exports: boolean;
}

type Blocks = Uint32Array | Uint16Array;

interface Table {
  readonly unit: 2 | 4;
  readonly spread: number;
  /** By hash: 1 where there is a block. */
  readonly taken: Uint8Array;
  /** By hash: the block. */
  readonly keys: Int32Array;
  readonly candidates: ReadonlyMap<number, readonly Candidate[]>;
}

/** Prefixes of identifiers, each of at least 3 ASCII characters. */
export function scanner(prefixes: readonly string[]): Scanner {
  if (prefixes.some((prefix) => prefix.length < SHORTEST)) throw new RangeError(`a prefix is shorter than ${SHORTEST} letters`);
  const table = tableOf(prefixes);
  const scan = (bytes: Uint8Array, length: number): Found => scanBytes(bytes, length, table);
  return { scan, find: (bytes, length) => scan(bytes, length).words };
}

function tableOf(prefixes: readonly string[]): Table {
  const unit = prefixes.every((prefix) => prefix.length >= 7) ? 4 : 2;
  const candidates = new Map<number, Candidate[]>();
  for (const prefix of [EXPORT, ...new Set(prefixes)]) {
    const letters = Uint8Array.from(prefix, (letter) => letter.charCodeAt(0));
    // The latest blocks that will do: the kernel's names differ more at their end than at their beginning.
    for (let before = letters.length - 2 * unit + 1; before <= letters.length - unit; before++) {
      const block = blocksOf(letters.slice(before, before + unit), unit)[0] ?? 0;
      candidates.set(block | 0, [...(candidates.get(block | 0) ?? []), { letters, before, exports: prefix === EXPORT }]);
    }
  }
  const taken = new Uint8Array(1 << SLOTS);
  const keys = new Int32Array(1 << SLOTS);
  for (let spread = SPREAD; ; spread += 2) {
    taken.fill(0);
    for (const block of candidates.keys()) {
      const slot = Math.imul(block, spread) >>> (32 - SLOTS);
      taken[slot] = 1;
      keys[slot] = block;
    }
    if ([...candidates.keys()].every((block) => keys[Math.imul(block, spread) >>> (32 - SLOTS)] === block)) return { unit, spread, taken, keys, candidates };
  }
}

function blocksOf(bytes: Uint8Array, unit: 2 | 4): Blocks {
  return unit === 4 ? new Uint32Array(bytes.buffer, bytes.byteOffset, bytes.length >> 2) : new Uint16Array(bytes.buffer, bytes.byteOffset, bytes.length >> 1);
}

function scanBytes(given: Uint8Array, length: number, table: Table): Found {
  const { unit, candidates } = table;
  const bytes = given.byteOffset % unit === 0 ? given : Uint8Array.prototype.slice.call(given);
  const blocks = blocksOf(bytes, unit);
  const words = new Set<string>();
  const exports = new Set<string>();
  const count = Math.floor(length / unit);
  for (let from = 0; ; from++) {
    from = nextSuspect(blocks, from, count, table);
    if (from >= count) break;
    for (const candidate of candidates.get((blocks[from] ?? 0) | 0) ?? []) {
      const start = from * unit - candidate.before;
      if (start < 0 || !matches(bytes, length, start, candidate.letters)) continue;
      const end = wordEnd(bytes, length, start + candidate.letters.length);
      if (candidate.exports) {
        const name = exported(bytes, length, start, end);
        if (name !== null) exports.add(name);
      } else if (start === 0 || !isWordByte(bytes[start - 1] ?? 0)) {
        words.add(text(bytes, start, end));
      }
    }
  }
  if (words.size === 0 && exports.size === 0) return NOTHING;
  return { words: [...words].sort(), exports: [...exports].sort() };
}

/** The first block from `from` on that lies in a prefix. Eight at a time: most blocks of a kernel are of no interest. */
function nextSuspect(blocks: Blocks, from: number, count: number, { spread, taken, keys }: Table): number {
  let at = from;
  for (; at + 7 < count; at += 8) {
    const any =
      (taken[Math.imul(blocks[at] ?? 0, spread) >>> (32 - SLOTS)] ?? 0) |
      (taken[Math.imul(blocks[at + 1] ?? 0, spread) >>> (32 - SLOTS)] ?? 0) |
      (taken[Math.imul(blocks[at + 2] ?? 0, spread) >>> (32 - SLOTS)] ?? 0) |
      (taken[Math.imul(blocks[at + 3] ?? 0, spread) >>> (32 - SLOTS)] ?? 0) |
      (taken[Math.imul(blocks[at + 4] ?? 0, spread) >>> (32 - SLOTS)] ?? 0) |
      (taken[Math.imul(blocks[at + 5] ?? 0, spread) >>> (32 - SLOTS)] ?? 0) |
      (taken[Math.imul(blocks[at + 6] ?? 0, spread) >>> (32 - SLOTS)] ?? 0) |
      (taken[Math.imul(blocks[at + 7] ?? 0, spread) >>> (32 - SLOTS)] ?? 0);
    if (any === 0) continue;
    for (let i = at; i < at + 8; i++) if (isSuspect((blocks[i] ?? 0) | 0, spread, taken, keys)) return i;
  }
  while (at < count && !isSuspect((blocks[at] ?? 0) | 0, spread, taken, keys)) at++;
  return at;
}

function isSuspect(block: number, spread: number, taken: Uint8Array, keys: Int32Array): boolean {
  const slot = Math.imul(block, spread) >>> (32 - SLOTS);
  return taken[slot] === 1 && keys[slot] === block;
}

function matches(bytes: Uint8Array, length: number, start: number, letters: Uint8Array): boolean {
  if (start + letters.length > length) return false;
  for (let i = 0; i < letters.length; i++) if (bytes[start + i] !== letters[i]) return false;
  return true;
}

/** The name in the parentheses behind an EXPORT_SYMBOL… that stands at `start` and ends at `end`. Null where it is no plain name, or in a `#define`. */
function exported(bytes: Uint8Array, length: number, start: number, end: number): string | null {
  const open = pastSpace(bytes, length, end);
  if (bytes[open] !== 0x28 /* ( */) return null;
  const from = pastSpace(bytes, length, open + 1);
  const to = wordEnd(bytes, length, from);
  const behind = pastSpace(bytes, length, to);
  if (to === from || behind >= length || (bytes[behind] !== 0x29 /* ) */ && bytes[behind] !== 0x2c /* , */)) return null;
  return inDirective(bytes, start) ? null : text(bytes, from, to);
}

/** Whether the line, with those that it continues, begins with `#`. */
function inDirective(bytes: Uint8Array, at: number): boolean {
  let begin = at;
  while (begin > 0 && (bytes[begin - 1] !== NEWLINE || bytes[begin - 2] === BACKSLASH || (bytes[begin - 2] === RETURN && bytes[begin - 3] === BACKSLASH))) begin--;
  while (bytes[begin] === 0x20 || bytes[begin] === 0x09) begin++;
  return bytes[begin] === 0x23; /* # */
}

/** Blanks, ends of lines, and backslashes that continue a line. */
function pastSpace(bytes: Uint8Array, length: number, from: number): number {
  let at = from;
  while (at < length && (bytes[at] === 0x20 || bytes[at] === 0x09 || bytes[at] === NEWLINE || bytes[at] === RETURN || bytes[at] === BACKSLASH)) at++;
  return at;
}

function wordEnd(bytes: Uint8Array, length: number, from: number): number {
  let end = from;
  while (end < length && isWordByte(bytes[end] ?? 0)) end++;
  return end;
}

const NEWLINE = 0x0a;
const RETURN = 0x0d;
const BACKSLASH = 0x5c;

const text = (bytes: Uint8Array, start: number, end: number): string => Buffer.from(bytes.buffer, bytes.byteOffset + start, end - start).toString('latin1');

const isWordByte = (byte: number): boolean => (byte >= 97 && byte <= 122) || byte === 95 || (byte >= 48 && byte <= 57) || (byte >= 65 && byte <= 90);
