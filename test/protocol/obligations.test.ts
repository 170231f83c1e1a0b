// The obligations' automata: well-formed, and what keeps and breaks each, as a table to be read.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { lifecycle } from '../../src/protocol/lifecycle.ts';
import { runAutomaton } from '../../src/protocol/monitor.ts';
import { EVENTS, OBLIGATIONS, type Automaton, type EventOf, type ObjectKind, type Obligation, type ObligationId } from '../../src/protocol/obligations.ts';

const obligations: readonly Obligation[] = OBLIGATIONS;
const all = obligations.flatMap((o) => o.automata.map((automaton) => ({ id: o.id, automaton })));

test('P1 to P14 and UF, each with its source', () => {
  assert.deepEqual(obligations.map((o) => o.id), [...Array.from({ length: 14 }, (_, i) => `P${i + 1}`), 'UF']);
  assert.equal(new Set(obligations.map((o) => o.name)).size, obligations.length);
  for (const { id, source, text } of obligations) {
    assert.match(source, /SEMANTICS [A-F]\d/, id);
    assert.match(text, /^[A-Z][^]*\.$/, id);
  }
});

test('automata are well-formed: known states and events, one move each, all states reached, something to break', () => {
  for (const { id, automaton } of all) {
    const { object, states, moves, breaks, duty } = automaton;
    const events: readonly string[] = EVENTS[object];
    const name = `${id} on ${object}`;
    assert.equal(new Set(states).size, states.length, name);
    for (const [from, event, to] of moves) assert.ok(states.includes(from) && states.includes(to) && events.includes(event), `${name}: ${from} ${event} ${to}`);
    for (const [from, event] of breaks) assert.ok(states.includes(from) && events.includes(event), `${name}: ${from} ${event}`);
    for (const state of duty) assert.ok(states.includes(state), `${name}: ${state}`);
    const keys = moves.map(([from, event]) => `${from} ${event}`);
    assert.equal(new Set(keys).size, keys.length, `${name}: two moves from one state on one event`);
    const reached = new Set(states.slice(0, 1));
    for (const state of reached) for (const [from, , to] of moves) if (from === state) reached.add(to);
    assert.deepEqual([...reached].sort(), [...states].sort(), `${name}: states that nothing leads to`);
    assert.ok(breaks.length + duty.length > 0, `${name}: nothing breaks it`);
  }
});

test('every event is used by some automaton', () => {
  for (const [kind, events] of Object.entries(EVENTS)) {
    const used = new Set(all.filter(({ automaton }) => automaton.object === kind).flatMap(({ automaton }) => [...automaton.moves.map((m) => m[1]), ...automaton.breaks.map((b) => b[1])]));
    // What recycle does is told by recycle-early alone; the others are recorded for the story.
    assert.deepEqual(events.filter((event) => !used.has(event) && event !== 'recycle'), [], kind);
  }
});

const LIFECYCLES: Readonly<Record<ObjectKind, readonly string[]>> = {
  mapping: ['none', 'live', 'live blocked', 'live fenced', 'live blocked fenced', 'live stale', 'live stale blocked', 'live stale fenced', 'live stale blocked fenced'],
  pin: ['none', 'held', 'twice'],
  attachment: ['none', 'listed'],
  reference: ['none', 'held', 'twice'],
  buffer: ['open', 'revoked'],
  fence: ['new', 'armed', 'pending', 'signalled'],
  lock: ['free', 'held'],
  call: ['outside', 'inside'],
  kref: ['armed', 'zero'],
};

test('the life of each object, as the product of what watches it', () => {
  for (const [kind, states] of Object.entries(LIFECYCLES) as [ObjectKind, readonly string[]][]) assert.deepEqual([...lifecycle(kind).states].sort(), [...states].sort(), kind);
});

test('the product and the single automata agree on every sequence of five events', () => {
  for (const kind of Object.keys(EVENTS) as ObjectKind[]) {
    const life = lifecycle(kind);
    const events = EVENTS[kind] as readonly EventOf<ObjectKind>[];
    const watchers = all.filter(({ automaton }) => automaton.object === kind);
    const walk = (state: number, before: readonly EventOf<ObjectKind>[]): void => {
      for (const event of events) {
        const now = [...before, event];
        const product = life.breaks(event).filter(({ states }) => ((states >>> state) & 1) === 1).map(({ obligation }) => obligation).sort();
        const single = watchers.filter(({ automaton }) => runAutomaton(automaton, now).broken.some(({ index }) => index === before.length)).map(({ id }) => id).sort();
        assert.deepEqual([...new Set(product)], [...new Set(single)], `${kind}: ${now.join(' ')}`);
        if (now.length < (events.length > 10 ? 3 : 5)) walk(life.next(event)[state] ?? 0, now);
      }
    };
    walk(0, []);
  }
});

type Row = readonly [obligation: ObligationId, object: ObjectKind, keeps: string, breaks: string];

