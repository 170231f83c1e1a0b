// What the bundled corpus says of itself, read from the heads of its files without the parser: `list` and `explain` are to be quick.

import { existsSync, readFileSync } from 'node:fs';
import { basename, relative } from 'node:path';
import { corpusFolder } from './package-folder.ts';
import { below } from './scenario-files.ts';

export interface CorpusEntry {
  /** Relative to the package: "litmus/revoke/v3.litmus". */
  readonly file: string;
  readonly name: string;
  /** "broken N2", empty where nothing is declared. */
  readonly expected: string;
  readonly text: string;
}

export function corpusIndex(): CorpusEntry[] {
  const folder = corpusFolder();
  if (!existsSync(folder)) return [];
  return below(folder).map((path) => {
    const text = readFileSync(path, 'utf8');
    return {
      file: `litmus/${relative(folder, path)}`,
      name: /^\s*litmus\s+(\S+)/m.exec(text)?.[1] ?? basename(path, '.litmus'),
      expected: (/^\s*expect\s+([^;\n]+)/m.exec(text)?.[1] ?? '').trim(),
      text,
    };
  });
}

/** The first scenario, by path, that declares `broken CODE`; one that is there for an obligation comes before all others. */
export function scenarioThatBreaks(code: string, index: readonly CorpusEntry[]): CorpusEntry | null {
  const wanted = code === 'deadlock' || code === 'hang' ? new RegExp(`^(broken\\s+)?${code}\\b`) : new RegExp(`^broken\\s+${code}\\b`);
  const found = index.filter((entry) => wanted.test(entry.expected));
  return found.find((entry) => entry.file.startsWith('litmus/obligations/')) ?? found[0] ?? null;
}

/** The first scenario, by path, whose text matches. */
export function scenarioThatUses(pattern: RegExp, index: readonly CorpusEntry[]): CorpusEntry | null {
  return index.find((entry) => pattern.test(entry.text)) ?? null;
}
