// Trace text to events: tracefs trace and trace_pipe, trace-cmd report, perf script, bpftrace in the same shape. One pass, in parts of any
// size; a line that is not for us costs a look for its bracket and one map. Keeps nothing but the unfinished line.

import { kept } from './kept.ts';
import { classify } from './names.ts';
import type { Call, Sink } from './event.ts';

/** What was met besides events. */
export interface TextFacts {
  readonly form: string;
  readonly lines: number;
  readonly events: number;
  readonly ignored: number;
  readonly notUnderstood: number;
  readonly unit: 'ns' | 'ticks';
  readonly first: number | null;
  readonly last: number | null;
  readonly cut: boolean;
  /** "# tracer:" or another line that only a trace has. */
  readonly hasHeader: boolean;
}

export interface TextReader {
  /** Bytes as Latin-1, one character a byte. */
  push(part: string): void;
  end(): TextFacts;
  /** So far. */
  facts(): TextFacts;
}

const BLANK = 32;
/** A line longer than this is no line of a trace. */
const LONGEST = 1 << 20;

const LOST: readonly RegExp[] = [
  /^CPU:\d+ \[LOST(?: (\d+))? EVENTS\]/, /^CPU:\d+ \[(?:(\d+) )?EVENTS DROPPED\]/, /^#{3,} CPU \d+ buffer started #{3,}/, /^(?:Lost|LOST) (\d+) events/,
  /PERF_RECORD_LOST(?:_SAMPLES)?\b.*?(?:lost|LOST) (\d+)/, /^WARNING: .*lost (\d+)/,
];

/** Names in a text to what they mean, without making a string of each: found by length and three letters, then compared. */
class NameTable {
  private readonly buckets: { readonly name: string; readonly call: Call | null }[][] = Array.from({ length: 1024 }, () => []);

  private bucket(s: string, from: number, to: number): { readonly name: string; readonly call: Call | null }[] {
    const hash = (to - from) * 31 + s.charCodeAt(to - 1) * 7 + s.charCodeAt(from + ((to - from) >> 1)) * 13 + s.charCodeAt(to - 3) * 3;
    return this.buckets[hash & 1023] ?? [];
  }

  get(s: string, from: number, to: number): Call | null | undefined {
    for (const { name, call } of this.bucket(s, from, to)) if (name.length === to - from && s.startsWith(name, from)) return call;
    return undefined;
  }

  set(name: string, call: Call | null): void {
    const bucket = this.bucket(name, 0, name.length);
    // Names without end would be no names.
    if (bucket.length < 256) bucket.push({ name, call });
  }
}

