// Scenario to transition system: makes the objects, writes the code, numbers the places, states the properties.
// It builds twice: the first build learns which fences are added where, the second lays out only what the scenario needs.

import { RESULT_VALUES } from '../protocol/errno.ts';
import { OBLIGATIONS } from '../protocol/obligations.ts';
import { arrival, BuildError, fold, foldActions, learn, type Code, type Place, type StepDraft } from './code.ts';
import { contractOf, type Contract } from './contract.ts';
import { unmapWorker, type Parts } from './drivers/importers.ts';
import { doneFlag, truthOf } from './expressions.ts';
import { releaseEngine } from './framework/dma-buf.ts';
import { copyEngine, deviceEngine, lateOffEngine } from './framework/devices.ts';
import { callbackBit } from './framework/dispatch.ts';
import { fenceEngine } from './framework/fences.ts';
import { ticketBit } from './framework/locks.ts';
import {
  connect, makeBuffer, makeCompletion, makeExporter, makeFence, makeImporter, makeKref, makeLock, makeMapping, makeTicket, makeVariable,
  makeWork, unknownValue, type ImporterObject,
} from './objects.ts';
import type { Declaration, Member, Scenario, Statement } from './scenario.ts';
import { Scope, type Entity } from './scope.ts';
import { runStatements, type Context } from './statements.ts';
import {
  and, constant, not, or, read, set, when, type Action, type Expr, type Fairness, type Invariant, type Origin, type Pending, type Process,
  type Step, type SymmetricFamily, type System, type Variable, type VariableId, type ViolationId,
} from './system.ts';
import { emptyFacts, World, type Buffer, type Exporter, type Facts, type Loose, type Work } from './world.ts';

export interface CompileOptions {
  /** Contract overrides after those of the scenario. */
  readonly contract?: readonly { readonly key: string; readonly value: string }[];
  /** How invalidate visits attachments: any (default) or the kernel's order, newest first. */
  readonly order?: 'any' | 'kernel';
  /** Values of the scenario's unknowns, by name. */
  readonly unknowns?: Readonly<Record<string, boolean>>;
  /** Rules of the model's own programs to leave out (`teeth`). */
  readonly without?: ReadonlySet<string>;
}

export interface Compiled {
  readonly system: System;
  readonly contract: Contract;
  readonly refusals: ReadonlyMap<ViolationId, { readonly importer: string; readonly at: string; readonly errno: string }>;
  /** Every rule of the model's programs that this scenario uses. */
  readonly rules: readonly string[];
  /** Witnesses that tell which importer ever maps: index into `system.witnesses` by importer; not asked for by anybody. */
  readonly mapped: ReadonlyMap<string, number>;
}

export type CompileResult = { readonly ok: true; readonly compiled: Compiled } | { readonly ok: false; readonly message: string; readonly at: Origin | null };

/** Errors are values: a scenario that does not fit the model, with the place in it. */
export function compile(scenario: Scenario, options: CompileOptions = {}): CompileResult {
  const contract = contractOf([...scenario.contract, ...(options.contract ?? [])]);
  if (!contract.ok) return { ok: false, message: contract.message, at: scenario.contract[0]?.at ?? null };
  try {
    const first = new Build(scenario, contract.contract, options, emptyFacts());
    first.write();
    const second = new Build(scenario, contract.contract, options, first.w.facts);
    second.write();
    return { ok: true, compiled: second.finish() };
  } catch (error) {
    if (error instanceof BuildError) return { ok: false, message: error.message, at: error.at };
    throw error;
  }
}

interface Judged {
  readonly invariants: Invariant[];
  readonly pending: Pending[];
  readonly witnesses: { readonly name: string; readonly reached: Expr }[];
  /** Bits that remember that an `eventually` has come true. */
  readonly latches: { readonly test: Expr; readonly seen: VariableId }[];
}

const MAX_IMPORTERS = 12;

class Build {
  readonly w: World;
  private readonly scenario: Scenario;
  private readonly options: CompileOptions;
  private readonly root = new Scope(null);
  private readonly importers: ImporterObject[] = [];
  private readonly bodies: (() => void)[] = [];
  private readonly queues = new Map<string, Work[]>();
  private readonly rets = new Map<string, VariableId>();
  /** Exporter operations that are being written: they may not call themselves. */
  private readonly running = new Set<Member>();
  private readonly stops = new Map<Code, readonly Place[]>();
  /** The scenario's own properties. */
  private readonly judged: Judged = { invariants: [], pending: [], witnesses: [], latches: [] };

