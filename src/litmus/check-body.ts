// Statements of one body: calls, assignments, labels, what may stand in loops and in `atomic`, loops without a step.

import { CALLS } from '../model/calls.ts';
import type { Reference, Statement } from '../model/scenario.ts';
import type { Origin } from '../model/system.ts';
import { callSignature, checkArguments, checkValue, entity, predicateSignature, type Place } from './check-expression.ts';
import { quote } from './diagnostic.ts';
import { loopsWithoutStep } from './flow.ts';
import { didYouMean } from './nearest.ts';
import { printReference } from './print-expression.ts';
import { inner, lookUp, visible, type Entity } from './scope.ts';

interface Around {
  readonly loop: boolean;
  readonly atomic: boolean;
  readonly ioctl: boolean;
  /** How often the statements around are written out by `repeat`. */
  readonly copies: number;
}

/** `repeat` writes its body out; more than this is no scenario. */
const MOST_COPIES = 1000;

export function checkBody(body: readonly Statement[], place: Place): void {
  checkLabels(body, place);
  checkAll(body, place, { loop: false, atomic: false, ioctl: false, copies: 1 });
  for (const { at, kind } of loopsWithoutStep(body)) {
    place.report(at, kind === 'while' ? 5 : 1, 'unbounded loop without a step', "every way round needs a call, an assignment or a wait; 'wait(…);' waits for a condition");
  }
}

function checkAll(statements: readonly Statement[], place: Place, around: Around): void {
  for (const statement of statements) checkStatement(statement, place, around);
}

function checkStatement(statement: Statement, place: Place, around: Around): void {
  const { at } = statement;
  if (around.atomic && NOT_ATOMIC.has(statement.kind)) {
    place.report(at, wordLength(statement), `${describe(statement)} cannot stand in 'atomic', which is one step`, "only assignments, 'if', 'assert', jumps and one leading 'wait' can");
    return;
  }
  switch (statement.kind) {
    case 'call':
      return checkCall(statement, place);
    case 'assign':
      checkTarget(statement.to, place);
      checkRange(statement, place);
      return checkValue(statement.value, place);
    case 'if':
      checkValue(statement.test, place);
      checkAll(statement.then, place, around);
      return checkAll(statement.else, place, around);
    case 'while':
      checkValue(statement.test, place);
      return checkAll(statement.body, place, { ...around, loop: true });
    case 'for':
      return checkFor(statement, place, around);
    case 'repeat': {
      const copies = around.copies * statement.times;
      if (copies > MOST_COPIES) return place.report(at, 'repeat'.length, `'repeat' writes its body out ${copies} times`, `at most ${MOST_COPIES}; a 'while' loop over a variable takes no room`);
      return checkAll(statement.body, place, { ...around, copies, loop: true });
    }
    case 'choose':
      return statement.branches.forEach((branch) => checkAll(branch, place, around));
    case 'wait':
    case 'assert':
      return checkValue(statement.test, place);
    case 'atomic':
      for (const [i, part] of statement.body.entries()) {
        if (part.kind === 'wait' && i > 0) place.report(part.at, 4, "'wait' is not first in 'atomic'", 'one step waits before it does anything: move it to the head');
      }
      return checkAll(statement.body, place, { ...around, atomic: true });
    case 'ioctl':
      if (around.ioctl) place.report(at, 5, "an 'ioctl' inside of another", 'a thread is in one call at a time');
      return checkAll(statement.body, place, { ...around, ioctl: true, loop: false });
    case 'return':
      return statement.value === null ? undefined : checkValue(statement.value, place);
    case 'break':
    case 'continue':
      if (!around.loop) place.report(at, statement.kind.length, `'${statement.kind}' outside of a loop`, 'goto leaves other constructs');
  }
}

const NOT_ATOMIC: ReadonlySet<Statement['kind']> = new Set(['call', 'ioctl', 'atomic', 'choose', 'while']);

function describe(statement: Statement): string {
  return statement.kind === 'call' ? `the call ${quote(statement.name)}` : quote(statement.kind);
}

function wordLength(statement: Statement): number {
  if (statement.kind !== 'call') return statement.kind.length;
  return statement.result === null ? statement.name.length : printReference(statement.result).length;
}

