// Reads recordings and made-up logs as the command does, for the tests of this folder.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { TraceResult } from '../../src/results/trace.ts';
import { traceText, type Traced, type TraceOptions } from '../../src/trace/index.ts';
import { ROOT } from '../structure/house-rules.ts';

export const FOLDERS = ['udmabuf-vgem', 'vfio-virtiogpu-reset', 'vfio-vgem-refused', 'vfio-iommufd-reset', 'vfio-iommufd-fence-10s'] as const;
export type Recording = (typeof FOLDERS)[number];
export const FORMS = ['trace.txt', 'trace-hashptr.txt'] as const;

export const recording = (folder: Recording, form: (typeof FORMS)[number] = 'trace.txt'): string => readFileSync(join(ROOT, 'test/trace/recordings', folder, form), 'latin1');

export function traced(text: string | readonly string[], options: Partial<TraceOptions> = {}): Traced {
  const run = traceText({ file: 'log', ...options });
  for (const part of typeof text === 'string' ? [text] : text) run.push(part);
  return run.end();
}

export const judged = (text: string | readonly string[], options: Partial<TraceOptions> = {}): TraceResult => traced(text, options).result;

/** Lines of a log without their header. */
export const linesOf = (text: string): string[] => text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));

/** What the checker says against anybody. */
export function accusations({ violations, revokes }: TraceResult): string[] {
  return [...violations.map(({ obligation, at, text }) => `${obligation} line ${at.line}: ${text}`), ...revokes.filter(({ state }) => state === 'hanging').map(({ call, start }) => `hanging ${call} line ${start.line}`)];
}

/** A log in a few words: "dbt 1.000100 dma_buf_pin__entry (dma_buf_pin+0x4/0x30) attach=0x…". A line a hundred microseconds. */
export function log(lines: readonly string[], task = 'app-7'): string {
  return lines.map((line, i) => {
    const [, who = task, event = line] = /^@(\S+) (.*)$/.exec(line) ?? [];
    return `${who.padStart(24)} [000] .....  ${(100 + i / 10_000).toFixed(6)}: ${event}\n`;
  }).join('');
}
