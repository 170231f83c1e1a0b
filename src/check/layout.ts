// Where each variable lies in the packed state: word, shift and mask. No variable crosses a word.
// With symmetric families every block starts at a word, alike for all, so that blocks can be sorted word by word.

import type { System } from '../model/system.ts';

export interface Field {
  readonly word: number;
  /** Bits, 0 … 31. */
  readonly shift: number;
  /** Unshifted; 0 for a variable of one value. */
  readonly mask: number;
}

/** Blocks of one family: `count` of them, `words` words each, the first at word `start`. */
export interface BlockRun {
  readonly start: number;
  readonly words: number;
  readonly count: number;
}

export interface Layout {
  /** 32-bit words of a state, at least 1. */
  readonly words: number;
  /** By variable id. */
  readonly fields: readonly Field[];
  /** Empty without symmetry. */
  readonly blocks: readonly BlockRun[];
}

/** Places variables in declared order, each into the first word with room: what is declared together lies together. */
export function layOut(system: System, symmetry: boolean): Layout {
  const fields: (Field | undefined)[] = system.variables.map(() => undefined);
  const blocks: BlockRun[] = [];
  let words = 0;
  if (symmetry) {
    for (const family of system.symmetry) {
      const [first] = family.blocks;
      if (first === undefined || first.length === 0 || family.blocks.length < 2) continue;
      const used: number[] = [];
      const places = first.map((_, j) => place(used, Math.max(...family.blocks.map((block) => bitsOf(system, block[j])))));
      family.blocks.forEach((block, k) => {
        places.forEach((field, j) => {
          const variable = block[j];
          if (variable !== undefined) fields[variable] = { ...field, word: words + k * used.length + field.word };
        });
      });
      if (used.length > 0) blocks.push({ start: words, words: used.length, count: family.blocks.length });
      words += used.length * family.blocks.length;
    }
  }
  const used: number[] = [];
  const all = fields.map((field, variable) => {
    if (field !== undefined) return field;
    const local = place(used, bitsOf(system, variable));
    return { ...local, word: words + local.word };
  });
  words = Math.max(1, words + used.length);
  // A variable of no bits may have been given a word that never came to be.
  return { words, fields: all.map((f) => (f.word < words ? f : { ...f, word: 0 })), blocks };
}

function bitsOf(system: System, variable: number | undefined): number {
  const size = variable === undefined ? 1 : (system.variables[variable]?.size ?? 1);
  return size <= 1 ? 0 : 32 - Math.clz32(size - 1);
}

/** `used[word]` = bits taken; grows as needed. */
function place(used: number[], bits: number): Field {
  if (bits === 0) return { word: 0, shift: 0, mask: 0 };
  let word = used.findIndex((taken) => taken + bits <= 32);
  if (word < 0) word = used.push(0) - 1;
  const shift = used[word] ?? 0;
  used[word] = shift + bits;
  return { word, shift, mask: 2 ** bits - 1 };
}

/** Writes a state's values at `offset` of `out`. */
export function pack(layout: Layout, state: ArrayLike<number>, out: Int32Array, offset: number): void {
  out.fill(0, offset, offset + layout.words);
  layout.fields.forEach((field, variable) => {
    const at = offset + field.word;
    out[at] = (out[at] ?? 0) | ((state[variable] ?? 0) << field.shift);
  });
}

/** Orders two states of a store by their words, as unsigned numbers. */
export function compareWords(layout: Layout, store: Int32Array, a: number, b: number): number {
  for (let word = 0; word < layout.words; word++) {
    const x = (store[a * layout.words + word] ?? 0) >>> 0;
    const y = (store[b * layout.words + word] ?? 0) >>> 0;
    if (x !== y) return x < y ? -1 : 1;
  }
  return 0;
}

/** A step as seen at a state of the store: a step id, or -1 - invariant index. */
export interface Seen {
  readonly state: number;
  readonly step: number;
}

/** Which of two is told, whatever the order in which states were found: the smaller words, then the smaller step. */
export function comesFirst(layout: Layout, store: Int32Array, a: Seen, b: Seen, stepFirst: (a: number, b: number) => boolean): boolean {
  const order = a.state === b.state ? 0 : compareWords(layout, store, a.state, b.state);
  return order !== 0 ? order < 0 : stepFirst(a.step, b.step);
}

/** Invariants before steps, steps by name. */
export function stepBefore(system: System, a: number, b: number): boolean {
  if (a < 0 || b < 0) return a < 0 && (b >= 0 || a > b);
  return (system.steps[a]?.name ?? '') < (system.steps[b]?.name ?? '');
}

/** The search ends behind the level of such a violation. */
export function isHarm(system: System, violation: number): boolean {
  const kind = system.violations[violation];
  return kind !== undefined && kind.fatal && kind.kind === 'harm';
}

/** Sorts the blocks of each family of the state at `offset`, as the generated code does: by words, signed. */
export function canonicalise(layout: Layout, words: Int32Array, offset: number): void {
  for (const run of layout.blocks) {
    const blocks = Array.from({ length: run.count }, (_, k) => {
      const start = offset + run.start + k * run.words;
      return words.slice(start, start + run.words);
    });
    blocks.sort((a, b) => {
      const at = a.findIndex((word, i) => word !== b[i]);
      return at < 0 ? 0 : (a[at] ?? 0) - (b[at] ?? 0);
    });
    blocks.forEach((block, k) => words.set(block, offset + run.start + k * run.words));
  }
}
