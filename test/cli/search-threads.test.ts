// The built command on real searches: the result does not depend on the number of threads, and Ctrl-C ends a large one.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { COMMAND, fencepost, withFiles } from './run.ts';

const family = (importers: number): string => `litmus family
exporter vfio: vfio_pci;
buffer bar of vfio;
importer nic[${importers}]: deferred of bar;
thread reset: user { ioctl RESET { vfio_pci_dma_buf_move(vfio, true); device_off(vfio); } }
`;

/** JSON without the times. */
function results(...args: readonly string[]): unknown {
  const { out, status } = fencepost(['check', '--format', 'json', ...args]);
  const results = (JSON.parse(out) as { results: Record<string, unknown>[] }).results.map(({ milliseconds: _, ...rest }) => rest);
  return { status, results };
}

test('the corpus: the same results from one thread and from two', () => {
  assert.deepEqual(results('litmus/debate', '--workers', '2'), results('litmus/debate', '--workers', '1'));
});

test('one large search: the same result from one thread and from two', () => {
  withFiles({ 'family.litmus': family(3) }, (folder) => {
    const file = join(folder, 'family.litmus');
    for (const more of [['--no-symmetry', '--no-liveness'], []]) assert.deepEqual(results(file, '--workers', '2', ...more), results(file, '--workers', '1', ...more));
  });
});

for (const workers of ['1', '2']) {
  test(`Ctrl-C in a large search, --workers ${workers}: unfinished, exit 3`, async () => {
    const folder = mkdtempSync(join(tmpdir(), 'fencepost-'));
    const file = join(folder, 'family.litmus');
    writeFileSync(file, family(5));
    const { code, out, err } = await interrupted(file, workers).finally(() => rmSync(folder, { recursive: true, force: true }));
    assert.match(err, /ending the search; once more to stop at once/);
    assert.match(out, /unfinished \(interrupted\)/);
    assert.equal(code, 3);
  });
}

/** Starts a search of minutes and sends SIGINT while it runs. */
function interrupted(file: string, workers: string): Promise<{ readonly code: number | null; readonly out: string; readonly err: string }> {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, [COMMAND, 'check', file, '--workers', workers]);
    let out = '';
    let err = '';
    child.stdout.on('data', (chunk: Buffer) => (out += chunk.toString()));
    child.stderr.on('data', (chunk: Buffer) => (err += chunk.toString()));
    setTimeout(() => child.kill('SIGINT'), 1500);
    child.on('close', (code) => resolve({ code, out, err }));
  });
}
