// What `explain` and `list` know: everything that the tables of protocol and model name, each with a text and a source.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { RULES } from '../../src/audit/rules/index.ts';
import { scenarioThatBreaks } from '../../src/cli/corpus-index.ts';
import { glossary, lookUp, type Entry } from '../../src/cli/glossary.ts';
import { TOPICS } from '../../src/cli/options.ts';
import { CALLS, PREDICATES } from '../../src/model/calls.ts';
import { CONTRACT_KEYS } from '../../src/model/contract.ts';
import { EXPORTER_DRIVERS, IMPORTER_DRIVERS } from '../../src/model/drivers/importers.ts';
import { HARMS } from '../../src/protocol/harms.ts';
import { OBLIGATIONS } from '../../src/protocol/obligations.ts';
import { STEPS, type StepRow } from '../../src/protocol/steps.ts';
import { fencepost } from './run.ts';

const entries = glossary();
const only = (id: string, kind: string): Entry => lookUp(id, entries).find((one) => one.kind === kind) ?? assert.fail(`${id} is no ${kind}`);

test('every word of every table can be explained', () => {
  for (const { id } of STEPS) only(id, 'step');
  for (const { id } of OBLIGATIONS) only(id, 'obligation');
  for (const { id } of HARMS) only(id, 'harm');
  for (const id of Object.keys(CALLS)) only(id, 'call');
  for (const id of Object.keys(PREDICATES)) only(id, 'predicate');
  for (const id of Object.keys(EXPORTER_DRIVERS)) only(id, 'exporter');
  for (const id of Object.keys(IMPORTER_DRIVERS)) only(id, 'importer');
  for (const [key, values] of Object.entries(CONTRACT_KEYS)) {
    only(key, 'contract key');
    for (const value of values) only(`${key}=${value}`, 'position');
  }
  for (const { header } of RULES) assert.deepEqual(lookUp(header.id, entries).map(({ kind }) => kind), ['rule'], header.id);
  for (const id of ['holds', 'broken', 'vacuous', 'unfinished', 'undecided', 'tool-failed', 'refused']) only(id, 'verdict');
  for (const id of ['deadlock', 'hang', 'WARN', 'BUG', 'assert']) only(id, 'way to be broken');
});

test('every entry has a sentence, and a source where it speaks of the kernel', () => {
  for (const { id, kind, text, source } of entries) {
    assert.match(text, kind === 'locking rule' ? /^(held|not held)/ : /^\S[^]*\.$/, id);
    if (kind !== 'verdict') assert.match(source, /SEMANTICS [A-FN]\d/, id);
  }
});

test('one id of one kind is explained once, and every topic has entries', () => {
  const keys = entries.map(({ id, kind }) => `${kind} ${id}`);
  assert.equal(new Set(keys).size, keys.length);
  for (const topic of TOPICS) if (topic !== 'scenarios') assert.ok(entries.some((one) => one.topic === topic), topic);
});

test('the kernel\'s names lead to the steps, whatever the version', () => {
  assert.deepEqual(lookUp('move_notify', entries).map(({ id }) => id), ['invalidate']);
  assert.deepEqual(lookUp('invalidate_mappings', entries).map(({ id }) => id), ['invalidate']);
  assert.deepEqual(lookUp('map_dma_buf', entries).map(({ id }) => id), ['map']);
  assert.deepEqual(lookUp('dma_buf_fd_install', entries).map(({ id }) => id), ['fd']);
  assert.deepEqual(lookUp('ib_umem_dmabuf_unsupported_move_notify', entries).map(({ kind }) => kind), ['kernel function']);
  const rows: readonly StepRow[] = STEPS;
  for (const { id, functions, ops } of rows) for (const { name } of [...functions, ...ops]) assert.ok(lookUp(name, entries).length > 0, `${id}: ${name}`);
});

test('case counts only where it tells two apart', () => {
  assert.deepEqual(lookUp('p6', entries).map(({ id }) => id), ['P6']);
  assert.deepEqual(lookUp('STORE', entries).map(({ kind }) => kind), ['contract key']);
  assert.deepEqual(lookUp('nothing-of-the-kind', entries), []);
});

test('explain shows the automaton with its moves, breaks and duties', () => {
  const { out, status } = fencepost(['explain', 'P6']);
  assert.equal(status, 0);
  assert.match(out, /Watched on every mapping; it begins as 'none'/);
  assert.match(out, /^ {2}live +invalidate +stale$/m);
  assert.match(out, /^ {2}stale +unmap +none$/m);
  assert.match(out, /^ +\(stays for ever\) +broken$/m);
  assert.match(fencepost(['explain', 'UF']).out, /^ {2}busy +fence-retired +quiet\n +unmap +broken, then none$/m);
  for (const line of out.split('\n')) assert.ok(line.length <= 80, line);
});

test('explain shows names by version, the lock rule, and a scenario', () => {
  assert.match(fencepost(['explain', 'invalidate']).out, /dma_buf_move_notify \(5\.7 to 7\.0\), dma_buf_invalidate_mappings\s+\(since 7\.1\)/);
  assert.match(fencepost(['explain', 'dma_buf_pin']).out, /needs the reservation lock held\n/);
  assert.match(fencepost(['explain', 'dma_buf_detach']).out, /must not be held: it takes it itself\n/);
  assert.match(fencepost(['explain', 'vfio_pci']).out, /^Example: \S+/m);
  assert.match(fencepost(['explain', 'N2']).out, /^Broken by: \S+/m);
});

test('every obligation and harm has a scenario in the corpus that breaks it', () => {
  for (const { id } of [...OBLIGATIONS, ...HARMS]) assert.match(fencepost(['explain', id]).out, /^Broken by: \S+/m, id);
});

test('a scenario that is there for an obligation comes first', () => {
  const one = (file: string, expected: string) => ({ file, name: file, expected, text: '' });
  const index = [one('litmus/bugs/a.litmus', 'broken P5 by nic'), one('litmus/obligations/b.litmus', 'broken P5'), one('litmus/x.litmus', 'hang')];
  assert.equal(scenarioThatBreaks('P5', index)?.file, 'litmus/obligations/b.litmus');
  assert.equal(scenarioThatBreaks('hang', index)?.file, 'litmus/x.litmus');
  assert.equal(scenarioThatBreaks('P', index), null);
});

test('list shows each topic, in lines that fit', () => {
  for (const topic of TOPICS) {
    const { out, status } = fencepost(['list', topic]);
    assert.equal(status, 0);
    assert.ok(out.split('\n').length > 3, topic);
    for (const line of out.split('\n')) assert.ok(line.length <= 82, line);
  }
  assert.match(fencepost(['list', 'locking']).out, /^dma_buf_pin +held, by the importer$/m);
  assert.match(fencepost(['list', 'drivers']).out, /^static +\(exporter\) /m);
});
