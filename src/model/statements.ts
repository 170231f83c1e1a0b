// From a scenario's statements and expressions to code (SEMANTICS E12 says what is one step).
// An `if` that looks at shared state takes a step of its own; one that looks only at `ret` belongs to the step before.

import { errnoValue, ERRNOS, isErrno, TRUE_RESULT } from '../protocol/errno.ts';
import { isUsage, type Usage } from '../protocol/usage.ts';
import { CALLS, PREDICATES, type ArgumentType, type CallName, type PredicateName } from './calls.ts';
import { BuildError, type Code, type Place } from './code.ts';
import { PROGRAMS, type Arguments } from './framework/dispatch.ts';
import { revocable } from './framework/traits.ts';
import type { Expression, Reference, Statement } from './scenario.ts';
import { Scope, type Entity } from './scope.ts';
import { and, compare, constant, equal, not, or, read, set, when, type Expr, type Origin, type VariableId } from './system.ts';
import { conditionWait, type Buffer, type World } from './world.ts';

/** Where statements stand: names, thread, labels, loops. */
export interface Context {
  readonly w: World;
  readonly code: Code;
  readonly scope: Scope;
  readonly ret: () => VariableId;
  readonly labels: Map<string, Place>;
  readonly loop: { readonly head: Place; readonly after: Place } | null;
  /** Where `return` outside of any call leads. */
  readonly end: Place | null;
  /** Inside an exporter's operation: return's value is the caller's result. */
  readonly operation: boolean;
  readonly inIoctl: boolean;
}

export function runStatements(ctx: Context, body: readonly Statement[]): void {
  for (const statement of body) runStatement(ctx, statement);
}

function runStatement(ctx: Context, s: Statement): void {
  const { code, w } = ctx;
  code.from(s.at);
  switch (s.kind) {
    case 'call':
      return runCall(ctx, s.name, s.args, s.result, s.at);
    case 'assign':
      return assign(ctx, s.to, s.value, s.at);
    case 'if': {
      const test = truthOf(ctx, s.test);
      const then = (): void => runStatements(ctx, s.then);
      const otherwise = (): void => runStatements(ctx, s.else);
      return decide(ctx, `if (${textOf(s.test)})`, test, then, otherwise);
    }
    case 'while': {
      const head = code.mark();
      const after = code.place('after');
      const inner = { ...ctx, loop: { head, after } };
      decide(ctx, `while (${textOf(s.test)})`, truthOf(ctx, s.test), () => {
        runStatements(inner, s.body);
        code.goto(head);
      });
      code.land(after);
      return;
    }
    case 'for': {
      const family = ctx.scope.find(s.family);
      if (family?.kind !== 'family') throw new BuildError(`'${s.family}' is not a family of importers or parties`, s.at);
      w.asymmetric.add(family.name);
      for (const member of family.members) {
        const scope = new Scope(ctx.scope);
        scope.define(s.variable, member);
        runStatements({ ...ctx, scope, labels: new Map() }, s.body);
      }
      return;
    }
    case 'repeat':
      for (let i = 0; i < s.times; i++) runStatements({ ...ctx, labels: new Map() }, s.body);
      return;
    case 'choose':
      if (code.inAtomic) throw new BuildError('choose cannot stand inside atomic', s.at);
      return code.choose(s.branches.map((branch) => () => runStatements(ctx, branch)));
    case 'wait': {
      const guard = truthOf(ctx, s.test);
      if (code.require(guard)) return;
      return code.step(`wait (${textOf(s.test)})`, { guard, waits: conditionWait(textOf(s.test)) });
    }
    case 'atomic':
      return code.atomic(`atomic { ${s.body.map(shortText).join(' ')} }`, () => runStatements(ctx, s.body));
    case 'ioctl':
      if (ctx.inIoctl) throw new BuildError('an ioctl cannot stand inside another', s.at);
      return code.group(s.name, () => runStatements({ ...ctx, inIoctl: true, labels: new Map(), loop: null }, s.body));
    case 'assert': {
      const bad = not(truthOf(ctx, s.test));
      const violation = w.violation({ code: 'assert', kind: 'assertion', fatal: true, party: code.party, object: code.process, obligation: null, text: `assert(${textOf(s.test)}) at line ${s.at.line}` });
      const actions = [when(bad, [{ do: 'violate' as const, violation }])];
      return code.inAtomic ? code.act(actions) : code.step(`assert(${textOf(s.test)})`, { actions });
    }
    case 'return': {
      if (ctx.operation) {
        if (s.value !== null) code.act([set(code.result, valueOf(ctx, s.value).expr)]);
        else code.act([set(code.result, constant(0))]);
        return code.leave();
      }
      if (ctx.inIoctl || ctx.end === null) return code.leave();
      return code.goto(ctx.end);
    }
    case 'goto':
      return code.jump(label(ctx, s.label));
    case 'label':
      return code.arrive(label(ctx, s.name));
    case 'break':
    case 'continue': {
      if (ctx.loop === null) throw new BuildError(`${s.kind} outside of a loop`, s.at);
      return code.goto(s.kind === 'break' ? ctx.loop.after : ctx.loop.head);
    }
  }
}

