// The matrix of an audit as text: a letter for each pair, a word where the terminal is wide, below it who stands behind each number and why a pair does not hold.

import type { ImporterProfile, Pair, PairVerdict } from '../results/audit.ts';
import { fold, reasonsOf, sidesText, traitsOf, type Folded, type Group, type MatrixInput } from './audit-fold.ts';
import type { Form } from './form.ts';
import { cut, wrap } from './layout.ts';

const LETTERS: Readonly<Record<PairVerdict, string>> = { holds: '.', refused: 'R', broken: 'B', hangs: 'H', undecided: '?' };
const DOT = '·';
/** From here on there is room for words. */
const WIDE = 120;
const LONGEST_LABEL = 30;
/** "undecided" and two blanks. */
const WORD = 11;
const MOST_NAMED = { narrow: 2, wide: 4 } as const;

export function matrixText(input: MatrixInput, form: Form): string[] {
  const { unicode, width } = form;
  const folded = fold(input);
  const reasons = reasonsOf(input.pairs).map((one) => `${LETTERS[one.verdict]}  ${sidesText(one, unicode ? '×' : 'x', width >= WIDE ? MOST_NAMED.wide : MOST_NAMED.narrow)}: ${one.why}`);
  return [
    ...grid(folded, form),
    '', `${unicode ? DOT : LETTERS.holds} holds   R refused   B broken   H hangs   ? undecided`, '',
    ...folded.columns.flatMap((column, index) => wrap(`${String(index + 1).padStart(String(folded.columns.length).length)}  ${columnText(column, form)}`, width, 4)),
    ...folded.rows.flatMap((row) => (row.members.length > 1 ? ['', ...wrap(`${row.name}: ${row.members.map((one) => one.id).join(', ')}`, width, 4)] : [])),
    ...(reasons.length > 0 ? [''] : []),
    ...reasons.flatMap((line) => wrap(line, width, 5)),
  ];
}

/** In bands where one page is not wide enough for all columns. */
function grid(folded: Folded, form: Form): string[] {
  const { rows, columns } = folded;
  const { width } = form;
  const label = Math.min(LONGEST_LABEL, Math.max(8, ...rows.map((row) => row.name.length)));
  const hasWords = width >= WIDE && label + columns.length * WORD <= width;
  const gap = hasWords ? WORD : Math.max(3, String(columns.length).length + 1);
  const most = Math.max(1, Math.floor((width - label) / gap));
  const bands = Array.from({ length: Math.ceil(columns.length / most) }, (_, band) => band * most);
  return bands.flatMap((from) => {
    const shown = columns.slice(from, from + most);
    const number = (index: number): string => (hasWords ? `  ${from + index + 1}`.padEnd(gap) : String(from + index + 1).padStart(gap));
    const cellText = (pair: Pair | null): string => {
      const text = pair === null ? '-' : pair.verdict === 'holds' && !hasWords ? (form.unicode ? DOT : LETTERS.holds) : hasWords ? pair.verdict : LETTERS[pair.verdict];
      const [before, after] = hasWords ? ['  ', ' '.repeat(gap - 2 - text.length)] : [' '.repeat(gap - text.length), ''];
      return `${before}${painted(pair, text, form)}${after}`;
    };
    return [
      ...(from === 0 ? [] : ['']),
      `${' '.repeat(label)}${shown.map((_, index) => number(index)).join('')}`.trimEnd(),
      ...rows.map((row) => `${cut(row.name, label, form.unicode).padEnd(label)}${shown.map((column) => cellText(folded.cell(row, column))).join('')}`.trimEnd()),
    ];
  });
}

function painted(pair: Pair | null, text: string, { palette }: Form): string {
  switch (pair?.verdict) {
    case 'holds':
      return palette.good(text);
    case 'undecided':
      return palette.doubt(text);
    case 'broken':
    case 'hangs':
      return palette.bad(text);
    default:
      return text;
  }
}

function columnText(column: Group<ImporterProfile>, { width }: Form): string {
  const [first] = column.members;
  if (first === undefined) return column.name;
  if (column.members.length > 1) return `${column.name}: ${column.members.map((one) => one.id).join(', ')}`;
  return `${column.name} (${[traitsOf(first), ...(width >= WIDE ? [...(first.callback === null ? [] : [`callback ${first.callback}`]), `${first.file}:${first.line}`] : [])].join(', ')})`;
}
