// Findings in their forms: the text as a person reads it, JSON against our schema, SARIF against the official one, KTAP.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { test } from 'node:test';
import { Ajv } from 'ajv';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { findingLines } from '../../src/report/finding-text.ts';
import { findingsJson } from '../../src/report/findings-json.ts';
import { findingsKtap } from '../../src/report/findings-ktap.ts';
import { findingsSarif } from '../../src/report/findings-sarif.ts';
import { findingsText } from '../../src/report/findings-text.ts';
import { plainForm } from '../../src/report/form.ts';
import { identityOf } from '../../src/results/finding.ts';
import { again, leaked, low, nothing, report } from './findings-sample.ts';

const WIDE = { ...plainForm, width: 200 };

test('the text of a run, as a person reads it', () => {
  assert.equal(findingsText(report, WIDE), `drivers/toy/toy dmabuf.c:42 toy_import() warn: the attachment from dma_buf_attach() is not detached where toy_init() fails [attach-leak]
    drivers/toy/toy dmabuf.c:30 toy_import() attaches: attach = dma_buf_attach(buf, dev)
    drivers/toy/toy dmabuf.c:40 toy_import() ret is negative
drivers/toy/job.c:7 warn: added at READ (low confidence) [fence-usage-too-low]

known.txt: found no more: attach-leak in toy_old() at "return;" (the core does it)
Linux 7.3.4: 2 findings by 2 rules; 1 known to known.txt
not checked: 1 of 12 functions, too large or not understood; 2 entries in the ledger (--verbose shows them)
`);
});

