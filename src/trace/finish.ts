// The end of a log: claims that are still sure become violations, open revokes are hanging or not, and all is put together as a result.

import type { ObligationId } from '../protocol/obligations.ts';
import type { Moment, Revoke, TraceResult } from '../results/trace.ts';
import type { Checker } from './conformance.ts';
import { bufferFacts, doubted } from './facts.ts';
import { endingOf, openWaits, type EndOfLog, type Ending } from './hang.ts';
import { hex } from './fields.ts';
import { emptyBuffer, type BufferObject } from './objects.ts';
import { obligationRows } from './observability.ts';
import { alive, done, revokeFacts } from './revokes.ts';
import { statesWhere } from './tracked.ts';

const STALE = statesWhere('mapping', 'P6', 'stale');

/** What the reader of the form knows. */
export interface ReaderFacts {
  readonly file: string;
  readonly form: string;
  readonly lines: number;
  readonly events: number;
  readonly ignored: number;
  readonly notUnderstood: number;
  readonly unit: 'ns' | 'ticks';
  readonly first: number | null;
  readonly last: number | null;
  readonly cut: boolean;
  /** Events that came too late even for the window. */
  readonly backwards: number;
}

const SECOND = 1e9;

export function finishTrace(checker: Checker, reader: ReaderFacts, options: { readonly slow: number | null }): TraceResult {
  const { accusations } = checker;
  const short = checker.held !== null && reader.events < checker.held ? `the header counts ${checker.held} events, the log holds ${reader.events}` : null;
  const incomplete = short ?? checker.missing;
  const end: EndOfLog = { last: reader.last === null || checker.last === null ? checker.last : { ...checker.last, time: Math.max(reader.last, checker.last.time) }, cut: reader.cut, incomplete, whole: checker.held !== null && incomplete === null && !reader.cut, ticks: reader.unit === 'ticks' };
  const observable = (name: string): boolean => checker.simulated || (name === 'attach' ? shows(checker, 'attach') : checker.firstSeen.has(name) || checker.firstSeen.has(`${name}:leave`) || checker.declared.has(name));
  for (const task of checker.calls.tasks.values()) {
    checker.settleBare(task);
    checker.settleDetach(task, null);
  }
  const open = checker.revokes.open.map((record): Revoke => {
    const ending: Ending = record.state === 'done' ? done(record) : endingOf(checker, record, end);
    if (ending.state === 'hanging') {
      checker.ask('P10', false);
      for (const { buffer } of record.invalidates) if (buffer !== null) buffer.hanging = true;
    }
    return revokeFacts(record, ending);
  });
  const revokes = [...checker.revokes.kept, ...open].sort((a, b) => a.start.line - b.start.line);
  for (const { start, frame, text } of openWaits(checker, end)) checker.anomaly('wait never returned', text, start, frame.buffer, null, incomplete);
  lateAnomalies(checker, end);
  slowRevokes(checker, revokes, options.slow, end);
  const violations = accusations.judged(observable, incomplete);
  const broken = new Set<ObligationId>(violations.map(({ obligation }) => obligation));
  const obligations = obligationRows({ shows: (name) => shows(checker, name), asked: checker.asked, broken });
  const left = [...checker.accusedBuffers, ...[...checker.objects.alive].sort((a, b) => a.age - b.age)].filter((one) => one.events > 0 || one.attachments.length > 0);
  const buffers = [...checker.finished, ...left.map(bufferFacts)].map((one) => doubted(one, incomplete));
  return {
    log: {
      file: reader.file, form: reader.form, lines: reader.lines, events: reader.events, ignored: reader.ignored, lost: checker.lost, lostParts: checker.lostParts, notUnderstood: reader.notUnderstood,
      clock: { unit: reader.unit, first: reader.first, last: reader.last, backwards: reader.backwards }, cut: reader.cut,
      counts: Object.fromEntries([...checker.counts].sort(([a], [b]) => (a < b ? -1 : 1))), hashedPointers: checker.hashedPointers,
    },
    buffers, buffersLeftOut: checker.finishedLeftOut, violations, anomalies: [...accusations.anomalies].sort((a, b) => a.at.line - b.at.line), anomaliesLeftOut: accusations.anomaliesLeftOut,
    revokes, revokesLeftOut: checker.revokes.leftOut, latencies: checker.latencies.summary(), obligations,
    notObservable: obligations.flatMap(({ obligation, verdict, reason }) => (verdict === 'not observable' ? [{ obligation, reason: reason ?? '' }] : [])),
    ledger: ledgerOf(checker, reader, short),
  };
}

/** Names of NEEDS: a step that was counted, a call or tracepoint that was seen, a mark, or "leave". */
function shows(checker: Checker, name: string): boolean {
  if (name === 'leave') return checker.calls.sawAnyLeave;
  if (name === 'attach') return checker.counts.has('attach') || checker.firstSeen.has('dma_buf_dynamic_attach:leave') || checker.firstSeen.has('dma_buf_attach:leave');
  if (name === 'detach') return checker.counts.has('detach') || checker.firstSeen.has('dma_buf_detach');
  if (name === 'revoke') return checker.revokes.sawRevoke;
  if (name === 'iommu-unmap') return checker.firstSeen.has('unmap');
  return checker.counts.has(name) || checker.firstSeen.has(name) || checker.declared.has(name);
}

