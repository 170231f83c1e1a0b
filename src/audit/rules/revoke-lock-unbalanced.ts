// a lock that a revoke takes or gives back alone (E8, P10).

import { folderOf, type LexicalFunction } from '../../source/lexical.ts';
import type { Place } from '../../results/audit.ts';
import { codeOf, lineOf, withCallees } from '../lexical-reach.ts';
import { RevokeCallers } from '../revoke-callers.ts';
import { everyWayOf, revokesOf, type Way } from '../revoke-trial.ts';
import type { TreeView } from '../tree-view.ts';
import { REVOKE, toyExporter } from './toy-exporter.ts';
import type { ExporterRule, Found } from './rule.ts';

const LOCK = '\tmutex_lock(&bar->lock);\n';
const UNLOCK = '\tmutex_unlock(&bar->lock);\n';

export const rule: ExporterRule = {
  judge: 'exporter',
  header: {
    id: 'revoke-lock-unbalanced',
    title: 'a way through a revoke keeps a mutex or rwsem, or gives back one that it has not',
    why: 'The next revoke, or the release of the buffer, waits for it for ever; and what it protects, the list of buffers or the buffer itself, is not protected.',
    obligation: 'P10',
    source: 'SEMANTICS E8, E12.4',
    confidence: 'high',
    falsePositives: 'A function that takes a lock for its caller.',
    broken: toyExporter({ revoke: `${REVOKE}${UNLOCK}` }),
    clean: toyExporter({ revoke: `${LOCK}${REVOKE}${UNLOCK}` }),
  },
  find: (view, profile) => {
    const paths = revokesOf(profile);
    const inside = paths.flatMap((path): readonly Found[] => {
      for (const way of everyWayOf(path)) {
        const found = unbalanced(view, way);
        if (found !== null) return [{ at: found.at, text: found.text, path: [] }];
      }
      return [];
    });
    if (paths.length === 0) return [];
    const callers = new RevokeCallers(view, profile);
    const around = callers.revokers().flatMap((name) => callers.callers(name)).flatMap((one) => oneSided(view, one, folderOf(profile.file)));
    return [...inside, ...new Map(around.map((row) => [`${row.at.file}:${row.at.line}`, row])).values()];
  },
};

/** A lock that a caller of the revoke gives back and that neither it nor what it calls has taken. */
function oneSided(view: TreeView, one: LexicalFunction, home: string): readonly Found[] {
  const fn = view.code.functionIn(one.file, one.name);
  if (fn === null) return [];
  // What a callee asserts it does not take.
  const near = withCallees(view, fn, home, 1).map((part) => (part.name === one.name ? codeOf(view, part) : codeOf(view, part).replace(/\blockdep_assert\w*/g, ''))).join('\n');
  return [...codeOf(view, one).matchAll(/\b(mutex_unlock|up_write|up_read)\s*\(\s*&?([\w>.()-]*?(\w+))\s*\)/g)].flatMap((match): readonly Found[] => {
    const [, , path = '', name = ''] = match;
    if (new RegExp(`\\b(?:mutex_(?:try)?lock|down_(?:read|write)|guard\\(\\w+\\)|lockdep_assert_held)\\w*\\s*\\(\\s*&?[\\w>.()-]*\\b${name}\\b`).test(near)) return [];
    return [{ at: { file: one.file, line: lineOf(view, one, match.index), function: one.name }, text: `gives back \`${path}\`, which it does not take`, path: [] }];
  });
}

function unbalanced(view: TreeView, { acts }: Way): { readonly at: Place; readonly text: string } | null {
  const held = new Map<string, Place>();
  const functions = new Set(acts.flatMap(({ act, at }) => (act.do === 'invalidate' || act.do === 'resv-lock' ? [at.function] : [])));
  for (const { act, at } of acts) {
    if (act.do === 'lock' && act.lock !== 'spinlock') held.set(act.object, at);
    if (act.do !== 'unlock' || act.lock === 'spinlock') continue;
    if (!held.delete(act.object)) return { at, text: `gives back \`${act.object}\`, which nobody took on this way` };
  }
  for (const [name, at] of held) {
    // What the caller holds is the caller's.
    const line = (view.code.text(at.file) ?? '').split('\n')[at.line - 1] ?? '';
    if (functions.has(at.function) && !/assert|guard/.test(line)) return { at, text: `\`${name}\` is still held where this way ends` };
  }
  return null;
}
