// The model prints a run as a trace, and the checker reads it: a run without a violation is accepted; where the model holds something
// against somebody, the checker does too, in the lines of the same step and with the same obligation.

import assert from 'node:assert/strict';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import fc from 'fast-check';
import { applyStep, brokenInvariants, enabledSteps, initialState } from '../../src/check/interpret.ts';
import { runFacts } from '../../src/check/run-facts.ts';
import { randomNumbers } from '../../src/check/simulate.ts';
import { check as checkNames, parse } from '../../src/litmus/index.ts';
import { compile } from '../../src/model/compile.ts';
import type { System } from '../../src/model/system.ts';
import { isObligation } from '../../src/protocol/obligations.ts';
import { ftraceText } from '../../src/report/ftrace.ts';
import type { RunFacts } from '../../src/results/run.ts';
import { ROOT } from '../structure/house-rules.ts';
import { randomScenario } from '../check/random-scenario.ts';
import { judged } from './read.ts';

function systemOf(text: string): System | null {
  const parsed = parse(text, 'test');
  if (!parsed.ok || checkNames(parsed.scenario, 'test').length > 0) return null;
  const made = compile(parsed.scenario);
  return made.ok ? made.compiled.system : null;
}

/** A random walk that ends with the first fatal violation, or where nothing is possible. */
function walk(system: System, seed: number, depth = 120): { readonly path: number[]; readonly invariant: number | null } {
  const next = randomNumbers(seed);
  let state = initialState(system);
  const path: number[] = [];
  while (path.length < depth) {
    const [invariant] = brokenInvariants(system, state);
    if (invariant !== undefined) return { path, invariant };
    const enabled = enabledSteps(system, state);
    const step = enabled[next() % enabled.length];
    if (step === undefined) break;
    path.push(step);
    const { next: after } = applyStep(system, state, step);
    if (after === null) break;
    state = after;
  }
  return { path, invariant: null };
}

/** Steps at which the model names an obligation that a trace can show, as "P5 step 7". */
function held(facts: RunFacts): Set<string> {
  const out = new Set<string>();
  for (const { n, events } of facts.steps) for (const event of events) {
    if (event.what !== 'violation' || event.obligation === null) continue;
    // References of a buffer are taken silently (get_dma_buf, fget): no trace can count them.
    if (event.code === 'P5' && !event.object.includes('.')) continue;
    if (isObligation(event.code) && event.code === event.obligation && event.code !== 'P6' && event.code !== 'P10') out.add(`${event.code} step ${n}`);
    if (event.code === 'N1') out.add(`P1 step ${n}`);
    if (event.code === 'N5') out.add(`P2 step ${n}`);
  }
  return out;
}

/** What the checker says of the printed run, by step. */
function read(facts: RunFacts): { readonly said: Set<string>; readonly text: string } {
  const text = ftraceText(facts);
  const lines = text.split('\n');
  const stepOf = (line: number): number => {
    for (let i = line - 1; i >= 0; i--) {
      const step = /fencepost: step (\d+) /.exec(lines[i] ?? '')?.[1];
      if (step !== undefined) return Number(step);
    }
    return 0;
  };
  const { violations } = judged(text);
  return { said: new Set(violations.map(({ obligation, at }) => `${obligation} step ${stepOf(at.line)}`)), text };
}

function scenarios(folder: string): string[] {
  return readdirSync(folder).flatMap((name) => {
    const path = join(folder, name);
    return statSync(path).isDirectory() ? scenarios(path) : path.endsWith('.litmus') ? [path] : [];
  });
}

const shown = (facts: RunFacts): string => facts.steps.map(({ n, task, c, events }) => `${n} ${task}: ${c} ${JSON.stringify(events)}`).join('\n');

function compare(facts: RunFacts, where: string, seen: Map<string, number>): void {
  const expected = held(facts);
  const { said, text } = read(facts);
  for (const one of expected) seen.set(one.split(' ')[0] ?? '', (seen.get(one.split(' ')[0] ?? '') ?? 0) + 1);
  assert.deepEqual([...said].filter((one) => !expected.has(one)), [], `${where}: the checker accuses where the model does not\n${shown(facts)}\n${text}`);
  assert.deepEqual([...expected].filter((one) => !said.has(one)), [], `${where}: the checker misses what the model says\n${shown(facts)}\n${text}`);
}

test('random walks of every scenario of the corpus', () => {
  const seen = new Map<string, number>();
  let runs = 0;
  for (const path of scenarios(join(ROOT, 'litmus'))) {
    const system = systemOf(readFileSync(path, 'utf8'));
    if (system === null) continue;
    for (let seed = 1; seed <= 4; seed++) {
      const { path: steps, invariant } = walk(system, seed);
      compare(runFacts(system, steps, invariant), `${path} seed ${seed}`, seen);
      runs++;
    }
  }
  assert.ok(runs > 400, String(runs));
  // The corpus breaks them all; each is met here.
  for (const id of ['P1', 'P3', 'P4', 'P5', 'P7', 'P8', 'P11', 'P12', 'P14']) assert.ok(isObligation(id) && (seen.get(id) ?? 0) > 0, `${id} is never met: ${JSON.stringify([...seen])}`);
});

test('random scenarios', () => {
  fc.assert(fc.property(randomScenario, fc.nat(1000), (text, seed) => {
    const system = systemOf(text);
    if (system === null) return;
    const { path, invariant } = walk(system, seed);
    compare(runFacts(system, path, invariant), text, new Map());
  }), { numRuns: 250 });
});
