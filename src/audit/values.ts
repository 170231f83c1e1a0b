// Abstract values and places of C, as text. A place is a path from a root ("attach->importer_priv->sgt"); the unknown value that stands
// in a place at the start has the name of the place. Same text means same value; different text means nothing (issue 3, part 5).

/**
 * "#5", "#-ENODEV"   a known number, a known errno
 * "&P"               the address of the place P
 * "fn:f"             a function
 * "call:f@file:12"   what a call gave
 * anything else      the unknown value of that place or expression
 */
export type Value = string;

export const NULL: Value = '#0';
export const ONE: Value = '#1';

export const isKnownNumber = (value: Value): boolean => value.startsWith('#');
export const isErrno = (value: Value): boolean => value.startsWith('#-');
export const isCallResult = (value: Value): boolean => value.startsWith('call:');

/** The number of "#5"; null for anything else. */
export function numberOf(value: Value): number | null {
  return /^#-?\d+$/.test(value) ? Number(value.slice(1)) : null;
}

/** The place that a pointer points to. */
export const pointee = (pointer: Value): string => (pointer.startsWith('&') ? pointer.slice(1) : `*${pointer}`);

/** pointer->name */
export function throughPointer(pointer: Value, name: string): string {
  return normal(pointer.startsWith('&') ? `${pointer.slice(1)}.${name}` : `${pointer}->${name}`);
}

/** place.name */
export const member = (place: string, name: string): string => normal(place.startsWith('*') ? `${place.slice(1)}->${name}` : `${place}.${name}`);

export const addressOf = (place: string): Value => (place.startsWith('*') ? place.slice(1) : `&${place}`);

/** container_of(pointer, T, path): the enclosing object. Unknown enclosing objects are named after the inner one: "S~{tbo.base}". */
export function enclosing(pointer: Value, path: string): Value {
  if (pointer.startsWith('&') && pointer.endsWith(`.${path}`)) return `&${pointer.slice(1, -path.length - 1)}`;
  return `&${pointer.startsWith('&') ? `(${pointer})` : pointer}~{${path}}`;
}

/** "S~{a.b}.a.b->c", "S~{a.b}.a.b.c" are S->c. */
function normal(place: string): string {
  const at = place.lastIndexOf('~{');
  if (at === -1) return place;
  const close = place.indexOf('}', at);
  const path = place.slice(at + 2, close);
  const rest = place.slice(close + 1);
  if (!rest.startsWith(`.${path}`)) return place;
  const behind = rest.slice(path.length + 1);
  const inner = place.slice(0, at);
  if (behind === '') return `*${inner}`;
  if (behind.startsWith('.')) return `${inner}->${behind.slice(1)}`;
  return place;
}

/**
 * How many pointers it takes from what the other side handed over (the roots) to what a value points to; Infinity for anything else.
 * &object->part is the object itself.
 */
export function hops(value: Value, roots: readonly string[]): number {
  let nearest = Infinity;
  for (const root of [...PRIVATE, ...roots]) {
    const at = wordAt(value, root);
    if (at === -1) continue;
    const behind = value.slice(at + root.length).replace(/~\{[^}]*\}/g, '');
    const arrows = (behind.match(/->/g) ?? []).length;
    const isPart = value.startsWith('&') && !value.startsWith('&(');
    nearest = Math.min(nearest, arrows + (isPart || !/[.>]/.test(behind) ? 0 : arrows > 0 && !/\./.test(behind.slice(behind.lastIndexOf('->'))) ? 0 : 1));
    if (PRIVATE.includes(root)) return nearest;
  }
  return nearest;
}

/** A root stands as a word of its own; behind ':' it would be somebody's local variable. */
function wordAt(value: Value, root: string): number {
  for (let at = value.indexOf(root); at !== -1; at = value.indexOf(root, at + 1)) {
    if (!/[\w:]/.test(value[at - 1] ?? ' ') && !/\w/.test(value[at + root.length] ?? ' ')) return at;
  }
  return -1;
}

/** Where either side keeps its own object. */
const PRIVATE: readonly string[] = ['attach->importer_priv', 'attach->dmabuf->priv', 'attach->dmabuf'];

/** The last member of a path: "revoked" of "attach->dmabuf->priv->revoked". */
export const lastField = (path: string): string => /(\w+)(?:\[[^\]]*\])?$/.exec(path)?.[1] ?? '';
