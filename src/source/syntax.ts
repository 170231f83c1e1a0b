// Parses functions and initialised tables of one file, each by itself, and only those that are asked for.
// A function with a parse error is still returned, marked, with what was read of it (issue 3, part 2).

import { bared, eachExpression, expressionText, type Entry, type Expression, type Statement } from './c-tree.ts';
import type { Grammar, RawNode } from './grammar.ts';
import { normalise } from './normalise.ts';
import { outlineOf, type FunctionOutline, type MacroOutline, type Outline, type Parameter, type TableOutline } from './outline.ts';
import { entriesOf, readStatements, type Reading } from './read-body.ts';

export interface CFunction {
  readonly name: string;
  /** Relative to the tree, as handed in. */
  readonly file: string;
  readonly isStatic: boolean;
  readonly isInline: boolean;
  readonly isExported: boolean;
  readonly returns: string;
  readonly parameters: readonly Parameter[];
  readonly line: number;
  readonly endLine: number;
  readonly under: readonly string[];
  readonly body: readonly Statement[];
  /** Where the grammar failed; empty for a function that was read in full. */
  readonly unread: readonly { readonly line: number; readonly text: string }[];
  /** `both`: #if inside, both sides are in the body. `first`: only the first sides could be read. */
  readonly conditionals: 'none' | 'both' | 'first';
}

export interface CTable {
  readonly type: string;
  readonly name: string;
  readonly file: string;
  readonly line: number;
  readonly under: readonly string[];
  readonly members: readonly TableMember[];
  readonly hasError: boolean;
}

export interface TableMember {
  /** "attach", "base.ops", null by position. */
  readonly member: string | null;
  readonly value: Expression;
  /** The function or variable that is named, null for any other expression. */
  readonly name: string | null;
  readonly line: number;
}

export interface CFile {
  readonly file: string;
  readonly outline: Outline;
  readonly macros: readonly MacroOutline[];
  readonly exported: ReadonlySet<string>;
  readonly function: (one: FunctionOutline) => CFunction;
  readonly table: (one: TableOutline) => CTable;
}

/** `text` is latin1. Nothing is parsed before it is asked for. */
export function openFile(file: string, text: string, grammar: Grammar): CFile {
  const outline = outlineOf(text);
  return {
    file,
    outline,
    macros: outline.macros,
    exported: outline.exported,
    function: (one) => readFunction(file, outline, one, grammar),
    table: (one) => readTable(file, outline, one, grammar),
  };
}

/** Before a body, so that the grammar sees a function; the real head is read by the outline. */
const FUNCTION_HEAD = 'void f()';
const TABLE_HEAD = 'int t=';

function readFunction(file: string, outline: Outline, one: FunctionOutline, grammar: Grammar): CFunction {
  const body = normalise(outline.masks, one.body, one.end);
  const hasConditionals = /^[ \t]*#[ \t]*if/m.test(body);
  let conditionals: CFunction['conditionals'] = hasConditionals ? 'both' : 'none';
  let parsed = grammar.parse(`${FUNCTION_HEAD}${body}`);
  if (parsed.hasError && hasConditionals) {
    const first = grammar.parse(`${FUNCTION_HEAD}${firstSides(body)}`);
    if (!first.hasError) {
      parsed = first;
      conditionals = 'first';
    }
  }
  const reading: Reading = { text: outline.masks.code, shift: one.body - FUNCTION_HEAD.length, lineAt: outline.lineAt, unread: [] };
  const definition = parsed.root.children.find((node) => node.type === 'function_definition');
  const block = definition?.children.find((node) => node.field === 'body');
  const statements = readStatements(block === undefined ? parsed.root.children : block.children.filter((node) => node.isNamed), reading);
  if (parsed.hasError) noteErrors(parsed.root, reading);
  return {
    name: one.name,
    file,
    isStatic: one.isStatic,
    isInline: one.isInline,
    isExported: outline.exported.has(one.name),
    returns: one.returns,
    parameters: one.parameters,
    line: one.line,
    endLine: one.endLine,
    under: one.under,
    body: statements,
    unread: [...new Map(reading.unread.map((row) => [`${row.line} ${row.text}`, row])).values()],
    conditionals,
  };
}

