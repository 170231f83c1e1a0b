// Expressions and actions of a System as JavaScript over packed words. Must mean what `evaluate` means.
// Text only; generate.ts puts the pieces together.

import type { Action, Expr, System, VariableId } from '../model/system.ts';
import type { Layout } from './layout.ts';

/** Names the local JavaScript variable that holds a word. */
export type WordName = (word: number) => string;

export interface Renderer {
  readonly system: System;
  readonly layout: Layout;
  /** Constant tables that the code refers to as t0, t1, … */
  readonly tables: string[];
}

/** The unsigned value of a field of a word. */
function fieldText(r: Renderer, variable: VariableId, name: WordName): string {
  const field = r.layout.fields[variable];
  if (field === undefined || field.mask === 0) return '0';
  const word = name(field.word);
  if (field.shift === 0) return `(${word}&${field.mask})`;
  // The highest field needs no mask.
  if (field.mask * 2 ** field.shift >= 2 ** 31) return `(${word}>>>${field.shift})`;
  return `(${word}>>${field.shift}&${field.mask})`;
}

/** `e` as a number. */
export function valueText(r: Renderer, e: Expr, name: WordName): string {
  switch (e.op) {
    case 'const':
      return e.value < 0 ? `(${e.value})` : String(e.value);
    case 'var':
      return fieldText(r, e.variable, name);
    case 'add':
      return `(${valueText(r, e.left, name)}+${valueText(r, e.right, name)})`;
    case 'sub':
      return `(${valueText(r, e.left, name)}-${valueText(r, e.right, name)})`;
    case 'if':
      return `(${conditionText(r, e.test, name)}?${valueText(r, e.then, name)}:${valueText(r, e.else, name)})`;
    case 'table': {
      const text = JSON.stringify(e.values);
      let index = r.tables.indexOf(text);
      if (index < 0) index = r.tables.push(text) - 1;
      return `t${index}[${valueText(r, e.of, name)}]`;
    }
    default:
      return `(${conditionText(r, e, name)}?1:0)`;
  }
}

/** `e` as a JavaScript condition. */
export function conditionText(r: Renderer, e: Expr, name: WordName): string {
  switch (e.op) {
    case 'const':
      return e.value === 0 ? 'false' : 'true';
    case 'not':
      return e.of.op === 'var' ? bitsTest(r, [{ variable: e.of.variable, value: 0 }], name) : `!(${conditionText(r, e.of, name)})`;
    case 'and':
      return conjunction(r, e.of, name);
    case 'or':
      return `(${e.of.map((part) => conditionText(r, part, name)).join('||')})`;
    case 'eq': {
      const pin = pinned(e);
      return pin !== undefined ? bitsTest(r, [pin], name) : compareText(r, e.left, '===', e.right, name);
    }
    case 'ne': {
      const pin = pinned({ ...e, op: 'eq' });
      return pin !== undefined ? `!${bitsTest(r, [pin], name)}` : compareText(r, e.left, '!==', e.right, name);
    }
    case 'lt':
      return compareText(r, e.left, '<', e.right, name);
    case 'le':
      return compareText(r, e.left, '<=', e.right, name);
    case 'in': {
      const of = valueText(r, e.of, name);
      const small = e.of.op === 'var' && (r.system.variables[e.of.variable]?.size ?? 0) <= 32;
      return small ? `(${e.set}>>>${of}&1)!==0` : `(${of}>=0&&${of}<=30&&(${e.set}>>>${of}&1)!==0)`;
    }
    case 'var': {
      const field = r.layout.fields[e.variable];
      return field === undefined || field.mask === 0 ? 'false' : `(${name(field.word)}&${(field.mask << field.shift) | 0})!==0`;
    }
    default:
      return `${valueText(r, e, name)}!==0`;
  }
}

function compareText(r: Renderer, left: Expr, op: string, right: Expr, name: WordName): string {
  return `${valueText(r, left, name)}${op}${valueText(r, right, name)}`;
}

interface Pin {
  readonly variable: VariableId;
  readonly value: number;
}

