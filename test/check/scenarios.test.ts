// The fast checker against the oracle on random small scenarios: verdict, reachable states, shortest lengths; with reductions, the verdict.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { lengthOf, search, unlimited, type SearchOutcome } from '../../src/check/index.ts';
import { oracle } from '../../src/check/oracle.ts';
import { check, formatDiagnostic, parse } from '../../src/litmus/index.ts';
import { compile } from '../../src/model/compile.ts';
import type { System } from '../../src/model/system.ts';
import { randomScenario } from './random-scenario.ts';

const SMALL = 200;

function systemOf(text: string): System {
  const parsed = parse(text);
  assert.ok(parsed.ok, parsed.ok ? '' : parsed.diagnostics.map((d) => formatDiagnostic(text, d)).join('\n'));
  assert.deepEqual(check(parsed.scenario).map((d) => formatDiagnostic(text, d)), []);
  const made = compile(parsed.scenario);
  assert.ok(made.ok, made.ok ? '' : made.message);
  return made.compiled.system;
}

/** "N2 7": what was found and in how many steps, by code so that twins count once. */
const found = (system: System, lengths: Iterable<readonly [number, number]>): string[] => {
  const shortest = new Map<string, number>();
  for (const [violation, length] of lengths) {
    const v = system.violations[violation];
    const key = `${v?.code ?? ''} ${v?.party.replace(/\[\d\]/, '') ?? ''}`;
    shortest.set(key, Math.min(shortest.get(key) ?? Infinity, length));
  }
  return [...shortest].map(([key, length]) => `${key} ${length}`).sort();
};

const told = (system: System, outcome: SearchOutcome): string[] => found(system, outcome.found.map((f) => [f.violation, lengthOf(f)]));
const trapped = (outcome: SearchOutcome): string[] => outcome.lassos.map((l) => `${l.pending} ${l.class} ${l.stem.length}`).sort();

test('random scenarios: fast checker and oracle agree', () => {
  let judged = 0;
  let broken = 0;
  fc.assert(
    fc.property(randomScenario, (text) => {
      const system = systemOf(text);
      const answer = oracle(system, SMALL);
      if (answer === null) return;
      judged++;
      const options = { symmetry: false, liveness: true, reduce: false, limits: unlimited, now: () => 0 };
      const plain = search(system, options);
      const expected = found(system, [...answer.shortest].filter(([, length]) => length <= answer.harm));
      assert.deepEqual(told(system, plain), expected);
      if (answer.harm === Infinity) {
        assert.equal(plain.states, answer.states);
        assert.deepEqual(trapped(plain), [...answer.traps].map(([key, length]) => `${key} ${length}`).sort());
      } else broken++;
      const reduced = search(system, { ...options, symmetry: true, reduce: true });
      assert.deepEqual(told(system, reduced), expected);
      if (answer.harm === Infinity) assert.deepEqual(trapped(reduced), trapped(plain));
    }),
    { numRuns: 1500 },
  );
  assert.ok(judged >= 500, `${judged} were small enough`);
  assert.ok(broken >= 20, `${broken} did harm`);
});