function label(ctx: Context, name: string): Place {
  const old = ctx.labels.get(name);
  if (old !== undefined) return old;
  const place = ctx.code.place(name);
  ctx.labels.set(name, place);
  return place;
}

function decide(ctx: Context, text: string, test: Expr, then: () => void, otherwise: () => void = () => {}): void {
  if (ctx.code.inAtomic || isLocal(ctx, test)) ctx.code.branch(test, then, otherwise);
  else ctx.code.test(text, test, then, otherwise);
}

/** Looks only at variables of this thread. */
function isLocal(ctx: Context, e: Expr): boolean {
  switch (e.op) {
    case 'const':
      return true;
    case 'var':
      return ctx.w.variables[e.variable]?.local === ctx.w.processes.indexOf(ctx.code);
    case 'not':
    case 'in':
    case 'table':
      return isLocal(ctx, e.of);
    case 'and':
    case 'or':
      return e.of.every((x) => isLocal(ctx, x));
    case 'if':
      return isLocal(ctx, e.test) && isLocal(ctx, e.then) && isLocal(ctx, e.else);
    default:
      return isLocal(ctx, e.left) && isLocal(ctx, e.right);
  }
}

function assign(ctx: Context, to: Reference, value: Expression, at: Origin): void {
  const { code, w } = ctx;
  const target = resolve(ctx, to);
  if (target.kind === 'value' && to.path.at(-1)?.name === 'revoked') {
    const buffer = bufferOf(ctx, to);
    const actions = [when(truthOf(ctx, value), w.emit('buffer', buffer.life, 'revoke', { party: buffer.exporter.name, object: buffer.name }), w.emit('buffer', buffer.life, 'restore', { party: buffer.exporter.name, object: buffer.name }))];
    return code.inAtomic ? code.act(actions) : code.step(`${textOfReference(to)} = ${textOf(value)}`, { actions, step: 'revoke' });
  }
  if (target.kind !== 'variable') throw new BuildError(`'${textOfReference(to)}' is not a variable`, to.at);
  const v = valueOf(ctx, value);
  const stored = target.low === 0 ? v.expr : compare('sub', v.expr, constant(target.low));
  const bool = target.type === 'bool';
  const checks = target.type !== 'int' || (v.expr.op === 'const' && v.expr.value >= target.low && v.expr.value <= target.high) ? [] : [when(or(compare('lt', v.expr, constant(target.low)), compare('lt', constant(target.high), v.expr)), w.capacity({ party: code.party, object: textOfReference(to) }, `${textOfReference(to)} leaves its range ${target.low}..${target.high} at line ${at.line}`))];
  const revoke = target.revokes.flatMap((b) => [when(v.expr, w.emit('buffer', b.life, 'revoke', { party: b.exporter.name, object: b.name }), w.emit('buffer', b.life, 'restore', { party: b.exporter.name, object: b.name }))]);
  const actions = [...checks, ...revoke, set(target.id, bool ? truthy(stored) : stored)];
  if (code.inAtomic || w.variables[target.id]?.local !== undefined) return code.act(actions);
  code.step(`${textOfReference(to)} = ${textOf(value)}`, { actions });
}

const truthy = (e: Expr): Expr => (e.op === 'const' ? constant(e.value === 0 ? 0 : 1) : e.op === 'var' || e.op === 'add' || e.op === 'sub' || e.op === 'table' || e.op === 'if' ? not(equal(e, constant(0))) : e);

