// `fencepost trace FILE…`: reads logs of a running kernel and holds them against the contract.

import { readFileSync } from 'node:fs';
import { traceJson } from '../../report/trace-json.ts';
import { traceKtap } from '../../report/trace-ktap.ts';
import { traceMermaid } from '../../report/trace-mermaid.ts';
import { perfettoWriter } from '../../report/trace-perfetto.ts';
import { revokeLine, traceText as report } from '../../report/trace-text.ts';
import { stamp } from '../../report/trace-words.ts';
import { judgeTrace, type TimelineFact, type TraceResult } from '../../results/trace.ts';
import { DAT_MAGIC, traceDat, traceText, WINDOW, type LiveListener, type ReadAt, type Traced, type TraceOptions } from '../../trace/index.ts';
import { EXIT, UsageProblem, worst } from '../exit.ts';
import { terminalForm } from '../terminal.ts';
import { openDatFile, openLog, uncompress } from '../trace-input.ts';
import type { TraceFilesRequest } from '../trace-request.ts';

const MOST_FACTS = 100_000;

export async function trace(request: TraceFilesRequest): Promise<number> {
  const paths = request.paths.length === 0 ? ['-'] : request.paths;
  const probes = request.probes === null ? [] : probesIn(request.probes);
  const results: TraceResult[] = [];
  const problems: string[] = [];
  const codes: number[] = [];
  for (const path of paths) {
    try {
      const timeline: TimelineFact[] = [];
      const traced = await read(path, request, probes, timeline);
      const problem = problemText(path, traced);
      if (problem !== null) {
        problems.push(problem.text);
        codes.push(problem.exit);
        if (problem.exit === EXIT.usage) continue;
      }
      if (request.at !== null) {
        process.stdout.write(`${[`behind line ${request.at} of ${path}:`, ...traced.states].join('\n')}\n`);
        continue;
      }
      const result = narrowed(traced.result, request.buffer);
      results.push(result);
      if (request.format === 'mermaid') process.stdout.write(traceMermaid(traced.result, timeline, request.buffer));
      codes.push({ fine: EXIT.fine, bad: EXIT.bad, open: EXIT.open }[judgeTrace(result)]);
    } catch (error) {
      if (!(error instanceof UsageProblem) || paths.length === 1) throw error;
      problems.push(error.message);
      codes.push(EXIT.usage);
    }
  }
  for (const problem of problems) process.stderr.write(`fencepost: ${problem}\n`);
  if (request.at === null && (results.length > 0 || request.format === 'ktap')) process.stdout.write(rendered(request, results, problems));
  return worst(codes);
}

async function read(path: string, request: TraceFilesRequest, probes: readonly string[], timeline: TimelineFact[]): Promise<Traced> {
  const dat = openDatFile(path);
  const perfetto = request.format === 'perfetto' ? perfettoWriter() : null;
  const wanted = (fact: TimelineFact): boolean => request.buffer === null || fact.ino === request.buffer;
  const options: TraceOptions = {
    file: path === '-' ? 'standard input' : path, slow: request.slow, until: request.at, probes, window: request.follow ? 0 : WINDOW,
    ...(perfetto !== null ? { timeline: (fact) => void (wanted(fact) && process.stdout.write(perfetto.span(fact))) } : {}),
    ...(request.format === 'mermaid' ? { timeline: (fact) => void (wanted(fact) && timeline.length < MOST_FACTS && timeline.push(fact)) } : {}),
    ...(request.follow ? { live: liveLines() } : {}),
  };
  if (perfetto !== null) process.stdout.write(perfetto.begin());
  const traced = dat === null ? await readText(path, options) : readBinary(path, options, dat);
  if (perfetto !== null) process.stdout.write(perfetto.end(traced.result.log.clock));
  return traced;
}

function readBinary(path: string, options: TraceOptions, dat: { readonly read: ReadAt; readonly close: () => void }): Traced {
  try {
    const given = traceDat(options, dat.read, uncompress, () => false);
    if (!given.ok) throw new UsageProblem(`${path}: this trace.dat cannot be read: ${given.message}`);
    return given.traced;
  } finally {
    dat.close();
  }
}

