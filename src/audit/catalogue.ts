// A catalogue: the facts of one tree as a JSON file, diagrams included, without any C beyond the text of conditions (issue 3, part 7).
// Diagrams share parts: they are written as one table of nodes, in the order of their first use, so that equal facts give equal text.

import type { Act, Behaviour, ExporterProfile, ImporterProfile, Test } from '../results/audit.ts';
import type { AuditFacts } from './audit-tree.ts';

export const CATALOGUE_FORMAT = 1;

export interface Catalogue extends AuditFacts {
  /** "2026-11-27" */
  readonly date: string;
  /** SHA-256 of the kernel-doc that says what importers owe; empty where there was none. */
  readonly contractText: string;
}

type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };

/** Deterministic; one profile a block of lines, one node a line. */
export function encodeCatalogue(catalogue: Catalogue): string {
  const nodes: string[] = [];
  const numbers = new Map<Behaviour, number>();
  const texts = new Map<string, number>();
  const number = (one: Behaviour): number => {
    const known = numbers.get(one);
    if (known !== undefined) return known;
    const row: Json = one.kind === 'act' ? { act: one.act as unknown as Json, at: place(one.at), next: number(one.next) }
      : one.kind === 'branch' ? { test: one.test as unknown as Json, at: place(one.at), yes: number(one.yes), no: number(one.no) }
        : one.kind === 'end' ? { end: one.returns } : { lost: one.why, at: place(one.at) };
    const text = JSON.stringify(row);
    const made = texts.get(text) ?? nodes.length;
    if (made === nodes.length) {
      nodes.push(text);
      texts.set(text, made);
    }
    numbers.set(one, made);
    return made;
  };
  const packed = (_key: string, value: unknown): unknown => (isBehaviour(value) ? { node: number(value) } : value);
  const rows = (all: readonly object[]): string => all.map((one) => JSON.stringify(one, packed, 1)).join(',\n');
  const importers = rows(catalogue.importers);
  const exporters = rows(catalogue.exporters);
  const head = { format: CATALOGUE_FORMAT, tree: catalogue.tree, date: catalogue.date, contractText: catalogue.contractText, coverage: catalogue.coverage };
  return [
    `${JSON.stringify(head).slice(0, -1)},`,
    `"importers":[\n${importers}\n],`,
    `"exporters":[\n${exporters}\n],`,
    `"references":[\n${catalogue.references.map((one) => JSON.stringify(one)).join(',\n')}\n],`,
    `"ledger":[\n${catalogue.ledger.map((one) => JSON.stringify(one)).join(',\n')}\n],`,
    `"nodes":[\n${nodes.join(',\n')}\n]}`,
    '',
  ].join('\n');
}

const place = (one: { readonly file: string; readonly line: number; readonly function: string }): string => `${one.file}:${one.line}:${one.function}`;

const isBehaviour = (value: unknown): value is Behaviour =>
  typeof value === 'object' && value !== null && 'kind' in value && (value.kind === 'act' || value.kind === 'branch' || value.kind === 'end' || value.kind === 'lost');

export type DecodedCatalogue = { readonly ok: true; readonly catalogue: Catalogue } | { readonly ok: false; readonly message: string };

/** Bad input becomes one sentence that says where. */
export function decodeCatalogue(text: string): DecodedCatalogue {
  const fail = (message: string): DecodedCatalogue => ({ ok: false, message });
  let raw: unknown;
  try {
    raw = JSON.parse(text);
  } catch {
    return fail('it is not JSON');
  }
  if (!isRecord(raw) || raw['format'] === undefined) return fail(`it is not a catalogue of format ${CATALOGUE_FORMAT}`);
  if (raw['format'] !== CATALOGUE_FORMAT) return fail(`its format is ${JSON.stringify(raw['format'])}, and only ${CATALOGUE_FORMAT} is known`);
  if (!Array.isArray(raw['nodes'])) return fail('nodes is not a list');
  const made: Behaviour[] = [];
  for (const [index, node] of raw['nodes'].entries()) {
    const one = behaviourOf(node, made);
    if (one === null) return fail(`nodes[${index}] is not well made`);
    made.push(one);
  }
  const problem = problemIn(raw, { fields: CATALOGUE }, '', made.length);
  if (problem !== null) return fail(problem);
  const unpacked = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(unpacked);
    if (!isRecord(value)) return value;
    if (typeof value['node'] === 'number') return made[value['node']] ?? null;
    return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, unpacked(inner)]));
  };
  const { format: _format, nodes: _nodes, ...rest } = raw;
  const catalogue = unpacked(rest) as Catalogue;
  for (const kind of ['importers', 'exporters'] as const) {
    const ids = new Set<string>();
    for (const { id } of catalogue[kind]) {
      if (ids.has(id)) return fail(`two ${kind} are called ${id}`);
      ids.add(id);
    }
  }
  return { ok: true, catalogue };
}

