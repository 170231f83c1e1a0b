// The automata of P5 and P8 over sets of states: what is not known is every state at once, and only what breaks in all of them is broken.

import { obligation, type Automaton, type ObjectKind } from '../../protocol/obligations.ts';
import type { Kind } from './breach.ts';

/** Which object of the protocol a tracked thing is. */
const OBJECTS: Readonly<Record<Kind, ObjectKind>> = {
  attachment: 'attachment', mapping: 'mapping', pin: 'pin', reference: 'reference', fence: 'reference', vmap: 'reference', access: 'reference', fd: 'reference', slot: 'reference', resv: 'lock',
};

/** The protocol's events of taking and giving back. */
const EVENTS: Readonly<Record<Kind, { readonly take: readonly string[]; readonly give: readonly string[] }>> = {
  attachment: { take: ['list'], give: ['detach', 'unlist'] },
  mapping: { take: ['map'], give: ['unmap'] },
  pin: { take: ['pin'], give: ['unpin'] },
  reference: { take: ['get'], give: ['put'] },
  fence: { take: ['get'], give: ['put'] },
  vmap: { take: ['get'], give: ['put'] },
  access: { take: ['get'], give: ['put'] },
  fd: { take: ['get'], give: ['put'] },
  slot: { take: ['get'], give: ['put'] },
  resv: { take: ['lock'], give: ['unlock'] },
};

export const takeOf = (kind: Kind): readonly string[] => EVENTS[kind].take;
export const giveOf = (kind: Kind): readonly string[] => EVENTS[kind].give;

/** Nothing is known: an object that this path only gives back is there once, or not at all. */
export const UNKNOWN = 0b11;
/** Not there, and there once. */
export const NONE = 0b01;

const automata = new Map<ObjectKind, Automaton>();

function automatonOf(kind: Kind): Automaton {
  const object = OBJECTS[kind];
  const known = automata.get(object);
  if (known !== undefined) return known;
  const found = obligation(kind === 'resv' ? 'P8' : 'P5').automata.find((one) => one.object === object);
  if (found === undefined) throw new Error(`no automaton for ${object}`);
  automata.set(object, found);
  return found;
}

/** Behind the events: the states that are left (bits), and the event that no state allows. */
export function after(kind: Kind, states: number, events: readonly string[]): { readonly states: number; readonly refused: string | null } {
  const automaton = automatonOf(kind);
  let now = states;
  for (const event of events) {
    let next = 0;
    automaton.states.forEach((state, at) => {
      if ((now & (1 << at)) === 0 || automaton.breaks.some(([from, on]) => from === state && on === event)) return;
      const to = automaton.moves.find(([from, on]) => from === state && on === event)?.[2] ?? state;
      next |= 1 << automaton.states.indexOf(to);
    });
    if (next === 0) return { states: now, refused: event };
    now = next;
  }
  return { states: now, refused: null };
}

/** In no state is it gone. */
export const isLive = (states: number): boolean => states !== 0 && (states & NONE) === 0;

/** "none", "live or none" */
export function stateText(kind: Kind, states: number): string {
  return automatonOf(kind).states.filter((_, at) => (states & (1 << at)) !== 0).join(' or ');
}
