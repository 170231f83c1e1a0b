// What is taken over from an earlier run over a whole tree: which importers and exporters a series cannot have changed, and where findings stand whose functions
// only moved (issue 4, part 4).

import type { ExporterProfile, ImporterProfile } from '../results/audit.ts';
import type { Finding } from '../results/finding.ts';
import { folderOf } from '../source/lexical.ts';
import { outlineOf, type FunctionOutline } from '../source/outline.ts';
import { wordsIn } from './changed-names.ts';
import type { Influence } from './influence.ts';

type Profile = ImporterProfile | ExporterProfile;

/** The file of its attach call, or of its table; and of the other one, where an importer has both. */
export const filesOf = (one: Profile): readonly string[] => [one.file, ...one.evidence.flatMap(({ fact, file }) => (fact === 'ops' ? [file] : []))];

/**
 * Files whose importers and exporters are to be read anew: a change comes to one of the functions that the facts come from, or calls one; or it is not sure. An
 * exporter that revokes is held against all of its file.
 */
export function profiledFiles(importers: readonly ImporterProfile[], exporters: readonly ExporterProfile[], influence: Influence, changed: readonly string[]): ReadonlySet<string> {
  const { files, reached, functions, unsure } = influence;
  const found = new Set(changed.filter((path) => unsure.has(folderOf(path))));
  const isTouched = (one: Profile): boolean => {
    const facts = JSON.stringify(one);
    const places = (key: string): readonly string[] => [...facts.matchAll(new RegExp(`"${key}":"([^"]+)"`, 'g'))].map((match) => match[1] ?? '');
    return places('function').some((name) => functions.has(name)) || [one.ops ?? '', 'callback' in one ? one.callback ?? '' : ''].some((name) => reached.has(name)) || places('file').some((file) => unsure.has(folderOf(file)));
  };
  const touched = [...importers.filter(isTouched), ...exporters.filter((one) => (!one.moves && changed.includes(one.file)) || isTouched(one))];
  for (const one of touched) for (const file of filesOf(one)) if (files.has(file)) found.add(file);
  return found;
}

/** Files in which those importers and exporters, and new ones, are looked for: the folders that their facts come from, and helper layers that a new one may come through. */
export function discoveredIn(
  importers: readonly ImporterProfile[], exporters: readonly ExporterProfile[], profiled: ReadonlySet<string>, changed: readonly string[], text: (path: string) => string | null,
): (path: string) => boolean {
  const folders = new Set(changed.map(folderOf));
  for (const one of [...importers, ...exporters]) {
    if (filesOf(one).some((file) => profiled.has(file))) for (const [, file = ''] of JSON.stringify(one).matchAll(/"file":"([^"]+)"/g)) folders.add(folderOf(file));
  }
  const said = new Set(changed.flatMap((path) => wordsIn(text(path) ?? '')));
  const layers = new Set(importers.flatMap((one) => (one.helpers.some((name) => said.has(name)) ? filesOf(one) : [])));
  return (path) => folders.has(folderOf(path)) || layers.has(path);
}

/** With the names and users that they had: which of several a name means, and who uses a helper, only a look at the whole tree can tell. */
export function named<T extends Profile>(rows: readonly T[], known: readonly T[]): readonly T[] {
  const place = (one: Profile): string => `${one.file} ${'function' in one ? one.function : ''} ${one.ops ?? ''}`;
  return rows.map((one) => {
    const [same, more] = known.filter((old) => place(old) === place(one));
    const isOnly = same !== undefined && more === undefined && rows.filter((other) => place(other) === place(one)).length === 1;
    return isOnly ? { ...one, id: same.id, users: same.users, ...('helpers' in same ? { helpers: same.helpers } : {}) } : one;
  });
}

/** A finding whose function is the same behind the series, where it stands there. */
export function relocated(finding: Finding, before: (path: string) => string | null, after: (path: string) => string | null): Finding {
  const shiftOf = (file: string, line: number): number => {
    const [was, is] = [before(file), after(file)];
    if (was === null || is === null || was === is) return 0;
    const around = (one: FunctionOutline): boolean => one.line <= line && line <= one.endLine;
    const [old, now] = [outlineOf(was).functions, outlineOf(is).functions];
    const mine = old.find(around);
    if (mine === undefined) return 0;
    const at = old.filter(({ name }) => name === mine.name).indexOf(mine);
    return (now.filter(({ name }) => name === mine.name)[at]?.line ?? mine.line) - mine.line;
  };
  const moved = <T extends { readonly file: string; readonly line: number }>(one: T): T => ({ ...one, line: one.line + shiftOf(one.file, one.line) });
  return moved({ ...finding, path: finding.path.map(moved) });
}
