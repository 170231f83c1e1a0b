// The builder of one process's code: steps between places, written by the framework and by the scenario's own statements.
// A place with steps is a value of the program counter; branches and actions without a step of their own join the step before.
// It knows nothing of dma-buf.

import {
  and, constant, equal, not, or, read, set, truth, when, type Action, type Expr, type Fairness, type Origin, type ProcessKind,
  type VariableId, type Wait,
} from './system.ts';

/** A place of the code while it is being written. */
export interface Place {
  readonly steps: StepDraft[];
  readonly inCall: boolean;
  readonly label: string;
  /** Where the code goes on without a step: at most one of the three is set. */
  forward: Place | null;
  branch: { readonly test: Expr; readonly then: Place; readonly else: Place } | null;
  effect: { readonly actions: readonly Action[]; readonly to: Place } | null;
  /** Actions of whoever arrives here (the end of a callback). */
  readonly onEnter: Action[];
}

export interface StepDraft {
  readonly name: string;
  readonly guard: Expr;
  readonly actions: readonly Action[];
  readonly late: (() => readonly Action[]) | null;
  readonly to: Place;
  readonly fairness: Fairness;
  readonly text: string;
  readonly step: string | null;
  readonly waits: WaitDraft | null;
  readonly origin: Origin | null;
}

/** As `Wait`, with the processes still by name and state. */
export type WaitDraft = Omit<Wait, 'providers'> & { readonly providers: () => Wait['providers'] };

export interface StepOptions {
  readonly guard?: Expr;
  readonly actions?: readonly Action[];
  /** Actions that can be known only when all code is written (entry into another process). */
  readonly late?: () => readonly Action[];
  /** Default: weak, strong for a wait, none for the first step of a user's call (SEMANTICS E12). */
  readonly fairness?: Fairness;
  readonly waits?: WaitDraft;
  /** The step of the vocabulary. */
  readonly step?: string;
  /** Told instead of the call's text. */
  readonly text?: string;
}

/** Raised for a scenario that cannot be built; `at` names the place. */
export class BuildError extends Error {
  readonly at: Origin | null;
  constructor(message: string, at: Origin | null = null) {
    super(message);
    this.at = at;
  }
}

const MAX_PLACES = 4000;

export class Code {
  readonly process: string;
  readonly kind: ProcessKind;
  readonly party: string;
  readonly pc: VariableId;
  /** Holds what the last call returned: 0, or an errno's value. */
  readonly result: VariableId;
  readonly entry: Place;
  /** Where a callback's own code begins: the entry is its idle place, and its caller sets the program counter. */
  body: Place;
  /** Locks that the text written so far takes and does not release (a hint, not a proof). */
  readonly held = new Set<object>();
  private readonly numbers = new Map<Place, number>();
  private readonly jumps = new Map<Place, Origin | null>();
  private readonly landed = new Set<Place>();
  /** Rules of the model's programs that are left out (`teeth`). */
  private readonly without: ReadonlySet<string>;
  private readonly seen: Set<string>;
  private readonly names = new Map<string, number>();
  private here: Place;
  private depth = 0;
  private readonly calls: string[] = [];
  private readonly exits: Place[] = [];
  private origin: Origin | null = null;
  private forked = false;
  private places = 0;
  private atomicDraft: { guard: Expr; text: string } | null = null;

  constructor(options: { process: string; kind: ProcessKind; party: string; pc: VariableId; result: VariableId; without: ReadonlySet<string>; seen: Set<string> }) {
    this.process = options.process;
    this.kind = options.kind;
    this.party = options.party;
    this.pc = options.pc;
    this.result = options.result;
    this.without = options.without;
    this.seen = options.seen;
    this.entry = this.place('start');
    this.body = this.entry;
    this.here = this.entry;
  }

  /** Numbers every place that is a value of the program counter; the entry is 0. */
  number(): readonly Place[] {
    for (const [place, at] of this.jumps) {
      if (!this.landed.has(place)) throw new BuildError(`'goto ${place.label}' leads out of its ioctl, for or repeat; put the label inside`, at);
    }
    const stops: Place[] = [];
    const passed = new Set<Place>();
    const start = (place: Place): Place => (place.steps.length === 0 && place.forward !== null ? start(place.forward) : place);
    const entry = start(this.entry);
    const open: Place[] = [entry, this.body];
    for (let place = open.shift(); place !== undefined; place = open.shift()) {
      if (passed.has(place)) continue;
      passed.add(place);
      if (place.steps.length === 0) {
        const onward = place.forward !== null ? [place.forward] : place.effect !== null ? [place.effect.to] : place.branch !== null ? [place.branch.then, place.branch.else] : null;
        if (onward !== null) {
          open.push(...onward);
          if (place !== entry) continue;
        }
      }
      this.numbers.set(place, stops.length);
      stops.push(place);
      open.push(...place.steps.map((s) => s.to));
    }
    return stops;
  }

