// The profile of one exporter: what it accepts, whether and how it takes its memory back, and what it waits for (issue 3, part 4; SEMANTICS A7, C4).

import { eachExpression, expressionText } from '../source/c-tree.ts';
import { folderOf } from '../source/lexical.ts';
import type { CFunction } from '../source/syntax.ts';
import type { Act, Behaviour, Evidence, ExporterProfile, LedgerRow, Place, RefusalFact, RevokePath } from '../results/audit.ts';
import { canSucceed, refusesOn } from './emit.ts';
import { execute } from './execute.ts';
import { memberFunction, type FoundExporter } from './exporters.ts';
import { mappingCountOf, ownReferenceOf } from './mapping-count.ts';
import { refusalsOf } from './refusals.ts';
import { clearedAt, clearsFlag, leastUsage, question, readPath, revokePathsOf, silentPathsOf } from './revoke-paths.ts';
import { markOf, placeOfSite, type CallSite, type TreeView } from './tree-view.ts';
import { actsOf } from './unmaps.ts';

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
  const sites = invalidateSites(view, home);
  const [pinBehaviour, mapBehaviour, unmapBehaviour] = [body('pin'), body('map_dma_buf'), body('unmap_dma_buf')];
  const count = mappingCountOf({ mapBehaviour, unmapBehaviour });
  const unmap = op('unmap_dma_buf');
  const refusesMap = (field: string): boolean => mapBehaviour !== null && refusesOn(mapBehaviour, field);
  const paths = sites.length > 0 ? sites.flatMap((site) => revokePathsOf(view, site, home, flags, ledger)) : silentPathsOf(view, home, flags, refusesMap, count, ledger);
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
    // Whoever can be asked to keep still moves at other times, whether it tells or not.
    moves: pinBehaviour !== null && canSucceed(pinBehaviour) && waitsUnmap === null,
    ownReference: count === null || unmap === null ? null : ownReferenceOf(view, home, count, unmap),
    unrevokes: unrevoke,
    pinsInAttach: attach !== null && /(?:\b\w*_pin\w*|->pin)\s*\(/.test(view.code.bodyText(view.lexical(attach) ?? { name: attach.name, file: attach.file, at: 0 })),
    marked: markOf(table.file),
    attachBehaviour: body('attach'),
    pinBehaviour,
    mapBehaviour,
    unmapBehaviour,
    revokes: (takesBack.length > 0 ? takesBack : paths).map((one) => one.path),
    works: [...new Map(paths.flatMap((one) => one.works).map((one) => [one.name, one])).values()],
    evidence,
    assumptions: [...new Set(paths.flatMap((one) => one.assumptions))],
  };
}

/** Sequences that call back on the way to giving the memory out again. The profile keeps only those that take it back. */
export function restorePathsOf(view: TreeView, { refuses }: ExporterProfile, found: FoundExporter): readonly RevokePath[] {
  const home = folderOf(found.table.file);
  const flags = flagsOf(view, [...refuses, ...privateRefusals(view, found)], home);
  return invalidateSites(view, home).flatMap((site) => revokePathsOf(view, site, home, flags, [])).map((one) => one.path).filter((path) => clearsFlag(path.behaviour));
}

function invalidateSites(view: TreeView, home: string): readonly CallSite[] {
  return INVALIDATE_CALLS.flatMap((name) => view.callSites(name)).filter((one) => folderOf(one.file) === home && one.file !== 'drivers/dma-buf/dma-buf.c');
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
