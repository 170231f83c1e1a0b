// The plain syntax tree of a C function, as the audit reads it: data only, fit for JSON and for another thread.
// Knows C and the kernel's macros that act as statements, but no rule (issue 3, part 2).

export type Expression =
  | { readonly kind: 'name'; readonly name: string; readonly line: number }
  /** Numbers, strings, characters, as written. */
  | { readonly kind: 'literal'; readonly text: string; readonly line: number }
  | { readonly kind: 'call'; readonly callee: Expression; readonly args: readonly Expression[]; readonly line: number }
  | { readonly kind: 'field'; readonly of: Expression; readonly name: string; readonly arrow: boolean; readonly line: number }
  | { readonly kind: 'index'; readonly of: Expression; readonly index: Expression; readonly line: number }
  /** `++` and `--` carry their side: "x++", "++x". */
  | { readonly kind: 'unary'; readonly op: string; readonly of: Expression; readonly line: number }
  | { readonly kind: 'binary'; readonly op: string; readonly left: Expression; readonly right: Expression; readonly line: number }
  | { readonly kind: 'assign'; readonly op: string; readonly to: Expression; readonly value: Expression; readonly line: number }
  /** `yes` is null in `a ?: b`. */
  | { readonly kind: 'choice'; readonly condition: Expression; readonly yes: Expression | null; readonly no: Expression; readonly line: number }
  | { readonly kind: 'cast'; readonly type: string; readonly of: Expression; readonly line: number }
  | { readonly kind: 'comma'; readonly parts: readonly Expression[]; readonly line: number }
  /** Initialiser or compound literal; `type` is empty for the former. */
  | { readonly kind: 'list'; readonly type: string; readonly entries: readonly Entry[]; readonly line: number }
  /** `({ … })` */
  | { readonly kind: 'block'; readonly body: readonly Statement[]; readonly line: number }
  /** A type as an argument, sizeof, asm, or what the parser did not understand. */
  | { readonly kind: 'opaque'; readonly text: string; readonly line: number };

export interface Entry {
  /** ".member" without its dot, "[X]" for an array's index, null by position. */
  readonly member: string | null;
  readonly value: Expression;
}

export type Statement =
  | { readonly kind: 'expression'; readonly value: Expression; readonly line: number }
  /** `cleanup` is X of `__free(X)`. */
  | { readonly kind: 'declare'; readonly type: string; readonly name: string; readonly value: Expression | null; readonly cleanup: string | null; readonly line: number }
  | { readonly kind: 'if'; readonly condition: Expression; readonly then: readonly Statement[]; readonly otherwise: readonly Statement[]; readonly line: number }
  | { readonly kind: 'while'; readonly condition: Expression; readonly body: readonly Statement[]; readonly line: number }
  | { readonly kind: 'do'; readonly condition: Expression; readonly body: readonly Statement[]; readonly line: number }
  | { readonly kind: 'for'; readonly start: readonly Statement[]; readonly condition: Expression | null; readonly step: Expression | null; readonly body: readonly Statement[]; readonly line: number }
  /** A loop macro: list_for_each_entry(…) */
  | { readonly kind: 'each'; readonly macro: string; readonly args: readonly Expression[]; readonly body: readonly Statement[]; readonly line: number }
  /** A block macro: scoped_guard(mutex, &lock) */
  | { readonly kind: 'scope'; readonly macro: string; readonly args: readonly Expression[]; readonly body: readonly Statement[]; readonly line: number }
  /** guard(mutex)(&lock), CLASS(fd, f)(number): something that ends with the scope. */
  | { readonly kind: 'guard'; readonly macro: string; readonly of: string; readonly name: string | null; readonly args: readonly Expression[]; readonly line: number }
  | { readonly kind: 'switch'; readonly of: Expression; readonly body: readonly Statement[]; readonly line: number }
  /** A label inside a switch; null is `default`. */
  | { readonly kind: 'case'; readonly value: Expression | null; readonly line: number }
  | { readonly kind: 'label'; readonly name: string; readonly line: number }
  | { readonly kind: 'goto'; readonly name: string; readonly line: number }
  | { readonly kind: 'break'; readonly line: number }
  | { readonly kind: 'continue'; readonly line: number }
  | { readonly kind: 'return'; readonly value: Expression | null; readonly line: number }
  | { readonly kind: 'compound'; readonly body: readonly Statement[]; readonly line: number }
  /** #if … #else … #endif: both sides are read, since the configuration is not known. */
  | { readonly kind: 'either'; readonly condition: string; readonly then: readonly Statement[]; readonly otherwise: readonly Statement[]; readonly line: number }
  | { readonly kind: 'opaque'; readonly text: string; readonly line: number };

