// The control-flow graph of one function: statements as nodes, tests as branches with polarity, cleanups of guard() and __free() where a scope ends.
// `&&`, `||` and `!` become branches of their own, so a path says what each test gave. Knows no rule (issue 3, part 2; issue 4, part 1).

import { bared, expressionText, partsOf, type Expression, type Statement } from './c-tree.ts';
import { callOf, callsIn, type Call, type CFunction } from './syntax.ts';

export type FlowKind = 'entry' | 'exit' | 'statement' | 'branch' | 'return' | 'cleanup';

export interface FlowNode {
  readonly id: number;
  readonly kind: FlowKind;
  /** C text; of a cleanup what it undoes: "guard(mutex)(&a->lock)", "__free(kfree) p". */
  readonly text: string;
  readonly line: number;
  /** In the order of their evaluation: arguments before their call. */
  readonly calls: readonly Call[];
  /** What is evaluated: the test of a branch, the value of a return. */
  readonly value: Expression | null;
  /** Set where the node declares a variable. */
  readonly declares: string | null;
}

export interface FlowTest {
  readonly text: string;
  readonly value: Expression | null;
  /** The side of the test; of a switch true means "this case", of an #if "this side". */
  readonly taken: boolean;
  readonly kind: 'test' | 'case' | 'loop' | 'configuration';
}

export interface FlowEdge {
  readonly from: number;
  readonly to: number;
  readonly test: FlowTest | null;
  /** Closes a loop. */
  readonly isBack: boolean;
}

export interface Flow {
  readonly nodes: readonly FlowNode[];
  readonly edges: readonly FlowEdge[];
  readonly entry: number;
  readonly exit: number;
  /** By node: its edges out. */
  readonly out: readonly (readonly FlowEdge[])[];
  /** Labels that a goto names and the function lacks. */
  readonly lostLabels: readonly { readonly name: string; readonly line: number }[];
}

/** An edge whose target is not there yet. */
interface Loose {
  readonly from: number;
  readonly test: FlowTest | null;
}

/** What must be undone, innermost first. */
interface Cleanup {
  readonly text: string;
  readonly line: number;
  readonly up: Cleanup | null;
}

interface Jumps {
  /** Null outside of loops and switches. */
  readonly breaks: { readonly edges: Loose[]; readonly scope: Cleanup | null } | null;
  readonly continues: { readonly edges: Loose[]; readonly scope: Cleanup | null } | null;
  readonly cases: { readonly edges: Loose[]; readonly of: Expression; hasDefault: boolean; readonly from: number } | null;
}

export function controlFlow(one: Pick<CFunction, 'name' | 'line' | 'endLine' | 'body'>): Flow {
  return new Builder().build(one);
}

class Builder {
  private readonly nodes: FlowNode[] = [];
  private readonly edges: FlowEdge[] = [];
  private readonly labels = new Map<string, { readonly node: number; readonly scope: Cleanup | null }>();
  private readonly gotos: { readonly name: string; readonly line: number; readonly edges: readonly Loose[]; readonly scope: Cleanup | null }[] = [];
  private readonly exit: number;
  private loose: Loose[] = [];
  private scope: Cleanup | null = null;

  constructor() {
    this.exit = 1;
  }

  build(one: Pick<CFunction, 'name' | 'line' | 'endLine' | 'body'>): Flow {
    this.add('entry', one.name, one.line, null);
    this.add('exit', '', one.endLine, null);
    this.loose = [{ from: 0, test: null }];
    this.block(one.body, { breaks: null, continues: null, cases: null });
    this.connect(this.exit);
    const lostLabels: { name: string; line: number }[] = [];
    for (const jump of this.gotos) {
      const target = this.labels.get(jump.name);
      if (target === undefined) lostLabels.push({ name: jump.name, line: jump.line });
      this.loose = [...jump.edges];
      this.scope = jump.scope;
      this.undo(target === undefined ? null : common(jump.scope, target.scope));
      // A jump to nowhere leaves the function, so that no path is lost.
      this.connect(target?.node ?? this.exit);
    }
    const out: FlowEdge[][] = this.nodes.map(() => []);
    for (const edge of this.edges) out[edge.from]?.push(edge);
    return { nodes: this.nodes, edges: this.edges, entry: 0, exit: this.exit, out, lostLabels };
  }

  private block(body: readonly Statement[], jumps: Jumps): void {
    const outer = this.scope;
    for (const statement of body) this.statement(statement, jumps);
    this.undo(outer);
    this.scope = outer;
  }

