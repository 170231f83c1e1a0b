// A driver outside a tree that has no attach call of its own but comes to one through a helper layer of Linux, by the names of a catalogue.

import { bodyAt, definitionsIn } from '../source/lexical.ts';
import type { ImporterProfile } from '../results/audit.ts';
import { driverName } from './tree-view.ts';

export interface DriverFile {
  readonly path: string;
  /** latin1 */
  readonly text: string;
}

/** One profile for each layer that the files use: Linux's facts, at the driver's place. */
export function helperUsers(files: readonly DriverFile[], linux: readonly ImporterProfile[]): readonly ImporterProfile[] {
  const found: ImporterProfile[] = [];
  for (const { path, text } of files) {
    const code = text.replace(/\/\*[\s\S]*?\*\/|\/\/.*/g, (part) => part.replace(/[^\n]/g, ' '));
    for (const importer of linux) {
      const uses = importer.helpers.flatMap((name) => {
        const at = code.search(new RegExp(`(?:[=&,(]\\s*&?|^\\s+)${name}\\b`, 'm'));
        return at === -1 ? [] : [{ name, at: code.indexOf(name, at) }];
      });
      const [first] = uses.sort((a, b) => a.at - b.at);
      if (first === undefined) continue;
      const line = code.slice(0, first.at).split('\n').length;
      const fn = definitionsIn(code).filter((one) => one.at < first.at && one.at + bodyAt(code, one.at).length > first.at - 400 && bodyAt(code, one.at).includes(first.name)).at(-1)?.name ?? '';
      found.push({
        ...importer, id: `${driverName(path)}:${importer.id}`, file: path, line, function: fn, users: [],
        evidence: [{ file: path, line, function: fn, fact: 'helper', text: `uses ${first.name}, which leads to the attach call at ${importer.file}:${importer.line}` }, ...importer.evidence],
      });
    }
  }
  return found;
}
