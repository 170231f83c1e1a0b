// The product of all automata that watch one kind of object: one small machine whose state answers for every obligation.
// Only combinations that some sequence of events reaches are states.

import { EVENTS, OBLIGATIONS, type Automaton, type ObjectKind, type Obligation, type ObligationId } from './obligations.ts';

export interface Lifecycle {
  readonly kind: ObjectKind;
  /** Readable state names; index 0 is the initial state. */
  readonly states: readonly string[];
  /** Next state by event, one entry a state. */
  next(event: string): readonly number[];
  /** Obligations that an event breaks, each with the set of states (bit mask) in which it does. */
  breaks(event: string): readonly { readonly obligation: ObligationId; readonly states: number }[];
  /** Obligations that must not stay for ever in a set of states (bit mask). */
  readonly duties: readonly { readonly obligation: ObligationId; readonly states: number }[];
  /** The states (bit mask) in which the automaton of `obligation` is in one of `names`. */
  where(obligation: ObligationId, ...names: readonly string[]): number;
}

interface Watcher {
  readonly obligation: ObligationId;
  readonly automaton: Automaton;
}

/**
 * Builds the product for one kind of object.
 * `leaveOut`: events that cannot occur here (a smaller product, so fewer bits in a packed state).
 */
export function lifecycle(kind: ObjectKind, leaveOut: readonly string[] = []): Lifecycle {
  const key = [kind, ...leaveOut].join(' ');
  const made = products.get(key) ?? product(kind, leaveOut);
  products.set(key, made);
  return made;
}

/** The tables are constant, so each product is made once. */
const products = new Map<string, Lifecycle>();

function product(kind: ObjectKind, leaveOut: readonly string[]): Lifecycle {
  const all: readonly Obligation[] = OBLIGATIONS;
  const watchers: Watcher[] = all.flatMap((o) => o.automata.filter((a) => a.object === kind).map((automaton) => ({ obligation: o.id as ObligationId, automaton })));
  const events = (EVENTS[kind] as readonly string[]).filter((e) => !leaveOut.includes(e));
  const key = (tuple: readonly string[]): string => tuple.join('|');
  const initial = watchers.map((w) => w.automaton.states[0] ?? '');
  const tuples: (readonly string[])[] = [initial];
  const index = new Map([[key(initial), 0]]);
  const table = new Map<string, number[]>(events.map((e) => [e, []]));
  for (let at = 0; at < tuples.length; at++) {
    const tuple = tuples[at] ?? initial;
    for (const event of events) {
      const to = tuple.map((state, i) => watchers[i]?.automaton.moves.find(([from, on]) => from === state && on === event)?.[2] ?? state);
      let target = index.get(key(to));
      if (target === undefined) {
        target = tuples.length;
        tuples.push(to);
        index.set(key(to), target);
      }
      table.get(event)?.push(target);
    }
  }
  if (tuples.length > 30) throw new Error(`lifecycle of ${kind} has ${tuples.length} states`);
  const mask = (holds: (tuple: readonly string[]) => boolean): number => tuples.reduce((bits, tuple, i) => (holds(tuple) ? bits | (1 << i) : bits), 0);
  const identity = tuples.map((_, i) => i);
  const broken = new Map(
    events.map((event) => [
      event,
      watchers.flatMap(({ obligation, automaton }, i) => {
        const states = mask((tuple) => automaton.breaks.some(([from, on]) => from === tuple[i] && on === event));
        return states === 0 ? [] : [{ obligation, states }];
      }),
    ]),
  );
  const places = new Map<string, number>();
  return {
    kind,
    states: tuples.map((tuple) => readable(tuple)),
    next: (event) => table.get(event) ?? identity,
    breaks: (event) => broken.get(event) ?? [],
    duties: watchers.flatMap(({ obligation, automaton }, i) => {
      const states = mask((tuple) => automaton.duty.includes(tuple[i] ?? ''));
      return states === 0 ? [] : [{ obligation, states }];
    }),
    where: (obligation, ...names) => {
      const asked = [obligation, ...names].join(' ');
      const known = places.get(asked);
      if (known !== undefined) return known;
      const i = watchers.findIndex((w) => w.obligation === obligation);
      const states = mask((tuple) => names.includes(tuple[i] ?? ''));
      places.set(asked, states);
      return states;
    },
  };
}

/** What a reader is told of a product state, most telling first; words that say the same are told once. */
const WORDS: readonly (readonly [state: string, word: string])[] = [
  ['stale', 'stale'],
  ['blocked', 'blocked'],
  ['drain', 'fenced'],
  ['full-busy', 'fenced'],
];

function readable(tuple: readonly string[]): string {
  const words = [...new Set(WORDS.filter(([state]) => tuple.includes(state)).map(([, word]) => word))];
  const [first] = tuple;
  if (first === 'live') return ['live', ...words].join(' ');
  return first ?? '';
}
