// The things that a log speaks of: buffers, attachments, mappings, and how an event finds its own. Pointers come back at once for other
// objects, so a pointer names an object only between its birth and its end; an inode number never comes back.

import type { Interval, Moment } from '../results/trace.ts';
import type { Pointer } from './fields.ts';
import { NumberMap } from './number-map.ts';
import { statesWhere, Tracked, type Tally } from './tracked.ts';

const LISTED = statesWhere('attachment', 'P5', 'listed');

export interface MappingObject {
  readonly attachment: AttachmentObject;
  /** map: an sg_table was given out. range: iommufd took the physical range. */
  readonly kind: 'map' | 'range';
  /** sg_table; null where not shown. */
  readonly table: Pointer | null;
  readonly tracked: Tracked;
  /** Null where the log began later. */
  readonly since: Moment | null;
  readonly iovas: string[];
  /** The invalidates that it has outlived. */
  stale: { readonly start: Moment; readonly told: (by: string, at: Moment) => void } | null;
}

export interface AttachmentObject {
  pointer: Pointer | null;
  readonly hashed: Pointer | null;
  buffer: BufferObject;
  device: string | null;
  dynamic: boolean | null;
  revocable: boolean | null;
  callback: string | null;
  readonly attached: Moment | null;
  detached: Moment | null;
  /** Loss after this one makes its history incomplete. */
  epoch: number;
  /** Everything since its beginning was shown. */
  complete: boolean;
  readonly tracked: Tracked;
  readonly pin: Tracked;
  pinCount: Interval;
  readonly mappings: MappingObject[];
  /** Tables that were given back, newest last. */
  readonly ended: { readonly table: Pointer; readonly at: Moment; readonly epoch: number }[];
  maps: number;
  unmaps: number;
  pins: number;
  unpins: number;
  callbacks: number;
}

export interface BufferObject {
  ino: number | null;
  pointer: Pointer | null;
  resv: Pointer | null;
  exporter: string | null;
  size: number | null;
  exported: Moment | null;
  released: Moment | null;
  /** The device whose revoke reached it, as a pointer. */
  owner: Pointer | null;
  revoked: Tracked;
  revokedSince: Moment | null;
  revokedEpoch: number;
  attachments: AttachmentObject[];
  /** Attachments whose facts were dropped to keep memory flat. */
  dropped: number;
  refused: number;
  invalidates: number;
  events: number;
  readonly reasons: string[];
  /** In `Objects.alive`. */
  place: number;
  age: number;
  broken: boolean;
  hanging: boolean;
}

/** What is kept of an attachment that was seen to end, to know a late use of it. */
export interface EndedAttachment {
  readonly pointer: Pointer;
  readonly device: string | null;
  readonly ino: number | null;
  readonly attached: Moment | null;
  readonly at: Moment;
  readonly epoch: number;
}

const KEPT_ATTACHMENTS = 64;
const KEPT_GONE = 1024;
const MOST_ALIVE = 1 << 14;

/** All that live, and how to find them. */
export class Objects {
  readonly tally: Tally;
  /** In no order. */
  readonly alive: BufferObject[] = [];
  private born = 0;
  /** Hears of a buffer that ended without a release of its own. */
  dropped: (buffer: BufferObject) => void = () => undefined;
  private readonly byIno = new NumberMap<BufferObject>();
  private readonly byPointer = new NumberMap<BufferObject>();
  private readonly byResv = new NumberMap<BufferObject>();
  private readonly attachments = new NumberMap<AttachmentObject>();
  /** Hashed pointer of a tracepoint to the raw one of a probe. */
  private readonly raw = new NumberMap<Pointer>();
  /** Pointers of attachments that were seen to end. */
  private gone = new NumberMap<EndedAttachment>();
  private goneBefore = new NumberMap<EndedAttachment>();

  constructor(tally: Tally) {
    this.tally = tally;
  }

