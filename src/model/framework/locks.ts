// Locks: dma_resv (a ww_mutex, with and without ticket), mutex, rwsem (SEMANTICS B19, B28, E8, E12.3).
// Taking a lock is strongly fair. A lock knows its holders as one bit a process.

import { errnoValue, TRUE_RESULT } from '../../protocol/errno.ts';
import type { Code, StepOptions } from '../code.ts';
import { and, compare, constant, equal, not, or, read, set, when, type Action, type Expr } from '../system.ts';
import type { Lock, Ticket, World } from '../world.ts';

const LOCKS = { resv: ['dma_resv_lock', 'dma_resv_unlock'], mutex: ['mutex_lock', 'mutex_unlock'], rwsem: ['down_write', 'up_write'] } as const;

export interface LockOptions {
  readonly ticket?: Ticket | undefined;
  readonly interruptible?: boolean;
  /** Told instead of the call; '' where the enclosing call says it all. */
  readonly label?: string;
}

/** An embedded reservation goes with its buffer: locking it later is a use after free. */
function reservationAlive(w: World, c: Code, l: Lock): readonly Action[] {
  const owners = w.buffers.filter((b) => b.resv === l && !b.options.has('resv'));
  return owners.flatMap((b) => [when(read(b.gone), [
    { do: 'violate' as const, violation: w.harm('N6', { party: c.party, object: l.name }, 'The reservation of a released dma_buf is used.', 'P5') },
  ])]);
}

/** The actions of becoming the holder. */
export function taken(w: World, c: Code, lock: Lock, ticket?: Ticket): readonly Action[] {
  c.held.add(lock);
  return [set(lock.held, constant(1)), set(w.holds(c, lock), constant(1)), ...(ticket === undefined ? [] : [set(ticketBit(w, lock, ticket), constant(1))])];
}

/** The actions of letting go. Slots reserved for fences are void (SEMANTICS B19). */
export function released(w: World, c: Code, lock: Lock): readonly Action[] {
  c.held.delete(lock);
  return [
    set(lock.held, constant(0)),
    set(w.holds(c, lock), constant(0)),
    ...(lock.kind === 'resv' ? [set(lock.slots, constant(0))] : []),
    ...[...lock.tickets.values()].map((bit) => set(bit, constant(0))),
  ];
}

export const free = (lock: Lock): Expr => and(not(read(lock.held)), ...(lock.readers === null ? [] : [not(read(lock.readers))]));

/** dma_resv_lock, dma_resv_lock_interruptible, mutex_lock, down_write (B19). One step; with a ticket -EDEADLK is a way out. */
export function lock(w: World, c: Code, l: Lock, options: LockOptions = {}): void {
  w.note(`${c.process} locks ${l.name}`);
  const label = options.label ?? `${LOCKS[l.kind][0]}(${l.name})`;
  const acquire = {
    guard: free(l),
    actions: [...reservationAlive(w, c, l), ...taken(w, c, l, options.ticket), set(c.result, constant(0))],
    waits: w.waitForLock(l),
    step: l.kind === 'resv' ? 'resv-lock' : 'lock',
  };
  const { ticket } = options;
  const called = `${LOCKS[l.kind][0]}(${l.name})`;
  if (ticket === undefined && options.interruptible !== true) return c.step(label, acquire);
  const ways: { label: string; options: StepOptions; body: () => void }[] = [{ label, options: acquire, body: () => {} }];
  if (ticket !== undefined) {
    const own = read(ticketBit(w, l, ticket));
    const older = w.tickets.filter((t) => t !== ticket).map((t) => and(read(ticketBit(w, l, t)), compare('lt', read(t.age), read(ticket.age))));
    const holdsOther = or(...w.reservations.filter((x) => x !== l).map((x) => read(ticketBit(w, x, ticket))));
    ways.push({
      label: `${called} = -EDEADLK`,
      options: { guard: and(read(l.held), not(own), holdsOther, or(...older)), actions: [set(c.result, constant(errnoValue('EDEADLK')))], fairness: 'weak' },
      body: () => {},
    });
    ways.push({
      label: `${called} = -EALREADY`,
      options: { guard: own, actions: [set(c.result, constant(errnoValue('EALREADY')))], fairness: 'weak' },
      body: () => {},
    });
  }
  if (options.interruptible === true) ways.push({
    label: `${called} = -EINTR`,
    options: { guard: read(l.held), actions: [set(c.result, constant(errnoValue('EINTR')))], fairness: 'none' },
    body: () => {},
  });
  c.alternatives(ways);
}

