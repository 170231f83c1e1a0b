// trace.dat, versions 6 and 7: header, event formats, names of tasks, and where the data of each CPU lies (man trace-cmd.dat.v6, .v7).
// Reads through a function that it is given; never the whole file. What a section is compressed with is given too.

/** `length` bytes from `offset`, fewer at the end of the file. */
export type ReadAt = (offset: number, length: number) => Uint8Array;

/** One compressed part to its bytes; null where the algorithm is not there. */
export type Uncompress = (algorithm: string, part: Uint8Array, size: number) => Uint8Array | null;

export interface CpuPart {
  readonly cpu: number;
  readonly offset: number;
  readonly size: number;
}

export interface DatFile {
  readonly version: number;
  readonly little: boolean;
  /** Bytes of a long. */
  readonly long: number;
  readonly pageSize: number;
  readonly formats: readonly string[];
  readonly tasks: ReadonlyMap<number, string>;
  readonly kallsyms: string;
  readonly clock: string | null;
  /** "name" of the algorithm of the CPU data; null where it is plain. */
  readonly compression: string | null;
  readonly cpus: readonly CpuPart[];
  readonly notes: readonly string[];
}

export type DatOpened = { readonly ok: true; readonly file: DatFile } | { readonly ok: false; readonly message: string };

export const DAT_MAGIC: readonly number[] = [0x17, 0x08, 0x44, ...[...'tracing'].map((c) => c.charCodeAt(0))];

class Short extends Error {}

/** A place in the file, or in an uncompressed section. */
class Cursor {
  private readonly bytes: ReadAt;
  readonly little: boolean;
  at: number;

  constructor(bytes: ReadAt, at: number, little: boolean) {
    this.bytes = bytes;
    this.at = at;
    this.little = little;
  }

  take(length: number): Uint8Array {
    if (length > 2 ** 28) throw new Short('a section of more than 256 MB');
    const part = this.bytes(this.at, length);
    if (part.length < length) throw new Short('the file ends in its header');
    this.at += length;
    return part;
  }

  number(size: 1 | 2 | 4 | 8): number {
    const part = this.take(size);
    const view = new DataView(part.buffer, part.byteOffset, size);
    switch (size) {
      case 1:
        return view.getUint8(0);
      case 2:
        return view.getUint16(0, this.little);
      case 4:
        return view.getUint32(0, this.little);
      case 8:
        return Number(view.getBigUint64(0, this.little));
    }
  }

  text(): string {
    let out = '';
    for (;;) {
      const code = this.number(1);
      if (code === 0) return out;
      out += String.fromCharCode(code);
      if (out.length > 4096) throw new Short('a name without an end');
    }
  }

  block(size: number): string {
    return new TextDecoder('latin1').decode(this.take(size)).replace(/\0+$/, '');
  }
}

interface Found {
  formats: string[];
  tasks: Map<number, string>;
  kallsyms: string;
  clock: string | null;
  cpus: CpuPart[];
  notes: string[];
  compressed: boolean;
}

export function openDat(read: ReadAt, uncompress: Uncompress): DatOpened {
  try {
    return { ok: true, file: opened(read, uncompress) };
  } catch (error) {
    if (error instanceof Short || error instanceof RangeError) return { ok: false, message: error.message };
    throw error;
  }
}

function opened(read: ReadAt, uncompress: Uncompress): DatFile {
  const start = new Cursor(read, DAT_MAGIC.length, true);
  const version = Number(start.text());
  if (version !== 6 && version !== 7) throw new Short(`version ${version} of trace.dat is not known; 6 and 7 are`);
  const little = start.number(1) === 0;
  const cursor = new Cursor(read, start.at, little);
  const long = cursor.number(1);
  const pageSize = cursor.number(4);
  if (pageSize < 256 || pageSize > 2 ** 20) throw new Short(`a page of ${pageSize} bytes`);
  const found: Found = { formats: [], tasks: new Map(), kallsyms: '', clock: null, cpus: [], notes: [], compressed: false };
  let algorithm = 'none';
  if (version === 6) {
    headerInfo(cursor);
    ftraceEvents(cursor, found);
    eventFormats(cursor, found);
    found.kallsyms = cursor.block(cursor.number(4));
    cursor.block(cursor.number(4));
    taskNames(cursor.block(cursor.number(8)), found);
    flyrecord6(cursor, found);
  } else {
    algorithm = cursor.text();
    cursor.text();
    sections7(read, cursor.number(8), little, algorithm, uncompress, found);
  }
  return { version, little, long, pageSize, formats: found.formats, tasks: found.tasks, kallsyms: found.kallsyms, clock: found.clock, compression: found.compressed ? algorithm : null, cpus: found.cpus, notes: found.notes };
}

function headerInfo(cursor: Cursor): void {
  for (const name of ['header_page', 'header_event']) {
    if (cursor.text() !== name) throw new Short(`no ${name} where it should be`);
    cursor.block(cursor.number(8));
  }
}

