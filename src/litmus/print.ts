// The canonical text of a scenario: header, declarations, properties. `parse` reads it back to the same tree.

import type { Declaration, Expectation, Member, Option, Property, Scenario } from '../model/scenario.ts';
import { printExpression } from './print-expression.ts';
import { inlineBlock, place, printBlock, STEP, WIDTH } from './print-statement.ts';
import { BARE_VALUE, NAME, OPTION_ARITY } from './words.ts';

/** Ends with a line break. */
export function print(scenario: Scenario): string {
  const sections = [header(scenario), scenario.declarations.flatMap((d) => printMember(d, '')), scenario.properties.map(printProperty)];
  return `${sections.filter((lines) => lines.length > 0).map((lines) => lines.join('\n')).join('\n\n')}\n`;
}

function header(scenario: Scenario): string[] {
  const { contract, off, expectation } = scenario;
  return [
    `litmus ${scenario.name}`,
    ...scenario.description.map(quoted),
    ...scenario.sources.map((source) => `source ${quoted(source)}`),
    ...scenario.positions.map(({ key, value, by, claims }) => `position ${key}=${value} by ${quoted(by)} claims ${claims}`),
    ...(expectation === null ? [] : [`expect ${printExpectation(expectation)}`]),
    ...(contract.length === 0 ? [] : [`contract ${contract.map(({ key, value }) => `${key}=${value}`).join(', ')}`]),
    ...(off.length === 0 ? [] : [`off ${off.map(({ name }) => name).join(', ')}`]),
  ];
}

/** As it stands behind `expect`. */
export function printExpectation(expectation: Expectation): string {
  if (expectation.verdict === 'refused') return `refused ${party(expectation.party)} ${expectation.where} -${expectation.errno}`;
  if (expectation.verdict !== 'broken') return expectation.verdict;
  const { code } = expectation;
  const kind = code === 'deadlock' || code === 'hang' ? code : code === null ? 'broken' : `broken ${code}`;
  return expectation.party === null ? kind : `${kind} by ${party(expectation.party)}`;
}

function party(name: string): string {
  return /^[A-Za-z_][A-Za-z0-9_]*(\[[0-9]+\])?$/.test(name) ? name : quoted(name);
}

function printProperty(property: Property): string {
  const name = property.name === null ? '' : ` ${property.name}:`;
  return `${property.kind}${name} ${printExpression(property.test)};${place(property.at)}`;
}

function printMember(member: Member, indent: string): string[] {
  if (member.kind === 'option') return [indent + printMemberOption(member.option)];
  const simple = printSimple(member);
  if (simple !== null) return [`${indent}${simple};${place(member.at)}`];
  if ('body' in member) return printBlock(head(member), member.at, member.body, indent);
  return 'members' in member ? printParty(member, indent) : [];
}

type Party = Extract<Declaration, { members: readonly Member[] }>;

function printParty(declaration: Party, indent: string): string[] {
  const { members, at } = declaration;
  const start = indent + head(declaration);
  if (members.length === 0) return [`${start};${place(at)}`];
  const parts = place(at) === '' ? members.map(inline) : [null];
  const short = `${start} { ${parts.join(' ')} }`;
  if (!parts.includes(null) && short.length <= WIDTH) return [short];
  return [`${start} {${place(at)}`, ...members.flatMap((member) => printMember(member, indent + STEP)), `${indent}}`];
}

function inline(member: Member): string | null {
  if (member.kind === 'option') return printMemberOption(member.option);
  if (place(member.at) !== '') return null;
  const simple = printSimple(member);
  if (simple !== null) return `${simple};`;
  if (!('body' in member)) return null;
  const body = inlineBlock(member.body);
  return body === null ? null : `${head(member)} ${body}`;
}

/** A declaration that ends with a semicolon, without it; else null. */
function printSimple(member: Exclude<Member, { kind: 'option' }>): string | null {
  switch (member.kind) {
    case 'variable': {
      const type = member.type.of === 'bool' ? `bool ${member.name}` : `int ${member.name} in ${member.type.low}..${member.type.high}`;
      return member.initial === null ? type : `${type} = ${printExpression(member.initial)}`;
    }
    case 'unknown':
      return `unknown ${member.name} at ${quoted(member.where)}`;
    case 'fence':
      return [`fence ${member.name}`, ...member.options.map(printOption)].join(' ');
    case 'object': {
      const [first, ...rest] = member.options;
      const initial = first?.name === 'initial' && first.values.length === 1 && /^[0-9]+$/.test(first.values[0] ?? '');
      const options = initial ? [`= ${first.values[0]}`, ...rest.map(printOption)] : member.options.map(printOption);
      return [`${member.type} ${member.name}`, ...options].join(' ');
    }
    default:
      return null;
  }
}

function head(member: Exclude<Member, { kind: 'option' }>): string {
  switch (member.kind) {
    case 'exporter':
      return `exporter ${member.name}${member.driver === null ? '' : `: ${member.driver}`}`;
    case 'buffer':
      return `buffer ${member.name} of ${member.of}`;
    case 'importer':
      return `importer ${member.name}${family(member.count)}${member.driver === null ? '' : `: ${member.driver}`} of ${member.of}`;
    case 'party':
      return `party ${member.name}${family(member.count)}`;
    case 'thread':
      return `thread ${member.name}: ${member.by}`;
    case 'work':
      return `work ${member.name}${member.queue === null ? '' : ` on ${member.queue}`}`;
    default:
      return member.name;
  }
}

function family(count: number | null): string {
  return count === null ? '' : `[${count}]`;
}

function printMemberOption(option: Option): string {
  return `${[option.name, ...option.values.map((value) => (BARE_VALUE.test(value) ? value : quoted(value)))].join(' ')};`;
}

/** Behind a word's own values only numbers and strings belong to it, so other words need quotes. */
function printOption(option: Option): string {
  const arity = OPTION_ARITY.get(option.name) ?? 0;
  const values = option.values.map((value, i) => (BARE_VALUE.test(value) && (i < arity || !NAME.test(value)) ? value : quoted(value)));
  return [option.name, ...values].join(' ');
}

const NAMED_ESCAPES: Readonly<Record<string, string>> = { '"': '\\"', '\\': '\\\\', '\n': '\\n', '\t': '\\t', '\r': '\\r' };

function quoted(text: string): string {
  const safe = text.replace(/["\\\u0000-\u001f\u007f]/g, (c) => NAMED_ESCAPES[c] ?? `\\x${c.charCodeAt(0).toString(16).padStart(2, '0')}`);
  return `"${safe.replace(/[\ud800-\udfff]/gu, '\ufffd')}"`;
}
