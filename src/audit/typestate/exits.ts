// Looks at all ways out of a function together: what is left behind, what is still locked, which failure nobody looked at.
// What one way out gives back and another does not is the strongest evidence (SEMANTICS C10, P5, P8).

import type { Place } from '../../results/audit.ts';
import type { PathStep } from '../../results/finding.ts';
import type { CFunction } from '../../source/syntax.ts';
import { isLive } from './automata.ts';
import type { Breach, Kind } from './breach.ts';
import { baseOf, maskOf, narrow } from './expressions.ts';
import { looksLikePredicate } from '../anchors.ts';
import { ERR, GOOD, type Sym, type Trail, ZERO } from './path-state.ts';
import { lockedAt, madeAt, rootOf, type Exit, type Walk } from './walk.ts';

type Outcome = 'success' | 'failure' | 'unknown';

interface Way extends Exit {
  readonly outcome: Outcome;
}

export function judgeExits(walk: Walk, fn: CFunction, exits: readonly Exit[]): readonly Breach[] {
  const ways = exits.flatMap((exit): readonly Way[] => {
    const outcome = outcomeOf(walk, fn, exit);
    return outcome === 'unknown' ? bothOutcomes(walk, fn, exit) : [{ ...exit, outcome }];
  });
  return [...leaks(walk, fn, ways), ...locksLeft(walk, fn, ways), ...unread(walk, ways), ...positives(walk, fn, ways)];
}

function outcomeOf(walk: Walk, fn: CFunction, { state, value }: Exit): Outcome {
  if (value === null || /^(?:void|bool)$/.test(fn.returns)) return 'unknown';
  const mask = maskOf(state, value);
  if (/\*\s*$/.test(fn.returns)) return (mask & GOOD) === 0 ? 'failure' : (mask & ERR) === 0 ? 'success' : 'unknown';
  if (mask === ERR) return 'failure';
  if ((mask & ERR) === 0) return 'success';
  const origin = walk.origins.get(baseOf(value));
  // "if (ret) goto out": what is not 0 is a failure.
  if ((mask & ZERO) === 0 && origin !== undefined && (origin.gives === 'status' || origin.gives === 'int' || origin.gives === 'pointer')) return 'failure';
  return 'unknown';
}

/** `return toy_program(t);` leaves by two ways at once. */
function bothOutcomes(walk: Walk, fn: CFunction, exit: Exit): readonly Way[] {
  const { value, state } = exit;
  const origin = value === null ? undefined : walk.origins.get(baseOf(value));
  const whole: Way = { ...exit, outcome: 'unknown' };
  if (value === null || origin === undefined || value !== baseOf(value) || !/\bint$|\blong$|\*\s*$/.test(fn.returns) || looksLikePredicate(origin.call)) return [whole];
  const isPointer = /\*\s*$/.test(fn.returns);
  if (origin.gives !== (isPointer ? 'pointer' : 'int') && origin.gives !== 'status' && origin.gives !== 'ERR_PTR') return [whole];
  const good = state.copy();
  const bad = state.copy();
  if (!narrow(good, value, isPointer ? GOOD : ZERO | GOOD) || !narrow(bad, value, ERR)) return [whole];
  return [{ ...exit, state: good, outcome: 'success' }, { ...exit, state: bad, outcome: 'failure' }];
}

// --- left behind ---

/** Objects that a value of their own stands for; of the others a count is kept elsewhere, and only a failure must undo it. */
const HANDLES: ReadonlySet<Kind> = new Set<Kind>(['attachment', 'mapping', 'reference', 'fence']);

function leaks(walk: Walk, fn: CFunction, ways: readonly Way[]): readonly Breach[] {
  const found: Breach[] = [];
  const told = new Set<string>();
  for (const way of ways) {
    for (const one of way.state.objects.values()) {
      if (one.made === null || !isLive(one.states) || way.outcome === 'unknown' && !/^void$/.test(fn.returns)) continue;
      const made = one.made;
      const isOwnValue = HANDLES.has(one.kind) && one.key.includes('@');
      const owner = ownerOf(walk, way, one.key, new Set());
      if (owner === 'yes' || (maskOf(way.state, one.key) & GOOD) === 0) continue;
      if (way.outcome !== 'failure' && (!isOwnValue || owner === 'weak')) continue;
      // Where the object is given back on another way.
      const otherwise = undoneElsewhere(ways, madeAt(one));
      // It went through what gives it back, and a condition there is not understood.
      if (otherwise !== null && otherwise.function !== fn.name && way.state.through.has(otherwise.function)) continue;
      // A reference that was taken for a member is that member's; of a fence that was there before nobody here knows the count.
      if (one.kind === 'fence' && !isOwnValue && (otherwise === null || otherwise.function !== fn.name)) continue;
      if (owner === 'weak' && (otherwise === null || /^get_/.test(made.text))) continue;
      const key = `${one.kind} ${made.at.file}:${made.at.line} ${way.at.line}`;
      if (told.has(key)) continue;
      told.add(key);
      found.push({
        is: 'leak', kind: one.kind, what: made.text, owner: owner === 'weak' ? 'member' : isHindered(way.state.trail, made.at) ? 'hindered' : 'nobody', error: way.outcome === 'failure', otherwise: isOwnValue && owner === 'no' ? otherwise ?? made.at : otherwise, at: way.at,
        path: walk.path(way.state, made.at, [returnStep(way)]),
      });
    }
  }
  return found;
}

