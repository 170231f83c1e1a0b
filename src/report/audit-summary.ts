// Around the matrix: one line for what was judged, one for what was read; the evidence of every fact and the ledger for who wants all of it.

import type { AuditResult, PairVerdict } from '../results/audit.ts';
import { exporterFacts, importerFacts } from './audit-story.ts';
import type { Form } from './form.ts';
import { count, wrap } from './layout.ts';

const VERDICTS: readonly PairVerdict[] = ['holds', 'refused', 'broken', 'hangs', 'undecided'];

export function auditSummary(result: AuditResult, form: Form): string[] {
  const tally = (verdict: PairVerdict): number => result.pairs.filter((one) => one.verdict === verdict).length;
  const parts = VERDICTS.map((verdict) => [verdict, tally(verdict)] as const).filter(([, n]) => n > 0).map(([verdict, n]) => `${n} ${verdict}`);
  const { functions, withParseError } = result.coverage;
  const share = functions === 0 ? 0 : (withParseError / functions) * 100;
  const judged = `${count(result.importers.length, 'importer')}, ${count(result.exporters.length, 'exporter')}, ${count(result.pairs.length, 'pair')}`;
  return [
    `${judged}${parts.length === 0 ? '' : `: ${parts.join(', ')}`}`,
    `${count(functions, 'function')} read, ${withParseError} not in full (${share.toFixed(1)} %); ${count(result.ledger.length, 'entry', 'entries')} in the ledger${form.verbose ? '' : ' (--verbose shows them)'}`,
  ];
}

/** Every importer and exporter with its facts and their places. */
export function evidenceText({ importers, exporters, references }: Pick<AuditResult, 'importers' | 'exporters' | 'references'>, { palette, width }: Form): string[] {
  const block = (title: string, facts: readonly string[]): string[] => ['', palette.strong(title), ...facts.flatMap((fact) => wrap(fact, width - 2, 4).map((line) => `  ${line}`))];
  return [
    ...exporters.flatMap((one) => block(`exporter ${one.id}`, exporterFacts(one))),
    ...importers.flatMap((one) => block(`importer ${one.id}`, importerFacts(one))),
    ...(references.length === 0 ? [] : block('never attach', references.map((one) => `${one.file}:${one.line} ${one.function}(): ${one.how === 'vmap' ? 'maps into the kernel' : 'takes a reference'}`))),
  ];
}

export function ledgerText(result: Pick<AuditResult, 'ledger'>, form: Form): string[] {
  return result.ledger.flatMap((row) => {
    const place = `${row.file}${row.line === 0 ? '' : `:${row.line}`}`;
    // Said once, at the start.
    const reason = row.file === '' ? row.reason : row.reason.replace(` (${place})`, '').replace(` at ${place}`, '');
    return wrap(`${place}${row.function === '' ? '' : ` ${row.function}()`} ${reason}`.trim(), form.width, 4);
  });
}
