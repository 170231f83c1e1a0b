// What a line of C says by itself: which calls it makes, what a call leaves behind, which names a function declares, which locks a scope takes.
// Names of the kernel's core only; the state of a path is not known here.

import type { Act } from '../results/audit.ts';
import { expressionText, partsOf, type Expression } from '../source/c-tree.ts';
import type { CFunction } from '../source/syntax.ts';
import { isWarnTest, looksLikePredicate, type ResultKind } from './anchors.ts';
import { isErrno, lastField, NULL, numberOf, type Value } from './values.ts';

export const succeeds = (value: Value): string => {
  const [, , name = '', at = ''] = /^call:(\w+):([^@]*)@(.*)$/.exec(value) ?? [];
  return `${name}() at ${at} succeeds`;
};

/** What the other side hands over has a fixed name, so that all of a driver's functions speak of the same object. */
export function rootValue(type: string, name: string): Value {
  if (/\bdma_buf_attachment\b/.test(type)) return 'attach';
  if (/\bdma_buf\b/.test(type)) return 'attach->dmabuf';
  return name === '' ? 'argument' : name;
}

export function returned(root: CFunction, value: Value): string {
  if (root.returns === 'void') return '';
  if (isErrno(value)) return value.slice(1);
  if (value === NULL) return '0';
  const number = numberOf(value);
  if (number !== null) return String(number);
  // A call taken to succeed gave 0, or a pointer.
  return /^call:(?:status|pointer|positive):/.test(value) || value.startsWith('&') ? '0' : '?';
}

/** What is around the object and shared by all: the device, a page table, a context. */
export const isSurroundings = (type: string): boolean => /struct \w*(?:device|_dev|driver|_ctx|context|_vm|_file|_manager|_exec|mm_struct)\b/.test(type);

export function resultKind(fn: CFunction | null, name: string): ResultKind {
  if (/trylock/.test(name) || name === 'dma_buf_attach_revocable') return 'predicate';
  if (fn !== null) {
    if (/\*\s*$/.test(fn.returns)) return 'pointer';
    if (/^void$/.test(fn.returns)) return 'void';
    if (/^bool$/.test(fn.returns)) return 'predicate';
    return /^(?:int|long|ssize_t|signed|vm_fault_t|__poll_t)$/.test(fn.returns) ? (looksLikePredicate(name) ? 'predicate' : 'status') : 'predicate';
  }
  if (looksLikePredicate(name)) return 'predicate';
  return /alloc|zalloc|_get_|lookup|find/.test(name) ? 'pointer' : 'status';
}

export function declaredIn(fn: CFunction, name: string): boolean {
  return typesOf(fn).has(name);
}

const declared = new WeakMap<CFunction, ReadonlyMap<string, string>>();

/** Parameters and variables with their types. */
export function typesOf(fn: CFunction): ReadonlyMap<string, string> {
  const known = declared.get(fn);
  if (known !== undefined) return known;
  const names = new Map(fn.parameters.map((parameter) => [parameter.name, parameter.type]));
  const visit = (statements: CFunction['body']): void => {
    for (const one of statements) {
      if (one.kind === 'declare') names.set(one.name, one.type);
      if (one.kind === 'if' || one.kind === 'either') {
        visit(one.then);
        visit(one.otherwise);
      } else if (one.kind === 'for') {
        visit(one.start);
        visit(one.body);
      } else if ('body' in one) visit(one.body);
    }
  };
  visit(fn.body);
  declared.set(fn, names);
  return names;
}

/** Calls in the order of evaluation, arguments first; container_of and the like give values and are no calls. */
export function callsOf(value: Expression): readonly (Expression & { readonly kind: 'call' })[] {
  const found: (Expression & { readonly kind: 'call' })[] = [];
  const into = (one: Expression): void => {
    for (const part of partsOf(one)) into(part);
    if (one.kind === 'call' && !isBuiltIn(calleeName(one))) found.push(one);
  };
  into(value);
  return found;
}

export const isBuiltIn = (name: string): boolean =>
  /^(?:container_of|container_of_const|list_entry|IS_ERR|IS_ERR_OR_NULL|PTR_ERR|ERR_PTR|ERR_CAST|PTR_ERR_OR_ZERO|READ_ONCE|WRITE_ONCE|likely|unlikely|IS_ENABLED|IS_REACHABLE|swap|sizeof|typeof|list_empty|rcu_dereference\w*)$/.test(name) || isWarnTest(name);

/** gem_to_foo(x), to_foo(x): another name for the same object. */
export const isConversion = (name: string): boolean => /(?:^|_)to_[a-z]/.test(name);

export const calleeName = (call: Expression & { readonly kind: 'call' }): string => (call.callee.kind === 'name' || call.callee.kind === 'field' ? call.callee.name : expressionText(call.callee));

export function arithmetic(op: string, a: number, b: number): number | null {
  switch (op) {
    case '+':
      return a + b;
    case '-':
      return a - b;
    case '*':
      return a * b;
    case '&':
      return a & b;
    case '|':
      return a | b;
    case '<<':
      return a * 2 ** b;
    case '>>':
      return Math.floor(a / 2 ** b);
    default:
      return null;
  }
}

/** "guard(mutex)", "scoped_guard(mutex)": which lock it takes. */
export function scopeAct(text: string, object: string, how: 'lock' | 'unlock'): Act | null {
  const kind = /\((\w+)/.exec(text)?.[1] ?? '';
  const lock = /^mutex/.test(kind) ? 'mutex' : /^rwsem_write|^down_write/.test(kind) ? 'rwsem-write' : /^rwsem_read|^down_read/.test(kind) ? 'rwsem-read' : null;
  return lock === null ? null : { do: how, lock, object: lastField(object.replace(/[&() ]/g, '')) };
}

export function cleanupAct(text: string): Act | null {
  const scope = /^(?:scoped_)?guard\((\w+)\)\((.*)\)$/.exec(text) ?? /^scoped_guard\((\w+), (.*)\)$/.exec(text);
  return scope === null ? null : scopeAct(`guard(${scope[1] ?? ''})`, scope[2] ?? '', 'unlock');
}