function runCall(ctx: Context, name: string, args: readonly Expression[], result: Reference | null, at: Origin): void {
  const { code } = ctx;
  if (!Object.hasOwn(CALLS, name)) throw new BuildError(`unknown call '${name}'`, at);
  if (code.inAtomic) throw new BuildError(`${name}: a call cannot stand inside atomic`, at);
  const call = CALLS[name as CallName];
  PROGRAMS[name as CallName](ctx.w, code, new Resolved(ctx, name, args, call.args, at));
  if (result === null) return;
  const target = resolve(ctx, result);
  if (target.kind !== 'variable') throw new BuildError(`'${textOfReference(result)}' is not a variable`, result.at);
  if ((call.returns as string) === 'void') throw new BuildError(`${name} returns nothing`, at);
  const value = read(code.result);
  code.act([set(target.id, target.type === 'bool' ? not(equal(value, constant(0))) : value)]);
}

/** The value of an expression; errno values keep their kind, so that `ret < 0` means what it says. */
function valueOf(ctx: Context, e: Expression): { readonly expr: Expr; readonly errno: boolean } {
  switch (e.kind) {
    case 'number':
      return { expr: constant(e.value), errno: false };
    case 'bool':
      return { expr: constant(e.value ? 1 : 0), errno: false };
    case 'errno':
      if (!isErrno(e.name)) throw new BuildError(`unknown errno '${e.name}'; there are ${ERRNOS.join(', ')}`, e.at);
      return { expr: constant(errnoValue(e.name)), errno: true };
    case 'name': {
      const entity = resolve(ctx, e.reference);
      switch (entity.kind) {
        case 'variable':
          return { expr: entity.low === 0 ? read(entity.id) : compare('add', read(entity.id), constant(entity.low)), errno: entity.type === 'errno' };
        case 'value':
          return { expr: entity.expr, errno: false };
        case 'completion':
          return { expr: read(entity.completion.done), errno: false };
        case 'fence':
          return { expr: ctx.w.is('fence', entity.fence.life, 'P9', 'signalled'), errno: false };
        default:
          throw new BuildError(`'${textOfReference(e.reference)}' is a ${entity.kind}, not a value`, e.at);
      }
    }
    case 'apply':
      return { expr: predicate(ctx, e.name, e.args, e.at), errno: false };
    case 'unary':
      return { expr: not(truthOf(ctx, e.of)), errno: false };
    case 'binary':
      return { expr: binary(ctx, e), errno: false };
  }
}

export function truthOf(ctx: Context, e: Expression): Expr {
  return truthy(valueOf(ctx, e).expr);
}

function binary(ctx: Context, e: Expression & { readonly kind: 'binary' }): Expr {
  if (e.op === '&&') return and(truthOf(ctx, e.left), truthOf(ctx, e.right));
  if (e.op === '||') return or(truthOf(ctx, e.left), truthOf(ctx, e.right));
  const left = valueOf(ctx, e.left);
  const right = valueOf(ctx, e.right);
  if (left.errno || right.errno) {
    // errno values are stored as positive numbers, success as 0
    const failed = (side: Expr): Expr => not(equal(side, constant(0)));
    if (e.op === '<' && isZero(right.expr)) return failed(left.expr);
    if (e.op === '>=' && isZero(right.expr)) return equal(left.expr, constant(0));
    if (e.op === '>' && isZero(right.expr)) return constant(0);
    if (e.op === '<=' && isZero(right.expr)) return constant(1);
  }
  switch (e.op) {
    case '==':
      return equal(left.expr, right.expr);
    case '!=':
      return not(equal(left.expr, right.expr));
    case '<':
      return compare('lt', left.expr, right.expr);
    case '<=':
      return compare('le', left.expr, right.expr);
    case '>':
      return compare('lt', right.expr, left.expr);
    case '>=':
      return compare('le', right.expr, left.expr);
    case '+':
      return compare('add', left.expr, right.expr);
    case '-':
      return compare('sub', left.expr, right.expr);
  }
}

const isZero = (e: Expr): boolean => e.op === 'const' && e.value === 0;

