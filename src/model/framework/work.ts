// Work items, completions and krefs that a scenario declares (SEMANTICS A10, E9).

import { errnoValue, TRUE_RESULT } from '../../protocol/errno.ts';
import type { Code } from '../code.ts';
import { and, constant, equal, not, read, set, when, type Expr } from '../system.ts';
import type { Completion, Kref, Work, World } from '../world.ts';
import { countDown, countUp } from './counts.ts';

const busy = (work: Work): Expr => not(and(not(read(work.queued)), equal(read(work.code.pc), constant(0))));

export function queueWork(_w: World, c: Code, work: Work): void {
  c.call(`queue_work(${work.name})`, false, () => c.step('', { actions: [set(work.queued, constant(1))], step: 'queue-work' }));
}

export function flushWork(w: World, c: Code, work: Work): void {
  c.call(`flush_work(${work.name})`, false, () => c.step('', { guard: not(busy(work)), waits: waitForWork(w, work), step: 'flush-work' }));
}

export function cancelWork(w: World, c: Code, work: Work): void {
  c.call(`cancel_work_sync(${work.name})`, false, () => {
    const idle = equal(read(work.code.pc), constant(0));
    c.step('', { guard: idle, actions: [set(work.queued, constant(0))], waits: waitForWork(w, work), step: 'flush-work' });
  });
}

const waitForWork = (w: World, work: Work) => ({
  kind: 'work' as const, object: work.name,
  providers: () => [{ process: w.processes.indexOf(work.code), when: busy(work) }],
});

export function complete(_w: World, c: Code, completion: Completion): void {
  completion.completers.add(c);
  c.call(`complete(${completion.name})`, false, () => c.step('', { actions: [set(completion.done, constant(1))], step: 'complete' }));
}

/** Consumes the completion, as wait_for_completion does. */
export function waitForCompletion(w: World, c: Code, completion: Completion, timeout: boolean): void {
  const waits = {
    kind: 'completion' as const,
    object: completion.name,
    providers: () => [...completion.completers].map((code) => ({ process: w.processes.indexOf(code), when: constant(1) })),
  };
  const done = { guard: read(completion.done), waits, actions: [set(completion.done, constant(0)), set(c.result, constant(0))], step: 'completion-wait' };
  c.call(`wait_for_completion(${completion.name})`, 'inner', () => {
    if (!timeout) return c.step('', done);
    c.alternatives([
      { label: 'completed', options: done, body: () => {} },
      {
        label: 'timeout',
        options: { guard: not(read(completion.done)), actions: [set(c.result, constant(errnoValue('ETIMEDOUT')))], fairness: 'weak' },
        body: () => {},
      },
    ]);
  });
}

export function reinitCompletion(_w: World, c: Code, completion: Completion): void {
  c.call(`reinit_completion(${completion.name})`, false, () => c.step('', { actions: [set(completion.done, constant(0))], step: 'rearm' }));
}

export function krefInit(w: World, c: Code, kref: Kref): void {
  c.call(`kref_init(${kref.name})`, false, () => c.step('', {
    actions: [
      when(equal(read(kref.count), constant(0)), w.emit('kref', kref.life, 'arm', { party: kref.party, object: kref.name })),
      set(kref.count, constant(1)),
    ],
    step: 'rearm',
  }));
}

export function krefGet(w: World, c: Code, kref: Kref): void {
  c.call(`kref_get(${kref.name})`, false, () => c.step('', { actions: countUp(w, kref), step: 'count-get' }));
}

/** Result true or 0. */
export function krefGetUnlessZero(w: World, c: Code, kref: Kref): void {
  c.call(`kref_get_unless_zero(${kref.name})`, 'inner', () => c.step('', {
    actions: [when(equal(read(kref.count), constant(0)), [set(c.result, constant(0))], [...countUp(w, kref), set(c.result, constant(TRUE_RESULT))])],
    step: 'count-get',
  }));
}

/** Result true when it was the last; completes then. */
export function krefPut(w: World, c: Code, kref: Kref, completion: Completion | null): void {
  if (completion !== null) completion.completers.add(c);
  c.call(`kref_put(${kref.name})`, 'inner', () => c.step('', {
    actions: [
      set(c.result, constant(0)),
      ...countDown(w, kref, [set(c.result, constant(TRUE_RESULT)), ...(completion === null ? [] : [set(completion.done, constant(1))])]),
    ],
    step: 'count-put',
  }));
}
