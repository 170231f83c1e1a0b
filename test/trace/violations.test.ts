// What must be found: each obligation that probes can show, broken by a made-up log, at the right line; and the same log with a sign of
// loss, which must accuse nobody.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { accusations, judged, log } from './read.ts';
import { attached, attachment, by, callback, detached, exported, invalidated, mapped, moveBegins, moved, pinned, table, unmapped, unpinned, waited } from './story.ts';

/** A clean life before, so that every probe has shown. */
const before = [...exported(1), ...attached(1, 1), ...pinned(1, 1), ...mapped(1, 1, 1), ...unmapped(1, 1, 1), ...unpinned(1, 1), ...detached(1, 1)];
const lineOf = (lines: readonly string[], part: string, which: 'first' | 'last' = 'last'): number => (which === 'first' ? lines.findIndex((one) => one.includes(part)) : lines.findLastIndex((one) => one.includes(part))) + 1;

/** The violations of a log, as "P5 line"; and none where line 5 or the middle is marked as a place of loss. */
function found(lines: readonly string[]): string[] {
  const result = judged(log(lines));
  const whole = log(lines).split('\n');
  const at = whole.length - 2;
  const lossy = [...whole.slice(0, at - 1), 'CPU:0 [LOST 12 EVENTS]', ...whole.slice(at - 1)].join('\n');
  // The mark stands just before the end, so it covers what was lost on that CPU before.
  assert.deepEqual(judged(lossy).violations.filter(({ at: { line } }) => line > at), []);
  return result.violations.map((one) => {
    assert.ok(one.task !== null && one.exporter === 'vfio_pci_core' && one.attachment !== null && one.clause !== '' && one.source !== '' && one.possible.length > 0, JSON.stringify(one));
    return `${one.obligation} line ${one.at.line}`;
  });
}

test('a clean life accuses nobody', () => assert.deepEqual(found(before), []));

test('P5: unmapped twice', () => {
  const lines = [...before, ...attached(1, 2), ...mapped(1, 2, 2), ...unmapped(1, 2, 2), ...unmapped(1, 2, 2), ...detached(1, 2)];
  assert.deepEqual(found(lines), [`P5 line ${lineOf(lines, 'dma_buf_unmap_attachment__entry')}`]);
  const [one] = judged(log(lines)).violations;
  assert.deepEqual([one?.blame, one?.device, one?.attachment, one?.ino], ['importer 0000:00:02.0', '0000:00:02.0', attachment(2), 1]);
  assert.match(one?.nearMisses[0]?.guard ?? '', /unmapped in line \d+ and not mapped since/);
});

test('P5: unmaps a table that another attachment has', () => {
  const lines = [...before, ...attached(1, 2), ...attached(1, 3), ...mapped(1, 2, 2), ...mapped(1, 3, 3), ...unmapped(1, 2, 3), ...unmapped(1, 2, 2), ...unmapped(1, 3, 3), ...detached(1, 2), ...detached(1, 3)];
  assert.deepEqual(found(lines), [`P5 line ${lineOf(lines, `attach=${attachment(2)} dmabuf=0xffff888000001100 sgt=${table(3)}`)}`]);
});

test('P5: detached while mapped', () => {
  const lines = [...before, ...attached(1, 2), ...mapped(1, 2, 2), ...detached(1, 2)];
  assert.deepEqual(found(lines), [`P5 line ${lineOf(lines, 'dma_buf_detach: ')}`]);
});

test('detached while mapped, but no unmap ever shows: an anomaly with its doubt', () => {
  const result = judged(log([...exported(1), ...attached(1, 2), ...mapped(1, 2, 2), ...detached(1, 2)]));
  assert.deepEqual(accusations(result), []);
  assert.deepEqual(result.anomalies.map(({ kind, doubt }) => [kind, doubt]), [['detach while mapped', 'dma_buf_unmap_attachment never shows in this log: perhaps it is not probed']]);
  const told = judged(log([...exported(1), ...attached(1, 2), ...mapped(1, 2, 2), ...detached(1, 2)]), { probes: ['dma_buf_unmap_attachment', 'dma_buf_map_attachment'] });
  assert.deepEqual(told.violations.map(({ obligation }) => obligation), ['P5'], 'who says that it was probed gets an answer');
});