  constructor(scenario: Scenario, contract: Contract, options: CompileOptions, known: Facts) {
    this.scenario = scenario;
    this.options = options;
    const ids: readonly string[] = [...OBLIGATIONS.map((o) => o.id), 'WARN'];
    for (const off of scenario.off) if (!ids.includes(off.name)) throw new BuildError(`unknown obligation '${off.name}'; there are ${ids.join(', ')}`, off.at);
    this.w = new World({
      contract,
      order: options.order ?? 'any',
      known,
      off: new Set(scenario.off.map((o) => o.name)),
      without: options.without ?? new Set(),
    });
  }

  write(): void {
    const { declarations } = this.scenario;
    this.shared(declarations, this.root, '', '');
    for (const d of declarations) if (d.kind === 'importer') this.importer(d);
    for (const d of declarations) if (d.kind === 'party') this.party(d);
    connect(this.w);
    for (const t of this.w.tickets) for (const resv of this.w.reservations) ticketBit(this.w, resv, t);
    this.threads(declarations, this.root, '', '');
    for (const i of this.importers) this.within(this.w.instances.get(i.attachment.life) ?? null, () => this.importerCode(i));
    this.fenceCallbacks();
    for (const body of this.bodies) body();
    this.engines();
    this.properties();
  }

  /** Objects at top level or in a party, in an order in which each finds what it needs. */
  private shared(declarations: readonly (Declaration | Member)[], scope: Scope, prefix: string, party: string): void {
    const { w } = this;
    for (const d of declarations) {
      if (d.kind === 'unknown') {
        const value = this.options.unknowns?.[d.name];
        if (value === undefined) throw new BuildError(`the unknown '${d.name}' has no value`, d.at);
        scope.define(d.name, unknownValue(value ? 1 : 0));
      } else if (d.kind === 'object') scope.define(d.name, this.object(d, prefix, party));
    }
    for (const d of declarations) {
      if (d.kind !== 'exporter') continue;
      const exporter = makeExporter(w, d);
      scope.define(d.name, { kind: 'exporter', exporter, scope: new Scope(scope) });
    }
    for (const d of declarations) {
      if (d.kind !== 'buffer') continue;
      const of = scope.find(d.of);
      if (of?.kind !== 'exporter') throw new BuildError(`unknown exporter '${d.of}'`, d.at);
      const sharedName = d.members.flatMap((m) => (m.kind === 'option' && m.option.name === 'resv' ? m.option.values : []))[0];
      const shared = sharedName === undefined ? null : scope.find(sharedName);
      if (sharedName !== undefined && shared?.kind !== 'lock') throw new BuildError(`unknown reservation '${sharedName}'`, d.at);
      for (const m of d.members) if (m.kind !== 'option') throw new BuildError('a buffer has options only; threads and objects stand outside', m.at);
      scope.define(d.name, { kind: 'buffer', buffer: makeBuffer(w, d, of.exporter, shared?.kind === 'lock' ? shared.lock : null) });
    }
    for (const d of declarations) {
      if (d.kind !== 'exporter') continue;
      const entity = scope.find(d.name);
      if (entity?.kind === 'exporter') this.exporterMembers(d, entity.exporter, entity.scope);
    }
    for (const d of declarations) {
      if (d.kind === 'variable') makeVariable(w, d, prefix, scope, []);
      if (d.kind === 'fence') scope.define(d.name, {
        kind: 'fence',
        fence: makeFence(w, `${prefix}${d.name}`, party === '' ? d.name : party, d.options, this.resvs()),
      });
    }
  }

  private resvs() {
    return [...new Set(this.w.buffers.map((b) => b.resv))];
  }

  private object(d: Declaration & { readonly kind: 'object' }, prefix: string, party: string): Entity {
    const { w } = this;
    const name = `${prefix}${d.name}`;
    switch (d.type) {
      case 'mutex':
      case 'rwsem':
      case 'resv':
        return { kind: 'lock', lock: makeLock(w, name, d.type) };
      case 'completion':
        return { kind: 'completion', completion: makeCompletion(w, name) };
      case 'kref': {
        const initial = Number(d.options.find((o) => o.name === 'initial')?.values[0] ?? 1);
        if (initial > 8) throw new BuildError(`kref ${d.name} starts above 8`, d.at);
        return { kind: 'kref', kref: makeKref(w, name, initial, 8, party === '' ? d.name : party) };
      }
      case 'ticket':
        return { kind: 'ticket', ticket: makeTicket(w, name) };
      case 'workqueue':
        this.queues.set(name, []);
        return { kind: 'queue', name };
      case 'mapping':
        throw new BuildError('a mapping stands inside an importer', d.at);
    }
  }

