// The profile of one importer: what it does when it sets up, and what its callback does, each fact with its evidence (issue 3, part 4; SEMANTICS A8).

import { eachExpression, expressionText } from '../source/c-tree.ts';
import type { CFunction } from '../source/syntax.ts';
import { folderOf, type LexicalFunction } from '../source/lexical.ts';
import type { Act, Behaviour, Evidence, Guard, ImporterClass, ImporterProfile, LedgerRow, Place, Unmaps } from '../results/audit.ts';
import type { Goal } from './anchors.ts';
import { execute, type Answer, type Question } from './execute.ts';
import { decideWhileMapped, type Driver } from './fields.ts';
import type { FoundImporter } from './importers.ts';
import { privateFieldsOf } from './private-fields.ts';
import { markOf, placeOfSite, type CallSite, type TreeView } from './tree-view.ts';
import { actsOf, unmapsOf, usagesIn, withoutIdleBranches } from './unmaps.ts';
import { NULL } from './values.ts';

const TELLS: ReadonlySet<Act['do']> = new Set<Act['do']>(['map', 'unmap', 'pin', 'unpin', 'detach', 'wait-fences', 'wait-fence', 'add-fence', 'queue-work', 'flush-work', 'stop-device', 'lock', 'unlock', 'completion-wait', 'resv-lock', 'resv-unlock']);
const SET_UP_TELLS: ReadonlySet<Act['do']> = new Set<Act['do']>(['attach', 'map', 'unmap', 'pin', 'unpin', 'detach']);
const CALLBACK_GOALS: ReadonlyMap<Goal, number> = new Map<Goal, number>([['unmap', 12], ['unpin', 12], ['stop', 6], ['fence', 3]]);
const SET_UP_GOALS: ReadonlyMap<Goal, number> = new Map<Goal, number>([['attach', 6], ['pin', 5], ['unpin', 3], ['map', 5]]);

const MAP_CALLS = ['dma_buf_map_attachment', 'dma_buf_map_attachment_unlocked'] as const;
const UNMAP_CALLS = ['dma_buf_unmap_attachment', 'dma_buf_unmap_attachment_unlocked'] as const;