/** Behind it a lock could not be had: without it nothing can be given back. */
function isHindered(trail: Trail | null, made: Place): boolean {
  for (let one = trail; one !== null; one = one.up) {
    if (one.step.line === made.line && one.step.file === made.file) return false;
    if (/^(?:dma_resv_lock\w*|ttm_bo_reserve)\(\) fails$/.test(one.step.text)) return true;
  }
  return false;
}

const returnStep = ({ at, outcome }: Way): PathStep => ({ ...at, text: outcome === 'failure' ? 'returns the failure' : 'returns' });

/** Where another failing way gives it back. */
function undoneElsewhere(ways: readonly Way[], made: string): Place | null {
  for (const other of ways) {
    const at = other.outcome !== 'failure' ? undefined : other.state.undone.get(made);
    if (at !== undefined) return at;
  }
  return null;
}

/** Who has a value when the function is left: somebody for sure, perhaps the caller's object, or nobody. */
function ownerOf(walk: Walk, way: Way, sym: Sym, seen: Set<Sym>): 'yes' | 'weak' | 'no' {
  if (seen.has(sym)) return 'no';
  seen.add(sym);
  const { state, value } = way;
  if (value !== null && way.outcome !== 'failure' && (value === sym || rootOf(value) === sym || baseOf(value) === sym || value.includes(sym))) return 'yes';
  if (state.fresh.get(sym) === false) return 'no';
  let best: 'yes' | 'weak' | 'no' = 'no';
  for (const call of state.handed.get(sym) ?? []) {
    if (call === '*') return 'yes';
    // A call that failed has kept nothing.
    const mask = maskOf(state, call);
    const gives = walk.origins.get(call)?.gives;
    const failed = gives === 'pointer' ? (mask & GOOD) === 0 : (mask & ZERO) === 0;
    if (!failed) return 'yes';
  }
  for (const [place, held] of state.values) {
    if (held !== sym && rootOf(held) !== sym) continue;
    const holder = holderOf(place);
    if (holder === null) continue;
    // What an attachment leads to is held by it, and by nothing once it is gone.
    if (/^dma_buf_(?:dynamic_)?attach$/.test(walk.origins.get(holder)?.call ?? '')) {
      const attachment = state.object('attachment', holder);
      if (attachment !== null && isLive(attachment.states) && ownerOf(walk, way, holder, seen) !== 'no') return 'yes';
      continue;
    }
    if (state.fresh.has(holder)) {
      if (state.fresh.get(holder) === true && ownerOf(walk, way, holder, seen) === 'yes') return 'yes';
      continue;
    }
    if (/^\W/.test(holder)) continue;
    if (!holder.includes('@') && !place.includes('->') && !place.includes('.')) return 'yes';
    if (value !== null && way.outcome !== 'failure' && rootOf(value) === holder) return 'yes';
    best = 'weak';
  }
  return best;
}

/** What a place belongs to: "umem" of "umem->attach", itself for a global; null for a variable. */
function holderOf(place: string): Sym | null {
  if (/^[^@]*[:%=]/.test(place) && !place.includes('->')) return null;
  return rootOf(place);
}

// --- locks ---