  /** The value of the program counter at a place that `number` has reached. */
  readonly numberOf = (place: Place): number => {
    const number = this.numbers.get(place);
    if (number === undefined) throw new BuildError(`${this.process}: a place without a number`, this.origin);
    return number;
  };

  get at(): Origin | null {
    return this.origin;
  }

  /** Statements written from here on stand at `origin`. */
  from(origin: Origin): void {
    this.origin = origin;
  }

  /** Whether a rule of the model's own programs stands; a removed one is a mutation. Every rule asked for is recorded. */
  rule(name: string): boolean {
    this.seen.add(name);
    return !this.without.has(name);
  }

  /** A new place in the present state of calls. */
  place(label: string, inCall = this.depth > 0): Place {
    if (++this.places > MAX_PLACES) throw new BuildError(`more than ${MAX_PLACES} places in ${this.process}: unroll less`, this.origin);
    return { steps: [], inCall, label, forward: null, branch: null, effect: null, onEnter: [] };
  }

  /** One atomic step from here to a new place. */
  step(label: string, options: StepOptions = {}): void {
    const to = this.place(label);
    this.edge(label, options, to);
    this.here = to;
    this.forked = false;
  }

  /** A further way out of the present place; afterwards the code goes on behind `body`, or where the others meet. */
  alternatives(ways: readonly { readonly label: string; readonly options: StepOptions; readonly body: () => void }[]): void {
    const from = this.here;
    const join = this.place('join');
    const before = new Set(this.held);
    for (const way of ways) {
      this.restore(before);
      this.here = from;
      this.step(way.label, way.options);
      way.body();
      this.goto(join);
    }
    this.here = join;
  }

  /** `choose`: any branch whose first step is possible. */
  choose(branches: readonly (() => void)[]): void {
    const from = this.here;
    const join = this.place('join');
    const before = new Set(this.held);
    for (const body of branches) {
      this.restore(before);
      this.here = from;
      this.forked = true;
      body();
      this.goto(join);
    }
    this.here = join;
  }

  /** Actions that belong to the step before. */
  act(actions: readonly Action[]): void {
    if (actions.length === 0) return;
    this.needStep();
    const to = this.place(this.here.label);
    this.here.effect = { actions, to };
    this.here = to;
  }

  /** A branch decided in the same step as what went before. */
  branch(test: Expr, then: () => void, otherwise: () => void = () => {}): void {
    if (test.op === 'const') return test.value !== 0 ? then() : otherwise();
    this.needStep();
    const first = this.place('then');
    const second = this.place('else');
    const join = this.place('join');
    this.here.branch = { test, then: first, else: second };
    const before = new Set(this.held);
    this.here = first;
    then();
    this.goto(join);
    this.restore(before);
    this.here = second;
    otherwise();
    this.goto(join);
    this.here = join;
  }

  /** A branch that looks at shared state at a moment of its own. */
  test(label: string, test: Expr, then: () => void, otherwise: () => void = () => {}, options: StepOptions = {}): void {
    if (test.op === 'const') return test.value !== 0 ? then() : otherwise();
    this.step(label, options);
    this.branch(test, then, otherwise);
  }

  goto(place: Place): void {
    if (this.forked) this.step('choose');
    if (this.here !== place) this.here.forward = place;
    this.here = this.place('unreachable');
  }

  /** A `goto` to a label that must be written somewhere. */
  jump(place: Place): void {
    this.jumps.set(place, this.origin);
    this.goto(place);
  }

  /** A label. */
  arrive(place: Place): void {
    this.landed.add(place);
    this.land(place);
  }

  /** The code goes on at `place`. */
  land(place: Place): void {
    if (this.forked) this.step('choose');
    this.here.forward = place;
    this.here = place;
  }

  /** Makes sure that a program counter value stands here (the head of a loop). */
  mark(): Place {
    const head = this.place('loop');
    this.land(head);
    return head;
  }

  /** Goes on writing at another place; what was written so far must lead somewhere. */
  resume(place: Place): void {
    this.here = place;
    this.forked = false;
  }

