// The verdict on one search: what is broken, refused or never reached, and whether that is what the scenario declares.

import type { Compiled } from '../model/compile.ts';
import type { Expectation, Scenario } from '../model/scenario.ts';
import type { CheckResult, Counterexample, Refusal, Verdict } from '../results/verdict.ts';
import { ledgerOf } from './ledger.ts';
import type { SearchOutcome } from './outcome.ts';

/** `all`: the counterexamples, worst first. */
export function judged(
  scenario: Scenario, file: string | null, compiled: Compiled, outcome: SearchOutcome, all: readonly Counterexample[], milliseconds: number,
): CheckResult {
  const broken = all.filter((b) => b.kind !== 'capacity');
  const capacity = all.find((b) => b.kind === 'capacity');
  const refused = refusalsIn(compiled, outcome);
  const nobody = refused.length > 0 && ![...compiled.mapped.values()].some((i) => outcome.witnesses[i] === true);
  const internal = new Set(compiled.mapped.values());
  const missing = compiled.system.witnesses.filter((_, i) => !internal.has(i) && outcome.witnesses[i] !== true).map((w) => w.name);
  const expected = scenario.expectation;
  const declared = (r: Refusal): boolean => expected !== null && isDeclared(r, expected);
  const told = refused.some(declared);
  let verdict: Verdict = 'holds';
  let text = 'holds';
  const [worst] = broken;
  if (worst !== undefined) {
    verdict = 'broken';
    text = `broken ${worst.code}`;
  } else if (!outcome.finished || capacity !== undefined) {
    verdict = 'unfinished';
    text = capacity === undefined ? `unfinished (${outcome.limit ?? 'limit'})` : `unfinished (${capacity.text})`;
  } else if (told) text = refusalText(refused.find(declared));
  else if (nobody) {
    verdict = 'vacuous';
    text = refusalText(refused[0]);
  } else if (missing.length > 0) {
    verdict = 'vacuous';
    text = 'vacuous';
  }
  return {
    scenario: scenario.name, file, source: scenario.sources, contract: compiled.contract, verdict, outcome: text,
    expected: expected === null ? null : expectationText(expected),
    asExpected: expected === null ? null : matches(expected, verdict, text, broken, told),
    broken, refused, states: outcome.states, transitions: outcome.transitions, depth: outcome.depth, milliseconds,
    ledger: ledgerOf(compiled, outcome, missing, capacity),
  };
}

function isDeclared(r: Refusal, e: Expectation): boolean {
  return e.verdict === 'refused' && sameParty(r.importer, e.party) && r.at === e.where && r.errno === e.errno;
}

const sameParty = (a: string, b: string): boolean => a === b || a.replace(/\[\d+\]$/, '') === b;
const refusalText = (r: Refusal | undefined): string => (r === undefined ? 'refused' : `refused ${r.importer} ${r.at} -${r.errno}`);

export function expectationText(e: Expectation): string {
  switch (e.verdict) {
    case 'broken':
      return ['broken', ...(e.code === null ? [] : [e.code]), ...(e.party === null ? [] : ['by', e.party])].join(' ');
    case 'refused':
      return `refused ${e.party} ${e.where} -${e.errno}`;
    default:
      return e.verdict;
  }
}

function matches(e: Expectation, verdict: Verdict, text: string, broken: readonly Counterexample[], told: boolean): boolean {
  switch (e.verdict) {
    case 'broken': {
      const [worst] = broken;
      return worst !== undefined && (e.code === null || e.code === worst.code) && (e.party === null || sameParty(worst.blame.party, e.party));
    }
    case 'refused':
      return told && verdict !== 'broken';
    case 'vacuous':
      return verdict === 'vacuous' && text === 'vacuous';
    default:
      return verdict === e.verdict;
  }
}

/** Importers that were turned away in some run and never mapped in any. */
function refusalsIn(compiled: Compiled, outcome: SearchOutcome): Refusal[] {
  const out: Refusal[] = [];
  for (const f of outcome.found) {
    const refusal = compiled.refusals.get(f.violation);
    if (refusal === undefined) continue;
    const witness = compiled.mapped.get(refusal.importer);
    if (witness !== undefined && outcome.witnesses[witness] === true) continue;
    if (!out.some((r) => refusalText(r) === refusalText(refusal))) out.push(refusal);
  }
  // an -ENODEV is only the race with a revoke; what is told first is a refusal by kind
  return out.sort((a, b) => Number(a.errno === 'ENODEV') - Number(b.errno === 'ENODEV'));
}
