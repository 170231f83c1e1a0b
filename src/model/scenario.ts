// The syntax tree of a scenario, as the litmus parser reads it and as the audit will build it from C.
// Names are unresolved text here; `compile` gives them meaning. No behaviour in this file.

import type { Origin } from './system.ts';

export interface Named {
  readonly name: string;
  readonly at: Origin;
}

export interface Scenario {
  readonly name: string;
  /** What the situation is, for a reader; one string a line. */
  readonly description: readonly string[];
  /** Mail, commit, CVE, kernel-doc symbol, SEMANTICS number. */
  readonly sources: readonly string[];
  readonly expectation: Expectation | null;
  /** Whose claim the scenario tests, for the table of the debate. */
  readonly positions: readonly Position[];
  readonly contract: readonly { readonly key: string; readonly value: string; readonly at: Origin }[];
  /** Obligations whose monitors do not run here; the ledger says so. */
  readonly off: readonly Named[];
  readonly declarations: readonly Declaration[];
  readonly properties: readonly Property[];
}

/** `expect …`: the declared verdict. */
export type Expectation = { readonly at: Origin } & (
  | { readonly verdict: 'holds' | 'vacuous' | 'undecided' }
  /** code: N1…N8, P1…P14, UF, deadlock, hang, WARN, BUG, assert; null for any. party: who is to blame; null for any. */
  | { readonly verdict: 'broken'; readonly code: string | null; readonly party: string | null }
  /** where: attach, pin, map; errno: "EOPNOTSUPP". */
  | { readonly verdict: 'refused'; readonly party: string; readonly where: string; readonly errno: string }
);

/** `position STOP=V1 by "Jason Gunthorpe" claims holds` */
export interface Position {
  readonly key: string;
  readonly value: string;
  readonly by: string;
  /** What the author said would come out: holds, broken, hang, deadlock, refused. */
  readonly claims: string;
  readonly at: Origin;
}

export type Declaration =
  | { readonly kind: 'variable'; readonly name: string; readonly type: VariableType; readonly initial: Expression | null; readonly at: Origin }
  /** One fixed but unknown truth value, e.g. a guard that the audit could not decide. `where`: "drivers/foo/bar.c:12". */
  | { readonly kind: 'unknown'; readonly name: string; readonly where: string; readonly at: Origin }
  | { readonly kind: 'exporter'; readonly name: string; readonly driver: string | null; readonly members: readonly Member[]; readonly at: Origin }
  /** `count` null: one buffer; `of` the exporter. */
  | { readonly kind: 'buffer'; readonly name: string; readonly of: string; readonly members: readonly Member[]; readonly at: Origin }
  /** `count`: a family of identical importers, members `name[0]` … ; null: a single one. `of`: the buffer. */
  | { readonly kind: 'importer'; readonly name: string; readonly count: number | null; readonly driver: string | null; readonly of: string; readonly members: readonly Member[]; readonly at: Origin }
  /** A party of a raw scenario: members, no buffer. */
  | { readonly kind: 'party'; readonly name: string; readonly count: number | null; readonly members: readonly Member[]; readonly at: Origin }
  | { readonly kind: 'thread'; readonly name: string; readonly by: ThreadKind; readonly body: readonly Statement[]; readonly at: Origin }
  | { readonly kind: 'work'; readonly name: string; readonly queue: string | null; readonly body: readonly Statement[]; readonly at: Origin }
  /** `fence job by hardware timeout context c seqno 2;` options as words. */
  | { readonly kind: 'fence'; readonly name: string; readonly options: readonly Option[]; readonly at: Origin }
  | {
      readonly kind: 'object'; readonly type: 'mutex' | 'rwsem' | 'completion' | 'kref' | 'ticket' | 'mapping' | 'workqueue' | 'resv';
      readonly name: string; readonly options: readonly Option[]; readonly at: Origin;
    };

export type ThreadKind = 'user' | 'kernel' | 'device';

export type VariableType = { readonly of: 'bool' } | { readonly of: 'int'; readonly low: number; readonly high: number };

/** What stands inside the braces of an exporter, buffer, importer or party. */
export type Member =
  | Declaration
  /** A callback or exporter operation: `invalidate_mappings { … }`, `attach { … }`, `pin { … }`. */
  | { readonly kind: 'operation'; readonly name: string; readonly body: readonly Statement[]; readonly at: Origin }
  /** `speculates;` `rounds 2;` `resv shared;` */
  | { readonly kind: 'option'; readonly option: Option };

/** A word with its arguments: `timeout`, `context c`, `usage BOOKKEEP`, `rounds 2`. */
export interface Option {
  readonly name: string;
  readonly values: readonly string[];
  readonly at: Origin;
}

export type Statement = { readonly at: Origin } & (
  /** `dma_buf_pin(att);` or `ret = dma_buf_pin(att);` */
  | { readonly kind: 'call'; readonly name: string; readonly args: readonly Expression[]; readonly result: Reference | null }
  | { readonly kind: 'assign'; readonly to: Reference; readonly value: Expression }
  | { readonly kind: 'if'; readonly test: Expression; readonly then: readonly Statement[]; readonly else: readonly Statement[] }
  | { readonly kind: 'while'; readonly test: Expression; readonly body: readonly Statement[] }
  /** Unrolled: once for each instance of a family, in order. */
  | { readonly kind: 'for'; readonly variable: string; readonly family: string; readonly body: readonly Statement[] }
  | { readonly kind: 'repeat'; readonly times: number; readonly body: readonly Statement[] }
  /** Any branch whose first step is possible. */
  | { readonly kind: 'choose'; readonly branches: readonly (readonly Statement[])[] }
  | { readonly kind: 'wait'; readonly test: Expression }
  /** One step. Only `wait` (first), assign, if, assert, return, goto, break and choose-free code inside. */
  | { readonly kind: 'atomic'; readonly body: readonly Statement[] }
  /** `ioctl REG_MR { … }`: one call of a thread; its first step is where a user may stop for ever. */
  | { readonly kind: 'ioctl'; readonly name: string; readonly body: readonly Statement[] }
  | { readonly kind: 'assert'; readonly test: Expression }
  | { readonly kind: 'return'; readonly value: Expression | null }
  | { readonly kind: 'goto'; readonly label: string }
  | { readonly kind: 'label'; readonly name: string }
  | { readonly kind: 'break' }
  | { readonly kind: 'continue' }
);

/** `x`, `gpu.map`, `gpu[1].map` */
export interface Reference {
  readonly path: readonly { readonly name: string; readonly index: number | null }[];
  readonly at: Origin;
}

export type Expression = { readonly at: Origin } & (
  | { readonly kind: 'number'; readonly value: number }
  | { readonly kind: 'bool'; readonly value: boolean }
  /** `-ENODEV` */
  | { readonly kind: 'errno'; readonly name: string }
  /** A variable, an object, or a word such as BOOKKEEP. */
  | { readonly kind: 'name'; readonly reference: Reference }
  /** A predicate: `live(map)`, `IS_ERR(ret)`, `dma_buf_attach_revocable(att)`. */
  | { readonly kind: 'apply'; readonly name: string; readonly args: readonly Expression[] }
  | { readonly kind: 'unary'; readonly op: '!'; readonly of: Expression }
  | { readonly kind: 'binary'; readonly op: '&&' | '||' | '==' | '!=' | '<' | '<=' | '>' | '>=' | '+' | '-'; readonly left: Expression; readonly right: Expression }
);

export type Property = {
  readonly kind: 'always' | 'eventually' | 'sometimes';
  readonly name: string | null;
  readonly test: Expression;
  readonly at: Origin;
};
