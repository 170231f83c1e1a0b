// Results as text for a terminal or a mail. One result: its story, verdict, blame, ledger, replay line.
// Several: one line each, and the whole of those that did not come out as declared.

import { judge, type Judgement } from '../results/judgement.ts';
import type { CheckResult, Counterexample } from '../results/verdict.ts';
import type { Form, Palette } from './form.ts';
import { count, duration, table, thousands, wrap, type Cell } from './layout.ts';
import { story, waitText } from './story.ts';

const WORDS: Readonly<Record<Judgement, string>> = { fine: 'ok', bad: 'bad', unfinished: 'open', open: 'open', failed: 'fail' };

/** Ends with a line break. */
export function textReport(results: readonly CheckResult[], form: Form): string {
  const [only, ...more] = results;
  if (only === undefined) return '';
  if (more.length === 0) return `${detail(only, form).join('\n')}\n`;
  const lines = lineTable(results, form);
  for (const result of results) if (judge(result) !== 'fine' || form.verbose) lines.push('', ...detail(result, form));
  return `${lines.join('\n')}\n`;
}

/** "92 scenarios: 92 as declared; 123,456 states, 1.20 s". Milliseconds of wall time. */
export function summary(results: readonly CheckResult[], milliseconds: number, form: Form): string {
  const tally = (wanted: Judgement): number => results.filter((result) => judge(result) === wanted).length;
  const declaredAll = results.every((result) => judge(result) !== 'fine' || result.asExpected === true);
  const parts = [form.palette.good(`${thousands(tally('fine'))} ${declaredAll ? 'as declared' : 'holding or as declared'}`)];
  const say = (wanted: Judgement, words: string, paint: (text: string) => string): void => {
    if (tally(wanted) > 0) parts.push(paint(`${thousands(tally(wanted))} ${words}`));
  };
  say('bad', 'broken or not as declared', form.palette.bad);
  say('unfinished', 'unfinished', form.palette.doubt);
  say('open', 'vacuous or undecided', form.palette.doubt);
  say('failed', 'failed in the tool', form.palette.bad);
  const states = results.reduce((sum, result) => sum + result.states, 0);
  return `${count(results.length, 'scenario')}: ${parts.join(', ')}; ${count(states, 'state')}, ${duration(milliseconds)}`;
}

/** One line a result. */
export function lineTable(results: readonly CheckResult[], form: Form): string[] {
  const rows = results.map((result): Cell[] => {
    const judgement = judge(result);
    const paint = paintOf(judgement, form.palette);
    return [{ text: WORDS[judgement], paint }, { text: result.scenario }, { text: result.outcome, paint }, { text: count(result.states, 'state') }, { text: duration(result.milliseconds) }];
  });
  const columns = [{ title: '' }, { title: '', least: 20 }, { title: '', least: 12 }, { title: '', right: true }, { title: '', right: true }];
  return table(columns, rows, form.width, form.unicode, false);
}

function detail(result: CheckResult, form: Form): string[] {
  const { palette, width } = form;
  const judgement = judge(result);
  const out = [`${palette.strong(result.scenario)}: ${paintOf(judgement, palette)(result.outcome)}${declared(result)}`];
  const [worst, ...others] = result.broken;
  if (worst !== undefined) out.push('', ...story(worst, form), '', ...verdictOf(worst, result.file, form));
  for (const refusal of result.refused) out.push(`refused: ${refusal.importer} in ${refusal.at} with ${signed(refusal.errno)}`);
  for (const other of others.filter((o, i) => o.code !== worst?.code && o.code !== worst?.blame.obligation && others.findIndex((x) => x.code === o.code) === i)) out.push(...wrap(`also ${other.code}: ${other.text} (${count(other.steps.length, 'step')})`, width, 2));
  out.push(...ledger(result, form));
  out.push(palette.dim(`${count(result.states, 'state')}, ${count(result.transitions, 'transition')}, depth ${thousands(result.depth)}, ${duration(result.milliseconds)}`));
  if (worst !== undefined && worst.replay !== '') out.push(replayLine(result, worst.replay, form));
  return out;
}

function declared(result: CheckResult): string {
  if (result.expected === null) return '';
  if (result.asExpected === true) return ', as declared';
  if (result.verdict === 'unfinished') return ` (the file declares ${result.expected})`;
  return result.asExpected === false ? `, but the file declares ${result.expected}` : ` (the file declares ${result.expected} under its own contract)`;
}

function verdictOf(found: Counterexample, file: string | null, form: Form): string[] {
  const { palette, width } = form;
  const out = wrap(`${found.code}: ${found.text}`, width, 2);
  const [first = '', ...rest] = out;
  const lines = [palette.bad(first), ...rest];
  if (found.waits.length > 0) lines.push(found.kind === 'deadlock' ? 'wait cycle:' : 'waits:', ...found.waits.flatMap((edge) => wrap(waitText(edge), width - 2, 2).map((line) => `  ${line}`)));
  const place = found.steps.findLast((step) => step.line > 0);
  if (place !== undefined) lines.push(palette.dim(`at: ${place.provenance ?? `${file ?? 'line'}:${place.line}`}`));
  const { party, object, obligation, text, source } = found.blame;
  lines.push(`blame: ${[party, object, obligation].filter((part) => part !== '').join(', ')}`);
  if (text !== '' && text !== found.text) lines.push(...wrap(text, width - 2).map((line) => `  ${line}`));
  if (source !== '') lines.push(...wrap(`source: ${source}`, width - 2, 2).map((line) => palette.dim(`  ${line}`)));
  return lines;
}

/** In short: what bounds the claim. All of it with `verbose`. */
function ledger(result: CheckResult, form: Form): string[] {
  const { bounds, reductions, unreached, assumptions, notCovered } = result.ledger;
  const most = form.verbose ? Infinity : 3;
  const part = (title: string, entries: readonly string[]): string[] => {
    if (entries.length === 0) return [];
    const shown = entries.slice(0, most);
    const left = entries.length - shown.length;
    return wrap(`${title}: ${shown.join('; ')}${left > 0 ? `; and ${left} more (--verbose)` : ''}`, form.width, 2);
  };
  const lines = [...part('not covered', notCovered), ...part('not reached', unreached), ...part('bounds', bounds)];
  if (form.verbose) lines.push(...part('reductions', reductions));
  lines.push(...part('assumed', assumptions));
  if (form.verbose) {
    lines.push(...part('source', result.source));
    lines.push(...part('contract', Object.entries(result.contract).map(([key, value]) => `${key}=${value}`)));
  }
  return lines.map((line) => form.palette.dim(line));
}

/** One line, never wrapped: it is to be copied. */
function replayLine(result: CheckResult, token: string, form: Form): string {
  const file = result.file === null ? 'FILE' : shellWord(result.file);
  return `replay: ${['fencepost check', file, ...form.options, '--replay', shellWord(token)].join(' ')}`;
}

/** Quoted for a POSIX shell where needed. */
export function shellWord(word: string): string {
  return /^[A-Za-z0-9_@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}

function signed(errno: string): string {
  return errno.startsWith('-') ? errno : `-${errno}`;
}

function paintOf(judgement: Judgement, palette: Palette): (text: string) => string {
  if (judgement === 'fine') return palette.good;
  return judgement === 'bad' || judgement === 'failed' ? palette.bad : palette.doubt;
}
