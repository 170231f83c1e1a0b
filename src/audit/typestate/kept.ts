// What a function takes and leaves to the driver's object: somebody else must give it back. Looks whether anybody does, over the text of the folder,
// and through tables and helpers that lead to a call that gives such a thing back (SEMANTICS C10, P5).

import { folderOf, type LexicalFunction } from '../../source/lexical.ts';
import type { CFunction } from '../../source/syntax.ts';
import type { TreeView } from '../tree-view.ts';
import { isLive } from './automata.ts';
import type { Breach, Kind } from './breach.ts';
import { GivenMembers, type Given } from './given-members.ts';
import { CALLS } from './calls.ts';
import type { Retention } from './retention.ts';
import type { Sym } from './path-state.ts';
import { madeAt, rootOf, type Exit, type Walk } from './walk.ts';

const KINDS: ReadonlySet<Kind> = new Set<Kind>(['attachment', 'mapping', 'pin', 'reference']);

/** Of a function that went well: what it took itself, still has, and handed to nobody by its return value. */
export function neverGivenBack(view: TreeView, retention: Retention, walk: Walk, fn: CFunction, exits: readonly Exit[]): readonly Breach[] {
  const found = new Map<string, Breach>();
  const undone = new Set(exits.flatMap(({ state, value }) => (isGood(walk, state, value) ? [...state.undone.keys()] : [])));
  for (const { state, value, at } of exits) {
    if (!isGood(walk, state, value)) continue;
    for (const one of state.objects.values()) {
      const { made, kind, key } = one;
      if (made === null || !KINDS.has(kind) || !isLive(one.states) || made.at.function !== fn.name || value === key || found.has(madeAt(one)) || undone.has(madeAt(one))) continue;
      // The umem layer's own objects go the way of the layer.
      if (/^ib_umem_/.test(made.text)) continue;
      // A file descriptor took it along, or the caller has it in its hand.
      if (kind === 'reference' && (/^dma_buf_export\(/.test(made.text) || (value !== null && rootOf(value) === key))) continue;
      if (givesElsewhere(view, retention, fn, kind, membersHolding(state, key))) continue;
      found.set(madeAt(one), { is: 'kept', kind, what: made.text, at: made.at, path: walk.path(state, made.at, [{ ...at, text: 'returns with it' }]) });
    }
  }
  return [...found.values()];
}

function isGood(walk: Walk, state: Exit['state'], value: Exit['value']): boolean {
  return value === null || !walk.isFailure(state, value);
}

/** Last names of the members that lead to a value: "sgt" of "obj->sgt". */
function membersHolding(state: Exit['state'], key: Sym): ReadonlySet<string> {
  const found = new Set<string>();
  for (const [place, value] of state.values) if (value === key && /[.>]/.test(place) && !/^[^>]*[:%=]/.test(place)) found.add(/(\w+)(?:\[\d*\])?$/.exec(place)?.[1] ?? '');
  if (key.includes('->')) found.add(/(\w+)(?:\[\d*\])?$/.exec(key)?.[1] ?? '');
  return found;
}

/** A function that gives such things back, and which. */
interface Giver {
  readonly place: LexicalFunction;
  readonly gives: Given;
  /** Its file takes such things too: it is a driver of its own beside others. */
  readonly hasOwn: boolean;
}

/** Another function of the folder, or one that it calls or puts in a table, gives such a thing back. */
function givesElsewhere(view: TreeView, retention: Retention, fn: CFunction, kind: Kind, members: ReadonlySet<string>): boolean {
  const folder = folderOf(fn.file);
  const key = `${folder} ${kind}`;
  const all = givers.get(view) ?? new Map<string, readonly Giver[]>();
  givers.set(view, all);
  const known = all.get(key) ?? findGivers(view, retention, folder, kind);
  all.set(key, known);
  return known.some((one) => (one.place.name !== fn.name || one.place.file !== fn.file)
    && (one.place.file === fn.file || !one.hasOwn || view.code.exportedFrom(one.place.name).length > 0)
    && (one.gives.any || members.size === 0 || [...members].some((member) => one.gives.members.has(member))));
}

const givers = new WeakMap<TreeView, Map<string, readonly Giver[]>>();

function findGivers(view: TreeView, retention: Retention, folder: string, kind: Kind): readonly Giver[] {
  const given = new GivenMembers(view, retention, kind);
  const found: Giver[] = [];
  for (const file of view.code.folderFiles(folder)) {
    const functions = view.code.functionNames(file).flatMap((name) => {
      const place = view.code.locate(name, file);
      return place === null || place.file !== file ? [] : [place];
    });
    const hasOwn = functions.some((place) => view.code.lexicalCalls(place).names.some((one) => takesKind(one, kind)));
    for (const place of functions) {
      // Whoever takes such things gives them back where that fails: that is not what is looked for.
      if (view.code.lexicalCalls(place).names.some((one) => takesKind(one, kind))) continue;
      const own = given.of(place, (to) => folderOf(to.file) !== folder);
      // Called through a table or from another file with what its caller has.
      const gives = own.parameters.size > 0 && (view.code.rowsNaming(folder, place.name).length > 0 || !/\bstatic\b/.test(view.code.lineAt(place))) ? { ...own, any: true } : own;
      if (gives.any || gives.members.size > 0) found.push({ place, gives, hasOwn });
    }
    for (const row of view.code.tableRows(file)) {
      const place = view.code.locate(row, file);
      if (place === null || folderOf(place.file) === folder || !retention.givesKind(place, kind)) continue;
      const gives = given.of(place, () => true);
      if (gives.any || gives.members.size > 0) found.push({ place, gives, hasOwn: false });
    }
  }
  return found;
}

const takesKind = (name: string, kind: Kind): boolean => CALLS.get(name)?.acquires?.kind === kind;
