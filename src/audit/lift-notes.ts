// What all parts of a lifted scenario share: its open conditions, its locks, what is taken for granted, and where operations refuse.
// Holds no rule of the contract.

import type { Act, Behaviour, ImporterProfile, Place, Test } from '../results/audit.ts';
import { folderOf } from '../source/lexical.ts';
import { partsOfBehaviour } from './diagram.ts';

/** As many as a search can try under every value (src/check/unknowns.ts). */
export const MOST_UNKNOWNS = 4;

/** What the exporter's side asks about an importer. */
export type ImporterFacts = Pick<ImporterProfile, 'attach' | 'callback' | 'promisesNothing' | 'peer2peer' | 'onlyExporters' | 'maps'>;

/** It takes a physical range instead of a mapping (SEMANTICS B27). */
export const takesRange = (importer: ImporterFacts): boolean => importer.attach === 'dynamic' && importer.callback !== null && importer.maps.length === 0;

export interface OpenCondition {
  readonly text: string;
  readonly at: Place;
}

/** What an operation of the exporter turns an importer away with. */
export interface LiftedRefusal {
  readonly at: 'attach' | 'pin' | 'map';
  /** As the scenario has it: the real one, or one that stands for it where the language does not know it. */
  readonly written: string;
  readonly errno: string;
  /** C condition, "" for always, null where none is known. */
  readonly when: string | null;
  readonly place: Place;
}

export class LiftNotes {
  readonly assumptions = new Set<string>();
  readonly unknowns: OpenCondition[] = [];
  /** Conditions beyond what can be searched: no verdict holds for all their values. */
  readonly notSearched: OpenCondition[] = [];
  readonly locks = new Map<string, 'mutex' | 'rwsem'>();
  readonly completions = new Set<string>();
  readonly refusals: LiftedRefusal[] = [];
  private readonly isOneDriver: boolean;

  constructor(exporterFile: string, importerFile: string) {
    this.isOneDriver = folderOf(exporterFile) === folderOf(importerFile);
  }

  assume(text: string, at: Place | null = null): void {
    this.assumptions.add(at === null ? text : `${text} (${at.file}:${at.line})`);
  }

  /** Its name in the scenario; null where there are too many. The same text at the same place is the same condition. */
  open(text: string, at: Place): string | null {
    const isSame = (one: OpenCondition): boolean => one.text === text && one.at.file === at.file && one.at.line === at.line;
    const known = this.unknowns.findIndex(isSame);
    if (known !== -1) return `g${known + 1}`;
    if (this.unknowns.length < MOST_UNKNOWNS) return `g${this.unknowns.push({ text, at })}`;
    if (!this.notSearched.some(isSame)) this.notSearched.push({ text, at });
    return null;
  }

  /** A mutex or rwsem as the scenario's own; null for what is not lifted. */
  lockCall(act: Act & { readonly do: 'lock' | 'unlock' }, side: 'exporter' | 'importer'): string | null {
    if (act.lock === 'spinlock') return null;
    // Locks of two drivers are two locks, whatever they are called.
    const name = this.isOneDriver ? `lock_${act.object}` : `${side}_${act.object}`;
    const kind = act.lock === 'mutex' ? 'mutex' : 'rwsem';
    if ((this.locks.get(name) ?? kind) !== kind) return null;
    this.locks.set(name, kind);
    const isLock = act.do === 'lock';
    if (act.lock === 'mutex') return `${isLock ? 'mutex_lock' : 'mutex_unlock'}(${name});`;
    return `${isLock ? 'down' : 'up'}_${act.lock === 'rwsem-read' ? 'read' : 'write'}(${name});`;
  }
}

export function testText(test: Test): string {
  switch (test.is) {
    case 'unknown':
      return test.text;
    case 'flag':
      return test.field;
    case 'exporter-ops':
      return `dma_buf_ops other than ${test.table}`;
    case 'peer2peer':
    case 'revocable':
    case 'callback':
    case 'dynamic':
    case 'mapped':
    case 'idle':
      return test.is;
  }
}

/** Whether the sides of a branch differ in an act that matters, wherever on the side it stands. */
export function sidesDiffer(yes: Behaviour, no: Behaviour, matters: (act: Act) => boolean): boolean {
  const acts = (root: Behaviour): ReadonlySet<Behaviour> => new Set(partsOfBehaviour(root).filter((one) => one.kind === 'lost' || (one.kind === 'act' && matters(one.act))));
  const [left, right] = [acts(yes), acts(no)];
  return left.size !== right.size || [...left].some((one) => !right.has(one));
}

/** Where the analysis gave up, the code may do all that is owed, or nothing more: a condition like any other. */
export function withLostOpened(root: Behaviour, sides: (lost: Behaviour & { readonly kind: 'lost' }) => { readonly all: Behaviour; readonly nothing: Behaviour }): Behaviour {
  const memo = new Map<Behaviour, Behaviour>();
  const visit = (one: Behaviour): Behaviour => {
    const known = memo.get(one);
    if (known !== undefined) return known;
    const made = opened(one);
    memo.set(one, made);
    return made;
  };
  const opened = (one: Behaviour): Behaviour => {
    switch (one.kind) {
      case 'end':
        return one;
      case 'lost': {
        const { all, nothing } = sides(one);
        return { kind: 'branch', test: { is: 'unknown', text: `not understood: ${one.why}` }, at: one.at, yes: all, no: nothing };
      }
      case 'act': {
        const next = visit(one.next);
        return next === one.next ? one : { ...one, next };
      }
      case 'branch': {
        const [yes, no] = [visit(one.yes), visit(one.no)];
        return yes === one.yes && no === one.no ? one : { ...one, yes, no };
      }
    }
  };
  return visit(root);
}
