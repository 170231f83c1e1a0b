// Logs that were mutilated: whatever lines are missing, nobody is accused of what a missing line could explain. The recordings are clean,
// so every accusation would be false.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { accusations, FOLDERS, FORMS, judged, linesOf, recording, type Recording } from './read.ts';

const folders = fc.constantFrom(...FOLDERS);
const forms = fc.constantFrom(...FORMS);
const headOf = (text: string): string => text.split('\n').filter((line) => line.startsWith('#')).map((line) => `${line}\n`).join('');
const violations = (text: string): string[] => accusations(judged(text)).filter((one) => !one.startsWith('hanging'));

test('any prefix dropped, with the header or without', () => {
  for (const folder of FOLDERS) for (const form of FORMS) {
    const text = recording(folder, form);
    const lines = linesOf(text);
    for (let from = 0; from <= lines.length; from++) {
      const rest = lines.slice(from).map((line) => `${line}\n`).join('');
      assert.deepEqual(accusations(judged(rest)), [], `${folder}/${form} from event ${from}`);
      assert.deepEqual(accusations(judged(headOf(text) + rest)), [], `${folder}/${form} from event ${from}, header kept`);
    }
  }
});

/** Events behind which a revoke does wait for a fence that has not signalled. */
const WAITING: Readonly<Partial<Record<Recording, RegExp>>> = { 'vfio-virtiogpu-reset': /context=1 seqno=14/, 'vfio-iommufd-fence-10s': /context=54 seqno=1/ };

test('any suffix dropped: hanging only where a revoke waits for a fence that has not signalled', () => {
  for (const folder of FOLDERS) {
    const text = recording(folder);
    const lines = linesOf(text);
    for (let to = 0; to <= lines.length; to++) {
      const kept = lines.slice(0, to);
      const result = judged(kept.map((line) => `${line}\n`).join(''));
      const waits = kept.some((line) => line.includes('dma_fence_wait_start')) && !kept.some((line) => line.includes('dma_fence_signaled') && WAITING[folder]?.test(line) === true);
      assert.deepEqual(result.violations, [], `${folder} up to ${to}`);
      if (!waits) assert.deepEqual(accusations(result), [], `${folder} up to ${to}`);
    }
  }
});

test('cut in the middle of a line: nobody is accused', () => {
  fc.assert(fc.property(folders, forms, fc.nat(), (folder, form, at) => {
    const text = recording(folder, form);
    const cut = text.slice(0, at % text.length);
    if (cut.endsWith('\n')) return;
    assert.deepEqual(accusations(judged(cut)), []);
  }), { numRuns: 600 });
});

test('any lines dropped, header kept: its count gives them away', () => {
  fc.assert(fc.property(folders, forms, fc.array(fc.nat(140), { minLength: 1, maxLength: 60 }), (folder, form, dropped) => {
    const text = recording(folder, form);
    const gone = new Set(dropped);
    const kept = linesOf(text).filter((_, i) => !gone.has(i));
    assert.deepEqual(violations(headOf(text) + kept.map((line) => `${line}\n`).join('')), []);
  }), { numRuns: 1000 });
});

test('any part dropped and marked as lost: nobody is accused', () => {
  fc.assert(fc.property(folders, forms, fc.nat(140), fc.nat(60), fc.boolean(), (folder, form, from, count, inPipe) => {
    const lines = linesOf(recording(folder, form));
    const gone = lines.slice(from, from + count);
    if (gone.length === 0) return;
    lines.splice(from, gone.length, inPipe ? `CPU:0 [LOST ${gone.length} EVENTS]` : 'CPU:0 [EVENTS DROPPED]');
    assert.deepEqual(violations(lines.map((line) => `${line}\n`).join('')), []);
  }), { numRuns: 600 });
});

test('one line or one call dropped without any mark: nobody is accused', () => {
  for (const folder of FOLDERS) for (const form of FORMS) {
    const lines = linesOf(recording(folder, form));
    lines.forEach((line, i) => {
      const without = lines.filter((_, at) => at !== i);
      assert.deepEqual(violations(without.map((one) => `${one}\n`).join('')), [], `${folder}/${form} without ${line}`);
    });
  }
});

test('a kind of event that was never probed: nobody is accused', () => {
  for (const folder of FOLDERS) for (const form of FORMS) {
    const lines = linesOf(recording(folder, form));
    const names = [...new Set(lines.map((line) => /: (\w+): /.exec(line)?.[1] ?? ''))];
    fc.assert(fc.property(fc.subarray(names), (gone) => {
      const kept = lines.filter((line) => !gone.includes(/: (\w+): /.exec(line)?.[1] ?? ''));
      assert.deepEqual(violations(kept.map((one) => `${one}\n`).join('')), [], gone.join());
    }), { numRuns: 150 });
  }
});

test('lines of two CPUs a little out of order give the same answer', () => {
  fc.assert(fc.property(folders, fc.array(fc.tuple(fc.nat(130), fc.integer({ min: 1, max: 20 })), { maxLength: 20 }), (folder, swaps) => {
    const lines = linesOf(recording(folder));
    const stamp = (line: string): string => / (\d+\.\d+): /.exec(line)?.[1] ?? '';
    for (const [at, by] of swaps) {
      const [one] = lines.splice(at % lines.length, 1);
      // Lines of the same moment keep their order: only the clock can put them right.
      if (one !== undefined) {
        const to = Math.min(lines.length, (at % (lines.length + 1)) + by);
        lines.splice(stamp(lines[to - 1] ?? '') === stamp(one) ? at % (lines.length + 1) : to, 0, one);
      }
    }
    const right = judged(recording(folder));
    const shuffled = judged(lines.map((line) => `${line}\n`).join(''));
    assert.deepEqual([accusations(shuffled), shuffled.log.counts], [[], right.log.counts]);
  }), { numRuns: 300 });
});
