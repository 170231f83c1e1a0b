// Makes the objects of a scenario from its declarations: variables, lifecycles, scopes. No code is written here.

import { isUsage, USAGES, type Usage } from '../protocol/usage.ts';
import { BuildError } from './code.ts';
import { ADDRESS_VALUES, STORE_VALUES } from './framework/devices.ts';
import { IMPORTER_DRIVERS, isExporterDriver, isImporterDriver, EXPORTER_DRIVERS, type ImporterDriver } from './drivers/importers.ts';
import type { Declaration, Member, Option, Expression } from './scenario.ts';
import { Scope } from './scope.ts';
import { constant, type Origin } from './system.ts';
import type { Attachment, Buffer, Completion, Exporter, Fence, Kref, Lock, Mapping, Operation, Ticket, Traits, Work, World } from './world.ts';

export interface ImporterObject {
  readonly name: string;
  readonly driver: ImporterDriver | null;
  readonly attachment: Attachment;
  readonly map: Mapping;
  readonly job: Fence | null;
  readonly usage: Usage;
  readonly scope: Scope;
  readonly members: readonly Member[];
  readonly options: ReadonlyMap<string, readonly string[]>;
}

/** Options by name, each with one sentence; `docs/litmus.md` and `explain` show them. */
export const IMPORTER_OPTIONS = {
  allow_peer2peer: 'takes peer to peer; an importer with ops does so anyway',
  no_peer2peer: 'takes no peer to peer',
  speculates: 'its device reads ahead through every live mapping and throws the result away',
  static: 'without driver: attaches without ops',
  rounds: 'NUMBER: how often the user of a built-in driver imports and releases; 1 where left out',
  job: 'usage USAGE: under which usage the fence of the built-in jobs is added; BOOKKEEP where left out',
  idle: 'its device does no work: only the mapping counts',
  unfenced: 'the jobs of the built-in driver carry no fence',
} as const satisfies Readonly<Record<string, string>>;

export const EXPORTER_OPTIONS = {
  clears_peer2peer: 'takes peer to peer away from every importer that attaches',
  vram_only: 'map fails with -EBUSY without peer to peer',
  moves_on_map: 'ttm: every map moves the buffer, and so runs the callbacks',
  pins_early: 'ttm: pin does not wait until the buffer has stopped moving',
  no_mmap: 'has no mmap operation: -EINVAL',
  no_vmap: 'has no vmap operation: -EINVAL',
  disabled: 'the device does not answer at the start',
} as const satisfies Readonly<Record<string, string>>;

export const BUFFER_OPTIONS = {
  resv: 'NAME: shares the reservation NAME with others',
  side_effects: 'reading has side effects, so that reading ahead is not harmless',
  references: 'NUMBER: the most references that are counted; 4 where left out',
  revoked: 'is revoked at the start',
} as const satisfies Readonly<Record<string, string>>;

export const FENCE_OPTIONS = {
  by: 'hardware, driver or user: who signals it; hardware where left out',
  timeout: 'ends by itself after some time',
  context: 'NAME: of this context; a later fence takes the place of an earlier one',
  seqno: 'NUMBER: its place in the context',
} as const satisfies Readonly<Record<string, string>>;

export function optionsOf(members: readonly Member[], known: Readonly<Record<string, string>>, what: string): ReadonlyMap<string, readonly string[]> {
  const options = new Map<string, readonly string[]>();
  for (const m of members) {
    if (m.kind !== 'option') continue;
    if (!Object.hasOwn(known, m.option.name)) throw new BuildError(`unknown option '${m.option.name}' of ${what}; there are ${Object.keys(known).join(', ')}`, m.option.at);
    options.set(m.option.name, m.option.values);
  }
  return options;
}

/** The number behind an option, 1 to `most`. */
function wholeNumber(values: readonly string[] | undefined, otherwise: number, most: number, name: string, at: Origin): number {
  if (values === undefined) return otherwise;
  const number = Number(values[0]);
  if (values.length !== 1 || !Number.isInteger(number) || number < 1 || number > most) throw new BuildError(`'${name}' takes one whole number, 1 to ${most}`, at);
  return number;
}

