// The search in parts: the same outcome however it is driven, and an unfinished one where it is stopped between two parts.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { search, searchSteps, unlimited } from '../../src/check/index.ts';
import type { SearchOptions, SearchOutcome } from '../../src/check/index.ts';
import { checkScenario, checkSteps } from '../../src/check/run.ts';
import { parse } from '../../src/litmus/index.ts';
import { kindsOf, revoke } from './revoke.ts';

/** A clock that goes on by so many milliseconds whenever it is read: every poll is due. */
function clock(by: number): () => number {
  let time = 0;
  return () => (time += by);
}

const options = (more: Partial<SearchOptions> = {}): SearchOptions => ({ symmetry: true, liveness: true, reduce: true, limits: unlimited, now: clock(50), ...more });

/** Drives the parts; `each` is called between them with their number so far. */
function driven<T>(steps: Generator<void, T, void>, each: (part: number) => void): { readonly value: T; readonly parts: number } {
  for (let part = 1; ; part++) {
    const { done, value } = steps.next();
    if (done === true) return { value, parts: part };
    each(part);
  }
}

const systems = { alike: revoke({ kinds: ['P', 'P', 'P'], anyOrder: true }), mixed: revoke({ kinds: kindsOf(1092, 3) }) };

for (const [name, system] of Object.entries(systems)) {
  test(`${name}: the parts come to what the whole comes to`, () => {
    const { value, parts } = driven(searchSteps(system, options()), () => undefined);
    assert.ok(parts > 3, `${parts} parts`);
    assert.deepEqual(value, search(system, options({ now: () => 0 })));
  });

  test(`${name}: stopped after any part, it is unfinished and tells what was covered`, () => {
    const whole = search(system, options({ now: () => 0 }));
    const { parts } = driven(searchSteps(system, options()), () => undefined);
    const seen = new Set<SearchOutcome['liveness']>();
    for (let last = 1; last < parts; last++) {
      let stopped = false;
      const { value } = driven(searchSteps(system, options({ stop: () => stopped })), (part) => (stopped ||= part >= last));
      seen.add(value.liveness);
      if (value.finished) continue;
      assert.equal(value.limit, 'interrupted');
      assert.ok(value.states > 0 && value.states <= whole.states);
      assert.equal(value.lassos.length, 0);
      assert.notEqual(value.liveness, 'checked');
      if (!value.exhausted) assert.ok(value.frontier > 0);
    }
    assert.ok(seen.has('skipped') || seen.has('unfinished'));
  });
}

test('a scenario in parts is the scenario as a whole', () => {
  const parsed = parse('litmus two\nexporter vfio: vfio_pci;\nbuffer bar of vfio;\nimporter nic[2]: deferred of bar;\nthread reset: user { ioctl RESET { vfio_pci_dma_buf_move(vfio, true); device_off(vfio); } }\n', 'two');
  assert.ok(parsed.ok);
  const { value, parts } = driven(checkSteps(parsed.scenario, null, { limits: unlimited, now: clock(50) }), () => undefined);
  assert.ok(parts > 1);
  const whole = checkScenario(parsed.scenario, null, { limits: unlimited, now: () => 0 });
  assert.ok(value.ok && whole.ok);
  assert.deepEqual({ ...value.result, milliseconds: 0 }, { ...whole.result, milliseconds: 0 });
});