export function profileImporter(view: TreeView, found: FoundImporter, id: string, ledger: LedgerRow[]): ImporterProfile {
  const { site, chain } = found;
  const callbackMember = found.ops?.members.find((one) => one.member === 'invalidate_mappings' || one.member === 'move_notify') ?? null;
  const callback = callbackMember?.name ?? null;
  const peer = found.ops?.members.find((one) => one.member === 'allow_peer2peer');
  const peer2peer = peer !== undefined && expressionText(peer.value) !== 'false' && expressionText(peer.value) !== '0';
  const maps = sitesOf(view, found, MAP_CALLS);
  const unmapSites = sitesOf(view, found, UNMAP_CALLS);
  const setUp = found.isDynamic ? runSetUp(view, setUpRoot(view, chain, site.fn), folderOf(site.file)) : null;
  const pins = setUp !== null && keepsPin(setUp.behaviour);
  const evidence: Evidence[] = [{ ...placeOfSite(site), fact: 'attach', text: expressionText(site.call) }];
  for (const one of [...chain].reverse().slice(1)) evidence.push({ file: one.file, line: one.line, function: one.name, fact: 'attach', text: 'reached from here' });
  if (found.ops !== null) evidence.push({ file: found.ops.file, line: found.ops.line, function: '', fact: 'ops', text: `struct ${found.ops.type} ${found.ops.name}` });
  if (setUp !== null) for (const { act, at } of actsOf([setUp.behaviour])) if (act.do === 'pin' || act.do === 'unpin') evidence.push({ ...at, fact: act.do, text: `dma_buf_${act.do}()` });

  const answer = callback === null || found.ops === null ? null : runCallback(view, found, callback, maps);
  if (callback !== null && answer === null) ledger.push({ file: found.ops?.file ?? site.file, line: callbackMember?.line ?? 0, function: '', reason: `the callback ${callback}() was not found` });
  if (answer !== null) ledger.push(...answer.ledger);
  if (setUp !== null) ledger.push(...setUp.ledger);

  const behaviour = answer === null ? null : withoutIdleBranches(answer.behaviour);
  const works = (answer?.works ?? []).map((one) => ({ ...one, behaviour: withoutIdleBranches(one.behaviour) }));
  const neverMaps = maps.length === 0;
  const endsAccess = (act: Act): boolean => act.do === 'unmap' || (neverMaps && act.do === 'stop-device' && !act.assumed);
  let unmaps: Unmaps | null = null;
  let open: readonly Guard[] = [];
  if (behaviour !== null && answer !== null) {
    const verdict = unmapsOf(behaviour, works, endsAccess, doesMoreThanTalk(answer));
    ({ unmaps } = verdict);
    open = verdict.guards;
    // Who has not read all of it cannot say that there is no unmap.
    const gap = answer.followed.flatMap((fn) => fn.unread.map((row) => ({ file: fn.file, line: row.line, function: fn.name, text: `not understood: ${row.text}`, decided: null, side: null })));
    if (gap.length > 0 && (unmaps === 'never' || unmaps === 'user')) {
      unmaps = 'conditional';
      open = gap.slice(0, 1);
    }
    if (verdict.isLost) ledger.push({ file: answer.followed[0]?.file ?? site.file, line: answer.followed[0]?.line ?? 0, function: callback ?? '', reason: 'the callback was not followed to its end: what it does about the unmap is not sure' });
    for (const { act, at } of actsOf([behaviour, ...works.map((one) => one.behaviour)])) if (act.do === 'unmap' || act.do === 'stop-device' || act.do === 'queue-work') evidence.push({ ...at, fact: act.do, text: textOfAct(act) });
  }
  const decided = answer === null ? [] : answer.decided.filter((one) => unmaps !== null && isOnTheWay(answer, one));
  // A callback that only says something is none.
  const cls = classOf(found.isDynamic, callback !== null && unmaps !== 'never', pins);
  return {
    id,
    file: site.file,
    line: site.line,
    function: site.function,
    attach: found.isDynamic ? 'dynamic' : 'static',
    ops: found.ops?.name ?? null,
    peer2peer,
    callback,
    promisesNothing: callback !== null && namedAsStub(view, callback),
    pins,
    pinsToMap: pins || (setUp !== null && mapsPinnedOnly(setUp.behaviour, site)),
    class: cls,
    unmaps,
    guards: [...open, ...decided],
    maps: maps.map(placeOfSite),
    unmapSites: unmapSites.map(placeOfSite),
    ...found.users(),
    unpinsInCallback: answer !== null && actsOf([answer.behaviour]).some(({ act }) => act.do === 'unpin'),
    waitsInCallback: answer === null ? [] : usagesIn([answer.behaviour], 'wait-fences'),
    addsInCallback: answer === null ? [] : usagesIn([answer.behaviour], 'add-fence'),
    addsFences: addsFences(view, found),
    mapsAgain: cls === 'movable' && mapsLater(view, maps, setUp),
    privateFields: answer === null ? [] : privateFieldsOf(view, found, answer),
    marked: markOf(site.file) ?? (found.ops === null ? null : markOf(found.ops.file)),
    onlyExporters: neverMaps && setUp !== null ? onlyExportersOf(view, setUp, folderOf(site.file)) : null,
    behaviour,
    works,
    evidence,
    assumptions: answer?.assumptions ?? [],
  };
}

/** `… && ops->invalidate_mappings != a_stub` in the framework's own question. */
function namedAsStub(view: TreeView, callback: string): boolean {
  const place = view.code.locate('dma_buf_attach_revocable', 'drivers/dma-buf/dma-buf.c');
  return place !== null && new RegExp(`[!=]=\\s*&?${callback}\\b`).test(view.code.bodyText(place));
}

/** Somebody in the folder of the callback, or of the attach call, adds fences to a reservation. */
function addsFences(view: TreeView, found: FoundImporter): boolean {
  const folders = new Set([folderOf(found.ops?.file ?? found.site.file), folderOf(found.site.file)]);
  return ['dma_resv_add_fence', 'dma_resv_reserve_fences'].some((name) => view.filesWith(name).some((file) => folders.has(folderOf(file))));
}

