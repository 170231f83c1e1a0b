// `fencepost check-source ARGUMENTS`: the checker of a kernel build (make C=1). One line a finding, nothing else; a file that only warns is no failure.

import { existsSync, realpathSync, statSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';
import { findingsReport } from '../../audit/findings-report.ts';
import { RULES } from '../../audit/rules/index.ts';
import { findingLines } from '../../report/finding-text.ts';
import { CONFIDENCES, type Confidence, type Finding } from '../../results/finding.ts';
import { auditSource } from '../audit-engine.ts';
import { compilerArguments } from '../compiler-arguments.ts';
import { EXIT, UsageProblem } from '../exit.ts';
import { terminalForm } from '../terminal.ts';

const CONFIDENCE = '--confidence=';

export async function checkSource(args: readonly string[]): Promise<number> {
  const { files, folders } = compilerArguments(args);
  const confidence = confidenceOf(args.findLast((word) => word.startsWith(CONFIDENCE))?.slice(CONFIDENCE.length));
  const present = files.filter((file) => statSync(file, { throwIfNoEntry: false })?.isFile() === true);
  if (present.length === 0) throw new UsageProblem(files.length === 0 ? 'check-source: no file among the arguments' : `check-source: ${files.join(', ')}: no such file`, 'make C=1 CHECK="fencepost check-source"');
  for (const file of present) for (const one of await findingsIn(file, folders, confidence)) process.stdout.write(`${findingLines(one, terminalForm(false, []))[0] ?? ''}\n`);
  return EXIT.fine;
}

/** Of this file alone, by the name that the build knows it by. */
async function findingsIn(file: string, folders: readonly string[], confidence: Confidence): Promise<readonly Finding[]> {
  // A build asks first whether the checker works, with a file that is no C by its name.
  if (!file.endsWith('.c')) return [];
  const real = realpathSync(file);
  const found = await auditSource(real, folders.flatMap(headersAbove));
  if (found === null) return [];
  const path = relative(found.root, real);
  const { findings } = findingsReport(found.rules, { rules: RULES.map(({ header }) => header), confidence, baseline: null, looked: () => true });
  // What a callback of this file does elsewhere is this file's finding.
  return findings.map((one) => ({ ...one, file: one.file === path ? file : relative('', join(found.root, one.file)) }));
}

/** The folder above `include` that has the sharing API's header: that of a kernel tree, or of its headers alone. */
function headersAbove(folder: string): readonly string[] {
  const root = resolve(folder, '..');
  return existsSync(join(root, 'include/linux/dma-buf.h')) ? [root] : [];
}

function confidenceOf(text: string | undefined): Confidence {
  const found = CONFIDENCES.find((one) => one === (text ?? 'high'));
  if (found === undefined) throw new UsageProblem(`--confidence cannot be '${text ?? ''}'`, `it is one of ${CONFIDENCES.join(', ')}`);
  return found;
}
