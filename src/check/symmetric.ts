// Whether the parties of a family really are interchangeable: exchanging any two of them must leave the steps, the
// invariants and the witnesses as they are. A property that names one party makes
// it differ from its twins, unless there is the same property for each of them.

import type { Action, Expr, SymmetricFamily, System, VariableId } from '../model/system.ts';
import { eachRead } from './expression.ts';

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
  if (!system.symmetry.some(isFamily)) return noFamilies({ ...system, symmetry: [] });
  const kept: SymmetricFamily[] = [];
  const refused: string[] = [];
  const plain = textsOf(system, new Map());
  const stepTwins = system.steps.map((_, i) => i);
  const witnessTwins = system.witnesses.map((_, i) => i);
  for (const family of system.symmetry) {
    if (!isFamily(family)) continue;
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

function isFamily(family: SymmetricFamily): boolean {
  return family.blocks.length > 1 && (family.blocks[0]?.length ?? 0) > 0;
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

function exchange(a: readonly VariableId[], b: readonly VariableId[]): Renaming {
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
function textsOf(system: System, renaming: Renaming): Texts {
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

/** Actions that do not concern each other come in the order of their texts: the model may write them in the order of parties. */
function actionsText(system: System, actions: readonly Action[], renaming: Renaming): string {
  const left = actions.map((action) => actionText(system, action, renaming));
  const ordered: string[] = [];
  while (left.length > 0) {
    let first = 0;
    left.forEach((one, i) => {
      const smaller = i > 0 && one.text < (left[first]?.text ?? '');
      if (smaller && left.slice(0, i).every((before) => commute(before, one))) first = i;
    });
    ordered.push(...left.splice(first, 1).map((one) => one.text));
  }
  return ordered.join(';');
}

interface ActionText {
  readonly text: string;
  readonly reads: ReadonlySet<VariableId>;
  readonly writes: ReadonlySet<VariableId>;
  /** Violations that it may record, by what is told of them. */
  readonly violates: string;
  readonly fatal: boolean;
}

function actionText(system: System, action: Action, renaming: Renaming): ActionText {
  const reads = new Set<VariableId>();
  const writes = new Set<VariableId>();
  const violations = new Set<number>();
  const scan = (one: Action): void => {
    if (one.do === 'violate') violations.add(one.violation);
    else if (one.do === 'set') {
      writes.add(one.variable);
      eachRead(one.value, (v) => reads.add(v));
    } else {
      eachRead(one.test, (v) => reads.add(v));
      one.then.forEach(scan);
      one.else.forEach(scan);
    }
  };
  scan(action);
  let text: string;
  if (action.do === 'violate') text = `!${violationText(system, action.violation)}`;
  else if (action.do === 'set') text = `${variableText(action.variable, renaming)}=${expressionText(action.value, renaming)}`;
  else text = `if ${expressionText(action.test, renaming)}{${actionsText(system, action.then, renaming)}}{${actionsText(system, action.else, renaming)}}`;
  return {
    text,
    reads,
    writes,
    violates: [...new Set([...violations].map((v) => violationText(system, v)))].sort().join(),
    fatal: [...violations].some((v) => system.violations[v]?.fatal ?? false),
  };
}

/** Neither sees what the other does. Behind a fatal violation nothing more is recorded, so those keep their order, unless they are alike. */
function commute(a: ActionText, b: ActionText): boolean {
  const apart = (writes: ReadonlySet<VariableId>, other: ActionText): boolean => [...writes].every((v) => !other.reads.has(v) && !other.writes.has(v));
  if (!apart(a.writes, b) || !apart(b.writes, a)) return false;
  return a.violates === '' || b.violates === '' || a.violates === b.violates || (!a.fatal && !b.fatal);
}
