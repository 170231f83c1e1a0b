// What a checkout and its Makefiles say of findings: who brought their lines, and under what they are built.

import { identityOf, type Finding } from '../results/finding.ts';
import type { Origin } from '../results/patch.ts';
import { configsOf } from '../source/kbuild.ts';
import { commitOf, originOf } from './git.ts';
import type { SeriesTree } from './series-tree.ts';

/** git takes a second for a line of a long file. */
const MOST_ORIGINS = 8;

/** By file. */
export function configsIn(tree: SeriesTree, findings: readonly Finding[]): ReadonlyMap<string, readonly string[]> {
  return new Map([...new Set(findings.map(({ file }) => file))].map((file) => [file, configsOf(file, (path) => tree.textAt(tree.last, path))]));
}

/** By identity. `gone` stand where they stood before the series, `there` where they stand behind it. Empty where the tree is no checkout. */
export function originsIn(tree: SeriesTree, gone: readonly Finding[], there: readonly Finding[]): ReadonlyMap<string, Origin> {
  const { root } = tree.scope;
  const found = new Map<string, Origin>();
  const asked = [...gone, ...there].slice(0, MOST_ORIGINS);
  if (asked.length === 0 || commitOf(root, 'HEAD') === null) return found;
  for (const finding of asked) {
    const line = gone.includes(finding) ? finding.line : lineBefore(tree, finding);
    const one = line === null ? null : originOf(root, tree.base, finding.file, line);
    if (one !== null) found.set(identityOf(finding), one);
  }
  return found;
}

/** The line has perhaps another number before the series: it is looked for by its text, the nearest one counts. */
function lineBefore(tree: SeriesTree, { file, line, anchor }: Finding): number | null {
  const lines = (tree.textAt(tree.first, file) ?? '').split('\n');
  const places = lines.flatMap((text, at) => (text.replace(/\s+/g, ' ').trim() === anchor ? [at + 1] : []));
  return places.sort((a, b) => Math.abs(a - line) - Math.abs(b - line))[0] ?? null;
}
