// The litmus language: parse, check and print scenarios. Text in, values out; no files, no clock.

export { check } from './check.ts';
export { parse, type Parsed } from './parser.ts';
export { formatDiagnostic, type Diagnostic } from './diagnostic.ts';
export { print, printExpectation } from './print.ts';
export { printExpression } from './print-expression.ts';