// --- the form of a catalogue ---

type Shape = 'text' | 'yes-no' | 'number' | 'node' | { readonly oneOf: readonly string[] } | { readonly orNull: Shape } | { readonly list: Shape } | { readonly fields: Readonly<Record<string, Shape>> };

const list = (shape: Shape): Shape => ({ list: shape });
const orNull = (shape: Shape): Shape => ({ orNull: shape });
const oneOf = (...words: readonly string[]): Shape => ({ oneOf: words });
const PLACE = { file: 'text', line: 'number', function: 'text' } as const;
const located = (more: Readonly<Record<string, Shape>> = {}): Shape => ({ fields: { ...PLACE, ...more } });
const USAGE = oneOf('KERNEL', 'WRITE', 'READ', 'BOOKKEEP');
const MARKED = orNull(oneOf('selftest', 'sample'));
const EVIDENCE = list(located({ fact: 'text', text: 'text' }));
const WORKS = list({ fields: { name: 'text', behaviour: 'node' } });

/** A field that a type gets and this table does not is told by the compiler. */
const IMPORTER = {
  id: 'text', ...PLACE, attach: oneOf('static', 'dynamic'), ops: orNull('text'), peer2peer: 'yes-no', callback: orNull('text'), promisesNothing: 'yes-no', pins: 'yes-no', pinsToMap: 'yes-no',
  class: oneOf('static', 'movable', 'pinned', 'pinned-revocable', 'unprotected'), unmaps: orNull(oneOf('sync', 'deferred', 'user', 'never', 'conditional')),
  guards: list(located({ text: 'text', decided: orNull('text'), side: orNull('yes-no') })), maps: list(located()), unmapSites: list(located()), users: list('text'), helpers: list('text'),
  unpinsInCallback: 'yes-no', waitsInCallback: list(USAGE), addsInCallback: list(USAGE), addsFences: 'yes-no', mapsAgain: 'yes-no',
  privateFields: list({ fields: { field: 'text', set: oneOf('before-attach', 'after-attach', 'not-seen'), at: orNull(located()) } }), marked: MARKED,
  onlyExporters: orNull(list({ fields: { table: 'text', errno: 'text', at: located() } })), behaviour: orNull('node'), works: WORKS, evidence: EVIDENCE, assumptions: list('text'),
} as const satisfies Record<keyof ImporterProfile, Shape>;

const EXPORTER = {
  id: 'text', file: 'text', line: 'number', ops: 'text', has: list('text'), users: list('text'), refuses: list(located({ at: oneOf('attach', 'pin', 'map'), when: 'text', errno: 'text' })),
  downgrades: list(located()), invalidates: list(located()), revokedFirst: orNull('text'), waitsFences: orNull(USAGE), waitsUnmap: orNull(oneOf('forever', 'timeout')), locksHeld: list('text'), ownReference: orNull(list(located())),
  moves: 'yes-no', unrevokes: orNull(located()), pinsInAttach: 'yes-no', marked: MARKED, attachBehaviour: orNull('node'), pinBehaviour: orNull('node'), mapBehaviour: orNull('node'),
  unmapBehaviour: orNull('node'), revokes: list(located({ behaviour: 'node' })), works: WORKS, evidence: EVIDENCE, assumptions: list('text'),
} as const satisfies Record<keyof ExporterProfile, Shape>;

const CATALOGUE = {
  tree: { fields: { version: 'text', contract: oneOf('invalidate_mappings', 'move_notify', 'none') } }, date: 'text', contractText: 'text', coverage: { fields: { functions: 'number', withParseError: 'number' } },
  importers: list({ fields: IMPORTER }), exporters: list({ fields: EXPORTER }), references: list(located({ how: oneOf('reference', 'vmap') })), ledger: list(located({ reason: 'text' })),
} as const satisfies Record<keyof Catalogue, Shape>;