test('nothing found is one line, and what it leaves out another', () => {
  assert.equal(findingsText(nothing, WIDE), `Linux 7.3.4: no finding by 2 rules; 2 of medium confidence not shown (--confidence medium); 1 of low confidence not shown (--confidence low)
1 function checked to the end; 0 entries in the ledger
`);
  assert.match(findingsText(report, { ...WIDE, verbose: true }), /^ledger\ndrivers\/toy\/toy dmabuf\.c:90 toy_ioctl\(\) too many states\nboth sides of each #if are read\n$/m);
});

test('a finding is one line, whatever C it quotes, and never wrapped', () => {
  const lines = findingLines({ ...again, text: 'foo(a,\n\t\tb) is not undone' }, plainForm);
  assert.equal(lines[0], 'drivers/toy/toy dmabuf.c:55 toy_import() warn: foo(a, b) is not undone [attach-leak]');
  assert.equal(lines.at(-1), '    built only under #ifdef CONFIG_TOY');
  assert.equal(lines.length, 5);
  for (const line of findingLines({ ...leaked, text: 'x '.repeat(200) }, plainForm).slice(1)) assert.match(line, /^ {4}\S/);
});

test('JSON keeps its schema, which refuses what is not the form', () => {
  const validate = new Ajv2020({ strict: true, allowUnionTypes: true }).compile(JSON.parse(readFileSync(new URL('../../schema/findings.schema.json', import.meta.url), 'utf8')) as object);
  for (const one of [report, nothing]) assert.ok(validate(JSON.parse(findingsJson(one))), JSON.stringify(validate.errors));
  const made = JSON.parse(findingsJson(report)) as { findings: object[]; known: object[] };
  assert.deepEqual(made.findings[0], { ...leaked, identity: 'attach-leak toy_import return ret;' });
  assert.deepEqual(made.known, [{ ...again, identity: 'attach-leak toy_import return ret; #2', reason: 'toy_close() detaches it' }]);
  for (const wrong of [{ ...leaked, identity: 'x', extra: 1 }, { ...leaked }, { ...leaked, identity: 'x', confidence: 'sure' }, { ...leaked, identity: 'x', rule: 'Attach leak' }]) {
    assert.equal(validate({ ...made, findings: [wrong] }), false, JSON.stringify(wrong));
  }
  assert.equal(validate({ ...made, known: made.findings }), false);
  assert.equal(validate({ ...made, version: 2 }), false);
});

interface Sarif {
  runs: {
    tool: { driver: { rules: { id: string; help: { text: string; markdown: string }; defaultConfiguration: { level: string } }[] } };
    invocations: { toolExecutionNotifications: { message: { text: string } }[] }[];
    results: {
      ruleId: string; ruleIndex: number; level: string; baselineState?: string; suppressions?: { justification: string }[]; partialFingerprints: Record<string, string>;
      locations: { physicalLocation: { artifactLocation: { uri: string }; region: { startLine: number } } }[];
      codeFlows?: { threadFlows: { locations: { location: { message: { text: string }; physicalLocation: { region: { startLine: number } } } }[] }[] }[];
    }[];
  }[];
}

/** The schema of SARIF 2.1.0 as Microsoft's own matchers use it. It is of draft 4; of its newer words only `id` is written differently. */
function sarifSchema(): object {
  const { $schema: _, id, ...rest } = JSON.parse(readFileSync(createRequire(import.meta.url).resolve('@microsoft/jest-sarif/lib/schemas/sarif-2.1.0-rtm.5.json'), 'utf8')) as { $schema: string; id: string };
  return { $id: id, ...rest };
}

test('SARIF is what the official schema of 2.1.0 says', () => {
  const validate = new Ajv({ strict: false, validateFormats: false, unicodeRegExp: false }).compile(sarifSchema());
  for (const one of [report, nothing]) assert.ok(validate(JSON.parse(findingsSarif(one, '0.1.0'))), JSON.stringify(validate.errors?.slice(0, 3)));
  const made = JSON.parse(findingsSarif(report, '0.1.0')) as Sarif;
  assert.equal(validate({ ...made, runs: [{ ...made.runs[0], results: [{ ...made.runs[0]?.results[0], level: 'bad' }] }] }), false);
});

test('SARIF tells the path as a thread flow, the identity as a fingerprint, and what the baseline knows', () => {
  const [run] = (JSON.parse(findingsSarif(report, '0.1.0')) as Sarif).runs;
  assert.ok(run);
  const [first, second, third] = run.results;
  assert.ok(first && second && third);
  assert.deepEqual(run.results.map((one) => [one.ruleId, one.ruleIndex, one.level, one.baselineState]), [['attach-leak', 0, 'warning', 'new'], ['fence-usage-too-low', 1, 'note', 'new'], ['attach-leak', 0, 'warning', 'unchanged']]);
  assert.equal(first.locations[0]?.physicalLocation.artifactLocation.uri, 'drivers/toy/toy%20dmabuf.c');
  const lines = (one: typeof first): unknown => one.codeFlows?.[0]?.threadFlows[0]?.locations.map(({ location }) => location.physicalLocation.region.startLine);
  // It ends where the finding stands, whether the path itself does or not.
  assert.deepEqual([lines(first), lines(second), lines(third)], [[30, 40, 42], undefined, [30, 40, 55]]);
  assert.deepEqual(run.results.map((one) => Object.values(one.partialFingerprints)), [leaked, low, again].map((one) => [identityOf(one)]));
  assert.deepEqual([first.suppressions, third.suppressions?.map((one) => one.justification)], [undefined, ['toy_close() detaches it']]);
  for (const rule of run.tool.driver.rules) assert.match(rule.help.markdown, /```c\nint toy/);
  assert.deepEqual(run.invocations[0]?.toolExecutionNotifications.map((one) => one.message.text), ['toy_ioctl(): too many states', 'both sides of each #if are read']);
  assert.deepEqual((JSON.parse(findingsSarif({ ...report, baseline: null, known: [] }, '0.1.0')) as Sarif).runs[0]?.results.map((one) => one.baselineState), [undefined, undefined]);
});

test('KTAP: each rule is a test, what it found stands before its line', () => {
  assert.equal(findingsKtap({ ...report, findings: [leaked] }), `KTAP version 1
1..2
# attach-leak: known: drivers/toy/toy dmabuf.c:55 toy_import() warn: the attachment from dma_buf_attach() is not detached where toy_init() fails [attach-leak]: toy_close() detaches it
# attach-leak: drivers/toy/toy dmabuf.c:42 toy_import() warn: the attachment from dma_buf_attach() is not detached where toy_init() fails [attach-leak]
# attach-leak:     drivers/toy/toy dmabuf.c:30 toy_import() attaches: attach = dma_buf_attach(buf, dev)
# attach-leak:     drivers/toy/toy dmabuf.c:40 toy_import() ret is negative
not ok 1 attach-leak # 1 finding
ok 2 fence-usage-too-low
# found no more: attach-leak in toy_old() at "return;"
# Linux 7.3.4: 1 finding by 2 rules; 1 known to known.txt
# not checked: 1 of 12 functions, too large or not understood; 2 entries in the ledger
`);
});
