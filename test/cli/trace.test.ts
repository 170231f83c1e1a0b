// `fencepost trace` as users run it: exit codes, forms, pipes, packed files, and input that is no trace.

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { writeDat } from '../trace/dat-writer.ts';
import { FOLDERS, log, recording } from '../trace/read.ts';
import { attached, by, callback, detached, exported, invalidated, mapped, moveBegins, unmapped, waited } from '../trace/story.ts';
import { COMMAND, fencepost, ROOT, withFiles } from './run.ts';

const file = (folder: string): string => join(ROOT, 'test/trace/recordings', folder, 'trace.txt');
const piped = (input: string | Uint8Array, ...args: readonly string[]): { status: number | null; out: string; err: string } => {
  const { status, stdout, stderr } = spawnSync(process.execPath, [COMMAND, 'trace', ...args], { input, encoding: 'utf8', timeout: 60_000, env: { ...process.env, LC_ALL: 'C' } });
  return { status, out: stdout, err: stderr };
};

test('the revoke report of a real recording', () => {
  const { status, out } = fencepost(['trace', 'test/trace/recordings/vfio-virtiogpu-reset/trace.txt']);
  assert.equal(status, 0);
  assert.match(out, /^line 59, 91\.350869, dbt-658: vfio_pci_dma_buf_move revokes buffer 45 of\n {2}vfio_pci_core: 977 us\n {2}invalidate +928 us +reached 1 importer\n {4}0000:00:04\.0 +910 us +virtgpu_dma_buf_move_notify\n {4}access ended +842 us .*\n {4}access ended +873 us .*iommu:unmap, line 82\n {2}fence wait +7 us +BOOKKEEP$/m);
  assert.match(out, /^no violation, no hanging revoke, 0 anomalies, 2 invalidating calls$/m);
  assert.ok(out.split('\n').every((line) => line.length <= 80), out);
});

test('JSON fits its schema, for every recording, a violation, a hang, and several logs', () => {
  const validate = new Ajv2020({ allErrors: true }).compile(JSON.parse(readFileSync(join(ROOT, 'schema/trace.schema.json'), 'utf8')) as object);
  const fits = (text: string): void => assert.ok(validate(JSON.parse(text)), JSON.stringify(validate.errors?.slice(0, 3)));
  for (const folder of FOLDERS) fits(fencepost(['trace', '--format', 'json', file(folder)]).out);
  fits(fencepost(['trace', '--format', 'json', ...FOLDERS.map(file)]).out);
  for (const text of [broken, hanging]) {
    const { status, out } = piped(text, '--format', 'json', '--slow', '1us', '-');
    assert.equal(status, 1);
    fits(out);
  }
});

const before = [...exported(1), ...attached(1, 1), ...mapped(1, 1, 1), ...unmapped(1, 1, 1), ...detached(1, 1)];
const broken = log([...before, ...attached(1, 2), ...mapped(1, 2, 2), ...detached(1, 2)]);
const hanging = log([...before, ...attached(1, 2), ...mapped(1, 2, 2), ...by('reset-9', [moveBegins(1), ...invalidated(1, callback(1, 2)), ...waited(1)])]);

test('a broken obligation: exit 1, who, where, why', () => {
  const { status, out } = piped(broken);
  assert.equal(status, 1);
  assert.match(out, /^broken P5 line \d+, 100\.\d+, app-7: 0000:00:02\.0 detaches while a mapping/m);
  assert.match(out, /blame: importer 0000:00:02\.0, P5: /);
  assert.match(out, /^ {2}mapped: line \d+/m);
});

test('a hanging revoke: exit 1, and for whom it waits', () => {
  const { status, out } = piped(hanging);
  assert.equal(status, 1);
  assert.match(out, /HANGING for [\d.]+ (us|ms) at the end of the log/);
  assert.match(out, /waits for the unmap by 0000:00:02\.0 of sg_table 0x/);
});

