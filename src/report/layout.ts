// Words on lines: wrapping, cutting, numbers, tables. Knows nothing of what the words mean.

const ELLIPSIS = { true: '…', false: '~' } as const;

/** 1234567 → "1,234,567" */
export function thousands(n: number): string {
  return String(n).replace(/\B(?=(\d{3})+$)/g, ',');
}

/** "1 state", "1,234 states" */
export function count(n: number, one: string, many = `${one}s`): string {
  return `${thousands(n)} ${n === 1 ? one : many}`;
}

/** Milliseconds → "0.4 ms", "12 ms", "1.25 s", "3 min 20 s" */
export function duration(milliseconds: number): string {
  if (milliseconds < 10) return `${milliseconds.toFixed(1)} ms`;
  if (milliseconds < 999.5) return `${Math.round(milliseconds)} ms`;
  if (milliseconds < 59_995) return `${(milliseconds / 1000).toFixed(2)} s`;
  const seconds = Math.round(milliseconds / 1000);
  return `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
}

export function cut(text: string, width: number, unicode: boolean): string {
  return text.length <= width ? text : text.slice(0, Math.max(0, width - 1)) + ELLIPSIS[unicode ? 'true' : 'false'];
}

/** Breaks at spaces, else behind `(`, `,`, `/`, `_` or `.`, else anywhere. No line is longer than `width`; later ones begin with `hang` spaces. */
export function wrap(text: string, width: number, hang = 0): string[] {
  const lines: string[] = [];
  let rest = text.trim();
  let indent = '';
  while (indent.length + rest.length > width) {
    const room = Math.max(1, width - indent.length);
    const at = breakAt(rest, room);
    lines.push(indent + rest.slice(0, at).trimEnd());
    rest = rest.slice(at).trimStart();
    indent = ' '.repeat(Math.min(hang, Math.max(0, width - 1)));
  }
  if (rest !== '' || lines.length === 0) lines.push(indent + rest);
  return lines;
}

function breakAt(text: string, room: number): number {
  const space = text.lastIndexOf(' ', room);
  if (space > 0) return space;
  for (let at = room; at > room / 3; at--) if ('(,/_.'.includes(text.charAt(at - 1))) return at;
  return room;
}

export interface Column {
  readonly title: string;
  readonly right?: boolean;
  /** May be cut down to this where the table is too wide. */
  readonly least?: number;
}

export interface Cell {
  readonly text: string;
  readonly paint?: (text: string) => string;
}

/** Aligned rows, two spaces between columns; null is an empty line. Columns with `least` give way, the last one first. */
export function table(columns: readonly Column[], rows: readonly (readonly Cell[] | null)[], width: number, unicode: boolean, head = true): string[] {
  const widths = columns.map((column, i) => rows.reduce((most, row) => Math.max(most, row?.[i]?.text.length ?? 0), head ? column.title.length : 0));
  shrink(columns, widths, width);
  const line = (cells: readonly Cell[]): string =>
    columns
      .map((column, i) => {
        const cell = cells[i] ?? { text: '' };
        const room = widths[i] ?? 0;
        const shown = cut(cell.text, room, unicode);
        const gap = ' '.repeat(room - shown.length);
        const painted = cell.paint === undefined ? shown : cell.paint(shown);
        return column.right === true ? gap + painted : painted + gap;
      })
      .join('  ')
      .trimEnd();
  const out = rows.map((row) => (row === null ? '' : line(row)));
  if (!head) return out;
  const rule = columns.map((_, i) => (unicode ? '─' : '-').repeat(widths[i] ?? 0)).join('  ');
  return [line(columns.map((column) => ({ text: column.title }))), rule, ...out];
}

function shrink(columns: readonly Column[], widths: number[], width: number): void {
  let over = widths.reduce((sum, w) => sum + w, 0) + 2 * (widths.length - 1) - width;
  for (let i = columns.length - 1; i >= 0 && over > 0; i--) {
    const least = columns[i]?.least;
    const now = widths[i] ?? 0;
    if (least === undefined || now <= least) continue;
    const next = Math.max(least, now - over);
    widths[i] = next;
    over -= now - next;
  }
}