function classOf(isDynamic: boolean, hasCallback: boolean, pins: boolean): ImporterClass {
  if (!isDynamic) return 'static';
  if (hasCallback) return pins ? 'pinned-revocable' : 'movable';
  return pins ? 'pinned' : 'unprotected';
}

/** Map or unmap calls that belong to an attach call: its own function's, else its file's, else its folder's that have no attach call themselves. */
function sitesOf(view: TreeView, found: FoundImporter, names: readonly string[]): readonly CallSite[] {
  const folders = new Set([folderOf(found.site.file), ...(found.ops === null ? [] : [folderOf(found.ops.file)])]);
  const all = names.flatMap((name) => view.callSites(name)).filter((one) => folders.has(folderOf(one.file)));
  const own = all.filter((one) => one.file === found.site.file);
  const list = own.length > 0 ? own : all.filter((one) => !hasOwnAttach(view, one.file));
  // Both kinds of importer in one folder: the table's folder does not count where the attach call's has calls.
  const near = list.filter((one) => folderOf(one.file) === folderOf(found.site.file));
  return [...(near.length > 0 ? near : list)].sort((a, b) => (a.file === b.file ? a.line - b.line : a.file < b.file ? -1 : 1));
}

function hasOwnAttach(view: TreeView, file: string): boolean {
  return view.filesWith('dma_buf_attach').includes(file) || view.filesWith('dma_buf_dynamic_attach').includes(file);
}

