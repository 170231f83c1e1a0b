// The five recordings of a real kernel, in both forms of pointers: counts and durations as their notes give them, nobody accused.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Revoke } from '../../src/results/trace.ts';
import { accusations, FORMS, FOLDERS, judged, recording, traced, type Recording } from './read.ts';

const US = 1000;

/** Events that the notes count, by our names. */
const COUNTS: Readonly<Record<Recording, Readonly<Record<string, number>>>> = {
  'udmabuf-vgem': { export: 3, fd: 3, get: 3, attach: 3, put: 12, mmap: 3, detach: 3, release: 3 },
  'vfio-virtiogpu-reset': {
    export: 1, fd: 1, get: 2, attach: 1, put: 5, detach: 1, release: 1, pin: 1, unpin: 1, map: 1, unmap: 1, invalidate: 2, callback: 2,
    'fence-init': 1, 'fence-emit': 1, 'fence-signal': 1, 'fence-free': 1, 'fence-wait-start': 1, 'fence-wait-end': 1,
  },
  'vfio-vgem-refused': { export: 1, fd: 1, get: 1, put: 1, release: 1, 'attach refused': 1 },
  'vfio-iommufd-reset': { export: 1, fd: 1, get: 2, attach: 2, detach: 2, put: 2, release: 1, pin: 2, unpin: 2, invalidate: 2, callback: 2, range: 2, 'range end': 2 },
  'vfio-iommufd-fence-10s': {
    export: 2, fd: 2, get: 1, attach: 1, detach: 1, put: 1, release: 1, pin: 1, unpin: 1, invalidate: 1, callback: 1, range: 1, 'range end': 1,
    'fence-init': 1, 'fence-signal': 1, 'fence-wait-start': 1, 'fence-wait-end': 1, 'fence-add': 2,
  },
};

const EVENTS: Readonly<Record<Recording, number>> = { 'udmabuf-vgem': 97, 'vfio-virtiogpu-reset': 121, 'vfio-vgem-refused': 43, 'vfio-iommufd-reset': 96, 'vfio-iommufd-fence-10s': 77 };

/** The rows of "Measured" in the notes, in microseconds: start, revoked, call, invalidate, access ended, wait. */
type Row = readonly [start: number, revoked: 0 | 1, call: number, invalidate: number | null, ended: number | null, wait: number | null];
const MEASURED: Readonly<Partial<Record<Recording, readonly Row[]>>> = {
  'vfio-virtiogpu-reset': [
    [91_295_558, 0, 163, null, null, null], [91_350_869, 1, 977, 928, 873, 7], [91_362_195, 0, 112, 47, null, 7], [91_425_173, 1, 6, null, null, null], [91_425_189, 0, 2, null, null, null],
  ],
  'vfio-vgem-refused': [[93_139_195, 0, 36, null, null, null], [93_140_505, 1, 31, null, null, null], [93_140_544, 0, 3, null, null, null]],
  'vfio-iommufd-reset': [
    [36_589_334, 0, 65, null, null, null], [36_652_845, 1, 623, 531, 67, 13], [36_662_501, 0, 149, 55, null, 11], [36_758_903, 1, 6, null, null, null], [36_758_921, 0, 2, null, null, null],
  ],
  'vfio-iommufd-fence-10s': [[39_786_433, 0, 54, null, null, null], [39_885_181, 1, 10_258_489, 81, 36, 10_258_342], [50_146_100, 1, 14, null, null, null]],
};

const rowOf = ({ start, kind, duration, invalidates, accessEnds, fenceWaits }: Revoke): Row => [
  start.time / US, kind === 'revoke' ? 1 : 0, (duration ?? NaN) / US, invalidates[0] === undefined ? null : (invalidates[0].duration ?? NaN) / US,
  accessEnds.filter(({ by }) => by === 'iommu:unmap').map(({ after }) => after / US)[0] ?? null, fenceWaits[0] === undefined ? null : (fenceWaits[0].duration ?? NaN) / US,
];

