// The checker: takes events in the order of time and hands each to the rule that it concerns (SEMANTICS C10). Holds nothing against
// anybody that lost lines, a late start or a missing probe could explain.

import type { Moment } from '../results/trace.ts';
import { newFrame, openWith, type TaskCalls } from './calls.ts';
import type { LogNote, TraceEvent } from './event.ts';
import { field, hex, pointer, returned, usageName, valueOf } from './fields.ts';
import { takeMark } from './marks.ts';
import { RevokeRules } from './revocation.ts';
import { newRevoke } from './revokes.ts';

const MOST_LOST_PARTS = 200;

export class Checker extends RevokeRules {
  note(note: LogNote): void {
    if (note.note === 'header') {
      this.held = note.held;
      if (note.written > note.held) this.lose(note.line, note.written - note.held, `the ring buffer was overrun: ${note.held} of ${note.written} events are left`);
      return;
    }
    const cpu = /CPU:? ?(\d+)/.exec(note.text)?.[1];
    this.lose(note.line, note.events, note.text, cpu === undefined ? -Infinity : (this.lastOnCpu.get(Number(cpu)) ?? -Infinity));
  }

  /** Events are missing since `time`. */
  protected lose(line: number, events: number | null, text: string, time = -Infinity): void {
    for (const task of this.calls.tasks.values()) this.settleDetach(task, null);
    this.epoch++;
    this.lost += events ?? 0;
    if (this.lostParts.length < MOST_LOST_PARTS) this.lostParts.push({ line, events, text });
    this.accusations.lostSince(time);
    for (const task of this.calls.tasks.values()) this.settleBare(task);
  }

  event(event: TraceEvent): void {
    const { call, payload } = event;
    const moment: Moment = { line: event.line, time: event.time, task: event.task, pid: event.pid };
    this.last = moment;
    this.lastOnCpu.set(event.cpu, event.time);
    if (!this.firstSeen.has(call.seen)) this.firstSeen.set(call.seen, event.line);
    if (call.phase === 'point') {
      this.pointSeen.add(call.name);
      return this.point(event, moment, payload);
    }
    const task = this.calls.of(moment);
    if (!event.inTask) return;
    task.last = moment;
    this.settleDetach(task, call.role);
    if (call.phase === 'enter') this.enter(event, moment, task);
    else this.leave(event, moment, task);
  }

  protected point(event: TraceEvent, moment: Moment, payload: string): void {
    const { call } = event;
    const task = event.inTask ? this.calls.of(moment) : null;
    if (task !== null && call.role !== 'mark') task.last = moment;
    if (task !== null) this.settleDetach(task, call.role);
    switch (call.role) {
      case 'mark':
        return takeMark(this, event, moment);
      case 'process-exit':
        if (this.exited.size > 100_000) this.exited.clear();
        this.exited.set(Number(valueOf(payload, 'pid') ?? event.pid), moment);
        return;
      case 'fence-init': case 'fence-emit': case 'fence-enable': case 'fence-signal': case 'fence-free': case 'fence-wait-start': case 'fence-wait-end':
        return this.fences.point(call.role, payload, moment, task);
      case 'iommu-map': case 'iommu-unmap': case 'iommu-fault':
        return this.iommu(call.role, payload, moment, task);
      case 'export': case 'fd': case 'get': case 'put': case 'mmap': case 'attach': case 'detach':
        return this.bufferPoint(event, moment, task);
      default:
        return;
    }
  }

