// The profile of one exporter: what it accepts, whether and how it takes its memory back, and what it waits for (issue 3, part 4; SEMANTICS A7, C4).

import { eachExpression, expressionText } from '../source/c-tree.ts';
import { folderOf, type LexicalFunction } from '../source/lexical.ts';
import type { CFunction } from '../source/syntax.ts';
import type { Act, Behaviour, Evidence, ExporterProfile, LedgerRow, Place, RefusalFact, RevokePath, Work } from '../results/audit.ts';
import { usageLevel, type Usage } from '../protocol/usage.ts';
import type { Goal } from './anchors.ts';
import { execute, type Answer, type Question } from './execute.ts';
import { memberFunction, type FoundExporter } from './exporters.ts';
import { refusalsOf } from './refusals.ts';
import { markOf, placeOfSite, type CallSite, type TreeView } from './tree-view.ts';
import { actsOf, withoutIdleBranches } from './unmaps.ts';
import { ONE, NULL } from './values.ts';

const OP_TELLS: ReadonlySet<Act['do']> = new Set<Act['do']>(['count-get', 'count-put', 'complete', 'invalidate']);
const REVOKE_TELLS: ReadonlySet<Act['do']> = new Set<Act['do']>([
  'resv-lock', 'resv-unlock', 'wait-fences', 'wait-fence', 'invalidate', 'set', 'lock', 'unlock', 'count-get', 'count-put', 'count-init', 'completion-wait', 'completion-init', 'complete', 'queue-work', 'flush-work',
]);
const REVOKE_GOALS: ReadonlyMap<Goal, number> = new Map<Goal, number>([['invalidate', 5], ['fence', 2]]);
const INVALIDATE_CALLS = ['dma_buf_invalidate_mappings', 'dma_buf_move_notify'] as const;

