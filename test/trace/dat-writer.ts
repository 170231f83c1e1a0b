// Writes a trace.dat as trace-cmd does, from the lines of a recording and the event formats below: for tests of the reader.

import { deflateSync } from 'node:zlib';
import { linesOf } from './read.ts';

interface Column {
  readonly name: string;
  readonly type: string;
  readonly size: number;
  readonly signed: 0 | 1;
}

const column = (name: string, type: string, size: number, signed: 0 | 1 = 0): Column => ({ name, type, size, signed });
const text = (name: string): Column => column(name, '__data_loc char[]', 4);

/** Columns of the tracepoints, in the order of the kernel; probes take theirs from the line. */
const POINTS: Readonly<Record<string, readonly Column[]>> = {
  ...Object.fromEntries(['dma_buf_export', 'dma_buf_put', 'dma_buf_mmap_internal'].map((name) => [name, [text('exp_name'), column('size', 'size_t', 8), column('ino', 'ino_t', 8)]])),
  ...Object.fromEntries(['dma_buf_fd', 'dma_buf_get'].map((name) => [name, [text('exp_name'), column('size', 'size_t', 8), column('ino', 'ino_t', 8), column('fd', 'int', 4, 1)]])),
  ...Object.fromEntries(['dma_buf_dynamic_attach', 'dma_buf_detach'].map((name) => [name, [text('dev_name'), text('exp_name'), column('size', 'size_t', 8), column('ino', 'ino_t', 8), column('attach', 'struct dma_buf_attachment *', 8), column('is_dynamic', 'bool', 1)]])),
  ...Object.fromEntries(['init', 'emit', 'signaled', 'destroy', 'wait_start', 'wait_end'].map((name) => [`dma_fence_${name}`, [text('driver'), text('timeline'), column('context', 'unsigned int', 4), column('seqno', 'unsigned int', 4)]])),
  map: [column('iova', 'u64', 8), column('paddr', 'u64', 8), column('size', 'size_t', 8)],
  unmap: [column('iova', 'u64', 8), column('size', 'size_t', 8), column('unmapped_size', 'size_t', 8)],
  print: [column('ip', 'unsigned long', 8), column('buf', 'char', 0)],
};

interface Row {
  readonly pid: number;
  readonly task: string;
  readonly cpu: number;
  readonly irq: boolean;
  readonly time: bigint;
  readonly name: string;
  readonly values: ReadonlyMap<string, string>;
  readonly columns: readonly Column[];
}

function rowOf(line: string): Row | null {
  const [, task = '', pid, cpu, flags = '', seconds = '', micro = '', name = '', payload = ''] = /^\s*(.+)-(\d+)\s+\[(\d+)\] (\S+)\s+(\d+)\.(\d+): (\w+): (.*)$/.exec(line) ?? [];
  if (name === '' || name === 'attach_device_to_domain') return null;
  const values = new Map([...payload.replace(/^\([^)]*\)/, '').matchAll(/(\w+)[=:](\S+)/g)].map(([, key = '', value = '']) => [key === 'attachment' ? 'attach' : key, value]));
  const point = name === 'tracing_mark_write' ? 'print' : name;
  if (point === 'print') values.set('buf', payload);
  const isProbe = payload.startsWith('(');
  const isReturn = payload.includes(' <- ');
  const columns = isProbe
    ? [...(isReturn ? [column('__probe_func', 'unsigned long', 8), column('__probe_ret_ip', 'unsigned long', 8)] : [column('__probe_ip', 'unsigned long', 8)]), ...[...values.keys()].map((key) => (key === 'ret' && /^-?\d{1,4}$/.test(values.get(key) ?? '') ? column(key, 's32', 4, 1) : column(key, 'u64', 8)))]
    : POINTS[point];
  if (columns === undefined) throw new Error(`no columns of ${point}`);
  return { task, pid: Number(pid), cpu: Number(cpu), irq: flags[2] === 'h' || flags[2] === 's', time: BigInt(seconds) * 1_000_000_000n + BigInt(micro) * 1000n, name: point, values, columns };
}

const number = (value: string): bigint => (value.startsWith('-') ? BigInt.asUintN(64, BigInt(value)) : BigInt(/[a-f]/i.test(value) && !value.startsWith('0x') ? `0x${value}` : value));

