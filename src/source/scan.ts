// Finds many words in the bytes of a file at once, without decoding it: Wu and Manber's search with blocks of two bytes.
// Most bytes are never looked at, which makes it as fast as reading the file (issue 3, speed).

export interface Scanner {
  /** The identifiers in `bytes[0, length)` that begin with one of the prefixes, each once, sorted. Words in comments count too. */
  readonly find: (bytes: Uint8Array, length: number) => readonly string[];
}

/** Shortest prefix that makes sense: the skip is at most one less than this. */
const SHORTEST = 3;

/** Prefixes of identifiers, each of at least 3 ASCII characters. Longer ones are found faster. */
export function scanner(prefixes: readonly string[]): Scanner {
  const words = prefixes.map((word) => Uint8Array.from(word, (letter) => letter.charCodeAt(0)));
  const reach = Math.min(...words.map((word) => word.length));
  if (!(reach >= SHORTEST)) throw new RangeError(`a prefix is shorter than ${SHORTEST} letters`);
  const skip = new Uint8Array(1 << 16).fill(Math.min(reach - 1, 255));
  const ending = new Map<number, Uint8Array[]>();
  for (const word of words) {
    for (let end = 2; end <= reach; end++) {
      const block = blockAt(word, end - 2);
      skip[block] = Math.min(skip[block] ?? 0, reach - end);
      if (end === reach) ending.set(block, [...(ending.get(block) ?? []), word]);
    }
  }
  return { find: (bytes, length) => findWords(bytes, length, reach, skip, ending) };
}

function findWords(bytes: Uint8Array, length: number, reach: number, skip: Uint8Array, ending: ReadonlyMap<number, readonly Uint8Array[]>): readonly string[] {
  const found = new Set<string>();
  let at = reach - 2;
  while (at + 1 < length) {
    const block = ((bytes[at] ?? 0) << 8) | (bytes[at + 1] ?? 0);
    const step = skip[block] ?? 1;
    if (step > 0) {
      at += step;
      continue;
    }
    const start = at - reach + 2;
    if (start === 0 || !isWordByte(bytes[start - 1] ?? 0)) {
      for (const word of ending.get(block) ?? []) {
        if (!matches(bytes, length, start, word)) continue;
        let end = start + word.length;
        while (end < length && isWordByte(bytes[end] ?? 0)) end++;
        found.add(Buffer.from(bytes.buffer, bytes.byteOffset + start, end - start).toString('latin1'));
        break;
      }
    }
    at++;
  }
  return [...found].sort();
}

function matches(bytes: Uint8Array, length: number, start: number, word: Uint8Array): boolean {
  if (start + word.length > length) return false;
  for (let i = 0; i < word.length; i++) if (bytes[start + i] !== word[i]) return false;
  return true;
}

const blockAt = (word: Uint8Array, at: number): number => ((word[at] ?? 0) << 8) | (word[at + 1] ?? 0);

const isWordByte = (byte: number): boolean => (byte >= 97 && byte <= 122) || byte === 95 || (byte >= 48 && byte <= 57) || (byte >= 65 && byte <= 90);