for (const folder of FOLDERS) for (const form of FORMS) {
  test(`${folder}/${form}: counts and durations as in the notes, nobody accused`, () => {
    const result = judged(recording(folder, form));
    assert.deepEqual(accusations(result), []);
    assert.equal(result.log.events, EVENTS[folder]);
    assert.deepEqual(result.log.counts, Object.fromEntries(Object.entries(COUNTS[folder]).sort(([a], [b]) => (a < b ? -1 : 1))));
    assert.deepEqual(result.revokes.map(rowOf), MEASURED[folder] ?? []);
    assert.ok(result.revokes.every(({ state }) => state === 'done'));
    assert.equal(result.log.notUnderstood, 0);
    for (const buffer of result.buffers) {
      assert.equal(buffer.verdict, 'holds', buffer.reasons.join());
      for (const one of buffer.attachments) {
        assert.ok(one.attached !== null && one.detached !== null);
        assert.deepEqual([one.mapped, one.pinned], [{ least: 0, most: 0 }, { least: 0, most: 0 }]);
        assert.match(one.pointer ?? '', /^0xffff/, 'the real pointer, also where the tracepoint hashes it');
      }
    }
    // Each obligation is exercised, or told as not observable, or as open.
    assert.equal(result.obligations.length, 15);
    assert.ok(result.obligations.every(({ verdict, events, reason }) => (verdict === 'holds' ? events > 0 : reason !== null)));
  });
}

test('the same ring buffer with hashed pointers gives the same answer', () => {
  for (const folder of FOLDERS) {
    const [raw, hashed] = FORMS.map((form) => judged(recording(folder, form)));
    assert.deepEqual({ ...hashed, log: { ...hashed!.log, hashedPointers: null }, ledger: [] }, { ...raw, log: { ...raw!.log, hashedPointers: null }, ledger: [] });
    if (folder !== 'vfio-vgem-refused') assert.deepEqual([raw!.log.hashedPointers, hashed!.log.hashedPointers], [false, true]);
  }
});

test('importers, devices and what they are', () => {
  const [one] = judged(recording('vfio-virtiogpu-reset')).buffers;
  const [gpu] = one?.attachments ?? [];
  assert.deepEqual([one?.ino, one?.exporter, one?.size, gpu?.device, gpu?.dynamic, gpu?.revocable, gpu?.callback], [45, 'vfio_pci_core', 65536, '0000:00:04.0', true, true, 'virtgpu_dma_buf_move_notify']);
  const [three] = judged(recording('vfio-iommufd-reset')).buffers;
  assert.deepEqual(three?.attachments.map(({ device, pins, callbacks }) => [device, pins, callbacks]), [['iommu', 1, 2], ['iommu', 1, 0]]);
});

test('a refused attach is an anomaly that names its errno', () => {
  const { anomalies } = judged(recording('vfio-vgem-refused'));
  assert.deepEqual(anomalies.map(({ kind, ino, exporter, task, at }) => [kind, ino, exporter, task, at.line]), [['refused attach', 48, 'vfio_pci_core', 'dbt', 37]]);
  assert.match(anomalies[0]?.text ?? '', /-EOPNOTSUPP/);
});

test('the fence that held up the revoke is named as it was before it signalled', () => {
  const slow = judged(recording('vfio-iommufd-fence-10s'), { slow: 1e9 });
  assert.deepEqual(slow.revokes.flatMap(({ fenceWaits }) => fenceWaits.flatMap(({ fences }) => fences)), [{ driver: 'vgem', timeline: 'unbound', context: 54, seqno: 1 }]);
  assert.deepEqual(slow.anomalies.map(({ kind, at, exporter }) => [kind, at.line, exporter]), [['slow revoke', 59, 'vfio_pci_core']]);
});

test('the same log while the fence still waits: hanging, with the fence', () => {
  const whole = recording('vfio-iommufd-fence-10s');
  const until = whole.slice(0, whole.indexOf('          <idle>-0'));
  const [hang] = judged(until.replace(/^#.*\n/gm, '')).revokes.filter(({ state }) => state === 'hanging');
  assert.deepEqual(hang?.waitsFor.map(({ what, text }) => [what, text]), [['fence', 'fence vgem unbound 54:1']]);
  assert.equal(hang?.doubt, null);
});

test('possible states behind a line', () => {
  const { states } = traced(recording('vfio-virtiogpu-reset'), { until: 55 });
  assert.ok(states.some((line) => /attachment 0xffff8c3ac4bd0ac0 of 0000:00:04.0 since line 38: listed/.test(line)), states.join('\n'));
  assert.ok(states.some((line) => /mapping 0xffff8c3ac18a4400 since line 48: live/.test(line)), states.join('\n'));
});
