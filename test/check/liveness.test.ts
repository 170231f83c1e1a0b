// Liveness where fairness decides: each case is a small system whose answer can be seen by hand.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { search, unlimited } from '../../src/check/index.ts';
import type { Lasso, SearchOptions } from '../../src/check/index.ts';
import type { Fairness, System } from '../../src/model/system.ts';
import { call, isOff, isOn, small, turn } from './small.ts';

const options: SearchOptions = { symmetry: false, liveness: true, reduce: true, limits: unlimited, now: () => 0 };

function lassos(system: System): readonly Lasso[] {
  const plain = search(system, { ...options, reduce: false }).lassos;
  const reduced = search(system, options).lassos;
  assert.deepEqual(
    reduced.map((l) => [l.pending, l.class]),
    plain.map((l) => [l.pending, l.class]),
  );
  return plain;
}

const classes = (system: System): string[] => lassos(system).map((l) => l.class);

/** One process takes and gives a lock for ever; the other wants it once. */
function contended(fair: Fairness): System {
  const shared = ['lock'];
  return small(
    shared,
    [2, 2],
    [
      { process: 0, name: 'take', from: 0, to: 1, fair: 'strong', guard: isOff(0), does: [turn(0, 1)] },
      { process: 0, name: 'give', from: 1, to: 0, fair: 'weak', does: [turn(0, 0)] },
      { process: 1, name: 'want', from: 0, to: 1, fair, guard: isOff(0), does: [] },
    ],
    [call(shared, 1, 1)],
  );
}

test('a lock that is taken again and again is got under strong fairness only', () => {
  assert.deepEqual(classes(contended('strong')), []);
  const [lasso] = lassos(contended('weak'));
  assert.equal(lasso?.class, 'hang');
  assert.deepEqual(lasso.stem, []);
  assert.deepEqual(lasso.cycle, [0, 1]);
  assert.deepEqual(classes(contended('none')), ['hang']);
});

test('a weak step that stays enabled is taken', () => {
  const shared = ['x'];
  const spin = { process: 0, name: 'spin', from: 0, to: 0, fair: 'weak' } as const;
  const other = (fair: Fairness): System => small(shared, [1, 2], [spin, { process: 1, name: 'go', from: 0, to: 1, fair }], [call(shared, 1, 1)]);
  assert.deepEqual(classes(other('weak')), []);
  const [lasso] = lassos(other('none'));
  assert.equal(lasso?.class, 'hang');
  assert.deepEqual(lasso.cycle, [0]);
});

test('staying in a state where only unfair steps are enabled is a hang; where none is, a deadlock', () => {
  const shared = ['x'];
  const user = small(shared, [2, 2], [{ process: 0, name: 'close', from: 0, to: 1, fair: 'none', does: [turn(0, 1)] }, { process: 1, name: 'wait', from: 0, to: 1, fair: 'strong', guard: isOn(0) }], [call(shared, 1, 1)]);
  const [hang] = lassos(user);
  assert.deepEqual([hang?.class, hang?.stem, hang?.cycle], ['hang', [], []]);
  const nobody = small(shared, [2], [{ process: 0, name: 'wait', from: 0, to: 1, fair: 'strong', guard: isOn(0) }], [call(shared, 0, 1)]);
  assert.deepEqual(classes(nobody), ['deadlock']);
});

test('two locks in opposite order: a deadlock of both, at its shortest', () => {
  const shared = ['a', 'b'];
  const path = (process: number, first: number, second: number): Parameters<typeof small>[2] => [
    { process, name: 'one', from: 0, to: 1, fair: 'strong', guard: isOff(first), does: [turn(first, 1)] },
    { process, name: 'two', from: 1, to: 2, fair: 'strong', guard: isOff(second), does: [turn(second, 1)] },
    { process, name: 'end', from: 2, to: 3, fair: 'weak', does: [turn(first, 0), turn(second, 0)] },
  ];
  const system = small(shared, [4, 4], [...path(0, 0, 1), ...path(1, 1, 0)], [call(shared, 0, 3), call(shared, 1, 3)]);
  const found = lassos(system);
  assert.deepEqual(
    found.map((l) => [l.pending, l.class, l.stem.length, l.cycle.length]),
    [
      [0, 'deadlock', 2, 0],
      [1, 'deadlock', 2, 0],
    ],
  );
});

test('a retry loop: fair if the way out is a fair step, a hang if it is a user', () => {
  const shared = ['x'];
  const loop = (fair: Fairness): System =>
    small(
      shared,
      [3],
      [
        { process: 0, name: 'try', from: 0, to: 1, fair: 'weak' },
        { process: 0, name: 'again', from: 1, to: 0, fair: 'weak' },
        { process: 0, name: 'out', from: 1, to: 2, fair },
      ],
      [call(shared, 0, 2)],
    );
  assert.deepEqual(classes(loop('strong')), []);
  assert.deepEqual(classes(loop('none')), ['hang']);
  // The way out is not enabled at place 0, so a weak duty is kept by going round.
  assert.deepEqual(classes(loop('weak')), ['hang']);
});

test('branches of one choice share a duty', () => {
  const shared = ['x'];
  const system = small(
    shared,
    [2],
    [
      { process: 0, name: 'stay', from: 0, to: 0, fair: 'weak', group: 1 },
      { process: 0, name: 'leave', from: 0, to: 1, fair: 'weak', group: 1 },
    ],
    [call(shared, 0, 1)],
  );
  assert.deepEqual(classes(system), ['hang']);
});

test('a fatal violation ends a run: nothing stays there', () => {
  const shared = ['x'];
  const system = small(
    shared,
    [2],
    [{ process: 0, name: 'die', from: 0, to: 1, fair: 'weak', does: [{ do: 'violate', violation: 0 }] }],
    [call(shared, 0, 1)],
    [{ code: 'P1', kind: 'obligation', fatal: true, party: '', object: '', obligation: 'P1', text: '' }],
  );
  assert.deepEqual(classes(system), []);
});

test('a fair cycle makes a detour for each duty', () => {
  const shared = ['a', 'b', 'end'];
  const flip = (process: number, bit: number): Parameters<typeof small>[2] => [
    { process, name: 'on', from: 0, to: 1, fair: 'weak', does: [turn(bit, 1)] },
    { process, name: 'off', from: 1, to: 0, fair: 'weak', does: [turn(bit, 0)] },
  ];
  const system = small(shared, [2, 2, 2], [...flip(0, 0), ...flip(1, 1), { process: 2, name: 'never', from: 0, to: 1, fair: 'strong', guard: isOn(2) }], [call(shared, 2, 1)]);
  const [lasso] = lassos(system);
  assert.equal(lasso?.class, 'deadlock');
  assert.deepEqual([...lasso.cycle].sort(), [0, 1, 2, 3]);
});
