// The objects of a scenario while it is being built: buffers, attachments, mappings, fences, locks, and their variables.
// Objects that answer for obligations hold the state of their lifecycle (protocol/lifecycle); `emit` is the only way to change it.

import { lifecycle, type Lifecycle } from '../protocol/lifecycle.ts';
import { obligation, type ObjectKind, type ObligationId } from '../protocol/obligations.ts';
import { HARMS, type HarmId } from '../protocol/harms.ts';
import { RESULT_VALUES } from '../protocol/errno.ts';
import { usageLevel, type Usage } from '../protocol/usage.ts';
import { BuildError, Code, type StepDraft, type WaitDraft } from './code.ts';
import type { Contract } from './contract.ts';
import type { Statement } from './scenario.ts';
import {
  and, compare, constant, not, read, set, violate, when,
  type Action, type Expr, type Invariant, type Pending, type ProcessKind, type Variable, type VariableId, type Violation, type ViolationId, type Wait, type Witness,
} from './system.ts';

export interface Lock {
  readonly name: string;
  readonly kind: 'resv' | 'mutex' | 'rwsem';
  readonly held: VariableId;
  /** rwsem: how many read. */
  readonly readers: VariableId | null;
  /** Reserved fence slots (resv). */
  readonly slots: VariableId;
  readonly holders: Map<Code, VariableId>;
  readonly tickets: Map<Ticket, VariableId>;
}

export interface Ticket {
  readonly name: string;
  /** 0: not begun; the smaller the older. */
  readonly age: VariableId;
}

export interface Completion {
  readonly name: string;
  readonly done: VariableId;
  readonly completers: Set<Code>;
}

export interface Kref {
  readonly name: string;
  readonly life: VariableId;
  readonly count: VariableId;
  /** Value that stands for a saturated count; all below are real. */
  readonly saturated: number;
  readonly party: string;
}

export interface Work {
  readonly name: string;
  readonly code: Code;
  readonly queued: VariableId;
}

export interface Exporter {
  readonly name: string;
  /** vfio_pci, uverbs, ttm, static, or null where its operations stand in the scenario. */
  readonly driver: string | null;
  readonly decodes: VariableId;
  readonly buffers: Buffer[];
  readonly operations: Map<string, Operation>;
  readonly options: ReadonlyMap<string, readonly string[]>;
  /** uverbs: one revoke at a time. */
  readonly lock: Lock;
  /** V5: the device is to be switched off when the last mapping has gone. */
  readonly offWanted: VariableId;
}

export interface Buffer {
  readonly name: string;
  readonly exporter: Exporter;
  readonly resv: Lock;
  readonly life: VariableId;
  readonly references: VariableId;
  readonly gone: VariableId;
  readonly vmaps: VariableId;
  readonly count: Kref;
  readonly completion: Completion;
  readonly attachments: Attachment[];
  readonly copy: Fence;
  readonly moving: VariableId;
  /** The exporter holds the file while it revokes (get_file_active). */
  readonly busy: VariableId;
  /** The exporter has let go of it for good (vfio_pci_dma_buf_cleanup). */
  readonly dropped: VariableId;
  readonly options: ReadonlyMap<string, readonly string[]>;
}

export interface Operation {
  readonly body: readonly Statement[];
  /** Opaque to the framework: the scope in which names are looked up. */
  readonly run: (code: Code, buffer: Buffer, att: Attachment | null, map: Mapping | null) => void;
}

export interface Attachment {
  readonly name: string;
  readonly importer: string;
  readonly buffer: Buffer;
  readonly life: VariableId;
  readonly pin: VariableId;
  readonly peer2peer: VariableId;
  /** What the callback needs: 0 not yet, 1 ready, 2 freed, 3 cleared (callback finds nothing to do). */
  readonly private: VariableId;
  /** A built-in importer's own reference to the buffer. */
  readonly holds: VariableId;
  /** The stub callback has printed its warning (B26). */
  readonly logged: VariableId;
  /** The umem helpers' revoked bit (B25.6). */
  readonly revoked: VariableId;
  readonly visited: VariableId;
  readonly rank: VariableId;
  readonly mappings: Mapping[];
  readonly traits: Traits;
  callback: Code | null;
}

