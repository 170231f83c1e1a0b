// Speed of the checker on the revoke protocol: states and transitions a second, bytes a state, liveness, symmetry.
// Run with: node --import tsx bench/engine.ts

import { search, unlimited } from '../src/check/index.ts';
import type { SearchOptions } from '../src/check/index.ts';
import { kindsOf, revoke } from '../test/check/revoke.ts';
import type { RevokeOptions } from '../test/check/revoke.ts';
import { threads } from '../test/check/threads.ts';

const options: SearchOptions = { symmetry: false, liveness: false, reduce: true, limits: unlimited, now: () => performance.now() };

function measure(title: string, what: RevokeOptions, how: Partial<SearchOptions> = {}): void {
  const system = revoke(what);
  const start = performance.now();
  const outcome = search(system, { ...options, ...how });
  const ms = performance.now() - start;
  const rate = (n: number): string => `${(n / ms / 1000).toFixed(2)} M/s`;
  console.log(
    [
      title.padEnd(40),
      `${outcome.states} states`.padEnd(16),
      `${ms.toFixed(0)} ms`.padEnd(9),
      `${rate(outcome.states)} states`.padEnd(18),
      `${rate(outcome.transitions)} transitions`.padEnd(22),
      `${outcome.bytesPerState.toFixed(1)} bytes a state`.padEnd(22),
      `${outcome.wordsPerState} words`,
    ].join(' '),
  );
}

threads(2);
const mix = (importers: number): RevokeOptions => ({ kinds: kindsOf(1092, importers) });
measure('3 importers, safety and liveness, cold', mix(3), { liveness: true });
for (const n of [3, 4, 5]) {
  measure(`${n} importers, safety`, mix(n));
  if (n > 4) measure(`${n} importers, safety, 2 threads`, mix(n), { workers: threads(2) });
  measure(`${n} importers, safety and liveness`, mix(n), { liveness: true });
}
const alike: RevokeOptions = { kinds: ['P', 'P', 'P', 'P', 'P'], anyOrder: true };
measure('5 alike, safety', alike);
measure('5 alike, safety, 2 threads', alike, { workers: threads(2) });
measure('5 alike, safety, symmetry', alike, { symmetry: true });
