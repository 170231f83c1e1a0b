// Runs the automata of src/protocol along every path of a function: in which state of the reservation lock it is entered, what breaks on the way,
// what is left at its returns (issue 4, part 1; SEMANTICS B28).

import { CALLBACK_LOCKING } from '../../protocol/locking.ts';
import { folderOf } from '../../source/lexical.ts';
import type { CFunction } from '../../source/syntax.ts';
import type { TreeView } from '../tree-view.ts';
import type { Breach } from './breach.ts';
import { judgeExits } from './exits.ts';
import { neverGivenBack } from './kept.ts';
import type { Entry } from './path-state.ts';
import { Retention } from './retention.ts';
import { Walk } from './walk.ts';

export interface Run {
  readonly breaches: readonly Breach[];
  /** Why the function was given up; null where every path was walked. */
  readonly undecided: string | null;
}

const retentions = new WeakMap<TreeView, Retention>();

export function retentionOf(view: TreeView): Retention {
  const known = retentions.get(view);
  if (known !== undefined) return known;
  const made = new Retention(view.code);
  retentions.set(view, made);
  return made;
}

export function breachesOf(view: TreeView, root: CFunction): Run {
  const walk = new Walk(view, retentionOf(view));
  const exits = walk.exits(root, entryOf(view, root));
  return { breaches: [...walk.breaches, ...judgeExits(walk, root, exits), ...neverGivenBack(view, retentionOf(view), walk, root, exits)], undecided: walk.undecided };
}

/** How the other side enters it, where a table of dma-buf's says so; else nobody knows. */
function entryOf(view: TreeView, root: CFunction): Entry {
  const unknown: Entry = { lock: 'unknown', by: null, unlocked: null };
  for (const { type, member } of view.code.rowsNaming(folderOf(root.file), root.name)) {
    const row = CALLBACK_LOCKING.find(({ op }) => op === `${type}.${member === 'move_notify' ? 'invalidate_mappings' : member}`);
    if (row === undefined) continue;
    const [first] = root.parameters;
    const resv = first === undefined ? '' : /dma_buf_attachment/.test(first.type) ? `${first.name}->dmabuf->resv` : `${first.name}->resv`;
    return { lock: row.resv, by: { call: `${member}()`, at: { file: root.file, line: root.line, function: root.name }, resv }, unlocked: null };
  }
  return unknown;
}