/** What kind of importer it is (SEMANTICS A8). */
export interface Traits {
  readonly dynamic: boolean;
  readonly peer2peer: boolean;
  readonly callback: 'real' | 'stub' | 'none';
  readonly speculates: boolean;
  /** What the importer says of itself under CB=M3. */
  readonly level: 'faulting' | 'revoking' | 'unsupported';
}

export interface Mapping {
  readonly name: string;
  readonly attachment: Attachment;
  readonly life: VariableId;
  /** 0 valid, 1 redirected, 2 reassigned. */
  readonly address: VariableId;
  /** 0 owned, 1 recycled, 2 freed. */
  readonly store: VariableId;
  /** Mapped before the last move. */
  readonly old: VariableId;
  /** 0 none, 1 unfenced, 2 … fenced. */
  readonly job: VariableId;
  readonly jobFences: Fence[];
  /** 0 none, 1 issued, 2 issued again for something else. */
  readonly key: VariableId;
  /** Live when the callback began; null where the callback's code never maps. */
  readonly told: VariableId | null;
  /** KERNEL fences that were pending when map returned. */
  readonly waitsFor: Map<Fence, VariableId>;
  /** iommufd's range: not counted by the exporter. */
  readonly counted: boolean;
}

export interface Fence {
  readonly name: string;
  readonly owner: string;
  readonly life: VariableId;
  readonly signaller: 'hardware' | 'driver' | 'user';
  readonly timeout: boolean;
  readonly context: { readonly name: string; readonly seqno: number } | null;
  /** The reservations it was added to: membership, and usage level where it is not always the same. */
  readonly members: Map<Lock, { readonly member: VariableId | null; readonly usage: VariableId | null; readonly fixed: Usage | null }>;
  readonly mappings: Mapping[];
  /** Pending when the last move was scheduled: the copy waits for it. */
  readonly beforeCopy: VariableId;
  readonly signallers: Set<Code>;
  /** Waiting callbacks: queue the work when it signals. */
  readonly callbacks: { readonly work: Work; readonly armed: VariableId }[];
}

/** A process without a program counter: a device engine, a timer. */
export interface Loose {
  readonly name: string;
  readonly kind: ProcessKind;
  readonly party: string;
  /** `signals`: the fence that a step ends. */
  readonly steps: (Omit<StepDraft, 'to'> & { readonly group: string; readonly signals?: Fence })[];
}

/** What a first build of the scenario tells the second (which fences are added where, who prepares what). */
export interface Facts {
  readonly usages: Map<string, Set<Usage>>;
  readonly members: Map<string, Set<string>>;
  readonly covers: Map<string, Set<string>>;
  readonly words: Set<string>;
}

export const emptyFacts = (): Facts => ({ usages: new Map(), members: new Map(), covers: new Map(), words: new Set() });

export interface Blamed {
  readonly party: string;
  readonly object: string;
}

/** The search goes on behind these, as the kernel does: what follows from them is worth knowing. */
const GOES_ON: ReadonlySet<string> = new Set(['P3', 'P7', 'P8', 'P11', 'P14', 'UF']);

