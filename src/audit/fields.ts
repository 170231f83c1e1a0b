// Who stores what in a driver's fields, over the text of its folder; and what follows for a condition on such a field while a mapping is live.
// Every decision has its reason with places; where no reason is good enough the condition stays open (issue 3, part 5).

import type { CodeBase } from '../source/code-base.ts';
import { folderOf, type LexicalFunction } from '../source/lexical.ts';
import type { Ask, Decision } from './execute.ts';
import { NULL, numberOf } from './values.ts';
import type { Reach } from './reach.ts';

export interface Store {
  readonly file: string;
  readonly line: number;
  readonly fn: LexicalFunction;
  /** C text of the value. */
  readonly value: string;
}

export class Fields {
  private readonly code: CodeBase;
  private readonly reach: Reach;
  private readonly known = new Map<string, readonly Store[]>();
  private readonly teardowns = new Map<string, boolean>();
  private readonly callersKnown = new Map<string, readonly LexicalFunction[]>();

  constructor(code: CodeBase, reach: Reach) {
    this.code = code;
    this.reach = reach;
  }

  /** Stores to a field of this name in a folder, by functions. */
  stores(field: string, folder: string): readonly Store[] {
    const key = `${folder} ${field}`;
    const known = this.known.get(key);
    if (known !== undefined) return known;
    const found: Store[] = [];
    const store = new RegExp(`(?:->|\\.)${field}\\s*=(?!=)\\s*([^;,]+)[;,]`, 'g');
    for (const file of this.code.folderFiles(folder)) {
      const text = this.code.text(file) ?? '';
      if (!text.includes(field)) continue;
      for (const match of text.matchAll(store)) {
        const fn = this.functionAround(file, match.index);
        if (fn !== null) found.push({ file, line: lineAt(text, match.index), fn, value: (match[1] ?? '').trim() });
      }
    }
    this.known.set(key, found);
    return found;
  }

  functionAround(file: string, offset: number): LexicalFunction | null {
    let best: LexicalFunction | null = null;
    for (const name of this.code.functionNames(file)) {
      const one = this.code.locate(name, file);
      if (one !== null && one.file === file && one.at < offset && (best === null || one.at > best.at)) best = one;
    }
    return best;
  }

  bodyOf(one: LexicalFunction): string {
    return this.code.bodyText(one);
  }

  /** Functions of the same folder that call one by name. */
  callers(one: LexicalFunction): readonly LexicalFunction[] {
    const key = `${one.file} ${one.name}`;
    const known = this.callersKnown.get(key);
    if (known !== undefined) return known;
    const found = new Map<string, LexicalFunction>();
    const call = new RegExp(`\\b${one.name}\\s*[(,)]`, 'g');
    for (const file of this.code.folderFiles(folderOf(one.file))) {
      const text = this.code.text(file) ?? '';
      if (!text.includes(one.name)) continue;
      for (const match of text.matchAll(call)) {
        const fn = this.functionAround(file, match.index);
        if (fn !== null && fn.name !== one.name && this.code.bodyText(fn).includes(one.name)) found.set(`${fn.file} ${fn.name}`, fn);
      }
    }
    const list = [...found.values()];
    this.callersKnown.set(key, list);
    return list;
  }

  /** It, or who calls it, goes on to unmap or to detach: teardown. */
  isTeardown(one: LexicalFunction, depth = 0): boolean {
    const key = `${one.file} ${one.name}`;
    const known = this.teardowns.get(key);
    if (known !== undefined) return known;
    this.teardowns.set(key, false);
    const distances = this.reach.distances(one, folderOf(one.file));
    const answer = distances.has('detach') || distances.has('unmap') || (depth < 3 && this.callers(one).slice(0, MOST_CALLERS).some((caller) => this.isTeardown(caller, depth + 1)));
    this.teardowns.set(key, answer);
    return answer;
  }
}

/** A function with more callers is no step of a teardown but a helper of all. */
const MOST_CALLERS = 8;

const isCleared = (value: string): boolean => /^(?:0|NULL|false)$/.test(value);

