// Buffers and attachments as results: plain facts, which hold none of the objects that the checker works with.

import type { AttachmentFacts, BufferFacts, TraceVerdict } from '../results/trace.ts';
import { hex } from './fields.ts';
import type { AttachmentObject, BufferObject } from './objects.ts';
import { statesWhere } from './tracked.ts';

const LIVE = statesWhere('mapping', 'P1', 'live');
const MOST_REASONS = 8;

function attachmentFacts(one: AttachmentObject): AttachmentFacts {
  const sure = one.mappings.filter(({ tracked }) => tracked.surely(LIVE)).length;
  return {
    pointer: hex(one.pointer ?? one.hashed), device: one.device, dynamic: one.dynamic, revocable: one.revocable, callback: one.callback, attached: one.attached, detached: one.detached,
    maps: one.maps, unmaps: one.unmaps, pins: one.pins, unpins: one.unpins, callbacks: one.callbacks,
    mapped: { least: sure, most: one.complete || one.detached !== null ? one.mappings.length : null }, pinned: one.detached === null ? one.pinCount : { least: 0, most: 0 },
  };
}

export function bufferFacts(buffer: BufferObject): BufferFacts {
  const verdict: TraceVerdict = buffer.broken ? 'broken' : buffer.hanging ? 'hanging' : buffer.reasons.length > 0 ? 'undecided' : 'holds';
  return {
    ino: buffer.ino, pointer: hex(buffer.pointer), exporter: buffer.exporter, size: buffer.size, exported: buffer.exported, released: buffer.released,
    attachments: buffer.attachments.map(attachmentFacts), refused: buffer.refused, invalidates: buffer.invalidates, verdict, reasons: buffer.reasons.slice(0, MOST_REASONS),
  };
}

/** Lines are missing somewhere, so what looks whole may not be. */
export function doubted(facts: BufferFacts, incomplete: string | null): BufferFacts {
  return incomplete === null || facts.verdict !== 'holds' ? facts : { ...facts, verdict: 'undecided', reasons: [incomplete] };
}