/** A condition that says that a variable has a value. */
function pinned(e: Expr): Pin | undefined {
  if (e.op === 'not' && e.of.op === 'var') return { variable: e.of.variable, value: 0 };
  if (e.op !== 'eq') return undefined;
  if (e.left.op === 'var' && e.right.op === 'const') return { variable: e.left.variable, value: e.right.value };
  if (e.right.op === 'var' && e.left.op === 'const') return { variable: e.right.variable, value: e.left.value };
  return undefined;
}

/** Tests of values in one word become one masked comparison. */
function bitsTest(r: Renderer, pins: readonly Pin[], name: WordName): string {
  const words = new Map<number, { mask: number; value: number }>();
  for (const pin of pins) {
    const field = r.layout.fields[pin.variable];
    if (field === undefined || pin.value < 0 || pin.value > field.mask) return 'false';
    if (field.mask === 0) continue;
    const word = words.get(field.word) ?? { mask: 0, value: 0 };
    const mask = (field.mask << field.shift) | 0;
    const value = (pin.value << field.shift) | 0;
    if (((word.value ^ value) & word.mask & mask) !== 0) return 'false';
    words.set(field.word, { mask: word.mask | mask, value: word.value | value });
  }
  if (words.size === 0) return 'true';
  const tests = [...words].map(([word, { mask, value }]) => (mask === -1 ? `${name(word)}===${value}` : `(${name(word)}&${mask})===${value}`));
  return `(${tests.join('&&')})`;
}

function conjunction(r: Renderer, parts: readonly Expr[], name: WordName): string {
  const pins: Pin[] = [];
  const others: string[] = [];
  for (const part of parts) {
    const pin = pinned(part);
    if (pin !== undefined) pins.push(pin);
    else others.push(conditionText(r, part, name));
  }
  const all = pins.length > 0 ? [bitsTest(r, pins, name), ...others] : others;
  return `(${all.join('&&')})`;
}

/** The code of a step's effect. */
export interface EffectText {
  /** Statements; a fatal violation leaves the block `label`. */
  readonly code: string;
  /** For each word that the step may change, its new value as an expression. */
  readonly words: ReadonlyMap<number, string>;
  /** It ends in a fatal violation whatever the state. */
  readonly dead: boolean;
  /** Whether it records a violation. */
  readonly violates: boolean;
}

/** Code for a violation; the second is its way out of the step where it is fatal. */
export type ViolateText = (violation: number) => { readonly code: string; readonly fatal: boolean };

/**
 * Words that are written under a condition or from a value get a local x<word>; plain constants are gathered
 * into one mask and one value a word, put in when the word is next read or at the end.
 */
export function effectText(r: Renderer, actions: readonly Action[], violate: ViolateText): EffectText {
  const locals = wordsWritten(r, actions);
  const state: Writing = { r, violate, gathered: new Map(), opened: new Set(), code: '', violates: false };
  const needLocal = new Set<number>();
  collectOpen(r, actions, false, locals, needLocal);
  for (const word of needLocal) {
    state.opened.add(word);
    state.code += `let x${word}=w${word};`;
  }
  const dead = writeActions(state, actions);
  const words = new Map<number, string>();
  for (const word of locals) {
    const base = state.opened.has(word) ? `x${word}` : `w${word}`;
    const gathered = state.gathered.get(word);
    words.set(word, gathered === undefined ? base : masked(base, gathered));
  }
  return { code: state.code, words, dead, violates: state.violates };
}

interface Gathered {
  readonly mask: number;
  readonly value: number;
}

interface Writing {
  readonly r: Renderer;
  readonly violate: ViolateText;
  readonly gathered: Map<number, Gathered>;
  readonly opened: Set<number>;
  code: string;
  violates: boolean;
}

function wordsWritten(r: Renderer, actions: readonly Action[]): Set<number> {
  const words = new Set<number>();
  const scan = (list: readonly Action[]): void => {
    for (const action of list) {
      if (action.do === 'set') {
        const field = r.layout.fields[action.variable];
        if (field !== undefined && field.mask !== 0) words.add(field.word);
      } else if (action.do === 'if') {
        scan(action.then);
        scan(action.else);
      }
    }
  };
  scan(actions);
  return words;
}