/** dma_resv_trylock, mutex_trylock: never waits; result 1 or 0. */
export function trylock(w: World, c: Code, l: Lock): void {
  w.note(`${c.process} locks ${l.name}`);
  c.step(`${l.kind === 'resv' ? 'dma_resv_trylock' : 'mutex_trylock'}(${l.name})`, {
    actions: [when(free(l), [...taken(w, c, l), set(c.result, constant(TRUE_RESULT))], [set(c.result, constant(0))])],
    step: 'trylock',
  });
}

/** dma_resv_unlock, mutex_unlock, up_write. Releasing a lock that is not held breaks P8. */
export function unlock(w: World, c: Code, l: Lock, label = `${LOCKS[l.kind][1]}(${l.name})`): void {
  const wrong = [...reservationAlive(w, c, l), ...w.needHeld(c, l, 'unlock', true)];
  c.step(label, { actions: [...wrong, ...released(w, c, l)], step: l.kind === 'resv' ? 'resv-unlock' : 'unlock' });
}

export function downRead(w: World, c: Code, l: Lock): void {
  const { readers } = l;
  if (readers === null) return lock(w, c, l);
  const most = (w.variables[readers]?.size ?? 2) - 1;
  const full = when(equal(read(readers), constant(most)), w.capacity({ party: c.party, object: l.name }, `more than ${most} readers of ${l.name}`));
  c.step(`down_read(${l.name})`, {
    guard: not(read(l.held)),
    actions: [full, set(readers, compare('add', read(readers), constant(1))), set(w.holds(c, l), constant(1))],
    waits: w.waitForLock(l), step: 'lock',
  });
}

export function upRead(w: World, c: Code, l: Lock): void {
  const { readers } = l;
  if (readers === null) return unlock(w, c, l);
  const none = when(not(read(readers)), w.bug({ party: c.party, object: l.name }, `up_read of ${l.name} without a reader`));
  c.step(`up_read(${l.name})`, { actions: [none, set(readers, compare('sub', read(readers), constant(1))), set(w.holds(c, l), constant(0))], step: 'unlock' });
}

/** ww_acquire_init: the ticket is younger than all that are alive. */
export function beginTicket(w: World, c: Code, ticket: Ticket): void {
  const others = w.tickets.filter((t) => t !== ticket);
  c.step(`begin ${ticket.name}`, {
    actions: [set(ticket.age, compare('add', w.count(others.map((t) => not({ op: 'eq', left: read(t.age), right: constant(0) }))), constant(1)))],
  });
}

/** ww_acquire_fini: younger tickets move up. */
export function endTicket(w: World, c: Code, ticket: Ticket): void {
  const others = w.tickets.filter((t) => t !== ticket);
  c.step(`end ${ticket.name}`, {
    actions: [
      ...others.map((t) => when(compare('lt', read(ticket.age), read(t.age)), [set(t.age, compare('sub', read(t.age), constant(1)))])),
      set(ticket.age, constant(0)),
    ],
  });
}

/** The bit that says that this ticket holds this lock. All are made before code is written. */
export function ticketBit(w: World, l: Lock, ticket: Ticket): number {
  const old = l.tickets.get(ticket);
  if (old !== undefined) return old;
  const id = w.variable(`${ticket.name}:holds ${l.name}`, 2, 0, { hidden: true });
  l.tickets.set(ticket, id);
  return id;
}
