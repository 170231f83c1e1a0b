// Records of a trace.dat in the order of time: one page a CPU is held, and the CPUs are merged. Marks of lost events in the pages are told.

import { openDat, type CpuPart, type DatFile, type ReadAt, type Uncompress } from './dat-file.ts';
import { callOf, parseFormat, payloadOf, symbols, type Format } from './dat-format.ts';
import type { Call, Sink } from './event.ts';
import type { TextFacts } from './text-reader.ts';

export type DatRead = { readonly ok: true; readonly facts: TextFacts; readonly notes: readonly string[] } | { readonly ok: false; readonly message: string };

const MISSED = 2 ** 31;
const MISSED_STORED = 2 ** 30;
const TIME_EXTEND = 30;
const TIME_STAMP = 31;
const PADDING = 29;
const LONGEST = 28;
/** Clocks whose values are nanoseconds. */
const NANOSECONDS: ReadonlySet<string> = new Set(['local', 'global', 'mono', 'mono_raw', 'boot', 'tai', 'perf', 'uptime']);

interface Taken {
  readonly time: number;
  readonly record: DataView;
}

/** `stop`: polled now and then. */
export function readDat(read: ReadAt, uncompress: Uncompress, sink: Sink, stop: () => boolean = () => false): DatRead {
  const opened = openDat(read, uncompress);
  if (!opened.ok) return opened;
  const { file } = opened;
  const formats = new Map<number, Format>(file.formats.flatMap((text) => {
    const format = parseFormat(text);
    return format === null ? [] : [[format.id, format] as const];
  }));
  if (file.compression !== null && uncompress(file.compression, new Uint8Array(), 0) === null) return { ok: false, message: `its data is compressed with ${file.compression}, which this Node cannot read; trace-cmd report turns it into text` };
  const symbolOf = symbols(file.kallsyms);
  const calls = new Map<number, Call | null>();
  const counts = { events: 0, ignored: 0, unknown: 0 };
  let first: number | null = null;
  let last: number | null = null;
  let isCut = false;
  const streams = file.cpus.map((part) => new CpuStream(read, part, file, uncompress, (events) => sink.note({ note: 'lost', line: counts.events, events, text: `CPU:${part.cpu} lost events` }), () => (isCut = true)));
  for (;;) {
    let next: CpuStream | null = null;
    for (const stream of streams) if (stream.head !== null && (next === null || stream.head.time < (next.head?.time ?? Infinity))) next = stream;
    const head = next?.head;
    if (next === null || head == null) break;
    next.advance();
    counts.events++;
    if ((counts.events & 0xfff) === 0 && stop()) break;
    first ??= head.time;
    last = head.time;
    const id = head.record.getUint16(0, file.little);
    const format = formats.get(id);
    if (format === undefined) {
      counts.unknown++;
      continue;
    }
    let call = calls.get(id);
    if (call === null) {
      counts.ignored++;
      continue;
    }
    const payload = payloadOf(format, head.record, file.little, symbolOf);
    if (call === undefined) {
      call = callOf(format, payload);
      calls.set(id, call);
      if (call === null) {
        counts.ignored++;
        continue;
      }
    }
    const flags = head.record.getUint8(2);
    const pid = head.record.getInt32(4, file.little);
    // TRACE_FLAG_HARDIRQ, TRACE_FLAG_SOFTIRQ
    sink.event({ line: counts.events, cpu: next.cpu, task: pid === 0 ? '<idle>' : (file.tasks.get(pid) ?? '<...>'), pid, time: head.time, inTask: (flags & 0x18) === 0, call, payload });
  }
  const isNanoseconds = file.clock === null || NANOSECONDS.has(file.clock);
  const notes = [...file.notes, ...(counts.unknown > 0 ? [`${counts.unknown} records have no format in the file`] : []), `clock ${file.clock ?? 'not named'}; lines are numbers of records`];
  return {
    ok: true, notes,
    facts: { form: `trace.dat ${file.version}`, lines: counts.events, events: counts.events, ignored: counts.ignored + counts.unknown, notUnderstood: 0, unit: isNanoseconds ? 'ns' : 'ticks', first, last, cut: isCut, hasHeader: true },
  };
}

/** The records of one CPU, page by page. */
class CpuStream {
  readonly cpu: number;
  head: Taken | null = null;
  private readonly file: DatFile;
  private readonly pages: Iterator<Uint8Array>;
  private readonly lost: (events: number | null) => void;
  private page: DataView | null = null;
  private at = 0;
  private end = 0;
  private time = 0n;

