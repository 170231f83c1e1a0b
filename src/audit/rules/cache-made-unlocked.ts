// something that is made once for a buffer, in an operation that two threads may run at once (B28).

import { expressionText, type Expression, type Statement } from '../../source/c-tree.ts';
import type { CFunction } from '../../source/syntax.ts';
import { callsOf } from '../c-reading.ts';
import { memberFunction } from '../exporters.ts';
import { codeOf, lineOf } from '../lexical-reach.ts';
import { toyExporter } from './toy-exporter.ts';
import type { ExporterRule, Found } from './rule.ts';

/** Called without the reservation: any number of threads may be in them. */
const UNLOCKED = ['begin_cpu_access', 'end_cpu_access', 'mmap', 'attach'];
const begin = (lock: string, unlock: string): string => toyExporter({
  before: `\nstatic int bar_begin(struct dma_buf *dmabuf, enum dma_data_direction dir)\n{\n\tstruct bar *bar = dmabuf->priv;\n\n${lock}\tif (!bar->table)\n\t\tbar->table = bar_table_of(bar, dir);\n${unlock}\treturn 0;\n}\n`,
  ops: '\t.begin_cpu_access = bar_begin,\n',
});

export const rule: ExporterRule = {
  judge: 'exporter',
  header: {
    id: 'cache-made-unlocked',
    title: 'an operation that runs without a lock makes something for the buffer if it is not there yet',
    why: 'Two threads find it missing, both make it, and one of the two is lost; or one uses what the other has not finished, or takes back after a failure.',
    obligation: null,
    source: 'udmabuf: serialise by resv, Jun 2026 (SEMANTICS F38); SEMANTICS B28',
    confidence: 'high',
    falsePositives: 'A lock that a callee takes around both, or a field that only one thread can see.',
    broken: begin('', ''),
    clean: begin('\tmutex_lock(&bar->lock);\n', '\tmutex_unlock(&bar->lock);\n'),
  },
  find: (view, _profile, found) => UNLOCKED.flatMap((member): readonly Found[] => {
    const fn = memberFunction(view, found, member);
    const place = fn === null ? null : view.lexical(fn);
    if (fn === null || place === null) return [];
    const body = codeOf(view, place);
    return madeIn(fn).flatMap(({ path, line }): readonly Found[] => {
      const before = body.split('\n').slice(0, Math.max(0, line - lineOf(view, place, 0))).join('\n');
      if (/lock|guard|reserve|cmpxchg|down_(?:read|write)/.test(before)) return [];
      return [{ at: { file: fn.file, line, function: fn.name }, text: `makes \`${path}\` if it is not there, and nothing keeps a second thread from doing the same`, path: [] }];
    });
  }),
};

/** `if (!a->b) { … a->b = make(…); … }` on an object that all users of the buffer share. */
function madeIn(fn: CFunction): readonly { readonly path: string; readonly line: number }[] {
  const shared = sharedNames(fn);
  const rows: { path: string; line: number }[] = [];
  const visit = (statements: readonly Statement[]): void => {
    for (const one of statements) {
      if (one.kind === 'if') {
        const path = absent(one.condition);
        if (path !== null && shared.has(/^\w+/.exec(path)?.[0] ?? '') && one.then.some((inner) => makes(inner, path))) rows.push({ path, line: one.line });
      }
      if (one.kind === 'if' || one.kind === 'either') {
        visit(one.then);
        visit(one.otherwise);
      } else if ('body' in one) visit(one.body);
    }
  };
  visit(fn.body);
  return rows;
}

/** "ubuf->sg" of `!ubuf->sg`. */
const absent = (one: Expression): string | null => (one.kind === 'unary' && one.op === '!' && one.of.kind === 'field' ? expressionText(one.of) : null);

const makes = (one: Statement, path: string): boolean => one.kind === 'expression' && one.value.kind === 'assign' && one.value.op === '=' && expressionText(one.value.to) === path && callsOf(one.value.value).length > 0;

/** Names that stand for the buffer or for its exporter's object. */
function sharedNames(fn: CFunction): ReadonlySet<string> {
  const names = new Set(fn.parameters.filter(({ type }) => /\bdma_buf\b/.test(type)).map(({ name }) => name));
  for (const one of fn.body) {
    if (one.kind === 'declare' && one.value !== null && [...names].some((name) => new RegExp(`\\b${name}\\b`).test(expressionText(one.value ?? { kind: 'opaque', text: '', line: 0 })))) names.add(one.name);
  }
  return names;
}
