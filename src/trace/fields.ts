// Values out of the payload of an event: "name=value" pairs, pointers, results of calls. Pure; no allocation beyond the value.

import { ARGUMENTS, FIELDS, type FieldName } from './names.ts';
import type { Call } from './event.ts';

/** The text behind "name=" (or "name:"), up to the next blank; null where there is none. */
export function valueOf(payload: string, name: string): string | null {
  let from = 0;
  for (;;) {
    const at = payload.indexOf(name, from);
    if (at < 0) return null;
    const behind = at + name.length;
    const sign = payload.charCodeAt(behind);
    if ((sign === 0x3d || sign === 0x3a) && (at === 0 || isEdge(payload.charCodeAt(at - 1)))) {
      let start = behind + 1;
      // "attachment: 0x…" of some printers
      if (payload.charCodeAt(start) === 0x20 && sign === 0x3a) start++;
      const end = payload.indexOf(' ', start);
      const value = end < 0 ? payload.slice(start) : payload.slice(start, end);
      return value.endsWith(',') ? value.slice(0, -1) : value;
    }
    from = behind;
  }
}

const isEdge = (code: number): boolean => code === 0x20 || code === 0x28 || code === 0x2c || code === 0x09 || code === 0x7b;

/** A field by any of its names, or by its place among arg1, arg2, … at the entry of a known function. */
export function field(payload: string, call: Call, name: FieldName): string | null {
  let place = call.keys[name];
  if (place === undefined) {
    const key = keyOf(payload, call, name);
    call.keys[name] = place = key === null ? null : { key, at: 0 };
  }
  if (place === null) return null;
  const { key } = place;
  let { at } = place;
  if (!payload.startsWith(key, at)) {
    at = payload.indexOf(key);
    if (at < 0) return null;
    place.at = at;
  }
  const start = at + key.length;
  const end = payload.indexOf(' ', start);
  return end < 0 ? payload.slice(start) : payload.slice(start, end);
}

function keyOf(payload: string, call: Call, name: FieldName): string | null {
  for (const one of FIELDS[name]) if (!(one === 'arg1' && call.phase !== 'leave') && valueOf(payload, one) !== null) return keyAs(payload, one);
  if (call.phase !== 'enter' || name === 'result') return null;
  const place = ARGUMENTS[call.function]?.indexOf(name) ?? -1;
  return place < 0 || valueOf(payload, `arg${place + 1}`) === null ? null : keyAs(payload, `arg${place + 1}`);
}

/** With the blank before it, unless it begins the payload. */
function keyAs(payload: string, name: string): string {
  for (const key of [` ${name}=`, ` ${name}: `, ` ${name}:`]) if (payload.includes(key)) return key;
  return payload.startsWith(`${name}=`) ? `${name}=` : `${name}:`;
}

/** The last field of a line may hold blanks. */
export function restBehind(payload: string, name: string): string | null {
  const at = payload.indexOf(` ${name}=`);
  return at < 0 ? null : payload.slice(at + name.length + 2).trimEnd();
}

/** Kernel addresses are negative: the low 52 bits, less 2^52. Others are themselves, up to 2^52. */
export type Pointer = number;
const TOP = 2 ** 52;

/** A pointer as a number, which is quick to look up and holds no text; null for none ("0x0", "(null)", "(____ptrval____)"). */
export function pointer(text: string | null): Pointer | null {
  if (text === null) return null;
  const { length } = text;
  let i = text.charCodeAt(0) === 0x30 && (text.charCodeAt(1) | 0x20) === 0x78 ? 2 : 0;
  const bare = i === 0;
  while (i < length && text.charCodeAt(i) === 0x30) i++;
  const digits = length - i;
  if (digits === 0) return null;
  // A probe without a type prints decimal where it is unsigned: too long for a pointer in hexadecimal.
  if (digits > 16) return bare && /^\d{17,20}$/.test(text) ? pointer(`0x${BigInt(text).toString(16)}`) : null;
  // The highest three of sixteen digits only say that it is an address of the kernel.
  const isKernel = digits === 16;
  let value = 0;
  for (let at = isKernel ? i + 3 : i; at < length; at++) {
    const code = text.charCodeAt(at);
    const digit = code >= 0x30 && code <= 0x39 ? code - 0x30 : code >= 0x61 && code <= 0x66 ? code - 0x57 : code >= 0x41 && code <= 0x46 ? code - 0x37 : -1;
    if (digit < 0) return null;
    value = value * 16 + digit;
  }
  return isKernel ? value - TOP : value;
}

