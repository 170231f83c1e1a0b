// A counterexample as a sequence diagram in plain text: one column a party, time downwards, the changed facts below each step.
// With many parties or little room, one line a step instead.

import type { Change, Counterexample, StoryStep, WaitEdge } from '../results/verdict.ts';
import type { Form } from './form.ts';
import { cut, wrap } from './layout.ts';

const MARGIN = 5;
const MOST_COLUMNS = 4;
const NARROWEST = 60;
/** The least a party's column may have, and what the last one should have. */
const LEAST = 12;
const LAST = 30;

export function story(found: Counterexample, form: Form): string[] {
  const parties = [...new Set(found.steps.map((step) => step.party))];
  const diagram = parties.length <= MOST_COLUMNS && form.width >= NARROWEST;
  const lines = diagram ? columns(found, parties, form) : rows(found, form);
  return lines.map((line) => line.trimEnd());
}

function columns(found: Counterexample, parties: readonly string[], form: Form): string[] {
  const room = form.width - MARGIN;
  const step = parties.length < 2 ? 0 : Math.max(LEAST, Math.min(Math.floor(room / parties.length), Math.floor((room - LAST) / (parties.length - 1))));
  const start = (index: number): number => MARGIN + index * step;
  const isLast = (index: number): boolean => index === parties.length - 1;
  const widthOf = (index: number): number => (isLast(index) ? form.width - start(index) : step - 2);
  const names = parties.map((party, i) => cut(party, widthOf(i), form.unicode));
  const ruleOf = (name: string): string => (form.unicode ? '─' : '-').repeat(name.length);
  const head = (cells: readonly string[]): string => ' '.repeat(MARGIN) + cells.map((cell, i) => (isLast(i) ? cell : cell.padEnd(step))).join('');
  const body = (one: StoryStep): string[] => {
    const index = parties.indexOf(one.party);
    // A step is alone on its line, so it may run on to the right; only the edge of the page wraps it.
    const width = form.width - start(index);
    const number = `${String(one.n).padStart(MARGIN - 2)}  `;
    const text = wrap(one.c, width, 4).map((line, i) => (i === 0 ? number : ' '.repeat(MARGIN)) + ' '.repeat(start(index) - MARGIN) + line);
    return [...text, ...changed(one.changes, width - 2).map((line) => ' '.repeat(start(index) + 2) + form.palette.dim(line))];
  };
  return [head(names), head(names.map(ruleOf)), ...withCycle(found, form, body)];
}

function rows(found: Counterexample, form: Form): string[] {
  return withCycle(found, form, (one) => {
    const number = `${String(one.n).padStart(MARGIN - 2)}  `;
    const text = wrap(`${one.party}: ${one.c}`, form.width - MARGIN, 4).map((line, i) => (i === 0 ? number : ' '.repeat(MARGIN)) + line);
    return [...text, ...changed(one.changes, form.width - MARGIN - 4).map((line) => ' '.repeat(MARGIN + 4) + form.palette.dim(line))];
  });
}

function changed(changes: readonly Change[], width: number): string[] {
  return changes.length === 0 ? [] : wrap(changes.map((change) => `${change.name} ${change.from} -> ${change.to}`).join(', '), width);
}

function withCycle(found: Counterexample, form: Form, body: (step: StoryStep) => string[]): string[] {
  const out: string[] = [];
  const begin = found.cycle;
  found.steps.forEach((step, index) => {
    if (index === begin) out.push(mark('from here for ever', form));
    out.push(...body(step));
  });
  if (begin !== null) {
    const back = found.steps[begin];
    out.push(back === undefined ? mark('nothing happens any more', form) : mark(`and again from ${back.n}`, form));
  }
  return out;
}

function mark(text: string, form: Form): string {
  const rule = (form.unicode ? '─' : '-').repeat(3);
  return form.palette.doubt(`${rule} ${text} ${rule}`);
}

/** "reset waits for lock bar.resv, held by gpu" */
export function waitText(edge: WaitEdge): string {
  const by = edge.by.length === 0 ? null : edge.by.join(', ');
  return `${edge.party} waits for ${WAITS[edge.waits](edge.object, by)}`;
}

const WAITS: Readonly<Record<WaitEdge['waits'], (object: string, by: string | null) => string>> = {
  lock: (object, by) => `lock ${object}, held by ${by ?? 'nobody'}`,
  fence: (object, by) => `fence ${object}, to be signalled by ${by ?? 'nobody'}`,
  unmap: (object, by) => `the unmap of ${object}, owed by ${by ?? 'nobody'}`,
  work: (object, by) => `work ${object}, to be run by ${by ?? 'nobody'}`,
  completion: (object, by) => `completion ${object}, to be completed by ${by ?? 'nobody'}`,
  callback: (object, by) => `callback ${object}, run by ${by ?? 'nobody'}`,
  condition: (object, by) => `${object}, to be made true by ${by ?? 'nobody'}`,
};
