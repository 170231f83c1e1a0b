// Which variables of a function may still be read behind a node, and which conditions it asks more than once: what a path need not remember is dropped.

import { expressionText, partsOf, type Expression } from '../../source/c-tree.ts';
import type { Flow } from '../../source/control-flow.ts';
import type { CFunction } from '../../source/syntax.ts';
import { typesOf } from '../c-reading.ts';

export interface Liveness {
  /** By node: local names that may be read there or later. */
  readonly live: readonly ReadonlySet<string>[];
  /** By node: how many edges come in. */
  readonly arrivals: readonly number[];
  /** Variables that a return names: ret of `return ERR_PTR(ret)`. */
  readonly returned: ReadonlySet<string>;
  /** Members and names that tests ask about, and those that they ask about at more than one place: "imported". */
  readonly asked: ReadonlySet<string>;
  readonly askedTwice: ReadonlySet<string>;
}

export function livenessOf(fn: CFunction, flow: Flow): Liveness {
  const locals = typesOf(fn);
  const uses = flow.nodes.map((node) => {
    const found = new Set<string>();
    if (node.value !== null) namesIn(node.value, found, locals);
    if (node.kind === 'cleanup') for (const word of node.text.match(/\w+/g) ?? []) if (locals.has(word)) found.add(word);
    for (const edge of flow.out[node.id] ?? []) if (edge.test?.value != null) namesIn(edge.test.value, found, locals);
    return found;
  });
  const sets = flow.nodes.map((node) => {
    if (node.declares !== null) return node.declares;
    const value = node.value;
    return value?.kind === 'assign' && value.op === '=' && value.to.kind === 'name' ? value.to.name : null;
  });
  // Taken by its address it may be read by anybody.
  const shared = new Set<string>();
  for (const node of flow.nodes) if (node.value !== null) addressesIn(node.value, shared);
  const live = flow.nodes.map(() => new Set<string>(shared));
  const before = flow.nodes.map((): number[] => []);
  const arrivals = flow.nodes.map(() => 0);
  for (const edge of flow.edges) {
    before[edge.to]?.push(edge.from);
    arrivals[edge.to] = (arrivals[edge.to] ?? 0) + 1;
  }
  // Backwards from every node once, then wherever something was added.
  const queue = flow.nodes.map((node) => node.id);
  const waiting = new Set(queue);
  const visited = new Set<number>();
  while (queue.length > 0) {
    const at = queue.pop() ?? 0;
    waiting.delete(at);
    const now = live[at];
    if (now === undefined) continue;
    const size = now.size;
    for (const edge of flow.out[at] ?? []) for (const name of live[edge.to] ?? []) if (name !== sets[at]) now.add(name);
    for (const name of uses[at] ?? []) now.add(name);
    if (now.size === size && visited.has(at)) continue;
    visited.add(at);
    for (const from of before[at] ?? []) {
      if (waiting.has(from)) continue;
      waiting.add(from);
      queue.push(from);
    }
  }
  const returned = new Set<string>();
  for (const node of flow.nodes) if (node.kind === 'return' && node.value !== null) namesIn(node.value, returned, locals);
  return { live, arrivals, returned, ...questions(flow) };
}

function namesIn(one: Expression, into: Set<string>, locals: ReadonlyMap<string, string>): void {
  if (one.kind === 'name') {
    if (locals.has(one.name)) into.add(one.name);
    return;
  }
  if (one.kind === 'block' || one.kind === 'opaque') {
    for (const word of expressionText(one).match(/\w+/g) ?? []) if (locals.has(word)) into.add(word);
  }
  if (one.kind === 'assign' && one.op === '=' && one.to.kind === 'name') {
    namesIn(one.value, into, locals);
    return;
  }
  for (const part of partsOf(one)) namesIn(part, into, locals);
}

function addressesIn(one: Expression, into: Set<string>): void {
  if (one.kind === 'unary' && one.op === '&') {
    let inner = one.of;
    while (inner.kind === 'field' && !inner.arrow) inner = inner.of;
    if (inner.kind === 'name') into.add(inner.name);
  }
  for (const part of partsOf(one)) addressesIn(part, into);
}

/** Of plain variables liveness knows more. */
function questions(flow: Flow): Pick<Liveness, 'asked' | 'askedTwice'> {
  const nodes = new Map<string, Set<number>>();
  for (const edge of flow.edges) {
    if (edge.test === null) continue;
    const words = edge.test.kind === 'configuration' ? [edge.test.text] : edge.test.value === null ? [] : fieldsIn(edge.test.value);
    for (const word of words) {
      const known = nodes.get(word);
      if (known === undefined) nodes.set(word, new Set([edge.from]));
      else known.add(edge.from);
    }
  }
  return { asked: new Set(nodes.keys()), askedTwice: new Set([...nodes].filter(([, at]) => at.size > 1).map(([word]) => word)) };
}

function fieldsIn(one: Expression): readonly string[] {
  if (one.kind === 'field') return [one.name, ...fieldsIn(one.of)];
  if (one.kind === 'name') return [one.name];
  return partsOf(one).flatMap(fieldsIn);
}
