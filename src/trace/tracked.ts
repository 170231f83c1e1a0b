// One object of the log under the obligations' automata (protocol/lifecycle): the set of states that it may be in. An event breaks an
// obligation only where it does so in every state that is possible; where only some forbid it, those are ruled out instead.

import { lifecycle, type Lifecycle } from '../protocol/lifecycle.ts';
import type { ObjectKind, ObligationId } from '../protocol/obligations.ts';

export interface Broken {
  readonly obligation: ObligationId;
  /** The states that were possible. */
  readonly possible: readonly string[];
}

/** What an event came to. */
export interface Taken {
  readonly broken: readonly Broken[];
  /** Obligations that some possible state would have broken, and another not. */
  readonly doubted: readonly ObligationId[];
}

const FINE: Taken = { broken: [], doubted: [] };

/** The tables are constant: each is looked up once. */
const LIVES = new Map<ObjectKind, Lifecycle>();

function lifeOf(kind: ObjectKind): Lifecycle {
  const known = LIVES.get(kind) ?? lifecycle(kind);
  LIVES.set(kind, known);
  return known;
}

/** The states of a kind in which the automaton of `obligation` is in one of `names`, as a bit mask; to be asked once. */
export const statesWhere = (kind: ObjectKind, obligation: ObligationId, ...names: readonly string[]): number => lifeOf(kind).where(obligation, ...names);

/** How often each obligation's automaton was asked, and how often the answer was open. */
export interface Tally {
  ask(obligation: ObligationId, open: boolean): void;
}

export class Tracked {
  readonly kind: ObjectKind;
  private readonly life: Lifecycle;
  private readonly tally: Tally;
  /** Bit mask over `life.states`. */
  private possible: number;

  /** Without `states` it begins as an object does whose beginning was seen; with 'any' in every state. */
  constructor(kind: ObjectKind, tally: Tally, states: 'initial' | 'any' = 'initial') {
    this.kind = kind;
    this.life = lifeOf(kind);
    this.tally = tally;
    this.possible = states === 'initial' ? 1 : this.all;
  }

  private get all(): number {
    return 2 ** this.life.states.length - 1;
  }

  get states(): readonly string[] {
    return this.life.states.filter((_, i) => (this.possible & (1 << i)) !== 0);
  }

  /** It is in one of `states` (see `statesWhere`) whatever the truth is. */
  surely(states: number): boolean {
    return (this.possible & ~states) === 0;
  }

  maybe(states: number): boolean {
    return (this.possible & states) !== 0;
  }

  /** Keeps those of `states`; all of them if none is left. */
  narrow(states: number): void {
    this.possible = (this.possible & states) === 0 ? states : this.possible & states;
  }

  /** Nothing is known any more. */
  forget(): void {
    this.possible = this.all;
  }

  /** It may or may not have come. */
  perhaps(event: string): void {
    this.possible |= this.behind(event);
  }

  /** One of several events came. */
  oneOf(...events: readonly string[]): void {
    this.possible = events.reduce((states, event) => states | this.behind(event), 0);
  }

  take(event: string): Taken {
    const breaks = this.life.breaks(event);
    if (breaks.length === 0) {
      this.possible = this.behind(event);
      return FINE;
    }
    let taken = FINE;
    let innocent = this.possible;
    for (const { obligation, states } of breaks) {
      if ((this.possible & ~states) === 0) taken = { ...taken, broken: [...taken.broken, { obligation, possible: this.states }] };
      else if ((this.possible & states) !== 0) {
        taken = { ...taken, doubted: [...taken.doubted, obligation] };
        innocent &= ~states;
      }
      this.tally.ask(obligation, (this.possible & states) !== 0 && (this.possible & ~states) !== 0);
    }
    if (innocent !== 0) this.possible = innocent;
    this.possible = this.behind(event);
    return taken;
  }

  private behind(event: string): number {
    const next = this.life.next(event);
    let states = 0;
    for (let i = 0, left = this.possible; left !== 0; i++, left >>>= 1) if ((left & 1) !== 0) states |= 1 << (next[i] ?? i);
    return states;
  }
}