/** Events in words; the last event of `breaks` is the one that breaks, or the object stays in debt behind it ("…"). */
const TABLE: readonly Row[] = [
  ['P1', 'mapping', 'map access invalidate access unmap', 'map unmap access'],
  ['P1', 'mapping', 'map-blocked access', 'access'],
  ['P2', 'mapping', 'map write invalidate', 'map invalidate write'],
  ['P2', 'mapping', 'map fence-busy invalidate write fence-retired', 'map fence-busy invalidate fence-retired write'],
  ['P2', 'mapping', 'map invalidate unmap map write', 'map invalidate fence-busy fence-retired write'],
  ['P3', 'mapping', 'map unmap decode-off', 'map decode-off'],
  ['P3', 'mapping', 'map unmap reassign', 'map invalidate reassign'],
  ['P3', 'mapping', 'map recycle', 'map recycle-early'],
  ['P4', 'attachment', 'list callback callback unlist', 'list unlist callback'],
  ['P4', 'attachment', 'list use unlist', 'callback'],
  ['P5', 'mapping', 'map unmap map unmap detach', 'map unmap unmap'],
  ['P5', 'mapping', 'map-blocked unmap', 'map map'],
  ['P5', 'mapping', 'detach', 'map detach'],
  ['P5', 'pin', 'pin pin unpin unpin detach', 'pin unpin unpin'],
  ['P5', 'pin', 'detach', 'pin pin unpin detach'],
  ['P5', 'attachment', 'list detach unlist', 'list detach unlist detach'],
  ['P5', 'attachment', 'list unlist list', 'list list'],
  ['P5', 'reference', 'get get put put', 'get put put'],
  ['P6', 'mapping', 'map invalidate unmap', 'map invalidate …'],
  ['P6', 'mapping', 'map', 'map unmap map invalidate invalidate …'],
  ['P7', 'buffer', 'map-granted revoke restore map-granted', 'revoke map-granted'],
  ['P7', 'buffer', 'map-granted revoke', 'revoke restore revoke map-granted'],
  ['P8', 'lock', 'call-needs-free lock call-needs-held unlock', 'call-needs-held'],
  ['P8', 'lock', 'lock unlock call-needs-free', 'lock call-needs-free'],
  ['P8', 'lock', 'lock unlock lock unlock', 'lock unlock unlock'],
  ['P9', 'fence', 'arm add signal free', 'arm add …'],
  ['P9', 'fence', 'arm', 'arm add free'],
  ['P10', 'call', 'enter leave', 'enter leave enter …'],
  ['P11', 'pin', 'move pin unpin move', 'pin move'],
  ['P11', 'pin', 'pin pin unpin unpin move', 'pin pin unpin move'],
  ['P12', 'mapping', 'map-blocked kernel-retired access', 'map-blocked access'],
  ['P12', 'mapping', 'map access', 'map-blocked kernel-retired unmap map-blocked access'],
  ['P13', 'mapping', 'map callback-unmap unmap', 'map callback-unmap unmap callback-unmap'],
  ['P13', 'pin', 'pin callback-unpin unpin', 'callback-unpin'],
  ['P14', 'kref', 'get put put last arm get', 'put last get'],
  ['P14', 'kref', 'get put', 'put last put'],
  ['UF', 'mapping', 'map fence-busy fence-retired unmap', 'map fence-busy unmap'],
  ['UF', 'mapping', 'map unmap', 'map fence-busy invalidate unmap'],
];

const automatonOf = (id: string, object: ObjectKind): Automaton => all.find((a) => a.id === id && a.automaton.object === object)?.automaton ?? assert.fail(`${id} does not watch a ${object}`);

function eventsOf(kind: ObjectKind, words: string): readonly EventOf<ObjectKind>[] {
  return words.split(' ').filter((word) => word !== '…').map((word) => (EVENTS[kind] as readonly EventOf<ObjectKind>[]).find((event) => event === word) ?? assert.fail(`a ${kind} has no event ${word}`));
}

test('every automaton stands in the table', () => {
  assert.deepEqual([...new Set(TABLE.map(([id, object]) => `${id} ${object}`))].sort(), all.map(({ id, automaton }) => `${id} ${automaton.object}`).sort());
});

for (const [id, object, keeps, breaks] of TABLE) {
  test(`${id} on ${object}: kept by '${keeps}', broken by '${breaks}'`, () => {
    const automaton = automatonOf(id, object);
    const kept = runAutomaton(automaton, eventsOf(object, keeps));
    assert.deepEqual(kept.broken, []);
    assert.equal(kept.owes, false);
    const events = eventsOf(object, breaks);
    const run = runAutomaton(automaton, events);
    if (breaks.endsWith('…')) {
      assert.deepEqual(run.broken, []);
      assert.equal(run.owes, true);
    } else assert.deepEqual(run.broken.map(({ index, event }) => `${index} ${event}`), [`${events.length - 1} ${events.at(-1) ?? ''}`]);
  });
}