  protected enter(event: TraceEvent, moment: Moment, task: TaskCalls): void {
    const { call, payload } = event;
    const { role } = call;
    if (this.calls.settle(task, role)) this.gap(event, `${call.function} begins inside a call that cannot contain it`);
    const frame = newFrame(call, moment, this.epoch);
    const { bare } = task;
    if (role !== 'fence-wait') this.settleBare(task);
    task.bare = null;
    if (role !== 'export' && role !== 'attach' && role !== 'invalidate' && role !== 'fence-wait' && role !== 'fence-add' && role !== 'revoke') {
      frame.attachment = this.attachmentOf(event, moment, task);
      frame.buffer = frame.attachment?.buffer ?? this.bufferNamed(event);
    } else frame.buffer = this.bufferNamed(event);
    if (frame.buffer !== null) frame.buffer.events++;
    frame.table = role === 'unmap' ? pointer(field(payload, call, 'table')) : null;
    switch (role) {
      case 'resv-lock': case 'resv-unlock': case 'fence-signal': case 'put': case 'get': case 'fd':
        return;
      case 'release':
        return this.release(moment, task, frame);
      case 'fence-add':
        return this.fences.added(event, frame.buffer);
      case 'vunmap':
        return;
      case 'attach': {
        frame.device = hex(pointer(field(payload, call, 'device')));
        const ops = field(payload, call, 'ops');
        if (ops !== null) frame.dynamic = pointer(ops) !== null;
        else if (call.function === 'dma_buf_attach') frame.dynamic = false;
        break;
      }
      case 'unmap':
        if (openWith(task, 'unmap') === null) this.unmapped(frame, moment, task);
        break;
      case 'unpin':
        this.unpinned(frame, moment, task);
        break;
      case 'detach':
        // Where neither the tracepoint nor the return shows, this is all there is.
        if (frame.attachment !== null && !this.pointSeen.has('dma_buf_detach') && !this.firstSeen.has('dma_buf_detach:leave')) task.detaching = frame;
        break;
      case 'revoke': {
        const revoked = field(payload, call, 'revoked');
        frame.revoked = revoked === null ? call.function === 'vfio_pci_dma_buf_move' ? null : true : Number(revoked) !== 0;
        frame.owner = pointer(field(payload, call, 'owner'));
        frame.revoke = newRevoke(call.function, frame.revoked === false ? 'restore' : 'revoke', moment, frame.owner);
        this.revokes.begin(frame.revoke);
        if (frame.revoked === false) this.restoring(frame.owner);
        break;
      }
      case 'invalidate':
        this.invalidating(frame, moment, task);
        break;
      case 'fence-wait':
        frame.resv = pointer(field(payload, call, 'resv'));
        frame.usage = usageName(field(payload, call, 'usage'));
        frame.canTimeOut = call.function.endsWith('_timeout') && Number(field(payload, call, 'timeout') ?? 0) > 0;
        frame.buffer ??= this.objects.bufferOfResv(frame.resv);
        this.waitingForFences(frame, moment, task, bare);
        break;
      case 'callee':
        this.calleeEntered(event, frame, moment, task);
        break;
      default:
        break;
    }
    if (this.calls.enter(task, frame)) this.gap(event, `${call.function} is entered again before it has returned`);
  }

  protected leave(event: TraceEvent, moment: Moment, task: TaskCalls): void {
    const { call, payload } = event;
    this.settleBare(task);
    const { frame, missing } = this.calls.leave(task, call);
    if (missing) this.gap(event, `${call.function} returns, but not all calls inside it or its own start show`);
    if (call.phase === 'leave') this.ask('P10', false);
    const result = returned(field(payload, call, 'result'));
    const started = frame?.start ?? null;
    const attachment = frame?.attachment ?? (call.role === 'attach' || call.role === 'export' || call.role === 'fence-wait' ? null : this.attachmentOf(event, moment, task));
    const buffer = attachment?.buffer ?? frame?.buffer ?? this.bufferNamed(event);
    frame?.finish?.(moment);
    switch (call.role) {
      case 'export':
        if (result?.ok === true && result.value !== null) {
          this.objects.reborn(result.value);
          if (frame?.buffer != null) this.objects.buffer({ ino: frame.buffer.ino, pointer: result.value });
        }
        return;
      case 'attach':
        return this.attachReturned(event, moment, task, frame, buffer, result);
      case 'detach':
        if (attachment !== null && attachment.detached === null && frame?.inner !== true) {
          this.detached(attachment, moment);
        }
        return;
      case 'map':
        return this.mapReturned(event, moment, task, frame, attachment, result);
      case 'range':
        return this.rangeReturned(moment, task, attachment, result, started);
      case 'pin':
        return this.pinReturned(moment, attachment, result);
      case 'unpin':
        // Only its return shows.
        if (frame === null) this.unpinned({ ...newFrame(call, moment, this.epoch), attachment }, moment, task);
        return;
      case 'unmap':
        if (frame === null && attachment !== null && openWith(task, 'unmap') === null) this.unmappedSomething(attachment);
        return;
      case 'ask-revocable': {
        const answer = result?.ok === true ? result.value !== null : null;
        if (attachment !== null) attachment.revocable = answer;
        const birth = openWith(task, 'attach');
        if (attachment === null && birth !== null) birth.revocable = answer;
        return;
      }
      case 'invalidate': {
        const record = frame?.revoke ?? null;
        const open = record?.invalidates.find((one) => one.start === started);
        if (open !== undefined) open.end = moment;
        if (buffer !== null) this.outlived(buffer, started, record, new Set(open?.callbacks.filter(({ end }) => end !== null).map(({ attachment: one }) => one)));
        if (record !== null && openWith(task, 'revoke') === null) {
          record.end = moment;
          record.state = 'done';
          task.bare = record;
        }
        this.listener.span?.({ what: call.function, kind: 'invalidate', start: started, end: moment, buffer, attachment: null });
        return;
      }
      case 'revoke':
        if (frame?.revoke != null) this.revokeReturned(frame, frame.revoke, moment);
        return;
      case 'fence-wait':
        // dma_fence_wait gives 0 for success; a poll gives 0 for "not yet".
        if (result?.ok === true && result.value === null && frame?.canTimeOut === true) this.anomaly('wait timed out', `${call.function} gave up after ${((moment.time - frame.start.time) / 1e9).toFixed(6)} s`, moment, buffer, null);
        return;
      default:
        return;
    }
  }
}
