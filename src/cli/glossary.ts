// Everything that `explain` and `list` know, as one list of entries, gathered from the tables of protocol and model.

import { RULES } from '../audit/rules/index.ts';
import { CALLS, PREDICATES, type CallSignature } from '../model/calls.ts';
import { CONTRACT_KEYS, CONTRACT_NAMES, CONTRACT_TEXTS } from '../model/contract.ts';
import { EXPORTER_DRIVERS, IMPORTER_DRIVERS } from '../model/drivers/importers.ts';
import { nameText } from '../protocol/kernel-names.ts';
import { HARMS } from '../protocol/harms.ts';
import { CALLBACK_LOCKING, LOCK_ORDERS, LOCKING, lockingOf, type LockingRow } from '../protocol/locking.ts';
import { breaksIn, nextState } from '../protocol/monitor.ts';
import { OBLIGATIONS, type Automaton, type Obligation } from '../protocol/obligations.ts';
import { HELPERS, STEPS, type StepRow } from '../protocol/steps.ts';
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
  /** Small tables below them. */
  readonly tables: readonly EntryTable[];
  /** C that is shown as it is. */
  readonly code: readonly { readonly title: string; readonly text: string }[];
  /** Other words that lead here: kernel functions, members of ops tables. */
  readonly aliases: readonly string[];
  /** What `expect broken …` says in a scenario that breaks it; the first that is found is shown. */
  readonly broken: readonly string[];
  /** What the text of a scenario that uses it contains. */
  readonly used: RegExp | null;
}

export interface EntryTable {
  readonly title: string;
  readonly columns: readonly string[];
  readonly rows: readonly (readonly string[])[];
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
  deadlock: 'A party is inside a call and no step of anybody can ever free it: several wait for each other in a circle, or one for itself.',
  hang: 'A party is inside a call, and only a step that nobody has to take could free it: a call of a user, a signal.',
  WARN: 'The kernel would print a warning with a backtrace and go on.',
  BUG: 'The kernel would stop.',
  assert: 'A property or assertion of the scenario itself does not hold.',
};

const entry = (id: string, kind: string, topic: Topic | null, text: string, more: Partial<Entry> = {}): Entry => ({ id, kind, topic, name: '', text, source: '', more: [], tables: [], code: [], aliases: [], broken: [], used: null, ...more });

export function glossary(): Entry[] {
  return [...steps(), ...obligations(), ...harms(), ...contract(), ...calls(), ...helpers(), ...locking(), ...drivers(), ...rules(), ...words()];
}

/** Entries for an id or another word for it; case counts only where it tells two apart. */
export function lookUp(id: string, entries: readonly Entry[]): readonly Entry[] {
  const folded = id.toLowerCase();
  const ways: readonly ((one: Entry) => boolean)[] = [(one) => one.id === id, (one) => one.aliases.includes(id), (one) => [one.id, ...one.aliases].some((word) => word.toLowerCase() === folded)];
  for (const way of ways) {
    const found = entries.filter(way);
    // What a call's page says of its lock needs no page of its own.
    if (found.length > 0) return found.filter((one) => one.kind !== 'locking rule' || found.every((other) => other.kind === 'locking rule'));
  }
  return [];
}

const TAKERS: Readonly<Record<StepRow['by'], string>> = { importer: 'the importer', exporter: 'the exporter', either: 'importer or exporter', device: 'the device', core: 'the dma-buf core' };

function steps(): Entry[] {
  return STEPS.map((step: StepRow) => {
    const names = [...step.functions, ...step.ops].map(({ name }) => name);
    return entry(step.id, 'step', 'steps', step.text, {
      source: step.source,
      more: [
        `taken by ${TAKERS[step.by]}, on a ${step.object}`,
        ...(step.functions.length === 0 ? [] : [`in the kernel: ${step.functions.map(nameText).join(', ')}`]),
        ...(step.ops.length === 0 ? [] : [`reaches the other side through ${step.ops.map(nameText).join(', ')}`]),
        ...(step.unmodelled === null ? [] : [`no step of the model: ${step.unmodelled}`]),
      ],
      aliases: [...names, ...names.flatMap((name) => (name.includes('.') ? [name.slice(name.indexOf('.') + 1)] : []))].filter((name) => !Object.hasOwn(CALLS, name) && !Object.hasOwn(PREDICATES, name)),
      used: useOf(step.functions.map(({ name }) => name)),
    });
  });
}