function readTable(file: string, outline: Outline, one: TableOutline, grammar: Grammar): CTable {
  const parsed = grammar.parse(`${TABLE_HEAD}${withoutDirectives(normalise(outline.masks, one.body, one.end))};`);
  const reading: Reading = { text: outline.masks.code, shift: one.body - TABLE_HEAD.length, lineAt: outline.lineAt, unread: [] };
  const list = find(parsed.root, 'initializer_list');
  const members = list === null ? [] : flattened(entriesOf(list, reading), '');
  return { type: one.type, name: one.name, file, line: one.line, under: one.under, members, hasError: parsed.hasError };
}

/** An initialiser keeps the members of every side. */
const withoutDirectives = (text: string): string => text.replace(/^[ \t]*#.*$/gm, (line) => ' '.repeat(line.length));

/** Members of members get a dotted name. */
export function flattened(entries: readonly Entry[], prefix: string): readonly TableMember[] {
  return entries.flatMap(({ member, value }) => {
    const name = member === null ? null : `${prefix}${member}`;
    if (value.kind === 'list' && name !== null) return flattened(value.entries, `${name}.`);
    return [{ member: name, value, name: namedBy(value), line: value.line }];
  });
}

/** `foo`, `&foo`, `(type)foo`, `pm_ptr(&foo)`. */
export function namedBy(value: Expression): string | null {
  const inner = bared(value);
  if (inner.kind === 'name') return inner.name;
  if (inner.kind === 'unary' && inner.op === '&') return namedBy(inner.of);
  const [only] = inner.kind === 'call' && inner.args.length === 1 ? inner.args : [];
  return only === undefined ? null : namedBy(only);
}

/** Directives and all but the first side of each #if become blanks. */
export function firstSides(body: string): string {
  const stack: { skip: boolean }[] = [];
  return body.split('\n').map((line) => {
    const kind = /^[ \t]*#[ \t]*(\w+)/.exec(line)?.[1];
    if (kind?.startsWith('if') === true) stack.push({ skip: /^[ \t]*#[ \t]*if[ \t]+0\b/.test(line) });
    else if (kind === 'else' || kind === 'elif') {
      const top = stack.at(-1);
      if (top !== undefined) top.skip = !top.skip;
    } else if (kind === 'endif') stack.pop();
    else if (!stack.some((one) => one.skip)) return line;
    return ' '.repeat(line.length);
  }).join('\n');
}

function noteErrors(node: RawNode, reading: Reading): void {
  if (node.type === 'ERROR' || node.isMissing) {
    reading.unread.push({ line: reading.lineAt(node.start + reading.shift), text: node.isMissing ? `missing ${node.type}` : reading.text.slice(node.start + reading.shift, node.end + reading.shift).replace(/\s+/g, ' ').trim().slice(0, 80) });
    return;
  }
  for (const child of node.children) noteErrors(child, reading);
}

function find(node: RawNode, type: string): RawNode | null {
  if (node.type === type) return node;
  for (const child of node.children) {
    const found = find(child, type);
    if (found !== null) return found;
  }
  return null;
}

export interface Call {
  /** As written: "dma_buf_attach", "obj->ops->pin". */
  readonly callee: string;
  /** The function's name, null for a call through an expression. */
  readonly name: string | null;
  /** The member of a call through a table: "pin". */
  readonly member: string | null;
  readonly args: readonly string[];
  readonly line: number;
}

export const callOf = (one: Expression & { readonly kind: 'call' }): Call => ({
  callee: expressionText(one.callee),
  name: one.callee.kind === 'name' ? one.callee.name : null,
  member: one.callee.kind === 'field' ? one.callee.name : null,
  args: one.args.map(expressionText),
  line: one.line,
});

export function callsIn(body: readonly Statement[]): readonly Call[] {
  const found: Call[] = [];
  eachExpression(body, (one) => {
    if (one.kind === 'call') found.push(callOf(one));
  });
  return found;
}

export interface FieldStore {
  /** "vm->bo", "attach->importer_priv" */
  readonly to: string;
  readonly field: string;
  readonly value: string;
  /** The function or variable stored, if it is one. */
  readonly name: string | null;
  readonly line: number;
}

export function fieldStoresIn(body: readonly Statement[]): readonly FieldStore[] {
  const found: FieldStore[] = [];
  eachExpression(body, (one) => {
    if (one.kind === 'assign' && one.to.kind === 'field') found.push({ to: expressionText(one.to), field: one.to.name, value: expressionText(one.value), name: namedBy(one.value), line: one.line });
  });
  return found;
}
