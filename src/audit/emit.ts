// Turns a decision diagram into litmus statements with `// file:line` on each. Shared ends are written once, behind the branch whose sides meet there.

import type { Act, Behaviour, Place, Test } from '../results/audit.ts';
import { partsOfBehaviour } from './diagram.ts';

/** What an act or test becomes; null: it passes in silence. */
export interface Words {
  readonly act: (act: Act, at: Place) => readonly string[] | null;
  /** A litmus test, or the side that is taken. */
  readonly test: (test: Test, at: Place, yes: Behaviour, no: Behaviour) => string | boolean;
  /** The statement that ends a way, empty for none. */
  readonly end: (returns: string) => string;
}

export const comment = (at: Place): string => ` // ${at.file}:${at.line}`;

/** Lines, indented by `indent`. */
export function emit(root: Behaviour, words: Words, indent: string): readonly string[] {
  const meet = new Map<Behaviour, Behaviour | null>();
  const lines: string[] = [];
  const write = (one: Behaviour, stop: Behaviour | null, depth: string, last: Place | null): void => {
    for (let at: Behaviour = one, from = last; at !== stop; ) {
      if (at.kind === 'end' || at.kind === 'lost') {
        const text = words.end(at.kind === 'end' ? at.returns : '');
        if (text !== '') lines.push(`${depth}${text}${from === null ? '' : comment(from)}`);
        return;
      }
      if (at.kind === 'act') {
        for (const text of words.act(at.act, at.at) ?? []) lines.push(`${depth}${text}${comment(at.at)}`);
        from = at.at;
        at = at.next;
        continue;
      }
      const test = words.test(at.test, at.at, at.yes, at.no);
      from = at.at;
      if (typeof test === 'boolean') {
        at = test ? at.yes : at.no;
        continue;
      }
      const joined = meetOf(at, meet);
      const inner = joined !== null && joined.kind !== 'end' && joined.kind !== 'lost' ? joined : stop !== null && joined === stop ? stop : null;
      const head = lines.length;
      lines.push(`${depth}if (${test}) {${comment(at.at)}`);
      write(at.yes, inner ?? stop, `${depth}  `, from);
      const mark = lines.length;
      write(at.no, inner ?? stop, `${depth}  `, from);
      const isEmpty = mark === head + 1;
      if (lines.length === mark && isEmpty) lines.pop();
      else if (isEmpty) {
        lines[head] = `${depth}if (!${/^[\w.]+(?:\([^()]*\))?$/.test(test) ? test : `(${test})`}) {${comment(at.at)}`;
        lines.push(`${depth}}`);
      } else if (lines.length === mark) lines.push(`${depth}}`);
      else {
        lines.splice(mark, 0, `${depth}} else {`);
        lines.push(`${depth}}`);
      }
      if (inner === null) return;
      at = inner;
    }
  };
  write(root, null, indent, null);
  return lines;
}

/** The nearest part that both sides come to. */
function meetOf(branch: Behaviour & { readonly kind: 'branch' }, memo: Map<Behaviour, Behaviour | null>): Behaviour | null {
  const known = memo.get(branch);
  if (known !== undefined) return known;
  const chain = (one: Behaviour): readonly Behaviour[] => {
    const list: Behaviour[] = [];
    for (let at: Behaviour | null = one; at !== null; at = at.kind === 'act' ? at.next : at.kind === 'branch' ? meetOf(at, memo) : null) list.push(at);
    return list;
  };
  const right = new Set(chain(branch.no));
  const found = chain(branch.yes).find((one) => right.has(one)) ?? null;
  memo.set(branch, found);
  return found;
}

/** Whether a way from here comes to an act. */
export function comesTo(root: Behaviour, is: (act: Act) => boolean): boolean {
  const seen = new Set<Behaviour>();
  const visit = (one: Behaviour): boolean => {
    if (seen.has(one)) return false;
    seen.add(one);
    if (one.kind === 'act') return is(one.act) || visit(one.next);
    return one.kind === 'branch' && (visit(one.yes) || visit(one.no));
  };
  return visit(root);
}

/** Whether a way from here ends well: no errno. */
export function canSucceed(root: Behaviour): boolean {
  const seen = new Set<Behaviour>();
  const visit = (one: Behaviour): boolean => {
    if (seen.has(one)) return false;
    seen.add(one);
    if (one.kind === 'end') return !/^-/.test(one.returns);
    if (one.kind === 'lost') return true;
    return one.kind === 'act' ? visit(one.next) : visit(one.yes) || visit(one.no);
  };
  return visit(root);
}

/** A flag that makes an operation fail wherever it is set. */
export const refusesOn = (root: Behaviour, field: string): boolean =>
  partsOfBehaviour(root).some((one) => one.kind === 'branch' && one.test.is === 'flag' && one.test.field === field && !canSucceed(one.yes) && canSucceed(one.no));
