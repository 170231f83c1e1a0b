// The revoke protocol: reachable states and verdicts as an independent model has them (Spin, full search, no reduction).

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { lengthOf, search, unlimited } from '../../src/check/index.ts';
import type { SearchOptions, SearchOutcome } from '../../src/check/index.ts';
import { kindsOf, revoke } from './revoke.ts';
import type { RevokeOptions } from './revoke.ts';

const options: SearchOptions = { symmetry: false, liveness: false, reduce: false, limits: unlimited, now: () => 0 };
const run = (what: RevokeOptions, how: Partial<SearchOptions> = {}): SearchOutcome => search(revoke(what), { ...options, ...how });

test('reachable states are those of the Promela model', () => {
  const expected = [124, 1909, 23388, 302896];
  for (const [i, states] of expected.entries()) {
    for (const reduce of [false, true]) {
      const outcome = run({ kinds: kindsOf(1092, i + 1) }, { reduce });
      assert.equal(outcome.states, states);
      assert.deepEqual(outcome.found, []);
      assert.deepEqual(outcome.witnesses, [true]);
    }
  }
});

test('reachable states of other mixes', () => {
  assert.equal(run({ kinds: kindsOf(36, 3), reject: false }).states, 19662);
  assert.equal(run({ kinds: kindsOf(8, 2), reject: false }).states, 1422);
  assert.equal(run({ kinds: kindsOf(12, 2), reject: false }).states, 1386);
  assert.equal(run({ kinds: kindsOf(1252, 4), reject: false }).states, 203240);
  assert.equal(run({ kinds: ['P'], waitUnmap: false }).states, 138);
  assert.equal(run({ kinds: ['P', 'P'], waitUnmap: false, waitFences: false }).states, 2107);
});

test('verdicts and lengths without the waits', () => {
  const cases: readonly (readonly [RevokeOptions, string, number])[] = [
    [{ kinds: ['D', 'P'], waitFences: false }, 'N2', 17],
    [{ kinds: ['D', 'P'], waitUnmap: false }, 'N3', 19],
    [{ kinds: ['D', 'P'], waitFences: false, waitUnmap: false }, 'N3', 16],
    [{ kinds: ['D', 'B'], reject: false, waitUnmap: false }, 'N3', 16],
    [{ kinds: ['D', 'S'], reject: false, waitUnmap: false }, 'N3', 15],
  ];
  for (const [what, code, length] of cases) {
    for (const reduce of [false, true]) {
      const outcome = run(what, { reduce });
      const system = revoke(what);
      const shortest = outcome.found.map((f) => [system.violations[f.violation]?.code, lengthOf(f)]);
      assert.deepEqual(shortest, [[code, length]]);
    }
  }
});

test('the revoke ends in bounded time, unless a user is waited for', () => {
  assert.deepEqual(run({ kinds: kindsOf(1092, 3) }, { liveness: true }).lassos, []);
  const [lasso, ...others] = run({ kinds: ['D', 'B'], reject: false }, { liveness: true, reduce: true }).lassos;
  assert.deepEqual(others, []);
  assert.equal(lasso?.class, 'hang');
});

test('five identical importers shrink more than thirtyfold', () => {
  const what: RevokeOptions = { kinds: ['P', 'P', 'P', 'P'], anyOrder: true };
  const plain = run(what);
  const symmetric = run(what, { symmetry: true });
  assert.ok(symmetric.states * 15 < plain.states, `${plain.states} to ${symmetric.states}`);
  assert.deepEqual(symmetric.found, []);
  const broken: RevokeOptions = { ...what, kinds: ['D', 'D', 'D'], waitFences: false, waitUnmap: false };
  assert.equal(lengthOf(run(broken, { symmetry: true }).found[0] ?? assert.fail()), lengthOf(run(broken).found[0] ?? assert.fail()));
});