function checkCall(statement: Extract<Statement, { kind: 'call' }>, place: Place): void {
  const { name, args, result, at } = statement;
  const length = wordLength(statement);
  if (result !== null) checkTarget(result, place);
  const signature = callSignature(name);
  if (signature !== null) {
    if (result !== null && signature.returns === 'void') place.report(at, length, `${quote(name)} returns nothing`, `write ${name}(…); alone`);
    return checkArguments(name, signature, args, at, place);
  }
  const predicate = predicateSignature(name);
  if (predicate === null) return place.report(at, length, `unknown call ${quote(name)}`, didYouMean(name, Object.keys(CALLS)) ?? 'the calls are listed in the manual, under "Calls"');
  place.report(at, length, `${quote(name)} is a question and does nothing`, `use it in a condition: if (${name}(…)) …`);
}

function checkTarget(to: Reference, place: Place): void {
  const found = entity(to, place);
  if (found === null || found === 'open' || found.kind === 'variable' || (found.kind === 'errno' && found.at === null)) return;
  const text = printReference(to);
  const why = found.kind === 'unknown' ? 'is fixed for the whole run' : 'is no variable';
  place.report(to.at, text.length, `${quote(text)} ${why}: nothing can be assigned to it`, found.kind === 'unknown' ? "declare it as 'bool' if it changes" : null);
}

function checkRange({ to, value }: Extract<Statement, { kind: 'assign' }>, place: Place): void {
  if (value.kind !== 'number') return;
  const found = entity(to, { ...place, report: () => undefined });
  if (found !== null && found !== 'open') outOfRange(found, value.value, value.at, place);
}

/** Reports a written number that a variable cannot hold. */
export function outOfRange(variable: Entity, value: number, at: Origin, place: Place): void {
  if (variable.kind !== 'variable') return;
  const { low, high } = variable.range ?? { low: 0, high: 1 };
  if (value >= low && value <= high) return;
  const range = variable.range === null ? 'a bool' : `${low}..${high}`;
  place.report(at, String(value).length, `${value} is outside of ${quote(variable.name)}, which is ${range}`, variable.range === null ? "declare it as 'int'" : 'widen its range, or mend the number');
}

function checkFor(statement: Extract<Statement, { kind: 'for' }>, place: Place, around: Around): void {
  const { variable, family, body, at } = statement;
  const found = lookUp(place.scope, family);
  if (found === null || found.members === null) {
    const families = [...visible(place.scope)].filter((name) => (lookUp(place.scope, name)?.count ?? null) !== null);
    const message = found === null ? `unknown family ${quote(family)}` : `${quote(family)} is no family`;
    place.report(at, 3, message, didYouMean(family, families) ?? "a family is declared as: importer nic[3] of bar { … }");
    return;
  }
  const instance: Entity = { ...found, name: variable, at, count: null };
  checkAll(body, { ...place, scope: inner(place.scope, [instance]) }, { ...around, loop: true });
}

function checkLabels(body: readonly Statement[], place: Place): void {
  const labels = new Map<string, Origin>();
  const gotos: { readonly label: string; readonly at: Origin }[] = [];
  for (const statement of everyStatement(body)) {
    if (statement.kind === 'goto') gotos.push(statement);
    if (statement.kind !== 'label') continue;
    const first = labels.get(statement.name);
    if (first !== undefined) place.report(statement.at, statement.name.length, `a second label ${quote(statement.name)}`, `the first is on line ${first.line}`);
    else labels.set(statement.name, statement.at);
  }
  for (const { label, at } of gotos) {
    if (!labels.has(label)) place.report(at, 'goto '.length + label.length, `'goto' to a label that is not here: ${quote(label)}`, didYouMean(label, labels.keys()) ?? `write '${label}:' in the same body`);
  }
  const used = new Set(gotos.map(({ label }) => label));
  for (const [name, at] of labels) if (!used.has(name)) place.report(at, name.length, `no 'goto' leads to the label ${quote(name)}`, 'remove it');
}

function* everyStatement(statements: readonly Statement[]): Generator<Statement> {
  for (const statement of statements) {
    yield statement;
    if ('body' in statement) yield* everyStatement(statement.body);
    if (statement.kind === 'if') yield* everyStatement(statement.then);
    if (statement.kind === 'if') yield* everyStatement(statement.else);
    if (statement.kind === 'choose') for (const branch of statement.branches) yield* everyStatement(branch);
  }
}
