// trace.dat, versions 6 and 7, plain and compressed: the same answer as the text of the same recording; mutilated files give a message.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { uncompress } from '../../src/cli/trace-input.ts';
import { traceDat, type ReadAt } from '../../src/trace/index.ts';
import type { TraceResult } from '../../src/results/trace.ts';
import { writeDat } from './dat-writer.ts';
import { accusations, FOLDERS, judged, linesOf, recording } from './read.ts';

const readAt = (bytes: Uint8Array): ReadAt => (offset, length) => bytes.subarray(offset, offset + length);
const given = (bytes: Uint8Array): ReturnType<typeof traceDat> => traceDat({ file: 'trace.dat' }, readAt(bytes), uncompress, () => false);

function essence({ log: { counts, clock }, buffers, revokes }: TraceResult): object {
  return {
    counts, clock: [clock.unit, clock.first, clock.last],
    buffers: buffers.map(({ ino, exporter, size, verdict, refused, attachments }) => [ino, exporter, size, verdict, refused, attachments.map(({ pointer, device, dynamic, callback, maps, unmaps, pins, unpins }) => [pointer, device, dynamic, callback, maps, unmaps, pins, unpins])]),
    revokes: revokes.map(({ call, kind, duration, accessEnds, fenceWaits }) => [call, kind, duration, accessEnds.map(({ by, after }) => [by, after]), fenceWaits.map(({ usage, duration: took, fences }) => [usage, took, fences])]),
  };
}

for (const [what, options] of [['version 6', { version: 6 }], ['version 7', { version: 7 }], ['version 7 with zlib', { version: 7, compression: 'zlib' }]] as const) {
  test(`${what}: as the text of the same recording`, () => {
    for (const folder of FOLDERS) {
      const read = given(writeDat(recording(folder), options));
      assert.ok(read.ok, read.ok ? '' : read.message);
      assert.deepEqual(essence(read.traced.result), essence(judged(linesOf(recording(folder)).filter((line) => !line.includes('attach_device_to_domain')).map((line) => `${line}\n`))), folder);
      assert.equal(read.traced.result.log.form, `trace.dat ${options.version}`);
    }
  });
}

test('a page that says that events were missed is a place of loss', () => {
  const read = given(writeDat(recording('vfio-virtiogpu-reset'), { version: 6, lossy: 1 }));
  assert.ok(read.ok && read.traced.result.log.lostParts.length === 1);
  assert.ok(read.ok && read.traced.result.buffers.every(({ verdict }) => verdict !== 'broken'));
});

test('an algorithm that is not there, and a version that is not known, are told', () => {
  const old = given(Buffer.concat([writeDat(recording('udmabuf-vgem'), { version: 6 }).subarray(0, 10), Buffer.from('5\0'), Buffer.alloc(100)]));
  assert.ok(!old.ok && /version 5/.test(old.message));
  const packed = traceDat({ file: 'x' }, readAt(writeDat(recording('udmabuf-vgem'), { version: 7, compression: 'zstd' })), (algorithm, part, size) => (algorithm === 'zstd' ? null : uncompress(algorithm, part, size)), () => false);
  assert.ok(!packed.ok && /zstd/.test(packed.message));
});

test('cut or damaged files give a message or what they hold, and accuse nobody', () => {
  const whole = FOLDERS.flatMap((folder) => [writeDat(recording(folder), { version: 6 }), writeDat(recording(folder), { version: 7 })]);
  fc.assert(fc.property(fc.constantFrom(...whole), fc.nat(), fc.array(fc.tuple(fc.nat(), fc.nat(255)), { maxLength: 4 }), fc.boolean(), (bytes, at, damage, isCut) => {
    const made = Buffer.from(bytes);
    if (!isCut) for (const [where, byte] of damage) made[where % made.length] = byte;
    const read = given(isCut ? made.subarray(0, at % made.length) : made);
    if (read.ok && isCut) assert.deepEqual(read.traced.result.violations, []);
    if (read.ok) accusations(read.traced.result);
  }), { numRuns: 300 });
});