export function makeLock(w: World, name: string, kind: Lock['kind']): Lock {
  const held = w.variable(name, 2, 0, { values: ['free', 'held'] });
  const readers = kind === 'rwsem' ? w.variable(`${name}:readers`, 8) : null;
  const slots = w.variable(`${name}:slots`, kind === 'resv' ? 8 : 1, 0, { hidden: true });
  const lock: Lock = { name, kind, held, readers, slots, holders: new Map(), tickets: new Map() };
  if (kind === 'resv') w.reservations.push(lock);
  return lock;
}

export function makeCompletion(w: World, name: string): Completion {
  return { name, done: w.variable(name, 2, 0, { values: ['not done', 'done'] }), completers: new Set() };
}

export function makeKref(w: World, name: string, initial: number, real: number, party: string): Kref {
  const life = w.variable(`${name}:state`, w.lives.kref.states.length, initial === 0 ? 1 : 0, { values: w.lives.kref.states, hidden: true });
  const saturated = real + 1;
  const values = Array.from({ length: saturated + 1 }, (_, i) => (i === saturated ? 'saturated' : String(i)));
  return { name, life, count: w.variable(name, saturated + 1, initial, { values }), saturated, party };
}

export function makeFence(w: World, name: string, owner: string, options: readonly Option[], resvs: readonly Lock[]): Fence {
  const word = (key: string): readonly string[] | undefined => options.find((o) => o.name === key)?.values;
  for (const o of options) if (!Object.hasOwn(FENCE_OPTIONS, o.name)) throw new BuildError(`unknown option '${o.name}' of a fence; there are ${Object.keys(FENCE_OPTIONS).join(', ')}`, o.at);
  const by = word('by')?.[0] ?? 'hardware';
  if (by !== 'hardware' && by !== 'driver' && by !== 'user') throw new BuildError(`a fence is signalled by hardware, driver or user, not '${by}'`, options[0]?.at ?? null);
  const context = word('context')?.[0];
  const life = w.alive('fence', name);
  const fence: Fence = {
    name, owner, life, signaller: by, timeout: word('timeout') !== undefined,
    context: context === undefined ? null : { name: context, seqno: Number(word('seqno')?.[0] ?? 0) },
    members: new Map(), mappings: [], beforeCopy: w.variable(`${name}:before copy`, 2, 0, { hidden: true }), signallers: new Set(), callbacks: [],
  };
  const several = (w.known.members.get(name)?.size ?? 0) > 1 || context !== undefined || w.knows(`${name} is replaced`);
  for (const resv of resvs) {
    if (w.known.members.get(name)?.has(resv.name) !== true) continue;
    const usages = [...(w.known.usages.get(`${name} on ${resv.name}`) ?? [])];
    const only = usages.length === 1 ? (usages[0] ?? null) : null;
    fence.members.set(resv, {
      member: several ? w.variable(`${name} in ${resv.name}`, 2, 0, { values: ['no', 'yes'] }) : null,
      fixed: only, usage: only === null ? w.variable(`${name}:usage on ${resv.name}`, USAGES.length, 0, { values: USAGES }) : null,
    });
  }
  w.fences.push(fence);
  return fence;
}

export function makeExporter(w: World, d: Declaration & { readonly kind: 'exporter' }): Exporter {
  if (d.driver !== null && !isExporterDriver(d.driver)) throw new BuildError(`unknown exporter driver '${d.driver}'; there are ${Object.keys(EXPORTER_DRIVERS).join(', ')}`, d.at);
  const options = optionsOf(d.members, EXPORTER_OPTIONS, 'an exporter');
  return {
    name: d.name, driver: d.driver, options, buffers: [], operations: new Map<string, Operation>(),
    decodes: w.variable(`${d.name}.device`, 2, options.has('disabled') ? 0 : 1, { values: ['off', 'on'] }),
    lock: makeLock(w, `${d.name}.dmabufs_lock`, 'mutex'),
    offWanted: w.variable(`${d.name}:off wanted`, 2, 0, { hidden: true }),
  };
}