function obligations(): Entry[] {
  return OBLIGATIONS.map((one: Obligation) =>
    entry(one.id, 'obligation', 'obligations', one.text, {
      name: one.name,
      source: one.source,
      more: [`owed by: ${one.party === 'either' ? 'importer and exporter' : `the ${one.party}`}`, ...ruledOut(one.id)],
      tables: one.automata.map(automatonTable),
      aliases: [one.name],
      // What an obligation rules out, or how it shows, stands in for it.
      broken: [one.id, ...HARMS.filter((harm) => harm.obligation === one.id).map((harm) => harm.id), ...(one.id === 'P10' ? ['deadlock', 'hang'] : one.id === 'P6' || one.id === 'P9' ? ['hang'] : [])],
    }),
  );
}

/** One row for each move or break; a state that must be left says so. */
function automatonTable({ object, states, moves, breaks, duty }: Automaton): EntryTable {
  const rows = states.flatMap((state) => {
    const events = [...new Set([...moves, ...breaks].filter(([from]) => from === state).map(([, event]) => event))];
    const shown = events.map((event) => {
      const next = nextState({ object, states, moves, breaks, duty }, state, event);
      return [event, breaksIn({ object, states, moves, breaks, duty }, state, event) ? `broken${next === state ? '' : `, then ${next}`}` : next];
    });
    const owed = duty.includes(state) ? [['(stays for ever)', 'broken']] : [];
    return [...shown, ...owed].map(([event = '', next = ''], i) => [i === 0 ? state : '', event, next]);
  });
  return { title: `Watched on every ${object === 'kref' ? 'count' : object}; it begins as '${states[0] ?? ''}', and other events change nothing:`, columns: ['state', 'event', 'leads to'], rows };
}

function ruledOut(id: string): string[] {
  const found = HARMS.filter((harm) => harm.obligation === id).map((harm) => harm.id);
  return found.length === 0 ? [] : [`rules out: ${found.join(', ')}`];
}

function harms(): Entry[] {
  return HARMS.map(({ id, obligation, text, source }) => entry(id, 'harm', 'harms', text, { source, more: [`ruled out by: ${obligation}`], broken: [id] }));
}

function contract(): Entry[] {
  return CONTRACT_NAMES.flatMap((key): Entry[] => {
    const { text, semantics, values } = CONTRACT_TEXTS[key];
    const source = `SEMANTICS ${semantics}`;
    const [first] = CONTRACT_KEYS[key];
    const shown = Object.entries(values).map(([value, says]) => `${key}=${value}${value === first ? ' (default)' : ''}: ${says}`);
    const each = Object.entries(values).map(([value, says]) => entry(`${key}=${value}`, 'position', null, `${text} Here: ${says}.`, { source, more: value === first ? ['the default: as in Linux 7.3'] : [], used: new RegExp(`\\b${key}=${value}\\b`) }));
    return [entry(key, 'contract key', 'contract', text, { source, more: shown, used: new RegExp(`\\b${key}=`) }), ...each];
  });
}

/** How a call is written: "errno dma_buf_get(buffer)", what may be left out in brackets. */
export function signature(id: string, { args, optional, returns }: CallSignature): string {
  return `${returns} ${id}(${args.map((arg, i) => (i >= args.length - optional ? `[${arg}]` : arg)).join(', ')})`;
}

/** "needs the reservation lock held", or nothing where it does not matter. */
export function lockText({ resv, wrong }: LockingRow): string {
  if (resv === 'either') return 'with or without the reservation lock';
  if (resv === 'held') return 'needs the reservation lock held';
  return `the reservation lock must not be held${wrong === 'deadlock' ? ': it takes it itself' : wrong === null ? ', by convention only' : ''}`;
}

