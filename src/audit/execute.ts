// Runs a body of C on abstract values, along every path that matters, and gives what it does as a decision diagram.
// Callees are followed where they lead to the calls that the contract is about; conditions are decided where the values allow it;
// branches that make no difference fall together. Knows no driver (issue 3, parts 4 and 5).

import { folderOf } from '../source/lexical.ts';
import type { Act, Behaviour, Guard, LedgerRow, Place, Test, Work } from '../results/audit.ts';
import { bared, expressionText, type Expression } from '../source/c-tree.ts';
import type { CodeBase } from '../source/code-base.ts';
import type { Flow, FlowEdge, FlowNode } from '../source/control-flow.ts';
import { between, meetingPoints } from '../source/dominators.ts';
import { deferredCallOf } from '../source/deferred.ts';
import type { CFunction } from '../source/syntax.ts';
import {
  ANCHORS, completionWait, FRAMEWORK_FACTS, heldByCaller, helperActs, isTalk, isWarnTest, looksLikeAllocation, looksLikePredicate, PLACEMENT_CALLS, usageOf, type Goal, type ResultKind,
} from './anchors.ts';
import { arithmetic, calleeName, callsOf, cleanupAct, declaredIn, isBuiltIn, isConversion, isSurroundings, resultKind, returned, rootValue, scopeAct, succeeds, typesOf } from './c-reading.ts';
import { Diagram } from './diagram.ts';
import { isNear, type Reach } from './reach.ts';
import { addressOf, enclosing, hops, isCallResult, isErrno, isKnownNumber, lastField, member, NULL, numberOf, ONE, pointee, throughPointer, type Value } from './values.ts';

export interface Question {
  readonly root: CFunction;
  /** The driver's folder: its tables answer for calls through members. */
  readonly home: string;
  /** What callees are followed for, and how far. */
  readonly goals: ReadonlyMap<Goal, number>;
  /** Fields that are flags of the driver: their tests and stores are told. */
  readonly flags: ReadonlySet<string>;
  /** Fields that hold the sg_table while a mapping is live. */
  readonly mapFields: ReadonlySet<string>;
  /** Calls with the importer's object as an argument that are not followed are told as stop-device, assumed. */
  readonly assumesStops: boolean;
  /** Which acts are told; the others pass in silence. */
  readonly tells: ReadonlySet<Act['do']>;
  /** Decides a condition on a member of the object that its value alone does not. */
  readonly decide: (ask: Ask) => Decision | null;
  /** What places hold at the start. */
  readonly start: ReadonlyMap<string, Value>;
  /** Known values of parameters of the root: "revoked" → "#1". */
  readonly given: ReadonlyMap<string, Value>;
  /** Functions that drivers handed over to be kept in a member. */
  readonly heldFunctions: (member: string, from: string) => readonly string[];
  /** Follows callees whatever they are handed: for set-up, whose objects are made on the way. */
  readonly followsAll: boolean;
}

/** "Is this member of the object true?", or equal to that number? */
export interface Ask {
  readonly field: string;
  readonly path: Value;
  readonly equals: Value | null;
  /** The name of the constant that it is compared with. */
  readonly constant: string | null;
  readonly isPointer: boolean;
  readonly text: string;
  readonly fn: CFunction;
  /** The function that the execution began with: the callback, or a work. */
  readonly root: CFunction;
}

export interface Decision {
  readonly value: boolean;
  readonly why: string;
}

export interface Answer {
  readonly behaviour: Behaviour;
  readonly works: readonly Work[];
  /** Branches on conditions nobody could decide, by place. */
  readonly guards: readonly Guard[];
  /** Conditions that were decided without their value being known. */
  readonly decided: readonly Guard[];
  /** Calls taken to succeed, conditions taken for granted. */
  readonly assumptions: readonly string[];
  readonly ledger: readonly LedgerRow[];
  /** Functions whose bodies were run, in the order of the first time. */
  readonly followed: readonly CFunction[];
  /** Loads and stores of members, for "which fields does the callback read". */
  readonly reads: ReadonlyMap<string, Place>;
}

interface Frame {
  readonly id: string;
  readonly fn: CFunction;
  readonly flow: Flow;
  readonly depth: number;
  readonly up: Frame | null;
  readonly resume: (state: State) => Behaviour;
}

/** What a call came to: a value at once, or a body to be run. */
type Called =
  | { readonly kind: 'value'; readonly state: State; readonly value: Value; readonly acts: readonly { readonly act: Act; readonly at: Place }[] }
  | { readonly kind: 'enter'; readonly fn: CFunction; readonly values: readonly Value[]; readonly state: State; readonly acts: readonly { readonly act: Act; readonly at: Place }[] }
  | { readonly kind: 'lost'; readonly behaviour: Behaviour; readonly acts: readonly { readonly act: Act; readonly at: Place }[] };

/** What is known of a condition. */
interface Truth {
  readonly value: boolean | null;
  readonly test: Test;
  /** Which side of the condition is the test's yes. */
  readonly inverted?: boolean;
  /** What either side teaches. */
  readonly learn: { readonly symbol: Value; readonly yes: string; readonly no: string } | null;
  readonly note: string | null;
}

/** Persistent: every change makes a new one. */
interface State {
  readonly store: ReadonlyMap<string, Value>;
  /** What tests taught about unknown values: "0", "!0". */
  readonly facts: ReadonlyMap<Value, string>;
  /** Loop heads entered, by frame. */
  readonly loops: ReadonlyMap<string, number>;
  readonly result: Value;
}

const DEEPEST = 16;
const BUDGET = 12000;
/** What the stack bears. */
const MOST_WALKS = 400;

export function execute(code: CodeBase, reach: Reach, question: Question): Answer {
  return new Execution(code, reach, question).run();
}

class Execution {
  private readonly code: CodeBase;
  private readonly reach: Reach;
  private readonly question: Question;
  private readonly diagram = new Diagram();
  private readonly memo = new Map<string, Behaviour>();
  private readonly works: Map<string, Work>;
  private readonly assumptions = new Set<string>();
  private readonly ledger = new Map<string, LedgerRow>();
  private readonly followed = new Set<CFunction>();
  private readonly reads = new Map<string, Place>();
  private readonly temporaries = new Map<Expression, number>();
  private readonly meets = new Map<Flow, Int32Array>();
  private readonly decided = new Map<string, Guard>();
  private roots: readonly string[] = [];
  private walks = 0;
  private nesting = 0;
  private steps = 0;

  /** `works`: shared with the execution that queued the work at hand, so that a work may queue itself. */
  constructor(code: CodeBase, reach: Reach, question: Question, works: Map<string, Work> = new Map()) {
    this.works = works;
    this.code = code;
    this.reach = reach;
    this.question = question;
  }

  run(): Answer {
    const { root } = this.question;
    const start: State = { store: this.question.start, facts: new Map(), loops: new Map(), result: '' };
    const values = root.parameters.map((parameter) => this.question.given.get(parameter.name) ?? rootValue(parameter.type, parameter.name));
    this.roots = values.filter((value) => !isKnownNumber(value));
    const behaviour = this.whole(root, values, start);
    return {
      behaviour,
      works: [...this.works.values()],
      guards: this.diagram.guards(),
      decided: [...this.decided.values()],
      assumptions: [...this.assumptions],
      ledger: [...this.ledger.values()],
      followed: [...this.followed],
      reads: this.reads,
    };
  }

  /** A stack too small for the body is no reason to stop the audit. */
  private whole(root: CFunction, values: readonly Value[], start: State): Behaviour {
    try {
      return this.enter(root, values, start, null, 'root', (state) => this.diagram.end(returned(root, state.result)));
    } catch (error) {
      if (!(error instanceof RangeError)) throw error;
      this.note(root, root.line, 'branches too deep for the stack: not followed to the end');
      return this.diagram.lost('branches too deep for the stack', { file: root.file, line: root.line, function: root.name });
    }
  }