  private exporterMembers(d: Declaration & { readonly kind: 'exporter' }, exporter: Exporter, scope: Scope): void {
    const { w } = this;
    for (const m of d.members) if (m.kind === 'variable') makeVariable(w, m, `${d.name}.`, scope, exporter.buffers);
    this.shared(d.members.filter((m) => m.kind !== 'variable' && m.kind !== 'option' && m.kind !== 'operation'), scope, `${d.name}.`, d.name);
    this.threads(d.members, scope, `${d.name}.`, d.name);
    const allowed = ['attach', 'detach', 'pin', 'unpin', 'map', 'unmap', 'begin_cpu_access', 'end_cpu_access', 'mmap', 'vmap', 'vunmap'];
    for (const m of d.members) {
      if (m.kind !== 'operation') continue;
      if (!allowed.includes(m.name)) throw new BuildError(`an exporter has no operation '${m.name}'; there are ${allowed.join(', ')}`, m.at);
      exporter.operations.set(m.name, {
        body: m.body,
        run: (code, buffer, att, map) => {
          if (this.running.has(m)) throw new BuildError(`operation '${m.name}' of ${d.name} calls itself`, m.at);
          this.running.add(m);
          const inner = new Scope(scope);
          inner.define('buf', { kind: 'buffer', buffer });
          if (att !== null) inner.define('att', { kind: 'attachment', attachment: att });
          const mapping = map ?? att?.mappings[0];
          if (mapping !== undefined) inner.define('map', { kind: 'mapping', mapping });
          runStatements({ ...this.context(code, inner, `${d.name}.${m.name}`), operation: true }, m.body);
          this.running.delete(m);
        },
      });
    }
  }

  private importer(d: Declaration & { readonly kind: 'importer' }): void {
    const of = this.root.find(d.of);
    if (of?.kind !== 'buffer') throw new BuildError(`unknown buffer '${d.of}'`, d.at);
    if ((d.count ?? 1) > MAX_IMPORTERS || d.count === 0) throw new BuildError(`a family has 1 to ${MAX_IMPORTERS} members`, d.at);
    for (const m of d.members) {
      if ('name' in m && (m.name === 'att' || m.name === 'map')) throw new BuildError(`every importer has its own '${m.name}'; choose another name`, m.at);
    }
    const members: (Entity & { kind: 'party' })[] = [];
    for (let i = 0; i < (d.count ?? 1); i++) {
      const name = d.count === null ? d.name : `${d.name}[${i}]`;
      this.within(instanceOf(d, i), () => members.push(this.member(d, name, of.buffer)));
    }
    const [only] = members;
    if (d.count === null && only !== undefined) this.root.define(d.name, only);
    else this.root.define(d.name, { kind: 'family', name: d.name, members });
  }

  /** One importer, or one member of a family. */
  private member(d: Declaration & { readonly kind: 'importer' }, name: string, buffer: Buffer): Entity & { kind: 'party' } {
    const { w } = this;
    const made = makeImporter(w, d, name, buffer, this.root);
    for (const m of d.members) if (m.kind === 'object' && m.type === 'mapping') made.scope.define(m.name, {
      kind: 'mapping',
      mapping: makeMapping(w, made.attachment, m.name),
    });
    this.shared(d.members.filter((m) => !(m.kind === 'object' && m.type === 'mapping')), made.scope, `${name}.`, name);
    const wantsJob = made.driver?.fenced === true && !made.options.has('idle') && !made.options.has('unfenced');
    const own = made.scope.member('job');
    const job = own?.kind === 'fence' ? own.fence : wantsJob ? makeFence(w, `${name}.job`, name, [], this.resvs()) : null;
    if (job !== null) made.scope.define('job', { kind: 'fence', fence: job });
    this.importers.push({ ...made, job });
    return { kind: 'party', name, scope: made.scope };
  }

