// Reads off a callback's diagram what becomes of the mapping: gone at once, gone after a worker, left for a user, or it depends (issue 3, part 4).

import type { Act, Behaviour, Guard, Test, Unmaps, Work } from '../results/audit.ts';
import type { Usage } from '../protocol/usage.ts';

/** What one way through the diagram does. */
interface Outcome {
  readonly when: 'now' | 'later' | 'not';
  /** The open conditions on this way, outermost first. */
  readonly guards: readonly { readonly test: Test; readonly at: { readonly file: string; readonly line: number; readonly function: string }; readonly taken: boolean }[];
}

const MOST_WAYS = 4000;

/** `endsAccess`: the act that counts as the end of access: unmap, or for an importer that never maps the stop of its device. */
export function unmapsOf(behaviour: Behaviour, works: readonly Work[], endsAccess: (act: Act) => boolean, isUserLater: boolean): { readonly unmaps: Unmaps; readonly guards: readonly Guard[]; readonly isLost: boolean } {
  const alwaysUnmaps = new Map<string, boolean>();
  const worker = (name: string): boolean => {
    const known = alwaysUnmaps.get(name);
    if (known !== undefined) return known;
    alwaysUnmaps.set(name, false);
    const work = works.find((one) => one.name === name);
    const result = work !== undefined && !outcomesOf(work.behaviour, endsAccess, worker).has('not');
    alwaysUnmaps.set(name, result);
    return result;
  };
  const kinds = outcomesOf(behaviour, endsAccess, worker);
  const { ways, isLost } = waysOf(behaviour, endsAccess, worker);
  const none: readonly Guard[] = [];
  if (!kinds.has('not')) return { unmaps: kinds.has('later') ? 'deferred' : 'sync', guards: none, isLost };
  if (kinds.size === 1) return { unmaps: isUserLater ? 'user' : 'never', guards: none, isLost };
  return { unmaps: 'conditional', guards: deciding(ways), isLost };
}

/** How the ways may end, each part of the diagram looked at once for each state of the mapping. */
function outcomesOf(root: Behaviour, endsAccess: (act: Act) => boolean, worker: (name: string) => boolean): ReadonlySet<Outcome['when']> {
  const found = new Set<Outcome['when']>();
  const seen: Readonly<Record<Outcome['when'], Set<Behaviour>>> = { now: new Set(), later: new Set(), not: new Set() };
  const visit = (one: Behaviour, done: Outcome['when']): void => {
    if (seen[done].has(one)) return;
    seen[done].add(one);
    if (one.kind === 'end' || one.kind === 'lost') found.add(done);
    else if (one.kind === 'act') visit(one.next, after(one.act, done, endsAccess, worker));
    else {
      visit(one.yes, done);
      if (one.test.is !== 'mapped') visit(one.no, done);
    }
  };
  visit(root, 'not');
  return found;
}

/** Mapped again within the callback: the new mapping is another one. */
function after(act: Act, done: Outcome['when'], endsAccess: (act: Act) => boolean, worker: (name: string) => boolean): Outcome['when'] {
  if (endsAccess(act)) return 'now';
  return act.do === 'queue-work' && done === 'not' && worker(act.runs) ? 'later' : done;
}

function waysOf(root: Behaviour, endsAccess: (act: Act) => boolean, worker: (name: string) => boolean): { readonly ways: readonly Outcome[]; readonly isLost: boolean } {
  const ways: Outcome[] = [];
  let isLost = false;
  const visit = (one: Behaviour, done: Outcome['when'], guards: Outcome['guards']): void => {
    if (ways.length > MOST_WAYS) {
      isLost = true;
      return;
    }
    switch (one.kind) {
      case 'lost':
        isLost = true;
        ways.push({ when: done, guards });
        return;
      case 'end':
        ways.push({ when: done, guards });
        return;
      case 'act':
        visit(one.next, after(one.act, done, endsAccess, worker), guards);
        return;
      case 'branch':
        if (one.test.is === 'mapped') visit(one.yes, done, guards);
        else if (one.test.is === 'idle') {
          visit(one.yes, done, guards);
          visit(one.no, done, guards);
        } else {
          visit(one.yes, done, [...guards, { test: one.test, at: one.at, taken: true }]);
          visit(one.no, done, [...guards, { test: one.test, at: one.at, taken: false }]);
        }
        return;
    }
  };
  visit(root, 'not', []);
  return { ways, isLost };
}