export class World {
  readonly contract: Contract;
  readonly order: 'any' | 'kernel';
  readonly known: Facts;
  readonly facts: Facts = emptyFacts();
  readonly off: ReadonlySet<string>;
  readonly without: ReadonlySet<string>;
  readonly rules = new Set<string>();
  readonly variables: Variable[] = [];
  readonly codes: Code[] = [];
  readonly loose: Loose[] = [];
  /** Registration order of processes: code or loose. */
  readonly processes: (Code | Loose)[] = [];
  readonly violations: Violation[] = [];
  readonly invariants: (Omit<Invariant, 'process'> & { readonly process: Loose | Code })[] = [];
  readonly pending: (Omit<Pending, 'process'> & { readonly process: Loose | Code | null })[] = [];
  readonly witnesses: Witness[] = [];
  readonly assumptions = new Set<string>();
  readonly buffers: Buffer[] = [];
  readonly fences: Fence[] = [];
  readonly mappings: Mapping[] = [];
  readonly attachments: Attachment[] = [];
  readonly tickets: Ticket[] = [];
  /** Every reservation, with or without a buffer. */
  readonly reservations: Lock[] = [];
  readonly refusals = new Map<ViolationId, { importer: string; at: string; errno: string }>();
  /** Locks that a callback's caller holds. */
  readonly context = new Map<Code, ReadonlySet<Lock>>();
  readonly lives: Readonly<Record<ObjectKind, Lifecycle>>;
  /** The instance a new variable belongs to: "nic", 1; for symmetry. */
  instance: { readonly family: string; readonly index: number } | null = null;
  readonly instances = new Map<VariableId, { readonly family: string; readonly index: number }>();
  /** Families whose members are told apart somewhere. */
  readonly asymmetric = new Set<string>();
  private readonly violationIndex = new Map<string, ViolationId>();

  constructor(options: { contract: Contract; order: 'any' | 'kernel'; known: Facts; off: ReadonlySet<string>; without: ReadonlySet<string> }) {
    this.contract = options.contract;
    this.order = options.order;
    this.known = options.known;
    this.off = options.off;
    this.without = options.without;
    const kernelFences = [...this.known.usages.values()].some((usages) => usages.has('KERNEL'));
    this.lives = {
      mapping: lifecycle('mapping', kernelFences ? [] : ['map-blocked', 'kernel-retired']),
      pin: lifecycle('pin'), attachment: lifecycle('attachment'), reference: lifecycle('reference'), buffer: lifecycle('buffer'), fence: lifecycle('fence'), lock: lifecycle('lock'), call: lifecycle('call'), kref: lifecycle('kref'),
    };
  }

  variable(name: string, size: number, initial = 0, more: { values?: readonly string[]; local?: Code; hidden?: boolean } = {}): VariableId {
    if (size > 65536) throw new BuildError(`${name} has more than 65536 values`);
    const id = this.variables.length;
    this.variables.push({
      name, size, initial,
      ...(more.values === undefined ? {} : { values: more.values }),
      ...(more.local === undefined ? {} : { local: this.processes.indexOf(more.local) }),
      ...(more.hidden === undefined ? {} : { hidden: more.hidden }),
    });
    if (this.instance !== null) this.instances.set(id, this.instance);
    return id;
  }

  flag(name: string, initial = 0, hidden = false): VariableId {
    return this.variable(name, 2, initial, { values: ['no', 'yes'], hidden });
  }

  /** The state of an object's lifecycle. */
  alive(kind: ObjectKind, name: string): VariableId {
    return this.variable(name, this.lives[kind].states.length, 0, { values: this.lives[kind].states });
  }

  /** A process with code. Threads are registered in the order in which they are made. */
  process(name: string, kind: ProcessKind, party: string): Code {
    const pc = this.variable(`${name}:pc`, 65536, 0, { hidden: true });
    const result = this.variable(`${name}:result`, RESULT_VALUES.length, 0, { hidden: true, values: RESULT_VALUES });
    const code = new Code({ process: name, kind, party, pc, result, without: this.without, seen: this.rules });
    this.codes.push(code);
    this.processes.push(code);
    const local = this.processes.length - 1;
    const own = this.variables[result];
    if (own !== undefined) this.variables[result] = { ...own, local };
    return code;
  }

  /** A process without a program counter; made once a name. */
  engine(name: string, kind: ProcessKind, party: string): Loose {
    const old = this.loose.find((l) => l.name === name);
    if (old !== undefined) return old;
    const loose: Loose = { name, kind, party, steps: [] };
    this.loose.push(loose);
    this.processes.push(loose);
    return loose;
  }

  violation(v: Violation): ViolationId {
    const key = `${v.code}|${v.party}|${v.object}|${v.text}`;
    const old = this.violationIndex.get(key);
    if (old !== undefined) return old;
    this.violations.push(v);
    this.violationIndex.set(key, this.violations.length - 1);
    return this.violations.length - 1;
  }