function recordOf({ pid, irq, values, columns, name }: Row, id: number): Buffer {
  let offset = 8;
  const fixed = columns.reduce((sum, { size }) => sum + size, 8);
  const tail: Buffer[] = [];
  const head = Buffer.alloc(fixed);
  head.writeUInt16LE(id, 0);
  head.writeUInt8(irq ? 8 : 0, 2);
  head.writeInt32LE(pid, 4);
  let behind = fixed;
  for (const { name: key, type, size } of columns) {
    const value = values.get(key) ?? '0';
    if (type.includes('__data_loc')) {
      const bytes = Buffer.from(`${value}\0`, 'latin1');
      head.writeUInt32LE(((bytes.length << 16) | behind) >>> 0, offset);
      tail.push(bytes);
      behind += bytes.length;
    } else if (size === 0) tail.push(Buffer.from(`${value}\0`, 'latin1'));
    else if (size === 8) head.writeBigUInt64LE(number(value), offset);
    else if (size === 4) head.writeUInt32LE(Number(BigInt.asUintN(32, number(value))), offset);
    else head.writeUInt8(Number(number(value)) & 0xff, offset);
    offset += size;
  }
  void name;
  return Buffer.concat([head, ...tail]);
}

function formatOf(name: string, id: number, columns: readonly Column[]): string {
  let offset = 8;
  const lines = ['\tfield:unsigned short common_type;\toffset:0;\tsize:2;\tsigned:0;', '\tfield:unsigned char common_flags;\toffset:2;\tsize:1;\tsigned:0;', '\tfield:unsigned char common_preempt_count;\toffset:3;\tsize:1;\tsigned:0;', '\tfield:int common_pid;\toffset:4;\tsize:4;\tsigned:1;', ''];
  for (const { name: key, type, size, signed } of columns) {
    lines.push(`\tfield:${size === 0 ? `char ${key}[]` : `${type} ${key}`};\toffset:${offset};\tsize:${size};\tsigned:${signed};`);
    offset += size;
  }
  return `name: ${name}\nID: ${id}\nformat:\n${lines.join('\n')}\n\nprint fmt: ""\n`;
}

const u16 = (n: number): Buffer => { const b = Buffer.alloc(2); b.writeUInt16LE(n); return b; };
const u32 = (n: number): Buffer => { const b = Buffer.alloc(4); b.writeUInt32LE(n >>> 0); return b; };
const u64 = (n: number | bigint): Buffer => { const b = Buffer.alloc(8); b.writeBigUInt64LE(BigInt(n)); return b; };
const z = (s: string): Buffer => Buffer.from(`${s}\0`, 'latin1');
const sized = (s: string): Buffer => Buffer.concat([u64(Buffer.byteLength(s, 'latin1')), Buffer.from(s, 'latin1')]);

const PAGE = 4096;

/** Pages of one CPU; page `lossy` says that events were missed before it. */
function pagesOf(rows: readonly Row[], ids: ReadonlyMap<string, number>, lossy: number | null): Buffer {
  const pages: Buffer[] = [];
  let parts: Buffer[] = [];
  let used = 0;
  let base = 0n;
  let last = 0n;
  const close = (): void => {
    if (parts.length === 0) return;
    const body = Buffer.concat(parts);
    const flags = pages.length === lossy ? 2n ** 31n : 0n;
    pages.push(Buffer.concat([u64(base), u64(BigInt(body.length) + flags), body, Buffer.alloc(PAGE - 16 - body.length)]));
    parts = [];
    used = 0;
  };
  for (const row of rows) {
    const record = recordOf(row, ids.get(row.name) ?? 0);
    const padded = Buffer.concat([record, Buffer.alloc((4 - (record.length % 4)) % 4)]);
    if (used + padded.length + 24 > PAGE - 16) close();
    if (parts.length === 0) base = last = row.time;
    let delta = row.time - last;
    last = row.time;
    if (delta >= 2n ** 27n) {
      parts.push(u32(Number(((delta & (2n ** 27n - 1n)) << 5n) | 30n)), u32(Number(delta >> 27n)));
      used += 8;
      delta = 0n;
    }
    const isLong = padded.length > 28 * 4;
    const head = isLong ? Buffer.concat([u32(Number(delta << 5n)), u32(padded.length + 4)]) : u32(Number((delta << 5n) | BigInt(padded.length / 4)));
    parts.push(head, padded);
    used += head.length + padded.length;
  }
  close();
  return Buffer.concat(pages);
}

