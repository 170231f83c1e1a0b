// Static checks of a scenario that need no model: names, ranges, calls, labels, loops. What the steps mean is not asked here.

import { ERRNOS, isErrno } from '../protocol/errno.ts';
import { isObligation, OBLIGATIONS } from '../protocol/obligations.ts';
import type { Declaration, Expectation, Member, Scenario } from '../model/scenario.ts';
import type { Origin } from '../model/system.ts';
import { checkBody, outOfRange } from './check-body.ts';
import { checkValue, type Place, type Report } from './check-expression.ts';
import { quote, sorted, type Diagnostic } from './diagnostic.ts';
import { didYouMean, typingErrors } from './nearest.ts';
import { fileScope, implied, inner, type Entity, type Scope } from './scope.ts';
import { MEMBER_WORDS, OPTION_ARITY } from './words.ts';

const MOST_PROBLEMS = 20;
/** A variable of the packed state has at most this many values. */
const MOST_VALUES = 65536;

/** Sorted by place; empty for a good scenario. `file` is for the messages only. */
export function check(scenario: Scenario, file = 'scenario.litmus'): Diagnostic[] {
  const found: Diagnostic[] = [];
  const report: Report = ({ line, column }, length, message, hint = null, expected = []) =>
    void found.push({ file, line, column, length: Math.max(1, length), message, expected, hint });
  const scope = fileScope(scenario, (declaration, first) => duplicate(declaration, first, report));
  const place: Place = { scope, own: null, report };
  for (const declaration of scenario.declarations) checkMember(declaration, place);
  checkHeader(scenario, place);
  const names = new Map<string, Origin>();
  for (const { name, test, at } of scenario.properties) {
    const first = name === null ? undefined : names.get(name);
    if (first !== undefined) report(at, 1, `a second property ${quote(name ?? '')}`, `the first is on line ${first.line}`);
    if (name !== null) names.set(name, at);
    checkValue(test, place);
  }
  return sorted(found).slice(0, MOST_PROBLEMS);
}

function duplicate({ name, at }: Declaration, first: Entity, report: Report): void {
  if (first.at === null) report(at, name.length, `${quote(name)} cannot be declared: it has a meaning everywhere`, 'choose another name');
  else report(at, name.length, `${quote(name)} is declared twice`, `the first is on line ${first.at.line}`);
}

function checkHeader({ off, expectation, declarations, contract, sources }: Scenario, { report }: Place): void {
  if (declarations.length === 0) report({ line: 1, column: 1 }, 'litmus'.length, 'nothing stands behind the header', sources.length > 0 ? 'declare parties and threads; is the file cut off?' : 'declare parties and threads');
  for (const [i, { key, at }] of contract.entries()) {
    if (contract.findIndex((c) => c.key === key) < i) report(at, key.length, `the contract gives ${key} twice`, 'leave one of them out');
  }
  if (expectation?.verdict === 'refused' && !isErrno(expectation.errno)) report(expectation.at, 'expect'.length, `no call returns -${expectation.errno}`, didYouMean(expectation.errno, ERRNOS) ?? `there are ${ERRNOS.join(', ')}`);
  const ids = [...OBLIGATIONS.map(({ id }) => id), 'UF'];
  for (const { name, at } of off) {
    if (!isObligation(name) && name !== 'WARN') report(at, name.length, `there is no obligation ${quote(name)}`, didYouMean(name, ids) ?? 'they are P1 to P14, UF and WARN');
  }
  const blamed = expectation === null ? null : partyOf(expectation);
  if (expectation === null || blamed === null) return;
  const known = declarations.map(({ name }) => name);
  const name = blamed.replace(/\[[0-9]+\]$/, '');
  if (!known.includes(name)) report(expectation.at, 'expect'.length, `'expect' names an unknown party ${quote(blamed)}`, didYouMean(name, known));
}

function partyOf(expectation: Expectation): string | null {
  return expectation.verdict === 'broken' || expectation.verdict === 'refused' ? expectation.party : null;
}