async function readText(path: string, options: TraceOptions): Promise<Traced> {
  const { parts, close } = await openLog(path);
  const run = traceText(options);
  // Ctrl-C ends the reading; what is known so far is told.
  process.once('SIGINT', close);
  process.once('SIGTERM', close);
  let isFirst = true;
  for await (const part of parts) {
    if (isFirst && DAT_MAGIC.every((byte, i) => part[i] === byte)) throw new UsageProblem(`${path}: a trace.dat must be a file that is not packed`, 'save or unpack it first: it is read in many places');
    if (isFirst && part.subarray(0, 4096).includes(0)) throw new UsageProblem(`${path}: binary, but no trace.dat`, 'a trace.dat begins with the bytes 17 08 44 "tracing"; trace-cmd report and perf script turn other files into text');
    isFirst = false;
    run.push(part.toString('latin1'));
  }
  process.off('SIGINT', close);
  process.off('SIGTERM', close);
  return run.end();
}

/** Each thing as it happens. */
function liveLines(): LiveListener {
  const say = (text: string): void => void process.stdout.write(`${text}\n`);
  return {
    revoke: (one) => {
      if (one.invalidates.length > 0) say(revokeLine(one, 'ns'));
    },
    anomaly: (one) => say(`${stamp(one.at.time, 'ns')} ${one.kind}: ${one.text}`),
    accused: ({ obligation, at, text }) => say(`${stamp(at.time, 'ns')} broken ${obligation}, line ${at.line}: ${text} (sure at the end of the log)`),
  };
}

function problemText(path: string, { problem, result }: Traced): { readonly text: string; readonly exit: number } | null {
  const name = path === '-' ? 'standard input' : path;
  switch (problem) {
    case null:
      return null;
    case 'empty':
      return { text: `${name} is empty`, exit: EXIT.usage };
    case 'no trace':
      return { text: `${name} is no trace: none of its ${result.log.lines} lines is an event\n  expected is tracefs text, trace-cmd report, perf script, bpftrace output of fencepost trace probes, or a trace.dat`, exit: EXIT.usage };
    case 'no events':
      return { text: `${name} is a trace without events\n  fencepost trace probes prints what to record`, exit: EXIT.open };
    case 'no dma-buf':
      return { text: `${name} has ${result.log.events} events, but none of dma-buf\n  fencepost trace probes prints what to record`, exit: EXIT.open };
  }
}

/** Function names in a recipe, dynamic_events or kprobe_events. */
function probesIn(path: string): readonly string[] {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    throw new UsageProblem(`${path}: cannot be read (${(error as NodeJS.ErrnoException).code ?? String(error)})`);
  }
  const found = [...text.matchAll(/^\s*(?:echo\s+['"])?[pfr]\d*(?::\S+)?\s+(?:\w+:)?([A-Za-z_]\w*)/gm)].map(([, name = '']) => name);
  if (found.length === 0) throw new UsageProblem(`${path}: no probe definition in it`, 'a line is like "p:name dma_buf_pin attach=$arg1:x64"');
  return [...new Set(found)];
}

/** Only what concerns one buffer. */
function narrowed(result: TraceResult, ino: number | null): TraceResult {
  if (ino === null) return result;
  const buffers = result.buffers.filter((one) => one.ino === ino);
  if (buffers.length === 0) throw new UsageProblem(`the log shows no buffer with inode ${ino}`, `it shows ${result.buffers.slice(0, 10).flatMap((one) => (one.ino === null ? [] : [one.ino])).join(', ')}`);
  return {
    ...result, buffers, violations: result.violations.filter((one) => one.ino === ino), anomalies: result.anomalies.filter((one) => one.ino === ino),
    revokes: result.revokes.filter(({ invalidates }) => invalidates.some((one) => one.ino === ino)),
  };
}

function rendered(request: TraceFilesRequest, results: readonly TraceResult[], problems: readonly string[]): string {
  switch (request.format) {
    case 'json':
      return traceJson(results);
    case 'ktap':
      return traceKtap(results, problems);
    case 'perfetto':
    case 'mermaid':
      // Written while the log was read.
      return '';
    case 'text': {
      const form = terminalForm(request.verbose, []);
      return results.map((one) => `${report(one, form).join('\n')}\n`).join('\n');
    }
  }
}
