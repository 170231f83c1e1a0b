// `fencepost audit --rules`: findings of the rules in a tree, a folder or a file, held against a baseline.

import { existsSync } from 'node:fs';
import { updated } from '../../audit/baseline.ts';
import { findingsReport } from '../../audit/findings-report.ts';
import { findingsJson } from '../../report/findings-json.ts';
import { findingsKtap } from '../../report/findings-ktap.ts';
import { findingsSarif } from '../../report/findings-sarif.ts';
import { findingsText } from '../../report/findings-text.ts';
import { count } from '../../report/layout.ts';
import type { Finding } from '../../results/finding.ts';
import type { FindingsReport } from '../../results/findings-report.ts';
import { baselineIn, writeBaseline } from '../baseline-file.ts';
import { EXIT } from '../exit.ts';
import { longWork } from '../long-work.ts';
import type { RulesRequest } from '../parse-arguments.ts';
import { rulesAsked } from '../rule-words.ts';
import { runRules } from '../run-rules.ts';
import { terminalForm } from '../terminal.ts';
import { version } from '../version.ts';

export async function auditRules(request: RulesRequest): Promise<number> {
  const { rules, path } = rulesAsked(request.words, request.path, existsSync);
  const { baseline } = request;
  // Before the work: a mistake in it is told at once.
  const before = baseline === null ? null : baselineIn(baseline.file, baseline.update);
  return longWork(async (told) => {
    const ran = await runRules(path, rules, request, told);
    if (ran === null || told.stop()) return null;
    const { result, looked } = ran;
    const report = findingsReport(result, {
      rules: rules.map(({ header }) => header), confidence: request.confidence, looked,
      baseline: baseline === null || before === null ? null : { file: baseline.file, entries: before.entries },
    });
    if (baseline === null || before === null || !baseline.update) {
      process.stdout.write(rendered(report, request));
      return report.findings.length > 0 ? EXIT.bad : EXIT.fine;
    }
    const findings: readonly Finding[] = [...report.findings, ...report.known.map((one) => one.finding)];
    const gone = report.baseline?.gone ?? [];
    const after = updated(before, findings, gone);
    writeBaseline(baseline.file, after);
    process.stdout.write(`${[
      `${baseline.file}: ${count(after.entries.length, 'finding')}, ${report.findings.length} of them new and not judged yet`,
      // A reason that somebody wrote does not go silently.
      ...gone.map((one) => `gone: ${one.rule} in ${one.function}() at "${one.anchor}" (${one.reason})`),
    ].join('\n')}\n`);
    return EXIT.fine;
  });
}

function rendered(report: FindingsReport, { format, verbose }: RulesRequest): string {
  switch (format) {
    case 'text':
      return findingsText(report, terminalForm(verbose, []));
    case 'json':
      return findingsJson(report);
    case 'sarif':
      return findingsSarif(report, version);
    case 'ktap':
      return findingsKtap(report);
  }
}
