// The checker: rebuilds buffers, attachments, mappings, pins, fences and callbacks from the events and runs the obligations' automata on
// them (SEMANTICS C10). Holds nothing against anybody that lost lines, a late start or a missing probe could explain.

import { callerIn } from './names.ts';
import { Accusations, type Accusation } from './accuse.ts';
import { OpenCalls, newFrame, type Frame, type TaskCalls } from './calls.ts';
import type { LogNote, Role, TraceEvent } from './event.ts';
import { bufferFacts } from './facts.ts';
import { Fences } from './fences.ts';
import { errnoText, field, hex, pointer, type Pointer, restBehind, returned, usageName, valueOf } from './fields.ts';
import { kept } from './kept.ts';
import { KeptRevokes } from './kept-revokes.ts';
import { Latencies } from './latency.ts';
import { Marked, takeMark } from './marks.ts';
import { doubt, emptyBuffer, newAttachment, Objects, type AttachmentObject, type BufferObject, type EndedAttachment, type MappingObject } from './objects.ts';
import { alive, newRevoke, type RevokeRecord } from './revokes.ts';
import { statesWhere, Tracked, type Tally, type Taken } from './tracked.ts';
import type { ObligationId } from '../protocol/obligations.ts';
import type { Anomaly, BufferFacts, LostPart, Moment, TimelineFact } from '../results/trace.ts';

const LISTED = statesWhere('attachment', 'P5', 'listed');
const STALE = statesWhere('mapping', 'P6', 'stale');
const OPEN = statesWhere('buffer', 'P7', 'open');

/** Told as it happens, for a live reader and a timeline. */
export interface Listener {
  readonly revoke?: (record: RevokeRecord) => void;
  readonly anomaly?: (anomaly: Anomaly) => void;
  readonly accused?: (accusation: Accusation) => void;
  /** A span on the track of a buffer (null: of a task) and an importer. */
  readonly span?: (span: TimelineSpan) => void;
}

export interface TimelineSpan {
  readonly what: string;
  readonly kind: TimelineFact['kind'];
  readonly start: Moment | null;
  readonly end: Moment | null;
  readonly buffer: BufferObject | null;
  readonly attachment: AttachmentObject | null;
}

const MOST_LOST_PARTS = 200;
const MOST_FINISHED = 400;
const MOST_MAPPINGS = 4096;
const KEPT_ENDED = 16;

export class Checker implements Tally {
  readonly objects = new Objects(this);
  readonly calls = new OpenCalls();
  readonly fences = new Fences(this);
  readonly marks = new Marked();
  readonly accusations = new Accusations();
  readonly latencies = new Latencies();
  readonly revokes = new KeptRevokes();
  readonly finished: BufferFacts[] = [];
  /** Ended, and something is held against somebody: the verdict comes at the end of the log. */
  readonly accusedBuffers: BufferObject[] = [];
  readonly counts = new Map<string, number>();
  readonly asked = new Map<ObligationId, { events: number; open: number }>();
  readonly lostParts: LostPart[] = [];
  readonly ledger = new Map<string, number>();
  /** Tasks that ended. */
  readonly exited = new Map<number, Moment>();
  /** First line in which a call (by function and phase) or a mark (by event) shows. */
  readonly firstSeen = new Map<string, number>();
  /** Tracepoints; probes may have the same names. */
  private readonly pointSeen = new Set<string>();
  readonly listener: Listener;
  /** Functions that were probed, where somebody said so. */
  readonly declared = new Set<string>();
  lost = 0;
  finishedLeftOut = 0;
  hashedPointers: boolean | null = null;
  held: number | null = null;
  /** Grows with each loss. */
  epoch = 0;
  /** Lines are missing that the log does not mark. */
  missing: string | null = null;
  last: Moment | null = null;
  /** Marks tell which fence covers which mapping. */
  marked = false;
  /** The log was printed by the model: nothing in it can be unprobed. */
  simulated = false;
  private readonly lastOnCpu = new Map<number, number>();

  constructor(listener: Listener = {}) {
    this.listener = listener;
    this.objects.dropped = (buffer) => this.finish(buffer);
  }

  ask(obligation: ObligationId, open: boolean): void {
    const row = this.asked.get(obligation) ?? { events: 0, open: 0 };
    row.events++;
    if (open) row.open++;
    this.asked.set(obligation, row);
  }

