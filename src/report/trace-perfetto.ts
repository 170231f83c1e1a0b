// A timeline as Chrome's JSON trace, which Perfetto opens: a process a buffer, a track for the exporter and three for each importer
// (attached, mapped, callbacks), so that no two spans of a track overlap by halves.

import type { LogFacts, TimelineFact } from '../results/trace.ts';

/** Gives each span as soon as it is known: nothing is held back but names. */
export interface PerfettoWriter {
  begin(): string;
  span(fact: TimelineFact): string;
  end(clock: LogFacts['clock']): string;
}

const TRACKS: Readonly<Record<TimelineFact['kind'], number>> = { buffer: 0, revoke: 1, invalidate: 2, 'fence wait': 3, attachment: 0, mapping: 1, callback: 2 };
const WORDS: Readonly<Record<TimelineFact['kind'], string>> = { buffer: 'buffer', revoke: 'revoke', invalidate: 'invalidate', 'fence wait': 'fence wait', attachment: 'attached', mapping: 'mapped', callback: 'callback' };

export function perfettoWriter(): PerfettoWriter {
  const processes = new Map<string, number>();
  const importers = new Map<string, number>();
  const tracks = new Set<string>();
  let isFirst = true;
  const line = (event: object): string => {
    const text = `${isFirst ? '' : ',\n'}${JSON.stringify(event)}`;
    isFirst = false;
    return text;
  };
  const open: TimelineFact[] = [];
  const write = (fact: TimelineFact, from: number, to: number): string => {
    const key = fact.ino === null ? (fact.buffer ?? 'unknown') : `ino ${fact.ino}`;
    let out = '';
    let pid = processes.get(key);
    if (pid === undefined) {
      pid = fact.ino ?? 1_000_000 + processes.size;
      processes.set(key, pid);
      out += line({ ph: 'M', name: 'process_name', pid, tid: 0, args: { name: `buffer ${key}${fact.exporter === null ? '' : ` of ${fact.exporter}`}` } });
    }
    const who = fact.attachment === null ? null : `${key} ${fact.attachment}`;
    let base = 0;
    if (who !== null) {
      const n = importers.get(who) ?? importers.size + 1;
      importers.set(who, n);
      base = n * 10;
    }
    const tid = base + TRACKS[fact.kind];
    if (!tracks.has(`${pid} ${tid}`)) {
      tracks.add(`${pid} ${tid}`);
      out += line({ ph: 'M', name: 'thread_name', pid, tid, args: { name: who === null ? WORDS[fact.kind] : `${fact.device ?? 'importer'} ${fact.attachment ?? ''} ${WORDS[fact.kind]}` } });
    }
    const args = { task: fact.start?.task ?? null, pid: fact.start?.pid ?? null, lines: `${fact.start?.line ?? '?'}-${fact.end?.line ?? '?'}`, attachment: fact.attachment, open: fact.end === null };
    return out + line({ ph: 'X', name: fact.what, cat: fact.kind, pid, tid, ts: from / 1000, dur: Math.max(0, to - from) / 1000, args });
  };
  return {
    begin: () => '{"displayTimeUnit":"ns","traceEvents":[\n',
    span: (fact) => {
      if (fact.start !== null && fact.end !== null) return write(fact, fact.start.time, fact.end.time);
      open.push(fact);
      return '';
    },
    end: ({ first, last }) => `${open.map((fact) => write(fact, fact.start?.time ?? first ?? 0, fact.end?.time ?? last ?? 0)).join('')}\n]}\n`,
  };
}
