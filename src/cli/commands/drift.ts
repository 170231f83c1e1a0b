// `fencepost drift TREE [CATALOGUE]`: what changed in a tree since a catalogue was made.

import { driftOf } from '../../audit/drift.ts';
import { driftText } from '../../report/drift.ts';
import { auditPath, phaseText } from '../audit-engine.ts';
import { nearestCatalogue, readCatalogue } from '../catalogues.ts';
import { EXIT, UsageProblem } from '../exit.ts';
import { longWork } from '../long-work.ts';
import type { DriftRequest } from '../parse-arguments.ts';
import { terminalForm } from '../terminal.ts';

export async function drift(request: DriftRequest): Promise<number> {
  return longWork(async ({ show, stop }) => {
    const named = request.catalogue === null ? null : readCatalogue(request.catalogue);
    const found = await auditPath(request.path, { workers: request.workers, useCache: request.useCache, stop, progress: (phase, done, total) => show(phaseText(phase, done, total)) });
    if (found.kind === 'stopped' || stop()) return null;
    if (!found.isTree) throw new UsageProblem(`${request.path} is not a kernel tree`, 'drift compares whole trees');
    const before = named ?? nearestCatalogue(found.catalogue.tree);
    const changes = driftOf(before, found.catalogue);
    const lines = driftText({ version: before.tree.version, date: before.date }, { version: found.catalogue.tree.version }, changes, terminalForm(false, []));
    process.stdout.write(`${lines.join('\n')}\n`);
    return changes.length === 0 ? EXIT.fine : EXIT.bad;
  });
}
