// An engine for tests of threads and signals: the text of a scenario says how it behaves.
// "holds", "broken", "spin MS" (works so long, or until stopped), "deaf MS" (does not stop), "boom", "die" (ends its thread, if that is not the main one).

import { isMainThread } from 'node:worker_threads';
import type { Steps } from '../../src/check/index.ts';
import type { CheckOptions, Engine, Judged } from '../../src/cli/engine.ts';
import type { Scenario } from '../../src/model/scenario.ts';
import type { CheckResult } from '../../src/results/verdict.ts';
import { broken, holds, unfinished } from '../report/samples.ts';

const read = (text: string, file: string): ReturnType<Engine['read']> =>
  text === '' ? { ok: false, messages: [`${file}:1:1: empty`] } : { ok: true, scenario: { name: text.trim(), description: [], sources: [], expectation: null, positions: [], contract: [], off: [], declarations: [], properties: [] } };

function* check({ name }: Scenario, file: string, { now, stop, progress }: CheckOptions): Steps<CheckResult> {
  const [what, number = '0'] = name.split(' ');
  if (what === 'boom') throw new Error('boom\nwith a second line');
  if (what === 'die' && !isMainThread) process.exit(1);
  if (what === 'broken') return { ...broken, scenario: file };
  const end = now() + Number(number);
  while (now() < end) {
    progress?.({ phase: 'safety', states: 1, transitions: 1, depth: 1, frontier: 1, milliseconds: 1 });
    yield;
    if (stop() && what !== 'deaf') return { ...unfinished, scenario: file };
  }
  return { ...holds, scenario: file };
}

function* judged(scenario: Scenario, file: string, options: CheckOptions): Steps<Judged> {
  return { ok: true, result: yield* check(scenario, file, options) };
}

export const engine: Engine = {
  read,
  check: judged,
  simulate: judged,
  replay: (_, file) => ({ ok: true, result: { ...holds, scenario: file } }),
};
