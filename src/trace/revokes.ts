// One record for each invalidate or revoke: whom it reached, what it waited for, when each access ended. Filled while the log is read.

import type { AccessEnd, CallbackSpan, FenceName, FenceWaitSpan, InvalidateSpan, Moment, Revoke } from '../results/trace.ts';
import { hex, type Pointer } from './fields.ts';
import type { AttachmentObject, BufferObject } from './objects.ts';

export interface OpenCallback {
  readonly start: Moment;
  readonly attachment: AttachmentObject | null;
  readonly function: string | null;
  readonly inferred: boolean;
  end: Moment | null;
}

export interface OpenInvalidate {
  readonly buffer: BufferObject | null;
  readonly start: Moment;
  end: Moment | null;
  readonly callbacks: OpenCallback[];
}

export interface OpenWait {
  readonly buffer: BufferObject | null;
  readonly usage: string | null;
  readonly start: Moment;
  end: Moment | null;
  readonly fences: FenceName[];
}

export interface RevokeRecord {
  readonly call: string;
  readonly kind: Revoke['kind'];
  readonly pid: number;
  readonly start: Moment;
  end: Moment | null;
  readonly owner: Pointer | null;
  readonly invalidates: OpenInvalidate[];
  readonly waits: OpenWait[];
  readonly accessEnds: AccessEnd[];
  stillMapped: string[];
  state: Revoke['state'];
  doubt: string | null;
}

export function newRevoke(call: string, kind: Revoke['kind'], start: Moment, owner: Pointer | null): RevokeRecord {
  return { call, kind, pid: start.pid, start, end: null, owner, invalidates: [], waits: [], accessEnds: [], stillMapped: [], state: 'pending', doubt: null };
}

const between = (start: Moment, end: Moment | null): number | null => (end === null ? null : end.time - start.time);

// A literal that begins with a spread is slow to make by the million: fields are written out.
export function invalidateSpan({ buffer, start, end, callbacks }: OpenInvalidate): InvalidateSpan {
  return { start, end, duration: between(start, end), ino: buffer?.ino ?? null, buffer: hex(buffer?.pointer ?? null), exporter: buffer?.exporter ?? null, callbacks: callbacks.map(callbackSpan) };
}

function callbackSpan({ start, end, attachment, function: name, inferred }: OpenCallback): CallbackSpan {
  return { start, end, duration: between(start, end), attachment: hex(attachment?.pointer ?? attachment?.hashed ?? null), device: attachment?.device ?? null, function: name, inferred };
}

export function waitSpan({ buffer, usage, start, end, fences }: OpenWait): FenceWaitSpan {
  return { start, end, duration: between(start, end), ino: buffer?.ino ?? null, usage, fences };
}

/** As a result; what it waits for, and how long it is open, is for the end of the log to say. */
export function revokeFacts(record: RevokeRecord, { state, open, waitsFor, doubt }: Pick<Revoke, 'state' | 'open' | 'waitsFor' | 'doubt'>): Revoke {
  const { start, end, call, kind, accessEnds, stillMapped } = record;
  return {
    start, end, duration: between(start, end), call, kind, exporter: record.invalidates.find(({ buffer }) => buffer?.exporter != null)?.buffer?.exporter ?? null,
    invalidates: record.invalidates.map(invalidateSpan), fenceWaits: record.waits.map(waitSpan), accessEnds, stillMapped, state, open, waitsFor, doubt,
  };
}

/** The ending of a record that is done. */
export function done({ doubt }: RevokeRecord): Pick<Revoke, 'state' | 'open' | 'waitsFor' | 'doubt'> {
  return { state: 'done', open: null, waitsFor: [], doubt };
}

export function alive(buffer: BufferObject): readonly AttachmentObject[] {
  return buffer.attachments.filter(({ detached }) => detached === null);
}
