// Symmetry is used only where parties really are interchangeable.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { lengthOf, search, unlimited } from '../../src/check/index.ts';
import type { SearchOptions } from '../../src/check/index.ts';
import { trueFamilies } from '../../src/check/symmetric.ts';
import { constant, equal, read } from '../../src/model/system.ts';
import { revoke } from './revoke.ts';

const options: SearchOptions = { symmetry: true, liveness: false, reduce: true, limits: unlimited, now: () => 0 };
const alike = revoke({ kinds: ['P', 'P', 'P'], anyOrder: true });
const mapped = (k: number): number => alike.variables.findIndex((v) => v.name === `map${k}`);

test('a family of like importers is kept', () => {
  assert.deepEqual(trueFamilies(alike).refused, []);
  assert.deepEqual(search(alike, options).reductions.at(-1), 'importer: 3 interchangeable parties count once (safety only)');
});

test('a witness or an invariant that names one party is still found', () => {
  for (const k of [0, 1, 2]) {
    const witness = { ...alike, witnesses: [{ name: 'mapped', reached: equal(read(mapped(k)), constant(1)) }] };
    assert.deepEqual(trueFamilies(witness).refused, ['importer']);
    assert.deepEqual(search(witness, options).witnesses, [true]);
    const invariant = { ...alike, invariants: [{ name: 'mapped', bad: equal(read(mapped(k)), constant(1)), violation: 0, process: 0, text: '' }] };
    const lengths = search(invariant, options).found.map(lengthOf);
    assert.deepEqual(lengths, search(invariant, { ...options, symmetry: false }).found.map(lengthOf));
    assert.equal(lengths.length, 1);
  }
});

test('the same witness for each party: one reached is all reached', () => {
  const each = { ...alike, witnesses: [0, 1, 2].map((k) => ({ name: `mapped ${k}`, reached: equal(read(mapped(k)), constant(1)) })) };
  assert.deepEqual(trueFamilies(each).refused, []);
  const outcome = search(each, options);
  assert.deepEqual(outcome.witnesses, [true, true, true]);
  assert.deepEqual(outcome.reachedSteps, search(each, { ...options, symmetry: false }).reachedSteps);
});

test('parties that differ in one step are told apart', () => {
  const different = { ...alike, steps: alike.steps.map((s) => (s.name === 'importer1:map' ? { ...s, actions: s.actions.slice(1) } : s)) };
  assert.deepEqual(trueFamilies(different).refused, ['importer']);
});
