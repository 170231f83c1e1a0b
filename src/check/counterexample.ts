// From what a search found to a counterexample: shortened, told, blamed on somebody, with the token that replays it.

import type { Compiled } from '../model/compile.ts';
import type { Pending, System, Violation } from '../model/system.ts';
import type { BrokenKind, Counterexample } from '../results/verdict.ts';
import { blameFor, blameForWait } from './blame.ts';
import type { Found, Lasso } from './outcome.ts';
import { replayToken } from './replay.ts';
import { endsLike, showsViolation, shrink } from './shrink.ts';
import { tell, waitsIn } from './story.ts';

const SEVERITY: readonly BrokenKind[] = ['harm', 'deadlock', 'hang', 'assertion', 'obligation', 'warning', 'capacity'];
const NOBODY = { party: '', object: '', obligation: '', text: '', source: '' };

/** Shortened and told; nothing for a refusal. */
export function fromFound(compiled: Compiled, found: Found): Counterexample[] {
  const { system } = compiled;
  const violation = system.violations[found.violation];
  if (violation === undefined || violation.kind === 'refusal') return [];
  const { path } = shrink(system, found.path, showsViolation(found.violation, found.invariant));
  const told = tell(system, path, found.invariant);
  const blame = blameFor(system, violation, told.violations.flat().filter((v) => v !== found.violation));
  const { kind, code, text } = violation;
  return [{ kind, code, text, blame, steps: told.steps, cycle: null, waits: [], replay: replayToken(system, path) }];
}

/** A run that goes round for ever without what must come. */
export function fromLasso(compiled: Compiled, lasso: Lasso): Counterexample {
  const { system } = compiled;
  const pending = system.pending[lasso.pending];
  const { path } = shrink(system, lasso.stem, endsLike(system, lasso.stem));
  const told = tell(system, [...path, ...lasso.cycle], null);
  const state = told.states[path.length] ?? [];
  const waits = waitsIn(system, state);
  const violation = system.violations[pending?.violation ?? 0];
  const isCall = pending?.kind === 'call';
  const kind = kindOf(lasso, pending);
  const before = told.violations.flat();
  const ours = violation === undefined ? NOBODY : blameFor(system, violation, []);
  const blame = isCall ? blameForWait(system, pending.process ?? 0, state, waits, before) : ours;
  return {
    kind, code: isCall ? kind : (violation?.code ?? kind), text: lassoText(system, lasso, pending, violation),
    blame, steps: told.steps, cycle: path.length, waits, replay: replayToken(system, path, lasso.cycle),
  };
}

function kindOf(lasso: Lasso, pending: Pending | undefined): BrokenKind {
  if (lasso.class !== 'never') return lasso.class;
  return pending?.kind === 'eventually' ? 'assertion' : 'obligation';
}

function lassoText(system: System, lasso: Lasso, pending: Pending | undefined, violation: Violation | undefined): string {
  const who = pending?.process == null ? '' : (system.processes[pending.process]?.name ?? '');
  switch (lasso.class) {
    case 'deadlock':
      return `${who} never gets out of its call: nothing can free it.`;
    case 'hang':
      return `${who} never gets out of its call: only a step that may never come could free it.`;
    case 'never':
      return violation?.text ?? '';
  }
}

/** Harm first, then deadlock, hang, assertion, obligation, warning; the shorter story first. */
export function worstFirst(a: Counterexample, b: Counterexample): number {
  return SEVERITY.indexOf(a.kind) - SEVERITY.indexOf(b.kind) || a.steps.length - b.steps.length || (a.replay < b.replay ? -1 : 1);
}
