// Statements as lines of text: on one line where they fit, a C place behind each that has one.
// A statement with a place has its line alone, since the place at a line's end is that of everything ending on it.

import type { Statement } from '../model/scenario.ts';
import type { Origin } from '../model/system.ts';
import { printCall, printExpression, printReference } from './print-expression.ts';
import { PROVENANCE } from './words.ts';

/** Columns that a line may have before its body is broken. */
export const WIDTH = 78;
export const STEP = '  ';

export function place(at: Origin): string {
  return at.provenance !== undefined && PROVENANCE.test(at.provenance) ? ` // ${at.provenance}` : '';
}

export function printStatements(statements: readonly Statement[], indent: string): string[] {
  const lines: string[] = [];
  for (const statement of statements) for (const line of printStatement(statement, indent)) lines.push(line);
  return lines;
}

/** `{ a(); b(); }`, or null where that loses something. */
export function inlineBlock(statements: readonly Statement[]): string | null {
  const parts = statements.map(inline);
  if (parts.some((part) => part === null)) return null;
  return parts.length === 0 ? '{ }' : `{ ${parts.join(' ')} }`;
}

/** `head {`, the body, `}`; or all on one line. */
export function printBlock(head: string, at: Origin, statements: readonly Statement[], indent: string): string[] {
  const body = place(at) === '' ? inlineBlock(statements) : null;
  const short = `${indent}${head} ${body}`;
  if (body !== null && short.length <= WIDTH) return [short];
  return [`${indent}${head} {${place(at)}`, ...printStatements(statements, indent + STEP), `${indent}}`];
}

function printStatement(statement: Statement, indent: string): string[] {
  const { at } = statement;
  const simple = printSimple(statement);
  if (simple !== null) return [`${indent}${simple}${place(at)}`];
  switch (statement.kind) {
    case 'label':
      return [`${indent.slice(STEP.length)}${statement.name}:${place(at)}`];
    case 'if':
      return printIf(statement, indent);
    case 'choose':
      return printChoose(statement, indent);
    default:
      return printBlock(head(statement), at, 'body' in statement ? statement.body : [], indent);
  }
}

/** What ends with a semicolon; else null. */
function printSimple(statement: Statement): string | null {
  switch (statement.kind) {
    case 'call':
      return `${statement.result === null ? '' : `${printReference(statement.result)} = `}${printCall(statement.name, statement.args)};`;
    case 'assign':
      return `${printReference(statement.to)} = ${printExpression(statement.value)};`;
    case 'wait':
    case 'assert':
      return `${statement.kind}(${printExpression(statement.test)});`;
    case 'return':
      return statement.value === null ? 'return;' : `return ${printExpression(statement.value)};`;
    case 'goto':
      return `goto ${statement.label};`;
    case 'break':
    case 'continue':
      return `${statement.kind};`;
    default:
      return null;
  }
}

function head(statement: Statement): string {
  switch (statement.kind) {
    case 'while':
      return `while (${printExpression(statement.test)})`;
    case 'for':
      return `for (${statement.variable} in ${statement.family})`;
    case 'repeat':
      return `repeat (${statement.times})`;
    case 'ioctl':
      return `ioctl ${statement.name}`;
    default:
      return statement.kind;
  }
}

function inline(statement: Statement): string | null {
  if (place(statement.at) !== '') return null;
  const simple = printSimple(statement);
  if (simple !== null) return simple;
  switch (statement.kind) {
    case 'label':
      return null;
    case 'if': {
      const then = inlineBranch(statement.then);
      if (then === null) return null;
      const text = `if (${printExpression(statement.test)}) ${then}`;
      if (statement.else.length === 0) return text;
      const [only] = statement.else;
      const other = statement.else.length === 1 && only?.kind === 'if' ? inline(only) : inlineBranch(statement.else);
      return other === null ? null : `${text} else ${other}`;
    }
    case 'choose': {
      const branches = statement.branches.map(inlineBlock);
      return branches.some((branch) => branch === null) ? null : `choose ${branches.join(' or ')}`;
    }
    default: {
      const body = inlineBlock('body' in statement ? statement.body : []);
      return body === null ? null : `${head(statement)} ${body}`;
    }
  }
}

/** One simple statement needs no braces. */
function inlineBranch(statements: readonly Statement[]): string | null {
  const [only] = statements;
  if (statements.length !== 1 || only === undefined || place(only.at) !== '') return inlineBlock(statements);
  return printSimple(only) ?? inlineBlock(statements);
}

function printIf(statement: Extract<Statement, { kind: 'if' }>, indent: string): string[] {
  const short = guardWithPlace(statement) ?? inline(statement);
  if (short !== null && indent.length + short.length <= WIDTH) return [`${indent}${short}${place(statement.at)}`];
  const lines: string[] = [];
  let start = indent;
  let rest: Extract<Statement, { kind: 'if' }> | null = statement;
  while (rest !== null) {
    lines.push(`${start}if (${printExpression(rest.test)}) {${place(rest.at)}`, ...printStatements(rest.then, indent + STEP));
    const otherwise: readonly Statement[] = rest.else;
    const [only] = otherwise;
    rest = otherwise.length === 1 && only?.kind === 'if' ? only : null;
    start = `${indent}} else `;
    if (rest === null && otherwise.length > 0) lines.push(`${start}{`, ...printStatements(otherwise, indent + STEP));
  }
  return [...lines, `${indent}}`];
}

/** `if (ret) return ret;` whose two parts come from the same line of C. */
function guardWithPlace(statement: Extract<Statement, { kind: 'if' }>): string | null {
  const [only] = statement.then;
  if (statement.then.length !== 1 || only === undefined || statement.else.length > 0) return null;
  if (place(statement.at) === '' || place(only.at) !== place(statement.at)) return null;
  const simple = printSimple(only);
  return simple === null ? null : `if (${printExpression(statement.test)}) ${simple}`;
}

function printChoose(statement: Extract<Statement, { kind: 'choose' }>, indent: string): string[] {
  const short = inline(statement);
  if (short !== null && indent.length + short.length <= WIDTH) return [indent + short];
  const lines = statement.branches.flatMap((branch, i) => [
    i === 0 ? `${indent}choose {${place(statement.at)}` : `${indent}} or {`,
    ...printStatements(branch, indent + STEP),
  ]);
  return [...lines, `${indent}}`];
}
