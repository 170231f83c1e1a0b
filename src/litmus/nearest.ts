// The nearest known name to one that is not known, for "did you mean". Bounded work: long words have no neighbour.

const LONGEST = 48;

/** The candidate with the fewest typing errors (a swap of neighbours counts one), or null if none is near. */
export function nearest(word: string, candidates: Iterable<string>): string | null {
  if (word.length > LONGEST) return null;
  let best: string | null = null;
  let fewest = Math.max(1, Math.floor(word.length / 3)) + 1;
  for (const candidate of candidates) {
    if (candidate === word || Math.abs(candidate.length - word.length) >= fewest) continue;
    const errors = typingErrors(word.toLowerCase(), candidate.toLowerCase());
    // A word that shares nothing but its length is no neighbour.
    if (errors < fewest && errors < candidate.length) {
      best = candidate;
      fewest = errors;
    }
  }
  return best;
}

/** "did you mean 'x'?", or null. */
export function didYouMean(word: string, candidates: Iterable<string>): string | null {
  const name = nearest(word, candidates);
  return name === null ? null : `did you mean '${name}'?`;
}

/** Insertions, deletions, replacements and swaps of neighbours between two words. */
export function typingErrors(a: string, b: string): number {
  let before: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1];
      let cost = Math.min((last[j - 1] ?? 0) + (same ? 0 : 1), (last[j] ?? 0) + 1, (row[j - 1] ?? 0) + 1);
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) cost = Math.min(cost, (before[j - 2] ?? 0) + 1);
      row.push(cost);
    }
    before = last;
    last = row;
  }
  return last[b.length] ?? 0;
}
