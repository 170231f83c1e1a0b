// Limits, interruption and progress: what a search says that it did not cover.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { search, unlimited } from '../../src/check/index.ts';
import type { Limits, Progress, SearchOptions, SearchOutcome } from '../../src/check/index.ts';
import { kindsOf, revoke } from './revoke.ts';

const system = revoke({ kinds: kindsOf(1092, 3) });
const options: SearchOptions = { symmetry: false, liveness: true, reduce: true, limits: unlimited, now: () => 0 };
const within = (limits: Partial<Limits>, more: Partial<SearchOptions> = {}): SearchOutcome => search(system, { ...options, limits: { ...unlimited, ...limits }, ...more });

test('a limit ends the search and is named', () => {
  const depth = within({ depth: 10 });
  assert.deepEqual([depth.finished, depth.limit, depth.levels, depth.depth, depth.liveness], [false, 'depth', 10, 10, 'unfinished']);
  assert.ok(depth.frontier > 0);
  const states = within({ states: 1000 });
  assert.equal(states.limit, 'states');
  assert.ok(states.states > 1000 && states.states < 3000);
  assert.equal(within({ bytes: 200_000 }).limit, 'bytes');
  let time = 0;
  assert.equal(within({ milliseconds: 5 }, { now: () => time++ * 3 }).limit, 'milliseconds');
  assert.equal(within({}, { stop: () => true }).limit, 'interrupted');
});

test('a limit that is not reached changes nothing', () => {
  const free = within({});
  assert.deepEqual(within({ depth: free.depth + 1, states: free.states }), free);
  assert.equal(free.frontier, 0);
  assert.equal(free.levels, free.depth + 1);
});

test('progress comes a few times a second', () => {
  const told: Progress[] = [];
  let time = 0;
  within({}, { now: () => (time += 100), progress: (p) => told.push(p) });
  assert.ok(told.length > 0);
  for (const [i, p] of told.entries()) assert.ok(p.milliseconds >= (i + 1) * 250);
});

test('memory a state stays within its packed size and 20 bytes', () => {
  const large = search(revoke({ kinds: kindsOf(1092, 4) }), { ...options, liveness: false });
  assert.ok(large.bytesPerState <= large.wordsPerState * 4 + 20, `${large.bytesPerState}`);
});
