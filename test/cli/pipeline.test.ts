// The questions a command asks, against an engine made by hand.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { finish, type Steps } from '../../src/check/index.ts';
import type { CheckOptions, Engine, Judged } from '../../src/cli/engine.ts';
import { EXIT, exitOf, worst } from '../../src/cli/exit.ts';
import { parseArguments, type CheckRequest } from '../../src/cli/parse-arguments.ts';
import { answer, type Answer, type Question, type Settings, type Task } from '../../src/cli/pipeline.ts';
import type { Scenario } from '../../src/model/scenario.ts';
import { judge } from '../../src/results/judgement.ts';
import type { CheckResult } from '../../src/results/verdict.ts';
import { broken, holds, refused, surprise, unfinished, vacuous } from '../report/samples.ts';

const at = { line: 1, column: 1 };
const scenario: Scenario = {
  name: 'sample',
  description: [],
  sources: [],
  expectation: null,
  positions: [
    { key: 'STOP', value: 'V1', by: 'Jason Gunthorpe', claims: 'holds', at },
    { key: 'STOP', value: 'V3', by: 'Christian Koenig', claims: 'holds', at },
  ],
  contract: [],
  off: [],
  declarations: [],
  properties: [],
};

const settings: Settings = { contract: [], symmetry: true, liveness: true, limits: { states: Infinity, depth: Infinity, bytes: Infinity, milliseconds: Infinity }, order: 'any' };

/** Broken under V1, holding otherwise; counts its searches. */
function handMade(): Engine & { readonly searched: string[] } {
  const searched: string[] = [];
  const check = function* (_: Scenario, __: string, { contract }: CheckOptions): Steps<Judged> {
    const stop = contract.filter(({ key }) => key === 'STOP').at(-1)?.value ?? 'V3';
    searched.push(stop);
    return { ok: true, result: stop === 'V1' ? { ...broken, asExpected: false } : holds };
  };
  return {
    searched,
    read: (text) => (text === 'bad' ? { ok: false, messages: ['x:1:1: bad'] } : { ok: true, scenario }),
    check,
    simulate: function* (_, __, { runs, seed }) {
      return { ok: true, result: { ...holds, states: runs, depth: seed } };
    },
    replay: (_, __, token) => (token === 'fits' ? { ok: true, result: broken } : { ok: false, message: "step 'x' cannot be taken" }),
  };
}

const asked = (question: Question, text = 'good', contract: Settings['contract'] = [], engine: Engine = handMade()): Answer => {
  const task: Task = { file: 'x.litmus', text, question, settings: { ...settings, contract } };
  return finish(answer(engine, task, { now: () => 0, stop: () => false }));
};

const resultsOf = (made: Answer): readonly CheckResult[] => (made.kind === 'results' ? made.results : assert.fail(made.kind));

test('check gives the result as it is; under another contract the declaration does not count', () => {
  assert.deepEqual(resultsOf(asked({ mode: 'check' })), [holds]);
  assert.deepEqual(resultsOf(asked({ mode: 'check' }, 'good', [{ key: 'STOP', value: 'V1' }])).map((result) => [result.outcome, result.asExpected]), [['broken N2 vfio', null]]);
});

test('the debate searches only positions that the scenario does not already take', () => {
  const engine = handMade();
  const made = asked({ mode: 'debate' }, 'good', [], engine);
  assert.deepEqual(engine.searched, ['V3', 'V1']);
  assert.deepEqual(made.kind === 'results' && made.rows.map((row) => [row.position, row.by, row.result.verdict]), [
    ['STOP=V1', 'Jason Gunthorpe', 'broken'],
    ['STOP=V3', 'Christian Koenig', 'holds'],
  ]);
});

test('compare gives left and right', () => {
  const made = asked({ mode: 'compare', left: { key: 'STOP', value: 'V1' }, right: { key: 'STOP', value: 'V3' } });
  assert.deepEqual(resultsOf(made).map((result) => result.verdict), ['broken', 'holds']);
});

test('simulate hands on runs and seed; replay a token that fits, and says which does not', () => {
  assert.deepEqual(resultsOf(asked({ mode: 'simulate', runs: 7, seed: 3 })).map(({ states, depth }) => [states, depth]), [[7, 3]]);
  assert.deepEqual(resultsOf(asked({ mode: 'replay', token: 'fits' })), [broken]);
  assert.deepEqual(asked({ mode: 'replay', token: 'old' }), { kind: 'rejected', messages: ["step 'x' cannot be taken"] });
});

test('a text that does not parse is rejected; an exception is a failure with its file', () => {
  assert.deepEqual(asked({ mode: 'check' }, 'bad'), { kind: 'rejected', messages: ['x:1:1: bad'] });
  const failing: Engine = { ...handMade(), check: () => { throw new Error('boom'); } };
  assert.deepEqual(asked({ mode: 'check' }, 'good', [], failing), { kind: 'failed', message: 'x.litmus: boom' });
});

test('exit codes by result, and the worst of several', () => {
  assert.deepEqual([holds, broken, refused, surprise, unfinished, vacuous].map((result) => exitOf(judge(result))), [0, 0, 0, 1, 3, 4]);
  assert.equal(exitOf(judge({ ...broken, expected: null, asExpected: null })), 1);
  assert.equal(exitOf(judge({ ...holds, expected: null, asExpected: null })), 0);
  assert.equal(exitOf(judge({ ...vacuous, expected: 'vacuous', asExpected: true })), 0);
  assert.equal(exitOf(judge({ ...vacuous, expected: 'holds', asExpected: false })), 1);
  assert.equal(exitOf(judge({ ...holds, verdict: 'tool-failed' })), 5);
  assert.equal(worst([]), EXIT.fine);
  assert.deepEqual([[0, 4], [4, 3, 0], [3, 1], [1, 2], [2, 5, 1]].map(worst), [4, 3, 1, 2, 5]);
});

test('arguments become a typed request', () => {
  const request = (...args: string[]): CheckRequest => {
    const made = parseArguments(['check', ...args], '0', 80);
    return made.command === 'check' ? made : assert.fail(made.command);
  };
  assert.deepEqual(parseArguments([], '0', 80), { command: 'debate' });
  const plain = request();
  assert.deepEqual([plain.paths, plain.simulate, plain.seed, plain.symmetry, plain.liveness, plain.order, plain.format], [[], null, 1, true, true, 'any', 'text']);
  assert.deepEqual(request('--simulate', 'a.litmus').paths, ['a.litmus']);
  assert.equal(request('--simulate', 'a.litmus').simulate, 1000);
  assert.deepEqual([request('--simulate', '7', 'a').simulate, request('--simulate=7', 'a').simulate, request('a', '--simulate').simulate], [7, 7, 1000]);
  assert.deepEqual(request('--contract', 'STOP=V1', '--contract', 'CB=M1').contract, [{ key: 'STOP', value: 'V1' }, { key: 'CB', value: 'M1' }]);
  assert.deepEqual(request('--compare', 'STOP=V1,V3').compare, { left: { key: 'STOP', value: 'V1' }, right: { key: 'STOP', value: 'V3' } });
  assert.deepEqual([request('--no-symmetry').symmetry, request('--no-liveness').liveness], [false, false]);
  assert.deepEqual([request('--max-time', '1.5').limits.milliseconds, request('--max-memory', '2').limits.bytes], [1500, 2 ** 21]);
  assert.deepEqual(request('--', '--simulate').paths, ['--simulate']);
});
