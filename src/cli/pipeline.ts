// One scenario text, one question, one answer. Runs in a worker or, part by part, in the main thread; reads no files, prints nothing.

import { formatDiagnostic } from '../litmus/index.ts';
import type { Progress, Steps, Workers } from '../check/index.ts';
import type { Position, Scenario } from '../model/scenario.ts';
import type { DebateRow } from '../results/debate.ts';
import type { CheckResult } from '../results/verdict.ts';
import type { CheckOptions, Engine, Judged } from './engine.ts';
import type { Override } from './parse-arguments.ts';

/** Plain data: crosses to a worker. */
export type Question =
  | { readonly mode: 'check' }
  | { readonly mode: 'debate' }
  | { readonly mode: 'compare'; readonly left: Override; readonly right: Override }
  | { readonly mode: 'simulate'; readonly runs: number; readonly seed: number }
  | { readonly mode: 'replay'; readonly token: string };

export type Settings = Omit<CheckOptions, 'now' | 'stop' | 'progress' | 'workers'>;

export interface Task {
  /** As it is shown in messages and the replay line. */
  readonly file: string;
  readonly text: string;
  readonly question: Question;
  readonly settings: Settings;
}

export type Answer =
  /** One result; for compare two, left and right. Rows only for the debate. */
  | { readonly kind: 'results'; readonly results: readonly CheckResult[]; readonly rows: readonly DebateRow[] }
  /** Wrong use: a text that does not parse, a token that does not fit. */
  | { readonly kind: 'rejected'; readonly messages: readonly string[] }
  | { readonly kind: 'failed'; readonly message: string };

export interface Surroundings {
  readonly now: () => number;
  readonly stop: () => boolean;
  readonly progress?: (progress: Progress) => void;
  readonly workers?: Workers;
}

/** In parts of some milliseconds: between them the caller can hear signals and messages. */
export function* answer(engine: Engine, task: Task, surroundings: Surroundings): Steps<Answer> {
  try {
    const read = engine.read(task.text, task.file);
    if (!read.ok) return { kind: 'rejected', messages: read.messages };
    return yield* ask(engine, task, read.scenario, surroundings);
  } catch (error) {
    return { kind: 'failed', message: `${task.file}: ${error instanceof Error ? error.message : String(error)}` };
  }
}

function* ask(engine: Engine, task: Task, scenario: Scenario, surroundings: Surroundings): Steps<Answer> {
  const { file, question } = task;
  const options: CheckOptions = { ...task.settings, ...surroundings };
  const own = function* (): Steps<Judged> {
    const judged = placed(yield* engine.check(scenario, file, options), task);
    return options.contract.length === 0 ? judged : elsewhere(judged);
  };
  const under = function* (override: Override): Steps<Judged> {
    return elsewhere(placed(yield* engine.check(scenario, file, { ...options, contract: [...options.contract, override] }), task));
  };
  switch (question.mode) {
    case 'check':
      return together([yield* own()]);
    case 'debate':
      return yield* debate(scenario, yield* own(), under);
    case 'compare':
      return together([yield* under(question.left), yield* under(question.right)]);
    case 'simulate':
      return together([placed(yield* engine.simulate(scenario, file, { ...options, runs: question.runs, seed: question.seed }), task)]);
    case 'replay':
      return together([placed(engine.replay(scenario, file, question.token, options), task)]);
  }
}

/** A message with a place is told with its line of the scenario. */
function placed(judged: Judged, { file, text }: Task): Judged {
  if (judged.ok || judged.at === undefined) return judged;
  const { line, column } = judged.at;
  return { ok: false, message: formatDiagnostic(text, { file, line, column, length: 1, message: judged.message, expected: [], hint: null }) };
}

function together(judged: readonly Judged[], rows: readonly DebateRow[] = []): Answer {
  const messages = [...new Set(judged.flatMap((j) => (j.ok ? [] : [j.message])))];
  return messages.length > 0 ? { kind: 'rejected', messages } : { kind: 'results', results: judged.flatMap((j) => (j.ok ? [j.result] : [])), rows };
}

/** What a file declares holds under its own contract, not under one that was asked for. */
function elsewhere(judged: Judged): Judged {
  return judged.ok ? { ok: true, result: { ...judged.result, asExpected: null } } : judged;
}

/** A position that the scenario's own contract already takes is not searched again. */
function* debate(scenario: Scenario, own: Judged, under: (override: Override) => Steps<Judged>): Steps<Answer> {
  if (!own.ok) return together([own]);
  const judged: { readonly position: Position; readonly judged: Judged }[] = [];
  for (const position of scenario.positions) judged.push({ position, judged: own.result.contract[position.key] === position.value ? own : yield* under(position) });
  const failed = judged.filter((j) => !j.judged.ok);
  if (failed.length > 0) return together(failed.map((j) => j.judged));
  const rows = judged.flatMap(({ position: { key, value, by, claims }, judged: j }): DebateRow[] => (j.ok ? [{ position: `${key}=${value}`, by, claims, result: j.result }] : []));
  return together([own], rows);
}
