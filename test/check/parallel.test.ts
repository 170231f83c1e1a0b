// Several threads: the same states, transitions, verdicts and stories as one.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { search, unlimited } from '../../src/check/index.ts';
import type { SearchOptions, SearchOutcome } from '../../src/check/index.ts';
import type { System } from '../../src/model/system.ts';
import { kindsOf, revoke } from './revoke.ts';
import { threads } from './threads.ts';

const options: SearchOptions = { symmetry: false, liveness: false, reduce: true, limits: unlimited, now: () => performance.now() };

function same(shared: SearchOutcome, alone: SearchOutcome): void {
  assert.ok((shared.threads ?? 1) > 1);
  assert.deepEqual({ ...shared, threads: 1, bytesPerState: 0 }, { ...alone, bytesPerState: 0 });
}

/** Harms become warnings behind which the search goes on. */
function milder(system: System): System {
  return { ...system, violations: system.violations.map((v) => ({ ...v, kind: 'warning', fatal: false })) };
}

test('one thread and two find the same', () => {
  const systems: System[] = [
    revoke({ kinds: kindsOf(1092, 4) }),
    revoke({ kinds: kindsOf(1252, 4), reject: false, waitUnmap: false }),
    milder(revoke({ kinds: kindsOf(1092, 4), waitFences: false, waitUnmap: false })),
    revoke({ kinds: ['D', 'D', 'P', 'P'], anyOrder: true }),
  ];
  for (const system of systems) {
    const alone = search(system, options);
    for (const count of [2, 3]) same(search(system, { ...options, workers: threads(count, 2000) }), alone);
  }
});

test('symmetry and limits with two threads', () => {
  const alike = revoke({ kinds: ['P', 'P', 'P', 'P', 'P'], anyOrder: true });
  same(search(alike, { ...options, symmetry: true, workers: threads(2, 2000) }), search(alike, { ...options, symmetry: true }));
  const large = revoke({ kinds: kindsOf(1092, 5) });
  const cut = search(large, { ...options, limits: { ...unlimited, states: 1_000_000 }, workers: threads(2, 20_000) });
  assert.equal(cut.limit, 'states');
  assert.ok(cut.frontier > 0 && !cut.finished);
  const deep = { ...options, limits: { ...unlimited, depth: 40 } };
  same(search(large, { ...deep, workers: threads(2, 20_000) }), search(large, deep));
});
