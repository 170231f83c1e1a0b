// Names, predicates and arguments inside expressions: unknown names, wrong kinds of objects, wrong numbers of arguments.

import { isErrno, ERRNOS } from '../protocol/errno.ts';
import { CALLS, PREDICATES, type ArgumentType, type CallSignature } from '../model/calls.ts';
import type { Expression, Reference } from '../model/scenario.ts';
import type { Origin } from '../model/system.ts';
import { quote } from './diagnostic.ts';
import { didYouMean } from './nearest.ts';
import { printReference } from './print-expression.ts';
import { resolve, visible, type Entity, type EntityKind, type Scope } from './scope.ts';

export type Report = (at: Origin, length: number, message: string, hint?: string | null, expected?: readonly string[]) => void;

/** Where an expression stands. */
export interface Place {
  readonly scope: Scope;
  /** The party whose code this is. */
  readonly own: Entity | null;
  readonly report: Report;
}

/** 'open': a driver defines it, nothing is known. null: reported. */
type Kind = EntityKind | 'number' | 'bool' | 'open' | null;

const CALL_TABLE: Readonly<Record<string, CallSignature>> = CALLS;
const PREDICATE_TABLE: Readonly<Record<string, CallSignature>> = PREDICATES;

export function callSignature(name: string): CallSignature | null {
  return Object.hasOwn(CALL_TABLE, name) ? (CALL_TABLE[name] ?? null) : null;
}

export function predicateSignature(name: string): CallSignature | null {
  return Object.hasOwn(PREDICATE_TABLE, name) ? (PREDICATE_TABLE[name] ?? null) : null;
}

/** The entity behind a reference, or null; what is wrong is reported. */
export function entity(reference: Reference, { scope, own, report }: Place): Entity | 'open' | null {
  const resolved = resolve(reference, scope, own);
  if (resolved.found !== null) return resolved.found;
  const text = printReference(reference);
  const name = reference.path[resolved.part]?.name ?? '';
  const { within } = resolved;
  const problem = (message: string, hint: string | null): null => {
    report(reference.at, text.length, message, hint);
    return null;
  };
  switch (resolved.why) {
    case 'unknown':
      if (within !== null) return problem(`${quote(within.name)} has no ${quote(name)}`, didYouMean(name, within.members?.names.keys() ?? []));
      return problem(`unknown name ${quote(name)}`, didYouMean(name, visible(scope)) ?? 'declare it outside of the statements, e.g. bool NAME = false;');
    case 'no-members':
      return problem(`${quote(within?.name ?? '')} is ${KINDS[within?.kind ?? 'variable']} and has no members`, null);
    case 'single':
      return problem(`${quote(name)} is no family: it has no instance to choose`, `write ${quote(name)} without an index`);
    case 'family':
      return problem(`${quote(name)} is a family of ${within?.count ?? 0}: which instance?`, `write ${name}[0], or for (i in ${name}) { … }`);
    case 'range':
      return problem(`${quote(name)} has instances 0 to ${(within?.count ?? 1) - 1} only`, null);
  }
}

/** An expression where a value is wanted: a test, an assignment, a return. */
export function checkValue(expression: Expression, place: Place): void {
  const kind = kindOf(expression, place);
  if (kind === null || VALUES.has(kind) || expression.kind !== 'name') return;
  const text = printReference(expression.reference);
  place.report(expression.at, text.length, `${quote(text)} is ${describe(kind)}, not a value`, ASK[kind]?.replace('x', text) ?? 'ask a predicate about it');
}

const VALUES: ReadonlySet<Kind> = new Set<Kind>(['variable', 'unknown', 'errno', 'number', 'bool', 'open']);

const ASK: Readonly<Partial<Record<string, string>>> = {
  mapping: 'ask: live(x)', attachment: 'ask: listed(x) or pinned(x)', fence: 'ask: signaled(x)', completion: 'ask: completed(x)',
  mutex: 'ask: locked(x)', rwsem: 'ask: locked(x)', resv: 'ask: locked(x)', work: 'ask: queued(x)', thread: 'ask: done(x)', exporter: 'ask: decodes(x)', buffer: 'ask: mappings(x) or revoked(x)',
};

function kindOf(expression: Expression, place: Place): Kind {
  switch (expression.kind) {
    case 'number':
    case 'bool':
      return expression.kind;
    case 'errno':
      if (!isErrno(expression.name)) place.report(expression.at, expression.name.length + 1, `the model knows no errno ${quote(expression.name)}`, didYouMean(expression.name, ERRNOS) ?? `it knows ${ERRNOS.join(', ')}`);
      return 'errno';
    case 'name': {
      const found = entity(expression.reference, place);
      return found === null || found === 'open' ? found : found.kind;
    }
    case 'apply':
      return applied(expression, place);
    case 'unary':
      checkValue(expression.of, place);
      return 'bool';
    case 'binary':
      checkValue(expression.left, place);
      checkValue(expression.right, place);
      return expression.op === '+' || expression.op === '-' ? 'number' : 'bool';
  }
}