  /**
   * A call by name: its steps are told under `text`; `fail` and `leave` inside end it.
   * `returns` true: 0 at the end of `body`; 'inner': what the last call inside returned; false: `result` is left alone. */
  call(text: string, returns: boolean | 'inner', body: () => void): void {
    const outer = this.depth === 0;
    if (outer) this.enter();
    const exit = this.place('exit');
    this.calls.push(text);
    this.exits.push(exit);
    body();
    if (returns === true) this.act([set(this.result, constant(0))]);
    this.land(exit);
    this.exits.pop();
    this.calls.pop();
    if (outer) this.leaveCall();
  }

  /** Groups steps into one call of the thread (an ioctl). */
  group(name: string, body: () => void): void {
    this.call(name, false, body);
  }

  /** Ends the innermost call with a value of `result`. */
  fail(value: number, actions: readonly Action[] = []): void {
    this.act([...actions, set(this.result, constant(value))]);
    this.leave();
  }

  /** Ends the innermost call. */
  leave(): void {
    const exit = this.exits.at(-1);
    if (exit === undefined) throw new BuildError('return outside of a call', this.origin);
    this.goto(exit);
  }

  /** After a call: goes to the end of the enclosing call if it failed. */
  propagate(cleanup: () => void = () => {}): void {
    this.branch(this.failed(), () => {
      const outer = this.exits.at(-1);
      cleanup();
      if (outer !== undefined) this.goto(outer);
    });
  }

  failed(): Expr {
    return not(equal(read(this.result), constant(0)));
  }

  /** Collects waits and actions of `body` into one step. */
  atomic(text: string, body: () => void): void {
    if (this.atomicDraft !== null) return body();
    const draft = { guard: truth, text };
    this.atomicDraft = draft;
    const from = this.here;
    const inside = this.place('atomic');
    this.here = inside;
    this.forked = false;
    body();
    this.atomicDraft = null;
    const after = this.place('after');
    this.here.forward = after;
    this.here = from;
    const waiting = draft.guard !== truth;
    this.edge(text, { guard: draft.guard, text, ...(waiting ? { waits: { kind: 'condition', object: text, providers: () => [] } } : {}) }, inside);
    this.here = after;
    this.forked = false;
  }

  /** Inside `atomic`: a condition of the whole step. */
  require(guard: Expr): boolean {
    if (this.atomicDraft === null) return false;
    this.atomicDraft.guard = and(this.atomicDraft.guard, guard);
    return true;
  }

  get inAtomic(): boolean {
    return this.atomicDraft !== null;
  }

  /** A call's steps must begin at a place that is not inside a call, so that a user may stay away. */
  private enter(): void {
    if (this.here.inCall && !this.forked && this.kind !== 'callback') this.land(this.place('between', false));
    this.depth++;
  }

  private leaveCall(): void {
    this.depth--;
    const between = this.place('between', false);
    this.land(between);
  }

  private restore(held: ReadonlySet<object>): void {
    this.held.clear();
    for (const lock of held) this.held.add(lock);
  }

  private needStep(): void {
    if (this.atomicDraft !== null) return;
    if (this.here === this.entry || this.forked) this.step(this.forked ? 'choose' : 'begin', {
      text: this.calls.at(-1) ?? (this.forked ? 'choose' : `${this.process} begins`),
    });
  }

  private edge(label: string, options: StepOptions, to: Place): void {
    const outside = this.kind === 'user' && !this.here.inCall;
    const fairness = options.fairness ?? (outside ? 'none' : options.waits !== undefined ? 'strong' : 'weak');
    const base = `${this.process}/${[...this.calls.slice(-2), label].filter((part) => part !== '').join(':')}`.replace(/,/g, ';');
    const count = (this.names.get(base) ?? 0) + 1;
    this.names.set(base, count);
    const inner = this.calls.at(-1);
    this.here.steps.push({
      name: count === 1 ? base : `${base}#${count}`,
      guard: options.guard ?? truth,
      actions: options.actions ?? [],
      late: options.late ?? null,
      to,
      fairness: outside && fairness !== 'none' ? 'none' : fairness,
      text: options.text ?? told(inner, label),
      step: options.step ?? null,
      waits: options.waits ?? null,
      origin: this.origin,
    });
  }
}

