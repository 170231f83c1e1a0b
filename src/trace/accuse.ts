// Accusations: what an event broke, kept until it is sure that no lost line explains it. A claim that rests on something not having come
// ("no map was seen") is dropped where the log lost events in between, and becomes an anomaly where the probe may not have been armed.

import { obligation, type ObligationId } from '../protocol/obligations.ts';
import type { Anomaly, AnomalyKind, Moment, Parties, Violation } from '../results/trace.ts';
import { hex, type Pointer } from './fields.ts';
import type { AttachmentObject, BufferObject } from './objects.ts';

export interface Accusation {
  readonly obligation: ObligationId;
  readonly at: Moment;
  readonly seen: string;
  readonly text: string;
  readonly possible: readonly string[];
  readonly nearMisses: Violation['nearMisses'];
  readonly evidence: Violation['evidence'];
  readonly buffer: BufferObject | null;
  readonly attachment: AttachmentObject | null;
  /** Calls that must have been observable, or else it is only this anomaly. */
  readonly needs: readonly string[];
  readonly otherwise: AnomalyKind;
  /** It needs no absence: no lost line can explain it. */
  readonly positive: boolean;
}

export function partiesOf(buffer: BufferObject | null, attachment: AttachmentObject | null, moment: Moment | null): Parties {
  return {
    task: moment?.task ?? null, pid: moment?.pid ?? null, device: attachment?.device ?? null, exporter: buffer?.exporter ?? null,
    ino: buffer?.ino ?? null, buffer: hex(buffer?.pointer ?? null), attachment: hex(attachment?.pointer ?? attachment?.hashed ?? null),
  };
}

const MOST_ANOMALIES = 2000;

export class Accusations {
  private accused: Accusation[] = [];
  readonly anomalies: Anomaly[] = [];
  anomaliesLeftOut = 0;
  /** Claims that were dropped for want of lines. */
  withdrawn = 0;

  accuse(accusation: Accusation): void {
    this.accused.push(accusation);
  }

  anomaly(kind: AnomalyKind, text: string, at: Moment, buffer: BufferObject | null, attachment: AttachmentObject | null, doubt: string | null = null): Anomaly {
    const made: Anomaly = { kind, text, at, doubt, ...partiesOf(buffer, attachment, at) };
    if (this.anomalies.length < MOST_ANOMALIES) this.anomalies.push(made);
    else this.anomaliesLeftOut++;
    return made;
  }

  against(buffer: BufferObject): boolean {
    return this.accused.some((one) => one.buffer === buffer);
  }

  /** Events of this time and later were lost somewhere. */
  lostSince(time: number): void {
    this.drop((one) => !one.positive && one.at.time >= time);
  }

  /** An attachment was being born under that pointer since `time`: what was held against its namesake is void. */
  bornAs(pointer: Pointer, time: number): void {
    this.drop((one) => one.obligation === 'P4' && one.attachment?.pointer === pointer && one.at.time >= time);
  }

  private drop(when: (one: Accusation) => boolean): void {
    const kept = this.accused.filter((one) => !when(one));
    this.withdrawn += this.accused.length - kept.length;
    this.accused = kept;
  }

  /** At the end of the log. `observable`: whether a call was seen or declared; `incomplete`: lines are missing somewhere. */
  judged(observable: (name: string) => boolean, incomplete: string | null): readonly Violation[] {
    const violations: Violation[] = [];
    for (const one of this.accused) {
      const unseen = one.needs.filter((name) => !observable(name));
      if (unseen.length > 0) this.anomaly(one.otherwise, one.text, one.at, one.buffer, one.attachment, `${unseen.join(' and ')} never shows in this log: perhaps it is not probed`);
      else if (incomplete !== null && !one.positive) this.anomaly(one.otherwise, one.text, one.at, one.buffer, one.attachment, incomplete);
      else violations.push(violationOf(one));
    }
    return violations;
  }
}

function violationOf(one: Accusation): Violation {
  const clause = obligation(one.obligation);
  const { buffer, attachment } = one;
  if (buffer !== null) buffer.broken = true;
  const importer = `importer ${attachment?.device ?? hex(attachment?.pointer ?? attachment?.hashed ?? null) ?? 'unknown'}`;
  const exporter = `exporter ${buffer?.exporter ?? 'unknown'}`;
  return {
    obligation: one.obligation, blame: clause.party === 'exporter' ? exporter : clause.party === 'importer' ? importer : `task ${one.at.task}-${one.at.pid}`,
    text: one.text, clause: clause.text, source: clause.source, at: one.at, seen: one.seen, possible: one.possible, nearMisses: one.nearMisses, evidence: one.evidence,
    ...partiesOf(buffer, attachment, one.at),
  };
}
