// Invalidates, the callbacks that they run, what outlives them, fence waits, revoke and restore (SEMANTICS B13, B14, C4; P4, P6, P7).

import type { Moment } from '../results/trace.ts';
import { openWith, top, type Frame, type TaskCalls } from './calls.ts';
import type { TraceEvent } from './event.ts';
import { field, hex, pointer, type Pointer } from './fields.ts';
import { MappingRules } from './mappings.ts';
import type { AttachmentObject, BufferObject } from './objects.ts';
import { alive, newRevoke, type RevokeRecord } from './revokes.ts';
import { statesWhere } from './tracked.ts';

const STALE = statesWhere('mapping', 'P6', 'stale');
const OPEN = statesWhere('buffer', 'P7', 'open');

export class RevokeRules extends MappingRules {
  protected invalidating(frame: Frame, moment: Moment, task: TaskCalls): void {
    this.count('invalidate');
    const { buffer } = frame;
    if (buffer !== null) buffer.invalidates++;
    const outer = openWith(task, 'revoke');
    const record = outer?.revoke ?? newRevoke(frame.call.function, 'invalidate', moment, null);
    if (outer === null) this.revokes.begin(record);
    else if (buffer !== null && outer.owner !== null) buffer.owner = outer.owner;
    frame.revoke = record;
    record.invalidates.push({ buffer, start: moment, end: null, callbacks: [] });
  }

  protected calleeEntered(event: TraceEvent, frame: Frame, moment: Moment, task: TaskCalls): void {
    const parent = top(task);
    if (task.release && frame.buffer !== null && event.call.function.endsWith('_release')) {
      task.release = false;
      this.released(frame.buffer, moment);
      return;
    }
    if (parent?.call.role !== 'invalidate') return;
    const name = pointer(field(event.payload, event.call, 'attachment'));
    if (frame.attachment !== null && parent.buffer !== null && frame.attachment.buffer !== parent.buffer) return;
    frame.callback = true;
    this.count('callback');
    const open = parent.revoke?.invalidates.find(({ start }) => start === parent.start);
    const record = { start: moment, attachment: frame.attachment, function: event.call.function, inferred: false, end: null as Moment | null };
    open?.callbacks.push(record);
    const { attachment } = frame;
    frame.finish = (end) => {
      record.end = end;
      this.latencies.add('callback', attachment?.buffer.exporter ?? parent.buffer?.exporter ?? null, attachment?.device ?? null, end.time - moment.time);
      if (attachment !== null) this.stale(attachment, open?.start ?? moment, parent.revoke);
      this.listener.span?.({ what: event.call.function, kind: 'callback', start: moment, end, buffer: attachment?.buffer ?? null, attachment });
    };
    if (attachment !== null) {
      attachment.callbacks++;
      attachment.callback ??= event.call.function;
      attachment.dynamic ??= true;
      this.blame(attachment.tracked.take('callback').broken, () => ({
        at: moment, seen: event.call.function, text: 'the callback runs for an attachment that is not attached', nearMisses: [], evidence: [], buffer: attachment.buffer, attachment, needs: ['attach'],
        otherwise: 'callback on unknown attachment', positive: false,
      }));
      return;
    }
    const ended = this.objects.ended(name);
    // Between joining the list and the tracepoint of the attach a callback may come.
    const isBorn = [...this.calls.tasks.values()].some(({ open: frames }) => frames.some((one) => one.call.role === 'attach' && (one.buffer === null || one.buffer === parent.buffer)));
    if (ended !== null && ended.epoch === this.epoch && !isBorn) this.useAfterDetach(event, moment, ended, 'callback');
  }

  /** The callback has returned: what is still mapped is older than it. */
  protected stale(attachment: AttachmentObject, since: Moment, record: RevokeRecord | null): void {
    if (this.marked) return;
    for (const mapping of attachment.mappings) {
      if (mapping.since !== null && mapping.since.time > since.time) continue;
      mapping.tracked.take('invalidate');
      mapping.stale ??= {
        start: since,
        told: (by, at) => {
          const after = at.time - since.time;
          record?.accessEnds.push({ attachment: hex(attachment.pointer ?? attachment.hashed), device: attachment.device, ino: attachment.buffer.ino, by, at, after });
          this.latencies.add('end of access', attachment.buffer.exporter, attachment.device, after);
          this.ask('P6', false);
        },
      };
    }
  }

