// What a C file includes, through headers, as far as a driver's own helpers hide behind them. Reads text that is handed in (issue 3, part 2).

import { join, normalize } from 'node:path';
import { folderOf, includesIn } from './lexical.ts';

/** Larger than any header's chain that a driver's own helpers hide behind. */
const INCLUDE_DEPTH = 4;

export class Includes {
  private readonly text: (file: string) => string | null;
  private readonly included = new Map<string, readonly string[]>();
  private readonly direct = new Map<string, readonly string[]>();

  /** `text`: of a file of the tree; null where there is none. */
  constructor(text: (file: string) => string | null) {
    this.text = text;
  }

  /** Itself not counted, nearest first. */
  of(from: string): readonly string[] {
    const known = this.included.get(from);
    if (known !== undefined) return known;
    const seen = new Set([from]);
    let level = [from];
    const all: string[] = [];
    for (let depth = 0; depth < INCLUDE_DEPTH && level.length > 0; depth++) {
      const next: string[] = [];
      for (const file of level) {
        for (const path of this.directIncludes(file, from)) {
          if (seen.has(path)) continue;
          seen.add(path);
          all.push(path);
          // The kernel's own core headers include everything; what they include is not a driver's helper.
          if (depth === 0 || !/^include\/(?:linux|asm-generic|uapi)\//.test(path)) next.push(path);
        }
      }
      level = next;
    }
    this.included.set(from, all);
    return all;
  }

  /** A header's own includes are looked up once; what it finds beside the file that includes it is that file's. */
  private directIncludes(file: string, from: string): readonly string[] {
    const known = this.direct.get(file);
    if (known !== undefined && file.endsWith('.h')) return known;
    const found = includesIn(this.text(file) ?? '').flatMap((one) => this.resolve(one.path, one.isLocal, file, from) ?? []);
    this.direct.set(file, found);
    return found;
  }

  private resolve(path: string, isLocal: boolean, file: string, from: string): string | null {
    const candidates = isLocal
      ? [join(folderOf(file), path), join(folderOf(from), path), `include/${path}`]
      : [`include/${path}`, `include/uapi/${path}`, join(folderOf(from), path)];
    for (const candidate of candidates.map((one) => normalize(one))) if (!candidate.startsWith('..') && this.text(candidate) !== null) return candidate;
    return null;
  }
}
