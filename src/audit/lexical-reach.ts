// What a function and its callees contain, over the text alone: within a driver's folder, through the driver's own tables, a few calls deep.
// May miss what is computed; whoever asks must bear that.

import { folderOf, type LexicalFunction } from '../source/lexical.ts';
import type { CFunction } from '../source/syntax.ts';
import type { TreeView } from './tree-view.ts';

/** The function itself, and what it calls: in its own folder and `home` by name, elsewhere through a table of `home`. */
export function withCallees(view: TreeView, start: CFunction, home: string, deepest: number): readonly LexicalFunction[] {
  const first = view.lexical(start);
  if (first === null) return [];
  const found = new Map([[`${first.file} ${first.name}`, first]]);
  let level: readonly LexicalFunction[] = [first];
  for (let depth = 0; depth < deepest; depth++) {
    const next: LexicalFunction[] = [];
    for (const one of level) {
      const { names, members, handed } = view.code.lexicalCalls(one);
      const through = members.flatMap((member) => view.code.membersOf(home, member, null));
      for (const name of [...names, ...through, ...handed]) {
        const to = view.code.locate(name, one.file) ?? view.code.locate(name, start.file);
        if (to === null || found.has(`${to.file} ${to.name}`)) continue;
        if (!names.includes(name) && !through.includes(name) && folderOf(to.file) !== home) continue;
        found.set(`${to.file} ${to.name}`, to);
        next.push(to);
      }
    }
    level = next;
  }
  return [...found.values()];
}

const bodies = new WeakMap<TreeView, Map<string, string>>();

/** A body with its comments blanked, each letter where it was: what a comment names is not called. */
export function codeOf(view: TreeView, one: LexicalFunction): string {
  let known = bodies.get(view);
  if (known === undefined) bodies.set(view, known = new Map());
  const key = `${one.file} ${one.at}`;
  let text = known.get(key);
  if (text === undefined) known.set(key, text = view.code.bodyText(one).replace(/\/\*[\s\S]*?\*\/|\/\/[^\n]*/g, (comment) => comment.replace(/[^\n]/g, ' ')));
  return text;
}

/** Whether one of them has a match in its body. */
export const reachesText = (view: TreeView, start: CFunction, home: string, pattern: RegExp, deepest = 3): boolean =>
  withCallees(view, start, home, deepest).some((one) => pattern.test(codeOf(view, one)));

/** Line of a match in a function's body. */
export function lineOf(view: TreeView, fn: LexicalFunction, offset: number): number {
  const text = view.code.text(fn.file) ?? '';
  const start = text.indexOf(view.code.bodyText(fn), fn.at);
  return text.slice(0, start + offset).split('\n').length;
}