/** A label that is C by itself is told as it is; a word is told behind its call. */
function told(call: string | undefined, label: string): string {
  if (call === undefined || /[(=]/.test(label)) return label;
  return label === '' ? call : `${call}: ${label}`;
}

/** Actions that lead from the end of a step to its next place: fused branches and effects, then the program counter. */
export function arrival(
  place: Place, pc: VariableId, numberOf: (place: Place) => number, known: ReadonlyMap<VariableId, number>, passed = 0,
): readonly Action[] {
  if (passed > 400) throw new BuildError('unbounded loop: it can go round without a step');
  if (place.steps.length === 0) {
    if (place.forward !== null) return arrival(place.forward, pc, numberOf, known, passed + 1);
    if (place.effect !== null) return [
      ...foldActions(place.effect.actions, known),
      ...arrival(place.effect.to, pc, numberOf, learn(known, place.effect.actions), passed + 1),
    ];
    if (place.branch !== null) {
      const test = fold(place.branch.test, known);
      if (test.op === 'const') return arrival(test.value !== 0 ? place.branch.then : place.branch.else, pc, numberOf, known, passed + 1);
      return [when(test, arrival(place.branch.then, pc, numberOf, known, passed + 1), arrival(place.branch.else, pc, numberOf, known, passed + 1))];
    }
  }
  return [...place.onEnter, set(pc, constant(numberOf(place)))];
}

/** Constants known behind a list of actions. */
export function learn(known: ReadonlyMap<VariableId, number>, actions: readonly Action[]): ReadonlyMap<VariableId, number> {
  if (actions.length === 0) return known;
  const next = new Map(known);
  for (const action of actions) learnOne(next, action);
  return next;
}

function learnOne(known: Map<VariableId, number>, action: Action): void {
  if (action.do === 'set') {
    const value = fold(action.value, known);
    if (value.op === 'const') known.set(action.variable, value.value);
    else known.delete(action.variable);
  } else if (action.do === 'if') {
    forget(known, action.then);
    forget(known, action.else);
  }
}

function forget(known: Map<VariableId, number>, actions: readonly Action[]): void {
  for (const action of actions) {
    if (action.do === 'set') known.delete(action.variable);
    else if (action.do === 'if') {
      forget(known, action.then);
      forget(known, action.else);
    }
  }
}

/** The actions with known constants put in; tests that are decided vanish. */
export function foldActions(actions: readonly Action[], known: ReadonlyMap<VariableId, number>): readonly Action[] {
  // One copy for the whole list, made at the first write.
  let env: Map<VariableId, number> | null = null;
  const out: Action[] = [];
  for (const action of actions) {
    const now: ReadonlyMap<VariableId, number> = env ?? known;
    if (action.do === 'set') out.push(set(action.variable, fold(action.value, now)));
    else if (action.do === 'if') {
      const test = fold(action.test, now);
      if (test.op === 'const') out.push(...foldActions(test.value !== 0 ? action.then : action.else, now));
      else out.push(when(test, foldActions(action.then, now), foldActions(action.else, now)));
    } else {
      out.push(action);
      continue;
    }
    env ??= new Map(known);
    learnOne(env, action);
  }
  return out;
}

/** The expression with known constants put in. */
export function fold(e: Expr, known: ReadonlyMap<VariableId, number>): Expr {
  switch (e.op) {
    case 'const':
      return e;
    case 'var': {
      const value = known.get(e.variable);
      return value === undefined ? e : constant(value);
    }
    case 'not':
      return not(fold(e.of, known));
    case 'and':
      return and(...e.of.map((x) => fold(x, known)));
    case 'or':
      return or(...e.of.map((x) => fold(x, known)));
    case 'eq':
    case 'ne':
    case 'lt':
    case 'le':
    case 'add':
    case 'sub': {
      const left = fold(e.left, known);
      const right = fold(e.right, known);
      if (left.op !== 'const' || right.op !== 'const') return { op: e.op, left, right };
      const [a, b] = [left.value, right.value];
      const result = { eq: a === b, ne: a !== b, lt: a < b, le: a <= b, add: a + b, sub: a - b }[e.op];
      return constant(Number(result));
    }
    case 'in': {
      const of = fold(e.of, known);
      return of.op === 'const' ? constant((e.set >>> of.value) & 1) : { op: 'in', of, set: e.set };
    }
    case 'table': {
      const of = fold(e.of, known);
      return of.op === 'const' ? constant(e.values[of.value] ?? 0) : { op: 'table', of, values: e.values };
    }
    case 'if': {
      const test = fold(e.test, known);
      if (test.op === 'const') return fold(test.value !== 0 ? e.then : e.else, known);
      return { op: 'if', test, then: fold(e.then, known), else: fold(e.else, known) };
    }
  }
}