  private party(d: Declaration & { readonly kind: 'party' }): void {
    for (const m of d.members) {
      if (m.kind === 'option') throw new BuildError(`a party has no option '${m.option.name}'`, m.option.at);
      if (m.kind === 'operation') throw new BuildError(`a party has no operation '${m.name}'; put it into a thread`, m.at);
    }
    const members: (Entity & { kind: 'party' })[] = [];
    for (let i = 0; i < (d.count ?? 1); i++) {
      const name = d.count === null ? d.name : `${d.name}[${i}]`;
      const scope = new Scope(this.root);
      this.within(instanceOf(d, i), () => this.shared(d.members, scope, `${name}.`, name));
      members.push({ kind: 'party', name, scope });
    }
    const [only] = members;
    if (d.count === null && only !== undefined) this.root.define(d.name, only);
    else this.root.define(d.name, { kind: 'family', name: d.name, members });
    members.forEach((m, i) => {
      this.within(instanceOf(d, i), () => this.threads(d.members, m.scope, `${m.name}.`, m.name));
    });
  }

  /** Threads and work items: processes now, their code when all objects exist. */
  private threads(declarations: readonly (Declaration | Member)[], scope: Scope, prefix: string, party: string): void {
    for (const d of declarations) {
      if (d.kind === 'work') this.work(d.name, scope, `${prefix}${d.name}`, party === '' ? d.name : party, d.queue, (code) => runStatements(this.context(code, scope), d.body));
    }
    for (const d of declarations) {
      if (d.kind === 'thread') {
        const code = this.w.process(`${prefix}${d.name}`, d.by, party === '' ? d.name : party);
        scope.define(d.name, { kind: 'thread', code });
        const { instance } = this.w;
        this.bodies.push(() => this.within(instance, () => this.thread(code, scope, d.body)));
      }
    }
  }

  private within(instance: World['instance'], body: () => void): void {
    this.w.instance = instance;
    body();
    this.w.instance = null;
  }

  private thread(code: Code, scope: Scope, body: readonly Statement[]): void {
    const end = code.place('end', false);
    runStatements({ ...this.context(code, scope), end }, body);
    this.endOf(code, end, body.length === 0);
  }

  /** The thread's last place; `done(thread)` is true there. */
  private endOf(code: Code, end: Place, fromTheStart: boolean): void {
    code.land(end);
    if (!this.w.knows(`done ${code.process}`)) return;
    const flag = doneFlag(this.w, code);
    const variable = this.w.variables[flag];
    if (fromTheStart && variable !== undefined) this.w.variables[flag] = { ...variable, initial: 1 };
    end.onEnter.push(set(flag, constant(1)));
  }

  private work(short: string, scope: Scope, name: string, party: string, queue: string | null, write: (code: Code) => void): Work {
    const work = makeWork(this.w, name, party);
    scope.define(short, { kind: 'work', work });
    const on = queue === null ? undefined : this.queues.get(queue);
    if (queue !== null && on === undefined) throw new BuildError(`unknown workqueue '${queue}'`);
    on?.push(work);
    const { instance } = this.w;
    this.bodies.push(() => this.within(instance, () => {
      const { code } = work;
      const others = (on ?? []).filter((o) => o !== work);
      code.call(name, false, () => {
        code.step('begins', {
          guard: and(read(work.queued), ...others.map((o) => equalZero(o.code.pc))),
          actions: [set(work.queued, constant(0))],
          fairness: others.length > 0 ? 'strong' : 'weak',
          text: `${name} runs`, step: 'work',
        });
        write(code);
      });
      code.goto(code.entry);
    }));
    return work;
  }

