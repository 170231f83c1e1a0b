// Lines that somebody wrote into the log for Fencepost: "fencepost: …" behind trace_marker. They tell which probes are armed, and events
// that no probe can show (device accesses, a device that is switched off), as a simulated run prints them. Format: docs/trace.md.

import { EVENTS, type ObjectKind } from '../protocol/obligations.ts';
import type { Moment } from '../results/trace.ts';
import type { Accusation } from './accuse.ts';
import type { CheckerState } from './state.ts';
import type { TraceEvent } from './event.ts';
import { pointer, valueOf, type Pointer } from './fields.ts';
import type { AttachmentObject, BufferObject } from './objects.ts';
import { Tracked, statesWhere } from './tracked.ts';

const READY = statesWhere('mapping', 'P12', 'ready');
const BLOCKED = statesWhere('mapping', 'P12', 'blocked');
const QUIET = statesWhere('mapping', 'UF', 'quiet');
const OPEN = statesWhere('buffer', 'P7', 'open');
const PREFIX = 'fencepost: ';
const MOST = 4096;

/** Objects that only marks speak of: locks by task and reservation, counts by name. */
export class Marked {
  private readonly others = new Map<string, Tracked>();

  get(kind: ObjectKind, key: string, checker: CheckerState): Tracked {
    const found = this.others.get(`${kind} ${key}`) ?? new Tracked(kind, checker);
    if (this.others.size > MOST) this.others.clear();
    this.others.set(`${kind} ${key}`, found);
    return found;
  }
}

export function takeMark(checker: CheckerState, { payload }: TraceEvent, moment: Moment): void {
  const at = payload.indexOf(PREFIX);
  if (at < 0) return;
  const text = payload.slice(at + PREFIX.length).trim();
  const [word = ''] = text.split(' ');
  if (word === 'probes') {
    for (const name of text.slice(word.length + 1).split(/[\s,]+/)) if (name !== '') checker.declared.add(name);
    return;
  }
  if (word === 'simulated') checker.marked = checker.simulated = true;
  if (word !== 'event') return;
  const kind = valueOf(text, 'object');
  const event = valueOf(text, 'does');
  if (!isKind(kind) || event === null || !(EVENTS[kind] as readonly string[]).includes(event)) return;
  checker.marked = true;
  const seen = `mark:${kind}:${event}`;
  if (!checker.firstSeen.has(seen)) checker.firstSeen.set(seen, moment.line);
  markedEvent(checker, kind, event, text, moment);
}

const isKind = (kind: string | null): kind is ObjectKind => kind !== null && Object.hasOwn(EVENTS, kind);

function markedEvent(checker: CheckerState, kind: ObjectKind, event: string, text: string, moment: Moment): void {
  const name = pointer(valueOf(text, 'attach'));
  const attachment = checker.objects.attachment(name);
  const buffer = attachment?.buffer ?? checker.objects.bufferAt(pointer(valueOf(text, 'dmabuf')));
  const about = (): Omit<Accusation, 'obligation' | 'possible'> => ({
    at: moment, seen: `${event} (mark)`, text: `${event} of a ${kind}`, nearMisses: [], evidence: [], buffer, attachment, needs: [], otherwise: 'unmap without map', positive: false,
  });
  const take = (tracked: Tracked): void => checker.blame(tracked.take(event).broken, about);
  switch (kind) {
    case 'mapping':
      return markedMapping(attachment, pointer(valueOf(text, 'sgt')), event, take, checker);
    case 'pin':
      return take(attachment?.pin ?? new Tracked('pin', checker));
    case 'attachment':
      return take(attachment?.tracked ?? new Tracked('attachment', checker));
    case 'buffer':
      return markedBuffer(buffer, event, moment, checker);
    case 'lock':
      return take(checker.marks.get(kind, `${moment.pid} ${valueOf(text, 'resv') ?? ''}`, checker));
    case 'fence':
    case 'call':
    case 'kref':
      return take(checker.marks.get(kind, valueOf(text, 'name') ?? '', checker));
  }
}

function markedMapping(attachment: AttachmentObject | null, table: Pointer | null, event: string, take: (tracked: Tracked) => void, checker: CheckerState): void {
  const mapping = attachment?.mappings.find((one) => one.table === table);
  // The call has shown already; the mark says which of the two it was.
  if (event === 'map') {
    mapping?.tracked.narrow(READY);
    mapping?.tracked.narrow(QUIET);
    return;
  }
  if (event === 'map-blocked') return mapping?.tracked.narrow(BLOCKED);
  take(mapping?.tracked ?? new Tracked('mapping', checker));
}

function markedBuffer(buffer: BufferObject | null, event: string, moment: Moment, checker: CheckerState): void {
  if (buffer === null) return;
  buffer.revoked.narrow(event === 'revoke' ? OPEN : -1);
  buffer.revoked.take(event);
  buffer.revokedSince = event === 'revoke' ? moment : null;
  buffer.revokedEpoch = checker.epoch;
}
