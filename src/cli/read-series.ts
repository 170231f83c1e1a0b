// Where a series of patches comes from: a file, a folder, standard input, commits of the tree. Problems are UsageProblem.

import { readFileSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { seriesIn, seriesOfTexts, type Series } from '../source/mails.ts';
import { errorCode } from '../source/tree.ts';
import { UsageProblem } from './exit.ts';
import { formatPatch } from './git.ts';

export type SeriesSource = { readonly kind: 'file'; readonly path: string } | { readonly kind: 'range'; readonly range: string };

/** Throws UsageProblem where no patch can be had from it. */
export function readSeries(source: SeriesSource, tree: string): Series {
  const series = source.kind === 'range' ? ofRange(source.range, tree) : ofPath(source.path);
  if (series !== null) return series;
  if (source.kind === 'range') throw new UsageProblem(`${source.range} holds no commit with a change`, 'A..B is what B has and A has not');
  throw new UsageProblem(`${source.path === '-' ? 'standard input' : source.path} holds no patch`, 'give an mbox, a diff, or a folder of patches');
}

function ofRange(range: string, tree: string): Series | null {
  const found = formatPatch(tree, range);
  if (!found.ok) throw new UsageProblem(`git gave no patches for ${range} in ${tree}${found.message === '' ? '' : `: ${found.message}`}`, 'the tree must be a git checkout that has both commits');
  return seriesIn(found.text);
}

function ofPath(path: string): Series | null {
  const seen = path === '-' ? null : statSync(path, { throwIfNoEntry: false });
  if (seen === undefined) throw new UsageProblem(`there is no ${path}`, 'give an mbox, a diff, a folder of patches, or - for standard input');
  return seen?.isDirectory() === true ? seriesOfTexts(patchesIn(path).map((name) => text(join(path, name)))) : seriesIn(text(path === '-' ? 0 : path));
}

/** As quilt orders them where it has a list, else by name. What is no patch is passed over. */
function patchesIn(folder: string): readonly string[] {
  const names = readdirSync(folder, { withFileTypes: true }).filter((entry) => !entry.isDirectory() && !entry.name.startsWith('.')).map((entry) => entry.name);
  if (names.includes('series')) {
    const listed = text(join(folder, 'series')).split('\n').map((line) => line.replace(/#.*/, '').trim().split(/\s+/)[0] ?? '').filter((name) => name !== '');
    if (listed.length > 0 && listed.every((name) => statSync(join(folder, name), { throwIfNoEntry: false })?.isFile() === true)) return listed;
  }
  return names.filter((name) => /\.(?:patch|diff|mbox|mbx|eml)$/.test(name) || /^\d+-/.test(name)).sort();
}

/** latin1: a letter a byte, whatever it is. */
function text(file: string | number): string {
  try {
    return readFileSync(file, 'latin1');
  } catch (error) {
    throw new UsageProblem(`${file === 0 ? 'standard input' : String(file)} cannot be read (${errorCode(error)})`);
  }
}
