// Buffers and attachments: born, named by hashed and raw pointers, lost sight of, ended (SEMANTICS B1 to B7; obligations P4 and P5).

import type { Moment } from '../results/trace.ts';
import { openWith, top, type Frame, type TaskCalls } from './calls.ts';
import type { Role, TraceEvent } from './event.ts';
import { errnoText, field, hex, numberOf, pointer, restBehind, type Pointer, type Returned } from './fields.ts';
import { keptOrNull } from './kept.ts';
import { callerIn } from './names.ts';
import { doubt, emptyBuffer, newAttachment, type AttachmentObject, type BufferObject, type EndedAttachment } from './objects.ts';
import { alive } from './revokes.ts';
import { CheckerState } from './state.ts';
import { statesWhere, Tracked } from './tracked.ts';

const LISTED = statesWhere('attachment', 'P5', 'listed');

export class AttachmentRules extends CheckerState {
  protected bufferNamed({ call, payload }: TraceEvent): BufferObject | null {
    const known = this.objects.buffer({ ino: numberOf(field(payload, call, 'ino')), pointer: pointer(field(payload, call, 'buffer')), resv: pointer(field(payload, call, 'resv')) });
    return known;
  }

  protected bufferPoint({ call, payload }: TraceEvent, moment: Moment, task: TaskCalls | null): void {
    const ino = numberOf(field(payload, call, 'ino'));
    if (call.role === 'put' && task !== null) task.release = false;
    const known = ino === null ? null : this.objects.buffer({ ino, pointer: null });
    if (known === null) return;
    known.events++;
    known.exporter ??= keptOrNull(field(payload, call, 'exporter'));
    known.size ??= numberOf(field(payload, call, 'size'));
    if (call.role !== 'detach') this.count(call.role);
    if (call.role === 'export') {
      known.exported = moment;
      const frame = top(task);
      if (frame?.call.role === 'export') frame.buffer = known;
      return;
    }
    if (call.role !== 'attach' && call.role !== 'detach') return;
    const name = pointer(field(payload, call, 'named'));
    const frame = openWith(task, call.role);
    if (call.role === 'attach') {
      const made = this.attached(known, { pointer: null, hashed: name }, moment, task);
      made.device = keptOrNull(restBehind(payload, 'dev_name')) ?? made.device;
      const dynamic = field(payload, call, 'dynamic');
      if (dynamic !== null) made.dynamic = Number(dynamic) !== 0;
      if (frame !== null) {
        frame.attachment = made;
        frame.inner = true;
      }
      return;
    }
    const found = frame?.attachment ?? this.objects.attachment(name) ?? null;
    if (frame !== null) frame.inner = true;
    if (found?.detached != null) {
      if (name !== null && found.pointer !== null) this.hashedPointers ??= found.pointer !== name;
      found.device ??= keptOrNull(restBehind(payload, 'dev_name'));
      return;
    }
    if (found !== null && name !== null && found.pointer !== null) this.hashedPointers ??= found.pointer !== name;
    const attachment = found ?? this.lateAttachment(known, { pointer: null, hashed: name });
    attachment.device ??= keptOrNull(restBehind(payload, 'dev_name'));
    const dynamic = field(payload, call, 'dynamic');
    if (dynamic !== null) attachment.dynamic = Number(dynamic) !== 0;
    this.detached(attachment, moment);
  }

