// dma_buf_invalidate_mappings (SEMANTICS B13, B14): the callback of every listed attachment, in the caller's context.

import { arrival, type Code } from '../code.ts';
import { and, compare, constant, equal, not, or, read, set, truth, when, type Action, type Expr } from '../system.ts';
import type { Attachment, Buffer, World } from '../world.ts';
import { alive } from './lifetime.ts';
import { notified } from './traits.ts';

/** B13: every listed attachment's callback, in any order, or newest first by the switch. */
export function invalidateMappings(w: World, c: Code, b: Buffer, rule = 'invalidate'): void {
  w.note(`${b.name} is invalidated`);
  c.call(`dma_buf_invalidate_mappings(${b.name})`, false, () => {
    const checks = [...w.needHeld(c, b.resv, 'dma_buf_invalidate_mappings'), ...alive(w, c, b)];
    if (c.rule(rule)) visitAll(w, c, b, checks);
  });
}

/** `checks` belong to every visit: the lock is the caller's all the while. */
function visitAll(w: World, c: Code, b: Buffer, checks: readonly Action[]): void {
  const visitable = b.attachments.filter(notified);
  const quiet = and(...visitable.flatMap((att) => (att.callback === null ? [] : [equal(read(att.callback.pc), constant(0))])));
  const skip = (att: Attachment): Expr => (w.contract.PINCB === 'PC1' ? w.pinned(att) : constant(0));
  const open = (att: Attachment): Expr => and(w.listed(att), not(read(att.visited)), not(skip(att)));
  const waits = {
    kind: 'callback' as const,
    object: b.name,
    providers: () => visitable.flatMap((att) => (att.callback === null ? [] : [
      { process: w.processes.indexOf(att.callback), when: not(equal(read(att.callback.pc), constant(0))) },
    ])),
  };
  const head = c.mark();
  const after = c.place('after');
  for (const att of visitable) {
    const newer = w.order === 'kernel' ? visitable.filter((a) => a !== att).map((a) => not(and(open(a), compare('lt', read(a.rank), read(att.rank))))) : [];
    c.resume(head);
    const name = att.traits.callback === 'stub' ? 'dma_buf_unsupported_invalidate_mappings' : `${att.importer}.invalidate_mappings`;
    c.step(`${name}(${att.traits.callback === 'stub' ? att.name : ''})`, {
      guard: and(quiet, open(att), ...newer), waits, fairness: 'weak', step: 'invalidate',
      actions: [...checks, set(att.visited, constant(1)), ...callbackEntry(w, att)],
      late: () => startCallback(att),
    });
    c.goto(head);
  }
  c.resume(head);
  c.step('done', {
    text: `dma_buf_invalidate_mappings(${b.name}) returns`,
    guard: and(quiet, ...visitable.map((att) => not(open(att)))),
    waits, fairness: 'weak',
    actions: [...checks, ...visitable.map((att) => set(att.visited, constant(0)))],
    step: 'invalidate',
  });
  c.goto(after);
  c.resume(after);
}

/** What the callback finds: a private object that is ready, or harm. */
function callbackEntry(w: World, att: Attachment): readonly Action[] {
  const who = { party: att.importer, object: att.name };
  const caller = { party: att.buffer.exporter.name, object: att.name };
  if (att.traits.callback === 'stub') return [...w.emit('attachment', att.life, 'callback', caller), set(att.logged, constant(1))];
  const bad = or(equal(read(att.private), constant(0)), equal(read(att.private), constant(2)));
  const told = att.mappings.flatMap((m) => (m.told === null ? [] : [set(m.told, w.live(m))]));
  return [
    ...told,
    when(bad, [{ do: 'violate', violation: w.harm('N6', who, 'The callback finds its private object not yet initialised, or freed.') }]),
    ...w.emit('attachment', att.life, 'callback', caller),
  ];
}

/** Enters the callback's code; a cleared private object means that it returns at once. */
function startCallback(att: Attachment): readonly Action[] {
  const { callback } = att;
  if (callback === null) return [];
  return [when(not(equal(read(att.private), constant(3))), arrival(callback.body, callback.pc, callback.numberOf, new Map()))];
}

/** B14 broken: the callback of one attachment, listed or not. */
export function invalidateAttachment(w: World, c: Code, att: Attachment): void {
  c.call(`invalidate_attachment(${att.name})`, false, () => {
    const { callback } = att;
    const idle = callback === null ? truth : equal(read(callback.pc), constant(0));
    c.step('run the callback', {
      guard: idle,
      actions: [...w.needHeld(c, att.buffer.resv, 'invalidate_mappings'), ...callbackEntry(w, att)],
      late: () => startCallback(att),
      step: 'invalidate',
    });
    c.step('callback done', {
      guard: idle,
      waits: { kind: 'callback', object: att.name, providers: () => (callback === null ? [] : [{ process: w.processes.indexOf(callback), when: truth }]) },
      fairness: 'weak',
    });
  });
}