function predicate(ctx: Context, name: string, args: readonly Expression[], at: Origin): Expr {
  if (!Object.hasOwn(PREDICATES, name)) throw new BuildError(`unknown predicate '${name}'`, at);
  const id = name as PredicateName;
  const { w } = ctx;
  const a = new Resolved(ctx, name, args, PREDICATES[id].args, at);
  switch (id) {
    case 'dma_buf_attach_revocable':
      return constant(revocable(w, a.attachment(0)) ? 1 : 0);
    case 'peer2peer':
      return read(a.attachment(0).peer2peer);
    case 'listed':
      return w.listed(a.attachment(0));
    case 'logged':
      return read(a.attachment(0).logged);
    case 'pinned':
      return w.pinned(a.attachment(0));
    case 'dynamic':
      return constant(a.attachment(0).traits.dynamic ? 1 : 0);
    case 'live':
      return w.live(a.mapping(0));
    case 'stale':
      return w.stale(a.mapping(0));
    case 'working':
      return not(equal(read(a.mapping(0).job), constant(0)));
    case 'signaled':
      return w.is('fence', a.fence(0).life, 'P9', 'signalled');
    case 'pending':
      return w.unsignalled(a.fence(0));
    case 'locked':
      return read(a.lock(0).held);
    case 'idle':
      return w.quiet(a.buffer(0).resv, a.usage(1, 'BOOKKEEP'));
    case 'mappings':
      return w.count(a.buffer(0).attachments.flatMap((x) => x.mappings.map((m) => w.live(m))));
    case 'pins':
      return w.count(a.buffer(0).attachments.map((x) => w.pinned(x)));
    case 'decodes':
      return read(a.exporter(0).decodes);
    case 'queued':
      return read(a.work(0).queued);
    case 'completed':
      return read(a.completion(0).done);
    case 'done': {
      const thread = a.thread(0);
      w.note(`done ${thread.process}`);
      const flag = doneFlag(w, thread);
      return read(flag);
    }
    case 'IS_ERR':
      return not(equal(valueOf(ctx, args[0] ?? { kind: 'number', value: 0, at }).expr, constant(0)));
    case 'revoked':
      return w.revoked(a.buffer(0));
  }
}

/** Set when the thread's code has come to its end. */
export function doneFlag(w: World, code: Code): VariableId {
  const name = `${code.process}:done`;
  const old = w.variables.findIndex((v) => v.name === name);
  return old >= 0 ? old : w.variable(name, 2, 0, { hidden: true });
}

/** Finds what a dotted name stands for. */
export function resolve(ctx: Context, reference: Reference): Entity {
  const [first, ...rest] = reference.path;
  if (first === undefined) throw new BuildError('an empty name', reference.at);
  if (first.name === 'ret' && rest.length === 0) return { kind: 'variable', id: ctx.ret(), low: 0, high: TRUE_RESULT, type: 'errno', revokes: [] };
  let entity = ctx.scope.find(first.name);
  let path = first.name;
  const missing = (name: string): BuildError => new BuildError(`unknown name '${name}'`, reference.at);
  if (entity === null) throw missing(path);
  entity = indexed(ctx, entity, first.index, reference);
  for (const part of rest) {
    path = `${path}.${part.name}`;
    const next: Entity | null = entity.kind === 'party' || entity.kind === 'exporter' ? entity.scope.member(part.name) : entity.kind === 'buffer' && part.name === 'revoked' ? { kind: 'value', expr: ctx.w.revoked(entity.buffer) } : entity.kind === 'buffer' && part.name === 'resv' ? { kind: 'lock', lock: entity.buffer.resv } : null;
    if (next === null) throw missing(path);
    entity = indexed(ctx, next, part.index, reference);
  }
  return entity;
}

function indexed(ctx: Context, entity: Entity, index: number | null, reference: Reference): Entity {
  if (index === null) return entity;
  if (entity.kind !== 'family') throw new BuildError(`'${textOfReference(reference)}' is not a family`, reference.at);
  ctx.w.asymmetric.add(entity.name);
  const member = entity.members[index];
  if (member === undefined) throw new BuildError(`'${entity.name}' has ${entity.members.length} members, 0 to ${entity.members.length - 1}`, reference.at);
  return member;
}

function bufferOf(ctx: Context, reference: Reference): Buffer {
  const owner = resolve(ctx, { path: reference.path.slice(0, -1), at: reference.at });
  if (owner.kind !== 'buffer') throw new BuildError(`'${textOfReference(reference)}' is not a variable`, reference.at);
  return owner.buffer;
}

