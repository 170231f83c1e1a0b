import assert from 'node:assert/strict';
import { test } from 'node:test';
import { plainForm } from '../../src/report/form.ts';
import { duration, thousands, wrap } from '../../src/report/layout.ts';
import { story } from '../../src/report/story.ts';
import { shellWord, summary, textReport } from '../../src/report/text.ts';
import { broken, hang, holds, refused, step, surprise, unfinished, vacuous } from './samples.ts';

test('a broken scenario is told as a diagram, with blame and a replay line', () => {
  assert.equal(
    textReport([broken], { ...plainForm, options: ['--contract STOP=V1'] }),
    `revoke-after-callback: broken N2 vfio, as declared

     importer              reset                 gpu device
     --------              -----                 ----------
  1  dma_buf_map_attachment(gpu.map)
       gpu.map none -> live
  2                        dma_resv_lock(bar)
                             bar.resv free -> reset
  3                        dma_buf_invalidate_mappings(bar)
  4                        device_off(vfio)
                             gpu.map.decode on -> off, bar.revoked 0 -> 1
  5                                              reads through gpu.map

N2: the device accesses a target that does not answer
blame: bar, gpu.map, P1
  The exporter does not let go of what is mapped before the importer has
  unmapped it.
  source: kernel-doc dma_buf_invalidate_mappings
not reached: gpu/dma_buf_unmap_attachment
87 states, 140 transitions, depth 5, 0.8 ms
replay: fencepost check 'my scenarios/revoke.litmus' --contract STOP=V1 --replay 'importer/dma_buf_map_attachment,reset/dma_resv_lock,reset/visit gpu'
`,
  );
});

test('several results: one line each, and the whole of those that are not fine', () => {
  assert.equal(
    textReport([holds, broken, surprise, refused, unfinished, vacuous], plainForm),
    `ok    revoke-waits-for-unmap   holds                        1,234 states   12 ms
ok    revoke-after-callback    broken N2 vfio                  87 states  0.8 ms
bad   revoke-of-ghosts         broken deadlock                 87 states  0.8 ms
ok    pinned-without-callback  refused nic attach -EO~          9 states   12 ms
open  five-gpus                unfinished               1,000,000 states  2.35 s
open  nobody-maps              vacuous                           1 state   12 ms

revoke-of-ghosts: broken deadlock, but the file declares holds

     reset                                worker
     -----                                ------
  1  dma_resv_lock(bar)
       bar.resv free -> reset
  2                                       mutex_lock(gpu.lock)
                                            gpu.lock free -> worker
--- nothing happens any more ---

deadlock: reset never returns
wait cycle:
  reset waits for lock gpu.lock, held by worker
  worker waits for fence gpu.job, to be signalled by gpu, reset
blame: gpu, bar.resv, P3
  The exporter does not let go of what is mapped before the importer has
  unmapped it.
  source: kernel-doc dma_buf_invalidate_mappings
also hang: reset waits for a user (3 steps)
not reached: gpu/dma_buf_unmap_attachment
87 states, 140 transitions, depth 5, 0.8 ms
replay: fencepost check 'my scenarios/revoke.litmus' --replay reset/lock,worker/lock

five-gpus: unfinished (the file declares holds)
not covered: states more than 17 steps from the start (--max-states)
bounds: two rounds of map and unmap
assumed: the IOMMU obeys; hardware fences end; no memory is short; and 1 more
  (--verbose)
1,000,000 states, 5,678 transitions, depth 31, 2.35 s

nobody-maps: vacuous
bounds: two rounds of map and unmap
assumed: the IOMMU obeys; hardware fences end; no memory is short; and 1 more
  (--verbose)
1 state, 0 transitions, depth 0, 12 ms
`,
  );
});

test('the whole ledger comes with verbose', () => {
  assert.equal(
    textReport([holds], { ...plainForm, verbose: true }),
    `revoke-waits-for-unmap: holds, as declared
bounds: two rounds of map and unmap
reductions: symmetry of gpu[0..1]
assumed: the IOMMU obeys; hardware fences end; no memory is short; users may
  stop
source: be6d4c9e9d71
contract: STOP=V3; CB=M2
1,234 states, 5,678 transitions, depth 31, 12 ms
`,
  );
});

test('the cycle of a hang is marked', () => {
  assert.deepEqual(story(hang, plainForm), [
    '     user                                 reset',
    '     ----                                 -----',
    '  1  stops',
    '--- from here for ever ---',
    '  2                                       poll(bar)',
    '                                            tick 0 -> 1',
    '  3                                       sleep()',
    '                                            tick 1 -> 0',
    '--- and again from 2 ---',
  ]);
});

test('more than four parties: one line a step', () => {
  const steps = ['a', 'b', 'c', 'd', 'e'].map((party, i) => step(i + 1, party, 'x()', i === 4 ? [['v', '0', '1']] : []));
  assert.deepEqual(story({ ...hang, steps, cycle: null }, plainForm), ['  1  a: x()', '  2  b: x()', '  3  c: x()', '  4  d: x()', '  5  e: x()', '         v 0 -> 1']);
});

test('no line of a diagram is wider than the page, whatever the names', () => {
  const parties = ['p'.repeat(50), 'q'.repeat(9), 'exporter', 'r'];
  const steps = parties.map((party, i) => step(i + 1, party, `dma_buf_map_attachment_unlocked(${'very_long_name_'.repeat(6)}, BOOKKEEP)`, [['x'.repeat(70), 'none', 'live']]));
  for (const width of [60, 80, 132]) for (const line of story({ ...hang, steps, cycle: 0 }, { ...plainForm, width })) assert.ok(line.length <= width, line);
});

test('the palette paints, and painting does not move a column', () => {
  const paint = { good: (t: string) => `<${t}>`, bad: (t: string) => `[${t}]`, doubt: (t: string) => t, dim: (t: string) => t, strong: (t: string) => t };
  const [first, second] = textReport([holds, surprise], { ...plainForm, palette: paint }).split('\n');
  assert.equal(first, '<ok>   revoke-waits-for-unmap  <holds>            1,234 states   12 ms');
  assert.equal(second, '[bad]  revoke-of-ghosts        [broken deadlock]     87 states  0.8 ms');
});

test('the last line counts', () => {
  assert.equal(summary([holds, broken, refused], 1234, plainForm), '3 scenarios: 3 as declared; 1,330 states, 1.23 s');
  assert.equal(summary([{ ...holds, expected: null, asExpected: null }], 5, plainForm), '1 scenario: 1 holding or as declared; 1,234 states, 5.0 ms');
  assert.equal(summary([surprise, unfinished, vacuous], 61_000, plainForm), '3 scenarios: 0 as declared, 1 broken or not as declared, 1 unfinished, 1 vacuous or undecided; 1,000,088 states, 1 min 1 s');
});

test('words for a shell are quoted where they must be', () => {
  assert.equal(shellWord('litmus/a-b_c.litmus'), 'litmus/a-b_c.litmus');
  assert.equal(shellWord("it's $HOME"), "'it'\\''s $HOME'");
});

test('numbers, times and wrapped lines', () => {
  assert.deepEqual([0, 999, 1000, 1234567].map(thousands), ['0', '999', '1,000', '1,234,567']);
  assert.deepEqual([0.04, 9.96, 12.5, 999.6, 59_999].map(duration), ['0.0 ms', '10.0 ms', '13 ms', '1.00 s', '1 min 0 s']);
  assert.deepEqual(wrap('dma_buf_map_attachment(gpu)', 16, 2), ['dma_buf_map_', '  attachment(', '  gpu)']);
  assert.deepEqual(wrap('', 10), ['']);
});