  /** The invalidate has returned: attachments whose callback is not probed were called all the same, if they are dynamic. */
  protected outlived(buffer: BufferObject, since: Moment | null, record: RevokeRecord | null, told: ReadonlySet<AttachmentObject | null>): void {
    if (since === null || this.marked) return;
    const open = record?.invalidates.find(({ start }) => start === since);
    for (const attachment of alive(buffer)) {
      if (told.has(attachment) || attachment.dynamic === false) continue;
      if (attachment.attached !== null && attachment.attached.time > since.time) continue;
      if (attachment.dynamic === true) {
        this.stale(attachment, since, record);
        open?.callbacks.push({ start: since, attachment, function: null, inferred: true, end: null });
      } else for (const mapping of attachment.mappings) mapping.tracked.perhaps('invalidate');
    }
  }

  protected waitingForFences(frame: Frame, moment: Moment, task: TaskCalls, bare: RevokeRecord | null): void {
    const outer = openWith(task, 'revoke');
    let record = outer?.revoke ?? null;
    const inside = task.open.some((one) => one.callback);
    if (record === null && bare !== null && bare.invalidates.some(({ buffer }) => buffer !== null && buffer === frame.buffer)) record = bare;
    const wait = { buffer: frame.buffer, usage: frame.usage, start: moment, end: null as Moment | null, fences: [] as { driver: string | null; timeline: string | null; context: number; seqno: number }[] };
    if (bare !== null && record !== bare) this.revokeDone(bare, false);
    if (record !== null && !inside) {
      record.waits.push(wait);
      if (record === bare) {
        record.end = null;
        record.state = 'pending';
        frame.revoke = record;
      }
    }
    frame.finish = (end) => {
      wait.end = end;
      if (record !== null && !inside) {
        this.latencies.add('fence wait', frame.buffer?.exporter ?? null, null, end.time - moment.time);
        if (record === bare) {
          record.end = end;
          record.state = 'done';
          this.revokeDone(record, false);
        }
      }
      this.listener.span?.({ what: `dma_resv_wait_timeout(${frame.usage ?? ''})`, kind: 'fence wait', start: moment, end, buffer: frame.buffer, attachment: null });
    };
    this.fences.waitBegins(task, frame, wait);
  }

  /** No fence wait follows the invalidate. */
  settleBare(task: TaskCalls): void {
    if (task.bare !== null) this.revokeDone(task.bare, false);
    task.bare = null;
  }

  protected revokeReturned(frame: Frame, record: RevokeRecord, moment: Moment): void {
    record.end = moment;
    record.state = 'done';
    const isSure = frame.epoch === this.epoch;
    if (!isSure) record.doubt = 'events were lost while it was open: this may be the end of another call';
    for (const { buffer } of record.invalidates) {
      if (buffer === null) continue;
      buffer.owner ??= frame.owner;
      if (frame.revoked === true && isSure) {
        buffer.revoked.narrow(OPEN);
        buffer.revoked.take('revoke');
        buffer.revokedSince = moment;
        buffer.revokedEpoch = this.epoch;
      }
    }
    this.revokeDone(record, frame.revoked === true && isSure);
  }

  protected revokeDone(record: RevokeRecord, isRevoke: boolean): void {
    const { start, end } = record;
    for (const { buffer } of record.invalidates) {
      if (buffer === null) continue;
      for (const attachment of alive(buffer)) for (const mapping of attachment.mappings) {
        if (mapping.stale === null || !mapping.tracked.surely(STALE)) continue;
        record.stillMapped.push(`${attachment.device ?? 'importer'} ${hex(mapping.table ?? attachment.pointer) ?? ''}`.trim());
        this.ask('P6', true);
        if (isRevoke && end !== null && mapping.kind === 'map') this.anomaly('mapping alive after revoke', `${record.call} returned while ${attachment.device ?? 'an importer'} still had a mapping`, end, buffer, attachment, null);
      }
    }
    const exporter = record.invalidates.find(({ buffer }) => buffer?.exporter != null)?.buffer?.exporter ?? null;
    if (end !== null && record.invalidates.length > 0 && record.kind !== 'restore') this.latencies.add('revoke', exporter, null, end.time - start.time);
    this.revokes.done(record);
    this.listener.revoke?.(record);
    this.listener.span?.({ what: record.call, kind: 'revoke', start, end, buffer: record.invalidates[0]?.buffer ?? null, attachment: null });
  }

  protected restoring(owner: Pointer | null): void {
    for (const buffer of this.objects.alive) {
      if (buffer.owner !== owner && owner !== null && buffer.owner !== null) continue;
      if (buffer.revokedSince === null) continue;
      buffer.revoked.take('restore');
      buffer.revokedSince = null;
    }
  }
}
