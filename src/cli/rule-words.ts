// The words behind --rules: ids of rules, and perhaps the path that is to be read.

import { RULES } from '../audit/rules/index.ts';
import type { Rule } from '../audit/rules/rule.ts';
import { didYouMean } from '../litmus/nearest.ts';
import { UsageProblem } from './exit.ts';

export interface RulesAsked {
  /** In the order of their list. */
  readonly rules: readonly Rule[];
  readonly path: string;
}

/** Throws UsageProblem. `path`: what stood elsewhere. The last word is the path where it is no rule and there is no other path; `exists` tells of a path. */
export function rulesAsked(words: readonly string[], path: string | null, exists: (path: string) => boolean, all: readonly Rule[] = RULES): RulesAsked {
  const isRule = (word: string): boolean => all.some(({ header }) => header.id === word);
  const last = words.at(-1);
  const isPath = path === null && last !== undefined && !isRule(last) && (exists(last) || /[/.~]/.test(last));
  const ids = isPath ? words.slice(0, -1) : words;
  const unknown = ids.find((word) => !isRule(word));
  if (unknown !== undefined) throw unknownRule(unknown, all);
  const asked = isPath ? last : path;
  if (asked === null) throw new UsageProblem('--rules reads C: name a kernel tree, a folder or a file', 'fencepost audit --rules TREE');
  return { rules: ids.length === 0 ? all : all.filter(({ header }) => ids.includes(header.id)), path: asked };
}

function unknownRule(word: string, all: readonly Rule[]): UsageProblem {
  const near = didYouMean(word, all.map(({ header }) => header.id));
  return new UsageProblem(`no rule is called '${word}', and no such file exists`, near ?? 'fencepost list rules shows all of them');
}
