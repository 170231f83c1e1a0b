// Control flow of one body, only as far as needed to find a loop that can come round without any step:
// such a loop has no meaning in a model whose time is counted in steps.

import type { Expression, Statement } from '../model/scenario.ts';

interface Node {
  /** Does something happen here? */
  readonly step: boolean;
  readonly next: number[];
  readonly statement: Statement | null;
}

interface Targets {
  readonly break: number;
  readonly continue: number;
}

/** The statements at which such loops begin: a `while`, or the label of a backward `goto`. */
export function loopsWithoutStep(body: readonly Statement[]): Statement[] {
  const nodes: Node[] = [];
  const labels = new Map<string, number>();
  const add = (step: boolean, statement: Statement | null, ...next: number[]): number => nodes.push({ step, next, statement }) - 1;
  const label = (name: string, statement: Statement | null): number => {
    const at = labels.get(name) ?? add(false, statement);
    labels.set(name, at);
    return at;
  };
  const exit = add(false, null);

  // Backwards, so that what comes next is known.
  const sequence = (statements: readonly Statement[], next: number, targets: Targets): number => {
    let entry = next;
    for (let i = statements.length - 1; i >= 0; i--) {
      const statement = statements[i];
      if (statement !== undefined) entry = one(statement, entry, targets);
    }
    return entry;
  };
  const one = (statement: Statement, next: number, targets: Targets): number => {
    switch (statement.kind) {
      case 'if':
        return add(false, statement, sequence(statement.then, next, targets), sequence(statement.else, next, targets));
      case 'while': {
        const head = add(false, statement);
        const always = constant(statement.test);
        if (always !== false) nodes[head]?.next.push(sequence(statement.body, head, { break: next, continue: head }));
        if (always !== true) nodes[head]?.next.push(next);
        return head;
      }
      case 'for':
      case 'repeat':
        return add(false, statement, sequence(statement.body, next, { break: next, continue: next }), next);
      case 'choose':
        return add(false, statement, ...statement.branches.map((branch) => sequence(branch, next, targets)));
      case 'atomic':
        return add(true, statement, sequence(statement.body, next, targets));
      case 'ioctl':
        return add(false, statement, sequence(statement.body, next, targets));
      case 'return':
        return exit;
      case 'break':
        return targets.break;
      case 'continue':
        return targets.continue;
      case 'goto':
        return label(statement.label, null);
      case 'label': {
        const at = label(statement.name, statement);
        nodes[at] = { step: false, next: [next], statement };
        return at;
      }
      default:
        return add(true, statement, next);
    }
  };
  sequence(body, exit, { break: exit, continue: exit });
  return heads(nodes);
}

/** Targets of the edges that close a circle of nodes without a step. No recursion: bodies may be long. */
function heads(nodes: readonly Node[]): Statement[] {
  const found = new Set<Statement>();
  const state = new Uint8Array(nodes.length);
  for (let root = 0; root < nodes.length; root++) {
    const path: { node: number; edge: number }[] = [{ node: root, edge: 0 }];
    if (state[root] !== 0 || nodes[root]?.step === true) continue;
    state[root] = 1;
    for (let top = path[0]; top !== undefined; top = path[path.length - 1]) {
      const to = nodes[top.node]?.next[top.edge++];
      if (to === undefined) {
        state[top.node] = 2;
        path.pop();
      } else if (state[to] === 1) {
        const statement = nodes[to]?.statement ?? nodes[top.node]?.statement;
        if (statement !== null && statement !== undefined) found.add(statement);
      } else if (state[to] === 0 && nodes[to]?.step === false) {
        state[to] = 1;
        path.push({ node: to, edge: 0 });
      }
    }
  }
  return [...found];
}

/** The truth value of a test that is written out, else null. */
function constant(test: Expression): boolean | null {
  if (test.kind === 'bool') return test.value;
  return test.kind === 'number' ? test.value !== 0 : null;
}