/** "importers[3].class is not one of static, movable, …"; null where all is well. */
function problemIn(value: unknown, shape: Shape, path: string, nodes: number): string | null {
  const unless = (isFine: boolean, wanted: string): string | null => (isFine ? null : value === undefined ? `${path} is missing` : `${path} is not ${wanted}`);
  if (shape === 'text') return unless(typeof value === 'string', 'a text');
  if (shape === 'yes-no') return unless(typeof value === 'boolean', 'true or false');
  if (shape === 'number') return unless(Number.isSafeInteger(value) && Number(value) >= 0, 'a number');
  if (shape === 'node') return unless(isRecord(value) && Number.isSafeInteger(value['node']) && Number(value['node']) >= 0 && Number(value['node']) < nodes, 'one of the nodes');
  if ('oneOf' in shape) return unless(typeof value === 'string' && shape.oneOf.includes(value), `one of ${shape.oneOf.join(', ')}`);
  if ('orNull' in shape) return value === null ? null : problemIn(value, shape.orNull, path, nodes);
  if ('list' in shape) return Array.isArray(value) ? first(value.keys(), (index) => problemIn(value[index], shape.list, `${path}[${index}]`, nodes)) : unless(false, 'a list');
  if (!isRecord(value)) return unless(false, 'an object');
  return first(Object.entries(shape.fields), ([name, inner]) => problemIn(value[name], inner, path === '' ? name : `${path}.${name}`, nodes));
}

function first<T>(all: Iterable<T>, problem: (one: T) => string | null): string | null {
  for (const one of all) {
    const found = problem(one);
    if (found !== null) return found;
  }
  return null;
}

function behaviourOf(node: unknown, made: readonly Behaviour[]): Behaviour | null {
  if (!isRecord(node)) return null;
  if (typeof node['end'] === 'string') return { kind: 'end', returns: node['end'] };
  const at = typeof node['at'] === 'string' ? /^(.*):(\d+):([^:]*)$/.exec(node['at']) : null;
  if (at === null) return null;
  const where = { file: at[1] ?? '', line: Number(at[2]), function: at[3] ?? '' };
  if (typeof node['lost'] === 'string') return { kind: 'lost', why: node['lost'], at: where };
  const part = (value: unknown): Behaviour | null => (typeof value === 'number' ? made[value] ?? null : null);
  const [next, yes, no] = [part(node['next']), part(node['yes']), part(node['no'])];
  if (isAct(node['act']) && next !== null) return { kind: 'act', act: node['act'], at: where, next };
  if (isTest(node['test']) && yes !== null && no !== null) return { kind: 'branch', test: node['test'], at: where, yes, no };
  return null;
}

/** What each act and each test says besides its name. */
const ACTS: Readonly<Record<Act['do'], Readonly<Record<string, Shape>>>> = {
  map: { unlocked: 'yes-no' }, unmap: { unlocked: 'yes-no' }, pin: { unlocked: 'yes-no' }, unpin: { unlocked: 'yes-no' }, attach: { unlocked: 'yes-no' }, detach: { unlocked: 'yes-no' }, put: { unlocked: 'yes-no' },
  'resv-lock': { own: 'yes-no', trylock: 'yes-no', ticket: 'yes-no' }, 'resv-unlock': { own: 'yes-no', trylock: 'yes-no', ticket: 'yes-no' },
  'wait-fences': { usage: USAGE, interruptible: 'yes-no', timeout: 'yes-no' }, 'wait-fence': { object: 'text', timeout: 'yes-no' }, 'reserve-fences': {}, 'add-fence': { usage: USAGE }, invalidate: {},
  set: { field: 'text', path: 'text', value: 'yes-no' }, lock: { lock: oneOf('mutex', 'spinlock', 'rwsem-read', 'rwsem-write'), object: 'text' }, unlock: { lock: oneOf('mutex', 'spinlock', 'rwsem-read', 'rwsem-write'), object: 'text' },
  'queue-work': { runs: 'text' }, 'flush-work': { runs: 'text' }, 'count-get': { object: 'text', completes: orNull('text') }, 'count-put': { object: 'text', completes: orNull('text') }, 'count-init': { object: 'text', completes: orNull('text') },
  'completion-wait': { object: 'text', timeout: 'yes-no' }, 'completion-init': { object: 'text' }, complete: { object: 'text' }, 'stop-device': { call: 'text', assumed: 'yes-no' }, log: {},
};
const TESTS: Readonly<Record<Test['is'], Readonly<Record<string, Shape>>>> = {
  peer2peer: {}, revocable: {}, callback: {}, dynamic: {}, flag: { field: 'text', path: 'text' }, mapped: {}, idle: { usage: USAGE }, 'exporter-ops': { table: 'text' }, unknown: { text: 'text' },
};

const isAct = (value: unknown): value is Act => isRecord(value) && fits(value, ACTS, value['do']);
const isTest = (value: unknown): value is Test => isRecord(value) && fits(value, TESTS, value['is']);

function fits(value: unknown, table: Readonly<Record<string, Readonly<Record<string, Shape>>>>, name: unknown): boolean {
  const fields = typeof name === 'string' && Object.hasOwn(table, name) ? table[name] : undefined;
  return fields !== undefined && problemIn(value, { fields }, 'it', 0) === null;
}

const isRecord = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null && !Array.isArray(value);
