// A catalogue: the facts of one tree as a JSON file, diagrams included, without any C beyond the text of conditions (issue 3, part 7).
// Diagrams share parts: they are written as one table of nodes, in the order of their first use, so that equal facts give equal text.

import type { AuditResult, Behaviour, ExporterProfile, ImporterProfile } from '../results/audit.ts';
import type { AuditFacts } from './audit-tree.ts';

export const CATALOGUE_FORMAT = 1;

export interface Catalogue extends AuditFacts {
  /** "2026-11-27" */
  readonly date: string;
  /** SHA-256 of the kernel-doc that says what importers owe; empty where there was none. */
  readonly contractText: string;
}

type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };

/** Deterministic; one profile a block of lines, one node a line. */
export function encodeCatalogue(catalogue: Catalogue): string {
  const nodes: string[] = [];
  const numbers = new Map<Behaviour, number>();
  const texts = new Map<string, number>();
  const number = (one: Behaviour): number => {
    const known = numbers.get(one);
    if (known !== undefined) return known;
    const row: Json = one.kind === 'act' ? { act: one.act as unknown as Json, at: place(one.at), next: number(one.next) }
      : one.kind === 'branch' ? { test: one.test as unknown as Json, at: place(one.at), yes: number(one.yes), no: number(one.no) }
        : one.kind === 'end' ? { end: one.returns } : { lost: one.why, at: place(one.at) };
    const text = JSON.stringify(row);
    const made = texts.get(text) ?? nodes.length;
    if (made === nodes.length) {
      nodes.push(text);
      texts.set(text, made);
    }
    numbers.set(one, made);
    return made;
  };
  const packed = (_key: string, value: unknown): unknown => (isBehaviour(value) ? { node: number(value) } : value);
  const rows = (all: readonly object[]): string => all.map((one) => JSON.stringify(one, packed, 1)).join(',\n');
  const importers = rows(catalogue.importers);
  const exporters = rows(catalogue.exporters);
  const head = { format: CATALOGUE_FORMAT, tree: catalogue.tree, date: catalogue.date, contractText: catalogue.contractText, coverage: catalogue.coverage };
  return [
    `${JSON.stringify(head).slice(0, -1)},`,
    `"importers":[\n${importers}\n],`,
    `"exporters":[\n${exporters}\n],`,
    `"references":[\n${catalogue.references.map((one) => JSON.stringify(one)).join(',\n')}\n],`,
    `"ledger":[\n${catalogue.ledger.map((one) => JSON.stringify(one)).join(',\n')}\n],`,
    `"nodes":[\n${nodes.join(',\n')}\n]}`,
    '',
  ].join('\n');
}

const place = (one: { readonly file: string; readonly line: number; readonly function: string }): string => `${one.file}:${one.line}:${one.function}`;

const isBehaviour = (value: unknown): value is Behaviour =>
  typeof value === 'object' && value !== null && 'kind' in value && (value.kind === 'act' || value.kind === 'branch' || value.kind === 'end' || value.kind === 'lost');

export type DecodedCatalogue = { readonly ok: true; readonly catalogue: Catalogue } | { readonly ok: false; readonly message: string };

/** Bad input becomes one sentence. */
export function decodeCatalogue(text: string): DecodedCatalogue {
  let raw: unknown;
  try {
    raw = JSON.parse(text);
  } catch {
    return { ok: false, message: 'it is not JSON' };
  }
  if (!isRecord(raw) || raw['format'] !== CATALOGUE_FORMAT) return { ok: false, message: `it is not a catalogue of format ${CATALOGUE_FORMAT}` };
  const { importers, exporters, references, ledger, nodes, tree, date, contractText, coverage } = raw;
  if (!Array.isArray(nodes) || !Array.isArray(importers) || !Array.isArray(exporters) || !Array.isArray(references) || !Array.isArray(ledger)) return { ok: false, message: 'a list is missing' };
  if (!isRecord(tree) || typeof tree['version'] !== 'string' || typeof tree['contract'] !== 'string' || typeof date !== 'string' || typeof contractText !== 'string' || !isRecord(coverage)) return { ok: false, message: 'its head is not complete' };
  const made: Behaviour[] = [];
  for (const [index, node] of nodes.entries()) {
    const one = behaviourOf(node, made);
    if (one === null) return { ok: false, message: `node ${index} is not well made` };
    made.push(one);
  }
  const problem = [...importers, ...exporters].find((one) => !isRecord(one) || typeof one['id'] !== 'string' || typeof one['file'] !== 'string');
  if (problem !== undefined) return { ok: false, message: 'a profile has no id or no file' };
  const unpacked = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(unpacked);
    if (!isRecord(value)) return value;
    if (typeof value['node'] === 'number' && Object.keys(value).length === 1) return made[value['node']] ?? null;
    return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, unpacked(inner)]));
  };
  return {
    ok: true,
    catalogue: {
      tree: tree as unknown as AuditResult['tree'], date, contractText,
      importers: importers.map(unpacked) as ImporterProfile[],
      exporters: exporters.map(unpacked) as ExporterProfile[],
      references: references as AuditResult['references'],
      ledger: ledger as AuditResult['ledger'],
      coverage: coverage as unknown as AuditResult['coverage'],
    },
  };
}

function behaviourOf(node: unknown, made: readonly Behaviour[]): Behaviour | null {
  if (!isRecord(node)) return null;
  if (typeof node['end'] === 'string') return { kind: 'end', returns: node['end'] };
  const at = typeof node['at'] === 'string' ? /^(.*):(\d+):([^:]*)$/.exec(node['at']) : null;
  if (at === null) return null;
  const where = { file: at[1] ?? '', line: Number(at[2]), function: at[3] ?? '' };
  if (typeof node['lost'] === 'string') return { kind: 'lost', why: node['lost'], at: where };
  const part = (value: unknown): Behaviour | null => (typeof value === 'number' ? made[value] ?? null : null);
  const [next, yes, no] = [part(node['next']), part(node['yes']), part(node['no'])];
  if (isRecord(node['act']) && next !== null) return { kind: 'act', act: node['act'] as Extract<Behaviour, { kind: 'act' }>['act'], at: where, next };
  if (isRecord(node['test']) && yes !== null && no !== null) return { kind: 'branch', test: node['test'] as Extract<Behaviour, { kind: 'branch' }>['test'], at: where, yes, no };
  return null;
}

const isRecord = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null && !Array.isArray(value);
