// Runs an obligation's automaton over a sequence of events, for tests, the audit and the trace checker. Pure.
// The model does not use it: there the product of all automata is part of the state (lifecycle.ts).

import { type Automaton, type EventOf, type ObjectKind } from './obligations.ts';

export interface MonitorRun {
  /** The state behind the last event. */
  readonly state: string;
  /** The events that broke the obligation, each with the state it met. */
  readonly broken: readonly { readonly index: number; readonly event: string; readonly state: string }[];
  /** The object is in a state that must be left in bounded time: broken too if nothing follows. */
  readonly owes: boolean;
}

/** The state behind one event; the same state where the automaton has no move. */
export function nextState(automaton: Automaton, state: string, event: string): string {
  return automaton.moves.find(([from, on]) => from === state && on === event)?.[2] ?? state;
}

/** Whether the event breaks the obligation in that state. */
export function breaksIn(automaton: Automaton, state: string, event: string): boolean {
  return automaton.breaks.some(([from, on]) => from === state && on === event);
}

/** Starts in `states[0]`. A broken obligation does not end the run: the automaton moves on. */
export function runAutomaton(automaton: Automaton, events: readonly EventOf<ObjectKind>[]): MonitorRun {
  const broken: { index: number; event: string; state: string }[] = [];
  let state = automaton.states[0] ?? '';
  events.forEach((event, index) => {
    if (breaksIn(automaton, state, event)) broken.push({ index, event, state });
    state = nextState(automaton, state, event);
  });
  return { state, broken, owes: automaton.duty.includes(state) };
}
