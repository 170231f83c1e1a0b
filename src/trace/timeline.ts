// Spans of the checker as plain facts, and those that are open where the log ends.

import type { TimelineFact } from '../results/trace.ts';
import type { Checker } from './conformance.ts';
import type { TimelineSpan } from './state.ts';
import { hex } from './fields.ts';
import { alive } from './revokes.ts';

export function timelineFact({ what, kind, start, end, buffer, attachment }: TimelineSpan): TimelineFact {
  return {
    what, kind, start, end, ino: buffer?.ino ?? null, buffer: hex(buffer?.pointer ?? null), exporter: buffer?.exporter ?? null,
    attachment: hex(attachment?.pointer ?? attachment?.hashed ?? null), device: attachment?.device ?? null,
  };
}

export function openSpans(checker: Checker): readonly TimelineSpan[] {
  const out: TimelineSpan[] = [];
  for (const buffer of checker.objects.alive) {
    out.push({ what: buffer.exporter ?? 'buffer', kind: 'buffer', start: buffer.exported, end: null, buffer, attachment: null });
    for (const attachment of alive(buffer)) {
      out.push({ what: 'attached', kind: 'attachment', start: attachment.attached, end: null, buffer, attachment });
      for (const mapping of attachment.mappings) out.push({ what: mapping.kind === 'map' ? 'mapped' : 'mapped by iommufd', kind: 'mapping', start: mapping.since, end: null, buffer, attachment });
    }
  }
  for (const { call, start, end, invalidates } of checker.revokes.open) out.push({ what: call, kind: 'revoke', start, end, buffer: invalidates[0]?.buffer ?? null, attachment: null });
  return out;
}
