// The ledger of a search: its bounds, what it left out, what it assumed, which steps no run took.

import type { Compiled } from '../model/compile.ts';
import type { System } from '../model/system.ts';
import type { Counterexample, Ledger } from '../results/verdict.ts';
import type { SearchOutcome } from './outcome.ts';

/** `missing`: witnesses that no run reached. */
export function ledgerOf(compiled: Compiled, outcome: SearchOutcome, missing: readonly string[], capacity: Counterexample | undefined): Ledger {
  const { system } = compiled;
  const notCovered: string[] = [];
  if (outcome.limit !== null) {
    notCovered.push(`limit: ${outcome.limit}; everything within ${outcome.levels} steps was covered, ${outcome.frontier} states were left`);
  }
  if (outcome.liveness === 'skipped') notCovered.push('bounded time was not judged: the search stopped at a harm');
  if (outcome.liveness === 'unfinished') notCovered.push('bounded time was not judged: the limit came first');
  if (outcome.liveness === 'not-asked' && system.pending.length > 0) notCovered.push('bounded time was not asked for');
  if (capacity !== undefined) notCovered.push(`capacity: ${capacity.text}`);
  for (const name of missing) notCovered.push(`never reached: ${name}`);
  return {
    bounds: boundsOf(system), reductions: outcome.reductions,
    unreached: outcome.exhausted ? unreachedSteps(system, outcome) : [],
    assumptions: system.assumptions, notCovered,
  };
}

function unreachedSteps(system: System, outcome: SearchOutcome): string[] {
  const texts = system.steps.flatMap((s, i) => {
    if (outcome.reachedSteps[i] === 1) return [];
    const line = s.origin === undefined ? '' : ` (line ${s.origin.line})`;
    return [`${system.processes[s.process]?.name ?? ''}: ${s.text}${line}`];
  });
  return [...new Set(texts)];
}

function boundsOf(system: System): string[] {
  const threads = system.processes.filter((p) => p.pc !== null).length;
  return [`${threads} ${threads === 1 ? 'thread' : 'threads, workers and callbacks'}, running their text as written`];
}