/** Words that need a local: written under a condition or with a computed value, or read after a write. */
function collectOpen(r: Renderer, actions: readonly Action[], inside: boolean, written: ReadonlySet<number>, open: Set<number>): void {
  const seen = new Set<number>();
  const read = (e: Expr): void => {
    forWords(r, e, (word) => {
      if (seen.has(word)) open.add(word);
    });
  };
  const scan = (list: readonly Action[], nested: boolean): void => {
    for (const action of list) {
      if (action.do === 'set') {
        read(action.value);
        const word = r.layout.fields[action.variable]?.word ?? 0;
        if (nested || action.value.op !== 'const') open.add(word);
        seen.add(word);
      } else if (action.do === 'if') {
        read(action.test);
        scan(action.then, true);
        scan(action.else, true);
      }
    }
  };
  scan(actions, inside);
  for (const word of [...open]) if (!written.has(word)) open.delete(word);
}

/** Calls `visit` with the word of every variable that `e` reads. */
export function forWords(r: Renderer, e: Expr, visit: (word: number) => void): void {
  switch (e.op) {
    case 'const':
      return;
    case 'var': {
      const field = r.layout.fields[e.variable];
      if (field !== undefined && field.mask !== 0) visit(field.word);
      return;
    }
    case 'not':
    case 'in':
    case 'table':
      forWords(r, e.of, visit);
      return;
    case 'and':
    case 'or':
      for (const part of e.of) forWords(r, part, visit);
      return;
    case 'if':
      for (const part of [e.test, e.then, e.else]) forWords(r, part, visit);
      return;
    default:
      for (const part of [e.left, e.right]) forWords(r, part, visit);
  }
}

/** Writes gathered constants into their locals where `words` asks for it (all where undefined). */
function flush(w: Writing, words?: ReadonlySet<number>): void {
  for (const [word, gathered] of [...w.gathered]) {
    if ((words !== undefined && !words.has(word)) || !w.opened.has(word)) continue;
    w.code += `x${word}=${masked(`x${word}`, gathered)};`;
    w.gathered.delete(word);
  }
}

function masked(base: string, { mask, value }: Gathered): string {
  if (mask === -1) return String(value);
  return value === 0 ? `${base}&${~mask}` : value === mask ? `${base}|${value}` : `${base}&${~mask}|${value}`;
}

/** True where every way through ends in a fatal violation. */
function writeActions(w: Writing, actions: readonly Action[]): boolean {
  const name: WordName = (word) => (w.opened.has(word) ? `x${word}` : `w${word}`);
  for (const action of actions) {
    if (action.do === 'violate') {
      const { code, fatal } = w.violate(action.violation);
      w.violates = true;
      w.code += code;
      if (fatal) return true;
    } else if (action.do === 'set') {
      const field = w.r.layout.fields[action.variable];
      if (field === undefined || field.mask === 0) continue;
      const mask = (field.mask << field.shift) | 0;
      if (action.value.op === 'const') {
        const value = (action.value.value << field.shift) | 0;
        const before = w.gathered.get(field.word) ?? { mask: 0, value: 0 };
        w.gathered.set(field.word, { mask: before.mask | mask, value: (before.value & ~mask) | value });
        continue;
      }
      const touched = new Set([field.word]);
      forWords(w.r, action.value, (word) => touched.add(word));
      flush(w, touched);
      const value = valueText(w.r, action.value, name);
      w.code += `x${field.word}=x${field.word}&${~mask}|${field.shift === 0 ? value : `${value}<<${field.shift}`};`;
    } else {
      flush(w);
      w.code += `if(${conditionText(w.r, action.test, name)}){`;
      const then = writeActions(w, action.then);
      flush(w);
      w.code += '}';
      let otherwise = false;
      if (action.else.length > 0) {
        w.code += 'else{';
        otherwise = writeActions(w, action.else);
        flush(w);
        w.code += '}';
      }
      if (then && otherwise) return true;
    }
  }
  return false;
}

