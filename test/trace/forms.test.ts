// The same recording as other tools print it, and with probes named as other people name them: the same answer.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { TraceResult } from '../../src/results/trace.ts';
import { accusations, FOLDERS, judged, linesOf, log, recording, traced, type Recording } from './read.ts';

const LINE = /^\s*(.+)-(\d+)\s+\[(\d+)\] (\S+)\s+(\d+\.\d+): (\w+): (.*)$/;

interface Parts {
  readonly task: string;
  readonly pid: string;
  readonly cpu: string;
  readonly flags: string;
  readonly time: string;
  readonly name: string;
  readonly payload: string;
}

function again(folder: Recording, print: (parts: Parts) => string): string {
  return linesOf(recording(folder)).map((line) => {
    const [, task = '', pid = '', cpu = '', flags = '', time = '', name = '', payload = ''] = LINE.exec(line) ?? [];
    return `${print({ task, pid, cpu, flags, time, name, payload })}\n`;
  }).join('');
}

/** What must come out alike. The callers' names are lost where a tool prints addresses. */
function essence(result: TraceResult): object {
  const { log: { counts, events }, buffers, revokes, violations } = result;
  return {
    counts, events, violations,
    buffers: buffers.map(({ ino, exporter, verdict, refused, attachments }) => ({ ino, exporter, verdict, refused, attachments: attachments.map(({ device, dynamic, pointer, callback, callbacks, maps, unmaps, pins, unpins }) => [device, dynamic, pointer, callback, callbacks, maps, unmaps, pins, unpins]) })),
    revokes: revokes.map(({ call, kind, state, duration, accessEnds, fenceWaits, invalidates }) => [
      call, kind, state, duration, accessEnds.map(({ by, after, device }) => [by, after, device]), fenceWaits.map(({ usage, duration: took, fences }) => [usage, took, fences]), invalidates.map(({ duration: took, callbacks }) => [took, callbacks.map(({ device, duration: one }) => [device, one])]),
    ]),
  };
}

/** "(symbol+0x4/0x90)" as an address, as trace-cmd report and perf script print it. */
const addresses = (payload: string): string => payload.replace(/^\(\S+\+0x[0-9a-f]+\/0x[0-9a-f]+(?: \[\w+\])?( <- \w+)?\)/, (_, back?: string) => (back === undefined ? '(ffffffff9510a444)' : '(ffffffff9510a444 <- ffffffff95000010)'));
const systemOf = (name: string): string => (/__(entry|exit)$/.test(name) ? 'fprobes' : name === 'tracing_mark_write' ? 'ftrace' : name === 'map' || name === 'unmap' || name === 'attach_device_to_domain' ? 'iommu' : name.startsWith('dma_fence') ? 'dma_fence' : 'dma_buf');
const pointers = (payload: string): string => payload.replace(/attachment:([0-9a-f]+)/, 'attachment:0x$1');

const FORMS: Readonly<Record<string, (parts: Parts) => string>> = {
  'trace-cmd report': ({ task, pid, cpu, time, name, payload }) => `${task.padStart(16)}-${pid.padEnd(5)} [${cpu}] ${time.padStart(12)}: ${`${name}: `.padEnd(22)}${pointers(addresses(payload))}`,
  'trace-cmd report with flags': ({ task, pid, cpu, flags, time, name, payload }) => `${task.padStart(16)}-${pid.padEnd(5)} [${cpu}] ${flags} ${time.padStart(12)}: ${`${name}: `.padEnd(22)}${pointers(addresses(payload))}`,
  'perf script': ({ task, pid, cpu, time, name, payload }) => `${task.padStart(16)} ${pid.padStart(7)} [${cpu}] ${time.padStart(12)}: ${`${systemOf(name)}:${name}`.padStart(30)}: ${pointers(addresses(payload))}`,
  'perf script with pid/tid': ({ task, pid, cpu, time, name, payload }) => `${task.padStart(16)} ${pid}/${pid} [${cpu}] ${time}:  ${systemOf(name)}:${name}: ${pointers(addresses(payload))}`,
  'tracefs with thread groups': ({ task, pid, cpu, flags, time, name, payload }) => `${`${task}-${pid}`.padStart(20)}  (${pid.padStart(7)}) [${cpu}] ${flags} ${time.padStart(12)}: ${name}: ${payload}`,
  'tracefs without flags': ({ task, pid, cpu, time, name, payload }) => `${`${task}-${pid}`.padStart(20)}  [${cpu}] ${time.padStart(12)}: ${name}: ${payload}`,
  'nanoseconds': ({ task, pid, cpu, flags, time, name, payload }) => `${`${task}-${pid}`.padStart(20)}  [${cpu}] ${flags} ${time}000: ${name}: ${payload}`,
  'kprobes by their default names': ({ task, pid, cpu, flags, time, name, payload }) => `${`${task}-${pid}`.padStart(20)}  [${cpu}] ${flags} ${time}: ${name.replace(/^(\w+)__entry$/, 'p_$1_0').replace(/^(\w+)__exit$/, 'r_$1_0')}: ${payload}`,
  'perf probe names': ({ task, pid, cpu, time, name, payload }) => `${task} ${pid} [${cpu}] ${time}: ${/__(entry|exit)$/.test(name) ? 'probe' : systemOf(name)}:${name.replace(/__entry$/, '').replace(/__exit$/, '__return')}: ${pointers(addresses(payload))}`,
  'names that say nothing, beside symbols': ({ task, pid, cpu, flags, time, name, payload }) => `${`${task}-${pid}`.padStart(20)}  [${cpu}] ${flags} ${time}: ${/__(entry|exit)$/.test(name) ? `my_${[...name].reduce((sum, c) => (sum * 31 + c.charCodeAt(0)) % 1e9, 7)}` : name}: ${payload}`,
  'other field names': ({ task, pid, cpu, flags, time, name, payload }) => `${`${task}-${pid}`.padStart(20)}  [${cpu}] ${flags} ${time}: ${name}: ${payload.replace(/ attach=/, ' attachment=').replace(/ dmabuf=/, ' dma_buf=').replace(/ ret=/, ' retval=').replace(/ sgt=/, ' sg_table=')}`,
  'no place behind the name, as bpftrace prints it': ({ task, pid, cpu, time, name, payload }) => `${`${task}-${pid}`.padStart(20)}  [${cpu}] ..... ${time}: ${name}: ${payload.replace(/^\([^)]*\)\s*/, '')}`,
};