export interface DatOptions {
  readonly version: 6 | 7;
  readonly compression?: 'none' | 'zlib' | 'zstd';
  readonly lossy?: number;
}

export function writeDat(log: string, { version, compression = 'none', lossy }: DatOptions): Buffer {
  const rows = linesOf(log).flatMap((line) => rowOf(line) ?? []);
  const ids = new Map<string, number>();
  const formats = rows.flatMap(({ name, columns }) => {
    if (ids.has(name)) return [];
    ids.set(name, 300 + ids.size);
    return [formatOf(name, ids.get(name) ?? 0, columns)];
  });
  const data = [0, 1].map((cpu) => pagesOf(rows.filter((row) => row.cpu === cpu), ids, cpu === 0 ? (lossy ?? null) : null));
  const tasks = [...new Map(rows.map(({ pid, task }) => [pid, task]))].map(([pid, task]) => `${pid} ${task}`).join('\n');
  const magic = Buffer.concat([Buffer.from([0x17, 0x08, 0x44]), Buffer.from('tracing'), z(String(version)), Buffer.from([0, 8]), u32(PAGE)]);
  const info = Buffer.concat([z('header_page'), sized('\tfield: u64 timestamp;\toffset:0;\tsize:8;\tsigned:0;\n'), z('header_event'), sized('# compressed entry header\n')]);
  const ftrace = Buffer.concat([u32(0)]);
  const events = Buffer.concat([u32(1), z('fprobes'), u32(formats.length), ...formats.map(sized)]);
  if (version === 6) {
    const head = Buffer.concat([magic, info, ftrace, events, u32(0), u32(0), sized(tasks), u32(2), z('options  '), u16(4), u32(12), z('local [mono]').subarray(0, 12), u16(0), z('flyrecord')]);
    const start = Math.ceil((head.length + 32) / PAGE) * PAGE;
    const table = Buffer.concat([u64(start), u64(data[0]!.length), u64(start + data[0]!.length), u64(data[1]!.length)]);
    return Buffer.concat([head, table, Buffer.alloc(start - head.length - 32), ...data]);
  }
  const isPacked = compression !== 'none';
  const section = (id: number, body: Buffer): Buffer => {
    const packed = deflateSync(body);
    const inside = isPacked ? Buffer.concat([u32(packed.length), u32(body.length), packed]) : body;
    return Buffer.concat([u16(id), u16(isPacked ? 1 : 0), u32(0), u64(inside.length), inside]);
  };
  const start = Buffer.concat([magic, z(compression), z('1.0')]);
  const parts: Buffer[] = [];
  let at = start.length + 8;
  const put = (part: Buffer): number => {
    const where = at;
    parts.push(part);
    at += part.length;
    return where;
  };
  const wheres: [number, number][] = [[16, put(section(16, info))], [17, put(section(17, ftrace))], [18, put(section(18, events))], [21, put(section(21, sized(tasks)))]];
  const chunks = data.map((pages) => {
    if (!isPacked || pages.length === 0) return pages;
    const packed = deflateSync(pages);
    return Buffer.concat([u32(1), u32(packed.length), u32(pages.length), packed]);
  });
  const buffer = put(Buffer.concat([u16(3), u16(isPacked ? 1 : 0), u32(0), u64(0)]));
  const offsets = chunks.map(put);
  const option = (id: number, body: Buffer): Buffer => Buffer.concat([u16(id), u32(body.length), body]);
  const options = put(section(0, Buffer.concat([
    ...wheres.map(([id, where]) => option(id, u64(where))),
    option(3, Buffer.concat([u64(buffer), z(''), z('mono'), u32(PAGE), u32(2), ...chunks.flatMap((chunk, cpu) => [u32(cpu), u64(offsets[cpu] ?? 0), u64(chunk.length)])])),
    option(0, u64(0)),
  ])));
  return Buffer.concat([start, u64(options), ...parts]);
}
