// Expressions and statements as C, for the text of a step and of a story. Looks nothing up.

import type { Expression, Reference, Statement } from './scenario.ts';

export const textOfReference = (r: Reference): string => r.path.map((p) => (p.index === null ? p.name : `${p.name}[${p.index}]`)).join('.');

/** An expression as C, for the story. */
export function textOf(e: Expression): string {
  switch (e.kind) {
    case 'number':
      return String(e.value);
    case 'bool':
      return String(e.value);
    case 'errno':
      return `-${e.name}`;
    case 'name':
      return textOfReference(e.reference);
    case 'apply':
      return `${e.name}(${e.args.map(textOf).join(', ')})`;
    case 'unary':
      return `!${e.of.kind === 'binary' ? `(${textOf(e.of)})` : textOf(e.of)}`;
    case 'binary': {
      const side = (x: Expression): string => (x.kind === 'binary' && (x.op === '&&' || x.op === '||') && x.op !== e.op ? `(${textOf(x)})` : textOf(x));
      return `${side(e.left)} ${e.op} ${side(e.right)}`;
    }
  }
}

/** A statement of an atomic block, as part of its step's text. */
export function shortText(s: Statement): string {
  switch (s.kind) {
    case 'wait':
      return `wait (${textOf(s.test)});`;
    case 'assign':
      return `${textOfReference(s.to)} = ${textOf(s.value)};`;
    case 'if':
      return `if (${textOf(s.test)}) …`;
    case 'goto':
      return `goto ${s.label};`;
    default:
      return `${s.kind};`;
  }
}