test('P5: detached while pinned; unpinned twice', () => {
  const pin = [...before, ...attached(1, 2), ...pinned(1, 2), ...detached(1, 2)];
  assert.deepEqual(found(pin), [`P5 line ${lineOf(pin, 'dma_buf_detach: ')}`]);
  const twice = [...before, ...attached(1, 2), ...pinned(1, 2), ...unpinned(1, 2), ...unpinned(1, 2), ...detached(1, 2)];
  assert.deepEqual(found(twice), [`P5 line ${lineOf(twice, 'dma_buf_unpin__entry')}`]);
});

test('three pins and three unpins are balanced', () => {
  assert.deepEqual(found([...before, ...attached(1, 2), ...pinned(1, 2), ...pinned(1, 2), ...pinned(1, 2), ...unpinned(1, 2), ...unpinned(1, 2), ...unpinned(1, 2), ...detached(1, 2)]), []);
});

test('P4: a callback behind the detach, and a pin behind the detach', () => {
  const late = [...before, ...attached(1, 2), ...detached(1, 2), ...moved(1, [...invalidated(1, callback(1, 2)), ...waited(1)])];
  assert.deepEqual(found(late), [`P4 line ${lineOf(late, 'importer_invalidate__entry')}`]);
  const pin = [...before, ...attached(1, 2), ...detached(1, 2), ...pinned(1, 2)];
  assert.deepEqual(found(pin), [`P4 line ${lineOf(pin, 'dma_buf_pin__entry')}`]);
});

test('a pointer that came back is another attachment', () => {
  assert.deepEqual(found([...before, ...attached(1, 2), ...detached(1, 2), ...attached(1, 2), ...pinned(1, 2), ...moved(1, [...invalidated(1, callback(1, 2)), ...waited(1)]), ...unpinned(1, 2), ...detached(1, 2)]), []);
});

test('P7: a mapping granted between revoke and restore', () => {
  const revoked = [...before, ...attached(1, 2), ...moved(1, [...invalidated(1, callback(1, 2)), ...waited(1)])];
  const lines = [...revoked, ...mapped(1, 2, 2), ...unmapped(1, 2, 2), ...detached(1, 2)];
  assert.deepEqual(found(lines), [`P7 line ${lineOf(lines, 'dma_buf_map_attachment__exit')}`]);
  const restored = [...revoked, ...moved(0, [...invalidated(1, callback(1, 2)), ...waited(1)]), ...mapped(1, 2, 2), ...unmapped(1, 2, 2), ...detached(1, 2)];
  assert.deepEqual(found(restored), []);
});

test('P13: a callback that unmaps what is not mapped', () => {
  const lines = [...before, ...attached(1, 2), ...mapped(1, 2, 2), ...moved(1, [...invalidated(1, callback(1, 2, unmapped(1, 2, 2))), ...waited(1)]), ...moved(0, [...invalidated(1, callback(1, 2, unmapped(1, 2, 2))), ...waited(1)]), ...detached(1, 2)];
  const at = lineOf(lines, 'dma_buf_unmap_attachment__entry');
  assert.deepEqual(found(lines), [`P13 line ${at}`]);
});

