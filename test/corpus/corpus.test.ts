// The corpus: every file comes out as it declares, is small, named after its file, sourced, and round-trips.
// What the corpus must contain (positions, obligations, patterns, bugs) is counted here.

import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { test } from 'node:test';
import { unlimited } from '../../src/check/index.ts';
import { checkScenario, replayScenario, type CheckOptions } from '../../src/check/run.ts';
import { check, parse, print } from '../../src/litmus/index.ts';
import { CONTRACT_KEYS } from '../../src/model/contract.ts';
import type { Scenario } from '../../src/model/scenario.ts';
import { OBLIGATIONS } from '../../src/protocol/obligations.ts';
import { HARMS } from '../../src/protocol/harms.ts';
import type { CheckResult } from '../../src/results/verdict.ts';

const root = new URL('../../litmus', import.meta.url).pathname;
const files = readdirSync(root, { recursive: true, encoding: 'utf8' }).filter((f) => f.endsWith('.litmus')).sort();
const options: CheckOptions = { limits: unlimited, now: () => 0 };

interface Item {
  readonly file: string;
  readonly text: string;
  readonly scenario: Scenario;
  readonly result: CheckResult;
}

const items: Item[] = files.map((file) => {
  const text = readFileSync(join(root, file), 'utf8');
  const parsed = parse(text, file);
  assert.ok(parsed.ok, file);
  assert.deepEqual(check(parsed.scenario), [], file);
  const checked = checkScenario(parsed.scenario, file, options);
  assert.ok(checked.ok, `${file}: ${checked.ok ? '' : checked.message}`);
  return { file, text, scenario: parsed.scenario, result: checked.result };
});

for (const { file, text, scenario, result } of items) {
  test(`${file}: ${result.expected ?? 'no verdict declared'}`, () => {
    assert.equal(result.asExpected, true, `came out ${result.outcome}, blame ${result.broken[0]?.blame.party ?? '-'}`);
    assert.equal(scenario.name, basename(file, '.litmus'));
    assert.ok(scenario.sources.length > 0 && scenario.description.length > 0);
    assert.ok(text.split('\n').length <= 70, 'longer than a mail');
    assert.ok(result.states <= 50_000, `${result.states} states`);
    const printed = print(scenario);
    const again = parse(printed, file);
    assert.ok(again.ok);
    assert.equal(print(again.scenario), printed);
  });
}

test('every counterexample replays to the same end', () => {
  for (const { file, scenario, result } of items) {
    for (const broken of result.broken) {
      const replayed = replayScenario(scenario, file, broken.replay, options);
      assert.ok(replayed.ok, `${file}: ${replayed.ok ? '' : replayed.message}`);
      assert.ok(replayed.result.broken.some((b) => b.code === broken.code), `${file}: ${broken.code}`);
    }
  }
});

test('names are unique and there are at least 80 scenarios', () => {
  assert.equal(new Set(items.map((i) => i.scenario.name)).size, items.length);
  assert.ok(items.length >= 80);
});

test('every position of the debate is held by somebody and searched under its own contract', () => {
  for (const [key, values] of Object.entries(CONTRACT_KEYS)) {
    if (key === 'MOVE' || key === 'STORE') continue;
    for (const value of values) {
      if (value === 'driver' || value === 'V3i' || value === 'none') continue;
      assert.ok(items.some((i) => i.scenario.positions.some((p) => p.key === key && (p.value === value || (value === 'V3' && p.value === 'V3i'))) && i.result.contract[key] === value || (value === 'V3' && i.result.contract[key] === 'V3i')), `${key}=${value}`);
    }
  }
});

test('every obligation is broken once and blamed by name, and every harm occurs', () => {
  const blamed = new Set(items.flatMap((i) => i.result.broken.flatMap((b) => [b.blame.obligation, b.code])));
  for (const { id } of [...OBLIGATIONS, ...HARMS]) assert.ok(blamed.has(id), id);
});

test('every pattern (a) to (t) stands as a broken and a fixed scenario', () => {
  for (const letter of 'abcdefghijklmnopqrst') {
    const pair = items.filter((i) => i.scenario.name.startsWith(`pattern-${letter}-`));
    assert.deepEqual(pair.map((i) => i.result.verdict).sort(), ['broken', 'holds'], letter);
  }
});

test('at least twenty bugs of the table are there', () => {
  const rows = new Set(items.flatMap((i) => /^f(\d\d)-/.exec(i.scenario.name)?.[1] ?? []));
  assert.ok(rows.size >= 20, `${rows.size}`);
});