  /** Callback, worker and user of an importer, its own or its driver's. */
  private importerCode(i: ImporterObject): void {
    const { w } = this;
    const { instance } = w;
    const own = new Set(i.members.flatMap((m) => (m.kind === 'thread' || m.kind === 'work' ? [m.name] : [])));
    const callback = i.members.find((m) => m.kind === 'operation' && m.name === 'invalidate_mappings');
    const parts = (worker: Work | null): Parts => ({
      name: i.name, att: i.attachment, map: i.map, job: i.job, usage: i.usage, worker,
      rounds: Number(i.options.get('rounds')?.[0] ?? 1),
      works: !i.options.has('idle'),
    });
    this.threads(i.members, i.scope, `${i.name}.`, i.name);
    const { driver } = i;
    let worker: Work | null = null;
    if (driver?.deferred === true) {
      const named = i.scope.member('unmap');
      worker = named?.kind === 'work' ? named.work : this.work('unmap', i.scope, `${i.name}.unmap`, i.name, null, (code) => unmapWorker(w, code, parts(null)));
    }
    if (i.attachment.traits.callback === 'real') {
      const code = w.process(`${i.name}.invalidate_mappings`, 'callback', i.name);
      i.attachment.callback = code;
      w.context.set(code, new Set([i.attachment.buffer.resv]));
      this.bodies.push(() => this.within(instance, () => this.callback(code, i, () => {
        if (callback?.kind === 'operation') runStatements(this.context(code, i.scope), callback.body);
        else driver?.callback(w, code, parts(worker));
      })));
    }
    const hasThread = i.members.some((m) => m.kind === 'thread');
    if (driver !== null && !hasThread && !own.has('app')) {
      const code = w.process(`${i.name}.app`, 'user', i.name);
      i.scope.define('app', { kind: 'thread', code });
      this.bodies.push(() => this.within(instance, () => {
        const p = parts(worker);
        for (let round = 0; round < p.rounds; round++) driver.app(w, code, p);
        this.endOf(code, code.place('end', false), false);
      }));
    }
  }

  /** The callback's idle place is its entry; arriving there again, it has returned: live mappings are stale now. */
  private callback(code: Code, i: ImporterObject, write: () => void): void {
    const { w } = this;
    const idle = code.entry;
    code.body = code.place('callback', true);
    for (const map of i.attachment.mappings) {
      const told = w.emit('mapping', map.life, 'invalidate', { party: i.name, object: map.name });
      if (map.told === null) idle.onEnter.push(...told);
      else idle.onEnter.push(when(read(map.told), told), set(map.told, constant(0)));
    }
    code.resume(code.body);
    code.call(`${i.name}.invalidate_mappings`, false, write);
    code.goto(idle);
  }

  private fenceCallbacks(): void {
    const { w } = this;
    for (const fence of w.fences) {
      for (const code of w.codes) {
        if (!w.knows(`${fence.name} calls ${code.process}`)) continue;
        const queued = w.variables.findIndex((v) => v.name === `${code.process}.queued`);
        if (queued >= 0) callbackBit(w, fence, { name: code.process, code, queued });
      }
    }
  }

  private engines(): void {
    const { w } = this;
    for (const fence of w.fences) {
      if (fence.members.size > 0 || fence.mappings.length > 0 || w.knows(`${fence.name} runs`)) fenceEngine(w, fence);
      else if (fence.signaller !== 'driver') fenceEngine(w, fence);
    }
    for (const map of w.mappings) deviceEngine(w, map);
    for (const b of w.buffers) {
      releaseEngine(w, b);
      copyEngine(w, b);
    }
    for (const e of new Set(w.buffers.map((b) => b.exporter))) lateOffEngine(w, e);
  }

  private context(code: Code, scope: Scope, owner = ''): Context {
    const key = `${code.process}:${owner}ret`;
    return {
      w: this.w, code, scope, labels: new Map(), loop: null, end: null, operation: false, inIoctl: false,
      ret: () => {
        const old = this.rets.get(key);
        if (old !== undefined) return old;
        const instance = this.w.instance;
        this.w.instance = this.w.instances.get(code.pc) ?? null;
        const id = this.w.variable(key, RESULT_VALUES.length, 0, { local: code, hidden: true, values: RESULT_VALUES });
        this.w.instance = instance;
        this.rets.set(key, id);
        return id;
      },
    };
  }

  finish(): Compiled {
    const { w } = this;
    for (const code of w.codes) {
      const stops = code.number();
      this.stops.set(code, stops);
      this.resize(code.pc, stops.length);
    }
    const { judged: properties } = this;
    const steps = this.steps();
    const processes: Process[] = w.processes.map((p) => this.process(p));
    const index = new Map(w.processes.map((p, i) => [p, i]));
    const pending = this.pendings(processes);
    const witnesses = [...properties.witnesses, ...this.defaultWitnesses()];
    const mapped = new Map<string, number>();
    for (const att of w.attachments) {
      const family = w.instances.get(att.life)?.family;
      const twins = family === undefined ? [att] : w.attachments.filter((a) => w.instances.get(a.life)?.family === family);
      mapped.set(att.importer, witnesses.length);
      witnesses.push({ name: `${att.importer} maps`, reached: or(...twins.flatMap((a) => a.mappings.map((m) => w.live(m)))) });
    }
    const latched = this.latch(steps, properties.latches);
    return {
      contract: w.contract, refusals: w.refusals, rules: [...w.rules], mapped,
      system: {
        name: this.scenario.name, variables: w.variables, processes, steps: latched, violations: w.violations,
        invariants: [
          ...w.invariants.map((i): Invariant => ({ name: i.name, bad: i.bad, violation: i.violation, text: i.text, process: index.get(i.process) ?? 0 })),
          ...properties.invariants,
        ],
        pending: [...pending, ...properties.pending],
        witnesses,
        symmetry: this.symmetry(),
        assumptions: [
          ...w.assumptions,
          ...this.unwatched(),
          ...this.scenario.off.map((o) => `${o.name} is not watched here`),
          ...(w.order === 'kernel' ? ['callbacks run newest attachment first'] : []),
        ],
      },
    };
  }

