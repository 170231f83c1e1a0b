// Calls that hand a function to the kernel to be called later, or wait for another thread: work, kref, RCU, completions.
// Says what is handed over, not whether it is right (issue 3, part 2).

import { bared, eachExpression, expressionText, type Expression, type Statement } from './c-tree.ts';
import { namedBy } from './syntax.ts';

export type DeferredKind = 'work-init' | 'work-queue' | 'work-flush' | 'release' | 'rcu' | 'complete' | 'wait-completion';

export interface DeferredCall {
  readonly kind: DeferredKind;
  /** The kernel's function or macro. */
  readonly call: string;
  /** The work item, kref or completion: "&vm->work". */
  readonly object: string;
  /** The function handed over: the worker, the release function. Null where none is, or where it is computed. */
  readonly runs: string | null;
  /** wait_for_completion_timeout and its like. */
  readonly hasTimeout: boolean;
  readonly line: number;
}

interface Row {
  readonly match: RegExp;
  readonly kind: DeferredKind;
  /** Argument index of the object, and of the function. */
  readonly object: number;
  readonly runs?: number;
}

const ROWS: readonly Row[] = [
  { match: /^(?:INIT|__INIT)_(?:DELAYED_|DEFERRABLE_|RCU_)?WORK(?:_ONSTACK)?$/, kind: 'work-init', object: 0, runs: 1 },
  { match: /^(?:kthread_init_work|kthread_init_delayed_work|init_task_work|init_irq_work)$/, kind: 'work-init', object: 0, runs: 1 },
  { match: /^schedule_(?:delayed_)?work$/, kind: 'work-queue', object: 0 },
  { match: /^(?:queue_(?:delayed_|rcu_)?work|kthread_queue_(?:delayed_)?work|mod_delayed_work)$/, kind: 'work-queue', object: 1 },
  { match: /^(?:queue_(?:delayed_)?work_(?:on|node)|mod_delayed_work_on)$/, kind: 'work-queue', object: 2 },
  { match: /^(?:schedule_(?:delayed_)?work_on|task_work_add)$/, kind: 'work-queue', object: 1 },
  { match: /^(?:flush_(?:delayed_)?work|flush_workqueue|drain_workqueue|cancel_(?:delayed_)?work(?:_sync)?|kthread_(?:flush|cancel)_work(?:_sync)?|kthread_flush_worker|flush_scheduled_work)$/, kind: 'work-flush', object: 0 },
  { match: /^kref_put(?:_mutex|_lock)?$/, kind: 'release', object: 0, runs: 1 },
  { match: /^call_(?:rcu|srcu)(?:_hurry|_tasks)?$/, kind: 'rcu', object: 0, runs: 1 },
  { match: /^complete(?:_all)?$/, kind: 'complete', object: 0 },
  { match: /^wait_for_completion\w*$/, kind: 'wait-completion', object: 0 },
];

export function deferredCallOf(one: Expression): DeferredCall | null {
  if (one.kind !== 'call' || one.callee.kind !== 'name') return null;
  const { name } = one.callee;
  const row = ROWS.find(({ match }) => match.test(name));
  if (row === undefined) return null;
  const object = one.args[row.object];
  const runs = row.runs === undefined ? undefined : one.args[row.runs];
  return {
    kind: row.kind,
    call: name,
    object: object === undefined ? '' : expressionText(bared(object)),
    runs: runs === undefined ? null : namedBy(runs),
    hasTimeout: name.includes('_timeout'),
    line: one.line,
  };
}

export function deferredCallsIn(body: readonly Statement[]): readonly DeferredCall[] {
  const found: DeferredCall[] = [];
  eachExpression(body, (one) => {
    const call = deferredCallOf(one);
    if (call !== null) found.push(call);
  });
  return found;
}
