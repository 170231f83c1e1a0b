// Who still waits where the log ends, and for whom. A call that is open is hanging only if something says that it waits: a fence that was
// waited for and has not signalled, a mapping that was not given back, a callback that did not return, or a second without a sign of the task.

import type { Moment, Parties, Revoke, Waited } from '../results/trace.ts';
import { partiesOf } from './accuse.ts';
import type { Frame, TaskCalls } from './calls.ts';
import type { Checker } from './conformance.ts';
import { fenceText } from './fences.ts';
import { hex } from './fields.ts';
import { alive, type RevokeRecord } from './revokes.ts';
import { statesWhere } from './tracked.ts';

const STALE = statesWhere('mapping', 'P6', 'stale');

/** Nanoseconds without any event of a task inside a call that make a hang of it. */
const SILENCE = 1e9;

export type Ending = Pick<Revoke, 'state' | 'open' | 'waitsFor' | 'doubt'>;

export interface EndOfLog {
  readonly last: Moment | null;
  /** The last line has no end: the log was cut in the middle. */
  readonly cut: boolean;
  /** Lines are missing. */
  readonly incomplete: string | null;
  /** The header counts the events, and they are all there: what is open was open when the buffer was read. */
  readonly whole: boolean;
  readonly ticks: boolean;
}

/** For a record that is not done. */
export function endingOf(checker: Checker, record: RevokeRecord, end: EndOfLog): Ending {
  const task = checker.calls.tasks.get(record.pid);
  const open = end.last === null ? 0 : end.last.time - record.start.time;
  const frame = task?.open.find(({ revoke }) => revoke === record);
  if (task === undefined || frame === undefined) return { state: 'end not seen', open: null, waitsFor: [], doubt: 'its end does not show, though its task went on' };
  // Frames of calls of which no return ever shows may be over long ago.
  if (!checker.calls.sawAnyLeave) return { state: 'pending', open, waitsFor: [], doubt: 'no return of any call shows in this log' };
  const waitsFor = waitedFor(checker, record, task, frame);
  // A fence that has just signalled will wake it.
  const signalled = checker.fences.waiting.get(task.pid)?.fence.signalled?.time ?? -Infinity;
  const silent = !end.ticks && end.last !== null && end.last.time - Math.max(task.last.time, signalled) >= SILENCE;
  const named = waitsFor.some(({ what }) => what !== 'unknown' && what !== 'lock');
  const isHanging = silent || end.whole || (named && !end.cut);
  const doubt = end.cut && !silent ? 'the log was cut in the middle of a line' : end.incomplete;
  return { state: isHanging ? 'hanging' : 'pending', open, waitsFor, doubt };
}

function waitedFor(checker: Checker, record: RevokeRecord, task: TaskCalls, frame: Frame): Waited[] {
  const inner = task.open.slice(task.open.indexOf(frame) + 1);
  const callback = inner.find((one) => one.callback);
  const wait = inner.findLast(({ call }) => call.role === 'fence-wait');
  const fence = checker.fences.waiting.get(task.pid)?.fence ?? null;
  const parties = (buffer: Frame['buffer'], attachment: Frame['attachment']): Parties => partiesOf(buffer, attachment, record.start);
  if (callback !== undefined) {
    const who = callback.attachment?.device ?? hex(callback.attachment?.pointer ?? null) ?? 'an importer';
    const because = fence === null || fence.signalled !== null ? '' : `, which waits for fence ${fenceText(fence)}`;
    const isWaiting = because !== '' || wait !== undefined;
    return [{ what: isWaiting ? 'callback' : 'unknown', text: `${callback.call.function} of ${who}${because}`, parties: parties(callback.buffer ?? record.invalidates.at(-1)?.buffer ?? null, callback.attachment) }];
  }
  if (wait !== undefined) {
    const buffer = wait.buffer ?? record.invalidates.at(-1)?.buffer ?? null;
    if (fence !== null && fence.signalled === null) return [{ what: 'fence', text: `fence ${fenceText(fence)}`, parties: parties(buffer, null) }];
    const seesWaits = checker.firstSeen.has('dma_fence_wait_start');
    return [{ what: 'unknown', text: seesWaits ? 'no fence that shows' : `the fences of the buffer${wait.usage === null ? '' : ` up to ${wait.usage}`} (dma_fence tracepoints are not in the log)`, parties: parties(buffer, null) }];
  }
  const last = record.invalidates.at(-1);
  if (last === undefined || last.end === null) return [{ what: 'unknown', text: last === undefined ? 'a lock, before the invalidate' : 'inside dma_buf_invalidate_mappings', parties: parties(last?.buffer ?? null, null) }];
  const owed = record.invalidates.flatMap(({ buffer }) => (buffer === null ? [] : alive(buffer).flatMap((attachment) => attachment.mappings
    .filter((one) => one.stale !== null && one.kind === 'map' && one.tracked.maybe(STALE))
    .map((one): Waited => ({
      what: one.tracked.surely(STALE) ? 'unmap' : 'unknown',
      text: `the unmap by ${attachment.device ?? hex(attachment.pointer ?? attachment.hashed) ?? 'an importer'}${one.table === null ? '' : ` of sg_table ${hex(one.table) ?? ''}`}`,
      parties: parties(buffer, attachment),
    })))));
  if (owed.length > 0) return owed;
  const waited = record.waits.some(({ end }) => end !== null);
  const late = record.invalidates.flatMap(({ buffer }) => (buffer === null ? [] : alive(buffer).filter(({ complete }) => !complete)));
  return [{ what: 'unknown', text: waited ? late.length > 0 ? `an unmap: mappings of ${late.map(({ device, pointer }) => device ?? hex(pointer) ?? 'an importer').join(', ')} may be older than the log` : 'an unmap that the log does not show' : 'what follows the invalidate', parties: parties(last.buffer, late[0] ?? null) }];
}

/** Calls that wait for fences, open at the end of the log and of no revoke. */
export function openWaits(checker: Checker, end: EndOfLog): readonly { readonly start: Moment; readonly frame: Frame; readonly text: string }[] {
  const found: { start: Moment; frame: Frame; text: string }[] = [];
  if (end.cut || end.ticks) return found;
  for (const task of checker.calls.tasks.values()) {
    const frame = task.open.find(({ call }) => call.role === 'fence-wait');
    if (frame === undefined || task.open.some(({ revoke }) => revoke !== null)) continue;
    const fence = checker.fences.waiting.get(task.pid)?.fence ?? null;
    if (fence === null || fence.signalled !== null || end.last === null || end.last.time - task.last.time < SILENCE) continue;
    found.push({ start: frame.start, frame, text: `${frame.call.function} waits for fence ${fenceText(fence)} since line ${frame.start.line}` });
  }
  return found;
}