  private enter(fn: CFunction, values: readonly Value[], state: State, up: Frame | null, site: string, resume: (state: State) => Behaviour): Behaviour {
    const id = up === null ? '0' : `${up.id}/${site}`;
    this.followed.add(fn);
    for (const { line, text } of fn.unread) this.note(fn, line, `not understood: ${text}`);
    const flow = this.code.flow(fn);
    for (const { name, line } of flow.lostLabels) this.note(fn, line, `goto ${name}: no such label`);
    const frame: Frame = { id, fn, flow, depth: (up?.depth ?? 0) + 1, up, resume };
    const store = new Map(state.store);
    fn.parameters.forEach((parameter, at) => {
      if (parameter.name !== '') store.set(local(frame, parameter.name), values[at] ?? `${fn.name}:${parameter.name}`);
    });
    return this.walk(frame, flow.entry, { ...state, store, result: '' });
  }

  /** From a node to the end of everything. `firstCall`: the calls of that node that were made already. Straight ways are walked without recursion. */
  private walk(frame: Frame, from: number, start: State, firstCall = 0): Behaviour {
    const key = `${frame.id}|${from}|${firstCall}|${keyOf(start)}`;
    const known = this.memo.get(key);
    if (known !== undefined) return known;
    if (this.walks > MOST_WALKS) return this.lost(frame, 0, `more than ${MOST_WALKS} branches deep: not followed further`);
    this.walks++;
    const acts: { readonly act: Act; readonly at: Place }[] = [];
    let made = this.straight(frame, from, start, firstCall, acts);
    this.walks--;
    for (const { act, at } of acts.reverse()) made = this.diagram.act(act, at, made);
    this.memo.set(key, made);
    return made;
  }

  private straight(frame: Frame, from: number, start: State, firstCall: number, acts: { readonly act: Act; readonly at: Place }[]): Behaviour {
    let at = from;
    let state = start;
    let index = firstCall;
    for (;;) {
      if (++this.steps > BUDGET) return this.lost(frame, 0, `more than ${BUDGET} steps: not followed further`);
      const node = frame.flow.nodes[at];
      if (node === undefined || node.kind === 'exit') return this.leave(frame, state);
      const calls = this.callsAt(frame, node);
      for (; index < calls.length; index++) {
        const call = calls[index];
        if (call === undefined) break;
        const done = this.call(frame, call, state);
        for (const one of done.acts) if (this.tells(one.act, frame.depth)) acts.push(one);
        const temporary = this.temporary(frame, call);
        if (done.kind === 'lost') return done.behaviour;
        if (done.kind === 'enter') {
          const next = index + 1;
          return this.enter(done.fn, done.values, done.state, frame, `${call.line}.${temporary.slice(temporary.indexOf('%') + 1)}`, (after) =>
            this.walk(frame, node.id, { ...after, store: new Map(after.store).set(temporary, after.result === '' ? NULL : after.result) }, next));
        }
        state = { ...done.state, store: new Map(done.state.store).set(temporary, done.value) };
      }
      index = 0;
      const after = this.effect(frame, node, state);
      const told = this.told(frame, node, after);
      if (told !== null) acts.push({ act: told, at: this.placeOf(frame, node.line) });
      const edges = frame.flow.out[node.id] ?? [];
      state = withoutTemporaries(after, frame);
      if (edges.length > 1) return this.branch(frame, node, edges, after, state);
      at = edges[0]?.to ?? frame.flow.exit;
    }
  }

  private tells(act: Act, depth: number): boolean {
    // Another object's reservation is nobody's business here.
    if ((act.do === 'resv-lock' || act.do === 'resv-unlock') && !act.own) return false;
    // Inner locks deep below the callback are taken and given back there.
    if ((act.do === 'lock' || act.do === 'unlock') && this.question.assumesStops && depth > 2) return false;
    return this.question.tells.has(act.do);
  }

  private callsAt(frame: Frame, node: FlowNode): readonly (Expression & { readonly kind: 'call' })[] {
    if (node.value === null) return [];
    // A loop macro is no call.
    if (node.kind === 'branch' && (frame.flow.out[node.id] ?? []).some((edge) => edge.test !== null && edge.test.value === null && edge.test.kind !== 'case')) return [];
    return callsOf(node.value);
  }