  /** The buffer that these name, made where there is none; joins what two of them name. Null where nothing names one. */
  buffer(names: { readonly ino: number | null; readonly pointer: Pointer | null; readonly resv?: Pointer | null }): BufferObject | null {
    const { ino, pointer, resv = null } = names;
    if (ino === null && pointer === null && resv === null) return null;
    const byIno = ino === null ? undefined : this.byIno.get(ino);
    let byPointer = pointer === null ? undefined : this.byPointer.get(pointer);
    // The address serves another buffer now.
    if (byPointer !== undefined && ino !== null && byPointer.ino !== null && byPointer.ino !== ino) {
      this.unlink(byPointer);
      byPointer = undefined;
    }
    const byResv = resv === null || ino !== null || pointer !== null ? undefined : this.byResv.get(resv);
    let found = byIno ?? byPointer ?? byResv;
    if (byIno !== undefined && byPointer !== undefined && byIno !== byPointer) this.merge(byIno, byPointer);
    if (found === undefined) {
      if (ino === null && pointer === null) return null;
      if (this.alive.length >= MOST_ALIVE) this.dropOldest();
      found = emptyBuffer(this.tally);
      this.add(found);
    }
    if (ino !== null && found.ino === null) {
      found.ino = ino;
      this.byIno.set(ino, found);
    }
    if (pointer !== null && found.pointer !== pointer) {
      if (found.pointer !== null) this.byPointer.delete(found.pointer);
      found.pointer = pointer;
      this.byPointer.set(pointer, found);
    }
    if (resv !== null && found.resv !== resv && (ino !== null || pointer !== null)) {
      found.resv = resv;
      this.byResv.set(resv, found);
    }
    return found;
  }

  private add(buffer: BufferObject): void {
    buffer.age = this.born++;
    buffer.place = this.alive.push(buffer) - 1;
  }

  private remove(buffer: BufferObject): void {
    const last = this.alive.pop();
    if (last === undefined || last === buffer) return;
    this.alive[buffer.place] = last;
    last.place = buffer.place;
  }

  bufferOfResv(resv: Pointer | null): BufferObject | null {
    return resv === null ? null : (this.byResv.get(resv) ?? null);
  }

  bufferAt(pointer: Pointer | null): BufferObject | null {
    return pointer === null ? null : (this.byPointer.get(pointer) ?? null);
  }

  /** An export gives the address out: what had it before is gone. */
  reborn(pointer: Pointer): void {
    const before = this.byPointer.get(pointer);
    if (before === undefined) return;
    this.release(before);
    this.dropped(before);
  }

  /** Buffers whose end does not show would pile up. */
  private dropOldest(): void {
    let left = MOST_ALIVE >> 3;
    for (const buffer of [...this.alive].sort((a, b) => a.age - b.age)) {
      if (buffer.attachments.some(({ detached }) => detached === null)) continue;
      this.release(buffer);
      this.dropped(buffer);
      if (--left === 0) return;
    }
  }

  private unlink(buffer: BufferObject): void {
    if (buffer.pointer !== null && this.byPointer.get(buffer.pointer) === buffer) this.byPointer.delete(buffer.pointer);
    if (buffer.resv !== null && this.byResv.get(buffer.resv) === buffer) this.byResv.delete(buffer.resv);
  }

  release(buffer: BufferObject): void {
    this.unlink(buffer);
    if (buffer.ino !== null) this.byIno.delete(buffer.ino);
    for (const one of buffer.attachments) this.forgetPointers(one);
    this.remove(buffer);
  }

  /** Two names turned out to be one buffer. */
  private merge(kept: BufferObject, other: BufferObject): void {
    for (const attachment of other.attachments) {
      attachment.buffer = kept;
      kept.attachments.push(attachment);
    }
    kept.exporter ??= other.exporter;
    kept.owner ??= other.owner;
    kept.resv ??= other.resv;
    kept.invalidates += other.invalidates;
    kept.refused += other.refused;
    kept.events += other.events;
    for (const reason of other.reasons) doubt(kept, reason);
    if (kept.resv !== null) this.byResv.set(kept.resv, kept);
    this.remove(other);
  }

  /** Live, by the pointer of a probe or the (perhaps hashed) one of a tracepoint. */
  attachment(pointer: Pointer | null): AttachmentObject | null {
    if (pointer === null) return null;
    return this.attachments.get(pointer) ?? this.attachments.get(this.raw.get(pointer) ?? NaN) ?? null;
  }

