// Expressions as text, with no more brackets than C's precedence asks for.

import type { Expression, Reference } from '../model/scenario.ts';
import { PRECEDENCE } from './parse-expression.ts';

export function printReference(reference: Reference): string {
  return reference.path.map(({ name, index }) => (index === null ? name : `${name}[${index}]`)).join('.');
}

export function printExpression(expression: Expression): string {
  switch (expression.kind) {
    case 'number':
    case 'bool':
      return String(expression.value);
    case 'errno':
      return `-${expression.name}`;
    case 'name':
      return printReference(expression.reference);
    case 'apply':
      return printCall(expression.name, expression.args);
    case 'unary':
      return `!${bracketed(expression.of, 6)}`;
    case 'binary': {
      const tight = PRECEDENCE[expression.op];
      return `${bracketed(expression.left, tight)} ${expression.op} ${bracketed(expression.right, tight + 1)}`;
    }
  }
}

export function printCall(name: string, args: readonly Expression[]): string {
  return `${name}(${args.map(printExpression).join(', ')})`;
}

function bracketed(expression: Expression, loosest: number): string {
  const text = printExpression(expression);
  return expression.kind === 'binary' && PRECEDENCE[expression.op] < loosest ? `(${text})` : text;
}