/** What only the end of the log can say. */
function lateAnomalies(checker: Checker, { last, ticks }: EndOfLog): void {
  if (last === null) return;
  for (const buffer of checker.objects.alive) for (const attachment of alive(buffer)) {
    const exit = attachment.attached === null ? undefined : checker.exited.get(attachment.attached.pid);
    if (exit !== undefined && attachment.attached !== null && exit.time >= attachment.attached.time && (ticks || last.time - exit.time >= SECOND)) {
      checker.anomaly('attachment leaked', `${attachment.attached.task}-${attachment.attached.pid} has exited, and its attachment is still there`, exit, buffer, attachment, 'somebody else may hold it');
    }
    for (const mapping of attachment.mappings) {
      if (mapping.stale === null || mapping.kind !== 'map' || !mapping.tracked.surely(STALE) || ticks || last.time - mapping.stale.start.time < SECOND) continue;
      checker.anomaly('mapping alive after revoke', `${attachment.device ?? 'an importer'} still has a mapping that is older than the invalidate in line ${mapping.stale.start.line}`, mapping.stale.start, buffer, attachment, null);
    }
  }
}

function slowRevokes(checker: Checker, revokes: readonly Revoke[], slow: number | null, end: EndOfLog): void {
  if (slow === null) return;
  for (const one of revokes) {
    const took = one.duration ?? one.open;
    if (took === null || took < slow) continue;
    checker.anomaly('slow revoke', `${one.call} ${one.duration === null ? 'has taken' : 'took'} ${end.ticks ? `${took} ticks` : `${(took / 1e9).toFixed(6)} s`}`, one.start, bufferOf(checker, one), null);
  }
}

/** Enough of a buffer to name it. */
function bufferOf(checker: Checker, { exporter, invalidates }: Revoke): BufferObject {
  return { ...emptyBuffer(checker), exporter, ino: invalidates[0]?.ino ?? null };
}

function ledgerOf(checker: Checker, reader: ReaderFacts, short: string | null): readonly string[] {
  const lines: string[] = [];
  if (short !== null) lines.push(`${short}: lines are missing, and nothing is held against anybody that a missing line could explain`);
  if (checker.missing !== null) lines.push(checker.missing);
  if (checker.lostParts.length > 0) lines.push(`${checker.lostParts.length} marks of lost events: what they may have held is open`);
  if (checker.accusations.withdrawn > 0) lines.push(`${checker.accusations.withdrawn} claims were dropped, for events were lost in between`);
  for (const [what, count] of checker.ledger) lines.push(count === 0 ? what : `${count} ${what}`);
  if (reader.cut) lines.push('the last line has no end and was left out');
  if (reader.backwards > 0) lines.push(`${reader.backwards} events stand so far out of the order of time that they were taken late`);
  if (reader.unit === 'ticks') lines.push('the clock of the log has no unit: durations are ticks');
  if (checker.hashedPointers === true) lines.push('tracepoints print hashed pointers; probes joined them with the real ones');
  if (checker.objects.alive.some(({ exported }) => exported === null)) lines.push('tracing began after some buffers were exported');
  lines.push('a call that shows at all was taken to be probed from its first event to the end of the log');
  return lines;
}

/** For --at: every object with its possible states. */
export function statesText(checker: Checker): readonly string[] {
  const out: string[] = [];
  const when = (moment: Moment | null): string => (moment === null ? '' : ` since line ${moment.line}`);
  for (const buffer of [...checker.objects.alive].sort((a, b) => a.age - b.age)) {
    out.push(`buffer ${buffer.ino === null ? (hex(buffer.pointer) ?? '?') : `ino ${buffer.ino}`}${buffer.exporter === null ? '' : ` of ${buffer.exporter}`}: ${buffer.revoked.states.join(' or ')}`);
    for (const attachment of alive(buffer)) {
      const { least, most } = attachment.pinCount;
      out.push(`  attachment ${hex(attachment.pointer ?? attachment.hashed) ?? '?'}${attachment.device === null ? '' : ` of ${attachment.device}`}${when(attachment.attached)}: ${attachment.tracked.states.join(' or ')}`);
      out.push(`    pins: ${most === least ? least : `${least} to ${most ?? 'any number'}`} (${attachment.pin.states.join(' or ')})`);
      for (const mapping of attachment.mappings) out.push(`    ${mapping.kind === 'map' ? `mapping ${hex(mapping.table) ?? '?'}` : 'range of iommufd'}${when(mapping.since)}: ${mapping.tracked.states.join(' or ')}`);
    }
  }
  for (const task of checker.calls.tasks.values()) {
    if (task.open.length > 0) out.push(`task ${task.task}-${task.pid}: inside ${task.open.map(({ call, start }) => `${call.function} (line ${start.line})`).join(', ')}`);
  }
  return out;
}