/** Arguments looked up by the types of the call's signature. */
class Resolved implements Arguments {
  private readonly ctx: Context;
  private readonly name: string;
  private readonly args: readonly Expression[];
  private readonly types: readonly ArgumentType[];
  private readonly at: Origin;
  constructor(ctx: Context, name: string, args: readonly Expression[], types: readonly ArgumentType[], at: Origin) {
    this.ctx = ctx;
    this.name = name;
    this.args = args;
    this.types = types;
    this.at = at;
    if (args.length > types.length) throw new BuildError(`${name} takes at most ${types.length} arguments`, at);
  }
  private entity(i: number): Entity {
    const arg = this.args[i];
    if (arg?.kind !== 'name') throw this.wrong(i);
    return resolve(this.ctx, arg.reference);
  }
  private wrong(i: number): BuildError {
    return new BuildError(`argument ${i + 1} of ${this.name} must be a ${this.types[i] ?? 'name'}`, this.args[i]?.at ?? this.at);
  }
  buffer(i: number) {
    const e = this.entity(i);
    if (e.kind === 'buffer') return e.buffer;
    throw this.wrong(i);
  }
  attachment(i: number) {
    const e = this.entity(i);
    if (e.kind === 'attachment') return e.attachment;
    throw this.wrong(i);
  }
  mapping(i: number) {
    const e = this.entity(i);
    if (e.kind === 'mapping') return e.mapping;
    throw this.wrong(i);
  }
  fence(i: number) {
    const e = this.entity(i);
    if (e.kind === 'fence') return e.fence;
    throw this.wrong(i);
  }
  fenceOrNull(i: number) {
    return this.args[i] === undefined ? null : this.fence(i);
  }
  lock(i: number) {
    const e = this.entity(i);
    if (e.kind === 'lock') return e.lock;
    if (e.kind === 'buffer') return e.buffer.resv;
    throw this.wrong(i);
  }
  lockOrNull(i: number) {
    return this.args[i] === undefined ? null : this.lock(i);
  }
  ticket(i: number) {
    const e = this.entity(i);
    if (e.kind === 'ticket') return e.ticket;
    throw this.wrong(i);
  }
  ticketOrNull(i: number) {
    return this.args[i] === undefined ? null : this.ticket(i);
  }
  completion(i: number) {
    const e = this.entity(i);
    if (e.kind === 'completion') return e.completion;
    throw this.wrong(i);
  }
  completionOrNull(i: number) {
    return this.args[i] === undefined ? null : this.completion(i);
  }
  kref(i: number) {
    const e = this.entity(i);
    if (e.kind === 'kref') return e.kref;
    throw this.wrong(i);
  }
  work(i: number) {
    const e = this.entity(i);
    if (e.kind === 'work') return e.work;
    throw this.wrong(i);
  }
  exporter(i: number) {
    const e = this.entity(i);
    if (e.kind === 'exporter') return e.exporter;
    throw this.wrong(i);
  }
  thread(i: number): Code {
    const e = this.entity(i);
    if (e.kind === 'thread') return e.code;
    throw this.wrong(i);
  }
  usage(i: number, otherwise: Usage): Usage {
    const arg = this.args[i];
    if (arg === undefined) return otherwise;
    const word = arg.kind === 'name' ? arg.reference.path[0]?.name : undefined;
    if (word === undefined || !isUsage(word)) throw this.wrong(i);
    return word;
  }
  number(i: number, otherwise: number): number {
    const arg = this.args[i];
    if (arg === undefined) return otherwise;
    if (arg.kind !== 'number') throw this.wrong(i);
    return arg.value;
  }
  bool(i: number): boolean {
    const arg = this.args[i];
    if (arg?.kind !== 'bool') throw this.wrong(i);
    return arg.value;
  }
  words(from: number): readonly string[] {
    return this.args.slice(from).map((arg, i) => {
      const word = arg.kind === 'name' ? arg.reference.path[0]?.name : undefined;
      if (word === undefined) throw this.wrong(from + i);
      return word;
    });
  }
}

export const textOfReference = (r: Reference): string => r.path.map((p) => (p.index === null ? p.name : `${p.name}[${p.index}]`)).join('.');

/** An expression as C, for the story. */
export function textOf(e: Expression): string {
  switch (e.kind) {
    case 'number':
      return String(e.value);
    case 'bool':
      return String(e.value);
    case 'errno':
      return `-${e.name}`;
    case 'name':
      return textOfReference(e.reference);
    case 'apply':
      return `${e.name}(${e.args.map(textOf).join(', ')})`;
    case 'unary':
      return `!${e.of.kind === 'binary' ? `(${textOf(e.of)})` : textOf(e.of)}`;
    case 'binary': {
      const side = (x: Expression): string => (x.kind === 'binary' && (x.op === '&&' || x.op === '||') && x.op !== e.op ? `(${textOf(x)})` : textOf(x));
      return `${side(e.left)} ${e.op} ${side(e.right)}`;
    }
  }
}

function shortText(s: Statement): string {
  switch (s.kind) {
    case 'wait':
      return `wait (${textOf(s.test)});`;
    case 'assign':
      return `${textOfReference(s.to)} = ${textOf(s.value)};`;
    case 'if':
      return `if (${textOf(s.test)}) …`;
    case 'goto':
      return `goto ${s.label};`;
    default:
      return `${s.kind};`;
  }
}
