// Whether any step, unfair ones included, can still lead out of a situation (SEMANTICS E12.4): for a replayed hang or deadlock.
// A plain search on the interpreter, bounded; a search proper decides this on its own graph.

import type { Expr, System } from '../model/system.ts';
import { applyStep, enabledSteps, isTrue, type State } from './interpret.ts';

const MOST_STATES = 20_000;

/** True if some run leads from `start` to a state where `holds` is false, or if the bound was reached first. */
export function canLeave(system: System, start: State, holds: Expr): boolean {
  const seen = new Set([start.join()]);
  const open: State[] = [start];
  for (let state = open.pop(); state !== undefined; state = open.pop()) {
    if (!isTrue(holds, state) || seen.size > MOST_STATES) return true;
    for (const step of enabledSteps(system, state)) {
      const { next } = applyStep(system, state, step);
      if (next === null || seen.has(next.join())) continue;
      seen.add(next.join());
      open.push(next);
    }
  }
  return false;
}
