// Replay: a token names the actions of a run, and a run is checked step by step on the full system.
// A token stays good as long as the actions are still there and still possible; otherwise the answer says which is not.

import type { System } from '../model/system.ts';
import { applyStep, brokenInvariants, initialState, isEnabled } from './interpret.ts';
import type { State } from './interpret.ts';

export interface ReplayError {
  readonly reason: 'malformed' | 'cut-off' | 'unknown-action' | 'ambiguous-action' | 'not-enabled' | 'ended';
  /** The step, counted from 1; 0 where the token itself is at fault. */
  readonly at: number;
  /** The action: its name, or as the token has it where there is no such action. */
  readonly action: string;
}

export type Decoded =
  | { readonly ok: true; readonly scenario: string; readonly steps: readonly number[]; readonly cycle: readonly number[] | null }
  | { readonly ok: false; readonly error: ReplayError };

/** A run on the full system. */
export interface Run {
  /** One more than steps, unless the last step was fatal: then the last state is what that step had done until then. */
  readonly states: readonly State[];
  readonly steps: readonly number[];
  /** By step: the violations that it recorded. */
  readonly violations: readonly (readonly number[])[];
  /** Invariants that are broken in the last state (empty behind a fatal step). */
  readonly invariants: readonly number[];
}

export type Replayed = { readonly ok: true; readonly run: Run } | { readonly ok: false; readonly error: ReplayError };

const version = 'f1';
const leastDigits = 5;
const mostDigits = 14;

/**
 * "f1.<scenario>.<actions>.<check>", for a lasso ".<actions of the cycle>" before the check, which tells a token that was cut off.
 * Only letters, digits, '-', '_' and '.'.
 */
export function replayToken(system: System, steps: readonly number[], cycle: readonly number[] | null = null): string {
  const digits = digitsFor(system);
  const code = (list: readonly number[]): string => list.map((step) => digest(system.steps[step]?.name ?? '').slice(0, digits)).join('-');
  const parts = [version, safeName(system.name), code(steps)];
  if (cycle !== null) parts.push(code(cycle));
  return [...parts, checkOf(parts)].join('.');
}

/** The scenario's name as a token has it. */
export function safeName(name: string): string {
  return name.replace(/[^A-Za-z0-9_-]+/g, '_');
}

/** The scenario that a token is for (see `safeName`); null if it is no token. */
export function scenarioOf(token: string): string | null {
  const [first, scenario] = token.trim().split('.');
  return first === version && scenario !== undefined ? scenario : null;
}

export function decodeToken(system: System, token: string): Decoded {
  const parts = token.trim().split('.');
  const check = parts.pop();
  const [first, scenario, steps, cycle] = parts;
  if (first !== version) return fault('malformed', 0, token);
  if (scenario === undefined || steps === undefined || parts.length > 4 || check !== checkOf(parts)) return fault('cut-off', 0, token);
  const digests = system.steps.map((s) => digest(s.name));
  const list = steps === '' ? [] : steps.split('-');
  const round = cycle === undefined || cycle === '' ? [] : cycle.split('-');
  const ids: number[] = [];
  for (const [index, code] of [...list, ...round].entries()) {
    if (!/^[0-9a-z]+$/.test(code) || code.length < leastDigits) return fault('malformed', index + 1, code);
    const fits = digests.flatMap((d, id) => (d.startsWith(code) ? [id] : []));
    const [id] = fits;
    if (id === undefined) return fault('unknown-action', index + 1, code);
    if (fits.length > 1) return fault('ambiguous-action', index + 1, code);
    ids.push(id);
  }
  return { ok: true, scenario, steps: ids.slice(0, list.length), cycle: cycle === undefined ? null : ids.slice(list.length) };
}

/** Takes the steps one after the other from the initial state. */
export function replay(system: System, steps: readonly number[]): Replayed {
  let state = initialState(system);
  const states: State[] = [state];
  const violations: (readonly number[])[] = [];
  let ended = false;
  for (const [index, step] of steps.entries()) {
    const name = system.steps[step]?.name ?? String(step);
    if (ended) return fault('ended', index + 1, name);
    if (!isEnabled(system, state, step)) return fault('not-enabled', index + 1, name);
    const effect = applyStep(system, state, step);
    violations.push(effect.violations);
    state = effect.last;
    states.push(state);
    ended = effect.next === null;
  }
  return { ok: true, run: { states, steps, violations, invariants: ended ? [] : brokenInvariants(system, state) } };
}

function fault(reason: ReplayError['reason'], at: number, action: string): { readonly ok: false; readonly error: ReplayError } {
  return { ok: false, error: { reason, at, action } };
}

/** Three digits over all that stands before. */
const checkOf = (parts: readonly string[]): string => digest(parts.join('.')).slice(0, 3);

/** As many digits as tell all actions of the system apart. */
function digitsFor(system: System): number {
  const digests = system.steps.map((s) => digest(s.name));
  let digits = leastDigits;
  while (digits < mostDigits && new Set(digests.map((d) => d.slice(0, digits))).size < digests.length) digits++;
  return digits;
}

/** 14 digits in base 36, from two independent 32-bit FNV hashes of the name. */
function digest(name: string): string {
  let a = 0x811c9dc5;
  let b = 0x9747b28c;
  for (let i = 0; i < name.length; i++) {
    const unit = name.charCodeAt(i);
    a = Math.imul(a ^ unit, 0x01000193);
    b = Math.imul(b ^ unit, 0x5bd1e995);
    b ^= b >>> 15;
  }
  return half(a) + half(b);
}

/** The last step of FNV moves little into the high digits, so it is mixed once more. */
function half(hash: number): string {
  let h = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  h ^= h >>> 16;
  return (h >>> 0).toString(36).padStart(7, '0').split('').reverse().join('');
}
