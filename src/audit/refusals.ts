// Every errno that attach, pin or map can answer with, where it stands and under which condition: read off the syntax, callees included.
// A callee of another layer counts where it is handed the attachment: it does the operation's work. Of any other, an error is a failure, no
// refusal (issue 3, part 4).

import { folderOf } from '../source/lexical.ts';
import { eachExpression, expressionText, type Expression, type Statement } from '../source/c-tree.ts';
import type { CodeBase } from '../source/code-base.ts';
import type { CFunction } from '../source/syntax.ts';
import type { RefusalFact } from '../results/audit.ts';

const DEEPEST = 2;

/** `table`: file of the exporter's table. A helper of another folder asks the driver's own tables for more. */
export function refusalsOf(code: CodeBase, op: CFunction, at: RefusalFact['at'], table: string): readonly RefusalFact[] {
  const found = new Map<string, RefusalFact>();
  collect({ code, at, home: folderOf(op.file), table, seen: new Set(), found }, op, 0);
  return [...found.values()];
}

interface Search {
  readonly code: CodeBase;
  readonly at: RefusalFact['at'];
  /** Folder of the operation's function. */
  readonly home: string;
  readonly table: string;
  readonly seen: Set<CFunction>;
  readonly found: Map<string, RefusalFact>;
}

function collect(search: Search, fn: CFunction, depth: number): void {
  const { at, seen, found } = search;
  if (seen.has(fn)) return;
  seen.add(fn);
  const add = (errno: string, when: readonly string[], line: number): void => {
    const condition = when.at(-1) ?? '';
    const key = `${fn.file}:${line} ${errno}`;
    if (!found.has(key)) found.set(key, { at, when: condition, errno, file: fn.file, line, function: fn.name });
  };
  const visit = (statements: readonly Statement[], when: readonly string[]): void => {
    let caseText: string | null = null;
    for (const [index, one] of statements.entries()) {
      const here = caseText === null ? when : [...when, caseText];
      // Inside of a switch the last text is what it asks for.
      if (one.kind === 'case') caseText = `${when.at(-1) ?? ''}: ${one.value === null ? 'default' : expressionText(one.value)}`;
      if (one.kind === 'return' && one.value !== null) for (const errno of errnosIn(one.value)) add(errno, here, one.line);
      if (one.kind === 'expression' && one.value.kind === 'assign' && one.value.to.kind === 'name') {
        // "ret = -EFOO; goto out;" refuses; a start value does not, unless it is what the next test returns.
        const next = statements[index + 1];
        for (const errno of errnosIn(one.value.value)) if (next?.kind === 'goto' || next?.kind === 'return' || next?.kind === 'break' || when.length > 0) add(errno, here, one.line);
      }
      if (one.kind === 'goto') {
        // A label whose return is an errno: "error: return ERR_PTR(-EBUSY);"
        const target = fn.body.findIndex((row) => row.kind === 'label' && row.name === one.name);
        const stop = target === -1 ? undefined : fn.body.slice(target).find((row) => row.kind === 'return');
        if (stop?.kind === 'return' && stop.value !== null) for (const errno of errnosIn(stop.value)) add(errno, here, stop.line);
      }
      if (one.kind === 'if') {
        const text = expressionText(one.condition);
        visit(one.then, [...here, text]);
        visit(one.otherwise, [...here, `!(${text})`]);
      } else if (one.kind === 'either') {
        visit(one.then, here);
        visit(one.otherwise, here);
      } else if (one.kind === 'switch') visit(one.body, [...here, expressionText(one.of)]);
      else if (one.kind === 'for') visit(one.body, here);
      else if ('body' in one) visit(one.body, here);
    }
  };
  visit(fn.body, []);
  if (depth >= DEEPEST) return;
  eachExpression(fn.body, (one) => {
    if (one.kind !== 'call' || !handsOver(fn, one)) return;
    const callee = calleeOf(search, fn, one);
    if (callee !== null && /^(?:int|long|struct \w+ \*)$/.test(callee.returns)) collect(search, callee, depth + 1);
  });
}

/** Of the same file or folder, or handed the attachment; through a member of a helper's, the one function that the driver's tables hold there. */
function calleeOf({ code, home, table }: Search, fn: CFunction, { callee, args }: Expression & { readonly kind: 'call' }): CFunction | null {
  const named = (name: string, from: string): CFunction | null => {
    const place = code.locate(name, from) ?? code.exportedFrom(name).map((file) => code.locate(name, file)).find((one) => one !== null) ?? null;
    return place === null ? null : code.functionIn(place.file, name);
  };
  if (callee.kind === 'field') {
    if (folderOf(table) === folderOf(fn.file)) return null;
    const held = code.membersOf(folderOf(table), callee.name, null);
    const [only] = held;
    return held.length === 1 && only !== undefined ? named(only, table) : null;
  }
  if (callee.kind !== 'name') return null;
  const found = named(callee.name, fn.file);
  if (found === null) return null;
  const isNear = found.file === fn.file || folderOf(found.file) === home;
  const takesAttachment = args.length === found.parameters.length && found.parameters.some(({ type }) => /\bdma_buf_attachment\b/.test(type));
  return isNear || takesAttachment ? found : null;
}

/** The callee's answer becomes the caller's: returned, or kept in what is returned. */
function handsOver(fn: CFunction, call: Expression): boolean {
  const returned = new Set<string>();
  let hands = false;
  const visit = (statements: readonly Statement[]): void => {
    for (const one of statements) {
      if (one.kind === 'return' && one.value !== null) {
        if (contains(one.value, call)) hands = true;
        for (const word of expressionText(one.value).match(/\w+/g) ?? []) returned.add(word);
      }
      if (one.kind === 'if' || one.kind === 'either') {
        visit(one.then);
        visit(one.otherwise);
      } else if ('body' in one) visit(one.body);
    }
  };
  visit(fn.body);
  if (hands) return true;
  const stores = (statements: readonly Statement[]): boolean => statements.some((one) => {
    if (one.kind === 'declare' && one.value !== null && contains(one.value, call)) return returned.has(one.name);
    if (one.kind === 'expression' && one.value.kind === 'assign' && one.value.to.kind === 'name' && contains(one.value.value, call)) return returned.has(one.value.to.name);
    if (one.kind === 'if' || one.kind === 'either') return stores(one.then) || stores(one.otherwise);
    return 'body' in one && stores(one.body);
  });
  return stores(fn.body);
}

function contains(one: Expression, part: Expression): boolean {
  let found = false;
  eachExpression([{ kind: 'expression', value: one, line: 0 }], (inner) => {
    if (inner === part) found = true;
  });
  return found;
}

/** -EFOO, ERR_PTR(-EFOO), cond ? a : -EFOO */
function errnosIn(one: Expression): readonly string[] {
  const found: string[] = [];
  eachExpression([{ kind: 'expression', value: one, line: 0 }], (inner) => {
    if (inner.kind === 'unary' && inner.op === '-' && inner.of.kind === 'name' && /^E[A-Z0-9]+$/.test(inner.of.name)) found.push(inner.of.name);
  });
  return found;
}
