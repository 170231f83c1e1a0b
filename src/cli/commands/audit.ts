// `fencepost audit [TREE|DIR|FILE]`: facts from C or from a catalogue, every pair judged now, one matrix.

import { exporterScenario, importerScenario, judgePairs, pairScenario, storyOf, type JudgedPairs, type JudgeOptions } from '../../audit/pairs.ts';
import { pairIn, pairNamed, subjectNamed } from '../../audit/select.ts';
import { auditJson } from '../../report/audit-json.ts';
import { matrixMarkdown } from '../../report/audit-markdown.ts';
import { matrixText } from '../../report/audit-matrix.ts';
import { storyText } from '../../report/audit-story.ts';
import { auditSummary, evidenceText, ledgerText } from '../../report/audit-summary.ts';
import type { AuditResult, Pair } from '../../results/audit.ts';
import { phaseText } from '../audit-engine.ts';
import { audited, nameProblem, type Audited } from '../audit-sides.ts';
import { bundledCatalogue, writeCatalogue } from '../catalogues.ts';
import { EXIT } from '../exit.ts';
import { longWork } from '../long-work.ts';
import type { AuditRequest, PairName } from '../parse-arguments.ts';
import { terminalForm } from '../terminal.ts';

export async function audit(request: AuditRequest): Promise<number> {
  return longWork(async (told) => {
    const facts = await audited(request, told);
    if (facts === null || told.stop()) return null;
    if (request.writeCatalogue !== null) writeCatalogue(request.writeCatalogue, facts.catalogue);
    const options: JudgeOptions = { contract: facts.catalogue.tree.contract, now: () => performance.now(), progress: (done, total) => told.show(phaseText('judge', done, total)) };
    const { litmus, why } = request;
    if (litmus !== null) return print(told.unheard(() => scenario(litmus, request, facts, options)), EXIT.fine);
    if (why !== null) {
      const { text, pair } = told.unheard(() => story(why, request, facts, options));
      return print(text, exitOf([pair]));
    }
    told.show(phaseText('judge', 0, 0));
    const judged = keptPairs(facts) ?? told.unheard(() => judgedNow(facts, options));
    return print(matrix(request, facts, judged), exitOf(judged.pairs));
  });
}

/** The matrix of the bundled catalogue, for the start without arguments; null where there is none. */
export function bundledMatrix(): readonly string[] | null {
  const catalogue = bundledCatalogue();
  if (catalogue === null) return null;
  const { importers, exporters, tree } = catalogue;
  const { pairs } = judgePairs(importers, exporters, { contract: tree.contract, now: () => performance.now() });
  return [`Linux ${tree.version}: exporters and importers, as read from its source on ${catalogue.date}, judged now`, '', ...matrixText({ importers, exporters, pairs }, terminalForm(false, []))];
}

function print(text: string, exit: number): number {
  process.stdout.write(text);
  return exit;
}

function matrix(request: AuditRequest, facts: Audited, { pairs, ledger }: JudgedPairs): string {
  const { catalogue, importers, exporters, against } = facts;
  const result: AuditResult = {
    tree: catalogue.tree, importers: catalogue.importers, exporters: catalogue.exporters, references: catalogue.references, coverage: catalogue.coverage, pairs, ledger: [...catalogue.ledger, ...ledger],
  };
  if (request.format === 'json') return auditJson(result, against === null ? null : { ...against.tree, date: against.date });
  if (request.format === 'markdown') return matrixMarkdown(against?.tree ?? catalogue.tree, { importers, exporters, pairs });
  const form = terminalForm(request.verbose, []);
  const isEmpty = result.importers.length + result.exporters.length === 0;
  return `${[
    ...(isEmpty ? ['no importer and no exporter was found'] : [headline(request, facts), '', ...matrixText({ importers, exporters, pairs }, form)]),
    '', ...auditSummary(result, form),
    ...(request.verbose ? [...evidenceText(result, form), ...(result.ledger.length === 0 ? [] : ['', form.palette.strong('ledger'), ...ledgerText(result, form)])] : []),
  ].join('\n')}\n`;
}

function headline({ path }: AuditRequest, { catalogue, against }: Audited): string {
  if (against !== null) return `${path ?? ''} with Linux ${against.tree.version} (catalogue of ${against.date})`;
  return `Linux ${catalogue.tree.version}, ${catalogue.tree.contract}${path === null ? `, catalogue of ${catalogue.date}` : ''}`;
}

function judgedNow(facts: Audited, options: JudgeOptions): JudgedPairs {
  const judged = judgePairs(facts.importers, facts.exporters, options, facts.matters);
  facts.keep?.pairs.write(JSON.stringify(judged));
  return judged;
}

/** Pairs of an unchanged tree that this same program has judged before. */
function keptPairs(facts: Audited): JudgedPairs | null {
  const text = facts.keep?.pairs.read() ?? null;
  if (text === null) return null;
  try {
    const kept = JSON.parse(text) as JudgedPairs;
    return kept.pairs.length === facts.importers.length * facts.exporters.length ? kept : null;
  } catch {
    return null;
  }
}

/** 4 where the worst that can be said is that a condition decides. A refusal is an answer, not a finding. */
function exitOf(pairs: readonly Pair[]): number {
  if (pairs.some((one) => one.verdict === 'broken' || one.verdict === 'hangs')) return EXIT.bad;
  return pairs.some((one) => one.verdict === 'undecided') ? EXIT.open : EXIT.fine;
}

function story(name: PairName, request: AuditRequest, facts: Audited, options: JudgeOptions): { readonly text: string; readonly pair: Pair } {
  const named = 'both' in name ? pairIn(name.both, facts) : pairNamed(name.exporter, name.importer, facts);
  if (!named.ok) throw nameProblem(named.problem, request.path);
  const told = storyOf(named.one.importer, named.one.exporter, options);
  return { text: `${storyText(told, terminalForm(request.verbose, [])).join('\n')}\n`, pair: told.pair };
}

function scenario(name: string, request: AuditRequest, facts: Audited, options: JudgeOptions): string {
  const named = subjectNamed(name, facts);
  if (!named.ok) throw nameProblem(named.problem, request.path);
  const { one } = named;
  switch (one.kind) {
    case 'pair':
      return pairScenario(one.importer, one.exporter, options);
    case 'importer':
      return importerScenario(one.importer, options);
    case 'exporter':
      return exporterScenario(one.exporter, options);
  }
}
