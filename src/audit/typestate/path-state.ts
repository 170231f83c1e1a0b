// What is known at one point of one path: values of places, what tests taught, the objects with the states their automata may be in, locks.
// Changed in place; copied where a path forks. No C is read here (issue 4, part 1).

import type { Place } from '../../results/audit.ts';
import type { PathStep } from '../../results/finding.ts';
import type { Kind } from './breach.ts';
import { CowMap } from './cow-map.ts';

/**
 * A value, as text: "#-ENOMEM" and "#0" are known; "buf->resv" is what stood there at the start; "map@3.1" is what a call gave.
 * The same text is the same value.
 */
export type Sym = string;

/** What a value can be, as a set. ERR: an errno or ERR_PTR(). ZERO: 0, NULL, false. GOOD: positive, a valid pointer, true. */
export const ERR = 1;
export const ZERO = 2;
export const GOOD = 4;
export const ANY = 7;

/** A call that took something; `before`: the one that took the same before, where both still count. */
export interface Made {
  readonly text: string;
  readonly at: Place;
  readonly before: Made | null;
}

export interface Tracked {
  readonly kind: Kind;
  /** The value that stands for it: the attachment, the sg_table; of a pin its attachment. */
  readonly key: Sym;
  /** The set of states (bits) that its automaton may be in. */
  readonly states: number;
  /** What it belongs to: the attachment of a mapping, the buffer of an attachment; empty where it is not known. */
  readonly of: Sym;
  /** C of the call that made it; null where it was there before. */
  readonly made: Made | null;
  /** Where it was given back on this path. */
  readonly given: Place | null;
}

/** The way so far, newest first. */
export interface Trail {
  readonly step: PathStep;
  readonly up: Trail | null;
  readonly length: number;
}

/** What is known of the reservation lock of the caller. */
export interface Entry {
  /** `assumed`: a call on this path needs it held, and nobody here took it. `given-back`: the caller's lock was unlocked here. */
  readonly lock: 'unknown' | 'held' | 'free' | 'assumed' | 'given-back';
  /** The call that says so, and the reservation it is about. */
  readonly by: { readonly call: string; readonly at: Place; readonly resv: Sym } | null;
  /** The last reservation that was unlocked, and not locked since. */
  readonly unlocked: { readonly at: Place; readonly resv: Sym } | null;
}

export class PathState {
  readonly values: CowMap<Sym>;
  readonly masks: CowMap<number>;
  readonly objects: CowMap<Tracked>;
  /** Reservations that this path took, with the place. */
  readonly locks: CowMap<Place>;
  /** Calls that failed on this path: their value → whether anybody looked. */
  readonly failures: CowMap<boolean>;
  /** Handed to a call that may keep it: value → the values of those calls; "*" cannot fail. */
  readonly handed: CowMap<readonly Sym[]>;
  /** Made on this path by an allocation: false once it was freed. */
  readonly fresh: CowMap<boolean>;
  /** What was given back on this path, by what made it: "pin drivers/a.c:12". */
  readonly undone: CowMap<Place>;
  /** Callees that this path went through and that give objects back, whether they did or not. */
  readonly through: CowMap<true>;
  /** Places of locks that were taken with a ticket: its holder unlocks them. */
  readonly ticketed: CowMap<true>;
  /** Conditions on members under which something was taken: what gives it back may ask again. */
  readonly conditions: CowMap<true>;
  /** Reservations with a slot reserved since they were locked. */
  readonly slots: CowMap<true>;
  entry: Entry;
  /** Some lock may have been taken that is not seen. */
  isVague: boolean;
  trail: Trail | null;

