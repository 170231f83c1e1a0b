// The table of the debate: who held which position, what he claimed, and what the search says.

import { claimStands, lengthOf, type DebateRow } from '../results/debate.ts';
import type { CheckResult } from '../results/verdict.ts';
import type { Form } from './form.ts';
import { duration, table, thousands, type Cell } from './layout.ts';

const TITLES = ['position', 'held by', 'claimed', 'search says', 'steps', 'states', 'time'] as const;

/** Lines; `!` marks a claim that the search contradicts. */
export function debateTable(rows: readonly DebateRow[], form: Form): string[] {
  const { palette } = form;
  const cells: (Cell[] | null)[] = [];
  let before = '';
  for (const row of rows) {
    const key = row.position.split('=')[0] ?? '';
    if (before !== '' && key !== before) cells.push(null);
    before = key;
    const stands = claimStands(row);
    const paint = stands === null ? palette.doubt : stands ? palette.good : palette.bad;
    const [position, by, claims, says, steps, states, time] = texts(row);
    cells.push([
      { text: position, paint: palette.strong },
      { text: by },
      { text: claims },
      { text: (stands === false ? '! ' : '  ') + says, paint },
      { text: steps },
      { text: states },
      { text: time },
    ]);
  }
  const [position, by, claims, says, steps, states, time] = TITLES;
  const columns = [
    { title: position },
    { title: by, least: 12 },
    { title: claims },
    { title: `  ${says}` },
    { title: steps, right: true },
    { title: states, right: true },
    { title: time, right: true },
  ];
  return table(columns, cells, form.width, form.unicode);
}

/** The same for a page. */
export function debateMarkdown(rows: readonly DebateRow[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
  const body = rows.map((row) => line([...texts(row), row.result.scenario]));
  return `${[line([...TITLES, 'scenario']), `|${'---|'.repeat(TITLES.length + 1)}`, ...body].join('\n')}\n`;
}

function texts(row: DebateRow): [string, string, string, string, string, string, string] {
  const { result } = row;
  const steps = lengthOf(result);
  return [row.position, row.by, row.claims, shortOutcome(result), steps === null ? '' : thousands(steps), thousands(result.states), duration(result.milliseconds)];
}

/** "broken N2 gpu" → "broken N2"; "broken hang" → "hang"; "refused gpu attach -EOPNOTSUPP" → "refused attach". */
function shortOutcome(result: CheckResult): string {
  const words = result.outcome.split(' ');
  const kind = result.broken[0]?.kind;
  if (kind === 'deadlock' || kind === 'hang') return kind;
  if (words[0] === 'broken') return words.slice(0, 2).join(' ');
  const at = result.refused[0]?.at ?? words[2];
  return words[0] === 'refused' ? `refused ${at ?? ''}`.trimEnd() : result.outcome;
}