function locksLeft(walk: Walk, fn: CFunction, ways: readonly Way[]): readonly Breach[] {
  const found: Breach[] = [];
  const sure = ways.filter((way) => !way.state.isVague);
  const isLocker = /lock|reserve|acquire/.test(fn.name);
  const told = new Set<number>();
  for (const way of sure) {
    const [place] = way.state.locks.values();
    if (place === undefined || told.has(way.at.line)) continue;
    const undone = sure.filter((other) => other.state.undone.has(lockedAt(place)));
    const heldWell = sure.some((other) => other.outcome === 'success' && other.state.locks.size > 0);
    const isTicketed = way.state.ticketed.has(lockedAt(place));
    // Tried in a callee, it is what that callee says.
    if (isTicketed && place.function !== fn.name) continue;
    // A function that locks for its caller does so where it succeeds, and always then; what a ticket holds is given back by whoever has the ticket.
    const isWrong = way.outcome === 'failure'
      ? undone.some((other) => !isTicketed || (other.outcome === 'failure' && other.state.undone.get(lockedAt(place))?.function === fn.name)) || (!heldWell && !isTicketed)
      : (!isTicketed && undone.some((other) => other.outcome === way.outcome)) || (!isLocker && !isTicketed && !hasCallerThatUnlocks(walk, fn));
    if (!isWrong) continue;
    told.add(way.at.line);
    found.push({
      is: 'leak', kind: 'resv', what: '', owner: 'nobody', error: way.outcome === 'failure', otherwise: undone[0]?.state.undone.get(lockedAt(place)) ?? null, at: way.at,
      path: walk.path(way.state, place, [{ ...way.at, text: 'returns with it held' }]),
    });
  }
  // A lock that was never taken here is given back, behind a call that needs it.
  const unlocked = sure.find((way) => way.state.entry.lock === 'given-back' && way.state.entry.unlocked?.resv.includes('@') !== true);
  const where = unlocked?.state.entry.unlocked?.at ?? null;
  if (unlocked !== undefined && where !== null && !/unlock|unreserve|put|end|finish|release|drop|fini|cleanup|backoff|done|complete/.test(fn.name) && !hasCallerThatLocks(walk, fn) && where.function === fn.name) {
    found.push({ is: 'refused', kind: 'resv', event: 'unlock', state: unlocked.state.entry.by?.call === '' ? 'perhaps taken by the caller' : 'never taken', what: '', at: where, path: walk.path(unlocked.state, null, [{ ...where, text: 'unlocks' }]) });
  }
  return found;
}

const LOCKS = /\b(?:dma_resv_(?:try)?lock\w*|ww_mutex_(?:try)?lock\w*|drm_exec_\w+|\w*_reserve\w*|\w*bo_lock\w*|\w*_lock_resv\w*|\w*object_lock\w*|drm_modeset_lock\w*)\s*\(/g;
const UNLOCKS = /\b(?:dma_resv_unlock|ww_mutex_unlock|drm_exec_\w+|\w*_unreserve\w*|\w*bo_unlock\w*|\w*_unlock_resv\w*|\w*object_unlock\w*|\w*backoff\w*)\s*\(/g;

const count = (body: string, what: RegExp): number => body.match(what)?.length ?? 0;
/** It gives back more than it takes: what the callee took. */
const hasCallerThatUnlocks = (walk: Walk, fn: CFunction): boolean => walk.callers(fn).some((body) => count(body, UNLOCKS) > count(body, LOCKS) || /drm_exec_/.test(body));
const hasCallerThatLocks = (walk: Walk, fn: CFunction): boolean => walk.callers(fn).some((body) => count(body, LOCKS) > 0);

// --- results ---

function unread(walk: Walk, ways: readonly Way[]): readonly Breach[] {
  const found: Breach[] = [];
  const told = new Set<string>();
  for (const way of ways) {
    if (way.outcome === 'failure') continue;
    for (const [sym, isSeen] of way.state.failures) {
      const origin = walk.origins.get(sym);
      if (isSeen || origin === undefined || (maskOf(way.state, sym) & ERR) === 0 || !/^(?:dma_buf_|dma_resv_reserve|dma_resv_lock|ttm_bo_reserve|ib_umem_)/.test(origin.call)) continue;
      if (/^dma_buf_end/.test(origin.call) || isReturned(way, sym)) continue;
      const key = `${origin.at.file}:${origin.at.line}`;
      if (told.has(key)) continue;
      told.add(key);
      found.push({ is: 'unread', call: origin.call, at: origin.at, path: walk.path(way.state, origin.at, [{ ...way.at, text: 'returns as if it had gone well' }]) });
    }
  }
  return found;
}

const isReturned = ({ value, state }: Way, sym: Sym): boolean => value !== null && (baseOf(value) === sym || value.includes(sym) || (state.handed.get(sym) ?? []).length > 0);

/** A wait that went well gives what is left of the time: more than 0. */
function positives(walk: Walk, fn: CFunction, ways: readonly Way[]): readonly Breach[] {
  const found: Breach[] = [];
  const told = new Set<string>();
  for (const way of ways) {
    for (const [sym, mask] of way.state.masks) {
      const origin = walk.origins.get(sym);
      if (origin?.gives !== 'count' || (mask & GOOD) === 0 || mask !== (ERR | GOOD) || way.value === null) continue;
      const isMisread = way.value === sym ? /^(?:int|long)$/.test(fn.returns) && way.outcome !== 'success' : way.outcome === 'failure';
      const key = `${origin.at.file}:${origin.at.line}`;
      if (!isMisread || told.has(key)) continue;
      told.add(key);
      found.push({ is: 'misread', call: origin.call, gives: 'positive', test: '', at: origin.at, path: walk.path(way.state, origin.at, [returnStep(way)]) });
    }
  }
  return found;
}
