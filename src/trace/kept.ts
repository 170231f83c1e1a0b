// Texts that outlive their line.

/** Texts that are kept. A part of a line would keep the whole part of the log alive, so each gets a copy, once. */
const KEPT = new Map<string, string>();
const MOST_KEPT = 8192;

export function kept(text: string): string {
  const known = KEPT.get(text);
  if (known !== undefined) return known;
  if (KEPT.size >= MOST_KEPT) KEPT.clear();
  const copy = JSON.parse(JSON.stringify(text)) as string;
  KEPT.set(copy, copy);
  return copy;
}

export const keptOrNull = (text: string | null): string | null => (text === null ? null : kept(text));
