// What each name of a scenario stands for: scopes of the file, of parties and of bodies, with the names implied in them.
// A party with a driver has members that are not written down; such a scope is open, and an unknown name in it is no error here.

import { USAGES } from '../protocol/usage.ts';
import type { Declaration, Member, Reference, Scenario } from '../model/scenario.ts';
import type { Origin } from '../model/system.ts';
import type { ObjectType } from './words.ts';

export type EntityKind =
  | 'variable' | 'unknown' | 'exporter' | 'buffer' | 'importer' | 'party' | 'thread' | 'work' | 'fence' | ObjectType
  | 'attachment' | 'errno' | 'usage' | 'word';

export interface Entity {
  readonly kind: EntityKind;
  readonly name: string;
  /** Null for an implied name. */
  readonly at: Origin | null;
  /** Of a family: its instances. */
  readonly count: number | null;
  readonly members: Scope | null;
  /** The declared range of an int; null for a bool. */
  readonly range: { readonly low: number; readonly high: number } | null;
}

export interface Scope {
  readonly names: Map<string, Entity>;
  readonly parent: Scope | null;
  /** Does a driver add names that are not written down? */
  readonly open: boolean;
}

export const WORDS: readonly string[] = ['interruptible', 'timeout', 'read', 'write'];

/** Names that mean something everywhere and cannot be declared. */
export const GIVEN: ReadonlyMap<string, Entity> = new Map<string, Entity>([
  ['ret', implied('errno', 'ret')],
  ...USAGES.map((name): [string, Entity] => [name, implied('usage', name)]),
  ...WORDS.map((name): [string, Entity] => [name, implied('word', name)]),
]);

export function implied(kind: EntityKind, name: string): Entity {
  return { kind, name, at: null, count: null, members: null, range: null };
}

export function inner(parent: Scope, entities: readonly Entity[] = [], open = false): Scope {
  return { names: new Map(entities.map((entity) => [entity.name, entity])), parent, open };
}

export function lookUp(scope: Scope, name: string): Entity | null {
  for (let at: Scope | null = scope; at !== null; at = at.parent) {
    const entity = at.names.get(name);
    if (entity !== undefined) return entity;
  }
  return GIVEN.get(name) ?? null;
}

export function isOpen(scope: Scope): boolean {
  return scope.open || (scope.parent !== null && isOpen(scope.parent));
}

/** Every name to be seen from a scope, the nearest first. */
export function* visible(scope: Scope): Generator<string> {
  for (let at: Scope | null = scope; at !== null; at = at.parent) yield* at.names.keys();
  yield* GIVEN.keys();
}

/** Calls `duplicate` for each name declared twice in one scope; the first stays. */
export function fileScope(scenario: Scenario, duplicate: (declaration: Declaration, first: Entity) => void): Scope {
  const scope: Scope = { names: new Map(), parent: null, open: false };
  declareAll(scope, scenario.declarations, duplicate);
  return scope;
}

function declareAll(scope: Scope, members: readonly Member[], duplicate: (declaration: Declaration, first: Entity) => void): void {
  for (const member of members) {
    if (member.kind === 'option' || member.kind === 'operation') continue;
    const first = scope.names.get(member.name) ?? GIVEN.get(member.name);
    // An implied name, such as an importer's `map`, may be written out.
    if (first !== undefined && (first.at !== null || GIVEN.has(member.name))) duplicate(member, first);
    else scope.names.set(member.name, entityOf(scope, member, duplicate));
  }
}

function entityOf(scope: Scope, declaration: Declaration, duplicate: (declaration: Declaration, first: Entity) => void): Entity {
  const { name, at } = declaration;
  const plain = { name, at, count: null, members: null, range: null };
  switch (declaration.kind) {
    case 'object':
      return { ...plain, kind: declaration.type };
    case 'variable':
      return { ...plain, kind: 'variable', range: declaration.type.of === 'int' ? declaration.type : null };
    case 'exporter':
    case 'buffer':
    case 'importer':
    case 'party': {
      const members = inner(scope, impliedMembers(declaration.kind), 'driver' in declaration && declaration.driver !== null);
      const count = 'count' in declaration ? declaration.count : null;
      const entity: Entity = { ...plain, kind: declaration.kind, count, members };
      declareAll(members, declaration.members, duplicate);
      return entity;
    }
    default:
      return { ...plain, kind: declaration.kind };
  }
}

function impliedMembers(kind: 'exporter' | 'buffer' | 'importer' | 'party'): Entity[] {
  if (kind === 'importer') return [implied('attachment', 'att'), implied('mapping', 'map')];
  return kind === 'buffer' ? [implied('resv', 'resv'), implied('variable', 'revoked')] : [];
}

export type Resolved =
  | { readonly found: Entity }
  /** `part`: the index in the path of the name at fault. */
  | { readonly found: null; readonly part: number; readonly why: 'unknown' | 'no-members' | 'family' | 'single' | 'range'; readonly within: Entity | null }
  /** A driver may define it. */
  | { readonly found: 'open' };

/** `own`: the party whose body this is; its name alone means the instance at hand. */
export function resolve(reference: Reference, scope: Scope, own: Entity | null): Resolved {
  let within: Entity | null = null;
  for (const [part, { name, index }] of reference.path.entries()) {
    const result: Resolved = instance(within, part, name, index, scope, own);
    if (result.found === null || result.found === 'open') return result;
    within = result.found;
  }
  return within === null ? { found: 'open' } : { found: within };
}

/** One part of a path, looked up among the members of `within`, or from the scope where there is none. */
function instance(within: Entity | null, part: number, name: string, index: number | null, scope: Scope, own: Entity | null): Resolved {
  if (within !== null && within.members === null) return { found: null, part, why: 'no-members', within };
  const found = within === null ? lookUp(scope, name) : (within.members?.names.get(name) ?? null);
  if (found === null) {
    const open = within === null ? isOpen(scope) : within.members?.open === true;
    return open ? { found: 'open' } : { found: null, part, why: 'unknown', within };
  }
  if (found.count === null && index !== null) return { found: null, part, why: 'single', within: found };
  if (found.count !== null && index === null && found !== own) return { found: null, part, why: 'family', within: found };
  if (found.count !== null && index !== null && index >= found.count) return { found: null, part, why: 'range', within: found };
  return { found };
}
