// Which importer or exporter a person means: an id, a part of one, a table, a driver that uses a helper. Answers are values; text is made in cli.

import { typingErrors } from '../litmus/nearest.ts';
import type { ExporterProfile, ImporterProfile } from '../results/audit.ts';

export interface Sides {
  readonly importers: readonly ImporterProfile[];
  readonly exporters: readonly ExporterProfile[];
}

export type Side = 'importer' | 'exporter';

export type NameProblem =
  /** `near`: names that may have been meant, the nearest first. */
  | { readonly kind: 'unknown'; readonly side: Side | 'either'; readonly name: string; readonly near: readonly string[] }
  | { readonly kind: 'several'; readonly side: Side; readonly name: string; readonly ids: readonly string[] };

export type Named<T> = { readonly ok: true; readonly one: T } | { readonly ok: false; readonly problem: NameProblem };

export interface NamedPair {
  readonly exporter: ExporterProfile;
  readonly importer: ImporterProfile;
}

/** What a scenario can be made of. */
export type Subject = { readonly kind: 'importer'; readonly importer: ImporterProfile } | { readonly kind: 'exporter'; readonly exporter: ExporterProfile } | ({ readonly kind: 'pair' } & NamedPair);

export const exporterNamed = (name: string, { exporters }: Sides): Named<ExporterProfile> => named('exporter', name, exporters);
export const importerNamed = (name: string, { importers }: Sides): Named<ImporterProfile> => named('importer', name, importers);

export function pairNamed(exporter: string, importer: string, sides: Sides): Named<NamedPair> {
  const left = exporterNamed(exporter, sides);
  if (!left.ok) return left;
  const right = importerNamed(importer, sides);
  return right.ok ? { ok: true, one: { exporter: left.one, importer: right.one } } : right;
}

/** "EXPORTER:IMPORTER". Ids have colons of their own, so every one is tried; ids in full come before parts of ids. */
export function pairIn(text: string, sides: Sides): Named<NamedPair> {
  const splits = [...text.matchAll(/:/g)].map(({ index }) => [text.slice(0, index), text.slice(index + 1)] as const);
  for (const [left, right] of splits) {
    const exporter = sides.exporters.find((one) => one.id === left);
    const importer = sides.importers.find((one) => one.id === right);
    if (exporter !== undefined && importer !== undefined) return { ok: true, one: { exporter, importer } };
  }
  const tried = splits.map(([left, right]) => pairNamed(left, right, sides));
  // The mistake is best told where most of the text is understood: a known exporter with an unknown importer.
  const told = tried.find((one) => one.ok) ?? tried.find((one) => !one.ok && one.problem.side === 'importer') ?? tried[0];
  return told ?? { ok: false, problem: { kind: 'unknown', side: 'exporter', name: text, near: [] } };
}

/** An id in full before a pair, a pair before a part of an id; of an importer and an exporter with one name the importer. */
export function subjectNamed(name: string, sides: Sides): Named<Subject> {
  const importer = sides.importers.find((one) => one.id === name);
  if (importer !== undefined) return { ok: true, one: { kind: 'importer', importer } };
  const exporter = sides.exporters.find((one) => one.id === name);
  if (exporter !== undefined) return { ok: true, one: { kind: 'exporter', exporter } };
  const pair = name.includes(':') ? pairIn(name, sides) : null;
  if (pair?.ok === true) return { ok: true, one: { kind: 'pair', ...pair.one } };
  const [left, right] = [importerNamed(name, sides), exporterNamed(name, sides)];
  if (left.ok) return { ok: true, one: { kind: 'importer', importer: left.one } };
  if (right.ok) return { ok: true, one: { kind: 'exporter', exporter: right.one } };
  for (const one of [left, right]) if (one.problem.kind === 'several') return one;
  if (pair !== null) return pair;
  return { ok: false, problem: { kind: 'unknown', side: 'either', name, near: neighbours(name, [...sides.importers, ...sides.exporters].map((one) => one.id)) } };
}

/** Ways to be called by a name, the strictest first; the first one in which only one profile has the name counts. */
function named<T extends ImporterProfile | ExporterProfile>(side: Side, name: string, all: readonly T[]): Named<T> {
  const ways: readonly ((one: T) => boolean)[] = [
    (one) => one.id === name,
    (one) => one.ops === name,
    (one) => one.id.split(/[:/]/).includes(name),
    (one) => one.id.startsWith(name),
    (one) => one.users.some((user) => user.split('/').at(-1) === name),
  ];
  let several: readonly T[] = [];
  for (const way of name === '' ? [] : ways) {
    const found = all.filter(way);
    // Selftests stand aside for the driver that they test.
    for (const list of [found, found.filter((one) => one.marked === null)]) if (list.length === 1 && list[0] !== undefined) return { ok: true, one: list[0] };
    if (several.length === 0) several = found;
  }
  if (several.length > 0) return { ok: false, problem: { kind: 'several', side, name, ids: several.map((one) => one.id) } };
  return { ok: false, problem: { kind: 'unknown', side, name, near: neighbours(name, all.map((one) => one.id)) } };
}

const MOST_NEAR = 3;
const LONGEST = 64;

/** Few typing errors away from the id or a part of it, or inside of it. */
function neighbours(name: string, ids: readonly string[]): readonly string[] {
  if (name === '' || name.length > LONGEST) return [];
  const word = name.toLowerCase();
  const limit = Math.max(1, Math.floor(word.length / 3));
  const distance = (id: string): number => Math.min(...[id, ...id.split(/[:/]/)].map((part) => (word.length >= 3 && part.includes(word) ? 1 : typingErrors(word, part.toLowerCase()))));
  return [...new Set(ids)].map((id) => ({ id, errors: distance(id) })).filter(({ errors }) => errors <= limit).sort((a, b) => a.errors - b.errors).slice(0, MOST_NEAR).map(({ id }) => id);
}