  /** Actions that record a broken obligation, or none where its monitor is off. */
  broken(id: ObligationId, who: Blamed, text: string = obligation(id).text, fatal = !GOES_ON.has(id)): readonly Action[] {
    if (this.off.has(id)) return [];
    return [violate(this.violation({ code: id, kind: 'obligation', fatal, party: who.party, object: who.object, obligation: id, text }))];
  }

  /** `duty`: the obligation behind it, where it is not the harm's usual one. */
  harm(id: HarmId, who: Blamed, text?: string, duty?: ObligationId): ViolationId {
    const harm = HARMS.find((h) => h.id === id);
    return this.violation({
      code: id, kind: 'harm', fatal: true, party: who.party, object: who.object,
      obligation: duty ?? harm?.obligation ?? null,
      text: text ?? harm?.text ?? id,
    });
  }

  /** A kernel WARN (the kernel goes on) or BUG (it does not). */
  warn(who: Blamed, text: string): readonly Action[] {
    return this.off.has('WARN') ? [] : [violate(
      this.violation({ code: 'WARN', kind: 'warning', fatal: false, party: who.party, object: who.object, obligation: null, text }),
    )];
  }

  bug(who: Blamed, text: string): readonly Action[] {
    return [violate(this.violation({ code: 'BUG', kind: 'harm', fatal: true, party: who.party, object: who.object, obligation: null, text }))];
  }

  capacity(who: Blamed, text: string): readonly Action[] {
    return [violate(this.violation({ code: 'capacity', kind: 'capacity', fatal: true, party: who.party, object: who.object, obligation: null, text }))];
  }

  /** Records that an importer was turned away; no fault of anybody. */
  refused(importer: string, at: string, errno: string): readonly Action[] {
    const id = this.violation({
      code: 'refused', kind: 'refusal', fatal: false, party: importer, object: at, obligation: null,
      text: `${importer} is refused in ${at}: -${errno}`,
    });
    this.refusals.set(id, { importer, at, errno });
    return [violate(id)];
  }

  /** An event in the life of an object: records what it breaks, then moves the state. */
  emit(kind: ObjectKind, variable: VariableId, event: string, who: Blamed): readonly Action[] {
    const life = this.lives[kind];
    const actions: Action[] = [];
    for (const { obligation: id, states } of life.breaks(event)) {
      const broken = this.broken(id, who);
      if (broken.length > 0) actions.push(when({ op: 'in', of: read(variable), set: states }, broken));
    }
    const next = life.next(event);
    if (next.some((to, from) => to !== from)) actions.push(set(variable, { op: 'table', of: read(variable), values: next }));
    return actions;
  }

  /** Whether the automaton of an obligation is in one of the states. */
  is(kind: ObjectKind, variable: VariableId, id: ObligationId, ...states: readonly string[]): Expr {
    return { op: 'in', of: read(variable), set: this.lives[kind].where(id, ...states) };
  }

  live(map: Mapping): Expr {
    return this.is('mapping', map.life, 'P1', 'live');
  }
  stale(map: Mapping): Expr {
    return this.is('mapping', map.life, 'P6', 'stale');
  }
  listed(att: Attachment): Expr {
    return this.is('attachment', att.life, 'P4', 'listed');
  }
  pinned(att: Attachment): Expr {
    return this.is('pin', att.pin, 'P11', 'held', 'twice');
  }
  revoked(buffer: Buffer): Expr {
    return this.is('buffer', buffer.life, 'P7', 'revoked');
  }
  fencePending(fence: Fence): Expr {
    return this.is('fence', fence.life, 'P9', 'pending');
  }
  unsignalled(fence: Fence): Expr {
    return this.is('fence', fence.life, 'P9', 'pending', 'armed');
  }

  /** Pending on this reservation, at or below the usage. */
  pendingOn(fence: Fence, resv: Lock, usage: Usage): Expr {
    const member = fence.members.get(resv);
    if (member === undefined) return constant(0);
    const level = usageLevel(usage);
    const low = member.fixed !== null ? constant(
      usageLevel(member.fixed) <= level ? 1 : 0,
    ) : member.usage !== null ? compare('le', read(member.usage), constant(level)) : constant(1);
    return and(member.member === null ? this.fencePending(fence) : read(member.member), low);
  }

