// A path through the system as events in the lives of its objects: which automata moved, what was held against whom.
// The moves are read off the actions, whose tables are those of protocol/lifecycle; nothing is judged here.

import { lifecycle, type Lifecycle } from '../protocol/lifecycle.ts';
import { EVENTS, type ObjectKind } from '../protocol/obligations.ts';
import type { Action, Step, System } from '../model/system.ts';
import type { Counterexample } from '../results/verdict.ts';
import type { RunEvent, RunFacts, RunStep } from '../results/run.ts';
import { evaluate } from './expression.ts';
import { brokenInvariants, initialState } from './interpret.ts';
import { decodeToken, replay } from './replay.ts';

const KINDS: readonly ObjectKind[] = ['mapping', 'pin', 'attachment', 'buffer', 'fence', 'kref'];

interface Life {
  readonly kind: ObjectKind;
  readonly life: Lifecycle;
  /** "gpu.map" */
  readonly object: string;
}

/** The run of a counterexample, by its token; null where it does not fit. */
export function runOfToken(system: System, { replay: token, code }: Counterexample): RunFacts | null {
  const decoded = decodeToken(system, token);
  if (!decoded.ok) return null;
  const path = [...decoded.steps, ...(decoded.cycle ?? [])];
  const run = replay(system, path);
  const last = run.ok ? run.run.states.at(-1) : undefined;
  const invariant = last === undefined ? undefined : brokenInvariants(system, last).find((one) => system.violations[system.invariants[one]?.violation ?? -1]?.code === code);
  return runFacts(system, path, invariant ?? null);
}

export function runFacts(system: System, path: readonly number[], invariant: number | null): RunFacts {
  const lives = livesOf(system);
  const state = [...initialState(system)];
  const callbacks = new Map(system.processes.flatMap((process, id) => (process.kind === 'callback' && process.pc !== null ? [[id, { pc: process.pc, importer: process.party }] as const] : [])));
  const locks = system.variables.flatMap(({ name, values }, id) => (values?.[0] === 'free' && values[1] === 'held' ? [[id, name] as const] : []));
  /** In whose task a callback runs. */
  const callers = new Map<number, string>();
  const inside = new Map<number, string>();
  const steps: RunStep[] = [];
  for (const id of path) {
    const step = system.steps[id];
    if (step === undefined) break;
    const before = [...state];
    const own: RunEvent[] = [];
    run(system, lives, step.actions, state, own);
    const process = system.processes[step.process];
    const task = callers.get(step.process) ?? process?.name ?? 'model';
    const head: RunEvent[] = [];
    const tail: RunEvent[] = [];
    const invalidated = /dma_buf_invalidate_mappings\(([^)]*)\)|invalidate_mappings\(/.exec(`${step.name} ${step.text}`);
    if (step.step === 'invalidate' && invalidated !== null) {
      const buffer = bufferIn(system, step);
      if (step.text.endsWith('returns')) {
        if (!inside.has(step.process)) head.push({ what: 'invalidate', buffer, phase: 'enter' });
        tail.push({ what: 'invalidate', buffer, phase: 'leave' });
        inside.delete(step.process);
      } else if (!inside.has(step.process)) {
        head.push({ what: 'invalidate', buffer, phase: 'enter' });
        inside.set(step.process, buffer);
      }
    }
    for (const [callback, { pc, importer }] of callbacks) {
      if (before[pc] === 0 && state[pc] !== 0) {
        callers.set(callback, task);
        head.push({ what: 'callback', importer, phase: 'enter' });
      } else if (before[pc] !== 0 && state[pc] === 0) tail.push({ what: 'callback', importer, phase: 'leave' });
    }
    for (const [variable, resv] of locks) {
      if (before[variable] === 0 && state[variable] === 1) tail.push({ what: 'lock', resv, phase: 'lock' });
      else if (before[variable] === 1 && state[variable] === 0) head.push({ what: 'lock', resv, phase: 'unlock' });
    }
    steps.push({ n: steps.length + 1, task, c: step.text, step: step.step ?? null, events: [...head, ...own, ...tail] });
  }
  const broken = invariant === null ? undefined : system.invariants[invariant];
  if (broken !== undefined) {
    const violation = system.violations[broken.violation];
    steps.push({
      n: steps.length + 1, task: system.processes[broken.process]?.name ?? 'device', c: broken.text, step: 'access',
      events: violation === undefined || !/^(N\d|P12)$/.test(violation.code) ? [] : [
        { what: 'access', mapping: violation.object, writes: violation.code === 'N5' }, { what: 'violation', code: violation.code, obligation: violation.obligation, object: violation.object },
      ],
    });
  }
  const buffers = Object.fromEntries(system.variables.flatMap(({ name }) => {
    const [, importer, buffer] = /^(.+):holds (.+)$/.exec(name) ?? [];
    return importer === undefined || buffer === undefined || buffer.includes('.') ? [] : [[importer, buffer]];
  }));
  const exporter = system.variables.map(({ name }) => /^(\w+)\.device$/.exec(name)?.[1]).find((name) => name !== undefined) ?? 'exporter';
  return { scenario: system.name, buffers, exporter, locks: locks.map(([, name]) => name), steps };
}

function bufferIn(system: System, { name, text }: Step): string {
  const named = /dma_buf_invalidate_mappings\(([^)]*)\)/.exec(`${name} ${text}`)?.[1];
  return named ?? system.variables.map((one) => /:holds (.+)$/.exec(one.name)?.[1]).find((one) => one !== undefined) ?? '';
}

function livesOf(system: System): ReadonlyMap<number, Life> {
  const known = new Map<string, { kind: ObjectKind; life: Lifecycle }>();
  for (const kind of KINDS) for (const life of [lifecycle(kind), ...(kind === 'mapping' ? [lifecycle('mapping', ['map-blocked', 'kernel-retired'])] : [])]) known.set(life.states.join('|'), { kind, life });
  return new Map(system.variables.flatMap(({ name, values }, id) => {
    const found = values === undefined ? undefined : known.get(values.join('|'));
    return found === undefined ? [] : [[id, { ...found, object: name.replace(/(\.state|:state)$/, '') }] as const];
  }));
}

/** As the interpreter runs them; true where a fatal violation ended the step. */
function run(system: System, lives: ReadonlyMap<number, Life>, actions: readonly Action[], state: number[], events: RunEvent[]): boolean {
  for (const action of actions) {
    switch (action.do) {
      case 'set': {
        const life = lives.get(action.variable);
        if (life !== undefined && action.value.op === 'table') {
          const { values } = action.value;
          const event = (EVENTS[life.kind] as readonly string[]).find((one) => life.life.next(one).every((to, from) => to === values[from]) && life.life.next(one).some((to, from) => to !== from));
          if (event !== undefined) events.push({ what: 'life', kind: life.kind, object: life.object, event });
        }
        state[action.variable] = evaluate(action.value, state);
        break;
      }
      case 'if':
        if (run(system, lives, evaluate(action.test, state) !== 0 ? action.then : action.else, state, events)) return true;
        break;
      case 'violate': {
        const violation = system.violations[action.violation];
        if (violation === undefined || violation.kind === 'refusal') break;
        events.push({ what: 'violation', code: violation.code, obligation: violation.obligation, object: violation.object });
        if (violation.fatal) return true;
        break;
      }
    }
  }
  return false;
}
