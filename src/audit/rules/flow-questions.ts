// What a function does behind a call, along its control-flow graph, without values: for rules that ask what comes later.

import { expressionText, type Expression } from '../../source/c-tree.ts';
import type { CFunction } from '../../source/syntax.ts';
import type { TreeView } from '../tree-view.ts';

export interface Behind {
  readonly text: string;
  readonly line: number;
  /** From here a return with a failure is reached without anything else that could decide it. */
  readonly isFailure: boolean;
  /** Lies on the side where the call went well. */
  readonly isGood: boolean;
}

export interface Following {
  readonly call: string;
  readonly at: { readonly node: number; readonly line: number };
  readonly args: readonly string[];
  /** The function goes on behind it. */
  readonly isGood: boolean;
  readonly behind: readonly Behind[];
}

/** Each call of one of the names, with what may come behind it where it went well. */
export function followingOf(view: TreeView, fn: CFunction, names: readonly string[]): readonly Following[] {
  const flow = view.code.flow(fn);
  const found: Following[] = [];
  for (const node of flow.nodes) {
    for (const call of node.calls) {
      if (call.name === null || !names.includes(call.name)) continue;
      const reached = new Set<number>();
      const queue = (flow.out[node.id] ?? []).filter((edge) => !edge.isBack).map((edge) => edge.to);
      for (let at = queue.pop(); at !== undefined; at = queue.pop()) {
        if (reached.has(at)) continue;
        reached.add(at);
        for (const edge of flow.out[at] ?? []) {
          // The way on which the call itself failed.
          if (edge.isBack || (edge.test !== null && failsBy(edge.test.value, edge.test.taken) && isNext(flow.nodes[at]?.line ?? 0, node.line))) continue;
          queue.push(edge.to);
        }
      }
      const behind = [...reached].sort((a, b) => a - b).flatMap((at): readonly Behind[] => {
        const one = flow.nodes[at];
        return one === undefined || one.text === '' ? [] : [{ text: one.text, line: one.line, isGood: true, isFailure: one.kind === 'branch' && (flow.out[at] ?? []).some((edge) => leadsToFailure(flow, edge.to)) }];
      });
      found.push({ call: call.name, at: { node: node.id, line: call.line }, args: call.args, isGood: behind.length > 0, behind });
    }
  }
  return found;
}

/** `fd < 0`, `ret`: the side of a test on which the call right before it failed. */
function failsBy(value: Expression | null, taken: boolean): boolean {
  if (value === null) return false;
  const text = expressionText(value);
  return taken && (/< 0$/.test(text) || /^IS_ERR/.test(text) || /^(?:ret|err|rc|r|error)$/.test(text));
}

const isNext = (line: number, call: number): boolean => line - call <= 3;

/** Nothing but jumps and assignments until a return of something negative. */
function leadsToFailure(flow: ReturnType<TreeView['code']['flow']>, from: number): boolean {
  let assigned = false;
  for (let at = from, steps = 0; steps < 12; steps++) {
    const node = flow.nodes[at];
    if (node === undefined) return false;
    if (node.kind === 'return') return assigned || /return -E|return ERR_PTR/.test(node.text);
    if (/= -E/.test(node.text)) assigned = true;
    const out = flow.out[at] ?? [];
    if (out.length !== 1) return assigned;
    at = out[0]?.to ?? -1;
  }
  return false;
}
