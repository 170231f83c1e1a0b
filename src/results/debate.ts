// One row of the table of the debate: a position somebody held, and what the search says of it.

import type { CheckResult } from './verdict.ts';

export interface DebateRow {
  /** "STOP=V1" */
  readonly position: string;
  readonly by: string;
  /** holds, broken, hang, deadlock, refused. */
  readonly claims: string;
  /** The scenario under that position. */
  readonly result: CheckResult;
}

/** Whether the search says what the author said. Null where the search gives no answer. */
export function claimStands(row: DebateRow): boolean | null {
  const { verdict, outcome, broken } = row.result;
  if (verdict === 'unfinished' || verdict === 'undecided' || verdict === 'tool-failed') return null;
  if (outcome.startsWith('refused')) return row.claims === 'refused';
  if (verdict === 'broken') return row.claims === 'broken' || row.claims === broken[0]?.kind;
  return row.claims === verdict;
}

/** Steps of the counterexample, null where there is none. */
export function lengthOf(result: CheckResult): number | null {
  return result.broken[0]?.steps.length ?? null;
}
