// One buffer's life as a Mermaid sequence: exporter and importers as participants, each line with its time and its line in the log.

import type { LogFacts, Moment, TimelineFact, TraceResult } from '../results/trace.ts';
import { escape } from './mermaid.ts';
import { stamp, took } from './trace-words.ts';

const MOST = 400;

interface Entry {
  readonly at: Moment;
  /** Of two at the same moment the outer one begins first and ends last. */
  readonly rank: number;
  readonly text: (unit: LogFacts['clock']['unit']) => string;
}

const RANK: Readonly<Record<TimelineFact['kind'], number>> = { buffer: 0, revoke: 1, invalidate: 2, 'fence wait': 2, attachment: 3, callback: 4, mapping: 5 };

/** `ino`: null for the first buffer that has importers. */
export function traceMermaid({ log, buffers, violations }: TraceResult, timeline: readonly TimelineFact[], ino: number | null): string {
  const { unit } = log.clock;
  const chosen = ino === null ? (buffers.find(({ attachments }) => attachments.length > 0) ?? buffers[0]) : buffers.find((one) => one.ino === ino);
  const out = ['sequenceDiagram'];
  if (chosen === undefined) return `${[...out, '    participant x as no buffer'].join('\n')}\n`;
  const facts = timeline.filter((one) => (chosen.ino === null ? one.buffer === chosen.pointer : one.ino === chosen.ino));
  const importers = [...new Set(facts.flatMap(({ attachment }) => (attachment === null ? [] : [attachment])))];
  const device = (attachment: string): string => facts.find((one) => one.attachment === attachment)?.device ?? attachment;
  out.push(`    title ${escape(`buffer ${chosen.ino ?? chosen.pointer ?? ''}: ${chosen.verdict}`)}`, `    participant x as ${escape(chosen.exporter ?? 'exporter')}`);
  importers.forEach((one, i) => out.push(`    participant i${i} as ${escape(device(one))}`));
  const entries = facts.flatMap((fact) => entriesOf(fact, fact.attachment === null ? 'x' : `i${importers.indexOf(fact.attachment)}`));
  for (const one of violations) {
    if (one.ino !== chosen.ino) continue;
    const party = one.attachment === null ? 'x' : `i${importers.indexOf(one.attachment)}`;
    entries.push({ at: one.at, rank: 9, text: () => `Note over ${party === 'i-1' ? 'x' : party}: ${escape(`broken ${one.obligation}: ${one.text}`)}` });
  }
  entries.sort((a, b) => a.at.time - b.at.time || a.at.line - b.at.line || a.rank - b.rank);
  out.push(...entries.slice(0, MOST).map(({ text }) => `    ${text(unit)}`));
  if (entries.length > MOST) out.push(`    Note over x: and ${entries.length - MOST} more`);
  return `${out.join('\n')}\n`;
}

function entriesOf({ kind, what, start, end }: TimelineFact, party: string): Entry[] {
  const out: Entry[] = [];
  const rank = RANK[kind];
  const add = (at: Moment | null, order: number, arrow: string, words: (unit: LogFacts['clock']['unit']) => string): void => {
    if (at !== null) out.push({ at, rank: order, text: (unit) => `${arrow}: ${escape(`${words(unit)} (line ${at.line}, ${stamp(at.time, unit)})`)}` });
  };
  const lasted = (unit: LogFacts['clock']['unit']): string => (start === null || end === null ? '' : ` after ${took(end.time - start.time, unit)}`);
  switch (kind) {
    case 'buffer':
      add(start, rank, 'x->>x', () => 'export');
      add(end, 20 - rank, 'x->>x', () => 'release');
      return out;
    case 'attachment':
      add(start, rank, `${party}->>x`, () => 'attach');
      add(end, 20 - rank, `${party}->>x`, () => 'detach');
      return out;
    case 'mapping':
      add(start, rank, `${party}->>x`, () => (what === 'mapped' ? 'map' : what));
      add(end, 20 - rank, `${party}->>x`, () => 'unmap');
      return out;
    case 'callback':
      add(start, rank, `x->>${party}`, () => what);
      add(end, 20 - rank, `${party}-->>x`, (unit) => `returns${lasted(unit)}`);
      return out;
    case 'invalidate':
      return out;
    case 'revoke':
    case 'fence wait':
      add(start, rank, 'x->>x', () => what);
      add(end, 20 - rank, 'x-->>x', (unit) => `${what} returns${lasted(unit)}`);
      return out;
  }
}
