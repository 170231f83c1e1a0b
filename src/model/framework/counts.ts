// Reference counts (kref on refcount_t): from zero upwards and below zero they saturate, and P14 is broken (SEMANTICS A10, C10).

import { compare, constant, equal, not, or, read, set, when, type Action } from '../system.ts';
import type { Kref, World } from '../world.ts';

const who = (kref: Kref) => ({ party: kref.party, object: kref.name });

export function countUp(w: World, kref: Kref): readonly Action[] {
  const { count, saturated } = kref;
  const full = when(equal(read(count), constant(saturated - 1)), w.capacity(who(kref), `more than ${saturated - 1} references to ${kref.name}`));
  const stuck = or(equal(read(count), constant(0)), equal(read(count), constant(saturated)));
  return [
    full,
    ...w.emit('kref', kref.life, 'get', who(kref)),
    set(count, { op: 'if', test: stuck, then: constant(saturated), else: compare('add', read(count), constant(1)) }),
  ];
}

/** `last`: what the release function does. */
export function countDown(w: World, kref: Kref, last: readonly Action[]): readonly Action[] {
  const { count, saturated } = kref;
  return [
    ...w.emit('kref', kref.life, 'put', who(kref)),
    when(equal(read(count), constant(0)), [set(count, constant(saturated))], [
      when(not(equal(read(count), constant(saturated))), [
        set(count, compare('sub', read(count), constant(1))),
        when(equal(read(count), constant(0)), [...w.emit('kref', kref.life, 'last', who(kref)), ...last]),
      ]),
    ]),
  ];
}
