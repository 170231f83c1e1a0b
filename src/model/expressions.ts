// From a scenario's expressions to those of the system: values, truth, predicates. Writes no code.

import { errnoValue, ERRNOS, isErrno } from '../protocol/errno.ts';
import { PREDICATES, type PredicateName } from './calls.ts';
import { BuildError, type Code } from './code.ts';
import { revocable } from './framework/traits.ts';
import { resolve, Resolved, type Names } from './names.ts';
import type { Expression } from './scenario.ts';
import { and, compare, constant, equal, not, or, read, type Expr, type Origin, type VariableId } from './system.ts';
import { textOfReference } from './text.ts';
import type { World } from './world.ts';

/** The value of an expression; errno values keep their kind, so that `ret < 0` means what it says. */
export function valueOf(ctx: Names, e: Expression): { readonly expr: Expr; readonly errno: boolean } {
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

export function truthOf(ctx: Names, e: Expression): Expr {
  return truthy(valueOf(ctx, e).expr);
}

/** 1 where the value is not 0; comparisons are so already. */
export function truthy(e: Expr): Expr {
  switch (e.op) {
    case 'const':
      return constant(e.value === 0 ? 0 : 1);
    case 'var':
    case 'add':
    case 'sub':
    case 'table':
    case 'if':
      return not(equal(e, constant(0)));
    default:
      return e;
  }
}

function binary(ctx: Names, e: Expression & { readonly kind: 'binary' }): Expr {
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

function predicate(ctx: Names, name: string, args: readonly Expression[], at: Origin): Expr {
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