function ftraceEvents(cursor: Cursor, found: Found): void {
  for (let left = cursor.number(4); left > 0; left--) found.formats.push(cursor.block(cursor.number(8)));
}

function eventFormats(cursor: Cursor, found: Found): void {
  for (let systems = cursor.number(4); systems > 0; systems--) {
    cursor.text();
    ftraceEvents(cursor, found);
  }
}

function taskNames(text: string, found: Found): void {
  for (const line of text.split('\n')) {
    const at = line.indexOf(' ');
    if (at > 0) found.tasks.set(Number(line.slice(0, at)), line.slice(at + 1));
  }
}

const OPTION = { done: 0, buffer: 3, clock: 4, header: 16, ftrace: 17, formats: 18, kallsyms: 19, printk: 20, tasks: 21 } as const;

function flyrecord6(cursor: Cursor, found: Found): void {
  const count = cursor.number(4);
  let word = cursor.block(10);
  if (word.startsWith('options')) {
    for (let id = cursor.number(2); id !== OPTION.done; id = cursor.number(2)) {
      const text = cursor.block(cursor.number(4));
      if (id === OPTION.clock) found.clock = clockIn(text);
      if (id === OPTION.buffer) found.notes.push('the file holds more than one instance; only the top one is read');
    }
    word = cursor.block(10);
  }
  if (!word.startsWith('flyrecord')) throw new Short('the file holds a latency trace, as text: trace-cmd report prints it');
  for (let cpu = 0; cpu < count; cpu++) found.cpus.push({ cpu, offset: cursor.number(8), size: cursor.number(8) });
}

/** "local [mono] global" */
const clockIn = (text: string): string => /\[(\S+)\]/.exec(text)?.[1] ?? text.trim();

function sections7(read: ReadAt, first: number, little: boolean, algorithm: string, uncompress: Uncompress, found: Found): void {
  const at = new Map<number, number>();
  let next = first;
  for (let turns = 0; next !== 0 && turns < 1000; turns++) {
    const cursor = section(read, next, little, algorithm, uncompress);
    next = 0;
    for (;;) {
      const id = cursor.number(2);
      const size = cursor.number(4);
      const end = cursor.at + size;
      if (id === OPTION.done) {
        next = size >= 8 ? cursor.number(8) : 0;
        break;
      }
      if (id === OPTION.buffer) buffer7(cursor, read, little, found);
      else if (id === OPTION.clock) found.clock ??= clockIn(cursor.block(size));
      else if (id >= OPTION.header && id <= OPTION.tasks) at.set(id, cursor.number(8));
      cursor.at = end;
    }
  }
  const inside = (id: number, use: (cursor: Cursor) => void): void => {
    const offset = at.get(id);
    if (offset !== undefined) use(section(read, offset, little, algorithm, uncompress));
  };
  inside(OPTION.ftrace, (cursor) => ftraceEvents(cursor, found));
  inside(OPTION.formats, (cursor) => eventFormats(cursor, found));
  inside(OPTION.kallsyms, (cursor) => void (found.kallsyms = cursor.block(cursor.number(4))));
  inside(OPTION.tasks, (cursor) => taskNames(cursor.block(cursor.number(8)), found));
}

function buffer7(cursor: Cursor, read: ReadAt, little: boolean, found: Found): void {
  const offset = cursor.number(8);
  const name = cursor.text();
  const clock = cursor.text();
  // The page size of this buffer.
  cursor.number(4);
  const count = cursor.number(4);
  if (found.cpus.length > 0 || (name !== '' && found.cpus.length > 0)) {
    found.notes.push(`instance '${name}' is not read: only the first one is`);
    return;
  }
  found.clock = clock;
  const header = new Cursor(read, offset + 2, little);
  found.compressed = (header.number(2) & 1) !== 0;
  for (let i = 0; i < count; i++) found.cpus.push({ cpu: cursor.number(4), offset: cursor.number(8), size: cursor.number(8) });
}

/** A cursor behind the header of a section, in its uncompressed bytes. */
function section(read: ReadAt, offset: number, little: boolean, algorithm: string, uncompress: Uncompress): Cursor {
  const cursor = new Cursor(read, offset, little);
  cursor.number(2);
  const flags = cursor.number(2);
  cursor.number(4);
  cursor.number(8);
  if ((flags & 1) === 0) return cursor;
  const packed = cursor.number(4);
  const size = cursor.number(4);
  const bytes = uncompress(algorithm, cursor.take(packed), size);
  if (bytes === null) throw new Short(`it is compressed with ${algorithm}, and cannot be unpacked here; trace-cmd convert --compression none -i FILE -o OTHER helps, or trace-cmd report`);
  return new Cursor((at, length) => bytes.subarray(at, at + length), 0, little);
}
