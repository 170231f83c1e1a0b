// Runs rules and turns what they say into findings: with the line they stand on as an anchor, numbered, in one order (issue 4, part 3).

import type { LedgerRow } from '../results/audit.ts';
import { CONFIDENCES, type Finding } from '../results/finding.ts';
import { folderOf, type LexicalFunction } from '../source/lexical.ts';
import type { Found, FunctionRule, Rule, TypestateRule } from './rules/rule.ts';
import { markOf, type TreeView } from './tree-view.ts';
import { CALLS } from './typestate/calls.ts';
import { breachesOf } from './typestate/run.ts';

/** A finding before it is numbered. */
export type Unnumbered = Omit<Finding, 'ordinal'>;

export interface FileFindings {
  readonly findings: readonly Unnumbered[];
  readonly ledger: readonly LedgerRow[];
  /** Functions looked at, and those given up. */
  readonly functions: readonly (readonly [name: string, isDecided: boolean])[];
}

export function findingOf(view: TreeView, rule: Rule, found: Found): Unnumbered {
  const { header } = rule;
  const { file, line, function: name } = found.at;
  return {
    file, line, function: name,
    rule: header.id,
    obligation: header.obligation,
    // What a test does wrong on purpose is no defect.
    confidence: markOf(file) === 'selftest' ? 'low' : found.confidence ?? header.confidence,
    text: found.text,
    path: found.path,
    anchor: anchorIn(view.code.text(file) ?? '', line),
    under: view.code.file(file)?.outline.functions.find((one) => one.line <= line && line <= one.endLine)?.under ?? [],
  };
}

/** The source line, blanks squeezed. */
export const anchorIn = (text: string, line: number): string => (text.split('\n')[line - 1] ?? '').replace(/\s+/g, ' ').trim();

/** The rules that look at functions, over one file. `calling`: only over functions that call one of these; `called`: only over those with such a name. */
export function findingsIn(view: TreeView, file: string, rules: readonly Rule[], calling: ReadonlySet<string> | null = null, called: ReadonlySet<string> | null = null): FileFindings {
  const findings: Unnumbered[] = [];
  const ledger: LedgerRow[] = [];
  const functions: (readonly [string, boolean])[] = [];
  const typestate = rules.filter((rule): rule is TypestateRule => rule.judge === 'typestate');
  const plain = rules.filter((rule): rule is FunctionRule => rule.judge === 'function');
  for (const name of view.code.functionNames(file)) {
    const place = view.code.locate(name, file);
    if (place === null || place.file !== file || called?.has(name) === false) continue;
    if (calling !== null && !view.code.lexicalCalls(place).names.some((one) => calling.has(one))) continue;
    const body = view.code.bodyText(place);
    const asked = plain.filter(({ words }) => words.some((word) => body.includes(word)));
    const tracks = typestate.length > 0 && callsTracked(view, place);
    if (asked.length === 0 && !tracks) continue;
    const fn = view.code.functionIn(file, name);
    if (fn === null) continue;
    let isDecided = true;
    for (const rule of asked) for (const one of rule.find(view, fn, ledger)) findings.push({ ...findingOf(view, rule, one), by: [name] });
    if (tracks) {
      const run = breachesOf(view, fn);
      if (run.undecided !== null) {
        isDecided = false;
        ledger.push({ file, line: fn.line, function: name, reason: run.undecided });
      }
      for (const breach of run.breaches) {
        for (const rule of typestate) {
          const told = rule.tell(breach);
          if (told !== null) findings.push({ ...lowered(findingOf(view, rule, told), isDecided), by: [name] });
        }
      }
    }
    functions.push([`${file} ${name}`, isDecided]);
  }
  return { findings, ledger, functions };
}

/** Where not every path was walked, what the others do is not known. */
const lowered = (one: Unnumbered, isDecided: boolean): Unnumbered => (isDecided || one.confidence !== 'high' ? one : { ...one, confidence: 'medium' });

/** It makes a call that is tracked; calls for other things as well count only beside one of the sharing API. */
const callsTracked = (view: TreeView, place: LexicalFunction): boolean => view.code.lexicalCalls(place).names.some((name) => CALLS.get(name) !== undefined && /^(?:dma_|get_dma|ib_umem_dmabuf|ttm_bo_|sync_file_)/.test(name));

/** In the order of places, each finding once, numbered within rule, function and anchor. */
export function numbered(all: readonly Unnumbered[]): readonly Finding[] {
  const sorted = [...all].sort((a, b) => (a.file === b.file ? a.line - b.line || compare(a.rule, b.rule) || compare(a.text, b.text) || CONFIDENCES.indexOf(a.confidence) - CONFIDENCES.indexOf(b.confidence) : compare(a.file, b.file)));
  const placeOf = (one: Unnumbered): string => `${one.rule} ${one.file}:${one.line} ${one.text}`;
  const ways = new Map<string, Set<string>>();
  for (const one of sorted) ways.set(placeOf(one), new Set([...(ways.get(placeOf(one)) ?? []), ...(one.by ?? [])]));
  const counts = new Map<string, number>();
  return sorted.flatMap((one) => {
    const by = ways.get(placeOf(one));
    if (by === undefined) return [];
    ways.delete(placeOf(one));
    const key = `${one.rule} ${one.function} ${one.anchor}`;
    const ordinal = counts.get(key) ?? 0;
    counts.set(key, ordinal + 1);
    return [{ ...one, ordinal, ...(by.size === 0 ? {} : { by: [...by].sort() }) }];
  });
}

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

/** Files that the rules look at: those that mention the sharing API, without the framework itself. */
export function filesForRules(files: readonly { readonly path: string; readonly words: readonly string[] }[]): readonly string[] {
  return files.filter(({ path, words }) => path.endsWith('.c') && words.length > 0 && !isFramework(path)).map(({ path }) => path);
}

/** The framework is what the rules are about. */
const isFramework = (path: string): boolean => /^drivers\/dma-buf$/.test(folderOf(path)) && /\/(?:dma-buf|dma-resv|dma-fence\w*|dma-fence-\w+|sync_file)\w*\.c$/.test(path);

