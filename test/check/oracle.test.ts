// The fast checker against the oracle, on random small systems.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { applyStep, brokenInvariants, initialState, isEnabled, isTrue, lengthOf, search, unlimited } from '../../src/check/index.ts';
import type { SearchOptions, SearchOutcome, State } from '../../src/check/index.ts';
import { oracle } from '../../src/check/oracle.ts';
import type { OracleAnswer } from '../../src/check/oracle.ts';
import { slice } from '../../src/check/slice.ts';
import type { System } from '../../src/model/system.ts';
import { choices, randomFamily, randomSystem } from './random-system.ts';

const options: SearchOptions = { symmetry: false, liveness: true, reduce: true, limits: unlimited, now: () => 0 };
const most = 250;

function lengths(outcome: SearchOutcome, key: (violation: number) => string = String): Record<string, number> {
  const all: Record<string, number> = {};
  for (const found of outcome.found) all[key(found.violation)] = Math.min(all[key(found.violation)] ?? Infinity, lengthOf(found));
  return all;
}

function expectedLengths(answer: OracleAnswer, key: (violation: number) => string = String): Record<string, number> {
  const all: Record<string, number> = {};
  for (const [violation, length] of answer.shortest) if (length <= answer.harm) all[key(violation)] = Math.min(all[key(violation)] ?? Infinity, length);
  return all;
}

/** Follows a path on the full system; fails if a step is not enabled. */
function follow(system: System, path: readonly number[], from: State = initialState(system)): State {
  let state = from;
  for (const step of path) {
    assert.ok(isEnabled(system, state, step), `${system.steps[step]?.name} is enabled`);
    const { next } = applyStep(system, state, step);
    assert.ok(next !== null, 'a path goes on');
    state = next;
  }
  return state;
}

/** Every path really shows what it is said to show. */
function checkPaths(system: System, outcome: SearchOutcome): void {
  for (const found of outcome.found) {
    if (found.invariant !== null) {
      const state = follow(system, found.path);
      assert.ok(brokenInvariants(system, state).includes(found.invariant));
      continue;
    }
    const state = follow(system, found.path.slice(0, -1));
    const last = found.path.at(-1) ?? -1;
    assert.ok(isEnabled(system, state, last));
    assert.ok(applyStep(system, state, last).violations.includes(found.violation));
  }
  for (const lasso of outcome.lassos) {
    const pending = system.pending[lasso.pending];
    assert.ok(pending !== undefined);
    let state = follow(system, lasso.stem);
    assert.ok(isTrue(pending.holds, state));
    for (const step of lasso.cycle) {
      state = follow(system, [step], state);
      assert.ok(isTrue(pending.holds, state));
    }
    checkFair(system, lasso.cycle, follow(system, lasso.stem));
  }
}

/** Going round and round (or staying) keeps every duty. Variables that the slice dropped may differ from round to round, so go round often. */
function checkFair(system: System, cycle: readonly number[], start: State): void {
  let state = start;
  const seen = new Map<string, number>();
  const rounds: State[][] = [];
  while (!seen.has(state.join())) {
    seen.set(state.join(), rounds.length);
    const round = [state];
    for (const step of cycle) {
      state = follow(system, [step], state);
      round.push(state);
    }
    rounds.push(round);
  }
  const states = rounds.slice(seen.get(state.join())).flat();
  const taken = new Set(cycle.map((step) => system.steps[step]).flatMap((s) => (s === undefined || s.fairness === 'none' ? [] : [s.group])));
  const strong = new Set(system.steps.filter((s) => s.fairness === 'strong').map((s) => s.group));
  for (const group of new Set(system.steps.filter((s) => s.fairness !== 'none').map((s) => s.group))) {
    if (taken.has(group)) continue;
    const enabled = (s: State): boolean => system.steps.some((step, id) => step.fairness !== 'none' && step.group === group && isEnabled(system, s, id));
    if (strong.has(group)) assert.ok(!states.some(enabled), `strong group ${group} is kept`);
    else assert.ok(!states.every(enabled), `weak group ${group} is kept`);
  }
}

function compare(system: System, answer: OracleAnswer, outcome: SearchOutcome): void {
  assert.ok(outcome.finished);
  assert.deepEqual(lengths(outcome), expectedLengths(answer));
  checkPaths(system, outcome);
  if (answer.harm !== Infinity) return;
  assert.deepEqual(outcome.witnesses, answer.witnesses);
  assert.deepEqual(new Set([...outcome.reachedSteps.keys()].filter((s) => outcome.reachedSteps[s] === 1)), answer.reached);
  if (system.pending.length > 0) assert.equal(outcome.liveness, 'checked');
  assert.deepEqual(traps(outcome), Object.fromEntries(answer.traps));
}

function traps(outcome: SearchOutcome): Record<string, number> {
  return Object.fromEntries(outcome.lassos.map((l) => [`${l.pending} ${l.class}`, l.stem.length]));
}

const runs = Number(process.env['FENCEPOST_RUNS'] ?? 1500);

test('random systems: the checker and the oracle agree', () => {
  let judged = 0;
  let trapped = 0;
  fc.assert(
    fc.property(choices, (numbers) => {
      const system = randomSystem(numbers);
      const answer = oracle(system, most);
      if (answer === null) return;
      judged++;
      if (answer.traps.size > 0) trapped++;
      const full = search(system, { ...options, reduce: false });
      compare(system, answer, full);
      if (answer.harm === Infinity) {
        assert.equal(full.states, answer.states);
        assert.equal(full.transitions, answer.transitions);
      }
      // A dropped variable may keep a run from closing its circle: stems are to be compared within the slice.
      const small = oracle(slice(system).system, most);
      assert.ok(small !== null && small.states <= answer.states);
      assert.deepEqual(small.shortest, answer.shortest);
      assert.deepEqual([...small.traps.keys()], [...answer.traps.keys()]);
      const sliced = search(system, options);
      compare(system, { ...answer, traps: small.traps }, sliced);
      if (answer.harm === Infinity) assert.equal(sliced.states, small.states);
    }),
    { numRuns: runs, seed: 1, endOnFailure: true },
  );
  assert.ok(judged > runs / 3, `${judged} systems were small enough`);
  assert.ok(trapped > runs / 20, `${trapped} systems had a trap`);
});

test('random symmetric families: the same violations at the same lengths, with fewer states', () => {
  let fewer = 0;
  fc.assert(
    fc.property(choices, (numbers) => {
      const system = randomFamily(numbers);
      const answer = oracle(system, 400);
      if (answer === null) return;
      const code = (violation: number): string => system.violations[violation]?.code ?? '';
      for (const reduce of [false, true]) {
        const outcome = search(system, { ...options, symmetry: true, reduce });
        assert.deepEqual(lengths(outcome, code), expectedLengths(answer, code));
        checkPaths(system, outcome);
        if (answer.harm !== Infinity) continue;
        if (outcome.states < answer.states) fewer++;
        const expected: OracleAnswer | null = reduce ? oracle(slice(system).system, 400) : answer;
        assert.deepEqual(traps(outcome), Object.fromEntries(expected?.traps ?? []));
      }
    }),
    { numRuns: Math.ceil(runs / 4), seed: 2, endOnFailure: true },
  );
  assert.ok(fewer > runs / 20, `${fewer} searches were smaller`);
});