  /** P7 watches a flag of the exporter that is called revoked; without one nothing says when maps are forbidden. */
  private unwatched(): string[] {
    const { w } = this;
    return w.buffers
      .filter((b) => b.exporter.driver === null && w.knows(`${b.name} is invalidated`) && !w.variables.some((v) => v.name === `${b.exporter.name}.revoked`))
      .map((b) => `${b.exporter.name} has no flag named 'revoked': P7 is not watched for ${b.name}`);
  }

  private resize(id: VariableId, size: number): void {
    const old = this.w.variables[id];
    if (old !== undefined) this.w.variables[id] = { ...old, size: Math.max(1, size) };
  }

  private process(p: Code | Loose): Process {
    if (!('pc' in p)) return { name: p.name, kind: p.kind, party: p.party, pc: null, places: [] };
    return {
      name: p.process, kind: p.kind, party: p.party, pc: p.pc,
      places: (this.stops.get(p) ?? []).map((s) => ({
        label: s.label,
        inCall: s.inCall || (p.kind === 'kernel' && s.steps.some((step) => step.waits !== null && step.waits.kind !== 'condition')),
      })),
    };
  }

  private steps(): Step[] {
    const { w } = this;
    const groups = new Map<string, number>();
    const group = (key: string): number => {
      const old = groups.get(key);
      if (old !== undefined) return old;
      groups.set(key, groups.size);
      return groups.size - 1;
    };
    const steps: Step[] = [];
    const push = (draft: Omit<StepDraft, 'to'>, process: number, place: number | null, actions: readonly Action[], key: string): void => {
      const fairness: Fairness = draft.fairness;
      steps.push({
        name: draft.name, process, place, guard: draft.guard, actions, fairness, group: fairness === 'none' ? 0 : group(`${key}|${fairness}`), text: draft.text,
        ...(draft.step === null ? {} : { step: draft.step }), ...(draft.origin === null ? {} : { origin: draft.origin }),
        ...(draft.waits === null ? {} : { waits: { ...draft.waits, providers: draft.waits.providers() } }),
      });
    };
    w.processes.forEach((p, process) => {
      if (!('pc' in p)) {
        for (const s of p.steps) push(s, process, null, s.actions, s.group);
        return;
      }
      (this.stops.get(p) ?? []).forEach((stop, place) => {
        for (const s of stop.steps) {
          const known = learn(new Map(), s.actions);
          const actions = [...foldActions(s.actions, new Map()), ...(s.late?.() ?? []), ...arrival(s.to, p.pc, p.numberOf, known)];
          push(s, process, place, actions, `${p.process}@${place}`);
        }
      });
    });
    return steps;
  }

  /** P10 for every process with calls; P6 for mappings that are called back; P9 for fences in a reservation. */
  private pendings(processes: readonly Process[]): Pending[] {
    const { w } = this;
    const pending: Pending[] = [];
    const on = (id: string): boolean => !w.off.has(id);
    processes.forEach((p, i) => {
      if (p.pc === null || !on('P10') || p.kind === 'device' || !p.places.some((place) => place.inCall)) return;
      const violation = w.violation({
        code: 'P10', kind: 'obligation', fatal: false, party: p.party, object: p.name, obligation: 'P10',
        text: `${p.name} never gets out of its call.`,
      });
      pending.push({
        name: `${p.name} in a call`,
        holds: { op: 'table', of: read(p.pc), values: p.places.map((place) => (place.inCall ? 1 : 0)) },
        kind: 'call', process: i, violation,
      });
    });
    for (const map of w.mappings) {
      if (!on('P6') || map.attachment.traits.callback !== 'real') continue;
      const [action] = w.broken('P6', { party: map.attachment.importer, object: map.name });
      if (action?.do === 'violate') pending.push({
        name: `${map.name} stale`,
        holds: w.stale(map), kind: 'obligation', process: null,
        violation: action.violation,
      });
    }
    for (const fence of w.fences) {
      if (!on('P9') || fence.members.size === 0) continue;
      const [action] = w.broken('P9', { party: fence.owner, object: fence.name });
      if (action?.do === 'violate') pending.push({
        name: `${fence.name} pending`,
        holds: w.fencePending(fence),
        kind: 'obligation', process: null,
        violation: action.violation,
      });
    }
    return pending;
  }