function calls(): Entry[] {
  const one = (kind: string) => ([id, call]: readonly [string, CallSignature]): Entry => {
    const rule = lockingOf(id);
    const step = STEPS.find((s: StepRow) => s.functions.some(({ name }) => name === id));
    const helper = HELPERS.find((h) => h.id === id);
    const names = step?.functions.filter(({ name }) => name === id) ?? helper?.names ?? [];
    return entry(id, kind, 'calls', call.text, {
      name: signature(id, call),
      source: `SEMANTICS ${call.semantics}`,
      more: [
        ...(rule === null ? [] : [lockText(rule)]),
        ...(names.some(({ from, until }) => from !== null || until !== null) ? [`in the kernel: ${names.map(nameText).join(', ')}`] : []),
        ...(step === undefined ? [] : [`the step ${step.id}`]),
        ...(helper === undefined ? [] : [`the steps ${helper.takes.join(', ')}`]),
      ],
      used: useOf([id]),
    });
  };
  return [...Object.entries(CALLS).map(one('call')), ...Object.entries(PREDICATES).map(one('predicate'))];
}

/** Kernel functions that a scenario cannot call, but a reader may ask for. */
function helpers(): Entry[] {
  return HELPERS.filter(({ id }) => !Object.hasOwn(CALLS, id)).map(({ id, names, source }) => entry(id, 'kernel function', null, 'A callback that only warns: it neither unmaps nor unpins.', { source, more: [`in the kernel: ${names.map(nameText).join(', ')}`, 'see STUB'] }));
}

function locking(): Entry[] {
  const rules = LOCKING.map((row) => entry(row.call, 'locking rule', 'locking', `${{ held: 'held', free: 'not held', either: 'held or not' }[row.resv]}, by ${row.by === 'either' ? 'anybody' : `the ${row.by}`}`, { source: row.source }));
  const callbacks = CALLBACK_LOCKING.map(({ op, of, resv, source }) => entry(op, 'callback', 'locking', `Code of the ${of}. It runs ${resv === 'held' ? 'with' : 'without'} the reservation lock held.`, { name: resv === 'held' ? 'held' : 'not held', source }));
  const orders = LOCK_ORDERS.map(({ id, locks, text, source }) => entry(id, 'lock order', 'locking', `${text} Outermost first: ${locks.join(', ')}.`, { source }));
  return [...rules, ...callbacks, ...orders];
}

function drivers(): Entry[] {
  const exporters = Object.entries(EXPORTER_DRIVERS).map(([id, { text, semantics }]) => entry(id, 'exporter', 'drivers', text, { source: `SEMANTICS ${semantics}`, used: new RegExp(`^exporter \\w+: ${id}\\b`, 'm') }));
  const importers = Object.entries(IMPORTER_DRIVERS).map(([id, { text, semantics }]) => entry(id, 'importer', 'drivers', text, { source: `SEMANTICS ${semantics}`, used: new RegExp(`^importer \\w+(?:\\[\\d+\\])?: ${id}\\b`, 'm') }));
  return [...exporters, ...importers];
}

function rules(): Entry[] {
  return RULES.map(({ header: { id, title, why, obligation, source, confidence, falsePositives, broken, clean } }) => {
    const owed = obligationNamed(obligation);
    return entry(id, 'rule', 'rules', sentence(title), {
      name: `${confidence} confidence`,
      source,
      more: [why, ...(owed === null ? [] : [`Obligation ${owed.id}: ${owed.text}`]), `May be wrong: ${falsePositives}`],
      code: [{ title: 'Broken:', text: broken }, { title: 'Clean:', text: clean }],
    });
  });
}

/** With a capital and a full stop. */
export const sentence = (text: string): string => `${text.charAt(0).toUpperCase()}${text.slice(1)}${text.endsWith('.') ? '' : '.'}`;

export const obligationNamed = (id: string | null): Obligation | null => OBLIGATIONS.find((one) => one.id === id) ?? null;

function words(): Entry[] {
  const verdicts = Object.entries(VERDICTS).map(([id, text]) => entry(id, 'verdict', null, text, { used: new RegExp(`^expect ${id}\\b`, 'm') }));
  const kinds = Object.entries(KINDS).map(([id, text]) => entry(id, 'way to be broken', null, text, { source: 'SEMANTICS E12', broken: [id] }));
  return [...verdicts, ...kinds];
}

function useOf(names: readonly string[]): RegExp | null {
  return names.length === 0 ? null : new RegExp(`\\b(?:${names.join('|')})\\(`);
}
