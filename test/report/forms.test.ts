import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { compareReport } from '../../src/report/compare.ts';
import { debateMarkdown, debateTable } from '../../src/report/debate.ts';
import { plainForm } from '../../src/report/form.ts';
import { jsonReport } from '../../src/report/json.ts';
import { ktapReport } from '../../src/report/ktap.ts';
import { escape, mermaidReport } from '../../src/report/mermaid.ts';
import { claimStands, type DebateRow } from '../../src/results/debate.ts';
import { broken, hang, holds, refused, surprise, unfinished, vacuous } from './samples.ts';

const all = [holds, broken, surprise, refused, unfinished, vacuous];
const rows: DebateRow[] = [
  { position: 'STOP=V1', by: 'Jason Gunthorpe', claims: 'holds', result: broken },
  { position: 'STOP=V3', by: 'Christian Koenig', claims: 'holds', result: holds },
  { position: 'CB=M2', by: 'Leon Romanovsky and others who said it', claims: 'refused', result: refused },
  { position: 'CB=M1', by: 'Thomas Hellstroem', claims: 'deadlock', result: surprise },
  { position: 'CB=M1', by: 'Kevin Tian', claims: 'holds', result: unfinished },
];

const validate = new Ajv2020({ strict: true, allowUnionTypes: true }).compile(JSON.parse(readFileSync(new URL('../../schema/check.schema.json', import.meta.url), 'utf8')) as object);

test('JSON keeps its schema', () => {
  assert.ok(validate(JSON.parse(jsonReport(all))), JSON.stringify(validate.errors));
  assert.ok(validate(JSON.parse(jsonReport([]))));
});

test('the schema refuses what is not the form', () => {
  const made = JSON.parse(jsonReport([broken])) as { version: number; results: Record<string, unknown>[] };
  const [result] = made.results;
  for (const wrong of [{ ...result, verdict: 'fine' }, { ...result, states: -1 }, { ...result, extra: 1 }, { ...result, blame: {} }, { ...result, steps: undefined }]) {
    assert.equal(validate(JSON.parse(JSON.stringify({ ...made, results: [wrong] }))), false, JSON.stringify(wrong));
  }
  assert.equal(validate({ ...made, version: 2 }), false);
});

test('JSON tells the first counterexample, and the others in `also`', () => {
  const { results } = JSON.parse(jsonReport([surprise])) as { results: { property: string; cycle: number; waits: unknown[]; also: { property: string }[]; blame: object; steps: { n: number; changes: object[] }[] }[] };
  const [result] = results;
  assert.equal(result?.property, 'deadlock');
  assert.equal(result?.waits.length, 2);
  assert.deepEqual(result?.also.map((other) => other.property), ['hang']);
  assert.deepEqual(result?.steps[0], { n: 1, party: 'reset', step: null, c: 'dma_resv_lock(bar)', changes: [{ name: 'bar.resv', from: 'free', to: 'reset' }], line: 0, provenance: null });
});

test('KTAP', () => {
  assert.equal(
    ktapReport(all),
    `KTAP version 1
1..6
# revoke-waits-for-unmap: holds, 1,234 states, depth 31
ok 1 revoke-waits-for-unmap
# revoke-after-callback: broken N2 vfio, 87 states, depth 5
ok 2 revoke-after-callback
# revoke-of-ghosts: broken deadlock, 87 states, depth 5
# revoke-of-ghosts: deadlock: reset never returns
# revoke-of-ghosts: blame gpu, bar.resv, P3
# revoke-of-ghosts: 1 reset: dma_resv_lock(bar)
# revoke-of-ghosts: 2 worker: mutex_lock(gpu.lock)
not ok 3 revoke-of-ghosts # broken deadlock, declared holds
# pinned-without-callback: refused nic attach -EOPNOTSUPP, 9 states, depth 31
ok 4 pinned-without-callback
# five-gpus: unfinished, 1,000,000 states, depth 31
# five-gpus: not covered: states more than 17 steps from the start (--max-states)
not ok 5 five-gpus # TIMEOUT unfinished
# nobody-maps: vacuous, 1 state, depth 0
ok 6 nobody-maps # SKIP vacuous
`,
  );
});

test('KTAP names hold no directive and no line break', () => {
  assert.match(ktapReport([{ ...holds, scenario: 'a # SKIP\nb' }]), /^ok 1 a _ SKIP b$/m);
});

test('Mermaid', () => {
  assert.equal(
    mermaidReport([broken]),
    `sequenceDiagram
    title revoke-after-callback: broken N2 vfio
    participant p0 as importer
    participant p1 as reset
    participant p2 as gpu device
    p0->>p0: 1 dma_buf_map_attachment(gpu.map)
    Note right of p0: gpu.map none -> live
    p1->>p1: 2 dma_resv_lock(bar)
    Note right of p1: bar.resv free -> reset
    p1->>p1: 3 dma_buf_invalidate_mappings(bar)
    p1->>p1: 4 device_off(vfio)
    Note right of p1: gpu.map.decode on -> off<br/>bar.revoked 0 -> 1
    p2->>p2: 5 reads through gpu.map
    Note over p0,p2: N2: the device accesses a target that does not answer
`,
  );
});

test('Mermaid: a cycle is a loop, several results are Markdown', () => {
  const made = mermaidReport([{ ...surprise, broken: [hang] }, holds]);
  assert.match(made, / {4}loop for ever\n {4}p1->>p1: 2 poll\(bar\)\n[^]*\n {4}end\n/);
  assert.equal(made.split('```mermaid').length, 3);
});

test('Mermaid: its own syntax is escaped', () => {
  assert.equal(escape('a; #b <i>\n%%c'), 'a#59; #35;b #60;i> #37;#37;c');
});

test('the table of the debate', () => {
  assert.deepEqual(debateTable(rows, plainForm), [
    'position  held by           claimed     search says     steps     states    time',
    '--------  ----------------  --------  ----------------  -----  ---------  ------',
    'STOP=V1   Jason Gunthorpe   holds     ! broken N2           5         87  0.8 ms',
    'STOP=V3   Christian Koenig  holds       holds                      1,234   12 ms',
    '',
    'CB=M2     Leon Romanovsky~  refused     refused attach                 9   12 ms',
    'CB=M1     Thomas Hellstro~  deadlock    deadlock            2         87  0.8 ms',
    'CB=M1     Kevin Tian        holds       unfinished             1,000,000  2.35 s',
  ]);
});

test('the table of the debate as Markdown', () => {
  assert.equal(debateMarkdown(rows.slice(0, 1)), `| position | held by | claimed | search says | steps | states | time | scenario |\n|---|---|---|---|---|---|---|---|\n| STOP=V1 | Jason Gunthorpe | holds | broken N2 | 5 | 87 | 0.8 ms | revoke-after-callback |\n`);
});

test('a claim stands, falls, or stays open', () => {
  assert.deepEqual(rows.map(claimStands), [false, true, true, true, null]);
});

test('two contracts side by side, with the story of the broken one', () => {
  const made = compareReport({ left: 'STOP=V1', right: 'STOP=V3', leftResult: broken, rightResult: holds }, plainForm);
  assert.ok(
    made.startsWith(`revoke-after-callback  STOP=V1           STOP=V3
---------------------  ----------------  -------
verdict                broken N2 vfio    holds
blame                  bar, gpu.map, P1  -
counterexample         5 steps           -
refused                -                 -
states                 87                1,234
time                   0.8 ms            12 ms

STOP=V1: N2: the device accesses a target that does not answer

     importer              reset                 gpu device
`),
    made,
  );
  assert.doesNotMatch(made, /STOP=V3: /);
});
