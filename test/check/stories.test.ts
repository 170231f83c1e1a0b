// Replay tokens, shrinking and random walks, on random systems and on the revoke protocol.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { decodeToken, endsLike, replay, replayToken, scenarioOf, search, showsViolation, shrink, simulate, unlimited } from '../../src/check/index.ts';
import type { SearchOptions } from '../../src/check/index.ts';
import { oracle } from '../../src/check/oracle.ts';
import { choices, randomSystem } from './random-system.ts';
import { revoke } from './revoke.ts';

const options: SearchOptions = { symmetry: false, liveness: true, reduce: true, limits: { ...unlimited, states: 5000 }, now: () => 0 };

test('every token decodes to its path and replays', () => {
  let tokens = 0;
  fc.assert(
    fc.property(choices, (numbers) => {
      const system = randomSystem(numbers);
      const outcome = search(system, options);
      for (const found of outcome.found) {
        const token = replayToken(system, found.path);
        assert.match(token, /^[A-Za-z0-9._-]+$/);
        assert.equal(scenarioOf(token), 'random');
        const decoded = decodeToken(system, token);
        assert.ok(decoded.ok);
        assert.deepEqual(decoded.steps, found.path);
        const replayed = replay(system, decoded.steps);
        assert.ok(replayed.ok && showsViolation(found.violation, found.invariant)(replayed.run));
        tokens++;
      }
      for (const lasso of outcome.lassos) {
        const decoded = decodeToken(system, replayToken(system, lasso.stem, lasso.cycle));
        assert.ok(decoded.ok);
        assert.deepEqual([decoded.steps, decoded.cycle], [lasso.stem, lasso.cycle]);
        assert.ok(replay(system, [...lasso.stem, ...lasso.cycle]).ok);
        tokens++;
      }
    }),
    { numRuns: 300, seed: 3, endOnFailure: true },
  );
  assert.ok(tokens > 200, `${tokens} tokens`);
});

test('a stale token says which action no longer fits', () => {
  const system = revoke({ kinds: ['D', 'P'], waitFences: false });
  const path = search(system, options).found[0]?.path ?? [];
  const token = replayToken(system, path);
  const renamed = { ...system, steps: system.steps.map((s) => (s.name === 'importer0:map' ? { ...s, name: 'importer0:map now' } : s)) };
  const unknown = decodeToken(renamed, token);
  assert.ok(!unknown.ok && unknown.error.reason === 'unknown-action');
  assert.equal(system.steps[path[unknown.error.at - 1] ?? -1]?.name, 'importer0:map');
  const first = path[0] ?? 0;
  const twice = replay(system, [first, first]);
  assert.ok(!twice.ok);
  assert.deepEqual(twice.error, { reason: 'not-enabled', at: 2, action: system.steps[first]?.name });
  assert.deepEqual(decodeToken(system, 'nonsense'), { ok: false, error: { reason: 'malformed', at: 0, action: 'nonsense' } });
  const behind = replay(system, [...path, first]);
  assert.ok(!behind.ok && behind.error.reason === 'ended');
});

test('a shrunk story shows the same, in no more steps and switches, each step necessary', () => {
  const system = revoke({ kinds: ['D', 'P'], waitFences: false });
  const [found] = search(system, options).found;
  assert.ok(found !== undefined);
  const goal = showsViolation(found.violation, found.invariant);
  const shrunk = shrink(system, found.path, goal);
  const before = shrink(system, found.path, endsLike(system, found.path));
  assert.equal(shrunk.path.length, found.path.length);
  assert.ok(shrunk.necessary && before.necessary);
  const replayed = replay(system, shrunk.path);
  assert.ok(replayed.ok && goal(replayed.run));
  assert.ok(shrunk.switches <= 4, `${shrunk.switches} switches`);
});

test('random walks find what is there, the same for a seed, and nothing else', () => {
  const system = revoke({ kinds: ['D', 'P'], waitFences: false });
  const one = simulate(system, { seed: 7, runs: 300, depth: 80 });
  assert.deepEqual(simulate(system, { seed: 7, runs: 300, depth: 80 }), one);
  assert.ok(one.found.length > 0);
  for (const found of one.found) {
    const goal = showsViolation(found.violation, found.invariant);
    const shrunk = shrink(system, found.path, goal);
    assert.ok(shrunk.path.length < found.path.length && shrunk.necessary);
  }
  fc.assert(
    fc.property(choices, (numbers) => {
      const random = randomSystem(numbers);
      const answer = oracle(random, 250);
      if (answer === null) return;
      for (const found of simulate(random, { seed: 1, runs: 20, depth: 30 }).found) assert.ok((answer.shortest.get(found.violation) ?? Infinity) <= found.path.length + (found.invariant === null ? 0 : 1));
    }),
    { numRuns: 200, seed: 4, endOnFailure: true },
  );
});
