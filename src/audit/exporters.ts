// Finds every exporter of a tree: one for each dma_buf_ops table, with who else uses it (issue 3, part 3).

import { folderOf } from '../source/lexical.ts';
import type { CFunction, CTable, TableMember } from '../source/syntax.ts';
import { driverName, type TreeView } from './tree-view.ts';

export interface FoundExporter {
  readonly table: CTable;
  /** Members without a prefix such as "ops.": attach, map_dma_buf, … */
  readonly members: readonly TableMember[];
  readonly users: () => readonly string[];
}

/** dma_buf_ops itself, and structs that begin with one. */
const TYPES = new Set(['dma_buf_ops', 'virtio_dma_buf_ops']);
const MEMBERS = new Set([
  'attach', 'detach', 'pin', 'unpin', 'map_dma_buf', 'unmap_dma_buf', 'release', 'begin_cpu_access', 'end_cpu_access', 'mmap', 'vmap', 'vunmap', 'cache_sgt_mapping',
]);

export function findExporters(view: TreeView): readonly FoundExporter[] {
  const found: FoundExporter[] = [];
  const files = new Set([...view.filesWith('dma_buf_ops'), ...view.filesWith('virtio_dma_buf_ops')]);
  for (const path of [...files].sort()) {
    const file = view.code.file(path);
    for (const outline of file?.outline.tables ?? []) {
      if (file === null || !TYPES.has(outline.type)) continue;
      const table = file.table(outline);
      const members = table.members.flatMap((one) => {
        const name = one.member?.split('.').at(-1) ?? '';
        return MEMBERS.has(name) && (one.member === name || one.member?.startsWith('ops.') === true) ? [{ ...one, member: name }] : [];
      });
      found.push({ table, members, users: () => usersOfTable(view, table) });
    }
  }
  return found;
}

/** The C function behind a member, wherever it stands. */
export function memberFunction(view: TreeView, one: FoundExporter, member: string): CFunction | null {
  const name = one.members.find((row) => row.member === member)?.name ?? null;
  return name === null ? null : view.code.functionNamed(name, one.table.file);
}

/** Drivers whose export ends at this table: through the exported functions that use it. */
function usersOfTable(view: TreeView, table: CTable): readonly string[] {
  const home = folderOf(table.file);
  const text = view.code.text(table.file) ?? '';
  const users = new Set<string>();
  const add = (file: string): void => {
    if (folderOf(file) !== home && !file.startsWith('include/')) users.add(/\/(?:drm|platform|usb|pci|misc|common|core)$/.test(folderOf(file)) ? file : folderOf(file));
  };
  for (const file of view.filesWith(table.name)) add(file);
  const exported = view.code.file(table.file)?.exported ?? new Set<string>();
  const open: string[] = [];
  for (const match of text.matchAll(new RegExp(`&${table.name}\\b`, 'g'))) {
    const fn = view.fields.functionAround(table.file, match.index);
    if (fn !== null) open.push(fn.name);
  }
  const seen = new Set<string>();
  for (let name = open.pop(); name !== undefined && seen.size < 40; name = open.pop()) {
    if (seen.has(name)) continue;
    seen.add(name);
    if (exported.has(name)) for (const file of view.filesWith(name)) if (new RegExp(`\\b${name}\\b`).test(view.code.text(file) ?? '')) add(file);
    const place = view.code.locate(name, table.file);
    if (place !== null && place.file === table.file) for (const caller of view.fields.callers(place)) if (caller.file === table.file) open.push(caller.name);
    for (const outer of view.code.file(table.file)?.outline.tables ?? []) {
      if (!new RegExp(`=\\s*&?${name}\\b`).test(text.slice(outer.body, outer.end))) continue;
      for (const file of view.filesWith(outer.name)) if (file !== table.file) add(file);
    }
  }
  return [...users].sort();
}

export const exporterName = (one: FoundExporter): string => driverName(one.table.file);
