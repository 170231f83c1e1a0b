// Whether the parties of a family really are interchangeable: exchanging any two of them must leave the steps, the
// invariants and the witnesses as they are. A property that names one party makes
// it differ from its twins, unless there is the same property for each of them.

import type { Action, Expr, SymmetricFamily, System, VariableId } from '../model/system.ts';

export interface Families {
  /** The system with only those families that are what they promise to be. */
  readonly system: System;
  /** Names of the others. */
  readonly refused: readonly string[];
  /** By step id: the smallest id among the step and its twins in the other parties. */
  readonly stepTwins: readonly number[];
  /** The same for witnesses. */
  readonly witnessTwins: readonly number[];
}

/** No use of symmetry. */
export function noFamilies(system: System): Families {
  return { system, refused: [], stepTwins: system.steps.map((_, i) => i), witnessTwins: system.witnesses.map((_, i) => i) };
}

export function trueFamilies(system: System): Families {
  const kept: SymmetricFamily[] = [];
  const refused: string[] = [];
  const plain = textsOf(system, new Map());
  const stepTwins = system.steps.map((_, i) => i);
  const witnessTwins = system.witnesses.map((_, i) => i);
  for (const family of system.symmetry) {
    if (family.blocks.length < 2 || (family.blocks[0]?.length ?? 0) === 0) continue;
    const exchanged = family.blocks.slice(1).map((block, k) => textsOf(system, exchange(family.blocks[k] ?? [], block)));
    if (exchanged.every((texts) => sameTexts(plain.steps, texts.steps) && sameTexts(plain.invariants, texts.invariants) && sameTexts(plain.witnesses, texts.witnesses))) {
      kept.push(family);
      for (const texts of exchanged) {
        join(stepTwins, plain.steps, texts.steps);
        join(witnessTwins, plain.witnesses, texts.witnesses);
      }
    } else refused.push(family.name);
  }
  return { system: { ...system, symmetry: kept }, refused, stepTwins, witnessTwins };
}

/** Marks with 1 every member of a class of twins of which one is marked. */
export function markTwins(marks: Uint8Array, twins: readonly number[]): void {
  twins.forEach((least, i) => {
    if (marks[i] === 1) marks[least] = 1;
  });
  twins.forEach((least, i) => {
    if (marks[least] === 1) marks[i] = 1;
  });
}

/** Puts what has the same text before and after an exchange into one class, named by its smallest member. */
function join(twins: number[], before: readonly string[], after: readonly string[]): void {
  const ids = new Map<string, number>();
  before.forEach((text, id) => ids.set(text, id));
  after.forEach((text, id) => {
    const [a, b] = [twins[id] ?? id, twins[ids.get(text) ?? id] ?? id];
    if (a === b) return;
    for (let i = 0; i < twins.length; i++) if (twins[i] === Math.max(a, b)) twins[i] = Math.min(a, b);
  });
}

type Renaming = ReadonlyMap<VariableId, VariableId>;

export function exchange(a: readonly VariableId[], b: readonly VariableId[]): Renaming {
  const renaming = new Map<VariableId, VariableId>();
  a.forEach((variable, j) => {
    const twin = b[j] ?? variable;
    renaming.set(variable, twin);
    renaming.set(twin, variable);
  });
  return renaming;
}

function sameTexts(a: readonly string[], b: readonly string[]): boolean {
  const [x, y] = [[...a].sort(), [...b].sort()];
  return x.every((text, i) => text === y[i]);
}

interface Texts {
  readonly steps: readonly string[];
  readonly invariants: readonly string[];
  readonly witnesses: readonly string[];
}

/** One text for each thing that is done or searched for; the order of commutative operands does not show. */
export function textsOf(system: System, renaming: Renaming): Texts {
  const pcText = (process: number): string => {
    const pc = system.processes[process]?.pc ?? null;
    return pc === null ? '-' : variableText(pc, renaming);
  };
  return {
    steps: system.steps.map((s) => `${s.place === null ? '-' : `${pcText(s.process)}=${s.place}`} ${expressionText(s.guard, renaming)} ${actionsText(system, s.actions, renaming)}`),
    invariants: system.invariants.map((i) => `${violationText(system, i.violation)} ${expressionText(i.bad, renaming)}`),
    witnesses: system.witnesses.map((w) => expressionText(w.reached, renaming)),
  };
}

function variableText(variable: VariableId, renaming: Renaming): string {
  return `v${renaming.get(variable) ?? variable}`;
}

function violationText(system: System, violation: number): string {
  const v = system.violations[violation];
  return v === undefined ? '' : `${v.code}/${v.kind}/${v.fatal}/${v.obligation ?? ''}`;
}

function expressionText(e: Expr, renaming: Renaming): string {
  const text = (part: Expr): string => expressionText(part, renaming);
  switch (e.op) {
    case 'const':
      return String(e.value);
    case 'var':
      return variableText(e.variable, renaming);
    case 'not':
      return `!${text(e.of)}`;
    case 'and':
    case 'or':
      return `(${e.op} ${e.of.map(text).sort().join(' ')})`;
    case 'in':
      return `(in ${e.set} ${text(e.of)})`;
    case 'table':
      return `(table ${e.values.join()} ${text(e.of)})`;
    case 'if':
      return `(if ${text(e.test)} ${text(e.then)} ${text(e.else)})`;
    case 'eq':
    case 'ne':
      return `(${e.op} ${[text(e.left), text(e.right)].sort().join(' ')})`;
    case 'add':
      return `(+ ${sumParts(e).map(text).sort().join(' ')})`;
    default:
      return `(${e.op} ${text(e.left)} ${text(e.right)})`;
  }
}

/** The operands of nested additions. */
function sumParts(e: Expr): Expr[] {
  return e.op === 'add' ? [...sumParts(e.left), ...sumParts(e.right)] : [e];
}

function actionsText(system: System, actions: readonly Action[], renaming: Renaming): string {
  const parts = actions.map((a) => {
    if (a.do === 'violate') return `!${violationText(system, a.violation)}`;
    if (a.do === 'set') return `${variableText(a.variable, renaming)}=${expressionText(a.value, renaming)}`;
    return `if ${expressionText(a.test, renaming)}{${actionsText(system, a.then, renaming)}}{${actionsText(system, a.else, renaming)}}`;
  });
  // The order of constant writes to different variables does not matter, and may follow the order of parties.
  const constants = actions.every((a) => a.do === 'set' && a.value.op === 'const') && new Set(actions.map((a) => (a.do === 'set' ? a.variable : -1))).size === actions.length;
  return (constants ? parts.sort() : parts).join(';');
}
