// How an exporter takes its memory back: the sequences around its calls of dma_buf_invalidate_mappings, those that forget to call, and what
// every way through them does (SEMANTICS C4). Knows no importer.

import { folderOf, type LexicalFunction } from '../source/lexical.ts';
import type { CFunction } from '../source/syntax.ts';
import type { Act, Behaviour, LedgerRow, Place, RevokePath, Work } from '../results/audit.ts';
import { usageLevel, type Usage } from '../protocol/usage.ts';
import type { Goal } from './anchors.ts';
import { execute, type Answer, type Question } from './execute.ts';
import type { MappingCount } from './mapping-count.ts';
import { placeOfSite, type CallSite, type TreeView } from './tree-view.ts';
import { actsOf, withoutIdleBranches } from './unmaps.ts';
import { ONE, NULL } from './values.ts';

const OP_TELLS: ReadonlySet<Act['do']> = new Set<Act['do']>(['count-get', 'count-put', 'complete', 'invalidate']);
const REVOKE_TELLS: ReadonlySet<Act['do']> = new Set<Act['do']>([
  'resv-lock', 'resv-unlock', 'wait-fences', 'wait-fence', 'invalidate', 'set', 'lock', 'unlock', 'count-get', 'count-put', 'count-init', 'completion-wait', 'completion-init', 'complete', 'queue-work', 'flush-work',
]);
const REVOKE_GOALS: ReadonlyMap<Goal, number> = new Map<Goal, number>([['invalidate', 5], ['fence', 2]]);

const POINTER = 'a pointer of the exporter\'s object';

/** What is asked of a function of the exporter: of one of its operations, as it stands. */
export function question(root: CFunction, home: string, flags: ReadonlySet<string>): Question {
  return {
    root, home, goals: new Map(), flags, mapFields: new Set(), assumesStops: false, tells: OP_TELLS, followsAll: false,
    heldFunctions: () => [],
    // A pointer of the exporter's own object is there for as long as the buffer is.
    decide: (ask) => (ask.field === 'import_attach' ? { value: false, why: 'what it exports it has not imported' } : ask.isPointer && ask.equals === null ? { value: true, why: POINTER } : null),
    start: new Map(), given: new Map(),
  };
}

export interface FoundPath {
  readonly path: RevokePath;
  readonly works: readonly Work[];
  readonly assumptions: readonly string[];
}

/** The sequences around one call of dma_buf_invalidate_mappings: from its own function where that takes the lock itself, else from its callers. */
export function revokePathsOf(view: TreeView, site: CallSite, home: string, flags: ReadonlySet<string>, ledger: LedgerRow[]): readonly FoundPath[] {
  const ways = waysThrough(view, site.fn, home, flags, ledger);
  return ways.flatMap(({ answer, behaviour: run, held }) => {
    let behaviour = run;
    if (!actsOf([behaviour]).some(({ act }) => act.do === 'invalidate')) {
      if (ways.length > 1) return [];
      // The call is there, whatever the way to it was.
      ledger.push({ file: site.file, line: site.line, function: site.function, reason: 'the way to the call was not found: only the call itself is taken over' });
      behaviour = { kind: 'act', act: { do: 'invalidate' }, at: placeOfSite(site), next: { kind: 'end', returns: '' } };
    }
    return [{ path: { ...placeOfSite(site), behaviour: underLocks(behaviour, held) }, works: answer.works, assumptions: [...answer.assumptions, ...takenPointers(answer, site)] }];
  });
}

/**
 * Sequences of an exporter that calls back nowhere, though it sets a flag on which map refuses and then waits, as for importers:
 * a revoke that tells nobody. The place is the store.
 */
export function silentPathsOf(view: TreeView, home: string, flags: ReadonlySet<string>, refusesMap: (field: string) => boolean, count: MappingCount | null, ledger: LedgerRow[]): readonly FoundPath[] {
  const setters = new Map<string, { readonly fn: LexicalFunction; readonly line: number }>();
  for (const field of flags) {
    if (!refusesMap(field)) continue;
    for (const { fn, line, value } of view.fields.stores(field, home)) {
      if (/^(?:true|1)$/.test(value) && /wait/.test(view.code.bodyText(fn))) setters.set(`${fn.file} ${fn.name}`, { fn, line });
    }
  }
  return [...setters.values()].flatMap(({ fn: place, line }) => {
    const fn = view.code.functionIn(place.file, place.name);
    if (fn === null) return [];
    return waysThrough(view, fn, home, flags, ledger).flatMap(({ answer, behaviour, held }) => {
      if (!waitsForImporters(behaviour, refusesMap, count)) return [];
      return [{ path: { file: fn.file, line, function: fn.name, behaviour: underLocks(behaviour, held) }, works: answer.works, assumptions: answer.assumptions }];
    });
  });
}