for (const [form, print] of Object.entries(FORMS)) {
  test(form, () => {
    for (const folder of FOLDERS) {
      const { result, problem } = traced(again(folder, print));
      assert.equal(problem, null);
      assert.deepEqual(essence(result), essence(judged(recording(folder))), folder);
    }
  });
}

test('tools name themselves', () => {
  const { result } = traced(`cpus=2\n${again('vfio-vgem-refused', FORMS['trace-cmd report']!)}`);
  assert.equal(result.log.form, 'trace-cmd report');
  assert.equal(traced(again('vfio-vgem-refused', FORMS['perf script']!)).result.log.form, 'perf script');
});

test('Linux before 7.1: dma_buf_move_notify', () => {
  const text = recording('vfio-virtiogpu-reset').replaceAll('dma_buf_invalidate_mappings', 'dma_buf_move_notify');
  assert.deepEqual(essence(judged(text)), essence(judged(recording('vfio-virtiogpu-reset'))));
});

test('a probe in the middle of a function is no call of it', () => {
  const { result } = traced(log(['odd: (dma_buf_unmap_attachment+0x44/0x80) attach=0xffff8880000002000', 'dma_buf_get: exp_name=x size=1 ino=9 fd=1']));
  assert.deepEqual([result.log.counts, result.log.ignored], [{ get: 1 }, 1]);
});

test('marks of loss of every tool', () => {
  for (const [mark, events] of [['CPU:0 [LOST 416 EVENTS]', 416], ['CPU:1 [EVENTS DROPPED]', 0], ['CPU:1 [12 EVENTS DROPPED]', 12], ['##### CPU 1 buffer started ####', 0], ['Lost 7 events', 7]] as const) {
    const { log: { lost, lostParts } } = judged(`${mark}\n${recording('vfio-virtiogpu-reset')}`);
    assert.deepEqual([lost, lostParts.length], [events, 1], mark);
  }
  assert.equal(judged(recording('vfio-virtiogpu-reset').replace('121/121', '121/2052')).log.lost, 1931);
});

test('a recording many times over, though its clock begins anew each time', () => {
  for (const folder of FOLDERS) assert.deepEqual(accusations(judged(linesOf(recording(folder)).map((line) => `${line}\n`).join('').repeat(30))), []);
});

test('parts of any size give the same answer', () => {
  const text = recording('vfio-iommufd-reset');
  const whole = essence(judged(text));
  fc.assert(fc.property(fc.array(fc.integer({ min: 1, max: 4000 }), { minLength: 1, maxLength: 20 }), (sizes) => {
    const parts: string[] = [];
    for (let at = 0, i = 0; at < text.length; i++) {
      const size = sizes[i % sizes.length] ?? 1;
      parts.push(text.slice(at, at + size));
      at += size;
    }
    assert.deepEqual(essence(judged(parts)), whole);
  }), { numRuns: 60 });
});

test('no input makes it fail', () => {
  const lines = FOLDERS.flatMap((folder) => linesOf(recording(folder)));
  const broken = fc.tuple(fc.constantFrom(...lines), fc.nat(200), fc.nat(20), fc.string({ maxLength: 12, unit: 'binary' })).map(([line, at, count, put]) => line.slice(0, at % line.length) + put + line.slice((at % line.length) + count));
  fc.assert(fc.property(fc.array(fc.oneof(fc.constantFrom(...lines), broken, fc.string({ unit: 'binary' })), { maxLength: 60 }), (made) => {
    judged(made.join('\n'));
  }), { numRuns: 1500 });
});

test('ticks of a clock without a unit', () => {
  const { log: { clock }, revokes } = judged(linesOf(recording('vfio-iommufd-reset')).map((line) => `${line.replace(/(\d+)\.(\d+): /, '$1$2: ')}\n`).join(''));
  assert.deepEqual([clock.unit, revokes[1]?.duration], ['ticks', 623]);
});
