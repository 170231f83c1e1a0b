// The revokes that are kept for the report: the first ones, the longest of the others, and what is still open. Constant memory.

import type { Revoke } from '../results/trace.ts';
import { done, revokeFacts, type RevokeRecord } from './revokes.ts';

const FIRST = 500;
const LONGEST = 500;
const MOST_OPEN = 1000;

export class KeptRevokes {
  readonly open: RevokeRecord[] = [];
  /** As facts: they hold none of the objects, which so can go. */
  private readonly first: Revoke[] = [];
  private longest: Revoke[] = [];
  /** Shorter ones need not be looked at. */
  private least = 0;
  leftOut = 0;
  /** Whether a function that revokes showed at all. */
  sawRevoke = false;

  begin(record: RevokeRecord): void {
    if (record.kind !== 'invalidate') this.sawRevoke = true;
    this.open.push(record);
    const [oldest] = this.open;
    if (this.open.length > MOST_OPEN && oldest !== undefined) this.done({ ...oldest, doubt: 'its end does not show' });
  }

  done(record: RevokeRecord): void {
    const at = this.open.findLastIndex(({ start }) => start === record.start);
    if (at >= 0) this.open.splice(at, 1);
    if (this.first.length < FIRST) return void this.first.push(revokeFacts(record, done(record)));
    const took = tookOf(record);
    if (took <= this.least) return void this.leftOut++;
    this.longest.push(revokeFacts(record, done(record)));
    if (this.longest.length < 2 * LONGEST) return;
    this.longest.sort((a, b) => tookOf(b) - tookOf(a));
    this.leftOut += this.longest.length - LONGEST;
    this.longest = this.longest.slice(0, LONGEST);
    const last = this.longest.at(-1);
    if (last !== undefined) this.least = tookOf(last);
  }

  get kept(): readonly Revoke[] {
    return [...this.first, ...this.longest];
  }
}

const tookOf = ({ start, end }: Pick<Revoke, 'start' | 'end'>): number => (end === null ? Infinity : end.time - start.time);
