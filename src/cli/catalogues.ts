// Catalogues on the disk: those that come with the program, and those of the user.

import { existsSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { decodeCatalogue, encodeCatalogue, type Catalogue } from '../audit/catalogue.ts';
import { errorCode } from '../source/tree.ts';
import { UsageProblem } from './exit.ts';
import { packageFolder } from './package-folder.ts';

/** The release that stands for "Linux" where no tree is given. */
export const RELEASE = '7.3';

const folder = (): string => join(packageFolder(), 'catalogue');

/** The catalogue that comes with the program, by release; null where there is none. */
export function bundledCatalogue(release = RELEASE): Catalogue | null {
  const file = join(folder(), `linux-${release}.json`);
  return existsSync(file) ? readCatalogue(file) : null;
}

/** Throws UsageProblem. */
export function readCatalogue(file: string): Catalogue {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    throw new UsageProblem(`the catalogue ${file} cannot be read (${errorCode(error)})`);
  }
  const decoded = decodeCatalogue(text);
  if (!decoded.ok) throw new UsageProblem(`${file} is not a catalogue: ${decoded.message}`, 'fencepost audit TREE --write-catalogue FILE makes one');
  return decoded.catalogue;
}

/** Throws UsageProblem. */
export function writeCatalogue(file: string, catalogue: Catalogue): void {
  try {
    writeFileSync(file, encodeCatalogue(catalogue));
  } catch (error) {
    throw new UsageProblem(`${file} cannot be written (${errorCode(error)})`);
  }
}

/** The bundled catalogue to compare a tree with: of its contract before any other, then of the release with the least distance, then the older one. */
export function nearestCatalogue(tree: Catalogue['tree']): Catalogue {
  const releases = existsSync(folder()) ? readdirSync(folder()).flatMap((name) => /^linux-(\d+\.\d+)\.json$/.exec(name)?.[1] ?? []) : [];
  const all = releases.sort((a, b) => releaseNumber(a) - releaseNumber(b)).flatMap((release) => bundledCatalogue(release) ?? []);
  const distance = (one: Catalogue): number => (one.tree.contract === tree.contract ? 0 : 1e6) + Math.abs(releaseNumber(one.tree.version) - releaseNumber(tree.version));
  const [first, ...more] = all;
  if (first === undefined) throw new UsageProblem('no catalogue is bundled', 'name one: fencepost drift TREE CATALOGUE');
  return more.reduce((best, one) => (distance(one) < distance(best) ? one : best), first);
}

/** Releases in their order: "6.12.3" → 132. A major has had about twenty minors. */
function releaseNumber(version: string): number {
  const [, major = '0', minor = '0'] = /^(\d+)\.(\d+)/.exec(version) ?? [];
  return Number(major) * 20 + Number(minor);
}
