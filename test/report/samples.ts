// Results made by hand, small enough to check a report by eye.

import type { Blame, CheckResult, Counterexample, StoryStep } from '../../src/results/verdict.ts';

const BLAME: Blame = {
  party: 'bar',
  object: 'gpu.map',
  obligation: 'P1',
  text: 'The exporter does not let go of what is mapped before the importer has unmapped it.',
  source: 'kernel-doc dma_buf_invalidate_mappings',
};

export function step(n: number, party: string, c: string, changes: readonly (readonly [string, string, string])[] = [], name: string | null = null): StoryStep {
  return { n, party, step: name, c, changes: changes.map(([what, from, to]) => ({ name: what, from, to })), line: 0, provenance: null };
}

const harm: Counterexample = {
  kind: 'harm',
  code: 'N2',
  text: 'the device accesses a target that does not answer',
  blame: BLAME,
  steps: [
    step(1, 'importer', 'dma_buf_map_attachment(gpu.map)', [['gpu.map', 'none', 'live']], 'map'),
    step(2, 'reset', 'dma_resv_lock(bar)', [['bar.resv', 'free', 'reset']]),
    step(3, 'reset', 'dma_buf_invalidate_mappings(bar)', [], 'invalidate'),
    step(4, 'reset', 'device_off(vfio)', [['gpu.map.decode', 'on', 'off'], ['bar.revoked', '0', '1']]),
    step(5, 'gpu device', 'reads through gpu.map'),
  ],
  cycle: null,
  waits: [],
  replay: 'importer/dma_buf_map_attachment,reset/dma_resv_lock,reset/visit gpu',
};

export const stuck: Counterexample = {
  kind: 'deadlock',
  code: 'deadlock',
  text: 'reset never returns',
  blame: { ...BLAME, party: 'gpu', object: 'bar.resv', obligation: 'P3' },
  steps: [step(1, 'reset', 'dma_resv_lock(bar)', [['bar.resv', 'free', 'reset']]), step(2, 'worker', 'mutex_lock(gpu.lock)', [['gpu.lock', 'free', 'worker']])],
  cycle: 2,
  waits: [
    { party: 'reset', waits: 'lock', object: 'gpu.lock', by: ['worker'] },
    { party: 'worker', waits: 'fence', object: 'gpu.job', by: ['gpu', 'reset'] },
  ],
  replay: 'reset/lock,worker/lock',
};

export const hang: Counterexample = {
  ...stuck,
  kind: 'hang',
  code: 'hang',
  text: 'reset waits for a user',
  steps: [step(1, 'user', 'stops'), step(2, 'reset', 'poll(bar)', [['tick', '0', '1']]), step(3, 'reset', 'sleep()', [['tick', '1', '0']])],
  cycle: 1,
  waits: [{ party: 'reset', waits: 'unmap', object: 'gpu.map', by: [] }],
  replay: 'user/stop,reset/poll,reset/sleep',
};

export const holds: CheckResult = {
  scenario: 'revoke-waits-for-unmap',
  file: 'litmus/revoke-waits-for-unmap.litmus',
  source: ['be6d4c9e9d71'],
  contract: { STOP: 'V3', CB: 'M2' },
  verdict: 'holds',
  outcome: 'holds',
  expected: 'holds',
  asExpected: true,
  broken: [],
  refused: [],
  states: 1234,
  transitions: 5678,
  depth: 31,
  milliseconds: 12.3,
  ledger: { bounds: ['two rounds of map and unmap'], reductions: ['symmetry of gpu[0..1]'], unreached: [], assumptions: ['the IOMMU obeys', 'hardware fences end', 'no memory is short', 'users may stop'], notCovered: [] },
};

export const broken: CheckResult = {
  ...holds,
  scenario: 'revoke-after-callback',
  file: 'my scenarios/revoke.litmus',
  contract: { STOP: 'V1', CB: 'M2' },
  verdict: 'broken',
  outcome: 'broken N2 vfio',
  expected: 'broken N2 vfio',
  broken: [harm],
  states: 87,
  transitions: 140,
  depth: 5,
  milliseconds: 0.84,
  ledger: { bounds: [], reductions: [], unreached: ['gpu/dma_buf_unmap_attachment'], assumptions: [], notCovered: [] },
};

export const surprise: CheckResult = { ...broken, scenario: 'revoke-of-ghosts', expected: 'holds', asExpected: false, broken: [stuck, hang], outcome: 'broken deadlock' };

export const refused: CheckResult = {
  ...holds,
  scenario: 'pinned-without-callback',
  verdict: 'holds',
  outcome: 'refused nic attach -EOPNOTSUPP',
  expected: 'refused nic attach -EOPNOTSUPP',
  refused: [{ importer: 'nic', at: 'attach', errno: 'EOPNOTSUPP' }],
  states: 9,
};

export const unfinished: CheckResult = {
  ...holds,
  scenario: 'five-gpus',
  verdict: 'unfinished',
  outcome: 'unfinished',
  expected: 'holds',
  asExpected: false,
  states: 1_000_000,
  milliseconds: 2345,
  ledger: { ...holds.ledger, notCovered: ['states more than 17 steps from the start (--max-states)'] },
};

export const vacuous: CheckResult = { ...holds, scenario: 'nobody-maps', verdict: 'vacuous', outcome: 'vacuous', expected: null, asExpected: null, states: 1, transitions: 0, depth: 0 };