/** "0xffff8c3ac4bd0ac0" */
export function hex(value: Pointer | null): string | null {
  if (value === null) return null;
  return value < 0 ? `0xfff${(value + TOP).toString(16).padStart(13, '0')}` : `0x${value.toString(16)}`;
}

/** What a call returned. `error` is a positive errno. */
export type Returned = { readonly ok: true; readonly value: Pointer | null } | { readonly ok: false; readonly error: number };

const MAX_ERRNO = 4095;
const ZERO: Returned = { ok: true, value: null };

/** "0", "-95", "0xffffffffffffffa1", "18446744073709551521", "4294967201", a pointer; null where it is not shown. */
export function returned(text: string | null): Returned | null {
  if (text === null) return null;
  if (text === '0' || text === '0x0') return ZERO;
  // The common case: a pointer, or an error as one.
  if (text.length === 18 && text.startsWith('0xfff')) {
    if (!text.startsWith('0xfffffffffffff') || text.endsWith('000')) return { ok: true, value: pointer(text) };
    return { ok: false, error: 0x1000 - parseInt(text.slice(-3), 16) };
  }
  if (text.startsWith('-')) {
    const error = -Number(text);
    return Number.isInteger(error) && error > 0 && error <= MAX_ERRNO ? { ok: false, error } : { ok: true, value: null };
  }
  const isHex = text.startsWith('0x') || /[a-f]/i.test(text);
  const digits = isHex ? text.replace(/^0x/i, '').replace(/^0+/, '').toLowerCase() : text;
  if (isHex && (digits.length === 16 || digits.length === 8) && digits.startsWith(digits.length === 16 ? 'fffffffffffff' : 'fffff')) {
    const error = 0x1000 - parseInt(digits.slice(-3), 16);
    if (error <= MAX_ERRNO) return { ok: false, error };
  }
  if (!isHex && /^\d{10,20}$/.test(digits)) {
    const value = BigInt(digits);
    const error = value > 0xfffffffffffff000n ? 0x10000000000000000n - value : value > 0xfffff000n && value <= 0xffffffffn ? 0x100000000n - value : 0n;
    if (error > 0n) return { ok: false, error: Number(error) };
    return { ok: true, value: pointer(`0x${value.toString(16)}`) };
  }
  return { ok: true, value: pointer(isHex ? `0x${digits}` : digits) };
}

/** errno numbers of asm-generic, which every architecture of interest shares here. */
const ERRNO_NAMES: Readonly<Record<number, string>> = {
  1: 'EPERM', 2: 'ENOENT', 4: 'EINTR', 5: 'EIO', 6: 'ENXIO', 9: 'EBADF', 11: 'EAGAIN', 12: 'ENOMEM', 13: 'EACCES', 14: 'EFAULT', 16: 'EBUSY', 19: 'ENODEV', 22: 'EINVAL', 24: 'EMFILE', 28: 'ENOSPC', 35: 'EDEADLK',
  38: 'ENOSYS', 62: 'ETIME', 75: 'EOVERFLOW', 95: 'EOPNOTSUPP', 110: 'ETIMEDOUT', 114: 'EALREADY', 512: 'ERESTARTSYS',
};

/** 95 → "-EOPNOTSUPP" */
export function errnoText(error: number): string {
  const name = ERRNO_NAMES[error];
  return name === undefined ? `-${error}` : `-${name}`;
}

const USAGE_NAMES = ['KERNEL', 'WRITE', 'READ', 'BOOKKEEP'] as const;

/** "3" → "BOOKKEEP" */
export function usageName(text: string | null): string | null {
  if (text === null) return null;
  return USAGE_NAMES[Number(text)] ?? null;
}

/** "45", "0x2d"; null where it is no number. */
export function numberOf(text: string | null): number | null {
  if (text === null) return null;
  const number = Number(text);
  return Number.isFinite(number) ? number : null;
}
