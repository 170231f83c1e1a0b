// Files to answers: gathers, asks, handles Ctrl-C, tells problems on standard error. Used by every command that checks.

import type { DebateRow } from '../results/debate.ts';
import { judge } from '../results/judgement.ts';
import type { CheckResult } from '../results/verdict.ts';
import { EXIT, exitOf, worst } from './exit.ts';
import { corpusFolder } from './package-folder.ts';
import type { Question, Settings, Task } from './pipeline.ts';
import { run } from './pool.ts';
import { safeName, scenarioOf } from '../check/replay.ts';
import { gather, type Gathered } from './scenario-files.ts';
import { progressLine } from './terminal.ts';

export interface Checked {
  /** By file, in their order; those rejected or failed are left out. */
  readonly results: readonly (readonly CheckResult[])[];
  readonly rows: readonly DebateRow[];
  /** What could not be read, parsed or checked; already told on standard error. */
  readonly errors: readonly string[];
  /** The worst so far: problems with files, failures, and for check the results. */
  readonly exit: number;
  /** Wall time. */
  readonly milliseconds: number;
}

export async function checkPaths(paths: readonly string[], question: Question, settings: Settings, workers: number | null): Promise<Checked> {
  const start = performance.now();
  const gathered = gather(paths.length === 0 ? [corpusFolder()] : paths);
  const { files, problems } = question.mode === 'replay' ? meant(gathered, question.token) : gathered;
  tell(problems);
  const codes: number[] = problems.length > 0 ? [EXIT.usage] : [];
  const line = progressLine(files.length);
  const tasks = files.map(({ file, text }): Task => ({ file, text, question, settings }));
  const { answers, interrupt } = run(tasks, { workers, progress: line === null ? null : line.show });
  const unhook = onInterrupt(interrupt);
  const given = await answers;
  unhook();
  line?.clear();
  const errors: string[] = [...problems];
  const results: (readonly CheckResult[])[] = [];
  const rows: DebateRow[] = [];
  for (const answer of given) {
    if (answer.kind === 'results') {
      results.push(answer.results);
      rows.push(...answer.rows);
      if (question.mode !== 'compare') codes.push(...answer.results.map((result) => exitOf(judge(result))));
    } else if (answer.kind === 'rejected') {
      tell(answer.messages);
      errors.push(...answer.messages);
      codes.push(EXIT.usage);
    } else {
      tell([`internal failure: ${oneLine(answer.message)}, please report`]);
      errors.push(answer.message);
      codes.push(EXIT.failed);
    }
  }
  return { results, rows, errors, exit: worst(codes), milliseconds: performance.now() - start };
}

/** Of several files, a token means the one that holds its scenario. */
function meant({ files, problems }: Gathered, token: string): Gathered {
  const wanted = scenarioOf(token);
  if (files.length < 2) return { files, problems };
  if (wanted === null) return { files: [], problems: [...problems, 'this is not a replay token; it begins with "f1." and stands at the end of a counterexample'] };
  const named = files.filter(({ text }) => safeName(/^\s*litmus[ \t]+(\S+)/m.exec(text)?.[1] ?? '') === wanted);
  return named.length > 0 ? { files: named, problems } : { files: [], problems: [...problems, `none of ${files.length} files holds the scenario '${wanted}' of the replay token; name its file`] };
}

/** The first Ctrl-C ends the search, the second the program. Gives back what takes the handler away. */
function onInterrupt(interrupt: () => void): () => void {
  let asked = false;
  const handler = (): void => {
    if (asked) process.exit(EXIT.interrupted);
    asked = true;
    process.stderr.write('\nfencepost: ending the search; once more to stop at once\n');
    interrupt();
  };
  process.on('SIGINT', handler);
  return () => void process.off('SIGINT', handler);
}

export function tell(messages: readonly string[]): void {
  for (const message of messages) process.stderr.write(`${message}\n`);
}

function oneLine(text: string): string {
  return text.replace(/\s*[\r\n]+\s*/g, ' ');
}