  protected attached(buffer: BufferObject, names: { readonly pointer: Pointer | null; readonly hashed: Pointer | null }, moment: Moment, task: TaskCalls | null): AttachmentObject {
    const before = this.objects.attachment(names.pointer ?? names.hashed);
    if (before !== null && this.simulated) {
      this.blame(before.tracked.take('list').broken, () => ({
        at: moment, seen: 'dma_buf_dynamic_attach', text: 'attached twice', nearMisses: [], evidence: [], buffer, attachment: before, needs: [], otherwise: 'callback on unknown attachment', positive: false,
      }));
      if (before.tracked.surely(LISTED) && before.attached !== null) return before;
    }
    if (before !== null) {
      // Its memory was given out again, so it has ended unseen.
      this.ledger.set('attachments whose detach does not show', (this.ledger.get('attachments whose detach does not show') ?? 0) + 1);
      this.end(before, moment);
    }
    const made = newAttachment(buffer, names, moment, this.epoch, this);
    const frame = openWith(task, 'attach');
    if (names.pointer !== null) this.accusations.bornAs(names.pointer, frame === null ? moment.time - 1e6 : frame.start.time);
    if (frame !== null) {
      made.dynamic = frame.dynamic;
      made.device ??= frame.device;
      made.revocable = frame.revocable;
    }
    const embryo = frame?.embryo ?? task?.open.find(({ embryo: one }) => one !== null)?.embryo ?? task?.embryo ?? null;
    if (made.pointer === null && embryo !== null && names.hashed !== null) {
      made.pointer = embryo;
      this.hashedPointers ??= embryo !== names.hashed;
    }
    if (task !== null) task.embryo = null;
    this.objects.attach(made);
    if (made.hashed !== null && made.pointer !== null) this.objects.alias(made.hashed, made);
    this.ask('P5', false);
    this.ask('P4', false);
    return made;
  }

  /** Seen for the first time long after its beginning. */
  protected lateAttachment(buffer: BufferObject, names: { readonly pointer: Pointer | null; readonly hashed: Pointer | null }): AttachmentObject {
    const made = newAttachment(buffer, names, null, this.epoch, this);
    if (this.simulated) {
      // Nothing came before: it was never attached.
      const ghost: AttachmentObject = { ...made, complete: true, tracked: new Tracked('attachment', this), pin: new Tracked('pin', this), pinCount: { least: 0, most: 0 } };
      this.objects.attach(ghost);
      return ghost;
    }
    doubt(buffer, 'an attachment is older than the log');
    this.objects.attach(made);
    return made;
  }

  /** The live attachment that an event names; one that was seen to end is held against the caller (P4). */
  protected attachmentOf(event: TraceEvent, moment: Moment, task: TaskCalls): AttachmentObject | null {
    const { call, payload } = event;
    const name = pointer(field(payload, call, 'attachment'));
    const found = this.objects.attachment(name);
    const dmabuf = pointer(field(payload, call, 'buffer'));
    const ino = numberOf(field(payload, call, 'ino'));
    if (found !== null) {
      this.fresh(found);
      if (dmabuf !== null || ino !== null) this.objects.buffer({ pointer: dmabuf, ino });
      return found;
    }
    if (name === null) return null;
    const birth = openWith(task, 'attach');
    if (birth !== null) {
      birth.embryo = name;
      return null;
    }
    // The exporter is asked before the attach shows: not yet an attachment.
    if (call.role === 'ask-revocable' || (call.role === 'callee' && top(task)?.call.role !== 'invalidate')) {
      if (call.phase === 'enter') task.embryo = name;
      return null;
    }
    // The tracepoint of an attach gave a hashed pointer, and nothing joined the two: one that is alone must be it.
    const buffer = this.objects.buffer({ pointer: dmabuf, ino });
    const nameless = buffer === null ? [] : alive(buffer).filter(({ pointer: raw }) => raw === null);
    const [only, ...others] = nameless;
    if (only !== undefined && others.length === 0) {
      this.objects.nameRaw(name, only);
      this.hashedPointers ??= only.hashed !== name;
      this.fresh(only);
      return only;
    }
    const ended = this.objects.ended(name);
    if (ended !== null && ended.epoch === this.epoch && call.phase === 'enter' && call.role !== 'callee') {
      this.useAfterDetach(event, moment, ended, call.role === 'detach' ? 'detach' : 'use');
      return null;
    }
    if (ended !== null && ended.epoch === this.epoch) return null;
    this.objects.forgetEnded(name);
    return buffer === null ? null : this.lateAttachment(buffer, { pointer: name, hashed: null });
  }