export function textReader(sink: Sink): TextReader {
  let rest = '';
  let line = 0;
  let events = 0;
  let ignored = 0;
  let notUnderstood = 0;
  let first: number | null = null;
  let last: number | null = null;
  let cut = false;
  let form: string | null = null;
  let hasHeader = false;
  let isTicks = false;
  let skipping = false;
  /** By name; probes and tracepoints may have the same one. */
  const probes = new NameTable();
  const points = new NameTable();

  const other = (s: string, start: number, end: number): void => {
    const text = s.slice(start, end).trim();
    if (text === '') return;
    for (const pattern of LOST) {
      const lost = pattern.exec(text);
      if (lost === null) continue;
      hasHeader = true;
      return sink.note({ note: 'lost', line, events: lost[1] === undefined ? null : Number(lost[1]), text });
    }
    if (text.startsWith('#')) {
      if (text.startsWith('# tracer:')) {
        hasHeader = true;
        form = 'tracefs';
      }
      const entries = /^# entries-in-buffer\/entries-written: (\d+)\/(\d+)/.exec(text);
      if (entries !== null) {
        hasHeader = true;
        sink.note({ note: 'header', line, held: Number(entries[1]), written: Number(entries[2]) });
      }
      return;
    }
    if (/^cpus=\d+$/.test(text)) {
      hasHeader = true;
      form = 'trace-cmd report';
      return;
    }
    // Stacks below an event, and what tools say about themselves.
    if (/^(=> |<stack trace>|[0-9a-f]{8,16} |CPU \d+ is empty|version = \d|Attaching \d+ probe|Attached \d+ probe)/.test(text)) return;
    notUnderstood++;
  };

  const one = (s: string, start: number, end: number): void => {
    line++;
    if (s.charCodeAt(end - 1) === 13) end--;
    if (end <= start || s.charCodeAt(start) === 35) return other(s, start, end);
    // " [001] "
    let open = s.indexOf(' [', start);
    let close = -1;
    while (open >= 0 && open < end) {
      let at = open + 2;
      while (at < end && isDigit(s.charCodeAt(at))) at++;
      if (at > open + 2 && s.charCodeAt(at) === 93 && s.charCodeAt(at + 1) === BLANK) {
        close = at;
        break;
      }
      open = s.indexOf(' [', open + 2);
    }
    if (close < 0) return other(s, start, end);
    const stampEnd = s.indexOf(':', close);
    if (stampEnd < 0 || stampEnd >= end || !isDigit(s.charCodeAt(stampEnd - 1))) return other(s, start, end);
    let stamp = stampEnd - 1;
    let dot = -1;
    for (; stamp > close; stamp--) {
      const code = s.charCodeAt(stamp);
      if (code === 46) dot = stamp;
      else if (!isDigit(code)) break;
    }
    stamp++;
    let time = 0;
    for (let i = stamp; i < (dot < 0 ? stampEnd : dot); i++) time = time * 10 + s.charCodeAt(i) - 48;
    if (dot >= 0) {
      let fraction = 0;
      let digits = 0;
      for (let i = dot + 1; i < stampEnd && digits < 9; i++, digits++) fraction = fraction * 10 + s.charCodeAt(i) - 48;
      for (; digits < 9; digits++) fraction *= 10;
      time = time * 1e9 + fraction;
    } else isTicks = true;
    events++;
    first ??= time;
    last = time;
    let from = stampEnd + 1;
    while (from < end && s.charCodeAt(from) === BLANK) from++;
    let to = s.indexOf(':', from);
    if (to < 0 || to >= end) {
      ignored++;
      return;
    }
    // perf and trace-cmd -F: "system:name:"
    if (to + 1 < end && s.charCodeAt(to + 1) !== BLANK) {
      const second = s.indexOf(':', to + 1);
      if (second > 0 && second < end) {
        from = to + 1;
        to = second;
        form ??= 'perf script';
      }
    }
    let behind = to + 1;
    while (behind < end && s.charCodeAt(behind) === BLANK) behind++;
    const known = s.charCodeAt(behind) === 40 ? probes : points;
    let call = known.get(s, from, to);
    if (call === null) {
      ignored++;
      return;
    }
    const payload = s.slice(behind, end);
    if (call === undefined || call.role === 'iommu-map' || call.role === 'iommu-unmap') {
      const name = s.slice(from, to);
      call = classify(name, payload);
      // Two systems have events of the name "map"; the payload tells them apart.
      if (name !== 'map' && name !== 'unmap') known.set(kept(name), call);
      if (call === null) {
        ignored++;
        return;
      }
    }
    let cpu = 0;
    for (let i = open + 2; i < close; i++) cpu = cpu * 10 + s.charCodeAt(i) - 48;
    let flag = close + 1;
    while (flag < stamp && s.charCodeAt(flag) === BLANK) flag++;
    const inTask = stamp - flag < 4 || !isInterrupt(s.charCodeAt(flag + 2));
    const who = taskIn(s, start, open);
    if (who === null) {
      events--;
      return other(s, start, end);
    }
    sink.event({ line, cpu, task: who.task, pid: who.pid, time, inTask, call, payload });
  };

  const facts = (): TextFacts => ({ form: form ?? 'tracefs', lines: line, events, ignored, notUnderstood, unit: isTicks ? 'ticks' : 'ns', first, last, cut, hasHeader });
  return {
    push: (part) => {
      const s = rest === '' ? part : rest + part;
      let start = 0;
      for (;;) {
        const end = s.indexOf('\n', start);
        if (end < 0) break;
        if (skipping) skipping = false;
        else one(s, start, end);
        start = end + 1;
      }
      rest = s.slice(start);
      if (rest.length > LONGEST) {
        rest = '';
        if (!skipping) {
          line++;
          notUnderstood++;
        }
        skipping = true;
      }
    },
    end: () => {
      if (rest.trim() !== '' && rest.startsWith('#')) one(`${rest}\n`, 0, rest.length);
      else if (rest !== '') {
        if (rest.trim() !== '') line++;
        cut = true;
      }
      rest = '';
      return facts();
    },
    facts,
  };
}

const isDigit = (code: number): boolean => code >= 48 && code <= 57;
/** h H s z Z: not on behalf of the task. */
const isInterrupt = (code: number): boolean => code === 104 || code === 72 || code === 115 || code === 122 || code === 90;

interface Who {
  readonly task: string;
  readonly pid: number;
}

/** One pid is mostly followed by itself: the last answer is kept. */
let lastText = '';
let lastWho: Who | null = null;

/** "dbt-451", "kworker/1:1-34", "bash-7 ( 7)", perf: "dbt   451", "dbt 451/451". */
function taskIn(s: string, start: number, end: number): Who | null {
  const text = s.slice(start, end);
  if (text === lastText) return lastWho;
  lastText = kept(text);
  lastWho = parseTask(lastText.trim());
  return lastWho;
}

function parseTask(whole: string): Who | null {
  // A thread group behind: "(   451)" or "(-------)"
  const text = whole.replace(/\s*\(\s*[-\d]+\)$/, '');
  const dashed = /^(.*)-(\d+)$/.exec(text);
  if (dashed !== null && !/\s\d+$/.test(text)) return { task: utf8((dashed[1] ?? '').trim()), pid: Number(dashed[2]) };
  const spaced = /^(.*?)\s+(-?\d+)(?:\/(-?\d+))?$/.exec(text);
  if (spaced !== null) return { task: utf8(spaced[1] ?? ''), pid: Number(spaced[3] ?? spaced[2]) };
  return dashed === null ? null : { task: utf8((dashed[1] ?? '').trim()), pid: Number(dashed[2]) };
}

/** Latin-1 characters as the bytes that they stand for. */
function utf8(text: string): string {
  for (let i = 0; i < text.length; i++) {
    if (text.charCodeAt(i) >= 128) return new TextDecoder().decode(Uint8Array.from(text, (one) => one.charCodeAt(0)));
  }
  return text;
}
