// Walks every path of a function with the state of path-state.ts, and into callees that reach tracked calls. What it meets on the way becomes breaches;
// what is left at the returns is for exits.ts. Bounded: a function with too many paths is given up, and said so (issue 4, part 1).

import { expressionText } from '../../source/c-tree.ts';
import type { Flow, FlowEdge, FlowNode } from '../../source/control-flow.ts';
import type { LexicalFunction } from '../../source/lexical.ts';
import type { CFunction } from '../../source/syntax.ts';
import type { Place } from '../../results/audit.ts';
import type { PathStep } from '../../results/finding.ts';
import { isTalk, isWarnTest, looksLikePredicate, warnCondition } from '../anchors.ts';
import { calleeName, callsOf, typesOf } from '../c-reading.ts';
import type { TreeView } from '../tree-view.ts';
import { after, giveOf, isLive, NONE, stateText, takeOf, UNKNOWN } from './automata.ts';
import type { Breach, Kind } from './breach.ts';
import { CALLS, isAllocation, isFree, takesLocksUnseen, type CallEffect, type Gives } from './calls.ts';
import { assume, baseOf, evaluate, maskOf, narrow, SOME_ERRNO, temporary, variable, type CallExpression, type Looked, type Scope } from './expressions.ts';
import { livenessOf, type Liveness } from './liveness.ts';
import { ANY, ERR, GOOD, type Entry, PathState, type Sym, type Tracked, type Trail, ZERO } from './path-state.ts';
import type { Retention } from './retention.ts';

export interface Exit {
  readonly state: PathState;
  /** Null where nothing is returned. */
  readonly value: Sym | null;
  readonly at: Place;
}

interface Frame extends Scope {
  readonly flow: Flow;
  readonly liveness: Liveness;
  readonly up: Frame | null;
  readonly depth: number;
}

/** Steps of one function's walk, callees included. */
const BUDGET = 12000;
/** Different states at one point. */
const MOST_STATES = 96;
/** From here on a path forgets what tests taught about other things than tracked objects. */
const MANY_STATES = 16;
const DEEPEST = 4;
const LONGEST_TRAIL = 40;
/** Steps of a path that are told. */
const MOST_SHOWN = 5;

/** What a value came from. */
export interface Origin {
  readonly call: string;
  readonly gives: Gives | 'pointer' | 'int';
  readonly at: Place;
}

export class Walk {
  readonly breaches: Breach[] = [];
  readonly origins = new Map<Sym, Origin>();
  undecided: string | null = null;
  private readonly view: TreeView;
  private readonly retention: Retention;
  private readonly lives = new Map<CFunction, Liveness>();
  private steps = 0;

  constructor(view: TreeView, retention: Retention) {
    this.view = view;
    this.retention = retention;
  }

  /** Every way out of a function, entered with its parameters unknown. */
  exits(root: CFunction, entry: Entry): readonly Exit[] {
    const state = new PathState(null, entry);
    const frame = this.frame(root, '', null);
    for (const { name } of root.parameters) if (name !== '') state.values.set(variable(frame, name), name);
    return this.body(frame, state);
  }

  /** A value that says that the function failed, whatever its type. */
  isFailure(state: PathState, value: Sym): boolean {
    const mask = maskOf(state, value);
    if (mask === ERR) return true;
    const gives = this.origins.get(baseOf(value))?.gives;
    return (mask & ZERO) === 0 && (mask & ERR) !== 0 && (gives === 'status' || gives === 'int');
  }

  /** Bodies of the functions of its folder, and of those that call it by name from elsewhere, that call a function. */
  callers(fn: CFunction): readonly string[] {
    const place = this.view.code.locate(fn.name, fn.file);
    if (place === null) return [];
    const near = this.view.fields.callers(place).map((one) => this.view.code.bodyText(one));
    const far = this.view.filesWith(fn.name).filter((file) => file !== fn.file && file.endsWith('.c')).flatMap((file) => this.view.code.functionNames(file).flatMap((name) => {
      const one = this.view.code.locate(name, file);
      return one !== null && one.file === file && this.view.code.lexicalCalls(one).names.includes(fn.name) ? [this.view.code.bodyText(one)] : [];
    }));
    return [...near, ...far];
  }

  private frame(fn: CFunction, id: string, up: Frame | null): Frame {
    const flow = this.view.code.flow(fn);
    let liveness = this.lives.get(fn);
    if (liveness === undefined) {
      liveness = livenessOf(fn, flow);
      this.lives.set(fn, liveness);
    }
    return { id, fn, flow, liveness, up, depth: (up?.depth ?? 0) + 1 };
  }

  private body(frame: Frame, start: PathState): readonly Exit[] {
    const exits = new Map<string, Exit>();
    const seen = new Map<number, Set<string>>();
    const queue: { readonly at: number; readonly state: PathState }[] = [{ at: frame.flow.entry, state: start }];
    for (let next = 0; next < queue.length; next++) {
      const entry = queue[next];
      if (entry === undefined) break;
      const { at, state } = entry;
      if (++this.steps > BUDGET) {
        this.undecided ??= `more than ${BUDGET} steps along its paths`;
        return [...exits.values()];
      }
      const node = frame.flow.nodes[at];
      if (node === undefined || node.kind === 'exit') {
        const exit = this.leave(frame, state);
        const key = `${exit.value ?? ''}|${exit.at.line}|${exit.state.identity()}`;
        if (!exits.has(key)) exits.set(key, exit);
        continue;
      }
      if ((frame.liveness.arrivals[at] ?? 0) > 1) {
        this.prune(frame, at, state);
        const known = seen.get(at) ?? new Set<string>();
        if (known.size >= MANY_STATES) this.coarsen(frame, state);
        const identity = state.identity();
        if (known.has(identity)) continue;
        if (known.size >= MOST_STATES) {
          this.undecided ??= `more than ${MOST_STATES} different states at line ${node.line}`;
          continue;
        }
        known.add(identity);
        seen.set(at, known);
      }
      for (const done of this.node(frame, node, state)) queue.push(...this.onwards(frame, node, done));
    }
    return [...exits.values()];
  }

