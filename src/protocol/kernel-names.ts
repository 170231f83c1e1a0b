// Names of the kernel's functions and operations by version, for steps and calls. Data and one look-up.
// A version stands here only where SEMANTICS gives it; null means "not known, or always".

export interface KernelName {
  readonly name: string;
  /** First release that has it: "7.1". */
  readonly from: string | null;
  /** Last release that has it. */
  readonly until: string | null;
}

export const always = (...names: readonly string[]): readonly KernelName[] => names.map((name) => ({ name, from: null, until: null }));
export const since = (from: string, ...names: readonly string[]): readonly KernelName[] => names.map((name) => ({ name, from, until: null }));
export const during = (from: string | null, until: string, ...names: readonly string[]): readonly KernelName[] => names.map((name) => ({ name, from, until }));

/** The names that a release has ("6.19", "7.3"). Names without a version are in every release. */
export function namesIn(names: readonly KernelName[], release: string): readonly string[] {
  return names.filter(({ from, until }) => (from === null || !isBefore(release, from)) && (until === null || !isBefore(until, release))).map(({ name }) => name);
}

/** "dma_buf_move_notify (5.7 to 7.0)" */
export function nameText({ name, from, until }: KernelName): string {
  if (from === null && until === null) return name;
  if (until === null) return `${name} (since ${from ?? ''})`;
  return from === null ? `${name} (until ${until})` : `${name} (${from} to ${until})`;
}

function isBefore(a: string, b: string): boolean {
  const [left, right] = [numbers(a), numbers(b)];
  for (let i = 0; i < Math.max(left.length, right.length); i++) {
    const difference = (left[i] ?? 0) - (right[i] ?? 0);
    if (difference !== 0) return difference < 0;
  }
  return false;
}

const numbers = (release: string): readonly number[] => release.split('.').map(Number);
