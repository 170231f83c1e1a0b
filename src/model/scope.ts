// Names of a scenario and what they stand for.

import type { Code } from './code.ts';
import type { Expr, VariableId } from './system.ts';
import type { Attachment, Buffer, Completion, Exporter, Fence, Kref, Lock, Mapping, Ticket, Work } from './world.ts';

export type Entity =
  /** `low` is added to the stored value. `revokes`: assigning it revokes or restores these buffers. */
  | { readonly kind: 'variable'; readonly id: VariableId; readonly low: number; readonly high: number; readonly type: 'bool' | 'int' | 'errno'; readonly revokes: readonly Buffer[] }
  | { readonly kind: 'value'; readonly expr: Expr }
  | { readonly kind: 'buffer'; readonly buffer: Buffer }
  | { readonly kind: 'attachment'; readonly attachment: Attachment }
  | { readonly kind: 'mapping'; readonly mapping: Mapping }
  | { readonly kind: 'fence'; readonly fence: Fence }
  | { readonly kind: 'lock'; readonly lock: Lock }
  | { readonly kind: 'completion'; readonly completion: Completion }
  | { readonly kind: 'kref'; readonly kref: Kref }
  | { readonly kind: 'work'; readonly work: Work }
  | { readonly kind: 'ticket'; readonly ticket: Ticket }
  | { readonly kind: 'queue'; readonly name: string }
  | { readonly kind: 'exporter'; readonly exporter: Exporter; readonly scope: Scope }
  | { readonly kind: 'party'; readonly name: string; readonly scope: Scope }
  | { readonly kind: 'family'; readonly name: string; readonly members: readonly (Entity & { readonly kind: 'party' })[] }
  | { readonly kind: 'thread'; readonly code: Code };

export class Scope {
  private readonly names = new Map<string, Entity>();
  private readonly outer: Scope | null;
  constructor(outer: Scope | null) {
    this.outer = outer;
  }
  define(name: string, entity: Entity): void {
    this.names.set(name, entity);
  }
  /** In this scope or an outer one. */
  find(name: string): Entity | null {
    return this.names.get(name) ?? this.outer?.find(name) ?? null;
  }
  /** In this scope only: `gpu.map`. */
  member(name: string): Entity | null {
    return this.names.get(name) ?? null;
  }
}
