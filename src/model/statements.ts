// From a scenario's statements and expressions to code (SEMANTICS E12 says what is one step).
// An `if` that looks at shared state takes a step of its own; one that looks only at `ret` belongs to the step before.

import { CALLS, type CallName } from './calls.ts';
import { BuildError, type Code, type Place } from './code.ts';
import { truthOf, truthy, valueOf } from './expressions.ts';
import { PROGRAMS } from './framework/dispatch.ts';
import { bufferOf, resolve, Resolved, type Names } from './names.ts';
import type { Expression, Reference, Statement } from './scenario.ts';
import { Scope, type Entity } from './scope.ts';
import { compare, constant, equal, not, or, read, set, when, type Action, type Expr, type Origin } from './system.ts';
import { shortText, textOf, textOfReference } from './text.ts';
import { conditionWait, type Buffer, type World } from './world.ts';

/** Where statements stand: names, thread, labels, loops. */
export interface Context extends Names {
  readonly code: Code;
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
      const text = `assert(${textOf(s.test)})`;
      const violation = w.violation({
        code: 'assert', kind: 'assertion', fatal: true, party: code.party, object: code.process, obligation: null,
        text: `${text} at line ${s.at.line}`,
      });
      const actions = [when(bad, [{ do: 'violate' as const, violation }])];
      return code.inAtomic ? code.act(actions) : code.step(text, { actions });
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
  const text = `${textOfReference(to)} = ${textOf(value)}`;
  if (target.kind === 'value' && to.path.at(-1)?.name === 'revoked') {
    const actions = [setRevoked(w, bufferOf(ctx, to), truthOf(ctx, value))];
    return code.inAtomic ? code.act(actions) : code.step(text, { actions, step: 'revoke' });
  }
  if (target.kind !== 'variable') throw new BuildError(`'${textOfReference(to)}' is not a variable`, to.at);
  const { expr } = valueOf(ctx, value);
  const stored = target.low === 0 ? expr : compare('sub', expr, constant(target.low));
  const actions = [
    ...rangeCheck(ctx, target, expr, textOfReference(to), at),
    ...target.revokes.map((b) => setRevoked(w, b, expr)),
    set(target.id, target.type === 'bool' ? truthy(stored) : stored),
  ];
  if (code.inAtomic || w.variables[target.id]?.local !== undefined) return code.act(actions);
  code.step(text, { actions });
}

function setRevoked(w: World, b: Buffer, revoked: Expr): Action {
  const who = { party: b.exporter.name, object: b.name };
  return when(revoked, w.emit('buffer', b.life, 'revoke', who), w.emit('buffer', b.life, 'restore', who));
}

/** An int that leaves its range is the model's own limit; a constant within it cannot. */
function rangeCheck(ctx: Context, target: Entity & { readonly kind: 'variable' }, value: Expr, name: string, at: Origin): Action[] {
  const { low, high } = target;
  if (target.type !== 'int' || (value.op === 'const' && value.value >= low && value.value <= high)) return [];
  const outside = or(compare('lt', value, constant(low)), compare('lt', constant(high), value));
  const text = `${name} leaves its range ${low}..${high} at line ${at.line}`;
  return [when(outside, ctx.w.capacity({ party: ctx.code.party, object: name }, text))];
}

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