/** It waits for every fence of the reservation, or for the count of mappings, after a flag turned new ones away. */
function waitsForImporters(root: Behaviour, refusesMap: (field: string) => boolean, count: MappingCount | null): boolean {
  const seen: Readonly<Record<'before' | 'after', Set<Behaviour>>> = { before: new Set(), after: new Set() };
  const visit = (one: Behaviour, when: 'before' | 'after'): boolean => {
    if (seen[when].has(one)) return false;
    seen[when].add(one);
    if (one.kind === 'branch') return visit(one.yes, when) || visit(one.no, when);
    if (one.kind !== 'act') return false;
    const { act } = one;
    if (when === 'after' && (act.do === 'wait-fences' || (act.do === 'completion-wait' && count !== null && act.object === count.completion))) return true;
    return visit(one.next, act.do === 'set' && act.value && refusesMap(act.field) ? 'after' : when);
  };
  return visit(root, 'before');
}

interface Way {
  readonly answer: Answer;
  readonly behaviour: Behaviour;
  readonly held: readonly HeldLock[];
}

/** A function run once for each value of its boolean parameters. */
function waysThrough(view: TreeView, fn: CFunction, home: string, flags: ReadonlySet<string>, ledger: LedgerRow[]): readonly Way[] {
  const own = view.lexical(fn);
  const held = own === null ? [] : heldByCallers(view, own, home);
  return booleanParameters(fn).map((given) => {
    const answer = execute(view.code, view.reach, { ...question(fn, home, flags), goals: REVOKE_GOALS, tells: REVOKE_TELLS, given });
    ledger.push(...answer.ledger);
    return { answer, behaviour: withoutIdleBranches(answer.behaviour), held };
  });
}

/** With the callers' locks in front that the sequence does not take itself. */
function underLocks(root: Behaviour, held: readonly HeldLock[]): Behaviour {
  const already = new Set(actsOf([root]).flatMap(({ act }) => (act.do === 'lock' ? [act.object] : [])));
  return [...held].reverse().reduce((next: Behaviour, { act, at }) => (already.has(act.object) ? next : { kind: 'act', act, at, next }), root);
}

/** A pointer that the function tests before it calls back may be gone while the buffer is still shared: nobody is told then. */
function takenPointers(answer: Answer, site: CallSite): readonly string[] {
  return answer.decided.filter((one) => one.decided === POINTER && one.function === site.function && one.line <= site.line).map((one) => `${one.text} is not NULL (${one.file}:${one.line})`);
}

/** Every assignment of true and false to the boolean parameters, at most two of them. */
function booleanParameters(fn: CFunction): readonly ReadonlyMap<string, string>[] {
  const names = fn.parameters.filter((one) => /^bool$/.test(one.type)).map((one) => one.name).slice(0, 2);
  let all: ReadonlyMap<string, string>[] = [new Map()];
  for (const name of names) all = all.flatMap((one) => [new Map(one).set(name, ONE), new Map(one).set(name, NULL)]);
  return all;
}

interface HeldLock {
  readonly act: Act & { readonly do: 'lock' | 'unlock' };
  readonly at: Place;
}

/** Locks that a caller in the folder has taken and not given back before the call. */
function heldByCallers(view: TreeView, fn: LexicalFunction, home: string): readonly HeldLock[] {
  const found = new Map<string, HeldLock>();
  for (const caller of view.fields.callers(fn)) {
    if (folderOf(caller.file) !== home) continue;
    const body = view.code.bodyText(caller);
    const before = body.slice(0, body.search(new RegExp(`\\b${fn.name}\\s*\\(`)));
    const open = new Map<string, { kind: 'mutex' | 'rwsem-read' | 'rwsem-write'; index: number }>();
    for (const match of before.matchAll(/\b(mutex_lock(?:_nested)?|mutex_unlock|down_write(?:_nested)?|down_read|up_write|up_read)\s*\(\s*&?([\w>.()[\]-]+?)\s*[,)]/g)) {
      const object = lockName(match[2] ?? '');
      const name = match[1] ?? '';
      if (/unlock|^up_/.test(name)) open.delete(object);
      else open.set(object, { kind: name.startsWith('mutex') ? 'mutex' : name.startsWith('down_write') ? 'rwsem-write' : 'rwsem-read', index: match.index });
    }
    for (const match of before.matchAll(/\bguard\((\w+)\)\(\s*&?([\w>.-]+?)\s*\)/g)) open.set(lockName(match[2] ?? ''), { kind: (match[1] ?? '').startsWith('mutex') ? 'mutex' : 'rwsem-write', index: match.index });
    const text = view.code.text(caller.file) ?? '';
    for (const [object, { kind, index }] of open) {
      if (found.has(object) || /resv/.test(object)) continue;
      const line = text.slice(0, text.indexOf(body, caller.at) + index).split('\n').length;
      found.set(object, { act: { do: 'lock', lock: kind, object }, at: { file: caller.file, line, function: caller.name } });
    }
  }
  return [...found.values()];
}

