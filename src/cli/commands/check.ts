// `fencepost check`: searches scenarios and prints what came out.

import { compareReport } from '../../report/compare.ts';
import type { Form } from '../../report/form.ts';
import { ftraceReport } from '../../report/ftrace.ts';
import { jsonReport } from '../../report/json.ts';
import { ktapReport } from '../../report/ktap.ts';
import { mermaidReport } from '../../report/mermaid.ts';
import { summary, textReport } from '../../report/text.ts';
import { judge } from '../../results/judgement.ts';
import type { CheckResult } from '../../results/verdict.ts';
import { EXIT, exitOf, worst } from '../exit.ts';
import type { CheckRequest, Override } from '../parse-arguments.ts';
import type { Question, Settings } from '../pipeline.ts';
import { checkPaths, type Checked } from '../run-check.ts';
import { terminalForm } from '../terminal.ts';

export async function check(request: CheckRequest): Promise<number> {
  if (request.watch) {
    const { watch } = await import('../watch.ts');
    return watch(request.paths, () => once(request));
  }
  return once(request);
}

async function once(request: CheckRequest): Promise<number> {
  const checked = await checkPaths(request.paths, questionOf(request), settingsOf(request), request.workers);
  if (request.compare !== null) return compared(request, request.compare, checked);
  const results = checked.results.flat();
  if (results.length > 0 || request.format === 'json' || request.format === 'ktap') process.stdout.write(rendered(request, results, checked));
  return checked.exit;
}

function questionOf(request: CheckRequest): Question {
  if (request.replay !== null) return { mode: 'replay', token: request.replay };
  if (request.compare !== null) return { mode: 'compare', ...request.compare };
  if (request.simulate !== null) return { mode: 'simulate', runs: request.simulate, seed: request.seed };
  return { mode: 'check' };
}

function settingsOf({ contract, symmetry, liveness, limits, order, format }: CheckRequest): Settings {
  return { contract, symmetry, liveness, limits, order, ...(format === 'ftrace' ? { run: true } : {}) };
}

function rendered(request: CheckRequest, results: readonly CheckResult[], { milliseconds, errors }: Checked): string {
  switch (request.format) {
    case 'json':
      return jsonReport(results, errors);
    case 'ktap':
      return ktapReport(results, errors);
    case 'mermaid':
      return mermaidReport(results);
    case 'ftrace':
      return ftraceReport(results);
    case 'text': {
      const form = formOf(request);
      const total = results.length > 1 ? `\n${summary(results, milliseconds, form)}\n` : '';
      return textReport(results, form) + total;
    }
  }
}

function formOf(request: CheckRequest): Form {
  const options = request.contract.map((one) => `--contract ${written(one)}`);
  if (request.order !== 'any') options.push(`--order ${request.order}`);
  return terminalForm(request.verbose, options);
}

function written({ key, value }: Override): string {
  return `${key}=${value}`;
}

/** Like diff: 1 where any two differ. A search that gave no answer counts as what it is. */
function compared(request: CheckRequest, sides: { readonly left: Override; readonly right: Override }, checked: Checked): number {
  const pairs = checked.results.flatMap(([leftResult, rightResult]) => (leftResult === undefined || rightResult === undefined ? [] : [{ left: written(sides.left), right: written(sides.right), leftResult, rightResult }]));
  if (request.format === 'text') {
    process.stdout.write(pairs.map((pair) => compareReport(pair, formOf(request))).join('\n'));
  } else process.stdout.write(rendered(request, pairs.flatMap((pair) => [pair.leftResult, pair.rightResult]), checked));
  const codes = pairs.map(({ leftResult, rightResult }) => {
    const silent = [leftResult, rightResult].map(judge).filter((judgement) => judgement === 'unfinished' || judgement === 'failed');
    return silent.length > 0 ? worst(silent.map(exitOf)) : leftResult.outcome === rightResult.outcome ? EXIT.fine : EXIT.bad;
  });
  return worst([checked.exit, ...codes]);
}
