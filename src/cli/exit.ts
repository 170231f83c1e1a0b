// Exit codes, and which of several wins.

import type { Judgement } from '../results/judgement.ts';

export const EXIT = { fine: 0, bad: 1, usage: 2, unfinished: 3, open: 4, failed: 5, interrupted: 130 } as const;

/** Worst first. */
const SEVERITY: readonly number[] = [EXIT.failed, EXIT.usage, EXIT.bad, EXIT.unfinished, EXIT.open, EXIT.fine];

export function exitOf(judgement: Judgement): number {
  return EXIT[judgement];
}

export function worst(codes: readonly number[]): number {
  return SEVERITY.find((code) => codes.includes(code)) ?? EXIT.fine;
}

/** A wrong use: one message for the user and, if there is one, the remedy. */
export class UsageProblem extends Error {
  readonly remedy: string | null;
  constructor(message: string, remedy: string | null = null) {
    super(message);
    this.remedy = remedy;
  }
}