  private statement(one: Statement, jumps: Jumps): void {
    switch (one.kind) {
      case 'expression':
        this.step('statement', expressionText(one.value), one.line, one.value);
        return;
      case 'declare': {
        if (one.value !== null || one.cleanup !== null) {
          this.step('statement', `${one.type} ${one.name}${one.value === null ? '' : ` = ${expressionText(one.value)}`}`, one.line, one.value, one.name);
        }
        if (one.cleanup !== null) this.scope = { text: `__free(${one.cleanup}) ${one.name}`, line: one.line, up: this.scope };
        return;
      }
      case 'guard': {
        const text = `${one.macro}(${one.of}${one.name === null ? '' : `, ${one.name}`})(${one.args.map(expressionText).join(', ')})`;
        this.step('statement', text, one.line, { kind: 'call', callee: { kind: 'opaque', text: `${one.macro}(${one.of})`, line: one.line }, args: one.args, line: one.line }, one.name);
        this.scope = { text, line: one.line, up: this.scope };
        return;
      }
      case 'compound':
        this.block(one.body, jumps);
        return;
      case 'if': {
        const { yes, no } = this.test(one.condition, 'test');
        this.loose = yes;
        this.block(one.then, jumps);
        const after = this.loose;
        this.loose = no;
        this.block(one.otherwise, jumps);
        this.loose = [...after, ...this.loose];
        return;
      }
      case 'either': {
        const node = this.step('branch', one.condition, one.line, null);
        const side = (taken: boolean): Loose[] => [{ from: node, test: { text: one.condition, value: null, taken, kind: 'configuration' } }];
        // No scope of its own: what is declared inside lives on behind #endif.
        this.loose = side(true);
        for (const inner of one.then) this.statement(inner, jumps);
        const after = this.loose;
        this.loose = side(false);
        for (const inner of one.otherwise) this.statement(inner, jumps);
        this.loose = [...after, ...this.loose];
        return;
      }
      case 'while':
        this.loop(one.line, () => this.test(one.condition, 'loop'), one.body, null, jumps);
        return;
      case 'for': {
        const outer = this.scope;
        for (const start of one.start) this.statement(start, jumps);
        const { condition, step } = one;
        this.loop(one.line, condition === null ? null : () => this.test(condition, 'loop'), one.body, step, jumps);
        this.undo(outer);
        this.scope = outer;
        return;
      }
      case 'each': {
        const text = `${one.macro}(${one.args.map(expressionText).join(', ')})`;
        this.loop(one.line, () => this.opaqueTest(text, one.line, one.args, one.macro), one.body, null, jumps);
        return;
      }
      case 'do': {
        const head = this.step('statement', 'do', one.line, null);
        const breaks = { edges: [], scope: this.scope };
        const continues = { edges: [], scope: this.scope };
        this.block(one.body, { ...jumps, breaks, continues });
        this.loose.push(...continues.edges);
        const { yes, no } = this.test(one.condition, 'loop');
        this.loose = yes;
        this.connect(head, true);
        this.loose = [...no, ...breaks.edges];
        return;
      }
      case 'scope':
        this.scopeMacro(one, jumps);
        return;
      case 'switch': {
        const from = this.step('branch', `switch (${expressionText(one.of)})`, one.line, one.of);
        const cases = { edges: [], of: one.of, hasDefault: false, from };
        const breaks = { edges: [], scope: this.scope };
        this.loose = [];
        this.block(one.body, { breaks, continues: jumps.continues, cases });
        const fall: Loose[] = cases.hasDefault ? [] : [{ from, test: { text: `${expressionText(one.of)}: no case`, value: null, taken: true, kind: 'case' } }];
        this.loose = [...this.loose, ...breaks.edges, ...fall];
        return;
      }
      case 'case': {
        const { cases } = jumps;
        if (cases === null) return;
        if (one.value === null) cases.hasDefault = true;
        const text = one.value === null ? 'default' : `case ${expressionText(one.value)}`;
        this.loose.push({ from: cases.from, test: { text: `${expressionText(cases.of)}: ${text}`, value: one.value, taken: true, kind: 'case' } });
        return;
      }
      case 'label': {
        const node = this.step('statement', `${one.name}:`, one.line, null);
        this.labels.set(one.name, { node, scope: this.scope });
        return;
      }
      case 'goto': {
        const node = this.step('statement', `goto ${one.name}`, one.line, null);
        this.gotos.push({ name: one.name, line: one.line, edges: [{ from: node, test: null }], scope: this.scope });
        this.loose = [];
        return;
      }
      case 'break':
      case 'continue': {
        const target = one.kind === 'break' ? jumps.breaks : jumps.continues;
        this.step('statement', one.kind, one.line, null);
        if (target === null) return;
        this.undo(target.scope);
        target.edges.push(...this.loose);
        this.loose = [];
        return;
      }
      case 'return':
        this.step('return', one.value === null ? 'return' : `return ${expressionText(one.value)}`, one.line, one.value);
        this.undo(null);
        this.connect(this.exit);
        this.loose = [];
        return;
      case 'opaque':
        this.step('statement', one.text, one.line, null);
        return;
    }
  }

  private loop(line: number, test: (() => { yes: Loose[]; no: Loose[] }) | null, body: readonly Statement[], step: Expression | null, jumps: Jumps): void {
    const head = this.step('statement', 'loop', line, null);
    const { yes, no } = test === null ? { yes: this.loose, no: [] } : test();
    const breaks = { edges: [], scope: this.scope };
    const continues = { edges: [], scope: this.scope };
    this.loose = yes;
    this.block(body, { ...jumps, breaks, continues });
    this.loose.push(...continues.edges);
    if (step !== null && this.loose.length > 0) this.step('statement', expressionText(step), step.line, step);
    this.connect(head, true);
    this.loose = [...no, ...breaks.edges];
  }

