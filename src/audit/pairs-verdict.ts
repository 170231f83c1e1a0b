// From what a search said about a lifted scenario to one line of the matrix.

import type { ExporterProfile, ImporterProfile, Pair } from '../results/audit.ts';
import type { CheckResult, Counterexample } from '../results/verdict.ts';
import type { Lifted } from './lift.ts';
import type { OpenCondition } from './lift-notes.ts';

/** The checker's word for a pair in which the pin, or a refusal to map, keeps the callback from ever meeting a mapping. */
const NEVER_MET = 'never reached: an invalidate meets a live mapping';

/** `answer`: a result, or why there is none. */
export function pairOf(exporter: ExporterProfile, importer: ImporterProfile, lifted: Lifted, answer: CheckResult | string): Pair {
  const base = { exporter: exporter.id, importer: importer.id, at: null, errno: null, obligation: null };
  const undecided = (why: string): Pair => ({ ...base, verdict: 'undecided', why });
  if (typeof answer === 'string') return undecided(answer.split('\n')[0] ?? answer);
  const [worst] = answer.broken;
  switch (answer.verdict) {
    case 'holds':
      if (lifted.notSearched.length > 0) return undecided(`too many conditions to search: ${named(lifted.notSearched)}`);
      return { ...base, verdict: 'holds', why: exporter.revokes.length === 0 && !exporter.moves ? 'nothing is taken back' : given('every run ends well', lifted) };
    case 'vacuous': {
      const refused = refusal(answer, lifted);
      if (refused !== null) return { ...base, ...refused, verdict: 'refused' };
      return heldByPin(exporter, importer, answer) ? { ...base, verdict: 'holds', why: given('its pin keeps the memory in place', lifted) } : undecided(`some of it was never exercised: ${answer.ledger.notCovered.join('; ')}`);
    }
    case 'broken': {
      if (worst === undefined) return { ...base, verdict: 'broken', why: answer.outcome };
      // Found on the side that was taken of a condition that was not tried on both.
      if (lifted.notSearched.length > 0) return { ...undecided(`too many conditions to search: ${named(lifted.notSearched)}`), obligation: worst.code };
      return { ...base, verdict: isStuck(worst) ? 'hangs' : 'broken', obligation: codeOf(worst), why: `${isStuck(worst) ? worst.kind : worst.code}: ${isStuck(worst) ? waitsText(worst) : worst.text}` };
    }
    case 'undecided':
      return { ...undecided(`decides: ${named(deciding(answer, lifted))}`), obligation: worst?.code ?? null };
    case 'unfinished':
      return undecided(`the search hit its limit: ${answer.outcome}`);
    case 'tool-failed':
      return undecided(answer.outcome);
  }
}

const isStuck = (one: Counterexample): boolean => one.kind === 'deadlock' || one.kind === 'hang';
const codeOf = (one: Counterexample): string => (isStuck(one) ? one.blame.obligation || one.code : one.code);
const named = (all: readonly OpenCondition[]): string => all.map(({ text, at }) => `${text} at ${at.file}:${at.line}`).join('; ');
const given = (text: string, { assumptions }: Lifted): string => (assumptions.length === 0 ? text : `${text}, given ${assumptions.length} assumption${assumptions.length === 1 ? '' : 's'}`);

function refusal(answer: CheckResult, lifted: Lifted): { readonly at: string; readonly errno: string; readonly why: string } | null {
  const [first] = answer.refused;
  if (!answer.outcome.startsWith('refused') || first === undefined) return null;
  const written = first.errno.replace(/^-/, '');
  const fact = lifted.refusals.find((one) => one.at === first.at && one.written === written);
  const errno = fact?.errno ?? written;
  const condition = fact === undefined || fact.when === null ? '' : `: ${fact.when === '' ? 'always' : fact.when}`;
  return { at: first.at, errno, why: `${first.at} gives -${errno}${condition}${fact === undefined ? '' : ` (${fact.place.file}:${fact.place.line})`}` };
}

/** The mapping was there, and the one thing that never came is the callback: the mover was turned away each time. */
function heldByPin(exporter: ExporterProfile, importer: ImporterProfile, answer: CheckResult): boolean {
  const pinsItself = importer.pins || importer.attach === 'static';
  return exporter.pinBehaviour !== null && pinsItself && answer.ledger.notCovered.every((one) => one === NEVER_MET);
}

/** Conditions whose value turns the verdict. Equal scenarios share one search, so it tells them by name, or by place where the text was searched as it is. */
function deciding(answer: CheckResult, { unknowns }: Lifted): readonly OpenCondition[] {
  const told = new Set(/^undecided \((.*)\)$/.exec(answer.outcome)?.[1]?.split(', ') ?? []);
  const found = unknowns.filter(({ at }, index) => told.has(`g${index + 1}`) || told.has(`${at.file}:${at.line}`));
  return found.length > 0 ? found : unknowns;
}

function waitsText(worst: Counterexample): string {
  const [edge] = worst.waits;
  return edge === undefined ? worst.text : `${edge.party} waits for ${edge.object}${edge.by.length === 0 ? '' : `, which ${edge.by.join(', ')} owes`}`;
}