export function makeBuffer(w: World, d: Declaration & { readonly kind: 'buffer' }, exporter: Exporter, shared: Lock | null): Buffer {
  const options = optionsOf(d.members, BUFFER_OPTIONS, 'a buffer');
  const resv = shared ?? makeLock(w, `${d.name}.resv`, 'resv');
  const later = w.knows(`${d.name} is exported`);
  const most = wholeNumber(options.get('references'), 4, 12, 'references', d.at);
  const buffer: Buffer = {
    name: d.name, exporter, resv, options,
    life: w.variable(`${d.name}.state`, w.lives.buffer.states.length, options.has('revoked') ? 1 : 0, { values: w.lives.buffer.states }),
    references: w.variable(
      `${d.name}.references`,
      most + 1,
      later ? 0 : 1,
    ), gone: w.variable(`${d.name}.released`, 2, later ? 1 : 0, { values: ['no', 'yes'] }),
    vmaps: w.variable(`${d.name}.vmaps`, 4), count: makeKref(w, `${d.name}.count`, 1, 8, exporter.name), completion: makeCompletion(w, `${d.name}.unmapped`),
    attachments: [], copy: makeFence(w, `${d.name}.copy`, exporter.name, [
      { name: 'by', values: ['driver'], at: d.at },
    ], [resv]), moving: w.variable(`${d.name}.moving`, 2, 0, { values: ['no', 'yes'] }),
    busy: w.variable(`${d.name}:busy`, 2, 0, { hidden: true }), dropped: w.variable(`${d.name}:dropped`, 2, 0, { hidden: true }),
  };
  exporter.buffers.push(buffer);
  w.buffers.push(buffer);
  return buffer;
}

/** One importer (or one member of a family): its attachment, first mapping, job fence, scope. */
export function makeImporter(w: World, d: Declaration & { readonly kind: 'importer' }, name: string, buffer: Buffer, outer: Scope): ImporterObject {
  if (d.driver !== null && !isImporterDriver(d.driver)) throw new BuildError(`unknown importer driver '${d.driver}'; there are ${Object.keys(IMPORTER_DRIVERS).join(', ')}`, d.at);
  const driver: ImporterDriver | null = d.driver === null ? null : IMPORTER_DRIVERS[d.driver as keyof typeof IMPORTER_DRIVERS];
  const options = optionsOf(d.members, IMPORTER_OPTIONS, 'an importer');
  wholeNumber(options.get('rounds'), 1, 8, 'rounds', d.at);
  const ownCallback = d.members.some((m) => m.kind === 'operation' && m.name === 'invalidate_mappings');
  for (const m of d.members) if (m.kind === 'operation' && m.name !== 'invalidate_mappings') throw new BuildError(`an importer has one operation, invalidate_mappings, not '${m.name}'`, m.at);
  const base: Omit<Traits, 'speculates'> = driver?.traits(w.contract) ?? {
    dynamic: !options.has('static'),
    peer2peer: options.has('allow_peer2peer') || !options.has('static'),
    callback: 'none',
    level: ownCallback ? 'revoking' : 'unsupported',
  };
  const traits: Traits = {
    ...base,
    ...(ownCallback ? { callback: 'real' as const, level: base.level === 'unsupported' ? ('revoking' as const) : base.level } : {}),
    peer2peer: base.peer2peer && !options.has('no_peer2peer'),
    speculates: options.has('speculates'),
  };
  if (ownCallback && !traits.dynamic) throw new BuildError('a static importer is never called back: leave invalidate_mappings out, or make it dynamic', d.at);
  const scope = new Scope(outer);
  const late = w.knows(`${name} initialises late`);
  const attachment: Attachment = {
    name: `${name}.att`, importer: name, buffer, traits, mappings: [], callback: null,
    life: w.alive('attachment', `${name}.att`), pin: w.alive('pin', `${name}.pin`),
    peer2peer: w.flag(
      `${name}.peer2peer`,
      0,
      !buffer.exporter.options.has('clears_peer2peer'),
    ), private: w.variable(`${name}.private`, 4, late ? 0 : 1, { values: ['not ready', 'ready', 'freed', 'cleared'] }),
    holds: w.variable(`${name}:holds ${buffer.name}`, 2, 0, { hidden: true }),
    revoked: w.variable(`${name}:umem revoked`, 2, 0, { hidden: true }),
    logged: w.variable(`${name}.pr_warn`, 2, 0, { values: ['silent', 'printed'] }),
    visited: w.variable(`${name}:visited`, 2, 0, { hidden: true }), rank: w.variable(`${name}:rank`, 16, 0, { hidden: true }),
  };
  buffer.attachments.push(attachment);
  w.attachments.push(attachment);
  const usage = options.get('job')?.[1] ?? options.get('job')?.[0] ?? 'BOOKKEEP';
  if (!isUsage(usage)) throw new BuildError(`'${usage}' is not a usage; there are ${USAGES.join(', ')}`, d.at);
  const map = makeMapping(w, attachment, 'map', driver?.counted ?? true);
  scope.define('att', { kind: 'attachment', attachment });
  scope.define('map', { kind: 'mapping', mapping: map });
  return { name, driver, attachment, map, usage, scope, members: d.members, options, job: null };
}