  protected useAfterDetach({ call }: TraceEvent, moment: Moment, { pointer: name, device, ino, attached, at: detached }: EndedAttachment, what: 'use' | 'callback' | 'detach'): void {
    const buffer = ino === null ? null : this.objects.buffer({ ino, pointer: null });
    const attachment: AttachmentObject = { ...newAttachment(buffer ?? emptyBuffer(this), { pointer: name, hashed: null }, attached, this.epoch, this), device };
    attachment.tracked.take('unlist');
    const { broken } = attachment.tracked.take(what);
    if (!this.attachSeen()) return;
    const text = what === 'callback' ? `the callback ${call.function} runs for an attachment that is detached` : `${call.function} on an attachment that is detached`;
    this.blame(broken, () => ({
      at: moment, seen: call.function, text, nearMisses: [{ state: 'listed', guard: `the attachment was detached in line ${detached.line}` }],
      evidence: [...(attachment.attached === null ? [] : [{ moment: attachment.attached, text: 'attached' }]), { moment: detached, text: 'detached' }],
      buffer: attachment.buffer, attachment, needs: ['attach'], otherwise: 'callback on unknown attachment', positive: false,
    }));
  }

  protected attachSeen(): boolean {
    return ['dma_buf_dynamic_attach', 'dma_buf_dynamic_attach:leave', 'dma_buf_attach:leave'].some((name) => this.firstSeen.has(name)) || this.declared.has('dma_buf_dynamic_attach') || this.simulated;
  }

  /** Where events were lost since, what is known of an attachment is void. */
  protected fresh(attachment: AttachmentObject): void {
    if (attachment.epoch === this.epoch) return;
    attachment.epoch = this.epoch;
    attachment.complete = false;
    attachment.tracked.forget();
    attachment.tracked.narrow(LISTED);
    attachment.pin.forget();
    attachment.pinCount = { least: 0, most: null };
    for (const mapping of attachment.mappings) mapping.tracked.forget();
    doubt(attachment.buffer, 'events were lost while it was attached');
  }

  protected detached(attachment: AttachmentObject, moment: Moment): void {
    this.count('detach');
    this.fresh(attachment);
    const { buffer, device } = attachment;
    const who = device ?? hex(attachment.pointer) ?? 'the importer';
    const began = attachment.attached === null ? [] : [{ moment: attachment.attached, text: 'attached' }];
    for (const mapping of attachment.mappings) {
      if (mapping.kind !== 'map') continue;
      const { broken } = mapping.tracked.take('detach');
      this.blame(broken, () => ({
        at: moment, seen: 'dma_buf_detach', text: `${who} detaches while a mapping${mapping.table === null ? '' : ` (sg_table ${hex(mapping.table) ?? ''})`} is alive`,
        nearMisses: [{ state: 'none', guard: `no unmap of it since line ${mapping.since?.line ?? 0}` }], evidence: [...began, ...(mapping.since === null ? [] : [{ moment: mapping.since, text: 'mapped' }])],
        buffer, attachment, needs: ['dma_buf_unmap_attachment'], otherwise: 'detach while mapped', positive: false,
      }));
      this.listener.span?.({ what: 'mapped', kind: 'mapping', start: mapping.since, end: moment, buffer, attachment });
    }
    // An exporter without pin holds nothing (SEMANTICS A7.5); a simulated run says where it does.
    if (attachment.pinCount.least > 0 && !this.simulated) {
      const { broken } = attachment.pin.take('detach');
      this.blame(broken, () => ({
        at: moment, seen: 'dma_buf_detach', text: `${who} detaches while it holds a pin`, nearMisses: [{ state: 'none', guard: `${attachment.pins} pins and ${attachment.unpins} unpins were seen` }],
        evidence: began, buffer, attachment, needs: ['dma_buf_unpin'], otherwise: 'detach while pinned', positive: false,
      }));
    } else if (attachment.pins > 0 && !this.simulated) attachment.pin.take('detach');
    const { broken } = attachment.tracked.take('detach');
    this.blame(broken, () => ({
      at: moment, seen: 'dma_buf_detach', text: `${who} detaches an attachment that is not attached`, nearMisses: [], evidence: began, buffer, attachment, needs: ['attach'], otherwise: 'callback on unknown attachment', positive: false,
    }));
    this.end(attachment, moment);
  }

