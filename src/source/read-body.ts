// From the grammar's raw nodes to the plain tree of c-tree.ts. Names and texts are taken from the original source, never from the rewritten one.
// What it does not know becomes `opaque` and is counted, so that the ledger can tell (issue 3, part 2).

import type { Entry, Expression, Statement } from './c-tree.ts';
import type { RawNode } from './grammar.ts';
import { squeeze } from './outline.ts';

export interface Reading {
  /** Without comments: what `start` and `end` of a node are offsets into, after `shift`. */
  readonly text: string;
  /** Added to a node's offset. */
  readonly shift: number;
  readonly lineAt: (offset: number) => number;
  /** Lines and texts that were not understood. */
  readonly unread: { readonly line: number; readonly text: string }[];
}

const GUARDS = new Set(['guard', 'CLASS', 'CLASS_INIT', 'ACQUIRE']);

export function readStatements(nodes: readonly RawNode[], reading: Reading): Statement[] {
  return nodes.flatMap((node) => readStatement(node, reading));
}

function readStatement(node: RawNode, reading: Reading): Statement[] {
  const line = lineOf(node, reading);
  const child = (field: string): RawNode | undefined => node.children.find((one) => one.field === field);
  const expression = (field: string): Expression => read(child(field), node, reading);
  const body = (field: string): Statement[] => {
    const inner = child(field);
    return inner === undefined ? [] : inner.type === 'compound_statement' ? blockOf(inner, reading) : readStatement(inner, reading);
  };
  switch (node.type) {
    case 'compound_statement':
      return [{ kind: 'compound', body: blockOf(node, reading), line }];
    case 'expression_statement': {
      const [value] = node.children.filter(isCode);
      return value === undefined ? [] : statementOf(read(value, node, reading), line);
    }
    case 'declaration':
      return declarations(node, reading);
    case 'if_statement': {
      const word = /^\w+/.exec(textOf(node, reading))?.[0] ?? 'if';
      if (word !== 'if') return [{ kind: 'scope', macro: word, args: listed(expression('condition')), body: body('consequence'), line }];
      const alternative = child('alternative');
      const otherwise = alternative === undefined ? [] : readStatements(alternative.children.filter(isCode), reading).flatMap((one) => (one.kind === 'compound' ? one.body : [one]));
      return [{ kind: 'if', condition: expression('condition'), then: body('consequence'), otherwise, line }];
    }
    case 'while_statement': {
      const word = /^\w+/.exec(textOf(node, reading))?.[0] ?? 'while';
      if (word !== 'while') return [{ kind: 'each', macro: word, args: listed(expression('condition')), body: body('body'), line }];
      return [{ kind: 'while', condition: expression('condition'), body: body('body'), line }];
    }
    case 'do_statement':
      return [{ kind: 'do', condition: expression('condition'), body: body('body'), line }];
    case 'for_statement': {
      const first = child('initializer');
      const start: Statement[] = first === undefined ? [] : first.type === 'declaration' ? declarations(first, reading) : [{ kind: 'expression', value: read(first, node, reading), line }];
      const condition = child('condition');
      const step = child('update');
      return [{ kind: 'for', start, condition: condition === undefined ? null : read(condition, node, reading), step: step === undefined ? null : read(step, node, reading), body: body('body'), line }];
    }
    case 'switch_statement':
      return [{ kind: 'switch', of: expression('condition'), body: body('body'), line }];
    case 'case_statement': {
      const value = child('value');
      const inner = node.children.filter((one) => isCode(one) && one !== value);
      return [{ kind: 'case', value: value === undefined ? null : read(value, node, reading), line }, ...readStatements(inner, reading)];
    }
    case 'labeled_statement': {
      const label = child('label');
      const inner = node.children.filter((one) => isCode(one) && one !== label);
      return [{ kind: 'label', name: label === undefined ? '' : textOf(label, reading), line }, ...readStatements(inner, reading)];
    }
    case 'goto_statement': {
      const label = child('label');
      return [{ kind: 'goto', name: label === undefined ? '' : textOf(label, reading), line }];
    }
    case 'break_statement':
      return [{ kind: 'break', line }];
    case 'continue_statement':
      return [{ kind: 'continue', line }];
    case 'return_statement': {
      const [value] = node.children.filter(isCode);
      return [{ kind: 'return', value: value === undefined ? null : read(value, node, reading), line }];
    }
    case 'preproc_if':
    case 'preproc_ifdef':
    case 'preproc_elif':
    case 'preproc_elifdef': {
      const condition = child('condition') ?? child('name');
      const alternative = child('alternative');
      const inner = node.children.filter((one) => isCode(one) && one !== condition && one !== alternative);
      const word = node.children[0] === undefined ? '#if' : squeeze(textOf(node.children[0], reading));
      const otherwise = alternative === undefined ? [] : readStatement(alternative, reading);
      return [{ kind: 'either', condition: `${word} ${condition === undefined ? '' : squeeze(textOf(condition, reading))}`, then: readStatements(inner, reading), otherwise, line }];
    }
    case 'preproc_else':
      return readStatements(node.children.filter(isCode), reading);
    case 'else_clause':
      return readStatements(node.children.filter(isCode), reading);
    case 'type_definition':
    case 'struct_specifier':
    case 'enum_specifier':
    case 'union_specifier':
    case 'attributed_statement':
    case 'preproc_call':
    case 'preproc_def':
    case 'comment':
    case ';':
      return [];
    case 'gnu_asm_expression':
      return [{ kind: 'opaque', text: squeeze(textOf(node, reading)), line }];
    case 'ERROR': {
      note(node, reading);
      const inner = readStatements(node.children.filter((one) => one.isNamed && /_statement$|^declaration$/.test(one.type)), reading);
      return [{ kind: 'opaque', text: squeeze(textOf(node, reading)).slice(0, 200), line }, ...inner];
    }
    default:
      if (/_expression$|^identifier$|literal$/.test(node.type)) return statementOf(readExpression(node, reading), line);
      note(node, reading);
      return [{ kind: 'opaque', text: squeeze(textOf(node, reading)).slice(0, 200), line }];
  }
}