  private leave(frame: Frame, state: PathState): Exit {
    const value = state.values.get(`${frame.id}=value`) ?? null;
    const line = Number(state.values.get(`${frame.id}=line`) ?? frame.fn.endLine);
    const { length } = frame.id;
    state.values.deleteWhere((place) => place.startsWith(frame.id) && /^[:=%]/.test(place[length] ?? ''));
    return { state, value, at: { file: frame.fn.file, line, function: frame.fn.name } };
  }

  // --- nodes and edges ---

  private node(frame: Frame, node: FlowNode, state: PathState): readonly PathState[] {
    if (node.kind === 'cleanup') return this.cleanup(frame, node, state);
    if (node.value === null || isLoopMacro(frame.flow, node)) return [state];
    let states = [state];
    for (const call of callsOf(node.value)) {
      const made: PathState[] = [];
      for (const one of states) made.push(...this.call(frame, call, one));
      states = made;
    }
    // What is warned of does not happen.
    const { value: statement } = node;
    if (node.kind === 'statement' && statement.kind === 'call' && isWarnTest(calleeName(statement))) {
      const condition = warnCondition(calleeName(statement), statement.args);
      return condition === null ? states : states.filter((one) => assume(frame, one, condition, false) !== null);
    }
    for (const one of states) {
      if (node.kind === 'branch') continue;
      const value = evaluate(frame, one, node.value);
      if (node.declares !== null) one.values.set(variable(frame, node.declares), value);
      const set = node.declares ?? (statement.kind === 'assign' && statement.to.kind === 'name' ? statement.to.name : null);
      if (set !== null && !this.isTelling(one, value)) this.unknown(frame, one, set);
      if (node.kind === 'return') {
        one.values.set(`${frame.id}=value`, value);
        one.values.set(`${frame.id}=line`, String(node.line));
        const base = baseOf(value);
        if (one.failures.has(base)) one.failures.set(base, true);
      }
    }
    if (node.kind === 'statement' && node.declares === null && node.value.kind === 'call') this.dropped(frame, node.value, states);
    return states;
  }

  /** A variable with a new value that says nothing: what tests teach of it is about this one. */
  private unknown(frame: Frame, state: PathState, name: string): void {
    const place = variable(frame, name);
    state.values.delete(place);
    const before = place.startsWith(':') ? `${name}?` : place;
    state.masks.deleteWhere((sym) => sym.includes(before));
  }

  /** A statement that is a call and nothing else: what it gives is thrown away. */
  private dropped(frame: Frame, call: CallExpression, states: readonly PathState[]): void {
    const name = calleeName(call);
    const effect = CALLS.get(name);
    if (effect === undefined || effect.mayIgnore === true || !['status', 'ERR_PTR', 'fd'].includes(effect.gives)) return;
    const failed = states.find((one) => [...one.failures].some(([sym, isSeen]) => !isSeen && one.values.get(temporary(frame, call)) === sym));
    if (failed === undefined) return;
    const at = this.placeOf(frame, call.line);
    this.tell({ is: 'unread', call: name, at, path: [{ ...at, text: expressionText(call) }] });
    // Said once; what follows from it is not said again.
    for (const one of states) for (const [sym] of one.failures) if (one.values.get(temporary(frame, call)) === sym) one.failures.set(sym, true);
  }

  private onwards(frame: Frame, node: FlowNode, state: PathState): readonly { readonly at: number; readonly state: PathState }[] {
    const edges = frame.flow.out[node.id] ?? [];
    const next: { at: number; state: PathState }[] = [];
    const slots = `${frame.id}%`;
    edges.forEach((edge, index) => {
      const one = index === edges.length - 1 ? state : state.copy();
      if (edge.test !== null && edges.length > 1 && !this.take(frame, node, edge, one)) return;
      if (node.value !== null) one.values.deleteWhere((place) => place.startsWith(slots));
      next.push({ at: edge.to, state: one });
    });
    return next;
  }

  /** Goes one side of a branch; false where that side cannot be. */
  private take(frame: Frame, node: FlowNode, edge: FlowEdge, state: PathState): boolean {
    const { test } = edge;
    if (test === null) return true;
    if (test.kind === 'configuration') return narrow(state, `if ${test.text}`, test.taken ? GOOD : ZERO);
    if (test.kind === 'case') return true;
    if (test.value === null) {
      if (test.taken && node.value?.kind === 'call') this.loopVariables(frame, node.value, state);
      // A loop that repeats until all is locked runs at least once.
      return test.taken || !/^drm_exec_until/.test(test.text) || state.isVague;
    }
    const looked = assume(frame, state, test.value, test.taken);
    if (looked === null) return false;
    this.look(frame, node, test.text, test.taken, looked, state);
    return true;
  }

  private look(frame: Frame, node: FlowNode, text: string, taken: boolean, looked: Looked, state: PathState): void {
    const origin = this.origins.get(looked.at);
    const at = this.placeOf(frame, node.line);
    if (origin !== undefined && state.failures.get(looked.at) === false) {
      const mask = state.mask(looked.at);
      const misread = looked.asks === 'zero' && origin.gives === 'ERR_PTR' && mask === ERR ? 'ERR_PTR' : looked.asks === 'error' && origin.gives === 'NULL' && mask === ZERO ? 'NULL' : null;
      if (misread !== null) this.tell({ is: 'misread', call: origin.call, gives: misread, test: text, at, path: this.path(state, origin.at, [{ ...at, text: `tests ${text}` }]) });
      state.failures.set(looked.at, true);
    }
    if (origin !== undefined || looked.asks === 'other') this.note(state, { ...at, text: `${text} is ${taken ? 'true' : 'false'}` });
  }

  /** What a loop macro sets anew with each round. */
  private loopVariables(frame: Frame, macro: CallExpression, state: PathState): void {
    const name = calleeName(macro);
    const locals = typesOf(frame.fn);
    const isList = /^(?:list|hlist|llist|plist|rb|xa|idr|xas|klist)_/.test(name);
    macro.args.forEach((arg, index) => {
      if (arg.kind !== 'name' || !locals.has(arg.name) || (isList ? index > 1 : index === 0)) return;
      const value = `${arg.name}@${frame.id}${macro.line}`;
      state.forget(value);
      state.values.set(variable(frame, arg.name), value);
      state.masks.set(value, GOOD);
    });
  }