/** "memory_lock"; a lock that is called just lock or mutex takes its owner's name along. */
function lockName(path: string): string {
  const [, owner = '', name = path] = /(?:(\w+)(?:->|\.))?(\w+)$/.exec(path) ?? [];
  return /^(?:lock|mutex|sem|rwsem)$/.test(name) && owner !== '' ? `${owner}_${name}` : name;
}

/** It never calls back: the store of its flag stands for the moment. */
export const isSilent = (root: Behaviour): boolean => !actsOf([root]).some(({ act }) => act.do === 'invalidate');

/** The act from which on nothing new may be mapped and the old must go. */
export const takesBack = (act: Act, silent: boolean): boolean => act.do === 'invalidate' || (silent && act.do === 'set' && act.value);

export interface PathFacts {
  readonly flagFirst: string | null;
  readonly waitsFences: Usage | null;
  readonly waitsUnmap: 'forever' | 'timeout' | null;
  readonly locksHeld: readonly string[];
}

interface Seen {
  readonly flag: string | null;
  readonly called: boolean;
  readonly fences: Usage | null;
  readonly unmap: 'forever' | 'timeout' | null;
  readonly locks: readonly string[];
  readonly atWait: readonly string[] | null;
  readonly flagFirst: string | null;
}

const MOST_PARTS = 20_000;

/** What every way that calls back does; where two ways differ, the one that does less counts. */
export function readPath(root: Behaviour): PathFacts {
  const silent = isSilent(root);
  const ways: PathFacts[] = [];
  let count = 0;
  const visit = (one: Behaviour, seen: Seen): void => {
    if (++count > MOST_PARTS) return;
    if (one.kind === 'end' || one.kind === 'lost') {
      if (seen.called) ways.push({ flagFirst: seen.flagFirst, waitsFences: seen.fences, waitsUnmap: seen.unmap, locksHeld: seen.atWait ?? [] });
    } else if (one.kind === 'branch') {
      visit(one.yes, seen);
      visit(one.no, seen);
    } else visit(one.next, after(one.act, seen, silent));
  };
  visit(root, { flag: null, called: false, fences: null, unmap: null, locks: [], atWait: null, flagFirst: null });
  const unmaps = ways.map((one) => one.waitsUnmap);
  const flagFirst = ways.length > 0 && ways.every((one) => one.flagFirst !== null) ? ways[0]?.flagFirst ?? null : null;
  return {
    flagFirst,
    waitsFences: leastUsage(ways.map((one) => one.waitsFences)),
    waitsUnmap: unmaps.length === 0 || unmaps.includes(null) ? null : unmaps.includes('timeout') ? 'timeout' : 'forever',
    locksHeld: [...new Set(ways.flatMap((one) => one.locksHeld))],
  };
}

function after(act: Act, seen: Seen, silent: boolean): Seen {
  switch (act.do) {
    case 'set': {
      const flag = act.value && !seen.called && seen.locks.includes('resv') ? act.field : seen.flag;
      return takesBack(act, silent) ? { ...seen, flag, called: true, flagFirst: seen.called ? seen.flagFirst : flag } : { ...seen, flag };
    }
    case 'invalidate':
      return { ...seen, called: true, flagFirst: seen.flag };
    case 'resv-lock':
      return act.own ? { ...seen, locks: [...seen.locks, 'resv'] } : seen;
    case 'resv-unlock':
      return act.own ? { ...seen, locks: seen.locks.filter((name) => name !== 'resv'), flag: seen.called ? seen.flag : null } : seen;
    case 'lock':
      return { ...seen, locks: [...seen.locks, act.object] };
    case 'unlock':
      return { ...seen, locks: seen.locks.filter((name) => name !== act.object) };
    case 'wait-fences':
      if (!seen.called || act.timeout || (seen.fences !== null && usageLevel(act.usage) <= usageLevel(seen.fences))) return seen;
      return { ...seen, fences: act.usage, atWait: seen.unmap === null ? seen.locks : seen.atWait };
    case 'completion-wait':
      return seen.called ? { ...seen, unmap: act.timeout ? 'timeout' : 'forever', atWait: seen.locks } : seen;
    default:
      return seen;
  }
}

export function leastUsage(all: readonly (Usage | null)[]): Usage | null {
  let least: Usage | null | undefined;
  for (const one of all) if (one === null) return null; else if (least === undefined || least === null || usageLevel(one) < usageLevel(least)) least = one;
  return least ?? null;
}

export const clearsFlag = (one: Behaviour): boolean => clearedAt(one) !== null;

export function clearedAt(one: Behaviour): Place | null {
  return actsOf([one]).find(({ act }) => act.do === 'set' && !act.value)?.at ?? null;
}
