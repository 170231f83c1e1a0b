// Where the sides of a branch meet again: the immediate post-dominators of a control-flow graph (Cooper, Harvey and Kennedy's iteration).

import type { Flow } from './control-flow.ts';

/** By node: the nearest node that every way to the exit passes, -1 where there is none. */
export function meetingPoints(flow: Flow): Int32Array {
  const count = flow.nodes.length;
  const order: number[] = [];
  const position = new Int32Array(count).fill(-1);
  const into: number[][] = flow.nodes.map(() => []);
  for (const edge of flow.edges) into[edge.to]?.push(edge.from);
  // Post-order of the reversed graph, without recursion.
  const seen = new Uint8Array(count);
  const stack: [number, number][] = [[flow.exit, 0]];
  seen[flow.exit] = 1;
  while (stack.length > 0) {
    const top = stack[stack.length - 1];
    if (top === undefined) break;
    const next = into[top[0]]?.[top[1]++];
    if (next === undefined) {
      position[top[0]] = order.length;
      order.push(top[0]);
      stack.pop();
    } else if (seen[next] === 0) {
      seen[next] = 1;
      stack.push([next, 0]);
    }
  }
  const meet = new Int32Array(count).fill(-1);
  meet[flow.exit] = flow.exit;
  const common = (a: number, b: number): number => {
    while (a !== b) {
      while ((position[a] ?? 0) < (position[b] ?? 0)) a = meet[a] ?? flow.exit;
      while ((position[b] ?? 0) < (position[a] ?? 0)) b = meet[b] ?? flow.exit;
    }
    return a;
  };
  for (let changed = true; changed; ) {
    changed = false;
    for (let at = order.length - 2; at >= 0; at--) {
      const node = order[at] ?? 0;
      let found = -1;
      for (const { to } of flow.out[node] ?? []) if (meet[to] !== -1) found = found === -1 ? to : common(found, to);
      if (found !== -1 && meet[node] !== found) {
        meet[node] = found;
        changed = true;
      }
    }
  }
  meet[flow.exit] = -1;
  return meet;
}

/** The nodes between a branch and where its sides meet, both left out; null where a side never gets there. */
export function between(flow: Flow, from: number, to: number): readonly number[] | null {
  if (to === -1) return null;
  const seen = new Set<number>();
  const open = (flow.out[from] ?? []).map((edge) => edge.to);
  while (open.length > 0) {
    const one = open.pop();
    if (one === undefined || one === to || seen.has(one)) continue;
    if (one === from) return null;
    seen.add(one);
    for (const edge of flow.out[one] ?? []) open.push(edge.to);
  }
  return [...seen];
}