  /** The task goes on behind a detach of which only the start shows. */
  settleDetach(task: TaskCalls, role: Role | null): void {
    const { detaching } = task;
    if (detaching === null || role === 'callee' || role === 'unmap' || role === 'unpin' || role === 'fence-wait') return;
    task.detaching = null;
    if (role !== 'detach' && detaching.attachment !== null && detaching.attachment.detached === null) this.detached(detaching.attachment, detaching.start);
  }

  protected end(attachment: AttachmentObject, moment: Moment): void {
    attachment.tracked.take('unlist');
    attachment.mappings.length = 0;
    this.objects.detach(attachment, moment, this.epoch);
    this.listener.span?.({ what: 'attached', kind: 'attachment', start: attachment.attached, end: moment, buffer: attachment.buffer, attachment });
  }

  protected attachReturned(event: TraceEvent, moment: Moment, task: TaskCalls, frame: Frame | null, buffer: BufferObject | null, result: Returned | null): void {
    const outer = openWith(task, 'attach');
    if (result === null) return;
    if (!result.ok) {
      if (frame?.inner === true) return;
      if (outer !== null) outer.inner = true;
      this.count('attach refused');
      if (buffer !== null) buffer.refused++;
      const by = callerIn(event.payload);
      const caller = by === null || by === 'return_to_handler' ? '' : ` in ${by}`;
      const device = frame?.device ?? null;
      this.anomaly('refused attach', `${buffer?.exporter ?? 'the exporter'} refuses to attach${device === null ? '' : ` ${device}`}: ${errnoText(result.error)}${caller}`, moment, buffer, null);
      return;
    }
    const { value } = result;
    if (value === null) return;
    this.objects.forgetEnded(value);
    const made = frame?.attachment ?? null;
    if (made !== null && made.detached === null) {
      if (made.pointer === null) {
        this.objects.nameRaw(value, made);
        this.hashedPointers ??= made.hashed !== value;
      }
    } else if (!(frame?.inner === true)) {
      const known = this.objects.attachment(value);
      // The outer of two calls, whose start is not shown.
      if (known !== null && known.attached?.pid === moment.pid && task.last === moment && frame === null) return;
      // The tracepoint made it, under a hashed name.
      const nameless = buffer === null ? undefined : alive(buffer).findLast(({ pointer: raw, attached }) => raw === null && attached?.pid === moment.pid);
      if (nameless !== undefined) {
        this.objects.nameRaw(value, nameless);
        this.hashedPointers ??= nameless.hashed !== value;
        if (frame !== null) frame.attachment = nameless;
      } else if (buffer !== null) {
        this.count('attach');
        const born = this.attached(buffer, { pointer: value, hashed: null }, moment, task);
        if (frame !== null) {
          born.dynamic ??= frame.dynamic;
          frame.attachment = born;
        }
        if (outer !== null) outer.attachment = born;
      }
    }
    if (outer !== null) {
      outer.inner = true;
      outer.attachment ??= frame?.attachment ?? null;
    }
  }

  protected release(moment: Moment, task: TaskCalls, frame: Frame): void {
    this.count('release');
    task.release = frame.buffer === null;
    if (frame.buffer !== null) this.released(frame.buffer, moment);
  }

  protected released(buffer: BufferObject, moment: Moment): void {
    buffer.released = moment;
    const left = alive(buffer).filter(({ epoch, complete }) => complete && epoch === this.epoch);
    for (const attachment of left) this.anomaly('released while attached', `the buffer is released while ${attachment.device ?? 'an importer'} is attached`, moment, buffer, attachment, this.attachSeen() ? null : 'the detach may not be probed');
    this.listener.span?.({ what: buffer.exporter ?? 'buffer', kind: 'buffer', start: buffer.exported, end: moment, buffer, attachment: null });
    this.objects.release(buffer);
    this.finish(buffer);
  }
}
