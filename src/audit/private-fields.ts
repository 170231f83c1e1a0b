// Which fields of its private object a callback reads, and whether the set-up has stored them by then: from the moment that the attach call
// lists the attachment, the exporter may call back (SEMANTICS B6.3).

import { eachExpression } from '../source/c-tree.ts';
import { folderOf } from '../source/lexical.ts';
import type { CFunction } from '../source/syntax.ts';
import type { ImporterProfile, Place } from '../results/audit.ts';
import type { Answer } from './execute.ts';
import type { Store } from './fields.ts';
import type { FoundImporter } from './importers.ts';
import type { TreeView } from './tree-view.ts';

type Row = ImporterProfile['privateFields'][number];

/** Calls between a function of the set-up and the store. */
const DEEPEST = 3;

/** What code of the driver, or of its helper, reads; not what a layer below reads. */
export function privateFieldsOf(view: TreeView, found: FoundImporter, answer: Answer): readonly Row[] {
  const folders = new Set([...answer.followed.slice(0, 1), found.site].map((one) => folderOf(one.file)));
  const rows = new Map<string, Row>();
  const levels = levelsOf(view, found);
  const hasOuter = [...answer.reads.keys()].some((path) => fieldIn(path)?.isOuter === true);
  for (const [path, at] of answer.reads) {
    const read = fieldIn(path);
    if (read === null || !folders.has(folderOf(at.file)) || rows.has(read.field)) continue;
    const isOwn = !read.field.includes('.') && (read.isOuter || !hasOuter);
    rows.set(read.field, { field: read.field, ...whenSet(view, levels, isOwn ? [...folders] : [], read.field) });
  }
  return [...rows.values()];
}

/** "attach->importer_priv~{base}.dmabuf.phys.len" → "dmabuf.phys.len" of the object around it: up to the first pointer. */
function fieldIn(path: string): { readonly field: string; readonly isOuter: boolean } | null {
  const [, outer, field] = /^\w+->importer_priv(~\{[^}]*\})?(?:->|\.)([\w.]+)/.exec(path) ?? [];
  return field === undefined || field === 'each' ? null : { field, isOuter: outer !== undefined };
}

/** A function of the set-up, and the line in it from which on the attachment is listed. */
interface Level {
  readonly fn: CFunction;
  readonly attach: number;
  /** The attach call itself stands here: what is stored from its result comes after. */
  readonly isSite: boolean;
}

/** From the attach call outwards; the callers of the outermost function come last. */
function levelsOf(view: TreeView, { site, chain }: FoundImporter): readonly Level[] {
  const inner = [...chain].reverse();
  const levels = inner.map((fn, index): Level => ({ fn, isSite: index === 0, attach: index === 0 ? site.line : view.callSites(inner[index - 1]?.name ?? '', [fn.file]).find((one) => one.function === fn.name)?.line ?? 0 }));
  const [outer] = chain;
  return outer === undefined ? levels : [...levels, ...view.callSites(outer.name).map((one): Level => ({ fn: one.fn, attach: one.line, isSite: false }))];
}

/** `folders`: where other functions may be asked too: not for an object that the driver only embeds, whose fields others have as well. */
function whenSet(view: TreeView, levels: readonly Level[], folders: readonly string[], field: string): { readonly set: Row['set']; readonly at: Place | null } {
  const name = field.split('.').at(-1) ?? field;
  const placeOf = (store: Store): Place => ({ file: store.file, line: store.line, function: store.fn.name });
  for (const { fn, attach, isSite } of levels) {
    const store = view.fields.stores(name, folderOf(fn.file)).find((one) => one.fn.name === fn.name && one.file === fn.file);
    if (store === undefined) continue;
    const isResult = isSite && /dma_buf_(?:dynamic_)?attach\s*\(/.test(store.value);
    return { set: isResult || store.line > attach ? 'after-attach' : 'before-attach', at: placeOf(store) };
  }
  const stores = folders.flatMap((folder) => view.fields.stores(name, folder));
  for (const { fn, attach } of stores.length === 0 ? [] : levels) {
    const [before, after] = [new Set<string>(), new Set<string>()];
    eachExpression(fn.body, (one) => {
      if (one.kind === 'call' && one.callee.kind === 'name') (one.line < attach ? before : after).add(one.callee.name);
    });
    for (const [names, set] of [[before, 'before-attach'], [after, 'after-attach']] as const) {
      const store = storeBehind(view, names, fn.file, folders, stores);
      if (store !== null) return { set, at: placeOf(store) };
    }
  }
  return { set: 'not-seen', at: null };
}

/** The store in the nearest function that these calls lead to. */
function storeBehind(view: TreeView, names: ReadonlySet<string>, from: string, folders: readonly string[], stores: readonly Store[]): Store | null {
  const seen = new Set<string>();
  let level = [...names].map((name) => ({ name, from }));
  for (let depth = 0; depth < DEEPEST && level.length > 0; depth++) {
    const next: { name: string; from: string }[] = [];
    for (const one of level) {
      const place = view.code.locate(one.name, one.from) ?? view.code.exportedFrom(one.name).map((file) => view.code.locate(one.name, file)).find((found) => found !== null) ?? null;
      if (place === null || seen.has(`${place.file} ${place.name}`) || !folders.includes(folderOf(place.file))) continue;
      seen.add(`${place.file} ${place.name}`);
      const store = stores.find((row) => row.fn.name === place.name && row.file === place.file);
      if (store !== undefined) return store;
      for (const name of view.code.lexicalCalls(place).names) next.push({ name, from: place.file });
    }
    level = next;
  }
  return null;
}