function applied({ name, args, at }: Extract<Expression, { kind: 'apply' }>, place: Place): Kind {
  const signature = predicateSignature(name);
  if (signature !== null) {
    checkArguments(name, signature, args, at, place);
    return signature.returns === 'int' ? 'number' : 'bool';
  }
  if (callSignature(name) !== null) {
    place.report(at, name.length, `${quote(name)} is a step, not a question`, `write it as a statement before: ret = ${name}(…);`);
  } else {
    place.report(at, name.length, `unknown predicate ${quote(name)}`, didYouMean(name, [...Object.keys(PREDICATES), ...Object.keys(CALLS)]));
  }
  return null;
}

export function checkArguments(name: string, signature: CallSignature, args: readonly Expression[], at: Origin, place: Place): void {
  const most = signature.args.length;
  const least = most - signature.optional;
  if (args.length < least || args.length > most) {
    const count = least === most ? `${most}` : `${least} to ${most}`;
    place.report(at, name.length, `${quote(name)} takes ${count} argument${most === 1 ? '' : 's'}, not ${args.length}`, `it is ${name}(${signatureText(signature)})`);
  }
  for (const [i, arg] of args.entries()) {
    const wanted = signature.args[i];
    if (wanted === undefined) continue;
    const kind = kindOf(arg, place);
    if (kind === null || kind === 'open' || ACCEPTED[wanted].includes(kind)) continue;
    const text = arg.kind === 'name' ? quote(printReference(arg.reference)) : 'this';
    const length = arg.kind === 'name' ? printReference(arg.reference).length : 1;
    place.report(arg.at, length, `${text} is ${describe(kind)}; ${quote(name)} takes ${WANTED[wanted]} here`, remedy(wanted, kind, arg));
  }
}

function signatureText({ args, optional }: CallSignature): string {
  return args.map((type, i) => (i >= args.length - optional ? `[${type}]` : type)).join(', ');
}

function remedy(wanted: ArgumentType, kind: Kind, arg: Expression): string | null {
  if (kind !== 'importer' || arg.kind !== 'name') return null;
  const text = printReference(arg.reference);
  if (wanted === 'attachment') return `the attachment is ${text}.att`;
  return wanted === 'mapping' ? `the mapping is ${text}.map` : null;
}

const ACCEPTED: Readonly<Record<ArgumentType, readonly Kind[]>> = {
  buffer: ['buffer'], attachment: ['attachment'], mapping: ['mapping'], fence: ['fence'], mutex: ['mutex'], rwsem: ['rwsem'],
  completion: ['completion'], kref: ['kref'], work: ['work'], ticket: ['ticket'], workqueue: ['workqueue'], exporter: ['exporter'],
  importer: ['importer'], usage: ['usage'], word: ['word'], lock: ['buffer', 'resv', 'mutex', 'rwsem'],
  number: ['number', 'bool', 'variable', 'unknown', 'errno'], bool: ['number', 'bool', 'variable', 'unknown', 'errno'],
  errno: ['number', 'variable', 'unknown', 'errno'], variable: ['variable', 'thread'],
};

const KINDS: Readonly<Record<EntityKind, string>> = {
  variable: 'a variable', unknown: 'an unknown', exporter: 'an exporter', buffer: 'a buffer', importer: 'an importer', party: 'a party', thread: 'a thread',
  work: 'a work', fence: 'a fence', mutex: 'a mutex', rwsem: 'an rwsem', completion: 'a completion', kref: 'a kref', ticket: 'a ticket', mapping: 'a mapping',
  workqueue: 'a workqueue', resv: 'a reservation', attachment: 'an attachment', errno: 'an errno', usage: 'a usage', word: 'a word',
};

const WANTED: Readonly<Record<ArgumentType, string>> = {
  ...KINDS, number: 'a number', bool: 'a truth value', lock: 'a lock', variable: 'a variable or thread',
  usage: 'a usage (KERNEL, WRITE, READ, BOOKKEEP)', word: "a word such as 'timeout'",
};

function describe(kind: Exclude<Kind, null>): string {
  if (kind === 'number') return 'a number';
  if (kind === 'bool') return 'a truth value';
  return kind === 'open' ? 'unknown here' : KINDS[kind];
}