export interface Driver {
  readonly fields: Fields;
  readonly home: string;
  /** Functions that call dma_buf_map_attachment for this importer. */
  readonly mapFunctions: readonly LexicalFunction[];
  /** Conditions on fields that stood when the mapping was made: "userptr" → false. */
  readonly heldAtMap: ReadonlyMap<string, { readonly value: boolean; readonly where: string }>;
  readonly callback: string;
  /** Constants that the set-up stores in members of the object. */
  readonly setUpStores: ReadonlyMap<string, { readonly value: string; readonly where: string }>;
  /** Constants that the set-up hands to the functions it calls. */
  readonly setUpConstants: ReadonlySet<string>;
  /** A TTM object in system memory is not mapped: the driver's move there unmaps. */
  readonly systemIsUnmapped: () => boolean;
}

/** What stands while a mapping is live. */
export function decideWhileMapped(driver: Driver, ask: Ask): Decision | null {
  const { fields, home } = driver;
  const stores = fields.stores(ask.field, home);
  const near = folderOf(ask.fn.file) === home ? stores : [...stores, ...fields.stores(ask.field, folderOf(ask.fn.file))];
  if (ask.isPointer && ask.equals === null) {
    if (/^(?:ctx|ticket|owner)$/.test(ask.field)) return null;
    // The framework's own bookkeeping of its pointers is its own business.
    const bad = stores.find((one) => isCleared(one.value) && !fields.isTeardown(one.fn));
    return bad === undefined ? { value: true, why: 'a pointer of the object that is cleared only on the way to unmap or detach' } : null;
  }
  if (ask.field === 'mem_type' && ask.equals !== null && driver.setUpConstants.has('ttm_bo_type_sg') && (numberOf(ask.equals) ?? 0) >= 2) return { value: false, why: 'an object of ttm_bo_type_sg has no memory of the importer\'s own device (ttm_bo.h)' };
  if (ask.field === 'mem_type' && ask.equals === NULL && driver.systemIsUnmapped()) return { value: false, why: 'the driver unmaps when its object moves to system memory' };
  const set = driver.setUpStores.get(ask.field);
  if (set !== undefined && ask.equals !== null && ask.constant !== null) return { value: set.value === ask.constant, why: `the set-up stores ${set.value}, in ${set.where}` };
  if (ask.constant !== null && ask.equals !== null && driver.setUpConstants.has(ask.constant)) {
    const family = ask.constant.slice(0, ask.constant.lastIndexOf('_') + 1);
    const others = [...driver.setUpConstants].filter((one) => one.startsWith(family) && one !== ask.constant);
    if (family.length > 4 && others.length === 0) return { value: true, why: `the set-up hands ${ask.constant} to what makes the object` };
  }
  const held = driver.heldAtMap.get(ask.field);
  if (held !== undefined && ask.equals === null) return { value: held.value, why: `tested before the mapping was made, at ${held.where}` };
  // Set by this function alone: not yet, the first time it runs.
  if (near.length > 0) {
    const makes = near.filter((one) => (ask.equals === NULL ? isCleared(one.value) : ask.equals === null && !isCleared(one.value)));
    if (makes.length > 0 && makes.every((one) => one.fn.name === ask.fn.name || one.fn.name === driver.callback) && (ask.equals === NULL || ask.equals === null)) {
      const [first] = makes;
      if (ask.root.name !== driver.callback) return { value: true, why: `set by ${first?.fn.name ?? ''}() before the work was queued` };
      return { value: false, why: `only ${first?.fn.name ?? ''}() sets it, at ${first?.file ?? ''}:${first?.line ?? 0}: not yet when it first runs` };
    }
  }
  if (ask.equals === null && near.length > 0 && near.every((one) => !isCleared(one.value)) && driver.mapFunctions.length > 0) {
    const setters = new Set(near.map((one) => one.fn.name));
    const sets = (one: LexicalFunction): boolean => setters.has(one.name) || [...setters].some((name) => new RegExp(`\\b${name}\\s*\\(`).test(fields.bodyOf(one)));
    const roots = driver.mapFunctions.flatMap((one) => (sets(one) ? [one] : fields.callers(one)));
    const setter = roots.find(sets);
    if (setter !== undefined) return { value: true, why: `nobody clears it, and ${setter.name}() sets it when it first maps` };
  }
  return null;
}

function lineAt(text: string, offset: number): number {
  let line = 1;
  for (let at = text.indexOf('\n'); at !== -1 && at < offset; at = text.indexOf('\n', at + 1)) line++;
  return line;
}
