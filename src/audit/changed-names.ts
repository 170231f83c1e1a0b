// What a change of a file's text defines otherwise: names of functions, tables, macros, members. Over the text (issue 4, part 4).

import { outlineOf } from '../source/outline.ts';

export const wordsIn = (text: string): readonly string[] => text.match(/[A-Za-z_]\w*/g) ?? [];

/** Lines that only one of two texts has, blanks squeezed. */
export function changedLines(before: string, after: string): readonly string[] {
  const counts = new Map<string, number>();
  for (const [text, step] of [[before, 1], [after, -1]] as const) for (const line of text.split('\n')) counts.set(line.trim(), (counts.get(line.trim()) ?? 0) + step);
  return [...counts].flatMap(([line, count]) => (count === 0 ? [] : [line]));
}

/** Functions, tables and macros that are other ones now, and what other statements that are not the same declare. */
export function changedNames(before: string, after: string): ReadonlySet<string> {
  const [was, is] = [definitionsOf(before), definitionsOf(after)];
  const found = new Set<string>();
  for (const name of [...was.named.keys(), ...is.named.keys()]) if (was.named.get(name) !== is.named.get(name)) found.add(name);
  const counts = new Map<string, number>();
  for (const one of statementsIn(was.rest)) counts.set(one, (counts.get(one) ?? 0) + 1);
  for (const one of statementsIn(is.rest)) counts.set(one, (counts.get(one) ?? 0) - 1);
  for (const [one, count] of counts) if (count !== 0) for (const name of declaredIn(one)) found.add(name);
  return found;
}

/** Directives line by line, the rest between semicolons and braces. */
function statementsIn(lines: readonly string[]): readonly string[] {
  const directives = lines.filter((line) => line.startsWith('#'));
  return [...directives, ...lines.filter((line) => !line.startsWith('#')).join(' ').split(/[;{}]/).map((one) => one.trim()).filter((one) => one !== '')];
}

/** "int foo(struct bar *b)" → foo; "void (*move)(int)" → move; "A, B = 2" → A, B; "u32 a:1" → a; "struct foo" → foo. */
function declaredIn(statement: string): readonly string[] {
  if (statement.startsWith('#')) return wordsIn(statement.replace(/^#\s*\w+/, '').replace(/"[^"]*"|<[^>]*>/g, '')).filter((word) => word !== 'defined');
  const pointer = /\(\s*\*\s*(\w+)/.exec(statement)?.[1];
  if (pointer !== undefined) return [pointer];
  // An attribute with brackets may stand before the name.
  const calls = [...statement.matchAll(/(\w+)\s*\(/g)].map((match) => match[1] ?? '');
  if (calls.length > 0) return calls;
  return statement.split(',').flatMap((part) => /(\w+)(?:\s*\[[^\]]*\])*\s*(?::\s*\w+\s*)?(?:=.*)?$/.exec(part.trim())?.[1] ?? []).filter((word) => /^[A-Za-z_]/.test(word));
}

function definitionsOf(text: string): { readonly named: ReadonlyMap<string, string>; readonly rest: readonly string[] } {
  const { functions, tables, macros, masks } = outlineOf(text);
  const named = new Map<string, string>();
  const add = (name: string, says: string): void => void named.set(name, `${named.get(name) ?? ''}\n${says.replace(/\s+/g, ' ')}`);
  const lines = masks.code.split('\n');
  const isTaken = new Set<number>();
  const take = (name: string, line: number, endLine: number, under: readonly string[]): void => {
    // What stands before the name, its type, may be on the line above.
    const from = line > 1 && /^[A-Za-z_][\w\s*]*$/.test(lines[line - 2] ?? '') ? line - 1 : line;
    for (let at = from; at <= endLine; at++) isTaken.add(at);
    add(name, `${under.join(' ')} ${lines.slice(from - 1, endLine).join('\n')}`);
  };
  for (const { name, line, endLine, under } of functions) take(name, line, endLine, under);
  for (const { name, line, body, end, under } of tables) take(name, line, line + (text.slice(body, end).split('\n').length - 1), under);
  for (const { name, parameters, text: says, line } of macros) {
    for (let at = line; ; at++) {
      isTaken.add(at);
      if (!(lines[at - 1] ?? '').trimEnd().endsWith('\\')) break;
    }
    add(name, `${parameters?.join() ?? ''} ${says}`);
  }
  return { named, rest: lines.flatMap((line, at) => (isTaken.has(at + 1) || line.trim() === '' ? [] : [line.replace(/\s+/g, ' ').trim()])) };
}