/** The set-up begins where the table is named; but a function that only chooses between helpers says nothing of the one at hand. */
function setUpRoot(view: TreeView, chain: readonly CFunction[], site: CFunction): CFunction {
  const [outer, next] = chain;
  if (outer === undefined || next === undefined) return outer ?? site;
  const place = view.lexical(outer);
  return place !== null && /\bdma_buf_pin\s*\(/.test(view.code.bodyText(place)) ? outer : next;
}

function runSetUp(view: TreeView, root: CFunction, home: string): Answer {
  return execute(view.code, view.reach, {
    root, home, goals: SET_UP_GOALS, flags: new Set(), mapFields: new Set(), assumesStops: false, tells: SET_UP_TELLS, followsAll: true,
    heldFunctions: () => [], decide: () => null, start: new Map(), given: new Map(),
  });
}

/** On the way that ends with nothing taken back, the pin stays. */
function keepsPin(behaviour: Behaviour): boolean {
  const visit = (one: Behaviour, pins: number, isAttached: boolean): boolean => {
    if (one.kind === 'act') {
      const { act } = one;
      return visit(one.next, pins + (act.do === 'pin' ? 1 : act.do === 'unpin' ? -1 : 0), act.do === 'attach' ? true : act.do === 'detach' ? false : isAttached);
    }
    if (one.kind === 'branch') return visit(one.yes, pins, isAttached) || visit(one.no, pins, isAttached);
    return isAttached && pins > 0;
  };
  return visit(behaviour, 0, false);
}

/** Behind this attach call it maps, and never without a pin. */
function mapsPinnedOnly(behaviour: Behaviour, site: Place): boolean {
  const counts: number[] = [];
  const visit = (one: Behaviour, pins: number, isOwn: boolean): void => {
    if (one.kind === 'act') {
      const { act, at } = one;
      if (act.do === 'map' && isOwn) counts.push(pins);
      // The fallback to a helper has an attach call of its own.
      const isOwnNow = act.do === 'attach' ? at.file === site.file && at.line === site.line : isOwn;
      visit(one.next, pins + (act.do === 'pin' ? 1 : act.do === 'unpin' ? -1 : 0), isOwnNow);
    } else if (one.kind === 'branch') {
      visit(one.yes, pins, isOwn);
      visit(one.no, pins, isOwn);
    }
  };
  visit(behaviour, 0, false);
  return counts.length > 0 && counts.every((pins) => pins > 0);
}

function runCallback(view: TreeView, found: FoundImporter, callback: string, maps: readonly CallSite[]): Answer | null {
  const file = found.ops?.file ?? found.site.file;
  const root = view.code.functionNamed(callback, file) ?? view.code.functionNamed(callback, found.site.file);
  if (root === null) return null;
  const home = folderOf(root.file);
  const mapFields = mapFieldsOf(maps);
  let systemIsUnmapped: boolean | null = null;
  const driver: Driver = {
    fields: view.fields,
    home,
    mapFunctions: maps.flatMap((one) => view.lexical(one.fn) ?? []),
    heldAtMap: heldAtMapOf(view, maps),
    callback: root.name,
    setUpStores: setUpStoresOf(view, found),
    setUpConstants: setUpConstantsOf(view, found),
    systemIsUnmapped: () => (systemIsUnmapped ??= movesToSystemUnmap(view, home, question)),
  };
  const question: Question = {
    root, home, goals: CALLBACK_GOALS, flags: new Set(), mapFields, assumesStops: true, tells: TELLS, followsAll: false,
    heldFunctions: (member, from) => heldFunctionsOf(view, member, from), decide: (ask) => decideWhileMapped(driver, ask), start: new Map(), given: new Map(),
  };
  const key = `${root.file} ${root.name} ${maps.map((one) => `${one.file}:${one.line}`).join()} ${found.chain.map((one) => one.name).join()}`;
  const known = view.answers.get(key);
  if (known !== undefined) return known;
  const answer = execute(view.code, view.reach, question);
  view.answers.set(key, answer);
  return answer;
}

/** Fields that take what dma_buf_map_attachment() gave, directly or through a variable. */
function mapFieldsOf(maps: readonly CallSite[]): ReadonlySet<string> {
  const fields = new Set<string>();
  for (const { fn } of maps) {
    const variables = new Set<string>();
    const isMap = (text: string): boolean => MAP_CALLS.some((name) => text.startsWith(`${name}(`));
    for (let round = 0; round < 2; round++) {
      eachExpression(fn.body, (one) => {
        if (one.kind !== 'assign' || one.op !== '=') return;
        const text = expressionText(one.value);
        if (!isMap(text) && !variables.has(text)) return;
        if (one.to.kind === 'field') fields.add(one.to.name);
        if (one.to.kind === 'name') variables.add(one.to.name);
      });
      for (const statement of fn.body) if (statement.kind === 'declare' && statement.value !== null && isMap(expressionText(statement.value))) variables.add(statement.name);
    }
  }
  return fields;
}

/** Conditions on members that every way to the map call has tested, and that the function does not change. */
function heldAtMapOf(view: TreeView, maps: readonly CallSite[]): Driver['heldAtMap'] {
  const held = new Map<string, { value: boolean; where: string }>();
  for (const site of maps) {
    const flow = view.code.flow(site.fn);
    const target = flow.nodes.find((node) => node.line === site.line && node.calls.some((call) => call.line === site.line && (MAP_CALLS as readonly string[]).includes(call.name ?? ''))) ?? flow.nodes.find((node) => node.calls.some((call) => (MAP_CALLS as readonly string[]).includes(call.name ?? '')));
    if (target === undefined) continue;
    const into: number[][] = flow.nodes.map(() => []);
    for (const edge of flow.edges) into[edge.to]?.push(edge.from);
    const reaching = new Set([target.id]);
    const open = [target.id];
    for (let one = open.pop(); one !== undefined; one = open.pop()) for (const from of into[one] ?? []) if (!reaching.has(from)) {
      reaching.add(from);
      open.push(from);
    }
    const stored = new Set<string>();
    eachExpression(site.fn.body, (one) => {
      if (one.kind === 'assign' && one.to.kind === 'field') stored.add(one.to.name);
    });
    for (const node of flow.nodes) {
      if (node.kind !== 'branch' || node.value === null || node.value.kind !== 'field' || stored.has(node.value.name)) continue;
      const sides = (flow.out[node.id] ?? []).filter((edge) => reaching.has(edge.to) && edge.to !== node.id).map((edge) => edge.test?.taken);
      const [side] = sides;
      if (sides.length === 1 && side !== undefined && reaching.has(node.id)) held.set(node.value.name, { value: side, where: `${site.file}:${node.line}` });
    }
  }
  return held;
}

/** Constants that the set-up, or who calls it, stores in members: "type" → IOPT_ADDRESS_DMABUF. */
function setUpStoresOf(view: TreeView, found: FoundImporter): Driver['setUpStores'] {
  const stored = new Map<string, { value: string; where: string }>();
  const functions = found.chain.flatMap((fn) => view.lexical(fn) ?? []);
  for (const one of [...functions, ...functions.flatMap((fn) => view.fields.callers(fn))]) {
    for (const match of view.code.bodyText(one).matchAll(/(?:->|\.)(\w+)\s*=\s*([A-Z][A-Z0-9_]+)\s*;/g)) stored.set(match[1] ?? '', { value: match[2] ?? '', where: `${one.file} ${one.name}()` });
  }
  return stored;
}

/** Enumerators that the set-up and what it calls in its own folder hand on: ttm_bo_type_sg. */
function setUpConstantsOf(view: TreeView, found: FoundImporter): ReadonlySet<string> {
  const constants = new Set<string>();
  const seen = new Set<string>();
  const look = (fn: CFunction, depth: number): void => {
    if (seen.has(fn.name)) return;
    seen.add(fn.name);
    eachExpression(fn.body, (one) => {
      if (one.kind !== 'call') return;
      for (const arg of one.args) if (arg.kind === 'name' && /_/.test(arg.name) && !fn.parameters.some((parameter) => parameter.name === arg.name) && view.code.constant(arg.name, fn.file) !== null) constants.add(arg.name);
      if (depth === 0 || one.callee.kind !== 'name') return;
      const place = view.code.locate(one.callee.name, fn.file);
      const callee = place !== null && folderOf(place.file) === folderOf(fn.file) ? view.code.functionIn(place.file, place.name) : null;
      if (callee !== null && callee.isStatic && callee.file === fn.file) look(callee, depth - 1);
    });
  };
  for (const fn of found.chain) look(fn, 1);
  return constants;
}

/** Whether the driver's TTM move of a mapped object to system memory unmaps on every way. */
function movesToSystemUnmap(view: TreeView, home: string, question: Question): boolean {
  const [name] = view.code.membersOf(home, 'move', 'ttm_device_funcs');
  const root = name === undefined ? null : view.code.functionNamed(name, `${home}/x.c`);
  if (root === null) return false;
  const [bo, , , target] = root.parameters;
  if (bo === undefined || target === undefined) return false;
  const answer = execute(view.code, view.reach, {
    ...question,
    root,
    assumesStops: false,
    decide: (ask) => (ask.field === 'mem_type' ? null : question.decide(ask)),
    // TTM_PL_TT is 1 and TTM_PL_SYSTEM 0 (ttm_placement.h); a mapped object stands in the former.
    start: new Map([[`${target.name}->mem_type`, NULL], [`${bo.name}->resource->mem_type`, '#1'], [`${bo.name}->type`, '#2']]),
  });
  const { unmaps } = unmapsOf(answer.behaviour, answer.works, (act) => act.do === 'unmap', false);
  return unmaps === 'sync';
}

/** Functions that a driver hands to a layer, which keeps them in a member: found through the function that stores its parameter there. */
function heldFunctionsOf(view: TreeView, member: string, from: string): readonly string[] {
  const found = new Set<string>();
  for (const store of view.fields.stores(member, folderOf(from))) {
    const fn = view.code.functionIn(store.fn.file, store.fn.name);
    const at = fn?.parameters.findIndex((parameter) => parameter.name === store.value) ?? -1;
    if (fn === null || at === -1) continue;
    for (const site of view.callSites(fn.name)) {
      const arg = site.call.args[at];
      if (arg?.kind === 'name') found.add(arg.name);
    }
  }
  return [...found];
}

/** Something is done or stored that a later step may act on; messages alone do not count. */
function doesMoreThanTalk(answer: Answer): boolean {
  return answer.followed.some((fn) => {
    let does = false;
    eachExpression(fn.body, (one) => {
      if (one.kind === 'assign' && one.to.kind !== 'name') does = true;
      if (one.kind === 'call' && one.callee.kind === 'name' && !/^(?:pr_|dev_|ibdev_|netdev_|drm_|WARN|BUG|lockdep_|dma_resv_assert|might_|container_of|to_|printk|unlikely|likely)/.test(one.callee.name) && !/(?:^|_)to_[a-z]|_warn|_err$|_dbg/.test(one.callee.name)) does = true;
      if (one.kind === 'call' && one.callee.kind !== 'name') does = true;
    });
    return does;
  });
}

/** A decided guard counts where the way to the unmap passes its function. */
function isOnTheWay(answer: Answer, guard: Guard): boolean {
  const acts = actsOf([answer.behaviour, ...answer.works.map((one) => one.behaviour)]).filter(({ act }) => act.do === 'unmap' || act.do === 'stop-device' || act.do === 'queue-work');
  return acts.some(({ at }) => at.function === guard.function && at.line >= guard.line);
}

function mapsLater(view: TreeView, maps: readonly CallSite[], setUp: Answer | null): boolean {
  const inSetUp = new Set((setUp?.followed ?? []).map((fn) => fn.name));
  const seen = new Set<string>();
  const escapes = (one: LexicalFunction, depth: number): boolean => {
    if (seen.has(one.name) || depth > 5) return false;
    seen.add(one.name);
    if (!inSetUp.has(one.name) && depth > 0 && view.fields.callers(one).length === 0) return true;
    const callers = view.fields.callers(one);
    return callers.some((caller) => !inSetUp.has(caller.name) && escapes(caller, depth + 1));
  };
  return maps.some((site) => {
    const one = view.lexical(site.fn);
    if (one === null) return false;
    if (!inSetUp.has(one.name)) return true;
    return escapes(one, 0);
  });
}

/** Functions on the way of the set-up that refuse any exporter but their own (`ops != &table`). */
function onlyExportersOf(view: TreeView, setUp: Answer, home: string): ImporterProfile['onlyExporters'] {
  const found: { table: string; errno: string; at: Place }[] = [];
  const seen = new Set<string>();
  const look = (body: string, from: string, depth: number): void => {
    for (const word of new Set(body.match(/\b[a-z_]\w{6,}\b/g) ?? [])) {
      if (seen.has(word)) continue;
      seen.add(word);
      const place = view.code.locate(word, from) ?? view.code.exportedFrom(word).map((file) => view.code.locate(word, file)).find((one) => one !== null) ?? null;
      if (place === null) continue;
      const text = view.code.bodyText(place);
      const test = /->ops\s*!=\s*&(\w+)\s*\)\s*\n?\s*return\s+(-E\w+)/.exec(text);
      if (test !== null) {
        const before = (view.code.text(place.file) ?? '').slice(0, place.at + text.indexOf(test[0])).split('\n').length;
        const start = (view.code.text(place.file) ?? '').indexOf(text, place.at);
        const line = (view.code.text(place.file) ?? '').slice(0, start + test.index).split('\n').length;
        found.push({ table: test[1] ?? '', errno: (test[2] ?? '').slice(1), at: { file: place.file, line: start === -1 ? before : line, function: place.name } });
      } else if (depth > 0 && (folderOf(place.file) === home)) look(text, place.file, depth - 1);
    }
  };
  for (const fn of setUp.followed) {
    const place = view.lexical(fn);
    if (place !== null) look(view.code.bodyText(place), fn.file, 1);
  }
  return found.length === 0 ? null : found;
}

function textOfAct(act: Act): string {
  switch (act.do) {
    case 'unmap':
      return `dma_buf_unmap_attachment${act.unlocked ? '_unlocked' : ''}()`;
    case 'stop-device':
      return `${act.call}()${act.assumed ? ', taken to stop the device' : ''}`;
    case 'queue-work':
      return `queues ${act.runs}()`;
    default:
      return act.do;
  }
}