export function makeMapping(w: World, attachment: Attachment, short: string, counted = true): Mapping {
  const name = `${attachment.importer}.${short}`;
  const mapping: Mapping = {
    name, attachment, counted, life: w.alive('mapping', name),
    address: w.variable(`${name}.addr`, 3, 0, { values: ADDRESS_VALUES }), store: w.variable(`${name}.store`, 3, 0, { values: STORE_VALUES }),
    old: w.variable(`${name}:old`, 2, 0, { hidden: true }), job: w.variable(`${name}.job`, 8, 0, {
      values: ['none', 'running', 'running', 'running', 'running', 'running', 'running', 'running'],
    }),
    jobFences: [], told: w.knows(
      `${attachment.importer} maps in its callback`,
    ) ? w.variable(`${name}:told`, 2, 0, { hidden: true }) : null, key: w.variable(`${name}.key`, 3, 0, {
      values: ['none', 'issued', 'issued again'],
    }), waitsFor: new Map(),
  };
  attachment.mappings.push(mapping);
  w.mappings.push(mapping);
  return mapping;
}

/** After all fences and mappings are made: which fence covers which mapping, which KERNEL fences a map must wait for. */
export function connect(w: World): void {
  for (const fence of w.fences) {
    for (const map of w.mappings) {
      if (w.known.covers.get(fence.name)?.has(map.name) === true) {
        fence.mappings.push(map);
        map.jobFences.push(fence);
      } else if (fence.owner === map.attachment.importer && !w.known.covers.has(fence.name) && map.attachment.mappings[0] === map) fence.mappings.push(map);
    }
  }
  for (const map of w.mappings) {
    for (const fence of w.fences) {
      const member = fence.members.get(map.attachment.buffer.resv);
      if (member === undefined || (member.fixed !== null && member.fixed !== 'KERNEL')) continue;
      const instance = w.instances.get(map.life) ?? null;
      const other = w.instances.get(fence.life) ?? null;
      if (other !== null) w.asymmetric.add(other.family);
      w.instance = instance;
      map.waitsFor.set(fence, w.variable(`${map.name}:waits for ${fence.name}`, 2, 0, { hidden: true }));
      w.instance = null;
    }
  }
}

/** A declared `bool` or `int`. */
export function makeVariable(w: World, d: Declaration & { readonly kind: 'variable' }, prefix: string, scope: Scope, revokes: readonly Buffer[]): void {
  const low = d.type.of === 'bool' ? 0 : d.type.low;
  const high = d.type.of === 'bool' ? 1 : d.type.high;
  const initial = d.initial === null ? low : literal(d.initial);
  if (initial === null || initial < low || initial > high) throw new BuildError(`'${d.name}' starts outside of its range ${low}..${high}`, d.at);
  if (high - low >= 65536) throw new BuildError(`'${d.name}' has more than 65536 values`, d.at);
  const values = d.type.of === 'bool' ? { values: ['false', 'true'] } : low === 0 ? {} : high - low < 64 ? {
    values: Array.from({ length: high - low + 1 }, (_, i) => String(i + low)),
  } : {};
  const id = w.variable(`${prefix}${d.name}`, high - low + 1, initial - low, values);
  scope.define(d.name, { kind: 'variable', id, low, high, type: d.type.of, revokes: d.name === 'revoked' ? revokes : [] });
}

const literal = (e: Expression): number | null => (e.kind === 'number' ? e.value : e.kind === 'bool' ? (e.value ? 1 : 0) : null);

export function makeTicket(w: World, name: string): Ticket {
  const ticket = { name, age: w.variable(`${name}:age`, 8, 0, { hidden: true }) };
  w.tickets.push(ticket);
  return ticket;
}

export function makeWork(w: World, name: string, party: string): Work {
  return { name, queued: w.variable(`${name}.queued`, 2, 0, { values: ['no', 'yes'] }), code: w.process(name, 'worker', party) };
}

export const unknownValue = (value: number) => ({ kind: 'value' as const, expr: constant(value) });