  count(what: string): void {
    this.counts.set(what, (this.counts.get(what) ?? 0) + 1);
  }

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
  private lose(line: number, events: number | null, text: string, time = -Infinity): void {
    for (const task of this.calls.tasks.values()) this.settleDetach(task, null);
    this.epoch++;
    this.lost += events ?? 0;
    if (this.lostParts.length < MOST_LOST_PARTS) this.lostParts.push({ line, events, text });
    this.accusations.lostSince(time);
    for (const task of this.calls.tasks.values()) this.settleBare(task);
  }

  /** Lines are missing though the log does not say so. */
  private gap(event: TraceEvent, why: string): void {
    this.missing ??= `line ${event.line}: ${why}, so lines are missing`;
    this.ledger.set('calls whose start or end is missing', (this.ledger.get('calls whose start or end is missing') ?? 0) + 1);
    this.epoch++;
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

  // Tracepoints

  private point(event: TraceEvent, moment: Moment, payload: string): void {
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

  private bufferPoint({ call, payload }: TraceEvent, moment: Moment, task: TaskCalls | null): void {
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

  // Attachments

  private attached(buffer: BufferObject, names: { readonly pointer: Pointer | null; readonly hashed: Pointer | null }, moment: Moment, task: TaskCalls | null): AttachmentObject {
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
  private lateAttachment(buffer: BufferObject, names: { readonly pointer: Pointer | null; readonly hashed: Pointer | null }): AttachmentObject {
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
  private attachmentOf(event: TraceEvent, moment: Moment, task: TaskCalls): AttachmentObject | null {
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

  private useAfterDetach({ call }: TraceEvent, moment: Moment, { pointer: name, device, ino, attached, at: detached }: EndedAttachment, what: 'use' | 'callback' | 'detach'): void {
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

  private attachSeen(): boolean {
    return ['dma_buf_dynamic_attach', 'dma_buf_dynamic_attach:leave', 'dma_buf_attach:leave'].some((name) => this.firstSeen.has(name)) || this.declared.has('dma_buf_dynamic_attach') || this.simulated;
  }

  /** Where events were lost since, what is known of an attachment is void. */
  private fresh(attachment: AttachmentObject): void {
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

  private detached(attachment: AttachmentObject, moment: Moment): void {
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

  private end(attachment: AttachmentObject, moment: Moment): void {
    attachment.tracked.take('unlist');
    attachment.mappings.length = 0;
    this.objects.detach(attachment, moment, this.epoch);
    this.listener.span?.({ what: 'attached', kind: 'attachment', start: attachment.attached, end: moment, buffer: attachment.buffer, attachment });
  }

  blame(broken: Taken['broken'], about: () => Omit<Accusation, 'obligation' | 'possible'>): void {
    for (const { obligation, possible } of broken) {
      const accusation: Accusation = { ...about(), obligation, possible };
      this.accusations.accuse(accusation);
      this.listener.accused?.(accusation);
    }
  }

  anomaly(...about: Parameters<Accusations['anomaly']>): void {
    const made = this.accusations.anomaly(...about);
    this.listener.anomaly?.(made);
  }

  // Calls

  private enter(event: TraceEvent, moment: Moment, task: TaskCalls): void {
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
        return this.release(event, moment, task, frame);
      case 'fence-add':
        return this.fences.added(event, moment, frame.buffer);
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
        if (frame.revoked === false) this.restoring(frame.owner, moment);
        break;
      }
      case 'invalidate':
        this.invalidating(frame, moment, task);
        break;
      case 'fence-wait':
        frame.resv = pointer(field(payload, call, 'resv'));
        frame.usage = usageName(field(payload, call, 'usage'));
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

  private bufferNamed({ call, payload }: TraceEvent): BufferObject | null {
    const known = this.objects.buffer({ ino: numberOf(field(payload, call, 'ino')), pointer: pointer(field(payload, call, 'buffer')), resv: pointer(field(payload, call, 'resv')) });
    return known;
  }

  private leave(event: TraceEvent, moment: Moment, task: TaskCalls): void {
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
        return this.pinReturned(event, moment, attachment, result);
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
      case 'fence-wait': {
        const timeout = frame === null ? null : frame.usage;
        void timeout;
        if (result?.ok === true && result.value === null && frame !== null) this.anomaly('wait timed out', `${call.function} gave up after ${((moment.time - frame.start.time) / 1e9).toFixed(6)} s`, moment, buffer, null);
        return;
      }
      default:
        return;
    }
  }

  // Maps and pins

  private attachReturned(event: TraceEvent, moment: Moment, task: TaskCalls, frame: Frame | null, buffer: BufferObject | null, result: ReturnType<typeof returned>): void {
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

  private mapReturned(event: TraceEvent, moment: Moment, task: TaskCalls, frame: Frame | null, attachment: AttachmentObject | null, result: ReturnType<typeof returned>): void {
    const outer = openWith(task, 'map');
    if (frame?.inner === true || result === null) return;
    if (outer !== null) outer.inner = true;
    if (!result.ok) {
      this.count('map refused');
      this.anomaly('refused map', `${attachment?.buffer.exporter ?? 'the exporter'} refuses to map: ${errnoText(result.error)}`, moment, attachment?.buffer ?? null, attachment);
      return;
    }
    if (attachment === null) return;
    const table = result.value;
    // The outer of two calls, whose start is not shown.
    if (frame === null && task.lastMap?.attachment === attachment && task.lastMap.table === table && event.call.function.endsWith('_unlocked')) return;
    task.lastMap = { attachment, table };
    this.count('map');
    this.granted(attachment, frame?.start ?? null, moment, event.call.function);
    attachment.maps++;
    this.mapped(attachment, 'map', table, moment, frame?.iovas ?? []);
  }

  private mapped(attachment: AttachmentObject, kind: MappingObject['kind'], table: Pointer | null, moment: Moment, iovas: string[]): MappingObject {
    const again = this.marked ? attachment.mappings.find((one) => one.kind === kind && one.table === table) : undefined;
    if (again !== undefined) {
      this.blame(again.tracked.take('map').broken, () => ({
        at: moment, seen: 'dma_buf_map_attachment', text: `${attachment.device ?? 'the importer'} maps what it has mapped already`, nearMisses: [], evidence: [], buffer: attachment.buffer, attachment,
        needs: [], otherwise: 'unmap without map', positive: false,
      }));
      return again;
    }
    const tracked = new Tracked('mapping', this);
    tracked.oneOf('map', 'map-blocked');
    // Whose fence is whose does not show.
    if (!this.marked) tracked.perhaps('fence-busy');
    const mapping: MappingObject = { attachment, kind, table, tracked, since: moment, iovas, stale: null };
    attachment.mappings.push(mapping);
    if (attachment.mappings.length > MOST_MAPPINGS) attachment.mappings.shift();
    this.ask('P5', false);
    return mapping;
  }

  /** P7: the map began behind the end of a revoke, and no restore has begun. */
  private granted(attachment: AttachmentObject, began: Moment | null, moment: Moment, seen: string): void {
    const { buffer } = attachment;
    const since = buffer.revokedSince;
    if (since === null || buffer.revokedEpoch !== this.epoch || began === null || began.time <= since.time) return void (this.firstSeen.has('vfio_pci_dma_buf_move:leave') && this.ask('P7', since !== null && buffer.revokedEpoch !== this.epoch));
    const { broken } = buffer.revoked.take('map-granted');
    this.blame(broken, () => ({
      at: moment, seen, text: `${buffer.exporter ?? 'the exporter'} grants a mapping though the buffer is revoked`, nearMisses: [{ state: 'open', guard: `no restore since the revoke that ended in line ${since.line}` }],
      evidence: [{ moment: since, text: 'revoked' }, { moment: began, text: `${seen} begins` }], buffer, attachment, needs: [], otherwise: 'mapped while revoked', positive: false,
    }));
  }

  private rangeReturned(moment: Moment, task: TaskCalls, attachment: AttachmentObject | null, result: ReturnType<typeof returned>, began: Moment | null): void {
    if (attachment === null || result?.ok !== true) return;
    this.count('range');
    this.granted(attachment, began, moment, 'iommufd_map');
    const mapping = this.mapped(attachment, 'range', null, moment, []);
    task.range = { iovas: mapping.iovas };
  }

  private pinReturned({ call }: TraceEvent, moment: Moment, attachment: AttachmentObject | null, result: ReturnType<typeof returned>): void {
    if (result !== null && !result.ok) {
      this.count('pin refused');
      this.anomaly('refused pin', `${attachment?.buffer.exporter ?? 'the exporter'} refuses to pin: ${errnoText(result.error)}`, moment, attachment?.buffer ?? null, attachment);
      return;
    }
    this.count('pin');
    if (attachment === null) return;
    attachment.pins++;
    const { least, most } = attachment.pinCount;
    attachment.pinCount = { least: least + 1, most: most === null ? null : most + 1 };
    // The automaton knows "twice" and no more.
    if (least < 2) attachment.pin.take('pin');
    this.ask('P5', false);
    void call;
  }

  private unpinned(frame: Frame, moment: Moment, task: TaskCalls): void {
    const { attachment } = frame;
    this.count('unpin');
    if (attachment === null) return;
    attachment.unpins++;
    const { least, most } = attachment.pinCount;
    attachment.pinCount = { least: Math.max(0, least - 1), most: most === null ? null : Math.max(0, most - 1) };
    if (least > 2) return;
    const began = attachment.attached;
    const sure = attachment.complete && began !== null && this.armedBefore('dma_buf_pin:leave', began.line);
    const isNone = most === 0 && (sure || attachment.pins > 0 || this.simulated);
    if (most === 0 && !isNone) {
      this.anomaly('unpin without pin', `dma_buf_unpin without a pin that shows`, moment, attachment.buffer, attachment, 'dma_buf_pin first shows later: perhaps it was not probed yet');
      return;
    }
    const evidence = began === null ? [] : [{ moment: began, text: 'attached' }];
    const about = (): Omit<Accusation, 'obligation' | 'possible'> => ({
      at: moment, seen: 'dma_buf_unpin', text: `${attachment.device ?? 'the importer'} unpins, but holds no pin`, nearMisses: [{ state: 'held', guard: `${attachment.pins} pins and ${attachment.unpins} unpins were seen` }],
      evidence, buffer: attachment.buffer, attachment, needs: ['dma_buf_pin'], otherwise: 'unpin without pin', positive: false,
    });
    this.blameGiveBack(attachment.pin, 'unpin', task, about);
  }

  private unmapped(frame: Frame, moment: Moment, task: TaskCalls): void {
    const { attachment, table } = frame;
    this.count('unmap');
    if (attachment === null) return;
    attachment.unmaps++;
    const candidates = attachment.mappings.filter((one) => one.kind === 'map' && (table === null || one.table === null || one.table === table));
    const mapping = candidates.find(({ stale }) => stale !== null) ?? candidates[0];
    if (mapping === undefined) return this.unmapOfNothing(frame, attachment, table, moment, task);
    const evidence = mapping.since === null ? [] : [{ moment: mapping.since, text: 'mapped' }];
    const about = (): Omit<Accusation, 'obligation' | 'possible'> => ({
      at: moment, seen: 'dma_buf_unmap_attachment', text: `${attachment.device ?? 'the importer'} unmaps a mapping that is not alive`, nearMisses: [], evidence, buffer: attachment.buffer, attachment,
      needs: ['dma_buf_map_attachment'], otherwise: 'unmap without map', positive: false,
    });
    this.blameGiveBack(mapping.tracked, 'unmap', task, about);
    attachment.mappings.splice(attachment.mappings.indexOf(mapping), 1);
    frame.iovas = mapping.iovas;
    if (table !== null) {
      attachment.ended.push({ table, at: moment, epoch: this.epoch });
      if (attachment.ended.length > KEPT_ENDED) attachment.ended.shift();
    }
    mapping.stale?.told('dma_buf_unmap_attachment', moment);
    this.accessEnded(attachment, mapping, 'dma_buf_unmap_attachment', moment, task);
    this.listener.span?.({ what: 'mapped', kind: 'mapping', start: mapping.since, end: moment, buffer: attachment.buffer, attachment });
  }

  /** Only the return shows, without the table. */
  private unmappedSomething(attachment: AttachmentObject): void {
    this.count('unmap');
    attachment.unmaps++;
    for (const mapping of attachment.mappings) mapping.tracked.perhaps('unmap');
  }

  private unmapOfNothing(frame: Frame, attachment: AttachmentObject, table: Pointer | null, moment: Moment, task: TaskCalls): void {
    const before = table === null ? undefined : attachment.ended.findLast((one) => one.table === table && one.epoch === this.epoch);
    const began = attachment.attached;
    const fromBirth = began !== null && attachment.complete && this.armedBefore('dma_buf_map_attachment:leave', began.line);
    const known = fromBirth || this.simulated || (before !== undefined && this.armedBefore('dma_buf_map_attachment:leave', before.at.line));
    if (!known) {
      if (attachment.complete) this.anomaly('unmap without map', 'dma_buf_unmap_attachment of a mapping that the log does not show', moment, attachment.buffer, attachment, 'dma_buf_map_attachment does not show before: perhaps it was not probed yet');
      return;
    }
    const others = attachment.mappings.filter(({ kind, table: one }) => kind === 'map' && one !== null);
    const about = (): Omit<Accusation, 'obligation' | 'possible'> => ({
      at: moment, seen: frame.call.function, text: `${attachment.device ?? 'the importer'} unmaps${table === null ? '' : ` sg_table ${hex(table) ?? ''}`}, which is not mapped`,
      nearMisses: [
        ...others.map((one) => ({ state: `live (sg_table ${hex(one.table) ?? ''})`, guard: 'another sg_table' })),
        ...(before === undefined ? [] : [{ state: 'live', guard: `it was unmapped in line ${before.at.line} and not mapped since` }]),
      ],
      evidence: [...(began === null ? [] : [{ moment: began, text: 'attached' }]), ...(before === undefined ? [] : [{ moment: before.at, text: 'unmapped' }])],
      buffer: attachment.buffer, attachment, needs: ['dma_buf_map_attachment'], otherwise: 'unmap without map', positive: false,
    });
    this.blameGiveBack(new Tracked('mapping', this), 'unmap', task, about);
  }

  /** In a callback P13 says more than P5 does of the same call. */
  private blameGiveBack(tracked: Tracked, event: 'unmap' | 'unpin', task: TaskCalls, about: () => Omit<Accusation, 'obligation' | 'possible'>): void {
    const { broken } = inCallback(task) ? tracked.take(`callback-${event}`) : { broken: [] };
    const own = tracked.take(event).broken;
    this.blame(broken.length > 0 ? broken : own, about);
  }

  private armedBefore(call: string, line: number): boolean {
    const first = this.firstSeen.get(call);
    return this.simulated || this.declared.has(call.replace(/:leave$/, '')) || (first !== undefined && first <= line);
  }

  // IOMMU

  private iommu(role: Role, payload: string, moment: Moment, task: TaskCalls | null): void {
    const iova = valueOf(payload, 'iova');
    if (iova === null || task === null) return;
    if (role === 'iommu-map') {
      const mapFrame = openWith(task, 'map');
      if (mapFrame !== null) mapFrame.iovas.push(kept(iova));
      else if (task.range !== null) {
        task.range.iovas.push(kept(iova));
        task.range = null;
      }
      return;
    }
    if (role !== 'iommu-unmap') return;
    const unmapFrame = openWith(task, 'unmap');
    if (unmapFrame?.attachment != null && unmapFrame.iovas.includes(iova)) {
      this.accessEnded(unmapFrame.attachment, null, 'iommu:unmap', moment, task);
      return;
    }
    const callback = task.open.findLast((one) => one.callback);
    const here = callback?.attachment == null ? null : rangeAt(callback.attachment, iova);
    const mapping = here ?? this.rangeAnywhere(iova);
    if (mapping === null) return;
    const { attachment } = mapping;
    this.count('range end');
    if (callback !== undefined) mapping.tracked.take('callback-unmap');
    mapping.tracked.take('unmap');
    attachment.mappings.splice(attachment.mappings.indexOf(mapping), 1);
    mapping.stale?.told('iommu:unmap', moment);
    this.accessEnded(attachment, mapping, 'iommu:unmap', moment, task);
    this.listener.span?.({ what: 'mapped by iommufd', kind: 'mapping', start: mapping.since, end: moment, buffer: attachment.buffer, attachment });
  }

  private rangeAnywhere(iova: string): MappingObject | null {
    for (const buffer of this.objects.alive) for (const attachment of buffer.attachments) {
      const found = rangeAt(attachment, iova);
      if (found !== null) return found;
    }
    return null;
  }

  /** Inside an invalidate: the importer has given up its access. */
  private accessEnded(attachment: AttachmentObject, mapping: MappingObject | null, by: string, moment: Moment, task: TaskCalls): void {
    const frame = openWith(task, 'invalidate');
    const record = frame?.revoke ?? null;
    const open = record?.invalidates.find(({ start }) => start === frame?.start);
    if (record === null || open === undefined || open.buffer !== attachment.buffer) return;
    record.accessEnds.push({ attachment: hex(attachment.pointer ?? attachment.hashed), device: attachment.device, ino: attachment.buffer.ino, by, at: moment, after: moment.time - open.start.time });
    // The unmap call counts once, whatever the IOMMU does inside it.
    if (mapping !== null) this.latencies.add('end of access', attachment.buffer.exporter, attachment.device, moment.time - open.start.time);
    if (by !== 'iommu:unmap' || mapping !== null) this.ask('P6', false);
  }

  // Invalidate, callbacks, revoke

  private invalidating(frame: Frame, moment: Moment, task: TaskCalls): void {
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

  private calleeEntered(event: TraceEvent, frame: Frame, moment: Moment, task: TaskCalls): void {
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
  private stale(attachment: AttachmentObject, since: Moment, record: RevokeRecord | null): void {
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
  private outlived(buffer: BufferObject, since: Moment | null, record: RevokeRecord | null, told: ReadonlySet<AttachmentObject | null>): void {
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

  private waitingForFences(frame: Frame, moment: Moment, task: TaskCalls, bare: RevokeRecord | null): void {
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

  private revokeReturned(frame: Frame, record: RevokeRecord, moment: Moment): void {
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

  private revokeDone(record: RevokeRecord, isRevoke: boolean): void {
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

  private restoring(owner: Pointer | null, moment: Moment): void {
    for (const buffer of this.objects.alive) {
      if (buffer.owner !== owner && owner !== null && buffer.owner !== null) continue;
      if (buffer.revokedSince === null) continue;
      buffer.revoked.take('restore');
      buffer.revokedSince = null;
    }
    void moment;
  }

  // The end of a buffer

  private release(event: TraceEvent, moment: Moment, task: TaskCalls, frame: Frame): void {
    this.count('release');
    task.release = frame.buffer === null;
    if (frame.buffer !== null) this.released(frame.buffer, moment);
    void event;
  }

  private released(buffer: BufferObject, moment: Moment): void {
    buffer.released = moment;
    const left = alive(buffer).filter(({ epoch, complete }) => complete && epoch === this.epoch);
    for (const attachment of left) this.anomaly('released while attached', `the buffer is released while ${attachment.device ?? 'an importer'} is attached`, moment, buffer, attachment, this.attachSeen() ? null : 'the detach may not be probed');
    this.listener.span?.({ what: buffer.exporter ?? 'buffer', kind: 'buffer', start: buffer.exported, end: moment, buffer, attachment: null });
    this.objects.release(buffer);
    this.finish(buffer);
  }

  private finish(buffer: BufferObject): void {
    if (this.accusations.against(buffer)) {
      this.accusedBuffers.push(buffer);
      return;
    }
    // The first ones, and more of those of which there is something to say.
    const most = buffer.refused > 0 || buffer.invalidates > 0 || buffer.reasons.length > 0 ? MOST_FINISHED : MOST_FINISHED >> 1;
    if (this.finished.length < most) this.finished.push(bufferFacts(buffer));
    else this.finishedLeftOut++;
  }
}

function rangeAt(attachment: AttachmentObject, iova: string): MappingObject | null {
  return attachment.mappings.find(({ kind, iovas }) => kind === 'range' && iovas.includes(iova)) ?? null;
}

const keptOrNull = (text: string | null): string | null => (text === null ? null : kept(text));

const numberOf = (text: string | null): number | null => {
  if (text === null) return null;
  const number = Number(text);
  return Number.isFinite(number) ? number : null;
};

const top = (task: TaskCalls | null): Frame | null => task?.open.at(-1) ?? null;

/** The innermost open call of that role. */
export function openWith(task: TaskCalls | null, role: Role): Frame | null {
  if (task === null) return null;
  for (let i = task.open.length - 1; i >= 0; i--) if (task.open[i]?.call.role === role) return task.open[i] ?? null;
  return null;
}

const inCallback = (task: TaskCalls): boolean => task.open.some(({ callback }) => callback);