/** The conditions that stand on ways of both kinds, with the side that leads to an unmap. */
function deciding(ways: readonly Outcome[]): readonly Guard[] {
  const sides = new Map<string, { guard: Guard; yes: Set<boolean>; no: Set<boolean> }>();
  for (const way of ways) {
    for (const { test, at, taken } of way.guards) {
      const text = textOf(test);
      const key = `${at.file}:${at.line} ${text}`;
      const row = sides.get(key) ?? { guard: { ...at, text, decided: null, side: null }, yes: new Set<boolean>(), no: new Set<boolean>() };
      (taken ? row.yes : row.no).add(way.when !== 'not');
      sides.set(key, row);
    }
  }
  return [...sides.values()].flatMap(({ guard, yes, no }) => {
    // A side on which every way ends the same is what decides.
    if (yes.size === no.size && [...yes].every((one) => no.has(one))) return [];
    const side = yes.has(true) && !no.has(true) ? true : no.has(true) && !yes.has(true) ? false : no.has(false) && !no.has(true) ? true : yes.has(false) && !yes.has(true) ? false : yes.size === 1 ? yes.has(true) : no.size === 1 ? !no.has(true) : null;
    return [{ ...guard, side }];
  });
}

function textOf(test: Test): string {
  switch (test.is) {
    case 'unknown':
      return test.text;
    case 'flag':
      return test.field;
    case 'exporter-ops':
      return `ops == &${test.table}`;
    default:
      return test.is;
  }
}

/** Acts of a kind anywhere in the diagrams. */
export function actsOf(behaviours: readonly Behaviour[]): readonly { readonly act: Act; readonly at: { readonly file: string; readonly line: number; readonly function: string } }[] {
  const seen = new Set<Behaviour>();
  const found: { act: Act; at: { file: string; line: number; function: string } }[] = [];
  const visit = (one: Behaviour): void => {
    if (seen.has(one)) return;
    seen.add(one);
    if (one.kind === 'act') {
      found.push({ act: one.act, at: one.at });
      visit(one.next);
    } else if (one.kind === 'branch') {
      visit(one.yes);
      visit(one.no);
    }
  };
  behaviours.forEach(visit);
  return found;
}

export function usagesIn(behaviours: readonly Behaviour[], what: 'wait-fences' | 'add-fence'): readonly Usage[] {
  return [...new Set(actsOf(behaviours).flatMap(({ act }) => (act.do === what ? [act.usage] : [])))].sort();
}

/**
 * A branch on a condition nobody knows, whose sides differ in fence waits alone, is taken on the side that waits less:
 * what holds without the wait holds with it.
 */
export function withoutIdleBranches(root: Behaviour): Behaviour {
  const memo = new Map<Behaviour, Behaviour>();
  const ids = new Map<string, number>();
  const marks = new Map<Behaviour, number>();
  const mark = (one: Behaviour): number => {
    const known = marks.get(one);
    if (known !== undefined) return known;
    const key = one.kind === 'act'
      ? one.act.do === 'wait-fences' || one.act.do === 'reserve-fences' || one.act.do === 'add-fence' || (one.act.do === 'stop-device' && one.act.assumed) ? `= ${mark(one.next)}` : `act ${JSON.stringify(one.act)} ${mark(one.next)}`
      : one.kind === 'branch' ? `branch ${JSON.stringify(one.test)} ${mark(one.yes)} ${mark(one.no)}` : one.kind === 'end' ? `end ${one.returns}` : `lost ${one.why}`;
    const number = key.startsWith('= ') ? Number(key.slice(2)) : ids.get(key) ?? ids.size;
    if (!key.startsWith('= ')) ids.set(key, number);
    marks.set(one, number);
    return number;
  };
  const visit = (one: Behaviour): Behaviour => {
    const known = memo.get(one);
    if (known !== undefined) return known;
    let made: Behaviour = one;
    if (one.kind === 'act') {
      const next = visit(one.next);
      made = next === one.next ? one : { ...one, next };
    } else if (one.kind === 'branch') {
      const yes = visit(one.yes);
      const no = visit(one.no);
      if ((one.test.is === 'unknown' || one.test.is === 'idle') && mark(yes) === mark(no)) made = waits(yes) <= waits(no) ? yes : no;
      else made = yes === one.yes && no === one.no ? one : { ...one, yes, no };
    }
    memo.set(one, made);
    return made;
  };
  return visit(root);
}

function waits(one: Behaviour): number {
  let count = 0;
  for (let at = one; at.kind === 'act' || at.kind === 'branch'; at = at.kind === 'act' ? at.next : at.yes) if (at.kind === 'act' && at.act.do === 'wait-fences') count++;
  return count;
}
