// The part of the option table that belongs to `fencepost trace` and its subcommands. One row a subcommand, named "trace WORD".

import type { CommandRow, OptionRow } from './options.ts';

export const TRACE_FORMATS = ['text', 'json', 'ktap', 'perfetto', 'mermaid'] as const;
export type TraceFormat = (typeof TRACE_FORMATS)[number];

export const TRACE_OPTIONS = [
  { name: 'format', value: 'FORM', choices: TRACE_FORMATS, completes: TRACE_FORMATS, text: 'form of the output' },
  { name: 'buffer', value: 'INO', completes: 'nothing', text: 'only the buffer with this inode number; mermaid shows the first one otherwise' },
  { name: 'slow', value: 'DURATION', completes: 'nothing', text: 'tell every revoke that took longer, with what it waited for: 1s, 20ms, 500us' },
  { name: 'at', value: 'LINE', completes: 'nothing', text: 'the possible states of every object behind this line of the log' },
  { name: 'follow', value: null, text: 'read a pipe as it fills, and tell each thing when it happens' },
  { name: 'probes', value: 'FILE', completes: 'files', text: 'the probe definitions that were armed (dynamic_events, kprobe_events, or the recipe), where the log itself does not tell' },
  { name: 'verbose', value: null, text: 'show every object, obligation and entry of the ledger' },
] as const satisfies readonly OptionRow[];

export const TRACE_COMMANDS: readonly CommandRow[] = [
  {
    name: 'trace',
    arguments: [{ name: 'FILE', required: false, repeats: true, completes: 'files', text: 'logs of a running kernel: tracefs trace or trace_pipe, trace-cmd report, perf script, bpftrace, trace.dat, each also gzipped; - is standard input' }],
    options: TRACE_OPTIONS,
    text: 'hold what a running kernel did against the contract; say how long each revoke took, and for whom it waited',
    exits: 'Exit: 1 for a broken obligation or a hanging revoke, 4 if nothing could be judged, else 0 (an anomaly is no finding).',
  },
];