test('a revoke that waits for an unmap which never comes: hanging, with the importer', () => {
  const lines = [
    ...before, ...attached(1, 2), ...attached(1, 3), ...mapped(1, 2, 2), ...mapped(1, 3, 3),
    ...by('reset-9', [moveBegins(1), ...invalidated(1, [...callback(1, 2), ...callback(1, 3, unmapped(1, 3, 3), 'other_invalidate')]), ...waited(1)]),
  ];
  const result = judged(log(lines));
  assert.deepEqual(accusations(result), [`hanging vfio_pci_dma_buf_move line ${lineOf(lines, 'vfio_pci_dma_buf_move__entry')}`]);
  const [hang] = result.revokes;
  assert.deepEqual(hang?.waitsFor.map(({ what, parties }) => [what, parties.device, parties.attachment]), [['unmap', '0000:00:02.0', attachment(2)]]);
  assert.equal(result.buffers.find(({ ino }) => ino === 1)?.verdict, 'hanging');
  assert.deepEqual(hang?.invalidates[0]?.callbacks.map(({ device, function: name }) => [device, name]), [['0000:00:02.0', 'importer_invalidate'], ['0000:00:03.0', 'other_invalidate']]);
});

test('an unmap by a worker later ends the wait, and its time counts from the invalidate', () => {
  const result = judged(log([
    ...before, ...attached(1, 2), ...mapped(1, 2, 2), ...by('reset-9', [moveBegins(1), ...invalidated(1, callback(1, 2)), ...waited(1)]), ...by('kworker/1:1-34', unmapped(1, 2, 2)), ...by('reset-9', moved(1, []).slice(1)), ...detached(1, 2),
  ]));
  assert.deepEqual(accusations(result), []);
  const [revoke] = result.revokes;
  assert.deepEqual([revoke?.state, revoke?.stillMapped, revoke?.accessEnds.map(({ device, after, at }) => [device, Math.round(after / 1e5), at.task])], ['done', [], [['0000:00:02.0', 6, 'kworker/1:1']]]);
});

test('a revoke that returns while a mapping is alive is worth a look', () => {
  const result = judged(log([...before, ...attached(1, 2), ...mapped(1, 2, 2), ...moved(1, [...invalidated(1, callback(1, 2)), ...waited(1)]), ...unmapped(1, 2, 2), ...detached(1, 2)]));
  assert.deepEqual([accusations(result), result.anomalies.map(({ kind, device }) => [kind, device])], [[], [['mapping alive after revoke', '0000:00:02.0']]]);
});

test('P9: a fence that is freed while it is pending', () => {
  const lines = [
    ...exported(1), ...attached(1, 2), 'dma_fence_init: driver=gpu timeline=ring0 context=7 seqno=1', 'dma_fence_signaled: driver=gpu timeline=ring0 context=7 seqno=1', 'dma_fence_init: driver=gpu timeline=ring0 context=7 seqno=2',
    'dma_resv_add_fence__entry: (dma_resv_add_fence+0x4/0x210) resv=0xffff8880000011e8 fence=0xffff888000007000 usage=3 context=7 seqno=2', 'dma_fence_destroy: driver=gpu timeline=ring0 context=7 seqno=2',
  ];
  assert.deepEqual(judged(log(lines)).violations.map(({ obligation, at }) => [obligation, at.line]), [['P9', lines.length]]);
});

test('what a process leaves attached when it exits', () => {
  const text = log([...before, ...attached(1, 2), 'sched_process_exit: comm=app pid=7 prio=120 group_dead=true']);
  const late = `${text}              idle-1       [000] .....  190.000000: dma_buf_get: exp_name=x size=1 ino=9 fd=1\n`;
  assert.deepEqual(judged(late).anomalies.map(({ kind, device, task }) => [kind, device, task]), [['attachment leaked', '0000:00:02.0', 'app']]);
});

test('several importers in parallel, mapped and unmapped by several tasks, are told apart', () => {
  const one = [...mapped(1, 2, 2), ...unmapped(1, 2, 2)];
  const other = [...mapped(1, 3, 3), ...unmapped(1, 3, 3)];
  const mixed = one.flatMap((line, i) => [...by('a-11', [line]), ...by('b-12', [other[i] ?? ''])]);
  assert.deepEqual(found([...before, ...attached(1, 2), ...attached(1, 3), ...mixed, ...by('a-11', detached(1, 2)), ...by('b-12', detached(1, 3))]), []);
});
