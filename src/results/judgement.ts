// What a result means for the reader who asked: fine, bad, or open. Feeds exit codes and the first word of a line.

import type { CheckResult } from './verdict.ts';

/** fine: holds, or came out as declared. bad: broken, or not as declared. unfinished: a limit. open: vacuous or undecided. failed: the tool. */
export type Judgement = 'fine' | 'bad' | 'unfinished' | 'open' | 'failed';

export function judge(result: CheckResult): Judgement {
  if (result.verdict === 'tool-failed') return 'failed';
  if (result.verdict === 'unfinished') return 'unfinished';
  if (result.asExpected !== null) return result.asExpected ? 'fine' : 'bad';
  if (result.verdict === 'broken') return 'bad';
  return result.verdict === 'holds' ? 'fine' : 'open';
}
