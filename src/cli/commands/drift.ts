// `fencepost drift TREE [CATALOGUE]`: what changed in a tree since a catalogue was made.

import { driftOf } from '../../audit/drift.ts';
import { count, wrap } from '../../report/layout.ts';
import { auditPath, bundledCatalogue, readCatalogue } from '../audit-engine.ts';
import type { Catalogue } from '../../audit/catalogue.ts';
import { EXIT, UsageProblem } from '../exit.ts';
import type { DriftRequest } from '../parse-arguments.ts';
import { statusLine, terminalForm } from '../terminal.ts';

const RELEASES = ['7.3', '6.12'] as const;

export async function drift(request: DriftRequest): Promise<number> {
  let isStopped = false;
  const stop = (): void => {
    isStopped = true;
  };
  process.once('SIGINT', stop);
  const status = statusLine();
  try {
    const audited = await auditPath(request.path, { workers: request.workers, useCache: request.useCache, stop: () => isStopped, progress: (phase, done, total) => status?.show(`${phase}: ${done} of ${total}`) });
    status?.clear();
    if (audited.kind === 'stopped') return EXIT.interrupted;
    if (!audited.isTree) throw new UsageProblem(`${request.path} is not a kernel tree`, 'drift compares whole trees');
    const before = request.catalogue === null ? nearest(audited.catalogue) : readCatalogue(request.catalogue);
    const found = driftOf(before, audited.catalogue);
    const { width } = terminalForm(false, []);
    const lines = [`Linux ${before.tree.version} (${before.date}) to ${audited.catalogue.tree.version}: ${found.length === 0 ? 'no drift' : count(found.length, 'change')}`];
    for (const one of found) lines.push(...wrap(`${one.what.padEnd(8)} ${one.of}: ${one.text}`, width, 9));
    process.stdout.write(`${lines.join('\n')}\n`);
    return found.length === 0 ? EXIT.fine : EXIT.bad;
  } finally {
    status?.clear();
    process.off('SIGINT', stop);
  }
}

/** The bundled catalogue of the same contract. */
function nearest(tree: Catalogue): Catalogue {
  const all = RELEASES.flatMap((release) => bundledCatalogue(release) ?? []);
  const found = all.find((one) => one.tree.contract === tree.tree.contract) ?? all[0];
  if (found === undefined) throw new UsageProblem('no catalogue is bundled', 'name one: fencepost drift TREE CATALOGUE');
  return found;
}
