// What a dotted name stands for, and the arguments of a call looked up by the types of its signature.
// Writes no code.

import { TRUE_RESULT } from '../protocol/errno.ts';
import { isUsage, type Usage } from '../protocol/usage.ts';
import type { ArgumentType } from './calls.ts';
import { BuildError, type Code } from './code.ts';
import type { Arguments } from './framework/dispatch.ts';
import type { Expression, Reference } from './scenario.ts';
import type { Entity, Scope } from './scope.ts';
import type { Origin, VariableId } from './system.ts';
import { textOfReference } from './text.ts';
import type { Buffer, World } from './world.ts';

/** Where names are looked up. */
export interface Names {
  readonly w: World;
  readonly scope: Scope;
  /** The variable that `ret` is. */
  readonly ret: () => VariableId;
}

/** Finds what a dotted name stands for. */
export function resolve(ctx: Names, reference: Reference): Entity {
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
    const next = member(ctx, entity, part.name);
    if (next === null) throw missing(path);
    entity = indexed(ctx, next, part.index, reference);
  }
  return entity;
}

/** What `entity.name` stands for. */
function member(ctx: Names, entity: Entity, name: string): Entity | null {
  switch (entity.kind) {
    case 'party':
    case 'exporter':
      return entity.scope.member(name);
    case 'buffer':
      if (name === 'revoked') return { kind: 'value', expr: ctx.w.revoked(entity.buffer) };
      return name === 'resv' ? { kind: 'lock', lock: entity.buffer.resv } : null;
    default:
      return null;
  }
}

function indexed(ctx: Names, entity: Entity, index: number | null, reference: Reference): Entity {
  if (index === null) return entity;
  if (entity.kind !== 'family') throw new BuildError(`'${textOfReference(reference)}' is not a family`, reference.at);
  ctx.w.asymmetric.add(entity.name);
  const member = entity.members[index];
  if (member === undefined) throw new BuildError(`'${entity.name}' has ${entity.members.length} members, 0 to ${entity.members.length - 1}`, reference.at);
  return member;
}

/** The buffer of `buffer.revoked`. */
export function bufferOf(ctx: Names, reference: Reference): Buffer {
  const owner = resolve(ctx, { path: reference.path.slice(0, -1), at: reference.at });
  if (owner.kind !== 'buffer') throw new BuildError(`'${textOfReference(reference)}' is not a variable`, reference.at);
  return owner.buffer;
}

/** Arguments looked up by the types of the call's signature. */
export class Resolved implements Arguments {
  private readonly ctx: Names;
  private readonly name: string;
  private readonly args: readonly Expression[];
  private readonly types: readonly ArgumentType[];
  private readonly at: Origin;
  constructor(ctx: Names, name: string, args: readonly Expression[], types: readonly ArgumentType[], at: Origin) {
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