  private leave(frame: Frame, state: State): Behaviour {
    const prefix = `${frame.id}:`;
    const store = new Map([...state.store].filter(([place]) => !place.startsWith(prefix) && !place.startsWith(`${frame.id}/`)));
    // What was learnt of passing values dies with the function; of the object it stays.
    const facts = new Map([...state.facts].filter(([symbol]) => !/call:|out\(|some\(|idle:/.test(symbol) && hops(symbol, this.roots) <= 1));
    const loops = new Map([...state.loops].filter(([key]) => !key.startsWith(`${frame.id}#`)));
    return frame.resume({ ...state, store, facts, loops });
  }

  private temporary(frame: Frame, call: Expression): string {
    let number = this.temporaries.get(call);
    if (number === undefined) {
      number = this.temporaries.size;
      this.temporaries.set(call, number);
    }
    return `${frame.id}:%${number}`;
  }

  // --- calls ---

  private call(frame: Frame, call: Expression & { readonly kind: 'call' }, state: State): Called {
    const at = this.placeOf(frame, call.line);
    const gives = (value: Value, ...acts: (Act | null)[]): Called => ({ kind: 'value', state, value, acts: acts.flatMap((act) => (act === null ? [] : [{ act, at }])) });
    const { callee, args } = call;
    const texts = args.map(expressionText);
    // guard(mutex)(&lock), scoped_guard(mutex, &lock): held to the end of the scope; the cleanup node gives it back.
    if (callee.kind === 'opaque') return gives(NULL, scopeAct(callee.text, texts.join(', '), 'lock'));
    const name = callee.kind === 'name' ? callee.name : null;
    if (name !== null) {
      const held = heldByCaller(name, args);
      // Only what the root itself demands of its caller; below, the lock was taken on the way.
      if (held !== null) return gives(NULL, frame.up === null && !/resv/.test(texts[0] ?? '') ? held : null);
      if (/^scoped_/.test(name)) return gives(NULL, scopeAct(`${name}(${texts[0] ?? ''})`, texts.slice(1).join(', '), 'lock'));
      if (isTalk(name)) return gives(args.length === 0 ? NULL : this.evaluate(frame, args[args.length - 1] ?? call, state));
      const anchor = ANCHORS.get(name);
      if (anchor !== undefined) return gives(this.resultOf(anchor.result, name, at), anchor.act(texts, args.map((arg) => this.evaluate(frame, arg, state))));
      const wait = completionWait(name, args);
      if (wait !== null) return gives(this.resultOf(name.includes('_timeout') ? 'positive' : 'status', name, at), wait);
      const fact = FRAMEWORK_FACTS.get(name);
      if (fact !== undefined) {
        this.assumptions.add(`${name}() at ${at.file}:${at.line}: ${fact.why}`);
        return gives(fact.value ? ONE : NULL);
      }
      if (name === 'dma_resv_test_signaled') return gives(`idle:${usageOf(texts[1])}`);
      const placed = PLACEMENT_CALLS.get(name);
      if (placed !== undefined) return { kind: 'value', state: this.place(frame, args, placed, state), value: this.resultOf('status', name, at), acts: [] };
    }
    const deferred = deferredCallOf(call);
    if (deferred !== null) {
      if (deferred.kind === 'work-queue') return gives(ONE, this.queue(frame, lastField(deferred.object), at));
      if (deferred.kind === 'work-flush') {
        const to = this.reach.workOf(lastField(deferred.object), frame.fn.file);
        return gives(NULL, to === null ? null : { do: 'flush-work', runs: to.name });
      }
      if (deferred.kind === 'release') return this.release(frame, call, deferred.object, deferred.runs, at, state);
    }
    const targets = name !== null ? this.named(frame, name, state) : this.throughPointer(frame, call, state);
    return this.into(frame, call, targets, state);
  }

  private named(frame: Frame, name: string, state: State): readonly CFunction[] {
    const value = state.store.get(local(frame, name));
    const real = value?.startsWith('fn:') === true ? value.slice(3) : name;
    const place = this.code.locate(real, frame.fn.file);
    if (place === null) return [];
    const fn = this.code.functionIn(place.file, real);
    return fn === null ? [] : [fn];
  }

  /** A call through a member: what the path is known to hold, what was kept there, or the driver's own table. */
  private throughPointer(frame: Frame, call: Expression & { readonly kind: 'call' }, state: State): readonly CFunction[] {
    const value = this.evaluate(frame, call.callee, state);
    if (value.startsWith('fn:')) return this.named(frame, value.slice(3), state);
    if (call.callee.kind !== 'field') return [];
    const { name } = call.callee;
    const names = this.question.heldFunctions(name, frame.fn.file);
    const found = names.length > 0
      ? names.map((held) => this.code.locate(held, frame.fn.file) ?? this.located(held))
      : this.reach.throughMember(name, frame.fn.file, this.question.home, this.structOf(frame, call.callee.of));
    return found.flatMap((one) => {
      const fn = one === null ? null : this.code.functionIn(one.file, one.name);
      return fn === null ? [] : [fn];
    });
  }

  /** The struct that an expression is, or points to; null where that is not plain. */
  private structOf(frame: Frame, one: Expression): string | null {
    const inner = bared(one);
    const word = (type: string | null | undefined): string | null => /\bstruct\s+(\w+)/.exec(type ?? '')?.[1] ?? null;
    if (inner.kind === 'name') return word(frame.fn.parameters.find((parameter) => parameter.name === inner.name)?.type ?? typesOf(frame.fn).get(inner.name));
    if (inner.kind === 'field') {
      const of = this.structOf(frame, inner.of);
      return of === null ? null : word(this.code.memberType(of, inner.name, frame.fn.file));
    }
    if (inner.kind === 'call' && inner.callee.kind === 'name') {
      const [fn] = this.named(frame, inner.callee.name, { store: new Map(), facts: new Map(), loops: new Map(), result: '' });
      return word(fn?.returns);
    }
    return inner.kind === 'unary' || inner.kind === 'index' ? this.structOf(frame, inner.of) : null;
  }

  private located(name: string) {
    for (const file of this.code.exportedFrom(name)) {
      const found = this.code.locate(name, file);
      if (found !== null) return found;
    }
    return null;
  }

  /** Follows what is worth it: else the call only gives a value. */
  private into(frame: Frame, call: Expression & { readonly kind: 'call' }, targets: readonly CFunction[], state: State): Called {
    const at = this.placeOf(frame, call.line);
    const values = call.args.map((arg) => this.evaluate(frame, arg, state));
    const worth = targets.filter((fn) => this.isWorth(frame, fn, values));
    const [first] = worth;
    const name = calleeName(call);
    if (first === undefined) {
      const known = targets.length === 0 ? helperActs(name) : [];
      if (known.length > 0) return { kind: 'value', state, value: this.resultOf('status', name, at), acts: known.map((act) => ({ act, at })) };
      const accessor = targets.length === 1 && targets[0] !== undefined ? this.accessor(frame, targets[0], values, state) : null;
      if (accessor !== null) return { kind: 'value', state, value: accessor, acts: [] };
      const told = this.question.assumesStops && frame.depth <= 2 && this.isStop(name, values, targets[0] ?? null);
      // Deeper down it is no longer the callback that speaks to its device.
      return { kind: 'value', state: this.outputs(call, values, state, at), value: this.unread(targets[0] ?? null, name, at), acts: told ? [{ act: { do: 'stop-device', call: name, assumed: true }, at }] : [] };
    }
    if (worth.length > 1) this.note(frame.fn, call.line, `${expressionText(call.callee)}() may be ${worth.map((fn) => fn.name).join(' or ')}: the first is taken`);
    if (isRecursive(frame, first)) {
      this.note(frame.fn, call.line, `${first.name}() calls itself: not followed again`);
      return { kind: 'value', state, value: this.unread(first, name, at), acts: [] };
    }
    if (frame.depth >= DEEPEST) return { kind: 'lost', behaviour: this.lost(frame, call.line, `${first.name}(): ${DEEPEST} calls deep, not followed`), acts: [] };
    return { kind: 'enter', fn: first, values, state, acts: [] };
  }

  private isWorth(frame: Frame, fn: CFunction, values: readonly Value[]): boolean {
    const closest = Math.min(Infinity, ...values.map((value, at) => (isSurroundings(fn.parameters[at]?.type ?? '') ? Infinity : hops(value, this.roots))));
    if (!this.question.followsAll && values.length > 0 && !Number.isFinite(closest)) return false;
    const place = this.code.locate(fn.name, fn.file);
    if (place === null) return false;
    if (!isNear(fn.file, frame.fn.file, this.question.home)) return false;
    const distances = this.reach.distances(place, this.question.home);
    // A small question about the object: its parts may be known where the whole is not.
    if (/^bool$/.test(fn.returns) && fn.endLine - fn.line < 12 && closest <= 1 && frame.depth <= 4) return true;
    // It fills something in that its caller goes on with.
    if (fn.endLine - fn.line < 80 && values.some((value) => /^&[\d/.]+:\w+$/.test(value)) && folderOf(fn.file) === this.question.home) return true;
    for (const [goal, far] of this.question.goals) {
      const distance = distances.get(goal);
      if (distance === undefined || distance > far) continue;
      // Fences of what is far down are those of other work.
      if (goal === 'fence' && frame.depth > 3) continue;
      // An object far from the one at hand is another object, unless the goal is next door.
      if (this.question.followsAll || closest <= 1 || distance <= 4) return true;
    }
    return false;
  }

  /** A call that is handed the object, is not followed and not known to be harmless. */
  private isStop(name: string, values: readonly Value[], fn: CFunction | null): boolean {
    if (fn === null && /^(?:list_|kfree|kvfree|memset|memcpy|atomic|refcount|get_|put_|container_of|to_|IS_ERR|PTR_ERR|ERR_|READ_ONCE|WRITE_ONCE|min|max|test_bit|set_bit|clear_bit|drm_gem_object_|xa_|idr_|swap|rcu_|unlikely|likely|__|sg_)/.test(name)) return false;
    if (isConversion(name) || looksLikePredicate(name) || (fn !== null && /\bbool\b/.test(fn.returns)) || /(?:^|_)(?:lock|unlock|get|put|init|size|flags|num_pages|len|offset|index|first|last|ctx)$/.test(name)) return false;
    return values.some((value, at) => /attach->importer_priv/.test(value) && !isSurroundings(fn?.parameters[at]?.type ?? '') && hops(value, this.roots) <= 1);
  }

  /** A function that only gives an expression of its arguments. */
  private accessor(frame: Frame, fn: CFunction, values: readonly Value[], state: State): Value | null {
    if (this.nesting > 4 || fn.body.length > 8 || fn.unread.length > 0) return null;
    this.nesting++;
    try {
      return this.accessed(frame, fn, values, state);
    } finally {
      this.nesting--;
    }
  }

  private accessed(frame: Frame, fn: CFunction, values: readonly Value[], state: State): Value | null {
    const inner: Frame = { id: `${frame.id}/a`, fn, flow: frame.flow, depth: frame.depth + 1, up: frame, resume: frame.resume };
    let store = new Map(state.store);
    fn.parameters.forEach((parameter, at) => store.set(local(inner, parameter.name), values[at] ?? ''));
    const step = (statements: CFunction['body']): Value | null | undefined => {
      for (const statement of statements) {
        const now: State = { ...state, store };
        if (statement.kind === 'return') return statement.value === null ? NULL : this.pure(inner, statement.value, now);
        if (statement.kind === 'declare') {
          if (statement.value === null) continue;
          const value = this.pure(inner, statement.value, now);
          if (value === null) return null;
          store = new Map(store).set(local(inner, statement.name), value);
        } else if (statement.kind === 'if') {
          const { value, note } = this.truth(inner, statement.condition, now);
          if (value === null) return null;
          if (note !== null) this.assumptions.add(note);
          const result = step(value ? statement.then : statement.otherwise);
          if (result !== undefined) return result;
        } else if (statement.kind === 'expression') {
          const { value } = statement;
          if (value.kind !== 'call' || value.callee.kind !== 'name' || !(isTalk(value.callee.name) || heldByCaller(value.callee.name, value.args) !== null)) return null;
        } else return null;
      }
      return undefined;
    };
    return step(fn.body) ?? null;
  }

  /** An expression without calls that do anything; null where it has one. */
  private pure(frame: Frame, one: Expression, state: State): Value | null {
    for (const call of callsOf(one)) {
      const key = this.temporary(frame, call);
      const targets = call.callee.kind === 'name' ? this.named(frame, call.callee.name, state) : [];
      const values = call.args.map((arg) => this.evaluate(frame, arg, state));
      const [only] = targets;
      const inner = only === undefined ? null : this.accessor(frame, only, values, state);
      const name = calleeName(call);
      if (inner === null && !looksLikePredicate(name) && !isConversion(name)) return null;
      const value = inner ?? (isBuiltIn(name) ? null : this.unread(only ?? null, name, this.placeOf(frame, call.line)));
      if (value !== null) state = { ...state, store: new Map(state.store).set(key, value) };
    }
    return this.evaluate(frame, one, state);
  }

  /** Where a callee that is not read may have written: the variables whose address it is handed here. A question writes nothing. */
  private outputs(call: Expression & { readonly kind: 'call' }, values: readonly Value[], state: State, at: Place): State {
    if (looksLikePredicate(calleeName(call))) return state;
    const locals = values.filter((value, index) => /^&[\d/.]+:/.test(value) && call.args[index]?.kind === 'unary');
    if (locals.length === 0) return state;
    const near = values.find((value) => /attach->/.test(value)) ?? calleeName(call);
    const store = new Map(state.store);
    for (const value of locals) {
      const place = value.slice(1);
      for (const key of [...store.keys()]) if (key.startsWith(`${place}.`)) store.delete(key);
      store.set(place, `out(${near})@${at.line}`);
    }
    return { ...state, store };
  }

  private unread(fn: CFunction | null, name: string, at: Place): Value {
    const kind = fn === null && this.code.givesBool(name, at.file) ? 'predicate' : resultKind(fn, name);
    return this.resultOf(kind, name, at);
  }

  private resultOf(kind: ResultKind, name: string, at: Place): Value {
    return kind === 'void' ? NULL : `call:${kind}:${name}@${at.file}:${at.line}`;
  }

  private queue(frame: Frame, field: string, at: Place): Act | null {
    const to = this.reach.workOf(field, frame.fn.file);
    const fn = to === null ? null : this.code.functionIn(to.file, to.name);
    if (fn === null) {
      this.note(frame.fn, at.line, `queues the work ${field}: what it runs was not found`);
      return null;
    }
    if (!this.works.has(fn.name)) {
      // The place is kept first: a work may queue itself.
      this.works.set(fn.name, { name: fn.name, behaviour: { kind: 'end', returns: '' } });
      const inner = new Execution(this.code, this.reach, { ...this.question, root: fn, given: new Map(), start: new Map() }, this.works).run();
      for (const row of inner.ledger) this.ledger.set(`${row.file}:${row.line} ${row.reason}`, row);
      for (const one of inner.assumptions) this.assumptions.add(one);
      for (const one of inner.followed) this.followed.add(one);
      this.works.set(fn.name, { name: fn.name, behaviour: inner.behaviour });
    }
    return { do: 'queue-work', runs: fn.name };
  }

  /** kref_put(&x, release): the last one runs `release`. */
  private release(frame: Frame, call: Expression & { readonly kind: 'call' }, object: string, runs: string | null, at: Place, state: State): Called {
    const [fn] = runs === null ? [] : this.named(frame, runs, state);
    const [first] = call.args;
    const values = first === undefined ? [] : [this.evaluate(frame, first, state)];
    if (fn !== undefined && this.isWorth(frame, fn, values)) {
      this.assumptions.add(`${call.callee.kind === 'name' ? call.callee.name : 'kref_put'}(${object}) at ${at.file}:${at.line} drops the last reference`);
      return this.into(frame, call, [fn], state);
    }
    const completes = fn === undefined ? null : /\bcomplete(?:_all)?\s*\(\s*&?[\w>.()-]*?(\w+)\s*\)/.exec(this.code.bodyText(this.code.locate(fn.name, fn.file) ?? { name: fn.name, file: fn.file, at: 0 }))?.[1] ?? null;
    return { kind: 'value', state, value: `call:predicate:kref_put@${at.file}:${at.line}`, acts: [{ act: { do: 'count-put', object: lastField(object), completes }, at }] };
  }

  /** TTM's choice of a place: one of the placement's, and the first of them where there is one only. */
  private place(frame: Frame, args: readonly Expression[], at: { readonly placement: number; readonly result: number }, state: State): State {
    const [placement, result] = [args[at.placement], args[at.result]];
    if (placement === undefined || result === undefined) return state;
    const from = this.evaluate(frame, placement, state);
    const to = this.evaluate(frame, result, state);
    const count = this.read(frame, throughPointer(from, 'num_placement'), state);
    const places = this.read(frame, throughPointer(from, 'placement'), state);
    const one = places.startsWith('&') ? this.read(frame, `${places.slice(1)}.mem_type`, state) : `${from}->place`;
    const resource = `resource(${from})`;
    const store = new Map(state.store).set(pointee(to), resource);
    const type = count === '#1' && isKnownNumber(one) ? one : `placed(${from})`;
    return { ...state, store: store.set(throughPointer(resource, 'mem_type'), type) };
  }

  // --- statements ---

  private effect(frame: Frame, node: FlowNode, state: State): State {
    const { value } = node;
    if (node.kind === 'cleanup') return state;
    if (node.declares !== null && value !== null) return this.assign(frame, local(frame, node.declares), value, state);
    if (value === null) return node.kind === 'return' ? { ...state, result: NULL } : state;
    if (node.kind === 'return') return { ...state, result: this.evaluate(frame, value, state) };
    return node.kind === 'branch' ? state : this.stores(frame, value, state);
  }

  private stores(frame: Frame, one: Expression, state: State): State {
    if (one.kind === 'comma') return one.parts.reduce((now, part) => this.stores(frame, part, now), state);
    if (one.kind === 'assign') {
      const inner = one.value.kind === 'assign' ? this.stores(frame, one.value, state) : state;
      const place = this.placeIn(frame, one.to, inner);
      if (place === null) return inner;
      if (one.op === '=') return this.assign(frame, place, one.value.kind === 'assign' ? one.value.to : one.value, inner);
      return { ...inner, store: new Map(inner.store).set(place, `(${place} ${one.op} …@${one.line})`) };
    }
    if (one.kind === 'unary' && /\+\+|--/.test(one.op)) {
      const place = this.placeIn(frame, one.of, state);
      return place === null ? state : { ...state, store: new Map(state.store).set(place, `(${place}${one.op.includes('+') ? '+' : '-'}@${one.line})`) };
    }
    if (one.kind === 'call' && one.callee.kind === 'name' && one.callee.name === 'swap') {
      const [a, b] = one.args.map((arg) => this.placeIn(frame, arg, state));
      if (a === undefined || a === null || b === undefined || b === null) return state;
      return { ...state, store: new Map(state.store).set(a, this.read(frame, b, state)).set(b, this.read(frame, a, state)) };
    }
    return state;
  }

  private assign(frame: Frame, place: string, value: Expression, state: State): State {
    const store = new Map(state.store);
    for (const key of [...store.keys()]) if (key.startsWith(`${place}.`) || key.startsWith(`${place}[`)) store.delete(key);
    const plain = bared(value);
    if (plain.kind === 'list') {
      store.delete(place);
      store.set(`${place}.*`, NULL);
      for (const { member: name, value: inner } of plain.entries) if (name !== null && !name.startsWith('[')) store.set(member(place, name), this.evaluate(frame, inner, state));
      return { ...state, store };
    }
    // A struct as a whole: reads go to where it came from.
    const from = plain.kind === 'name' ? this.tablePlace(frame, plain.name, state) : null;
    store.set(place, from === null ? this.evaluate(frame, value, state) : `@${from}`);
    return { ...state, store };
  }

  private tablePlace(frame: Frame, name: string, state: State): string | null {
    if (state.store.has(local(frame, name))) return null;
    const table = this.code.tableNamed(name, frame.fn.file);
    return table === null ? null : `g:${table.file}:${name}`;
  }

  // --- branches ---

  /** What a node tells apart from its calls: a lock given back at the end of its scope, a flag stored. */
  private told(frame: Frame, node: FlowNode, state: State): Act | null {
    const act = node.kind === 'cleanup' ? cleanupAct(node.text) : this.flagStore(frame, node, state);
    return act !== null && this.tells(act, frame.depth) ? act : null;
  }

  private branch(frame: Frame, node: FlowNode, edges: readonly FlowEdge[], state: State, clean: State): Behaviour {
    const go = (edge: FlowEdge, now: State): Behaviour => this.walk(frame, edge.to, now);
    const [first] = edges;
    if (first?.test?.kind === 'case') return this.cases(frame, node, edges, state, clean);
    const yes = edges.find((edge) => edge.test?.taken === true);
    const no = edges.find((edge) => edge.test?.taken === false);
    if (yes === undefined || no === undefined) return go(first ?? { from: node.id, to: frame.flow.exit, test: null, isBack: false }, clean);
    const at = this.placeOf(frame, node.line);
    if (yes.test?.kind === 'configuration') return this.diagram.branch({ is: 'unknown', text: node.text }, at, go(yes, clean), go(no, clean));
    const isLoop = yes.test?.kind === 'loop';
    if (isLoop) {
      const seen = clean.loops.get(`${frame.id}#${node.id}`) ?? 0;
      const entered: State = { ...clean, loops: new Map(clean.loops).set(`${frame.id}#${node.id}`, seen + 1) };
      if (seen > 0) return go(no, clean);
      const known = node.value === null || yes.test?.value === null ? null : this.truth(frame, node.value, state);
      if (known?.value === false) return go(no, clean);
      const into: State = yes.test?.value === null ? this.iterate(frame, node, entered) : entered;
      const inside = go(yes, into);
      const outside = go(no, clean);
      if (inside !== outside && known?.value !== true) this.assumptions.add(`the loop at ${at.file}:${at.line} covers every element`);
      return inside;
    }
    const { value: known, test, inverted, learn, note } = this.truth(frame, node.value ?? { kind: 'opaque', text: node.text, line: node.line }, state);
    if (note !== null && known !== null) this.assumptions.add(note);
    if (known !== null) return go(known ? yes : no, learn === null ? clean : withFact(clean, learn, known));
    const skipped = this.skipped(frame, node, clean);
    if (skipped !== null) return skipped();
    const side = (taken: boolean): State => (learn === null ? clean : withFact(clean, learn, taken));
    if (inverted === true) return this.diagram.branch(test, at, go(no, side(false)), go(yes, side(true)));
    return this.diagram.branch(test, at, go(yes, side(true)), go(no, side(false)));
  }

  /** Goes straight to where the sides meet, if nothing between matters; what they stored is not known there. */
  private skipped(frame: Frame, node: FlowNode, state: State): (() => Behaviour) | null {
    let points = this.meets.get(frame.flow);
    if (points === undefined) {
      points = meetingPoints(frame.flow);
      this.meets.set(frame.flow, points);
    }
    const to = points[node.id] ?? -1;
    if (to === -1 || to === frame.flow.exit) return null;
    const nodes = between(frame.flow, node.id, to);
    if (nodes === null || nodes.length > 60) return null;
    const stored = new Map<string, Value>();
    for (const id of nodes) {
      const one = frame.flow.nodes[id];
      if (one === undefined || one.kind === 'return' || one.kind === 'exit' || one.kind === 'cleanup') return null;
      for (const call of this.callsAt(frame, one)) if (this.matters(frame, call, state)) return null;
      const { value } = one;
      if (value === null || one.kind === 'branch') continue;
      if (value.kind === 'assign' && value.to.kind === 'field' && (this.question.flags.has(value.to.name) || this.question.mapFields.has(value.to.name))) return null;
      const place = one.declares !== null ? local(frame, one.declares) : value.kind === 'assign' ? this.placeIn(frame, value.to, state) : value.kind === 'unary' && /\+\+|--/.test(value.op) ? this.placeIn(frame, value.of, state) : null;
      if (place === null) continue;
      const now = value.kind === 'assign' ? this.evaluate(frame, value.value, state) : '';
      // A constant may be tested later: then the sides are not alike.
      if (isKnownNumber(now) && /^[\d/.]+:/.test(place)) return null;
      if (value.kind === 'assign' && value.value.kind === 'name' && this.tablePlace(frame, value.value.name, state) !== null) return null;
      stored.set(place, value.kind === 'assign' && value.value.kind === 'call' ? this.unread(null, calleeName(value.value), this.placeOf(frame, one.line)) : `some(${place})@${node.line}`);
    }
    return () => this.walk(frame, to, stored.size === 0 ? state : { ...state, store: new Map([...state.store, ...stored]) });
  }

  /** A call that is told or followed. */
  private matters(frame: Frame, call: Expression & { readonly kind: 'call' }, state: State): boolean {
    const { callee } = call;
    const name = callee.kind === 'name' ? callee.name : null;
    if (name !== null) {
      if (isTalk(name)) return false;
      if (PLACEMENT_CALLS.has(name)) return true;
      const anchor = ANCHORS.get(name);
      if (anchor !== undefined) {
        const made = anchor.act(call.args.map(expressionText), call.args.map((arg) => this.evaluate(frame, arg, state)));
        return made !== null && this.tells(made, frame.depth);
      }
      if (completionWait(name, call.args) !== null) return true;
      const deferred = deferredCallOf(call);
      if (deferred !== null && (deferred.kind === 'work-queue' || deferred.kind === 'release')) return true;
    }
    const values = call.args.map((arg) => this.evaluate(frame, arg, state));
    const targets = name !== null ? this.named(frame, name, state) : this.throughPointer(frame, call, state);
    if (name !== null && targets.length === 0 && helperActs(name).some((act) => this.tells(act, frame.depth))) return true;
    if (targets.some((fn) => this.isWorth(frame, fn, values))) return true;
    return this.question.assumesStops && frame.depth <= 2 && this.isStop(calleeName(call), values, targets[0] ?? null);
  }

  private cases(frame: Frame, node: FlowNode, edges: readonly FlowEdge[], state: State, clean: State): Behaviour {
    const value = node.value === null ? '' : this.evaluate(frame, node.value, state);
    const rows = edges.map((edge) => ({ edge, value: edge.test?.value === null || edge.test?.value === undefined ? null : this.evaluate(frame, edge.test.value, state) }));
    const go = (edge: FlowEdge): Behaviour => this.walk(frame, edge.to, clean);
    if (isKnownNumber(value)) {
      const hit = rows.find((row) => row.value === value) ?? rows.find((row) => row.value === null);
      if (hit !== undefined) return go(hit.edge);
    }
    const at = this.placeOf(frame, node.line);
    const open = rows.filter((row) => row.value === null || node.value === null || this.decision(frame, node.value, value, row.value, row.edge.test?.text ?? node.text, at)?.value !== false);
    const last = open.find((row) => row.value === null) ?? open[open.length - 1];
    let made = last === undefined ? this.leave(frame, clean) : go(last.edge);
    for (const row of [...open].reverse()) if (row !== last) made = this.diagram.branch({ is: 'unknown', text: row.edge.test?.text ?? node.text }, at, go(row.edge), made);
    return made;
  }

  /** The variable of list_for_each_entry(pos, head, member) is some element of the list. */
  private iterate(frame: Frame, node: FlowNode, state: State): State {
    const value = node.value;
    if (value === null || value.kind !== 'call') return state;
    const names = value.args.map((arg) => (arg.kind === 'name' ? arg.name : null));
    const macro = value.callee.kind === 'name' ? value.callee.name : '';
    const at = /^(?:xa_for_each|hash_for_each|idr_for_each_entry|for_each_sg)/.test(macro) ? (value.args.length >= 3 ? (macro.startsWith('for_each_sg') ? 1 : 2) : 0) : 0;
    const variable = names[at] ?? names[0];
    const list = value.args[at === 0 ? value.args.findIndex((arg, index) => index > 0 && arg.kind !== 'name') : 0] ?? value.args[1];
    if (variable === undefined || variable === null) return state;
    const from = list === undefined ? macro : this.evaluate(frame, list, state).replace(/^&/, '');
    return { ...state, store: new Map(state.store).set(local(frame, variable), `${from}->each`) };
  }

  // --- tests ---

  private truth(frame: Frame, one: Expression, state: State): Truth {
    const inner = bared(one);
    const text = expressionText(inner);
    const at = this.placeOf(frame, inner.line);
    const known = (value: boolean, note: string | null = null) => ({ value, test: { is: 'unknown', text } as Test, learn: null, note });
    if (inner.kind === 'unary' && inner.op === '!') {
      const of = this.truth(frame, inner.of, state);
      return { value: of.value === null ? null : !of.value, test: of.test.is === 'unknown' ? { is: 'unknown', text } : of.test, inverted: of.test.is === 'unknown' ? false : of.inverted !== true, learn: of.learn === null ? null : { symbol: of.learn.symbol, yes: of.learn.no, no: of.learn.yes }, note: of.note };
    }
    if (inner.kind === 'call' && inner.callee.kind === 'name') {
      const { name } = inner.callee;
      if (isWarnTest(name)) return known(false);
      const [first] = inner.args;
      if (/^IS_ERR(?:_OR_NULL)?$/.test(name) && first !== undefined) {
        const value = this.evaluate(frame, first, state);
        if (isErrno(value)) return known(true);
        if (value === NULL) return known(name !== 'IS_ERR');
        return known(false, isCallResult(value) ? succeeds(value) : null);
      }
      if (name === 'IS_ENABLED' || name === 'IS_REACHABLE') return known(true, `${text} is on`);
      if (/^list_empty(?:_careful)?$/.test(name)) return { value: null, test: { is: 'unknown', text }, learn: null, note: null };
    }
    if (inner.kind === 'binary' && ['==', '!=', '<', '>', '<=', '>='].includes(inner.op)) return this.compare(frame, inner, state, text);
    if (inner.kind === 'assign') {
      const value = this.evaluate(frame, inner.value, state);
      return this.truthOf(frame, inner.value, value, text, at, state);
    }
    return this.truthOf(frame, inner, this.evaluate(frame, inner, state), text, at, state);
  }

  private truthOf(frame: Frame, one: Expression | null, value: Value, text: string, at: Place, state: State): Truth {
    const unknown = (test: Test) => ({ value: null, test, learn: { symbol: value, yes: '!0', no: '0' }, note: null });
    if (value === NULL) return { value: false, test: { is: 'unknown', text }, learn: null, note: null };
    if (isKnownNumber(value) || value.startsWith('&') || value.startsWith('fn:')) return { value: true, test: { is: 'unknown', text }, learn: null, note: null };
    const fact = state.facts.get(value);
    if (fact !== undefined) return { value: fact === '!0', test: { is: 'unknown', text }, learn: null, note: null };
    if (value.startsWith('idle:')) return unknown({ is: 'idle', usage: usageOf(value.slice(5)) });
    const pointer = one !== null && this.isPointer(frame, bared(one));
    if (pointer && /^\w*alloc\w*\(/.test(value)) return { value: true, test: { is: 'unknown', text }, learn: null, note: null };
    if (value.startsWith('call:status:') && !pointer) return { value: false, test: { is: 'unknown', text }, learn: null, note: succeeds(value) };
    if (value.startsWith('call:positive:')) return { value: true, test: { is: 'unknown', text }, learn: null, note: succeeds(value) };
    if (value.startsWith('call:pointer:') || (pointer && value.startsWith('call:status:'))) {
      const name = value.split(':')[2]?.split('@')[0] ?? '';
      if (ANCHORS.has(name) || looksLikeAllocation(name)) return { value: true, test: { is: 'unknown', text }, learn: null, note: succeeds(value) };
    }
    const test = this.interfaceTest(value);
    if (test !== null && test.is !== 'flag') return unknown(test);
    const decision = this.decision(frame, one, value, null, text, at);
    if (decision !== null) return { value: decision.value, test: { is: 'unknown', text }, learn: null, note: null };
    return unknown(test ?? { is: 'unknown', text });
  }

  /** Asks whoever knows more of the driver than this path does; remembers what was asked. */
  private decision(frame: Frame, one: Expression | null, value: Value, equals: Value | null, text: string, at: Place, constant: string | null = null): Decision | null {
    if (isCallResult(value) || !/->|\./.test(value) || !Number.isFinite(hops(value, this.roots))) return null;
    const made = this.question.decide({ field: lastField(value), path: value, equals, constant, isPointer: one !== null && this.isPointer(frame, bared(one)), text, fn: frame.fn, root: this.question.root });
    if (made !== null) this.decided.set(`${at.file}:${at.line} ${text}`, { ...at, text, decided: made.why, side: made.value });
    return made;
  }

  private isPointer(frame: Frame, one: Expression): boolean {
    if (one.kind === 'name') return (typesOf(frame.fn).get(one.name) ?? '').trimEnd().endsWith('*');
    if (one.kind !== 'field') return false;
    const struct = this.structOf(frame, one.of);
    if (struct === null) return false;
    if (this.code.memberType(struct, one.name, frame.fn.file)?.endsWith('*') === true) return true;
    return new RegExp(`\\(\\s*\\*\\s*${one.name}\\s*\\)\\s*\\(`).test(this.code.structBody(struct, frame.fn.file) ?? '');
  }

  private interfaceTest(value: Value): Test | null {
    if (value === 'attach->peer2peer') return { is: 'peer2peer' };
    if (value.startsWith('call:predicate:dma_buf_attach_revocable@')) return { is: 'revocable' };
    if (/^attach->importer_ops->(?:invalidate_mappings|move_notify)$/.test(value)) return { is: 'callback' };
    if (value === 'attach->importer_ops' || /^call:\w+:dma_buf_attachment_is_dynamic@/.test(value)) return { is: 'dynamic' };
    const field = lastField(value);
    if (/->|\./.test(value) && this.question.mapFields.has(field)) return { is: 'mapped' };
    if (/->|\./.test(value) && this.question.flags.has(field)) return { is: 'flag', field, path: value };
    return null;
  }

  private compare(frame: Frame, one: Expression & { readonly kind: 'binary' }, state: State, text: string): Truth {
    const left = this.evaluate(frame, one.left, state);
    const right = this.evaluate(frame, one.right, state);
    const answer = (value: boolean | null, test: Test = { is: 'unknown', text }, learn: { symbol: Value; yes: string; no: string } | null = null, note: string | null = null) => ({ value, test, learn, note });
    const isEqual = one.op === '==';
    const [a, b] = [numberOf(left), numberOf(right)];
    if (a !== null && b !== null) {
      const result = one.op === '==' ? a === b : one.op === '!=' ? a !== b : one.op === '<' ? a < b : one.op === '>' ? a > b : one.op === '<=' ? a <= b : a >= b;
      return answer(result);
    }
    if (one.op === '==' || one.op === '!=') {
      if (left === right && !isCallResult(left)) return answer(isEqual);
      // A call that went well gave no errno.
      for (const [value, other] of [[left, right], [right, left]] as const) {
        if (/^call:(?:status|positive):/.test(value) && isErrno(other)) return answer(!isEqual, undefined, null, succeeds(value));
        if (/^call:status:/.test(value) && other === NULL) return answer(isEqual, undefined, null, succeeds(value));
        if (/^call:positive:/.test(value) && other === NULL) return answer(!isEqual, undefined, null, succeeds(value));
        if (isErrno(value) && isKnownNumber(other)) return answer((value === other) === isEqual);
        if (other === NULL) {
          const decided = this.decision(frame, value === left ? one.left : one.right, value, NULL, text, this.placeOf(frame, one.line));
          if (decided !== null) return answer(decided.value === isEqual);
          const of = this.truthOf(frame, value === left ? one.left : one.right, value, text, this.placeOf(frame, one.line), state);
          if (!isEqual) return of;
          // The text says "x == NULL" already; a test of the interface has a side of its own.
          const isText = of.test.is === 'unknown';
          return { value: of.value === null ? null : !of.value, test: of.test, inverted: !isText, learn: of.learn === null ? null : { symbol: of.learn.symbol, yes: of.learn.no, no: of.learn.yes }, note: of.note };
        }
        // Members that hold the driver's own functions say whose object it is.
        if (other.startsWith('&g:') && /->ops$|\.ops$/.test(value)) return answer(null, { is: 'exporter-ops', table: other.split(':').at(-1) ?? '' }, { symbol: `${value}==${other}`, yes: '!0', no: '0' });
        if ((other.startsWith('fn:')) && /->(?:destroy|release|free|func)$|\.(?:destroy|release|free|func)$/.test(value)) return answer(isEqual, undefined, null, `${text} holds for the driver's own object`);
      }
      for (const [value, other] of [[left, right], [right, left]] as const) {
        // A flag against true or false.
        if ((other === ONE || other === NULL) && this.interfaceTest(value)?.is === 'flag') {
          const of = this.truthOf(frame, null, value, text, this.placeOf(frame, one.line), state);
          const straight = (other === ONE) === isEqual;
          if (of.value !== null) return answer(straight ? of.value : !of.value);
          if (straight) return answer(null, of.test, of.learn);
          return { value: null, test: of.test, inverted: true, learn: of.learn === null ? null : { symbol: of.learn.symbol, yes: of.learn.no, no: of.learn.yes }, note: null };
        }
      }
      if (isKnownNumber(right)) {
        const decision = this.decision(frame, one.left, left, right, text, this.placeOf(frame, one.line), one.right.kind === 'name' ? one.right.name : null);
        if (decision !== null) return answer(decision.value === isEqual);
      }
      const [low, high] = [left, right].sort();
      const symbol = `${low ?? ''} == ${high ?? ''}`;
      const fact = state.facts.get(symbol);
      if (fact !== undefined) return answer((fact === '!0') === isEqual);
      return answer(null, { is: 'unknown', text }, isEqual ? { symbol, yes: '!0', no: '0' } : { symbol, yes: '0', no: '!0' });
    }
    if (/^call:status:/.test(left) && b === 0) return answer(one.op === '>=' || one.op === '<=' , undefined, null, succeeds(left));
    if (/^call:positive:/.test(left) && b === 0) return answer(one.op === '>' || one.op === '>=', undefined, null, succeeds(left));
    if (isErrno(left) && b === 0) return answer(one.op === '<' || one.op === '<=');
    const symbol = `${left} ${one.op} ${right}`;
    const fact = state.facts.get(symbol);
    if (fact !== undefined) return answer(fact === '!0');
    return answer(null, { is: 'unknown', text }, { symbol, yes: '!0', no: '0' });
  }

  // --- values ---

  private evaluate(frame: Frame, one: Expression, state: State): Value {
    switch (one.kind) {
      case 'name':
        return this.named1(frame, one.name, state);
      case 'literal': {
        if (one.text === 'true') return ONE;
        if (one.text === 'false' || one.text === 'NULL') return NULL;
        const clean = one.text.replace(/[uUlL]+$/, '');
        return /^(?:0x[0-9a-fA-F]+|\d+)$/.test(clean) ? `#${Number(clean)}` : `"${one.text}"`;
      }
      case 'call':
        return this.callValue(frame, one, state);
      case 'field':
      case 'index': {
        const place = this.placeIn(frame, one, state);
        if (place === null) return expressionText(one);
        if (one.kind === 'field') this.noteRead(frame, place, one.line);
        return this.read(frame, place, state);
      }
      case 'unary': {
        if (one.op === '&') {
          const place = this.placeIn(frame, one.of, state);
          if (place !== null && /^\w+$/.test(place) && one.of.kind === 'name' && this.code.locate(place, frame.fn.file) !== null) return `fn:${place}`;
          return place === null ? expressionText(one) : addressOf(place);
        }
        if (one.op === '*') return this.read(frame, pointee(this.evaluate(frame, one.of, state)), state);
        if (one.op === '-') {
          if (one.of.kind === 'name' && /^E[A-Z0-9]+$/.test(one.of.name)) return `#-${one.of.name}`;
          const value = numberOf(this.evaluate(frame, one.of, state));
          return value === null ? expressionText(one) : `#${-value}`;
        }
        if (one.op === '!') {
          const { value } = this.truth(frame, one.of, state);
          return value === null ? `!(${this.evaluate(frame, one.of, state)})` : value ? NULL : ONE;
        }
        return `${one.op}(${this.evaluate(frame, one.of, state)})`;
      }
      case 'binary': {
        const left = this.evaluate(frame, one.left, state);
        const right = this.evaluate(frame, one.right, state);
        const [a, b] = [numberOf(left), numberOf(right)];
        if (a !== null && b !== null) {
          const value = arithmetic(one.op, a, b);
          if (value !== null) return `#${value}`;
        }
        if (['==', '!=', '<', '>', '<=', '>='].includes(one.op)) {
          const { value } = this.compare(frame, one, state, expressionText(one));
          if (value !== null) return value ? ONE : NULL;
        }
        if (one.op === '&' && (left === NULL || right === NULL)) return NULL;
        if (one.op === '&&') {
          const [l, r] = [this.truth(frame, one.left, state).value, this.truth(frame, one.right, state).value];
          if (l === false || r === false) return NULL;
          if (l === true && r === true) return ONE;
        }
        if (one.op === '||') {
          const [l, r] = [this.truth(frame, one.left, state).value, this.truth(frame, one.right, state).value];
          if (l === true || r === true) return ONE;
          if (l === false && r === false) return NULL;
        }
        return `(${left} ${one.op} ${right})`;
      }
      case 'assign':
        return this.evaluate(frame, one.value, state);
      case 'choice': {
        const { value } = this.truth(frame, one.condition, state);
        if (value === true) return this.evaluate(frame, one.yes ?? one.condition, state);
        if (value === false) return this.evaluate(frame, one.no, state);
        return expressionText(one);
      }
      case 'cast':
        return this.evaluate(frame, one.of, state);
      case 'comma': {
        const last = one.parts[one.parts.length - 1];
        return last === undefined ? '' : this.evaluate(frame, last, state);
      }
      case 'list':
      case 'block':
      case 'opaque':
        return expressionText(one);
    }
  }

  private named1(frame: Frame, name: string, state: State): Value {
    const place = local(frame, name);
    const value = state.store.get(place);
    if (value !== undefined) return value;
    if (name === 'NULL' || name === 'false') return NULL;
    if (name === 'true') return ONE;
    if (frame.fn.parameters.some((parameter) => parameter.name === name) || state.store.has(`${place}.*`)) return place;
    const constant = /^[A-Z_a-z]\w*$/.test(name) && (name.toUpperCase() === name || /^ttm_|^drm_/.test(name)) ? this.code.constant(name, frame.fn.file) : null;
    if (constant !== null) return `#${constant}`;
    if (this.code.locate(name, frame.fn.file) !== null && this.code.functionNamed(name, frame.fn.file) !== null) return `fn:${name}`;
    const enumerator = name.includes('_') ? this.code.constant(name, frame.fn.file) : null;
    if (enumerator !== null) return `#${enumerator}`;
    const table = name.includes('_') ? this.code.tableNamed(name, frame.fn.file) : null;
    if (table !== null) return `g:${table.file}:${name}`;
    return declaredIn(frame.fn, name) ? place : name;
  }

  private callValue(frame: Frame, one: Expression & { readonly kind: 'call' }, state: State): Value {
    const known = state.store.get(this.temporary(frame, one));
    const name = calleeName(one);
    const [first, , third] = one.args;
    if (first !== undefined) {
      if (/^(?:container_of|container_of_const|list_entry|typeof_member)$/.test(name) && third !== undefined) return enclosing(this.evaluate(frame, first, state), expressionText(third));
      if (/^(?:likely|unlikely|READ_ONCE|PTR_ERR|ERR_PTR|ERR_CAST|rcu_dereference\w*|smp_load_acquire|PTR_ERR_OR_ZERO|XE_WARN_ON|WARN_ON|WARN_ON_ONCE)$/.test(name)) return this.evaluate(frame, first, state);
      if (name === 'IS_ERR') return isErrno(this.evaluate(frame, first, state)) ? ONE : NULL;
    }
    if (known !== undefined && !known.startsWith('call:')) return known;
    const macro = one.callee.kind === 'name' ? this.expanded(frame, one, state) : null;
    return macro ?? known ?? `${name}(${one.args.map((arg) => this.evaluate(frame, arg, state)).join(', ')})`;
  }

  /** A macro whose text is an expression: to_foo(x). */
  private expanded(frame: Frame, call: Expression & { readonly kind: 'call' }, state: State): Value | null {
    if (call.callee.kind !== 'name' || this.nesting > 4) return null;
    const found = this.code.macroNamed(call.callee.name, frame.fn.file);
    if (found === null || found.macro.parameters === null || found.macro.text.length > 200 || found.macro.text.includes('{')) return null;
    let text = found.macro.text;
    found.macro.parameters.forEach((parameter, at) => {
      const arg = call.args[at];
      if (arg !== undefined) text = text.replace(new RegExp(`(?<![\\w>.])${parameter}\\b`, 'g'), () => `(${expressionText(arg)})`);
    });
    const expression = this.code.expressionOf(text, call.line);
    if (expression === null) return null;
    this.nesting++;
    const value = this.evaluate(frame, expression, state);
    this.nesting--;
    return value;
  }

  /** The place that an expression names, or null. */
  private placeIn(frame: Frame, one: Expression, state: State): string | null {
    switch (one.kind) {
      case 'name': {
        const place = local(frame, one.name);
        if (state.store.has(place) || state.store.has(`${place}.*`) || declaredIn(frame.fn, one.name)) return place;
        const table = this.code.tableNamed(one.name, frame.fn.file);
        return table === null ? one.name : `g:${table.file}:${one.name}`;
      }
      case 'field':
        if (one.arrow) return throughPointer(this.evaluate(frame, one.of, state), one.name);
        {
          const of = this.placeIn(frame, one.of, state);
          return of === null ? null : member(of, one.name);
        }
      case 'index': {
        const of = this.evaluate(frame, one.of, state);
        const index = this.evaluate(frame, one.index, state);
        if (of.startsWith('&')) return index === NULL ? of.slice(1) : `${of.slice(1)}[${index}]`;
        return `${of}[${index}]`;
      }
      case 'unary':
        return one.op === '*' ? pointee(this.evaluate(frame, one.of, state)) : null;
      case 'cast':
        return this.placeIn(frame, one.of, state);
      case 'call': {
        const value = this.evaluate(frame, one, state);
        return value.startsWith('&') ? value.slice(1) : value;
      }
      default:
        return null;
    }
  }

  private read(frame: Frame, place: string, state: State): Value {
    const value = state.store.get(place);
    if (value !== undefined && !value.startsWith('@')) return value;
    // A struct that was copied, or set up with an initialiser, answers for its members.
    for (let at = place.length; at > 0; at = Math.max(place.lastIndexOf('.', at - 1), place.lastIndexOf('->', at - 1))) {
      const head = place.slice(0, at);
      const whole = state.store.get(head);
      if (whole?.startsWith('@') === true) return this.read(frame, whole.slice(1) + place.slice(at), state);
      if (at < place.length && state.store.has(`${head}.*`) && !place.slice(at).includes('->')) return NULL;
    }
    const table = /^g:([^:]+):(\w+)[.](.+)$/.exec(place);
    if (table !== null) return this.tableValue(table[1] ?? '', table[2] ?? '', table[3] ?? '', place);
    return place;
  }

  private tableValue(file: string, name: string, path: string, place: string): Value {
    const table = this.code.table(file, name);
    if (table === null || table.hasError) return place;
    const row = table.members.find((one) => one.member === path || one.member === `[0].${path}`) ?? null;
    if (row === null) return table.members.some((one) => one.member === null) ? place : NULL;
    const frame: Frame = { id: 'g', fn: { ...this.question.root, file }, flow: this.code.flow(this.question.root), depth: 1, up: null, resume: () => this.diagram.end('') };
    const empty: State = { store: new Map(), facts: new Map(), loops: new Map(), result: '' };
    const value = this.evaluate(frame, row.value, empty);
    return value.startsWith('g:') ? `&${value}` : value;
  }

  /** A flag of the driver that is stored with a constant. */
  private flagStore(frame: Frame, node: FlowNode, state: State): Act | null {
    const { value } = node;
    if (value === null || value.kind !== 'assign' || value.op !== '=' || value.to.kind !== 'field' || !this.question.flags.has(value.to.name)) return null;
    const path = this.placeIn(frame, value.to, state) ?? expressionText(value.to);
    const stored = this.evaluate(frame, value.value, state);
    return isKnownNumber(stored) ? { do: 'set', field: value.to.name, path, value: stored !== NULL } : null;
  }

  private noteRead(frame: Frame, place: string, line: number): void {
    if (!this.reads.has(place)) this.reads.set(place, this.placeOf(frame, line));
  }

  private placeOf(frame: Frame, line: number): Place {
    return { file: frame.fn.file, line, function: frame.fn.name };
  }

  private note(fn: CFunction, line: number, reason: string): void {
    this.ledger.set(`${fn.file}:${line} ${reason}`, { file: fn.file, line, function: fn.name, reason });
  }

  private lost(frame: Frame, line: number, why: string): Behaviour {
    this.note(frame.fn, line, why);
    return this.diagram.lost(why, this.placeOf(frame, line === 0 ? frame.fn.line : line));
  }
}

const local = (frame: Frame, name: string): string => `${frame.id}:${name}`;

function isRecursive(frame: Frame, fn: CFunction): boolean {
  for (let one: Frame | null = frame; one !== null; one = one.up) if (one.fn === fn) return true;
  return false;
}

function keyOf(state: State): string {
  const part = (map: ReadonlyMap<string, unknown>): string => [...map].map(([key, value]) => `${key}=${String(value)}`).sort().join('\u0001');
  return `${part(state.store)}\u0002${part(state.facts)}\u0002${part(state.loops)}`;
}

function withoutTemporaries(state: State, frame: Frame): State {
  const prefix = `${frame.id}:%`;
  let has = false;
  for (const key of state.store.keys()) if (key.startsWith(prefix)) has = true;
  return has ? { ...state, store: new Map([...state.store].filter(([key]) => !key.startsWith(prefix))) } : state;
}

function withFact(state: State, learn: { readonly symbol: Value; readonly yes: string; readonly no: string }, taken: boolean): State {
  return { ...state, facts: new Map(state.facts).set(learn.symbol, taken ? learn.yes : learn.no) };
}