  attach(made: AttachmentObject): void {
    for (const name of [made.pointer, made.hashed]) {
      if (name === null) continue;
      this.attachments.set(name, made);
      this.forgetEnded(name);
    }
    made.buffer.attachments.push(made);
  }

  /** A tracepoint's name for what a probe knows already. */
  alias(hashed: Pointer, attachment: AttachmentObject): void {
    if (attachment.pointer === null || attachment.pointer === hashed) return;
    if (this.raw.size > KEPT_GONE) this.raw.clear();
    this.raw.set(hashed, attachment.pointer);
    this.attachments.set(hashed, attachment);
  }

  /** The probe's pointer for what a tracepoint made. */
  nameRaw(pointer: Pointer, attachment: AttachmentObject): void {
    attachment.pointer = pointer;
    this.attachments.set(pointer, attachment);
    this.forgetEnded(pointer);
    if (attachment.hashed !== null) this.raw.set(attachment.hashed, pointer);
  }

  detach(attachment: AttachmentObject, at: Moment, epoch: number): void {
    attachment.detached = at;
    const { pointer } = attachment;
    this.forgetPointers(attachment);
    if (pointer !== null) {
      if (this.gone.size >= KEPT_GONE) {
        this.goneBefore = this.gone;
        this.gone = new NumberMap();
      }
      this.gone.set(pointer, { pointer, device: attachment.device, ino: attachment.buffer.ino, attached: attachment.attached, at, epoch });
    }
    const { buffer } = attachment;
    if (buffer.attachments.length > KEPT_ATTACHMENTS) {
      const index = buffer.attachments.findIndex(({ detached }) => detached !== null);
      if (index >= 0) {
        buffer.attachments.splice(index, 1);
        buffer.dropped++;
      }
    }
  }

  private forgetPointers(attachment: AttachmentObject): void {
    for (const name of [attachment.pointer, attachment.hashed]) if (name !== null && this.attachments.get(name) === attachment) this.attachments.delete(name);
  }

  /** Seen to be detached, and nothing was attached under that pointer since. */
  ended(pointer: Pointer | null): EndedAttachment | null {
    return pointer === null ? null : (this.gone.get(pointer) ?? this.goneBefore.get(pointer) ?? null);
  }

  forgetEnded(pointer: Pointer): void {
    this.gone.delete(pointer);
    this.goneBefore.delete(pointer);
  }
}

/** Notes why its verdict is open, once. */
export function doubt(buffer: BufferObject, reason: string): void {
  if (!buffer.reasons.includes(reason)) buffer.reasons.push(reason);
}

export function emptyBuffer(tally: Tally): BufferObject {
  return {
    ino: null, pointer: null, resv: null, exporter: null, size: null, exported: null, released: null, owner: null,
    revoked: new Tracked('buffer', tally, 'any'), revokedSince: null, revokedEpoch: 0,
    attachments: [], dropped: 0, refused: 0, invalidates: 0, events: 0, reasons: [], place: 0, age: 0, broken: false, hanging: false,
  };
}

/** `attached` null: the log shows it later than its beginning, so it may be in any state that a listed one can be in. */
export function newAttachment(buffer: BufferObject, names: { readonly pointer: Pointer | null; readonly hashed: Pointer | null }, attached: Moment | null, epoch: number, tally: Tally): AttachmentObject {
  const known = attached !== null;
  const tracked = new Tracked('attachment', tally, known ? 'initial' : 'any');
  if (known) tracked.take('list');
  else tracked.narrow(LISTED);
  return {
    pointer: names.pointer, hashed: names.hashed, buffer, device: null, dynamic: null, revocable: null, callback: null, attached, detached: null, epoch, complete: known, tracked,
    pin: new Tracked('pin', tally, known ? 'initial' : 'any'), pinCount: known ? { least: 0, most: 0 } : { least: 0, most: null },
    mappings: [], ended: [], maps: 0, unmaps: 0, pins: 0, unpins: 0, callbacks: 0,
  };
}