export function profileExporter(view: TreeView, found: FoundExporter, id: string, ledger: LedgerRow[]): ExporterProfile {
  const { table, members } = found;
  const home = folderOf(table.file);
  const has = members.map((one) => one.member ?? '');
  const op = (member: string): CFunction | null => memberFunction(view, found, member);
  for (const member of ['attach', 'pin', 'map_dma_buf', 'unmap_dma_buf']) {
    if (has.includes(member) && op(member) === null) ledger.push({ file: table.file, line: members.find((one) => one.member === member)?.line ?? table.line, function: '', reason: `the ${member} operation of ${table.name} was not found` });
  }
  const refuses = ([['attach', 'attach'], ['pin', 'pin'], ['map_dma_buf', 'map']] as const).flatMap(([member, at]): readonly RefusalFact[] => {
    const fn = op(member);
    return fn === null ? [] : refusalsOf(view.code, fn, at, table.file);
  });
  const flags = flagsOf(view, [...refuses, ...privateRefusals(view, found)], home);
  const body = (member: string): Behaviour | null => {
    const fn = op(member);
    return fn === null ? null : runOp(view, fn, home, flags, ledger);
  };
  const sites = INVALIDATE_CALLS.flatMap((name) => view.callSites(name)).filter((one) => folderOf(one.file) === home && one.file !== 'drivers/dma-buf/dma-buf.c');
  const paths = sites.flatMap((site) => revokePathsOf(view, site, home, flags, ledger));
  const takesBack = paths.filter((one) => !clearsFlag(one.path.behaviour));
  const facts = (takesBack.length > 0 ? takesBack : paths).map((one) => readPath(one.path.behaviour));
  const unrevoke = paths.map((one) => clearedAt(one.path.behaviour)).find((one) => one !== null) ?? null;
  const unmapWaits = facts.map((one) => one.waitsUnmap);
  const waitsUnmap = facts.length === 0 || unmapWaits.includes(null) ? null : unmapWaits.includes('timeout') ? 'timeout' : 'forever';
  const evidence: Evidence[] = [{ file: table.file, line: table.line, function: '', fact: 'ops', text: `struct ${table.type} ${table.name}` }];
  for (const one of sites) evidence.push({ ...placeOfSite(one), fact: 'invalidate', text: expressionText(one.call) });
  for (const { path } of paths) for (const { act, at } of actsOf([path.behaviour])) if (['set', 'wait-fences', 'completion-wait', 'count-put'].includes(act.do)) evidence.push({ ...at, fact: act.do, text: textOf(act) });
  const attach = op('attach');
  return {
    id,
    file: table.file,
    line: table.line,
    ops: table.name,
    has,
    users: found.users(),
    refuses,
    downgrades: downgradesOf(attach),
    invalidates: sites.map(placeOfSite),
    revokedFirst: facts.length > 0 && facts.every((one) => one.flagFirst !== null) ? facts[0]?.flagFirst ?? null : null,
    waitsFences: leastUsage(facts.map((one) => one.waitsFences)),
    waitsUnmap,
    locksHeld: [...new Set(facts.flatMap((one) => one.locksHeld))],
    moves: has.includes('pin') && sites.length > 0 && waitsUnmap === null,
    unrevokes: unrevoke,
    pinsInAttach: attach !== null && /(?:\b\w*_pin\w*|->pin)\s*\(/.test(view.code.bodyText(view.lexical(attach) ?? { name: attach.name, file: attach.file, at: 0 })),
    marked: markOf(table.file),
    attachBehaviour: body('attach'),
    pinBehaviour: body('pin'),
    mapBehaviour: body('map_dma_buf'),
    unmapBehaviour: body('unmap_dma_buf'),
    revokes: (takesBack.length > 0 ? takesBack : paths).map((one) => one.path),
    works: [...new Map(paths.flatMap((one) => one.works).map((one) => [one.name, one])).values()],
    evidence,
    assumptions: [...new Set(paths.flatMap((one) => one.assumptions))],
  };
}

const POINTER = 'a pointer of the exporter\'s object';

function question(root: CFunction, home: string, flags: ReadonlySet<string>): Question {
  return {
    root, home, goals: new Map(), flags, mapFields: new Set(), assumesStops: false, tells: OP_TELLS, followsAll: false,
    heldFunctions: () => [],
    // A pointer of the exporter's own object is there for as long as the buffer is.
    decide: (ask) => (ask.field === 'import_attach' ? { value: false, why: 'what it exports it has not imported' } : ask.isPointer && ask.equals === null ? { value: true, why: POINTER } : null),
    start: new Map(), given: new Map(),
  };
}

function runOp(view: TreeView, fn: CFunction, home: string, flags: ReadonlySet<string>, ledger: LedgerRow[]): Behaviour {
  const answer = execute(view.code, view.reach, question(fn, home, flags));
  ledger.push(...answer.ledger);
  return answer.behaviour;
}

/** Refusals of a way past map: a function that knows this table and hands out the memory itself. */
function privateRefusals(view: TreeView, found: FoundExporter): readonly RefusalFact[] {
  const { table } = found;
  const text = view.code.text(table.file) ?? '';
  const rows: RefusalFact[] = [];
  for (const match of text.matchAll(new RegExp(`ops\\s*!=\\s*&${table.name}\\b`, 'g'))) {
    const place = view.fields.functionAround(table.file, match.index);
    const fn = place === null ? null : view.code.functionIn(table.file, place.name);
    if (fn !== null) rows.push(...refusalsOf(view.code, fn, 'map', table.file));
  }
  return rows;
}

/** Fields that a refusal tests and that somebody in the folder sets to a constant. */
function flagsOf(view: TreeView, refuses: readonly RefusalFact[], home: string): ReadonlySet<string> {
  const flags = new Set<string>();
  for (const { when } of refuses) {
    for (const match of when.matchAll(/(?:->|\.)(\w+)\b(?!\s*(?:->|\.|\())/g)) {
      const field = match[1] ?? '';
      const values = view.fields.stores(field, home).map((one) => one.value);
      const isAll = new RegExp(`^!?\\(?[\\w>.-]*(?:->|\\.)${field}\\)?$`).test(when);
      if (field !== 'peer2peer' && values.length > 0 && (isAll || values.some((value) => /^(?:true|false|0|1)$/.test(value)))) flags.add(field);
    }
  }
  return flags;
}

interface FoundPath {
  readonly path: RevokePath;
  readonly works: readonly Work[];
  readonly assumptions: readonly string[];
}

/** The sequences around one call of dma_buf_invalidate_mappings: from its own function where that takes the lock itself, else from its callers. */
function revokePathsOf(view: TreeView, site: CallSite, home: string, flags: ReadonlySet<string>, ledger: LedgerRow[]): readonly FoundPath[] {
  const own = view.lexical(site.fn);
  const held = own === null ? [] : heldByCallers(view, own, home);
  const given = booleanParameters(site.fn);
  return given.flatMap((values) => {
    const answer = execute(view.code, view.reach, { ...question(site.fn, home, flags), goals: REVOKE_GOALS, tells: REVOKE_TELLS, given: values });
    ledger.push(...answer.ledger);
    let behaviour = withoutIdleBranches(answer.behaviour);
    if (!actsOf([behaviour]).some(({ act }) => act.do === 'invalidate')) {
      if (given.length > 1) return [];
      // The call is there, whatever the way to it was.
      ledger.push({ file: site.file, line: site.line, function: site.function, reason: 'the way to the call was not found: only the call itself is taken over' });
      behaviour = { kind: 'act', act: { do: 'invalidate' }, at: placeOfSite(site), next: { kind: 'end', returns: '' } };
    }
    const already = new Set(actsOf([behaviour]).flatMap(({ act }) => (act.do === 'lock' ? [act.object] : [])));
    for (const { act, at } of [...held].reverse()) if (act.do === 'lock' && !already.has(act.object)) behaviour = { kind: 'act', act, at, next: behaviour };
    return [{ path: { ...placeOfSite(site), behaviour }, works: answer.works, assumptions: [...answer.assumptions, ...takenPointers(answer, site)] }];
  });
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

/** Locks that a caller in the folder has taken and not given back before the call. */
function heldByCallers(view: TreeView, fn: LexicalFunction, home: string): readonly { readonly act: Act; readonly at: Place }[] {
  const found = new Map<string, { act: Act; at: Place }>();
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

interface PathFacts {
  readonly flagFirst: string | null;
  readonly waitsFences: Usage | null;
  readonly waitsUnmap: 'forever' | 'timeout' | null;
  readonly locksHeld: readonly string[];
}

/** What every way that calls back does; where two ways differ, the one that does less counts. */
function readPath(root: Behaviour): PathFacts {
  const ways: PathFacts[] = [];
  let count = 0;
  const visit = (one: Behaviour, seen: { flag: string | null; called: boolean; fences: Usage | null; unmap: 'forever' | 'timeout' | null; locks: readonly string[]; atWait: readonly string[] | null; flagFirst: string | null }): void => {
    if (++count > 20000) return;
    if (one.kind === 'end' || one.kind === 'lost') {
      if (seen.called) ways.push({ flagFirst: seen.flagFirst, waitsFences: seen.fences, waitsUnmap: seen.unmap, locksHeld: seen.atWait ?? [] });
      return;
    }
    if (one.kind === 'branch') {
      visit(one.yes, seen);
      visit(one.no, seen);
      return;
    }
    const { act } = one;
    let now = seen;
    switch (act.do) {
      case 'set':
        if (act.value && !seen.called && seen.locks.includes('resv')) now = { ...seen, flag: act.field };
        break;
      case 'invalidate':
        now = { ...seen, called: true, flagFirst: seen.flag };
        break;
      case 'resv-lock':
        if (act.own) now = { ...seen, locks: [...seen.locks, 'resv'] };
        break;
      case 'resv-unlock':
        if (act.own) now = { ...seen, locks: seen.locks.filter((name) => name !== 'resv'), flag: seen.called ? seen.flag : null };
        break;
      case 'lock':
        now = { ...seen, locks: [...seen.locks, act.object] };
        break;
      case 'unlock':
        now = { ...seen, locks: seen.locks.filter((name) => name !== act.object) };
        break;
      case 'wait-fences':
        if (seen.called && !act.timeout && (seen.fences === null || usageLevel(act.usage) > usageLevel(seen.fences))) now = { ...seen, fences: act.usage, atWait: seen.unmap === null ? seen.locks : seen.atWait };
        break;
      case 'completion-wait':
        if (seen.called) now = { ...seen, unmap: act.timeout ? 'timeout' : 'forever', atWait: seen.locks };
        break;
      default:
        break;
    }
    visit(one.next, now);
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

function leastUsage(all: readonly (Usage | null)[]): Usage | null {
  let least: Usage | null | undefined;
  for (const one of all) if (one === null) return null; else if (least === undefined || least === null || usageLevel(one) < usageLevel(least)) least = one;
  return least ?? null;
}

const clearsFlag = (one: Behaviour): boolean => clearedAt(one) !== null;

function clearedAt(one: Behaviour): Place | null {
  return actsOf([one]).find(({ act }) => act.do === 'set' && !act.value)?.at ?? null;
}

function downgradesOf(attach: CFunction | null): readonly Place[] {
  const found: Place[] = [];
  if (attach !== null) eachExpression(attach.body, (one) => {
    if (one.kind === 'assign' && one.to.kind === 'field' && one.to.name === 'peer2peer') found.push({ file: attach.file, line: one.line, function: attach.name });
  });
  return found;
}

function textOf(act: Act): string {
  switch (act.do) {
    case 'set':
      return `${act.field} = ${act.value ? 'true' : 'false'}`;
    case 'wait-fences':
      return `waits for fences up to ${act.usage}${act.timeout ? ', with a timeout' : ''}`;
    case 'completion-wait':
      return `waits for ${act.object}${act.timeout ? ', with a timeout' : ''}`;
    case 'count-put':
      return `drops ${act.object}`;
    default:
      return act.do;
  }
}
