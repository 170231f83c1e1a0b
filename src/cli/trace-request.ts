// The words behind `fencepost trace` as typed requests. Throws UsageProblem.

import { UsageProblem } from './exit.ts';
import type { TraceCommandName } from './options.ts';
import { choice, whole } from './parse-arguments.ts';
import { TRACE_FORMATS, type TraceFormat } from './trace-options.ts';

export interface TraceFilesRequest {
  readonly command: 'trace';
  /** Empty or "-": standard input. */
  readonly paths: readonly string[];
  readonly format: TraceFormat;
  /** Inode number. */
  readonly buffer: number | null;
  /** Nanoseconds. */
  readonly slow: number | null;
  /** Line of the log, from 1. */
  readonly at: number | null;
  readonly follow: boolean;
  /** File with probe definitions. */
  readonly probes: string | null;
  readonly verbose: boolean;
}

export type TraceRequest = TraceFilesRequest;

type Options = Readonly<Record<string, unknown>>;

export function traceRequest(name: TraceCommandName, given: readonly unknown[], options: Options): TraceRequest {
  switch (name) {
    case 'trace':
      return filesRequest(Array.isArray(given[0]) ? given[0].map(String) : [], options);
    case 'trace probes':
    case 'trace record':
    case 'trace snapshot':
    case 'trace drgn':
      throw new UsageProblem(`fencepost ${name} is not there yet`);
  }
}

function filesRequest(paths: readonly string[], options: Options): TraceFilesRequest {
  const text = (name: string): string | null => (typeof options[name] === 'string' ? options[name] : null);
  const slow = text('slow');
  const request: TraceFilesRequest = {
    command: 'trace', paths,
    format: choice('--format', TRACE_FORMATS, text('format') ?? 'text'),
    buffer: whole('--buffer', text('buffer'), 0),
    slow: slow === null ? null : nanoseconds('--slow', slow),
    at: whole('--at', text('at'), 1),
    follow: options['follow'] === true,
    probes: text('probes'),
    verbose: options['verbose'] === true,
  };
  if (request.follow && request.format !== 'text') throw new UsageProblem('--follow prints text only');
  if (request.follow && paths.length > 1) throw new UsageProblem('--follow reads one log', 'name one pipe, or - for standard input');
  if (request.at !== null && request.format !== 'text') throw new UsageProblem('--at prints text only');
  if (request.at !== null && request.follow) throw new UsageProblem('--at and --follow do not go together');
  if (request.at !== null && paths.length > 1) throw new UsageProblem('--at takes one log');
  if (request.format === 'perfetto' && paths.length > 1) throw new UsageProblem('--format perfetto takes one log');
  return request;
}

const UNITS: Readonly<Record<string, number>> = { ns: 1, us: 1e3, ms: 1e6, s: 1e9, min: 60e9 };

/** "1s", "20ms", "1.5 s"; a bare number is seconds. */
export function nanoseconds(option: string, value: string): number {
  const [, number, unit = 's'] = /^(\d+(?:\.\d+)?)\s*(ns|us|ms|s|min)?$/.exec(value.trim()) ?? [];
  const factor = UNITS[unit];
  if (number === undefined || factor === undefined) throw new UsageProblem(`${option} takes a duration, not '${value}'`, 'for example 1s, 20ms or 500us');
  return Number(number) * factor;
}
