// A baseline on the disk.

import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { EMPTY_BASELINE, baselineText, readBaseline, type Baseline } from '../audit/baseline.ts';
import { errorCode } from '../source/tree.ts';
import { UsageProblem } from './exit.ts';

/** Throws UsageProblem. A file that is not there is empty where it is about to be written. */
export function baselineIn(file: string, mayLack: boolean): Baseline {
  if (mayLack && !existsSync(file)) return EMPTY_BASELINE;
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    throw new UsageProblem(`the baseline ${file} cannot be read (${errorCode(error)})`, `fencepost audit --rules TREE --baseline ${file} --update-baseline makes one`);
  }
  const read = readBaseline(text);
  if (!read.ok) throw new UsageProblem(`${file}:${read.line}: ${read.message}`);
  return read.baseline;
}

/** Throws UsageProblem. */
export function writeBaseline(file: string, baseline: Baseline): void {
  try {
    writeFileSync(file, baselineText(baseline));
  } catch (error) {
    throw new UsageProblem(`${file} cannot be written (${errorCode(error)})`);
  }
}
