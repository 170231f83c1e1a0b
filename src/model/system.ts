// The transition system: what a scenario becomes, and the only thing that src/check sees of the model.
// Steps are data (guard, actions, fairness); this file holds types and a few constructors, no behaviour.
// Implements the shape that SEMANTICS E12 and the appendix ask for.

/** Index into `System.variables`. */
export type VariableId = number;
/** Index into `System.processes`. */
export type ProcessId = number;
/** Index into `System.violations`. */
export type ViolationId = number;

/** A small integer, 0 … size-1. */
export interface Variable {
  /** Unique, readable: "bar.resv", "gpu[1].map". */
  readonly name: string;
  /** Number of values, 1 … 65536. A variable always stays below it; the model emits its own checks for capacity. */
  readonly size: number;
  readonly initial: number;
  /** Names of the values, for the story; numbers where absent. */
  readonly values?: readonly string[];
  /** The only process that reads and writes it, where there is one (a program counter, a return value, a lock held bit). */
  readonly local?: ProcessId;
  /** Never told in a story (program counters, bookkeeping). */
  readonly hidden?: boolean;
}

/** Expressions yield small integers; comparisons and logic yield 0 or 1, and any non-zero value is true. */
export type Expr =
  | { readonly op: 'const'; readonly value: number }
  | { readonly op: 'var'; readonly variable: VariableId }
  | { readonly op: 'not'; readonly of: Expr }
  | { readonly op: 'and' | 'or'; readonly of: readonly Expr[] }
  | { readonly op: 'eq' | 'ne' | 'lt' | 'le' | 'add' | 'sub'; readonly left: Expr; readonly right: Expr }
  /** Bit `value` of `set` (values 0 … 30). */
  | { readonly op: 'in'; readonly of: Expr; readonly set: number }
  /** `values[of]`: one step of an automaton. */
  | { readonly op: 'table'; readonly of: Expr; readonly values: readonly number[] }
  | { readonly op: 'if'; readonly test: Expr; readonly then: Expr; readonly else: Expr };

/** Actions of a step run in order, each seeing the effect of those before it. */
export type Action =
  | { readonly do: 'set'; readonly variable: VariableId; readonly value: Expr }
  | { readonly do: 'if'; readonly test: Expr; readonly then: readonly Action[]; readonly else: readonly Action[] }
  /** Records a violation. After a fatal one the step has no successor; after another the step goes on. */
  | { readonly do: 'violate'; readonly violation: ViolationId };

/** SEMANTICS E12: none = may never come; weak = enabled for good, so taken; strong = enabled again and again, so taken. */
export type Fairness = 'none' | 'weak' | 'strong';

/** Where a step stands: a line of the scenario, and the C it was lifted from, if any. */
export interface Origin {
  readonly line: number;
  readonly column: number;
  /** "drivers/foo/bar.c:123" */
  readonly provenance?: string;
}

/** What a step waits for, to tell a wait cycle. `providers` are the processes that could end the wait, by state. */
export interface Wait {
  readonly kind: 'lock' | 'fence' | 'unmap' | 'work' | 'completion' | 'callback' | 'condition';
  readonly object: string;
  readonly providers: readonly { readonly process: ProcessId; readonly when: Expr }[];
  /** Who made the wait necessary: the exporter of the buffer. */
  readonly owner?: string;
}

export interface Step {
  /** Unique and stable: "reset/dma_buf_invalidate_mappings:visit gpu". Replay tokens name it. No commas, no newline. */
  readonly name: string;
  readonly process: ProcessId;
  /** Enabled only where the process's program counter has this value; null for a process without one. */
  readonly place: number | null;
  /** Enabled where this is true (and `place` fits). */
  readonly guard: Expr;
  readonly actions: readonly Action[];
  readonly fairness: Fairness;
  /** Steps of one group count as one for fairness (the branches of one choice). Dense from 0; ignored for fairness none. */
  readonly group: number;
  /** One line of C-like text for the story: "dma_resv_lock(bar)". */
  readonly text: string;
  /** The named step of the vocabulary (protocol/steps), if it is one: "map", "invalidate". */
  readonly step?: string;
  readonly waits?: Wait;
  readonly origin?: Origin;
}

export type ProcessKind = 'user' | 'kernel' | 'worker' | 'callback' | 'device' | 'signaller';

export interface Process {
  readonly name: string;
  readonly kind: ProcessKind;
  /** Who answers for its code: the importer, exporter or thread named in the scenario. */
  readonly party: string;
  readonly pc: VariableId | null;
  /** One entry a value of `pc`. */
  readonly places: readonly { readonly label: string; readonly inCall: boolean }[];
}