test('KTAP: an obligation a test, what cannot be seen is skipped', () => {
  const { status, out } = fencepost(['trace', '--format', 'ktap', file('vfio-virtiogpu-reset')]);
  assert.equal(status, 0);
  assert.match(out, /^KTAP version 1\n1\.\.17\n/);
  assert.match(out, /^ok 5 P5 balanced$/m);
  assert.match(out, /^ok 1 P1 access-while-mapped # SKIP not observable/m);
  assert.match(piped(broken, '--format', 'ktap').out, /^not ok 5 P5 balanced$/m);
});

test('Mermaid and Perfetto', () => {
  const { out } = fencepost(['trace', '--format', 'mermaid', '--buffer', '45', file('vfio-virtiogpu-reset')]);
  assert.match(out, /^sequenceDiagram\n {4}title buffer 45: holds\n {4}participant x as vfio_pci_core\n {4}participant i0 as 0000:00:04.0\n/);
  assert.ok(out.indexOf('i0->>x: map (line 48') < out.indexOf('x->>i0: virtgpu_dma_buf_move_notify (line 61') && out.indexOf('(line 61') < out.indexOf('i0->>x: unmap (line 80'));
  const { traceEvents } = JSON.parse(fencepost(['trace', '--format', 'perfetto', file('vfio-iommufd-fence-10s')]).out) as { traceEvents: { ph: string; name: string; dur?: number; pid: number }[] };
  assert.deepEqual(traceEvents.filter(({ ph, name, pid }) => ph === 'X' && pid === 10 && name === 'vfio_pci_dma_buf_move').map(({ dur }) => dur), [10_258_489]);
  assert.ok(traceEvents.some(({ ph, name }) => ph === 'M' && name === 'thread_name'));
});

test('gzip, standard input, several logs, a log cut in the middle of a gzip file', () => {
  const text = recording('vfio-vgem-refused');
  const packed = gzipSync(text);
  withFiles({ 'a.gz': packed, 'cut.gz': packed.subarray(0, packed.length - 200), 'b.txt': text }, (folder) => {
    for (const name of ['a.gz', 'b.txt']) assert.match(fencepost(['trace', join(folder, name)]).out, /refused attach line 37/);
    assert.equal(fencepost(['trace', join(folder, 'cut.gz')]).status === 5, false);
    const several = fencepost(['trace', join(folder, 'a.gz'), join(folder, 'b.txt')]);
    assert.equal(several.out.match(/refused attach line 37/g)?.length, 2);
  });
  assert.match(piped(packed, '-').out, /refused attach line 37/);
  assert.match(piped(text).out, /^standard input: tracefs, 43 events/m);
});

test('trace.dat by its first bytes, whatever its name', () => {
  withFiles({ 'x': writeDat(recording('vfio-virtiogpu-reset'), { version: 7, compression: 'zlib' }), 'y.dat': writeDat(recording('vfio-virtiogpu-reset'), { version: 6 }).subarray(0, 300) }, (folder) => {
    const { status, out } = fencepost(['trace', join(folder, 'x')]);
    assert.equal(status, 0);
    assert.match(out, /trace\.dat 7, 117 events/);
    const cut = fencepost(['trace', join(folder, 'y.dat')]);
    assert.deepEqual([cut.status, /cannot be read: the file ends in its header/.test(cut.err)], [2, true]);
    const pipe = piped(writeDat(recording('udmabuf-vgem'), { version: 6 }), '-');
    assert.deepEqual([pipe.status, /must be a file/.test(pipe.err)], [2, true]);
  });
});

test('what is no trace: a message, and the right exit code', () => {
  const cases: readonly (readonly [name: string, content: string | Uint8Array, status: number, says: RegExp])[] = [
    ['empty', '', 2, /is empty/],
    ['binary', Uint8Array.from({ length: 5000 }, (_, i) => (i * 7919) % 256), 2, /binary, but no trace\.dat/],
    ['prose', 'The quick brown fox\njumps over the lazy dog [00].\n'.repeat(50), 2, /no trace: none of its 100 lines is an event/],
    ['header only', recording('vfio-iommufd-reset').split('\n').slice(0, 12).join('\n') + '\n', 4, /a trace without events/],
    ['foreign', '          <idle>-0       [000] d..2.   100.000001: sched_switch: prev_comm=a\n'.repeat(3), 4, /3 events, but none of dma-buf/],
    ['one long line', 'x'.repeat(3_000_000), 2, /no trace/],
  ];
  for (const [name, content, status, says] of cases) {
    withFiles({ log: content }, (folder) => {
      const ran = fencepost(['trace', join(folder, 'log')]);
      assert.equal(ran.status, status, `${name}: ${ran.err}${ran.out}`);
      assert.match(ran.err, says, name);
      assert.doesNotMatch(ran.err, /at .*\.js:\d|internal failure/, name);
    });
  }
  const missing = fencepost(['trace', '/nowhere/trace.txt']);
  assert.deepEqual([missing.status, missing.err], [2, 'fencepost: /nowhere/trace.txt: there is no such file\n']);
  assert.match(fencepost(['trace', ROOT]).err, /is a folder, not a log/);
});

test('a reader that has seen enough is no failure', () => {
  const { status, stderr } = spawnSync('sh', ['-c', `"${process.execPath}" "${COMMAND}" trace --format json "${file('vfio-virtiogpu-reset')}" | head -n 2 >/dev/null; exit 0`], { encoding: 'utf8' });
  assert.deepEqual([status, stderr], [0, '']);
});

test('--follow tells each thing when it happens, and sums up where the pipe ends', () => {
  const { status, out } = piped(recording('vfio-virtiogpu-reset'), '--follow', '-');
  assert.equal(status, 0);
  const [first, second, rest] = out.split('\n');
  assert.deepEqual([first, second], ['91.350869 vfio_pci_dma_buf_move revokes buffer 45 of vfio_pci_core: 977 us', '91.362195 vfio_pci_dma_buf_move restores buffer 45 of vfio_pci_core: 112 us']);
  assert.match(rest ?? '', /^standard input: tracefs, 121 events/);
});

test('--at, --slow, --buffer, --probes', () => {
  assert.match(fencepost(['trace', '--at', '55', file('vfio-virtiogpu-reset')]).out, /mapping 0xffff8c3ac18a4400 since line 48: live/);
  assert.match(fencepost(['trace', '--slow', '1s', file('vfio-iommufd-fence-10s')]).out, /^slow revoke line 59/m);
  assert.doesNotMatch(fencepost(['trace', '--slow', '1min', file('vfio-iommufd-fence-10s')]).out, /^slow revoke/m);
  assert.match(fencepost(['trace', '--buffer', '7', file('vfio-iommufd-reset')]).err, /no buffer with inode 7\n {2}it shows 3/);
  const lines = log([...exported(1), ...attached(1, 2), ...mapped(1, 2, 2), ...detached(1, 2)]);
  assert.equal(piped(lines).status, 0);
  assert.equal(piped(lines, '--probes', join(ROOT, 'test/trace/recordings/probes-own.txt')).status, 1);
  assert.match(fencepost(['trace', '--slow', 'soon', 'x']).err, /takes a duration/);
});

test('a simulated run is accepted, a counterexample is rejected', () => {
  const scenario = 'litmus/debate/stop-v3-reads-ahead.litmus';
  const fine = fencepost(['check', '--simulate=1', '--format', 'ftrace', scenario]);
  assert.equal(piped(fine.out).status, 0, fine.out);
  const bad = fencepost(['check', '--format', 'ftrace', '--contract', 'STOP=V2b', scenario]);
  const { status, out } = piped(bad.out);
  assert.equal(status, 1);
  assert.match(out, /^broken P3 line \d+/m);
});
