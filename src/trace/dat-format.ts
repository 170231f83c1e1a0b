// An event format of tracefs as a way to take a record apart: fields by offset and size. Prints "name=value" as our text readers expect it.

import { classify } from './names.ts';
import type { Call } from './event.ts';

interface Field {
  readonly name: string;
  readonly offset: number;
  readonly size: number;
  readonly kind: 'signed' | 'unsigned' | 'pointer' | 'text' | 'dynamic' | 'relative';
}

export interface Format {
  readonly id: number;
  readonly name: string;
  readonly fields: readonly Field[];
}

export function parseFormat(text: string): Format | null {
  const name = /^name: (\S+)/m.exec(text)?.[1];
  const id = /^ID: (\d+)/m.exec(text)?.[1];
  if (name === undefined || id === undefined) return null;
  const fields = [...text.matchAll(/field:([^;]+);\s*offset:(\d+);\s*size:(\d+);(?:\s*signed:(\d);)?/g)].flatMap(([, declared = '', offset, size, signed]): Field[] => {
    const field = /(?:^|[\s*])(\w+)(\[[^\]]*\])?$/.exec(declared.trim());
    if (field === null || field[1] === undefined || field[1].startsWith('common_')) return [];
    const kind = declared.includes('__rel_loc') ? 'relative' : declared.includes('__data_loc') ? 'dynamic' : field[2] !== undefined && /\bchar\b/.test(declared) ? 'text' : declared.includes('*') ? 'pointer' : signed === '1' ? 'signed' : 'unsigned';
    return [{ name: field[1], offset: Number(offset), size: Number(size), kind }];
  });
  return { id: Number(id), name, fields };
}

/** Names whose values are small numbers; other unsigned ones of eight bytes are printed as addresses are. */
const DECIMAL: ReadonlySet<string> = new Set(['ino', 'size', 'seqno', 'context', 'unmapped_size', 'pid', 'fd', 'usage']);

export function payloadOf(format: Format, record: DataView, little: boolean, symbolOf: (address: bigint) => string | null): string {
  const out: string[] = [];
  let func: string | null = null;
  let back: string | null = null;
  for (const field of format.fields) {
    if (field.offset + field.size > record.byteLength) continue;
    if (field.name === '__probe_ip' || field.name === '__probe_func') func = addressText(number(field, record, little), symbolOf);
    else if (field.name === '__probe_ret_ip') back = addressText(number(field, record, little), symbolOf);
    else out.push(`${field.name}=${value(field, record, little)}`);
  }
  if (format.name === 'print') return out.find((one) => one.startsWith('buf='))?.slice(4) ?? '';
  // As the kernel prints it: the name of the device may hold blanks, so it comes last.
  const device = out.findIndex((one) => one.startsWith('dev_name='));
  if (device >= 0) out.push(...out.splice(device, 1));
  const rest = out.join(' ');
  if ((format.name === 'map' || format.name === 'unmap') && rest.includes('iova=')) return `IOMMU: ${rest}`;
  if (func === null) return rest;
  return `(${back === null ? func : `${back} <- ${func.replace(/\+.*$/, '')}`})${rest === '' ? '' : ` ${rest}`}`;
}

function addressText(address: bigint, symbolOf: (address: bigint) => string | null): string {
  return symbolOf(address) ?? address.toString(16);
}

function number({ offset, size }: Field, record: DataView, little: boolean): bigint {
  if (size === 8) return record.getBigUint64(offset, little);
  return BigInt(size === 4 ? record.getUint32(offset, little) : size === 2 ? record.getUint16(offset, little) : record.getUint8(offset));
}

function value(field: Field, record: DataView, little: boolean): string {
  const { offset, size, kind } = field;
  switch (kind) {
    case 'text':
      return textAt(record, offset, size === 0 ? record.byteLength - offset : size);
    case 'dynamic':
    case 'relative': {
      const place = record.getUint32(offset, little);
      const from = (place & 0xffff) + (kind === 'relative' ? offset + 4 : 0);
      return textAt(record, from, Math.min(place >>> 16, record.byteLength - from));
    }
    case 'signed':
      return String(size === 8 ? record.getBigInt64(offset, little) : size === 4 ? record.getInt32(offset, little) : size === 2 ? record.getInt16(offset, little) : record.getInt8(offset));
    case 'pointer':
      return `0x${number(field, record, little).toString(16)}`;
    case 'unsigned': {
      const plain = number(field, record, little);
      return size === 8 && !DECIMAL.has(field.name) ? `0x${plain.toString(16)}` : String(plain);
    }
  }
}

function textAt(record: DataView, offset: number, size: number): string {
  let out = '';
  for (let i = 0; i < size; i++) {
    const code = record.getUint8(offset + i);
    if (code === 0) break;
    out += String.fromCharCode(code);
  }
  return out.trimEnd();
}

/** What the format is to the checker; asked with the first record. */
export function callOf(format: Format, payload: string): Call | null {
  return classify(format.name, payload);
}

/** Symbol of an address by /proc/kallsyms: "dma_buf_pin+0x4/0x0". */
export function symbols(kallsyms: string): (address: bigint) => string | null {
  let table: { readonly at: bigint; readonly name: string }[] | null = null;
  const known = new Map<bigint, string | null>();
  return (address) => {
    const before = known.get(address);
    if (before !== undefined) return before;
    table ??= kallsyms.split('\n').flatMap((line) => {
      const [, at, name] = /^([0-9a-f]+) [tTwW] (\S+)/.exec(line) ?? [];
      return at === undefined || name === undefined || /^0+$/.test(at) ? [] : [{ at: BigInt(`0x${at}`), name }];
    }).sort((a, b) => (a.at < b.at ? -1 : 1));
    let low = 0;
    let high = table.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((table[middle]?.at ?? 0n) <= address) low = middle + 1;
      else high = middle;
    }
    const found = table[low - 1];
    const text = found === undefined || address - found.at > 0x100000n ? null : `${found.name}+0x${(address - found.at).toString(16)}/0x0`;
    known.set(address, text);
    return text;
  };
}