  /** scoped_guard() and scoped_cond_guard() undo at the end; any other block macro only surrounds. */
  private scopeMacro(one: Statement & { readonly kind: 'scope' }, jumps: Jumps): void {
    const text = `${one.macro}(${one.args.map(expressionText).join(', ')})`;
    const outer = this.scope;
    const isGuard = /^scoped_/.test(one.macro);
    const { yes, no } = isGuard ? { yes: [], no: [] } : this.opaqueTest(text, one.line, one.args, one.macro);
    // A guard always runs its block, unless its lock is conditional.
    const mayFail = isGuard && /cond|try/.test(text);
    let skip: Loose[] = no;
    if (isGuard) {
      const node = this.step(mayFail ? 'branch' : 'statement', text, one.line, asCall(one.macro, one.args, one.line));
      if (mayFail) {
        const side = (taken: boolean): Loose[] => [{ from: node, test: { text, value: null, taken, kind: 'test' } }];
        this.loose = side(true);
        skip = side(false);
      }
      this.scope = { text, line: one.line, up: outer };
    } else this.loose = yes;
    // `break` inside scoped_guard leaves the guard: it is a for loop in the kernel.
    const breaks = isGuard ? { edges: [] as Loose[], scope: outer } : jumps.breaks;
    this.block(one.body, { ...jumps, breaks, continues: isGuard ? breaks : jumps.continues });
    this.undo(outer);
    this.scope = outer;
    this.loose = [...this.loose, ...(isGuard && breaks !== null ? breaks.edges : []), ...skip];
  }

  /** Splits a test at && || ! and returns the edges of both outcomes. */
  private test(condition: Expression, kind: FlowTest['kind']): { yes: Loose[]; no: Loose[] } {
    const inner = bared(condition);
    if (inner.kind === 'unary' && inner.op === '!') {
      const { yes, no } = this.test(inner.of, kind);
      return { yes: no, no: yes };
    }
    if (inner.kind === 'binary' && (inner.op === '&&' || inner.op === '||')) {
      const left = this.test(inner.left, kind);
      this.loose = inner.op === '&&' ? left.yes : left.no;
      const right = this.test(inner.right, kind);
      return inner.op === '&&' ? { yes: right.yes, no: [...left.no, ...right.no] } : { yes: [...left.yes, ...right.yes], no: right.no };
    }
    const text = expressionText(inner);
    const node = this.step('branch', text, inner.line, inner);
    const side = (taken: boolean): Loose[] => [{ from: node, test: { text, value: inner, taken, kind } }];
    const fixed = inner.kind === 'literal' || inner.kind === 'name' ? constant(text) : null;
    return { yes: fixed === false ? [] : side(true), no: fixed === true ? [] : side(false) };
  }

  private opaqueTest(text: string, line: number, args: readonly Expression[], macro: string): { yes: Loose[]; no: Loose[] } {
    const node = this.step('branch', text, line, asCall(macro, args, line));
    const side = (taken: boolean): Loose[] => [{ from: node, test: { text, value: null, taken, kind: 'loop' } }];
    return { yes: side(true), no: side(false) };
  }

  private step(kind: FlowKind, text: string, line: number, value: Expression | null, declares: string | null = null): number {
    const node = this.add(kind, text, line, value, declares);
    this.connect(node);
    this.loose = [{ from: node, test: null }];
    return node;
  }

  private add(kind: FlowKind, text: string, line: number, value: Expression | null, declares: string | null = null): number {
    const id = this.nodes.length;
    this.nodes.push({ id, kind, text, line, calls: value === null ? [] : callsInOrder(value), value, declares });
    return id;
  }

  private connect(to: number, isBack = false): void {
    for (const { from, test } of this.loose) this.edges.push({ from, to, test, isBack });
    this.loose = [];
  }

  /** Cleanup nodes from the present scope up to, and without, `until`. The scope itself is the caller's to reset. */
  private undo(until: Cleanup | null): void {
    if (this.loose.length === 0) return;
    for (let one = this.scope; one !== null && one !== until; one = one.up) this.step('cleanup', one.text, one.line, null);
  }
}

const asCall = (macro: string, args: readonly Expression[], line: number): Expression => ({ kind: 'call', callee: { kind: 'name', name: macro, line }, args, line });

function callsInOrder(value: Expression): readonly Call[] {
  const found: Call[] = [];
  const into = (one: Expression): void => {
    for (const part of partsOf(one)) into(part);
    if (one.kind === 'block') found.push(...callsIn(one.body));
    if (one.kind === 'call') found.push(callOf(one));
  };
  into(value);
  return found;
}

const constant = (text: string): boolean | null => (text === '1' || text === 'true' ? true : text === '0' || text === 'false' ? false : null);

function common(a: Cleanup | null, b: Cleanup | null): Cleanup | null {
  const seen = new Set<Cleanup>();
  for (let one = b; one !== null; one = one.up) seen.add(one);
  for (let one = a; one !== null; one = one.up) if (seen.has(one)) return one;
  return null;
}