  /** Vacuity: somebody is to map, and an invalidate is to meet a live mapping, where the scenario has either. */
  private defaultWitnesses(): { readonly name: string; readonly reached: Expr }[] {
    const { w } = this;
    if (w.mappings.length === 0) return [];
    const out = [{ name: 'something is mapped', reached: or(...w.mappings.map((m) => w.live(m))) }];
    const visiting = w.codes.flatMap((code) => (this.stops.get(code) ?? []).flatMap((stop, i) => (stop.steps.some((s) => s.step === 'invalidate') ? [
      { op: 'eq' as const, left: read(code.pc), right: constant(i) },
    ] : [])));
    if (visiting.length > 0) out.push({ name: 'an invalidate meets a live mapping', reached: and(or(...visiting), or(...w.mappings.map((m) => w.live(m)))) });
    return out;
  }

  private properties(): void {
    const { w, judged } = this;
    const [code] = w.codes;
    if (code === undefined) {
      if (this.scenario.properties.length > 0) throw new BuildError('a scenario with properties needs a thread', this.scenario.properties[0]?.at ?? null);
      return;
    }
    for (const p of this.scenario.properties) {
      const ctx = this.context(code, this.root);
      const test = truthOf(ctx, p.test);
      const name = p.name ?? `${p.kind} at line ${p.at.line}`;
      const violation = (): ViolationId => w.violation({
        code: 'assert', kind: 'assertion',
        fatal: p.kind === 'always',
        party: this.scenario.name,
        object: name, obligation: null,
        text: `${name} does not hold`,
      });
      if (p.kind === 'always') judged.invariants.push({ name, bad: not(test), violation: violation(), process: 0, text: `${name} is false` });
      else if (p.kind === 'sometimes') judged.witnesses.push({ name, reached: test });
      else {
        const atStart = fold(test, new Map(w.variables.map((v, id) => [id, v.initial])));
        const seen = w.variable(`seen ${name}`, 2, atStart.op === 'const' && atStart.value !== 0 ? 1 : 0, { hidden: true });
        judged.latches.push({ test, seen });
        judged.pending.push({ name, holds: not(read(seen)), kind: 'eventually', process: null, violation: violation() });
      }
    }
  }

  /** `eventually`: a bit that remembers; every step sets it when the test has become true. */
  private latch(steps: readonly Step[], latches: readonly { readonly test: Expr; readonly seen: VariableId }[]): readonly Step[] {
    if (latches.length === 0) return steps;
    const after = latches.map(({ test, seen }) => when(test, [set(seen, constant(1))]));
    return steps.map((s) => ({ ...s, actions: [...s.actions, ...after] }));
  }

  private symmetry(): SymmetricFamily[] {
    const { w } = this;
    const families = new Map<string, VariableId[][]>();
    for (const [id, { family, index }] of w.instances) {
      const blocks = families.get(family) ?? [];
      (blocks[index] ??= []).push(id);
      families.set(family, blocks);
    }
    return [...families].flatMap(([name, blocks]) => {
      if (w.asymmetric.has(name) || blocks.length < 2) return [];
      const shape = (block: readonly VariableId[]): string => block.map((id) => shapeOf(w.variables[id])).join(' ');
      const [first] = blocks;
      return first !== undefined && blocks.every((b) => shape(b) === shape(first)) ? [{ name, blocks }] : [];
    });
  }
}

const instanceOf = (d: { readonly name: string; readonly count: number | null }, index: number): World['instance'] => (d.count === null ? null : { family: d.name, index });
const shapeOf = (v: Variable | undefined): string => (v === undefined ? '' : `${v.size}/${v.initial}`);
const equalZero = (pc: VariableId): Expr => ({ op: 'eq', left: read(pc), right: constant(0) });