  /** No unsignalled fence at or below the usage. */
  quiet(resv: Lock, usage: Usage): Expr {
    return and(...this.fences.map((f) => not(this.pendingOn(f, resv, usage))));
  }

  count(exprs: readonly Expr[]): Expr {
    return exprs.length === 0 ? constant(0) : exprs.slice(1).reduce<Expr>((sum, e) => compare('add', sum, {
      op: 'if', test: e, then: constant(1), else: constant(0),
    }), {
      op: 'if',
      test: exprs[0] ?? constant(0),
      then: constant(1), else: constant(0),
    });
  }

  /** The process's own bit: it holds the lock. */
  holds(code: Code, lock: Lock): VariableId {
    const old = lock.holders.get(code);
    if (old !== undefined) return old;
    const instance = this.instance;
    this.instance = this.instances.get(code.pc) ?? null;
    const id = this.variable(`${code.process}:holds ${lock.name}`, 2, 0, { local: code, hidden: true });
    this.instance = instance;
    lock.holders.set(code, id);
    return id;
  }

  /** True in a callback whose caller holds the lock. */
  inContext(code: Code, lock: Lock): boolean {
    return this.context.get(code)?.has(lock) ?? false;
  }

  /** Obligation P8 for a call that needs the lock held. */
  needHeld(code: Code, lock: Lock, call: string, fatal = false): readonly Action[] {
    if (this.inContext(code, lock)) return [];
    const broken = this.broken('P8', { party: code.party, object: lock.name }, `${call} needs ${lock.name} held.`, fatal);
    return broken.length === 0 ? [] : [when(not(read(this.holds(code, lock))), broken)];
  }

  /** Obligation P8 for a call that takes the lock itself or must not be made under it. */
  needFree(code: Code, lock: Lock, call: string): readonly Action[] {
    const broken = this.broken('P8', { party: code.party, object: lock.name }, `${call} must not be called with ${lock.name} held.`);
    if (broken.length === 0) return [];
    if (this.inContext(code, lock)) return broken;
    const bit = lock.holders.get(code);
    return bit === undefined && !this.known.words.has(`${code.process} locks ${lock.name}`) ? [] : [when(read(this.holds(code, lock)), broken)];
  }

  waitForLock(lock: Lock): WaitDraft {
    return {
      kind: 'lock', object: lock.name,
      providers: () => [...lock.holders].map(([code, bit]) => ({ process: this.processes.indexOf(code), when: read(bit) })),
    };
  }

  waitForFences(fences: readonly { readonly fence: Fence; readonly when: Expr }[], object: string): WaitDraft {
    return {
      kind: 'fence', object,
      providers: () => fences.flatMap(({ fence, when: test }) => this.signallersOf(fence).map((process) => ({ process, when: test }))),
    };
  }

  waitForUnmap(buffer: Buffer): WaitDraft {
    return {
      kind: 'unmap', object: buffer.name, owner: buffer.exporter.name,
      providers: () => buffer.attachments.flatMap((att) => att.mappings.flatMap((map) => this.processesOf(att.importer).map((process) => ({ process, when: this.live(map) })))),
    };
  }

  processesOf(party: string): readonly number[] {
    return this.processes.flatMap((p, i) => (p.party === party && (p.kind === 'user' || p.kind === 'kernel' || p.kind === 'worker') ? [i] : []));
  }

  private signallersOf(fence: Fence): readonly number[] {
    const engines = this.processes.flatMap((p, i) => (!(p instanceof Code) && p.steps.some((s) => s.signals === fence) ? [i] : []));
    return [...engines, ...[...fence.signallers].map((c) => this.processes.indexOf(c))];
  }

  /** Remembers for the second build. */
  note(word: string): void {
    this.facts.words.add(word);
  }
  knows(word: string): boolean {
    return this.known.words.has(word);
  }
}

export const conditionWait = (text: string, providers: () => Wait['providers'] = () => []): WaitDraft => ({ kind: 'condition', object: text, providers });

