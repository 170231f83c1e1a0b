// From rules to a report: identities, what was asked for, rules over pairs, a baseline. With rules of this test's own.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { UNJUDGED, EMPTY_BASELINE, baselineText, readBaseline, updated, type Baseline } from '../../src/audit/baseline.ts';
import { findingsReport, type Asked } from '../../src/audit/findings-report.ts';
import type { FunctionRule, ImporterRule, PairsRule } from '../../src/audit/rules/rule.ts';
import { identityOf, type RuleHeader, type RulesResult } from '../../src/results/finding.ts';
import { SYNC, movable, revoker } from './toy-tree.ts';
import { ruled } from './ruled.ts';

const header = (id: string): RuleHeader => ({ id, title: 'x', why: 'x', obligation: null, source: 'SEMANTICS B1', confidence: 'high', falsePositives: 'x', broken: '', clean: '' });

/** Every call of dma_buf_put() that stands alone in its line; less sure of those in a function whose name begins with maybe_. */
const putRule: FunctionRule = {
  header: header('toy-put'),
  judge: 'function',
  words: ['dma_buf_put'],
  find: (view, fn) => (view.code.text(fn.file) ?? '').split('\n').flatMap((text, index) => {
    const line = index + 1;
    if (!/^\s*dma_buf_put\(/.test(text) || line < fn.line || view.code.functionAt(fn.file, line)?.name !== fn.name) return [];
    return [{ at: { file: fn.file, line, function: fn.name }, text: 'puts', path: [], ...(fn.name.startsWith('maybe_') ? { confidence: 'medium' } : {}) }];
  }),
};
const importerRule: ImporterRule = { header: header('toy-importer'), judge: 'importer', find: (_view, { file, line, function: name, class: kind }) => [{ at: { file, line, function: name }, text: kind, path: [] }] };
const pairsRule: PairsRule = {
  header: header('toy-pairs'),
  judge: 'pairs',
  find: (importers, _exporters, pairs) => pairs.flatMap((pair) => importers.filter((one) => one.id === pair.importer).map(({ file, line, function: name }) => ({ at: { file, line, function: name }, text: `${pair.exporter} ${pair.verdict}`, path: [] }))),
};

const putTwice = (before = ''): string => `${before}#include <linux/dma-buf.h>
void toy_close(struct dma_buf *buf)
{
	if (buf)
		dma_buf_put(buf);
	  dma_buf_put(buf);
}
#ifdef CONFIG_TOY
void maybe_close(struct dma_buf *buf)
{
	dma_buf_put(buf);
}
#endif
`;
const FILE = 'drivers/toy/toy.c';
const identities = (result: RulesResult): readonly string[] => result.findings.map(identityOf);

test('an identity survives a shift of lines and another indent, and tells two of one kind apart', (t) => {
  const before = ruled(t, { [FILE]: putTwice() }, [putRule]);
  const after = ruled(t, { 'drivers/toy/other.c': putTwice('/* moved */\n\n') }, [putRule]);
  assert.deepEqual(identities(before), ['toy-put toy_close dma_buf_put(buf);', 'toy-put toy_close dma_buf_put(buf); #2', 'toy-put maybe_close dma_buf_put(buf);']);
  assert.deepEqual(identities(after), identities(before));
  assert.deepEqual(before.findings.map(({ line, under }) => [line, under]), [[5, []], [6, []], [11, ['#ifdef CONFIG_TOY']]]);
  assert.deepEqual(before.coverage, { functions: 2, undecided: 0 });
});

test('of a file that was asked for, functions there are judged, and importers that stand there', (t) => {
  const files = { [FILE]: movable(SYNC), 'drivers/toy/close.c': putTwice(), 'drivers/nic/nic.c': putTwice() };
  const names = (within: string | null): unknown => ruled(t, files, [putRule, importerRule], within).findings.map(({ file, rule }) => `${file} ${rule}`);
  assert.deepEqual(names(null), [...Array<string>(3).fill('drivers/nic/nic.c toy-put'), ...Array<string>(3).fill('drivers/toy/close.c toy-put'), 'drivers/toy/toy.c toy-importer']);
  assert.deepEqual(names('drivers/nic'), Array<string>(3).fill('drivers/nic/nic.c toy-put'));
  assert.deepEqual(names('drivers/toy/close.c'), Array<string>(3).fill('drivers/toy/close.c toy-put'));
  assert.deepEqual(names('drivers/toy/toy.c'), ['drivers/toy/toy.c toy-importer']);
  assert.deepEqual(names('drivers/to'), []);
});

test('rules over pairs find places too, with the line they stand on', (t) => {
  const { findings } = ruled(t, { [FILE]: movable(SYNC), 'drivers/bar/bar.c': revoker() }, [pairsRule]);
  assert.deepEqual(findings.map(({ file, function: name, text, anchor }) => [file, name, text, anchor]), [[FILE, 'toy_import', 'bar holds', 'attach = dma_buf_dynamic_attach(buf, dev, &toy_attach_ops, t);']]);
});

const asked = (entries: Baseline['entries'] | null, more: Partial<Asked> = {}): Asked => ({ rules: [putRule.header], confidence: 'high', baseline: entries === null ? null : { file: 'known.txt', entries }, looked: () => true, ...more });

const entriesOf = (text: string): Baseline => {
  const read = readBaseline(text);
  if (!read.ok) throw new Error(`${read.line}: ${read.message}`);
  return read.baseline;
};

test('what is less sure is counted, and shown where it is asked for', (t) => {
  const result = ruled(t, { [FILE]: putTwice() }, [putRule]);
  const high = findingsReport(result, asked(null));
  assert.deepEqual([high.findings.length, high.lower], [2, { high: 0, medium: 1, low: 0 }]);
  const medium = findingsReport(result, asked(null, { confidence: 'medium' }));
  assert.deepEqual([medium.findings.length, medium.lower], [3, { high: 0, medium: 0, low: 0 }]);
  assert.equal(findingsReport(result, asked(null, { rules: [pairsRule.header] })).findings.length, 0);
});

const KNOWN = `# Of our own drivers.

# See the mail of May.
toy-put toy_close() drivers/toy/toy.c
    at: dma_buf_put(buf);
    number: 2
    why: the second reference is that of toy_open(),
         which has no close of its own

toy-put toy_gone() drivers/toy/toy.c
	at: dma_buf_put(old);
	why: it was so

# The end.
`;

test('a baseline hides what it knows, and tells what is gone', (t) => {
  const result = ruled(t, { [FILE]: putTwice() }, [putRule]);
  const { entries } = entriesOf(KNOWN);
  const report = findingsReport(result, asked(entries));
  assert.deepEqual(report.findings.map(({ line }) => line), [5]);
  assert.deepEqual(report.known.map(({ finding, reason }) => [finding.line, reason]), [[6, 'the second reference is that of toy_open(), which has no close of its own']]);
  assert.deepEqual(report.baseline?.gone.map((one) => one.function), ['toy_gone']);
  // Not looked for, not gone.
  for (const more of [{ looked: (file: string) => file !== FILE }, { rules: [pairsRule.header] }]) assert.deepEqual(findingsReport(result, asked(entries, more)).baseline?.gone, []);
});

test('an update keeps reasons and comments, adds what is new, drops what is gone', (t) => {
  const result = ruled(t, { [FILE]: putTwice() }, [putRule]);
  const before = entriesOf(KNOWN);
  const report = findingsReport(result, asked(before.entries));
  const text = baselineText(updated(before, [...report.findings, ...report.known.map((one) => one.finding)], report.baseline?.gone ?? []));
  assert.equal(text, `# Of our own drivers.

toy-put toy_close() drivers/toy/toy.c
    at: dma_buf_put(buf);
    why: ${UNJUDGED}

# See the mail of May.
toy-put toy_close() drivers/toy/toy.c
    at: dma_buf_put(buf);
    number: 2
    why: the second reference is that of toy_open(), which has no close of its own

# The end.
`);
  const again = entriesOf(text);
  assert.equal(baselineText(again), text);
  assert.deepEqual(findingsReport(result, asked(again.entries)).findings, []);
  assert.match(baselineText(EMPTY_BASELINE), /^# Findings that were judged/);
});

test('a reason may be long, and the C it stands on may be anything', () => {
  const anchor = 'why: at: # "x" \\ | return -EINVAL; /* é */';
  const reason = Array.from({ length: 60 }, (_, n) => `word${n}`).join(' ');
  const entry = { rule: 'toy-put', function: '', anchor, ordinal: 0, file: 'drivers/with blank/x.c', reason };
  const identity = `toy-put  ${anchor}`;
  const text = baselineText({ ...EMPTY_BASELINE, entries: [{ ...entry, identity }] });
  assert.deepEqual(entriesOf(text).entries, [{ ...entry, identity }]);
  for (const line of text.split('\n')) assert.ok(line.length <= 120, line);
});

test('what is no baseline is told with its line', () => {
  const entry = 'toy-put f() x.c\n    at: y\n    why: z\n';
  const wrong: readonly (readonly [text: string, line: number, message: RegExp])[] = [
    ['{"findings": []}', 1, /is no entry: it begins with RULE FUNCTION\(\) FILE/],
    [`${entry}\n    why: more\n`, 5, /belongs to an entry/],
    ['toy-put f() x.c\n    at: y\n', 1, /no reason/],
    ['toy-put f() x.c\n    at: y\n    why:\n', 1, /no reason/],
    ['\ntoy-put f() x.c\n    why: z\n', 2, /no line "at: …"/],
    [`${entry}${entry}`, 4, /stands twice/],
    ['toy-put f() x.c\n    at: y\n    number: none\n', 3, /whole number/],
    ['toy-put f() x.c\n    at: y\n    because: z\n', 3, /is not understood/],
    ['toy-put f() x.c\n    at: y\n    at: z\n', 3, /stands twice/],
    [`${entry}Toy put\n`, 4, /is no entry/],
  ];
  for (const [text, line, message] of wrong) {
    const read = readBaseline(text);
    assert.ok(!read.ok, text);
    assert.equal(read.line, line, text);
    assert.match(read.message, message);
  }
  assert.deepEqual(readBaseline('').ok, true);
  assert.deepEqual(readBaseline(KNOWN.replaceAll('\n', '\r\n')).ok, true);
});
