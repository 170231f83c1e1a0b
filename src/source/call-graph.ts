// Who calls whom: by name in the file, across files by name where the target is not static, and through members of known tables.
// An over-approximation for calls through tables: every table of any type with that member counts (issue 3, part 2).

import { callsIn, type Call, type CFunction, type CTable } from './syntax.ts';

export interface CallEdge {
  readonly from: CFunction;
  readonly to: CFunction;
  readonly line: number;
  readonly how: 'same-file' | 'header' | 'across' | 'table';
  /** "dma_buf_ops.attach of foo_ops" for a call through a table. */
  readonly through: string;
}

export interface CallGraph {
  readonly calls: (from: CFunction) => readonly CallEdge[];
  readonly callers: (to: CFunction) => readonly CallEdge[];
  /** Calls with no target among the functions handed in. */
  readonly unresolved: (from: CFunction) => readonly Call[];
}

export function callGraph(functions: readonly CFunction[], tables: readonly CTable[]): CallGraph {
  const byName = grouped(functions, (one) => one.name);
  const members = grouped(
    tables.flatMap((table) => table.members.map(({ member, name }) => ({ table, member: member?.split('.').at(-1) ?? '', name }))).filter((row) => row.member !== '' && row.name !== null),
    (row) => row.member,
  );
  const out = new Map<CFunction, CallEdge[]>();
  const back = new Map<CFunction, CallEdge[]>();
  const lost = new Map<CFunction, Call[]>();
  for (const from of functions) {
    for (const call of callsIn(from.body)) {
      const edges = call.name !== null ? direct(from, call, call.name, byName) : indirect(from, call, byName, members);
      if (edges.length === 0) push(lost, from, call);
      for (const edge of edges) {
        push(out, from, edge);
        push(back, edge.to, edge);
      }
    }
  }
  return { calls: (from) => out.get(from) ?? [], callers: (to) => back.get(to) ?? [], unresolved: (from) => lost.get(from) ?? [] };
}

function direct(from: CFunction, call: Call, name: string, byName: ReadonlyMap<string, readonly CFunction[]>): CallEdge[] {
  const found = byName.get(name) ?? [];
  const near = found.filter((to) => to.file === from.file);
  const edge = (how: CallEdge['how']) => (to: CFunction): CallEdge => ({ from, to, line: call.line, how, through: '' });
  if (near.length > 0) return near.map(edge('same-file'));
  // Several definitions of a global name are stubs under another configuration: all are kept.
  const far = found.filter((to) => !to.isStatic);
  if (far.length > 0) return far.map(edge('across'));
  return found.filter((to) => to.file.endsWith('.h')).map(edge('header'));
}

function indirect(from: CFunction, call: Call, byName: ReadonlyMap<string, readonly CFunction[]>, members: ReadonlyMap<string, readonly { readonly table: CTable; readonly name: string | null }[]>): CallEdge[] {
  return (members.get(call.member ?? '') ?? []).flatMap(({ table, name }) =>
    (byName.get(name ?? '') ?? [])
      .filter((to) => to.file === table.file || !to.isStatic)
      .map((to): CallEdge => ({ from, to, line: call.line, how: 'table', through: `${table.type}.${call.member ?? ''} of ${table.name}` })),
  );
}

function grouped<T>(all: readonly T[], key: (one: T) => string): ReadonlyMap<string, readonly T[]> {
  const groups = new Map<string, T[]>();
  for (const one of all) push(groups, key(one), one);
  return groups;
}

function push<K, T>(map: Map<K, T[]>, key: K, one: T): void {
  const there = map.get(key);
  if (there === undefined) map.set(key, [one]);
  else there.push(one);
}
