// `fencepost` without arguments: checks the bundled corpus and prints the debate as one table.

import { CONTRACT_KEYS, CONTRACT_NAMES } from '../../model/contract.ts';
import { debateTable } from '../../report/debate.ts';
import { summary, textReport } from '../../report/text.ts';
import type { DebateRow } from '../../results/debate.ts';
import { judge } from '../../results/judgement.ts';
import { checkPaths } from '../run-check.ts';
import { terminalForm } from '../terminal.ts';
import { bundledMatrix } from './audit.ts';

export async function debate(): Promise<number> {
  const limits = { states: Infinity, depth: Infinity, bytes: 2 ** 31, milliseconds: Infinity };
  const { results, rows, exit, milliseconds } = await checkPaths([], { mode: 'debate' }, { contract: [], symmetry: true, liveness: true, limits, order: 'any' }, null);
  const form = terminalForm(false, []);
  const all = results.flat();
  const lines: string[] = [];
  if (rows.length > 0) lines.push(...debateTable([...rows].sort(byPosition), form), '', '! marks a claim that the search contradicts.', '');
  const strange = all.filter((result) => judge(result) !== 'fine');
  if (strange.length > 0) lines.push(textReport(strange, form));
  lines.push(summary(all, milliseconds, form));
  const matrix = bundledMatrix();
  if (matrix !== null) lines.push('', ...matrix);
  process.stdout.write(`${lines.join('\n')}\n`);
  return exit;
}

/** In the order of the contract's table, then by name. */
function byPosition(a: DebateRow, b: DebateRow): number {
  return rank(a.position) - rank(b.position) || compareText(a.by, b.by) || compareText(a.result.scenario, b.result.scenario);
}

const ORDER: readonly string[] = CONTRACT_NAMES.flatMap((key) => [...CONTRACT_KEYS[key]].sort(compareText).map((value) => `${key}=${value}`));

function rank(position: string): number {
  const at = ORDER.indexOf(position);
  return at === -1 ? ORDER.length : at;
}

function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