  /** `__free(kfree) p` where the scope ends. */
  private cleanup(frame: Frame, node: FlowNode, state: PathState): readonly PathState[] {
    const [, how = '', name = ''] = /^__free\((\w+)\) (\w+)$/.exec(node.text) ?? [];
    if (name === '') return [state];
    const value = state.values.get(variable(frame, name));
    if (value === undefined || (maskOf(state, value) & GOOD) === 0) return [state];
    const at = this.placeOf(frame, node.line);
    const effect = CALLS.get(how);
    if (effect?.releases !== undefined) this.release(state, effect.releases.kind, value, '', at, node.text, effect.nullSafe === true);
    else if (isFree(how) || how === 'kfree') this.free(state, value);
    else state.handed.set(value, ['*']);
    return [state];
  }

  /** Drops what cannot matter behind a point where paths meet, and gives what means the same one name. */
  private prune(frame: Frame, at: number, state: PathState): void {
    const live = frame.liveness.live[at];
    const own = `${frame.id}:`;
    const tracked = new Set<Sym>();
    for (const { key, of } of state.objects.values()) {
      tracked.add(key);
      tracked.add(of);
    }
    const { returned } = frame.liveness;
    state.values.deleteWhere((place, value) => {
      if (place.startsWith(own)) {
        const name = place.slice(own.length);
        const dot = name.search(/[.[-]/);
        const whole = dot === -1 ? name : name.slice(0, dot);
        if (live?.has(whole) !== true || !this.isTelling(state, value)) return true;
        // A known number that nobody asks about says nothing.
        return value.startsWith('#') && !returned.has(whole) && !frame.liveness.asked.has(whole);
      }
      // Variables of the callers are theirs to drop.
      if (/^[^>]*[:%=]/.test(place) || !/[.>]/.test(place)) return false;
      // What a member holds matters if it is tracked, or if it is a known number that somebody asks about.
      return !tracked.has(value) && !tracked.has(rootOf(value)) && !state.fresh.has(rootOf(value)) && state.failures.get(baseOf(value)) !== false && !(value.startsWith('#') && this.isAsked(frame, place));
    });
    for (const [place, value] of [...state.values]) {
      if (!place.startsWith(own) || tracked.has(value) || state.failures.get(baseOf(value)) === false) continue;
      const plain = this.plainResult(state, value);
      if (plain !== value) state.values.set(place, plain);
    }
    for (const [sym, calls] of [...state.handed]) if (calls.length > 1 || calls[0] !== '*') this.settleHanded(state, sym, calls);
    const needed = new Set<Sym>();
    const roots = new Set<Sym>();
    for (const [place, value] of state.values) {
      needed.add(baseOf(value));
      roots.add(rootOf(place));
    }
    // Given back, and out of reach.
    state.objects.deleteWhere((_, one) => one.states === NONE && one.given !== null && !needed.has(one.key) && one.key.includes('@'));
    for (const { key, of } of state.objects.values()) {
      needed.add(key);
      needed.add(of);
    }
    state.fresh.deleteWhere((sym) => !needed.has(sym) && !roots.has(sym));
    state.handed.deleteWhere((sym) => !needed.has(sym) && !state.fresh.has(sym));
    for (const calls of state.handed.values()) for (const sym of calls) needed.add(sym);
    state.failures.deleteWhere((sym, isSeen) => isSeen && !needed.has(sym));
    for (const sym of state.failures.keys()) needed.add(sym);
    state.masks.deleteWhere((sym) => !needed.has(sym) && !state.conditions.has(sym) && !this.isAskedAgain(frame, sym));
  }

  /** Once one of the calls has surely kept it, the others add nothing. */
  private settleHanded(state: PathState, sym: Sym, calls: readonly Sym[]): void {
    const isKept = calls.some((call) => call === '*' || (this.origins.get(call)?.gives === 'pointer' ? (state.mask(call) & ~GOOD) === 0 : state.mask(call) === ZERO));
    if (isKept) state.handed.set(sym, ['*']);
  }

  /** Which call failed does not matter once it was looked at: "an errno"; and what is 0 is 0. */
  private plainResult(state: PathState, value: Sym): Sym {
    if (value.startsWith('#-')) return SOME_ERRNO;
    const origin = this.origins.get(baseOf(value));
    if (origin === undefined || value.startsWith('#')) return value;
    const mask = maskOf(state, value);
    if (mask === ZERO) return '#0';
    return mask === ERR || ((mask & ZERO) === 0 && (origin.gives === 'status' || origin.gives === 'int')) ? SOME_ERRNO : value;
  }

  private isAsked(frame: Frame, place: string): boolean {
    const last = /(\w+)(?:\[\d*\])?$/.exec(place)?.[1] ?? '';
    for (let one: Frame | null = frame; one !== null; one = one.up) if (one.liveness.asked.has(last)) return true;
    return false;
  }

  /** A size, an index, a sum: nothing is decided by it that matters here. */
  private isTelling(state: PathState, value: Sym): boolean {
    if (value.startsWith('#')) return value === '#0' || value.startsWith('#-') || value === '#1';
    if (value.includes(' ')) return false;
    return this.origins.has(baseOf(value)) || state.fresh.has(rootOf(value)) || !/[@ ?+*]/.test(value) || value.startsWith('&') || (/^\w+@/.test(value) && !/^(?:choice|value|block|list|opaque)@/.test(value));
  }

  /** Where paths are many: only what tracked calls gave is still told apart. */
  private coarsen(frame: Frame, state: PathState): void {
    const tracked = new Set<Sym>();
    for (const { key, of } of state.objects.values()) {
      tracked.add(key);
      tracked.add(of);
    }
    for (const sym of state.failures.keys()) tracked.add(sym);
    for (const sym of state.fresh.keys()) tracked.add(sym);
    const own = `${frame.id}:`;
    const returned = new Set<Sym>();
    state.values.deleteWhere((place, value) => {
      if (!place.startsWith(own)) return false;
      if (frame.liveness.returned.has(place.slice(own.length))) {
        returned.add(baseOf(value));
        return false;
      }
      return !tracked.has(baseOf(value)) && !tracked.has(rootOf(value)) && value.includes('@');
    });
    state.masks.deleteWhere((sym) => !tracked.has(sym) && !returned.has(sym) && !CALLS.has(this.origins.get(sym)?.call ?? '') && !state.conditions.has(sym) && !(this.isAskedAgain(frame, sym) && !sym.includes('@')));
  }

  private isAskedAgain(frame: Frame, sym: Sym): boolean {
    const words = sym.startsWith('if ') ? [sym.slice(3)] : sym.match(/[A-Za-z_]\w*/g) ?? [];
    for (let one: Frame | null = frame; one !== null; one = one.up) {
      const { askedTwice } = one.liveness;
      const last = words[words.length - 1];
      if ((last !== undefined && !sym.includes(' ') && askedTwice.has(last)) || (/ /.test(sym) && words.every((word) => askedTwice.has(word)))) return true;
    }
    return false;
  }

  // --- calls ---

  private call(frame: Frame, call: CallExpression, state: PathState): readonly PathState[] {
    const name = calleeName(call);
    const slot = temporary(frame, call);
    const gives = (value: Sym): readonly PathState[] => {
      state.values.set(slot, value);
      return [state];
    };
    if (call.callee.kind === 'opaque') return gives('#0');
    const args = call.args.map((arg) => evaluate(frame, state, arg));
    if (!CALLS.has(name) && !isTalk(name)) args.forEach((arg, position) => this.handsError(frame, call, name, position, arg, state));
    // Whoever hands a result on has not lost it.
    if (!CALLS.has(name)) for (const arg of args) if (state.failures.get(baseOf(arg)) === false) state.failures.set(baseOf(arg), true);
    if (/^(?:copy_(?:to|from)_user|(?:__)?(?:get|put)_user|strncpy_from_user|clear_user|memdup_user\w*|copy_struct_from_user)$/.test(name)) this.underLock(frame, call, name, state);
    if (isTalk(name)) return gives(args[args.length - 1] ?? '#0');
    const value = this.resultSym(frame, call, name);
    const effect = CALLS.get(name);
    if (effect !== undefined) return this.effect(frame, call, name, effect, args, value, state);
    const [first] = args;
    if (/^(?:no_free_ptr|return_ptr|retain_and_null_ptr)$/.test(name) && first !== undefined) {
      const [arg] = call.args;
      if (arg?.kind === 'name') state.values.set(variable(frame, arg.name), '#0');
      return gives(first);
    }
    if (isAllocation(name)) {
      state.forget(value);
      state.fresh.set(value, true);
      state.masks.set(value, ZERO | GOOD);
      this.origins.set(value, { call: name, gives: 'NULL', at: this.placeOf(frame, call.line) });
      return gives(value);
    }
    if (isFree(name)) {
      for (const arg of args) this.free(state, arg);
      return gives('#0');
    }
    const place = call.callee.kind === 'name' ? this.view.code.locate(name, frame.fn.file) : null;
    if (place !== null && this.retention.touches(place)) {
      if (frame.depth < DEEPEST && !isRecursive(frame, place)) {
        const fn = this.view.code.functionIn(place.file, name);
        if (fn !== null) return this.into(frame, call, fn, args, state);
      }
      // What it does with locks and objects is not seen.
      state.isVague = true;
    }
    return this.unseen(frame, call, name, place, args, value, state);
  }

  private underLock(frame: Frame, call: CallExpression, name: string, state: PathState): void {
    const [held] = state.locks;
    if (held === undefined) return;
    const at = this.placeOf(frame, call.line);
    this.tell({ is: 'under-resv', call: name, lock: held[0], at, path: [{ ...held[1], text: 'locks the reservation' }, { ...at, text: `${name}()` }] });
  }

  /** An error pointer that nobody looked at is handed to somebody who takes it for memory. */
  private handsError(frame: Frame, call: CallExpression, name: string, position: number, arg: Sym, state: PathState): void {
    const origin = this.origins.get(arg);
    if (origin?.gives !== 'ERR_PTR' || state.failures.get(arg) !== false || state.mask(arg) !== ERR || this.retention.checks(name, position, frame.fn.file)) return;
    const at = this.placeOf(frame, call.line);
    this.tell({ is: 'unread', call: origin.call, at: origin.at, path: this.path(state, origin.at, [{ ...at, text: `${name}() gets what it gave` }]) });
  }

  private resultSym(frame: Frame, call: CallExpression, name: string): Sym {
    const slot = temporary(frame, call);
    return `${name}@${slot.replace(/%/g, '.')}`;
  }

  private into(frame: Frame, call: CallExpression, fn: CFunction, args: readonly Sym[], state: PathState): readonly PathState[] {
    const slot = temporary(frame, call);
    const inner = this.frame(fn, `${frame.id}/${slot.slice(frame.id.length + 1)}`, frame);
    const known = new Set(state.failures.keys());
    const objects = new Set(state.objects.keys());
    const start = state;
    fn.parameters.forEach(({ name }, at) => {
      if (name !== '') start.values.set(variable(inner, name), args[at] ?? `${fn.name}:${name}`);
    });
    const kept = start.trail;
    if (this.retention.gives(fn.name, fn.file)) start.through.set(fn.name, true);
    return this.body(inner, start).map(({ state: out, value, at }) => {
      // Looked at or not, it is the callee's business, unless it is handed up.
      const given = baseOf(value ?? '');
      out.failures.deleteWhere((sym) => !known.has(sym) && given !== sym);
      if (value !== null && (maskOf(out, value) & (/\*\s*$/.test(fn.returns) ? GOOD : ZERO)) === 0) this.settle(out, fn, objects);
      if (out.trail !== kept && value !== null) this.note(out, { ...at, text: `${fn.name}() returns ${valueText(out, value)}` });
      out.values.set(slot, value ?? '#0');
      if (value !== null && !this.origins.has(baseOf(value))) this.origins.set(baseOf(value), { call: fn.name, gives: /\*\s*$/.test(fn.returns) ? 'pointer' : 'int', at: this.placeOf(frame, call.line) });
      return out;
    });
  }

  /** A callee that failed has undone what it did, or it is told where the callee is looked at by itself. What its caller can reach is the caller's. */
  private settle(state: PathState, fn: CFunction, before: ReadonlySet<string>): void {
    state.objects.deleteWhere((id, { kind, key, made }) => {
      if (made === null || before.has(id)) return false;
      const isReachable = [...state.values].some(([place, value]) => value === key && /^[^:%=]+(?:->|\.)/.test(place) && !state.fresh.has(rootOf(place)));
      return kind === 'pin' || kind === 'vmap' || kind === 'access' ? made.at.function === fn.name : !isReachable;
    });
  }

  /** A call that is not followed: it may keep what it is handed, fill in what it is pointed to, and lock. */
  private unseen(frame: Frame, call: CallExpression, name: string, place: LexicalFunction | null, args: readonly Sym[], value: Sym, state: PathState): readonly PathState[] {
    // Asked twice of the same things, a predicate says the same twice.
    if (looksLikePredicate(name) && args.length > 0) {
      const answer = `${name}(${args.join(', ')})`;
      this.origins.set(answer, { call: name, gives: 'yes-or-no', at: this.placeOf(frame, call.line) });
      state.values.set(temporary(frame, call), answer);
      if (takesLocksUnseen(name)) state.isVague = true;
      return [state];
    }
    state.forget(value);
    const returns = place === null ? '' : this.view.code.head(place).returns;
    const isPointer = returns.endsWith('*');
    const isVoid = returns === 'void';
    if (isPointer && place !== null) state.masks.set(value, this.pointerMask(place));
    this.origins.set(value, { call: name, gives: isPointer ? 'pointer' : isVoid ? 'void' : 'int', at: this.placeOf(frame, call.line) });
    if (takesLocksUnseen(name)) state.isVague = true;
    args.forEach((arg, at) => {
      const holder = rootOf(arg);
      const isLocal = arg.startsWith('&') && /^&[^:>]*:\w+/.test(arg);
      const handed: Sym[] = [];
      if (isLocal) {
        const local = arg.slice(1);
        for (const [where, held] of [...state.values]) if (where === local || where.startsWith(`${local}.`)) handed.push(held);
        if (/:\w+$/.test(local)) state.values.set(local, `${/(\w+)$/.exec(local)?.[1] ?? ''}@${value}`);
      } else handed.push(holder, arg);
      const isTracked = handed.some((one) => state.fresh.has(one) || [...state.objects.values()].some(({ key }) => key === one));
      const gives = /(?:^|_)(?:put|release|free|destroy|detach|fini|cleanup|unref|unmap|close|remove|discard)(?:_|$)/.test(name);
      const isFence = handed.some((one) => state.object('fence', one) !== null);
      // Who is handed a fence may put it, or take another reference: its count is not known any more.
      if (isFence) for (const one of handed) state.objects.delete(`fence ${one}`);
      if (isTracked && (gives || isFence || this.retention.keeps(name, at, frame.fn.file))) for (const one of handed) state.handed.set(one, [...(state.handed.get(one) ?? []), isVoid || gives || isFence ? '*' : value]);
      // It may change what it is pointed to.
      if (!isLocal && place !== null && holder !== '' && !holder.startsWith('#')) {
        state.masks.deleteWhere((sym) => sym.startsWith(`${holder}->`) && !this.origins.has(sym) && this.retention.sets(place, /(\w+)\W*$/.exec(sym)?.[1] ?? ''));
      }
    });
    state.values.set(temporary(frame, call), value);
    return [state];
  }

  private pointerMask(place: LexicalFunction): number {
    const body = this.view.code.bodyText(place);
    const fails = /\bERR_(?:PTR|CAST)\s*\(/.test(body) ? ERR : 0;
    const isNull = /\breturn\s+NULL\s*;/.test(body) ? ZERO : 0;
    return fails + isNull === 0 ? ANY : fails | isNull | GOOD;
  }

  private free(state: PathState, value: Sym): void {
    if (state.fresh.has(value)) state.fresh.set(value, false);
    else if ((maskOf(state, value) & GOOD) !== 0) state.fresh.set(value, false);
  }

  // --- what tracked calls do ---

  private effect(frame: Frame, call: CallExpression, name: string, effect: CallEffect, args: readonly Sym[], value: Sym, state: PathState): readonly PathState[] {
    const at = this.placeOf(frame, call.line);
    const text = expressionText(call);
    const slot = temporary(frame, call);
    state.forget(value);
    this.origins.set(value, { call: name, gives: effect.gives, at });
    const { needs, uses, lock, releases, acquires } = effect;
    for (const key of [releases?.key, uses?.key]) if (key !== undefined) this.usesError(state, args[key] ?? '', name, at);
    if (needs !== undefined) this.need(state, needs, args, name, at, call);
    if (name === 'dma_resv_reserve_fences') state.slots.set(args[0] ?? '', true);
    if (name === 'dma_resv_add_fence') this.slot(state, args[0] ?? '', at);
    if (uses !== undefined) this.use(state, args[uses.key] ?? '', name, at);
    if (lock !== undefined) return this.lock(frame, call, name, effect, args, value, state, at);
    if (releases !== undefined && effect.gives !== 'fd') this.release(state, releases.kind, args[releases.key] ?? '', releases.of === undefined ? '' : args[releases.of] ?? '', at, text, effect.nullSafe === true, effect.whole === true, effect.onlyKnown === true);
    const key = acquires === undefined ? '' : acquires.key === 'result' ? value : typeof acquires.key === 'number' ? args[acquires.key] ?? '' : this.filled(state, args[acquires.key.out] ?? '', value);
    const succeed = (one: PathState): void => {
      if (acquires !== undefined) this.acquire(one, acquires.kind, key, acquires.of === undefined ? '' : args[acquires.of] ?? '', text, at, effect.nullSafe === true);
      if (effect.gives === 'fd') this.release(one, 'reference', args[releases?.key ?? 0] ?? '', '', at, text, true);
    };
    const result = effect.same === undefined ? value : args[effect.same] ?? value;
    state.values.set(slot, result);
    const outcomes = outcomesOf(effect.gives);
    if (outcomes === null || (acquires === undefined && effect.gives !== 'fd')) {
      if (effect.gives === 'status') {
        state.masks.set(value, ERR | ZERO);
        state.failures.set(value, false);
      } else if (effect.gives === 'count') state.masks.set(value, ANY);
      succeed(state);
      return [state];
    }
    const failed = state.copy();
    state.masks.set(value, outcomes.good);
    succeed(state);
    if (acquires !== undefined) this.note(state, { ...at, text });
    if (effect.same !== undefined) failed.values.set(slot, '#0');
    failed.masks.set(value, outcomes.bad);
    failed.failures.set(value, false);
    this.note(failed, { ...at, text: `${name}() fails` });
    return [state, failed];
  }

  /** `&x` is filled with something that is not what the call gives. */
  private filled(state: PathState, pointer: Sym, value: Sym): Sym {
    const inside = `out@${value}`;
    state.forget(inside);
    // Through a pointer of the caller's it is the caller's.
    if (!pointer.startsWith('&')) return '';
    state.values.set(pointer.slice(1), inside);
    state.masks.set(inside, ZERO | GOOD);
    return inside;
  }

  private acquire(state: PathState, kind: Kind, key: Sym, of: Sym, text: string, at: Place, isNullSafe: boolean): void {
    if (key === '' || isManyfold(key) || (isNullSafe && maskOf(state, key) === ZERO)) return;
    state.keepConditions();
    const known = state.object(kind, key);
    const { states } = after(kind, known?.states ?? (kind === 'reference' || kind === 'fence' || kind === 'pin' || kind === 'vmap' || kind === 'access' ? UNKNOWN : NONE), takeOf(kind));
    state.put({ kind, key, states: key.includes('@') && known === null ? after(kind, NONE, takeOf(kind)).states : states, of, made: { text, at, before: known !== null && isLive(known.states) ? known.made : null }, given: null });
    if (kind === 'attachment' && of !== '') state.values.set(`${key}->dmabuf`, of);
  }

  private release(state: PathState, kind: Kind, key: Sym, of: Sym, at: Place, text: string, isNullSafe: boolean, isWhole = false, isOnlyKnown = false): void {
    const plain = key.replace(/^&(.*)->umem$|^(.*)->file$/, '$1$2');
    if (plain === '' || plain === '#0' || isManyfold(plain) || (isNullSafe && (maskOf(state, plain) & GOOD) === 0)) return;
    if (maskOf(state, plain) === ERR) return;
    const known = state.object(kind, plain);
    if (known === null && isOnlyKnown) return;
    // What this path attached it has not pinned, unless it did.
    const isFresh = kind === 'pin' && state.object('attachment', plain)?.made != null;
    const one: Tracked = known ?? { kind, key: plain, states: isFresh ? NONE : UNKNOWN, of, made: null, given: null };
    const { states, refused } = after(kind, one.states, giveOf(kind));
    const tell = (object: Tracked, event: string, where: Place, ...more: readonly PathStep[]): void =>
      this.tell({ is: 'refused', kind: object.kind, event, state: stateText(object.kind, object.states), what: text, at: where, path: this.path(state, object.made?.at ?? object.given, more) });
    // Of a fence that was there before nobody here knows how often it is held.
    if (refused !== null && kind === 'fence' && one.made === null) return;
    if (refused !== null) tell(one, refused, at, ...(one.given === null ? [] : [{ ...one.given, text: `given back before` }]), { ...at, text });
    else {
      const before = one.made?.before ?? null;
      state.put({ ...one, states, given: at, made: isLive(states) && before !== null ? before : one.made });
      if (one.made !== null) state.undone.set(madeAt(one), at);
    }
    if (isWhole) {
      for (const other of [...state.objects.values()]) if (other !== one && this.isHeldBy(state, other, plain)) {
        state.put({ ...other, states: NONE, given: at });
        if (other.made !== null) state.undone.set(madeAt(other), at);
      }
      if (state.fresh.has(plain)) state.fresh.set(plain, false);
    } else if (kind === 'attachment') {
      for (const other of state.objects.values()) {
        const isOurs = (other.kind === 'mapping' && other.of === plain) || (other.kind === 'pin' && other.key === plain);
        if (isOurs && isLive(other.states) && after(other.kind, other.states, ['detach']).refused !== null) tell(other, 'detach', at, { ...at, text });
      }
      // What hangs on a gone attachment is told with it.
      for (const other of [...state.objects.values()]) if ((other.kind === 'mapping' && other.of === plain) || (other.kind === 'pin' && other.key === plain)) state.put({ ...other, states: NONE });
    }
    // Order: a mapping that was there before is given back after its pin.
    const pin = kind === 'mapping' ? state.object('pin', of) : null;
    if (pin !== null && pin.given !== null && pin.states === NONE && one.made === null && pin.made === null) {
      this.tell({ is: 'refused', kind: 'pin', event: 'unpin', state: 'mapped', what: text, at: pin.given, path: [{ ...pin.given, text: 'unpins' }, { ...at, text }] });
    }
  }

  /** Members of `holder` lead to the object, or to what it belongs to. */
  private isHeldBy(state: PathState, one: Tracked, holder: Sym): boolean {
    const reached = new Set([holder]);
    for (const from of reached) {
      for (const [place, value] of state.values) if (place.startsWith(`${from}->`)) reached.add(value);
      const attachment = from === holder ? null : state.object('attachment', from);
      if (attachment !== null && attachment.of !== '') reached.add(attachment.of);
    }
    return reached.has(one.key) || (one.of !== '' && one.of !== holder && reached.has(one.of)) || one.key.startsWith(`${holder}->`);
  }

  /** A pointer that is an error on this path is used as if it were none. */
  private usesError(state: PathState, value: Sym, name: string, at: Place): void {
    const origin = this.origins.get(value);
    if (origin === undefined || state.mask(value) !== ERR || !state.failures.has(value) || origin.gives !== 'ERR_PTR') return;
    this.tell({ is: 'misread', call: origin.call, gives: 'ERR_PTR', test: '', at, path: this.path(state, origin.at, [{ ...at, text: `${name}() gets the error` }]) });
    state.failures.set(value, true);
  }

  /** Only of a reservation that was locked here by a plain lock: what a lock helper reserves is not seen. */
  private slot(state: PathState, resv: Sym, at: Place): void {
    const where = state.locks.get(resv);
    if (where === undefined || state.isVague || state.slots.has(resv) || where.function !== at.function) return;
    this.tell({ is: 'slot', lock: resv, at, path: [{ ...where, text: 'locks the reservation' }, { ...at, text: 'adds a fence' }] });
  }

  private use(state: PathState, attachment: Sym, name: string, at: Place): void {
    const one = state.object('attachment', attachment);
    if (one === null || one.states !== NONE || one.given === null) return;
    this.tell({ is: 'refused', kind: 'attachment', event: name, state: 'none', what: name, at, path: [{ ...one.given, text: 'detaches' }, { ...at, text: `${name}()` }] });
  }

  // --- the reservation lock ---

  private need(state: PathState, needs: NonNullable<CallEffect['needs']>, args: readonly Sym[], name: string, at: Place, call: CallExpression): void {
    const of = args[needs.of] ?? '';
    const resv = this.resvOf(state, needs.by, of);
    const { entry } = state;
    const lock = expressionText(call.args[needs.of] ?? call);
    const path = (...more: readonly PathStep[]): readonly PathStep[] => [...more, { ...at, text: `${name}()` }];
    if (isManyfold(resv)) return;
    if (needs.lock === 'held') {
      if (state.locks.size > 0 || state.isVague || entry.lock === 'held' || entry.lock === 'assumed') return;
      if (entry.lock === 'unknown' && entry.unlocked?.resv !== resv) state.entry = { lock: 'assumed', by: { call: name, at, resv }, unlocked: entry.unlocked };
      else this.tell({ is: 'lock', call: name, needs: 'held', lock, entered: entry.lock === 'free', at, path: path(...(entry.unlocked === null ? [] : [{ ...entry.unlocked.at, text: 'unlocks it' }])) });
      return;
    }
    // The buffer may be known by another name.
    const names = new Set([resv, ...(needs.by === 'attachment' && args[0] !== undefined && args[0] !== of ? [this.resvOf(state, 'buffer', args[0])] : [])]);
    for (const [held, where] of state.locks) if (names.has(held)) this.tell({ is: 'lock', call: name, needs: 'free', lock, entered: false, at, path: path({ ...where, text: 'locks it' }) });
    if (entry.by === null || !names.has(entry.by.resv) || state.isVague) return;
    if (entry.lock === 'held') this.tell({ is: 'lock', call: name, needs: 'free', lock, entered: true, at, path: path({ ...entry.by.at, text: `${entry.by.call} is called with it held` }) });
    else if (entry.lock === 'assumed') this.tell({ is: 'lock', call: entry.by.call, needs: 'held', lock, entered: false, at: entry.by.at, path: path({ ...entry.by.at, text: `${entry.by.call}()` }) });
  }

  private resvOf(state: PathState, by: 'attachment' | 'buffer' | 'resv', of: Sym): Sym {
    if (by === 'resv') return of;
    const buffer = by === 'attachment' ? through(state, of, 'dmabuf') : of;
    return through(state, buffer, 'resv');
  }

  private lock(frame: Frame, call: CallExpression, name: string, effect: CallEffect, args: readonly Sym[], value: Sym, state: PathState, at: Place): readonly PathState[] {
    const { lock } = effect;
    if (lock === undefined) return [state];
    const resv = lock.through.reduce((of, member, index) => (index > 0 && lock.through.length === 2 ? memberValue(state, of, member) : memberPlace(of, member)), args[lock.key] ?? '');
    const slot = temporary(frame, call);
    state.values.set(slot, value);
    const text = expressionText(call.args[lock.key] ?? call);
    // One of many, or of a list: which one is not known any more.
    if (isManyfold(resv) || (/^\w+@/.test(rootOf(resv)) && isInLoop(frame.flow, call.line)) || (/^next@|^&?\w+@[\d./]*(?:->|\.|$)/.test(resv) && !this.origins.has(rootOf(resv)))) {
      state.isVague = true;
      state.locks.clear();
      state.masks.set(value, effect.gives === 'yes-or-no' ? ANY : isPlainLock(effect, args) ? ZERO : ERR | ZERO);
      return [state];
    }
    narrow(state, args[lock.key] ?? '', GOOD);
    if (lock.how === 'unlock') {
      this.unlock(state, resv, text, at);
      return [state];
    }
    const ticket = lock.ticket === null ? '#0' : args[lock.ticket] ?? '#0';
    const isPlain = lock.how === 'lock' && ticket === '#0';
    const { entry } = state;
    const held = state.locks.get(resv);
    state.keepConditions();
    const own = { ...at, text: `${name}()` };
    if (lock.how === 'lock') {
      if (held !== undefined && isPlain) this.tell({ is: 'lock', call: name, needs: 'free', lock: text, entered: false, at, path: [{ ...held, text: 'locks it' }, own] });
      else if (held === undefined && state.locks.size > 0 && isPlain) {
        const [[other, where]] = [...state.locks] as [[Sym, Place]];
        this.tell({ is: 'nested', held: other, lock: text, at, path: [{ ...where, text: 'holds another reservation' }, own] });
      } else if (entry.by !== null && entry.by.resv === resv && !state.isVague) {
        if (entry.lock === 'held') this.tell({ is: 'lock', call: name, needs: 'free', lock: text, entered: true, at, path: [{ ...entry.by.at, text: `${entry.by.call} is called with it held` }, own] });
        else if (entry.lock === 'assumed') this.tell({ is: 'lock', call: entry.by.call, needs: 'held', lock: text, entered: false, at: entry.by.at, path: [{ ...entry.by.at, text: `${entry.by.call}()` }, own] });
      }
    }
    const isSure = effect.gives === 'void' || isPlainLock(effect, args);
    // ttm_bo_reserve(bo, false, true, NULL) only tries.
    const tries = effect.sureWithout !== undefined && effect.sureWithout.length > 1 && args[2] !== '#0';
    if (ticket !== '#0' || tries || (lock.how === 'trylock' && /try/.test(frame.fn.name))) state.ticketed.set(lockedAt(at), true);
    if (isSure) {
      this.note(state, { ...at, text: `${name}()` });
      state.locks.set(resv, at);
      state.masks.set(value, ZERO);
      return [state];
    }
    const failed = state.copy();
    this.note(state, { ...at, text: `${name}()` });
    state.locks.set(resv, at);
    state.masks.set(value, effect.gives === 'yes-or-no' ? GOOD : ZERO);
    failed.masks.set(value, effect.gives === 'yes-or-no' ? ZERO : ERR);
    if (effect.gives !== 'yes-or-no') failed.failures.set(value, false);
    this.note(failed, { ...at, text: `${name}() fails` });
    return [state, failed];
  }

  private unlock(state: PathState, resv: Sym, text: string, at: Place): void {
    const { entry } = state;
    const gone = (by: Entry): void => {
      state.entry = { ...by, unlocked: { at, resv } };
    };
    const where = state.locks.get(resv);
    if (where !== undefined) {
      state.locks.delete(resv);
      state.slots.delete(resv);
      state.undone.set(lockedAt(where), at);
      return gone(entry);
    }
    if (state.locks.size > 0) {
      // By another name; which one it was is only sure where there is one.
      if (state.locks.size > 1) state.isVague = true;
      for (const taken of state.locks.values()) state.undone.set(lockedAt(taken), at);
      state.locks.clear();
      return gone(entry);
    }
    if (state.isVague) return;
    const isFree = entry.lock === 'free' || entry.unlocked?.resv === resv;
    // The same line again: a loop over many.
    if (isFree && entry.unlocked?.at.line === at.line) state.isVague = true;
    else if (isFree) {
      this.tell({ is: 'refused', kind: 'resv', event: 'unlock', state: 'free', what: text, at, path: [...(entry.unlocked === null ? [] : [{ ...entry.unlocked.at, text: 'unlocks it' }]), { ...at, text: 'unlocks' }] });
    } else gone({ ...entry, by: entry.by ?? { call: '', at, resv }, lock: entry.lock === 'unknown' || entry.lock === 'assumed' || entry.lock === 'held' ? 'given-back' : entry.lock });
  }

  // --- telling ---

  placeOf(frame: Scope, line: number): Place {
    return { file: frame.fn.file, line, function: frame.fn.name };
  }

  private tell(breach: Breach): void {
    this.breaches.push(breach);
  }

  private note(state: PathState, step: PathStep): void {
    if ((state.trail?.length ?? 0) < LONGEST_TRAIL) state.note(step);
  }

  /** The way from a place on, and what is added. */
  path(state: PathState, from: Place | null, more: readonly PathStep[]): readonly PathStep[] {
    const steps: PathStep[] = [];
    for (let one: Trail | null = state.trail; one !== null; one = one.up) {
      steps.push(one.step);
      if (from !== null && one.step.line === from.line && one.step.file === from.file) break;
    }
    steps.reverse();
    // Where it began, and what came last: the loops between say little.
    const shown = steps.length > MOST_SHOWN ? [...steps.slice(0, 1), ...steps.slice(1 - MOST_SHOWN)] : steps;
    return [...shown, ...more];
  }
}

/** dma_resv_lock(resv, NULL) cannot fail. */
const isPlainLock = (effect: CallEffect, args: readonly Sym[]): boolean => effect.sureWithout?.every((at) => (args[at] ?? '#0') === '#0') === true;

const outcomesOf = (gives: Gives): { readonly good: number; readonly bad: number } | null => {
  switch (gives) {
    case 'ERR_PTR':
      return { good: GOOD, bad: ERR };
    case 'NULL':
      return { good: GOOD, bad: ZERO };
    case 'status':
      return { good: ZERO, bad: ERR };
    case 'fd':
      return { good: ZERO | GOOD, bad: ERR };
    case 'yes-or-no':
      return { good: GOOD, bad: ZERO };
    case 'count':
    case 'void':
      return null;
  }
};

export function valueText(state: PathState, value: Sym): string {
  if (value.startsWith('#')) return value.slice(1);
  const mask = maskOf(state, value);
  return mask === ERR ? 'an error' : mask === ZERO ? '0' : mask === GOOD ? 'a value' : /^[\w>.-]+$/.test(value) ? value : 'a value';
}

/** "&a->b.c" and "a" are both about a. */
export const rootOf = (value: Sym): Sym => (/^&?(.*?)(?:->|\.(?!\d)|$)/.exec(value)?.[1] ?? value);

/** One of many: which one is not known. */
const isManyfold = (sym: Sym): boolean => /\[\d*\]/.test(sym);

export const lockedAt = ({ file, line }: Place): string => `resv ${file}:${line}`;

/** "pin drivers/a.c:12" */
export const madeAt = ({ kind, made }: Tracked): string => `${kind} ${made?.at.file ?? ''}:${made?.at.line ?? 0}`;

const memberPlace = (of: Sym, member: string): string => (of.startsWith('&') ? `${of.slice(1)}.${member}` : `${of}->${member}`);

const memberValue = (state: PathState, of: Sym, member: string): Sym => {
  const place = `${of}.${member}`;
  return state.values.get(place) ?? place;
};

function through(state: PathState, of: Sym, member: string): Sym {
  const place = memberPlace(of, member);
  return state.values.get(place) ?? place;
}

/** Between the head of a loop and what leads back to it. */
function isInLoop(flow: Flow, line: number): boolean {
  return flow.edges.some(({ isBack, from, to }) => isBack && (flow.nodes[to]?.line ?? 0) <= line && line <= (flow.nodes[from]?.line ?? 0));
}

function isLoopMacro(flow: Flow, node: FlowNode): boolean {
  return node.kind === 'branch' && (flow.out[node.id] ?? []).some((edge) => edge.test !== null && edge.test.value === null && edge.test.kind === 'loop');
}

function isRecursive(frame: Frame, place: LexicalFunction): boolean {
  for (let one: Frame | null = frame; one !== null; one = one.up) if (one.fn.name === place.name && one.fn.file === place.file) return true;
  return false;
}

