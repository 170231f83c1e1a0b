// Everything that `explain` and `list` know, as one list of entries, gathered from the tables of protocol and model.

import { CALLS } from '../model/calls.ts';
import { CONTRACT_KEYS, CONTRACT_NAMES, CONTRACT_TEXTS } from '../model/contract.ts';
import { HARMS } from '../protocol/harms.ts';
import { OBLIGATIONS, type Obligation } from '../protocol/obligations.ts';
import type { Verdict } from '../results/verdict.ts';
import type { Topic } from './options.ts';

export interface Entry {
  readonly id: string;
  /** What it is, in the singular: "obligation". */
  readonly kind: string;
  readonly topic: Topic | null;
  /** A short name, or nothing. */
  readonly name: string;
  readonly text: string;
  readonly source: string;
  /** Further lines: values, related ids. */
  readonly more: readonly string[];
  /** What `expect broken …` says in a scenario that breaks it. */
  readonly code: string | null;
}

const VERDICTS: Readonly<Record<Verdict | 'refused', string>> = {
  holds: 'No run within the bounds breaks anything, and every property was exercised.',
  broken: 'Some run does harm, breaks an obligation, or never ends; the shortest is shown.',
  vacuous: 'Nothing is broken, but something that the scenario wants to see never happens: the result says nothing.',
  unfinished: 'A limit, or Ctrl-C, ended the search before all runs were seen; the ledger says what was left out.',
  undecided: 'Broken under some values of an unknown and not under others.',
  'tool-failed': 'The tool itself failed; nothing is said about the scenario. Please report it.',
  refused: 'A call gave an error on purpose: the parties do not fit together, and no access ever happens.',
};

const KINDS: Readonly<Record<string, string>> = {
  deadlock: 'Several parties wait for each other in a circle; none of them can ever go on.',
  hang: 'A call waits for something that nobody has to do.',
};

export function glossary(): Entry[] {
  return [...obligations(), ...harms(), ...contract(), ...calls(), ...words()];
}

function obligations(): Entry[] {
  return OBLIGATIONS.map((one: Obligation) => ({
    id: one.id,
    kind: 'obligation',
    topic: 'obligations',
    name: one.name,
    text: one.text,
    source: one.source,
    more: [`owed by: ${one.party === 'either' ? 'importer and exporter' : `the ${one.party}`}`, ...ruledOut(one.id)],
    code: one.id,
  }));
}

function ruledOut(id: string): string[] {
  const harms = HARMS.filter((harm) => harm.obligation === id).map((harm) => harm.id);
  return harms.length === 0 ? [] : [`rules out: ${harms.join(', ')}`];
}

function harms(): Entry[] {
  return HARMS.map(({ id, obligation, text, source }) => ({ id, kind: 'harm', topic: 'harms', name: '', text, source, more: [`ruled out by: ${obligation}`], code: id }));
}

function contract(): Entry[] {
  return CONTRACT_NAMES.flatMap((key): Entry[] => {
    const { text, semantics, values } = CONTRACT_TEXTS[key];
    const source = `SEMANTICS ${semantics}`;
    const [first] = CONTRACT_KEYS[key];
    const shown = Object.entries(values).map(([value, says]) => `${key}=${value}${value === first ? ' (default)' : ''}: ${says}`);
    const each = Object.entries(values).map(([value, says]): Entry => ({ id: `${key}=${value}`, kind: 'position', topic: null, name: '', text: `${text} Here: ${says}.`, source, more: [], code: null }));
    return [{ id: key, kind: 'contract key', topic: 'contract', name: '', text, source, more: shown, code: null }, ...each];
  });
}

function calls(): Entry[] {
  return Object.entries(CALLS).map(([id, call]) => ({
    id,
    kind: 'call',
    topic: 'calls',
    name: `${call.returns} ${id}(${call.args.map((arg, i) => (i >= call.args.length - call.optional ? `[${arg}]` : arg)).join(', ')})`,
    text: call.text,
    source: `SEMANTICS ${call.semantics}`,
    more: [],
    code: null,
  }));
}

function words(): Entry[] {
  const verdicts = Object.entries(VERDICTS).map(([id, text]): Entry => ({ id, kind: 'verdict', topic: null, name: '', text, source: '', more: [], code: null }));
  const kinds = Object.entries(KINDS).map(([id, text]): Entry => ({ id, kind: 'way to be broken', topic: null, name: '', text, source: 'SEMANTICS E12', more: [], code: id }));
  return [...verdicts, ...kinds];
}
