// Lines that somebody wrote into the log for Fencepost: "fencepost: …" behind trace_marker. They tell which probes are armed, and events
// that no probe can show (device accesses, a device that is switched off), as a simulated run prints them. Format: docs/trace.md.

import { EVENTS, type ObjectKind } from '../protocol/obligations.ts';
import type { Moment } from '../results/trace.ts';
import type { Accusation } from './accuse.ts';
import type { Checker } from './conformance.ts';
import type { TraceEvent } from './event.ts';
import { pointer, valueOf } from './fields.ts';

const PREFIX = 'fencepost: ';

export function takeMark(checker: Checker, { payload }: TraceEvent, moment: Moment): void {
  const at = payload.indexOf(PREFIX);
  if (at < 0) return;
  const text = payload.slice(at + PREFIX.length).trim();
  const [word = ''] = text.split(' ');
  if (word === 'probes') {
    for (const name of text.slice(word.length + 1).split(/[\s,]+/)) if (name !== '') checker.declared.add(name);
    return;
  }
  if (word !== 'event') return;
  const kind = valueOf(text, 'object');
  const event = valueOf(text, 'does');
  if (!isKind(kind) || event === null || !(EVENTS[kind] as readonly string[]).includes(event)) return;
  checker.marked = true;
  if (!checker.firstSeen.has(`mark:${kind}:${event}`)) checker.firstSeen.set(`mark:${kind}:${event}`, moment.line);
  markedEvent(checker, kind, event, text, moment);
}

const isKind = (kind: string | null): kind is ObjectKind => kind !== null && Object.hasOwn(EVENTS, kind);

function markedEvent(checker: Checker, kind: ObjectKind, event: string, text: string, moment: Moment): void {
  const attachment = checker.objects.attachment(pointer(valueOf(text, 'attach')));
  const table = pointer(valueOf(text, 'sgt'));
  const buffer = attachment?.buffer ?? checker.objects.bufferAt(pointer(valueOf(text, 'dmabuf')));
  const about: Omit<Accusation, 'obligation' | 'possible'> = { at: moment, seen: event, text: `${event} of ${kind}`, nearMisses: [], evidence: [], buffer, attachment, needs: [], otherwise: 'unmap without map', positive: false };
  if (kind === 'mapping' && attachment !== null) {
    const mapping = attachment.mappings.find((one) => one.table === table);
    if (mapping !== undefined) checker.blame(mapping.tracked.take(event).broken, () => about);
  }
}