function checkMember(member: Member, place: Place): void {
  switch (member.kind) {
    case 'variable':
      return checkVariable(member, place);
    case 'exporter':
    case 'party':
      return checkParty(member, place);
    case 'buffer':
      need(member.of, 'exporter', member, place);
      return checkParty(member, place);
    case 'importer':
      need(member.of, 'buffer', member, place);
      return checkParty(member, place);
    case 'work':
      if (member.queue !== null) need(member.queue, 'workqueue', member, place);
      return checkBody(member.body, place);
    case 'thread':
    case 'operation':
      return checkBody(member.body, place);
    case 'fence':
    case 'object':
      for (const { name, at } of member.options) {
        if (!OPTION_ARITY.has(name)) place.report(at, name.length, `unknown word ${quote(name)} for a ${member.kind === 'fence' ? 'fence' : member.type}`, didYouMean(name, OPTION_ARITY.keys()));
      }
      return;
    case 'option': {
      const { name, values, at } = member.option;
      const near = MEMBER_WORDS.find((word) => typingErrors(word, name) <= (word.length > 5 ? 2 : 1));
      if (values.length > 0 && near !== undefined && near !== name) place.report(at, name.length, `${quote(name)} starts no declaration`, `did you mean '${near}'?`);
    }
  }
}

function checkVariable(variable: Extract<Declaration, { kind: 'variable' }>, place: Place): void {
  const { name, type, initial, at } = variable;
  if (type.of === 'int' && type.high - type.low >= MOST_VALUES) place.report(at, name.length, `${quote(name)} has too many values`, `at most ${MOST_VALUES}, and a few is best`);
  if (initial === null) return;
  if (initial.kind !== 'number' && initial.kind !== 'bool') {
    place.report(initial.at, 1, `the initial value of ${quote(name)} is not written out`, 'give a number, true or false');
    return;
  }
  if (initial.kind === 'bool' && type.of === 'int') place.report(initial.at, String(initial.value).length, `${quote(name)} is an int and starts as a truth value`, "give a number, or declare it as 'bool'");
  const range = type.of === 'int' ? { low: type.low, high: type.high } : null;
  if (initial.kind === 'number') outOfRange({ ...implied('variable', name), range }, initial.value, initial.at, place);
}

function checkParty(declaration: Extract<Declaration, { members: readonly Member[] }>, place: Place): void {
  const own = place.scope.names.get(declaration.name) ?? null;
  // A duplicate is reported; its braces are not looked into, since the names are the first one's.
  if (own === null || own.members === null || own.at !== declaration.at) return;
  const within: Place = { ...place, scope: own.members, own };
  const operations = new Map<string, Origin>();
  for (const member of declaration.members) {
    if (member.kind !== 'operation') {
      checkMember(member, within);
      continue;
    }
    const first = operations.get(member.name);
    if (first !== undefined) place.report(member.at, member.name.length, `operation ${quote(member.name)} is declared twice`, `the first is on line ${first.line}`);
    operations.set(member.name, member.at);
    checkMember(member, { ...within, scope: operationScope(own) });
  }
}

/** An exporter's operation sees the attachment, the mapping and the buffer of its caller. */
function operationScope(own: Entity): Scope {
  const members = own.members ?? { names: new Map(), parent: null, open: false };
  if (own.kind !== 'exporter') return members;
  const caller = inner(members, [implied('attachment', 'att'), implied('mapping', 'map'), implied('buffer', 'buf')]);
  for (const name of members.names.keys()) caller.names.delete(name);
  return caller;
}

function need(name: string, kind: 'exporter' | 'buffer' | 'workqueue', declaration: Declaration, { scope, report }: Place): void {
  const candidates: string[] = [];
  let other: Entity | null = null;
  for (let at: Scope | null = scope; at !== null; at = at.parent) {
    const found = at.names.get(name);
    if (found?.kind === kind) return;
    other ??= found ?? null;
    for (const entity of at.names.values()) if (entity.kind === kind) candidates.push(entity.name);
  }
  const remedy = didYouMean(name, candidates) ?? (candidates.length === 1 ? `there is '${candidates[0]}'` : `declare it: ${kind} ${name}${kind === 'buffer' ? ' of EXPORTER' : kind === 'exporter' ? ': vfio_pci' : ''};`);
  report(declaration.at, declaration.name.length, other === null ? `${quote(declaration.name)} needs the ${kind} ${quote(name)}, which is missing` : `${quote(declaration.name)} needs ${quote(name)} to be a ${kind}`.replace('a exporter', 'an exporter'), remedy);
}