  constructor(read: ReadAt, part: CpuPart, file: DatFile, uncompress: Uncompress, lost: (events: number | null) => void, cut: () => void) {
    this.cpu = part.cpu;
    this.file = file;
    this.lost = lost;
    this.pages = file.compression === null ? plainPages(read, part, file.pageSize, cut) : packedPages(read, part, file, file.compression, uncompress, cut);
    this.advance();
  }

  advance(): void {
    this.head = null;
    for (;;) {
      const found = this.page === null ? null : this.record(this.page);
      if (found !== null) {
        this.head = found;
        return;
      }
      const { value, done } = this.pages.next();
      if (done === true) return;
      this.open(new DataView(value.buffer, value.byteOffset, value.byteLength));
    }
  }

  private open(page: DataView): void {
    const { little, long } = this.file;
    const head = 8 + long;
    this.page = null;
    if (page.byteLength < head) return;
    this.time = page.getBigUint64(0, little);
    const commit = long === 8 ? Number(page.getBigUint64(8, little)) : page.getUint32(8, little);
    const length = commit % MISSED_STORED;
    const bits = Math.floor(commit / MISSED_STORED) & 3;
    this.at = head;
    this.end = Math.min(head + length, page.byteLength);
    if ((bits & (MISSED / MISSED_STORED)) !== 0) {
      const stored = (bits & 1) !== 0 && this.end + long <= page.byteLength ? (long === 8 ? Number(page.getBigUint64(this.end, little)) : page.getUint32(this.end, little)) : null;
      this.lost(stored);
    }
    this.page = page;
  }

  private record(page: DataView): Taken | null {
    const { little } = this.file;
    while (this.at + 4 <= this.end) {
      const word = page.getUint32(this.at, little);
      // The order of the bit fields follows the order of the bytes.
      const type = little ? word & 31 : word >>> 27;
      const delta = little ? word >>> 5 : word & 0x7ffffff;
      const more = this.at + 8 <= this.end ? page.getUint32(this.at + 4, little) : 0;
      if (type === TIME_EXTEND || type === TIME_STAMP) {
        const whole = (BigInt(more) << 27n) + BigInt(delta);
        // An absolute stamp has 59 bits; the rest is as before.
        this.time = type === TIME_EXTEND ? this.time + whole : (this.time & ~((1n << 59n) - 1n)) | whole;
        this.at += 8;
        continue;
      }
      if (type === PADDING) {
        if (delta === 0) break;
        this.time += BigInt(delta);
        this.at += 4 + more;
        continue;
      }
      this.time += BigInt(delta);
      const isLong = type === 0;
      const start = this.at + (isLong ? 8 : 4);
      const length = isLong ? more - 4 : type * 4;
      if (type > LONGEST || length < 0 || start + length > this.end) break;
      this.at = start + ((length + 3) & ~3);
      if (length < 8) continue;
      return { time: Number(this.time), record: new DataView(page.buffer, page.byteOffset + start, length) };
    }
    this.page = null;
    return null;
  }
}

function* plainPages(read: ReadAt, { offset, size }: CpuPart, pageSize: number, cut: () => void): Generator<Uint8Array> {
  for (let at = 0; at < size; at += pageSize) {
    const page = read(offset + at, Math.min(pageSize, size - at));
    if (page.length < Math.min(pageSize, size - at)) cut();
    if (page.length === 0) return;
    yield page;
  }
}

/** A count of chunks, then each with its size packed and unpacked: whole pages. */
function* packedPages(read: ReadAt, { offset, size }: CpuPart, { little, pageSize }: DatFile, algorithm: string, uncompress: Uncompress, cut: () => void): Generator<Uint8Array> {
  if (size === 0) return;
  const word = (at: number): number | null => {
    const part = read(at, 4);
    return part.length < 4 ? null : new DataView(part.buffer, part.byteOffset, 4).getUint32(0, little);
  };
  const count = word(offset) ?? 0;
  let at = offset + 4;
  for (let i = 0; i < count; i++) {
    const packed = word(at);
    const plain = word(at + 4);
    if (packed === null || plain === null) return cut();
    const part = read(at + 8, packed);
    if (part.length < packed) return cut();
    const bytes = uncompress(algorithm, part, plain);
    if (bytes === null) return cut();
    for (let page = 0; page < bytes.length; page += pageSize) yield bytes.subarray(page, page + pageSize);
    at += 8 + packed;
  }
}