/** C text with single blanks: the same for the same code, however it was laid out. */
export function expressionText(one: Expression): string {
  switch (one.kind) {
    case 'name':
      return one.name;
    case 'literal':
    case 'opaque':
      return one.text;
    case 'call':
      return `${expressionText(one.callee)}(${one.args.map(expressionText).join(', ')})`;
    case 'field':
      return `${operand(one.of)}${one.arrow ? '->' : '.'}${one.name}`;
    case 'index':
      return `${operand(one.of)}[${expressionText(one.index)}]`;
    case 'unary':
      return one.op.startsWith('x') ? `${operand(one.of)}${one.op.slice(1)}` : `${one.op.replace('x', '')}${operand(one.of)}`;
    case 'binary':
      return `${operand(one.left)} ${one.op} ${operand(one.right)}`;
    case 'assign':
      return `${expressionText(one.to)} ${one.op} ${expressionText(one.value)}`;
    case 'choice':
      return `${operand(one.condition)} ?${one.yes === null ? '' : ` ${expressionText(one.yes)} `}: ${expressionText(one.no)}`;
    case 'cast':
      return `(${one.type})${operand(one.of)}`;
    case 'comma':
      return one.parts.map(expressionText).join(', ');
    case 'list':
      return `${one.type === '' ? '' : `(${one.type})`}{ ${one.entries.map(({ member, value }) => `${member === null ? '' : `${member.startsWith('[') ? member : `.${member}`} = `}${expressionText(value)}`).join(', ')} }`;
    case 'block':
      return '({ … })';
  }
}

function operand(one: Expression): string {
  const text = expressionText(one);
  return one.kind === 'binary' || one.kind === 'assign' || one.kind === 'choice' || one.kind === 'comma' ? `(${text})` : text;
}

/** The expressions directly inside. Statement expressions are not entered. */
export function partsOf(one: Expression): readonly Expression[] {
  switch (one.kind) {
    case 'call':
      return [one.callee, ...one.args];
    case 'field':
    case 'unary':
    case 'cast':
      return [one.of];
    case 'index':
      return [one.of, one.index];
    case 'binary':
      return [one.left, one.right];
    case 'assign':
      return [one.value, one.to];
    case 'choice':
      return one.yes === null ? [one.condition, one.no] : [one.condition, one.yes, one.no];
    case 'comma':
      return one.parts;
    case 'list':
      return one.entries.map(({ value }) => value);
    case 'name':
    case 'literal':
    case 'opaque':
    case 'block':
      return [];
  }
}

/** Every expression of a statement that is its own, not of a statement inside it. */
export function expressionsOf(one: Statement): readonly Expression[] {
  switch (one.kind) {
    case 'expression':
      return [one.value];
    case 'declare':
    case 'return':
    case 'case':
      return one.value === null ? [] : [one.value];
    case 'if':
    case 'while':
    case 'do':
      return [one.condition];
    case 'for':
      return [...(one.condition === null ? [] : [one.condition]), ...(one.step === null ? [] : [one.step])];
    case 'each':
    case 'scope':
    case 'guard':
      return one.args;
    case 'switch':
      return [one.of];
    default:
      return [];
  }
}

/** The statements directly inside. */
export function bodiesOf(one: Statement): readonly (readonly Statement[])[] {
  switch (one.kind) {
    case 'if':
    case 'either':
      return [one.then, one.otherwise];
    case 'for':
      return [one.start, one.body];
    case 'while':
    case 'do':
    case 'each':
    case 'scope':
    case 'switch':
    case 'compound':
      return [one.body];
    default:
      return [];
  }
}

/** Visits every expression of a body, outermost first, in the order of the text. */
export function eachExpression(body: readonly Statement[], visit: (one: Expression) => void): void {
  const into = (one: Expression): void => {
    visit(one);
    if (one.kind === 'block') eachExpression(one.body, visit);
    for (const part of partsOf(one)) into(part);
  };
  for (const statement of body) {
    for (const one of expressionsOf(statement)) into(one);
    for (const inner of bodiesOf(statement)) eachExpression(inner, visit);
  }
}

/** `&(x)`, `likely(x)`, `(x)` and casts taken off. */
export function bared(one: Expression): Expression {
  if (one.kind === 'cast') return bared(one.of);
  if (one.kind === 'call' && one.callee.kind === 'name' && (one.callee.name === 'likely' || one.callee.name === 'unlikely')) {
    const [first] = one.args;
    return first === undefined ? one : bared(first);
  }
  return one;
}
