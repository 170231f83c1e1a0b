// a revoke that stops waiting (D1, V3t).

import { eachExpression, type Statement } from '../../source/c-tree.ts';
import type { Place } from '../../results/audit.ts';
import { mappingCountOf } from '../mapping-count.ts';
import { revokesOf, tryRevoke, waysOf } from '../revoke-trial.ts';
import type { TreeView } from '../tree-view.ts';
import { REVOKE, toyExporter } from './toy-exporter.ts';
import type { ExporterRule, Found } from './rule.ts';

export const rule: ExporterRule = {
  judge: 'exporter',
  header: {
    id: 'revoke-timeout',
    title: 'a revoke goes on when its wait runs out of time, or when a signal ends it',
    why: 'Slow firmware or a loaded machine makes the importer late, and then the device is switched off under a live mapping. A wait that only warns and sleeps on is fine.',
    obligation: 'P3',
    source: 'Koenig 31872c87, 2026-01-30, on v5 of the revoke series; SEMANTICS D1 (V3t), F-pattern o',
    confidence: 'high',
    falsePositives: 'A wait whose result makes the caller give up what it wanted to do.',
    broken: toyExporter({ revoke: REVOKE.replace('wait_for_completion(&bar->comp)', 'wait_for_completion_timeout(&bar->comp, HZ)') }),
    clean: toyExporter({ revoke: REVOKE.replace('wait_for_completion(&bar->comp);', 'while (!wait_for_completion_timeout(&bar->comp, HZ))\n\t\tpr_warn("an importer does not unmap\\n");') }),
  },
  find: (view, profile) => revokesOf(profile).flatMap((path): readonly Found[] => {
    const count = mappingCountOf(profile);
    for (const { acts, moment } of waysOf(path)) {
      const after = acts.slice(moment + 1);
      for (const { act, at } of after) {
        const what = act.do === 'wait-fences' && act.timeout ? 'the fences' : act.do === 'completion-wait' && act.timeout && (count === null || act.object === count.completion) ? 'the unmaps' : null;
        if (act.do === 'completion-wait' && !act.timeout && count !== null && act.object === count.completion && isEndedBySignal(view, at)) return [{ at, text: 'goes on when a signal ends the wait for the unmaps', path: [] }];
        if (what === null || after.some((one) => one.act.do === act.do && 'timeout' in one.act && !one.act.timeout) || isAskedAgain(view, at)) continue;
        return [{ at, text: `goes on when the wait for ${what} runs out of time`, path: tryRevoke(profile, path)?.path ?? [] }];
      }
    }
    return [];
  }),
};

/** wait_for_completion_interruptible() whose result nobody looks at. */
function isEndedBySignal(view: TreeView, at: Place): boolean {
  const line = (view.code.text(at.file) ?? '').split('\n')[at.line - 1] ?? '';
  return /^\s*(?:\(void\)\s*)?wait_\w+_(?:interruptible|killable)\s*\(/.test(line);
}

/** The wait is what a loop asks for: it ends when the wait does. */
function isAskedAgain(view: TreeView, at: Place): boolean {
  const fn = view.code.functionIn(at.file, at.function);
  let found = false;
  const visit = (body: readonly Statement[]): void => {
    for (const one of body) {
      if (one.kind === 'while' || one.kind === 'do') {
        eachExpression([{ kind: 'expression', value: one.condition, line: one.line }], (part) => {
          if (part.kind === 'call' && part.line === at.line) found = true;
        });
      }
      if (one.kind === 'if' || one.kind === 'either') {
        visit(one.then);
        visit(one.otherwise);
      } else if ('body' in one) visit(one.body);
    }
  };
  if (fn !== null) visit(fn.body);
  return found;
}