/** An expression as a statement: guards are told from calls. */
function statementOf(value: Expression, line: number): Statement[] {
  if (value.kind === 'call' && value.callee.kind === 'call' && value.callee.callee.kind === 'name' && GUARDS.has(value.callee.callee.name)) {
    const [of, name] = value.callee.args;
    return [{ kind: 'guard', macro: value.callee.callee.name, of: of === undefined ? '' : plain(of), name: name === undefined ? null : plain(name), args: value.args, line }];
  }
  return [{ kind: 'expression', value, line }];
}

const plain = (one: Expression): string => (one.kind === 'name' ? one.name : one.kind === 'opaque' || one.kind === 'literal' ? one.text : '');

function blockOf(node: RawNode, reading: Reading): Statement[] {
  return readStatements(node.children.filter((one) => isCode(one) || one.type === 'ERROR'), reading);
}

function declarations(node: RawNode, reading: Reading): Statement[] {
  const typeNode = node.children.find((one) => one.field === 'type');
  const type = typeNode === undefined ? '' : squeeze(textOf(typeNode, reading).replace(/\{[\s\S]*\}/, ''));
  const found: Statement[] = [];
  const declarators = node.children.filter((one) => one.field === 'declarator');
  for (const declarator of declarators) {
    const isInit = declarator.type === 'init_declarator';
    const target = isInit ? declarator.children.find((one) => one.field === 'declarator') : declarator;
    const value = isInit ? declarator.children.find((one) => one.field === 'value') : undefined;
    if (target === undefined) continue;
    const name = nameIn(target);
    const next = node.children.find((one) => one.start > declarator.start && (one.type === ',' || one.type === ';'));
    const text = reading.text.slice(target.start + reading.shift, (value ?? next ?? node).start === node.start ? node.end + reading.shift : (value?.start ?? next?.start ?? node.end) + reading.shift);
    const cleanup = /\b__free\s*\(\s*(\w+)\s*\)/.exec(text)?.[1] ?? /\b__cleanup\s*\(\s*(\w+)\s*\)/.exec(text)?.[1] ?? null;
    const stars = '*'.repeat(pointers(target));
    found.push({
      kind: 'declare',
      type: `${type}${stars === '' ? '' : ` ${stars}`}`,
      name: name === null ? '' : textOf(name, reading),
      value: value === undefined ? null : read(value, node, reading),
      cleanup,
      line: lineOf(declarator, reading),
    });
  }
  for (const one of node.children) if (one.type === 'ERROR') note(one, reading);
  return found;
}

function nameIn(node: RawNode): RawNode | null {
  if (node.type === 'identifier') return node;
  for (const child of node.children) {
    if (child.field === 'size' || child.field === 'parameters') continue;
    const name = nameIn(child);
    if (name !== null) return name;
  }
  return null;
}

function pointers(node: RawNode): number {
  const inner = node.children.find((one) => one.field === 'declarator');
  return (node.type === 'pointer_declarator' ? 1 : 0) + (inner === undefined ? 0 : pointers(inner));
}

/** A missing child is an opaque nothing. */
function read(node: RawNode | undefined, parent: RawNode, reading: Reading): Expression {
  return node === undefined ? { kind: 'opaque', text: '', line: lineOf(parent, reading) } : readExpression(node, reading);
}