  constructor(from: PathState | null, entry: Entry = { lock: 'unknown', by: null, unlocked: null }) {
    this.values = new CowMap(from?.values);
    this.masks = new CowMap(from?.masks);
    this.objects = new CowMap(from?.objects);
    this.locks = new CowMap(from?.locks);
    this.failures = new CowMap(from?.failures);
    this.handed = new CowMap(from?.handed);
    this.fresh = new CowMap(from?.fresh);
    this.undone = new CowMap(from?.undone);
    this.through = new CowMap(from?.through);
    this.ticketed = new CowMap(from?.ticketed);
    this.conditions = new CowMap(from?.conditions);
    this.slots = new CowMap(from?.slots);
    this.entry = from?.entry ?? entry;
    this.isVague = from?.isVague ?? false;
    this.trail = from?.trail ?? null;
  }

  copy(): PathState {
    return new PathState(this);
  }

  mask(sym: Sym): number {
    const fixed = fixedMask(sym);
    return fixed ?? this.masks.get(sym) ?? ANY;
  }

  /** Narrows what a value can be; false where nothing is left. */
  narrow(sym: Sym, mask: number): boolean {
    const left = this.mask(sym) & mask;
    if (left === 0) return false;
    if (fixedMask(sym) === null) this.masks.set(sym, left);
    return true;
  }

  note(step: PathStep): void {
    this.trail = { step, up: this.trail, length: (this.trail?.length ?? 0) + 1 };
  }

  object(kind: Kind, key: Sym): Tracked | null {
    return this.objects.get(`${kind} ${key}`) ?? null;
  }

  put(one: Tracked): void {
    this.objects.set(`${one.kind} ${one.key}`, one);
  }

  /** What members are known to be now, something was taken by. */
  keepConditions(): void {
    for (const sym of this.masks.keys()) if ((sym.includes('->') && !sym.includes(' ')) || /^\w+\(/.test(sym)) this.conditions.set(sym, true);
  }

  /** Forgets a value that is made anew, with all that was reached through it. */
  forget(sym: Sym): void {
    const gone = (text: string): boolean => text.includes(sym) && isReachedThrough(text, sym);
    this.values.deleteWhere((place, value) => gone(place) || gone(value));
    this.masks.deleteWhere(gone);
    this.objects.deleteWhere((_, one) => gone(one.key) || gone(one.of));
    this.locks.deleteWhere(gone);
    this.failures.deleteWhere(gone);
    this.handed.deleteWhere(gone);
    this.fresh.deleteWhere(gone);
  }

  /** The same text for paths that need not be walked twice from here. */
  identity(): string {
    return `${this.values.text(pairRow)}|${this.masks.text(pairRow)}|${this.objects.text(objectRow)}|${this.locks.text(keyRow)}|${this.failures.text(pairRow)}|${this.handed.text(pairRow)}|${this.fresh.text(pairRow)}|${this.undone.text(keyRow)}|${this.through.text(keyRow)}|${this.slots.text(keyRow)}|${this.entry.lock} ${this.entry.by?.resv ?? ''} ${this.entry.unlocked?.resv ?? ''}${this.isVague ? 'v' : ''}`;
  }
}

const pairRow = (key: string, value: unknown): string => `${key}=${String(value)}`;
const keyRow = (key: string): string => key;
const objectRow = (key: string, one: Tracked): string => `${key}:${one.states}:${one.given === null ? '' : one.given.line}`;

export const constant = (text: string): Sym => `#${text}`;

/** What a known value is; null for any other. */
export function fixedMask(sym: Sym): number | null {
  if (sym.startsWith('&')) return GOOD;
  if (!sym.startsWith('#')) return null;
  if (sym === '#0') return ZERO;
  return sym.startsWith('#-') ? ERR : GOOD;
}

/** "a->b" and "&a->b" are reached through "a". */
export function isReachedThrough(text: string, sym: Sym): boolean {
  for (let at = text.indexOf(sym); at !== -1; at = text.indexOf(sym, at + 1)) {
    const before = text[at - 1];
    const after = text[at + sym.length];
    if ((before === undefined || !/[\w@.]/.test(before)) && (after === undefined || !/[\w@]/.test(after)) ) return true;
  }
  return false;
}