export interface Violation {
  /** "N2", "P3", "UF", "WARN", "BUG", "assert", "capacity", "hang". */
  readonly code: string;
  /**
   * harm: N1 to N8, BUG; the worst. obligation: P1 to P14, UF. warning: a kernel WARN. assertion: the scenario's own.
   * capacity: the model's bound. refusal: an importer turned away, nobody's fault.
   */
  readonly kind: 'harm' | 'obligation' | 'warning' | 'assertion' | 'capacity' | 'refusal';
  /** The search does not go on behind a fatal one. */
  readonly fatal: boolean;
  readonly party: string;
  readonly object: string;
  /** Obligation id behind it, for the blame: "P3". */
  readonly obligation: string | null;
  readonly text: string;
}

/** Checked on every reached state: `bad` true there is a violation, told as one last step of `process`. */
export interface Invariant {
  readonly name: string;
  readonly bad: Expr;
  readonly violation: ViolationId;
  readonly process: ProcessId;
  /** "device writes through gpu.map" */
  readonly text: string;
}

/** Liveness: on no fair run may `holds` stay true for ever. `violation` says whose duty was broken. */
export interface Pending {
  readonly name: string;
  readonly holds: Expr;
  /** call: a process inside a call (deadlock or hang); obligation: P6, P9; eventually: a property of the scenario. */
  readonly kind: 'call' | 'obligation' | 'eventually';
  readonly process: ProcessId | null;
  readonly violation: ViolationId;
}

/** `sometimes`: must be reachable, or the result is vacuous. */
export interface Witness {
  readonly name: string;
  readonly reached: Expr;
}

/** A family of interchangeable parties: `blocks[k][j]` is variable j of instance k. All other variables are common. */
export interface SymmetricFamily {
  readonly name: string;
  readonly blocks: readonly (readonly VariableId[])[];
}

export interface System {
  readonly name: string;
  readonly variables: readonly Variable[];
  readonly processes: readonly Process[];
  readonly steps: readonly Step[];
  readonly violations: readonly Violation[];
  readonly invariants: readonly Invariant[];
  readonly pending: readonly Pending[];
  readonly witnesses: readonly Witness[];
  readonly symmetry: readonly SymmetricFamily[];
  /** What the system takes for granted, for the ledger. */
  readonly assumptions: readonly string[];
}

export const constant = (value: number): Expr => ({ op: 'const', value });
export const truth: Expr = constant(1);
export const read = (variable: VariableId): Expr => ({ op: 'var', variable });
export const not = (of: Expr): Expr =>
  of.op === 'const' ? constant(of.value === 0 ? 1 : 0) : of.op === 'not' && isBoolean(of.of) ? of.of : { op: 'not', of };
export const equal = (left: Expr, right: Expr): Expr =>
  left.op === 'const' && right.op === 'const' ? constant(left.value === right.value ? 1 : 0) : { op: 'eq', left, right };
export const compare = (op: 'ne' | 'lt' | 'le' | 'add' | 'sub', left: Expr, right: Expr): Expr => ({ op, left, right });
export const set = (variable: VariableId, value: Expr): Action => ({ do: 'set', variable, value });
export const when = (test: Expr, then: readonly Action[], otherwise: readonly Action[] = []): Action => ({ do: 'if', test, then, else: otherwise });
export const violate = (violation: ViolationId): Action => ({ do: 'violate', violation });

/** Conjunction, flattened, constants folded. */
export function and(...of: readonly Expr[]): Expr {
  return logic('and', of);
}
/** Disjunction, flattened, constants folded. */
export function or(...of: readonly Expr[]): Expr {
  return logic('or', of);
}

function logic(op: 'and' | 'or', of: readonly Expr[]): Expr {
  const parts: Expr[] = [];
  for (const part of of) {
    if (part.op === 'const') {
      if ((part.value !== 0) === (op === 'or')) return constant(op === 'or' ? 1 : 0);
    } else if (part.op === op) parts.push(...part.of);
    else parts.push(part);
  }
  const [first, ...rest] = parts;
  if (first === undefined) return constant(op === 'and' ? 1 : 0);
  return rest.length === 0 ? first : { op, of: parts };
}

function isBoolean(e: Expr): boolean {
  return e.op === 'not' || e.op === 'and' || e.op === 'or' || e.op === 'eq' || e.op === 'ne' || e.op === 'lt' || e.op === 'le' || e.op === 'in';
}