function readExpression(node: RawNode, reading: Reading): Expression {
  const line = lineOf(node, reading);
  const child = (field: string): RawNode | undefined => node.children.find((one) => one.field === field);
  const part = (field: string): Expression => read(child(field), node, reading);
  const operator = (): string => child('operator')?.type ?? '';
  switch (node.type) {
    case 'identifier':
    case 'field_identifier':
    case 'type_identifier': {
      // The grammar saw one word where the source may have a type.
      const text = squeeze(textOf(node, reading));
      return /^\w+$/.test(text) ? { kind: 'name', name: text, line } : { kind: 'opaque', text, line };
    }
    case 'number_literal':
    case 'string_literal':
    case 'char_literal':
    case 'concatenated_string':
    case 'true':
    case 'false':
    case 'null':
      return { kind: 'literal', text: squeeze(textOf(node, reading)), line };
    case 'parenthesized_expression': {
      const inner = node.children.find(isCode);
      return read(inner, node, reading);
    }
    case 'call_expression': {
      const list = child('arguments');
      const args = list === undefined ? [] : list.children.filter((one) => isCode(one) || one.type === 'ERROR').map((one) => readExpression(one, reading));
      return { kind: 'call', callee: part('function'), args, line };
    }
    case 'field_expression': {
      const field = child('field');
      return { kind: 'field', of: part('argument'), name: field === undefined ? '' : textOf(field, reading), arrow: operator() === '->', line };
    }
    case 'subscript_expression':
      return { kind: 'index', of: part('argument'), index: part('index'), line };
    case 'unary_expression':
    case 'pointer_expression':
      return { kind: 'unary', op: operator(), of: part('argument'), line };
    case 'update_expression': {
      const isPrefix = node.children[0]?.field === 'operator';
      return { kind: 'unary', op: isPrefix ? `${operator()}x` : `x${operator()}`, of: part('argument'), line };
    }
    case 'binary_expression':
      return { kind: 'binary', op: operator(), left: part('left'), right: part('right'), line };
    case 'assignment_expression':
      return { kind: 'assign', op: operator(), to: part('left'), value: part('right'), line };
    case 'conditional_expression': {
      const yes = child('consequence');
      return { kind: 'choice', condition: part('condition'), yes: yes === undefined ? null : read(yes, node, reading), no: part('alternative'), line };
    }
    case 'cast_expression': {
      const type = child('type');
      return { kind: 'cast', type: type === undefined ? '' : squeeze(textOf(type, reading)), of: part('value'), line };
    }
    case 'comma_expression':
      return { kind: 'comma', parts: [part('left'), part('right')].flatMap(listed), line };
    case 'initializer_list':
      return { kind: 'list', type: '', entries: entriesOf(node, reading), line };
    case 'compound_literal_expression': {
      const type = child('type');
      const value = child('value');
      return { kind: 'list', type: type === undefined ? '' : squeeze(textOf(type, reading)), entries: value === undefined ? [] : entriesOf(value, reading), line };
    }
    case 'compound_statement':
      return { kind: 'block', body: blockOf(node, reading), line };
    case 'sizeof_expression':
    case 'alignof_expression':
    case 'offsetof_expression':
    case 'generic_expression':
    case 'gnu_asm_expression':
    case 'type_descriptor':
    case 'primitive_type':
      return { kind: 'opaque', text: squeeze(textOf(node, reading)), line };
    case 'extension_expression': {
      const inner = node.children.find(isCode);
      return read(inner, node, reading);
    }
    default:
      note(node, reading);
      return { kind: 'opaque', text: squeeze(textOf(node, reading)).slice(0, 200), line };
  }
}

export function entriesOf(node: RawNode, reading: Reading): readonly Entry[] {
  return node.children.filter(isCode).flatMap((one): readonly Entry[] => {
    if (one.type.startsWith('preproc_')) return entriesOf({ ...one, children: one.children.filter((inner) => inner.field !== 'name' && inner.field !== 'condition') }, reading);
    if (one.type !== 'initializer_pair') return [{ member: null, value: readExpression(one, reading) }];
    const designators = one.children.filter((inner) => inner.field === 'designator');
    const value = one.children.find((inner) => inner.field === 'value');
    const member = squeeze(designators.map((inner) => textOf(inner, reading)).join('')).replace(/^\./, '');
    return [{ member, value: read(value, one, reading) }];
  });
}

const listed = (one: Expression): readonly Expression[] => (one.kind === 'comma' ? one.parts : [one]);

const isCode = (node: RawNode): boolean => node.isNamed && node.type !== 'comment' && node.type !== 'ERROR';

const textOf = (node: RawNode, { text, shift }: Reading): string => text.slice(node.start + shift, node.end + shift);

const lineOf = (node: RawNode, { lineAt, shift }: Reading): number => lineAt(node.start + shift);

function note(node: RawNode, reading: Reading): void {
  reading.unread.push({ line: lineOf(node, reading), text: squeeze(textOf(node, reading)).slice(0, 80) });
}
