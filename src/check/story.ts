// A path through the system as a story: who did what, as C, and which facts changed. Told on the full system.

import type { StoryStep, WaitEdge } from '../results/verdict.ts';
import type { Process, Step, System } from '../model/system.ts';
import { applyStep, changesBetween, initialState, isEnabled, isTrue, valueName, type State } from './interpret.ts';

export interface Told {
  readonly steps: readonly StoryStep[];
  /** State before each step, and the last one. */
  readonly states: readonly State[];
  /** By step: the violations that it recorded. */
  readonly violations: readonly (readonly number[])[];
}

/** Tells `path`; `invariant` adds the device's access that the last state allows. */
export function tell(system: System, path: readonly number[], invariant: number | null): Told {
  const steps: StoryStep[] = [];
  const states: State[] = [initialState(system)];
  const violations: (readonly number[])[] = [];
  for (const id of path) {
    const before = states.at(-1) ?? [];
    const step = system.steps[id];
    if (step === undefined) break;
    const effect = applyStep(system, before, id);
    states.push(effect.last);
    violations.push(effect.violations);
    steps.push({
      n: steps.length + 1, party: partyOf(system, step.process), step: step.step ?? null, c: `${textOf(system, step)}${errnoOf(system, step, before, effect.last)}`,
      changes: changesBetween(system, before, effect.last), line: step.origin?.line ?? 0, provenance: step.origin?.provenance ?? null,
    });
  }
  const broken = invariant === null ? undefined : system.invariants[invariant];
  if (broken !== undefined) {
    steps.push({
      n: steps.length + 1,
      party: partyOf(system, broken.process),
      step: 'access',
      c: `${prefixOf(system.processes[broken.process])}${broken.text}`,
      changes: [], line: 0, provenance: null,
    });
  }
  return { steps, states, violations };
}

/** The column: the importer, exporter or thread that answers for the code. */
const partyOf = (system: System, process: number): string => system.processes[process]?.party ?? '';

/** " = -ENODEV" where the step makes the call fail. */
function errnoOf(system: System, step: Step, before: State, after: State): string {
  const process = system.processes[step.process];
  const result = system.variables.findIndex((v) => v.name === `${process?.name ?? ''}:result`);
  const value = result < 0 ? '0' : valueName(system, result, after[result] ?? 0);
  return value.startsWith('-') && after[result] !== before[result] && !step.text.includes(' = -') ? ` = ${value}` : '';
}

function textOf(system: System, step: Step): string {
  return `${prefixOf(system.processes[step.process])}${step.text}`;
}

/** "app: ", "unmap: ", where a party has several threads. */
function prefixOf(process: Process | undefined): string {
  if (process === undefined || process.name === process.party) return '';
  const short = process.name.startsWith(`${process.party}.`) ? process.name.slice(process.party.length + 1) : process.name;
  return `${short}: `;
}

/** Who waits for whom in a state: every process inside a call of which no step is possible. */
export function waitsIn(system: System, state: State): WaitEdge[] {
  const edges: WaitEdge[] = [];
  system.processes.forEach((process, id) => {
    const place = process.pc === null ? undefined : process.places[state[process.pc] ?? 0];
    if (place?.inCall !== true) return;
    const here = system.steps.flatMap((step, i) => (step.process === id && step.place === state[process.pc ?? 0] ? [{ step, i }] : []));
    if (here.some(({ step, i }) => step.fairness !== 'none' && isEnabled(system, state, i))) return;
    for (const { step } of here) {
      if (step.waits === undefined) continue;
      const by = [...new Set(step.waits.providers.filter((p) => isTrue(p.when, state)).map((p) => system.processes[p.process]?.name ?? ''))];
      if (!edges.some((e) => e.party === process.name && e.object === step.waits?.object)) edges.push({
        party: process.name, waits: step.waits.kind,
        object: step.waits.object,
        by,
      });
    }
  });
  return edges;
}
