// The exporter's operations as litmus: what attach, pin and map ask and refuse (SEMANTICS A7, C8).

import { ERRNOS, isErrno } from '../protocol/errno.ts';
import type { Behaviour, ExporterProfile, Place, RevokePath, Test } from '../results/audit.ts';
import { partsOfBehaviour } from './diagram.ts';
import { comment, emit, refusesOn, type Words } from './emit.ts';
import { testText, type ImporterFacts, type LiftNotes } from './lift-notes.ts';

type Operation = 'attach' | 'pin' | 'map';

/** Flags of the exporter that the scenario has: their names there, and what they are at the start. */
export interface ExporterFlags {
  readonly nameOf: (field: string) => string | null;
  readonly lines: readonly string[];
  readonly startsTrue: ReadonlySet<string>;
}

/** Only what the revoke sets is a variable: any other flag is one condition more that nobody can decide. */
export function flagsOf(exporter: ExporterProfile, revoke: RevokePath | null): ExporterFlags {
  const first = new Map<string, boolean>();
  for (const one of revoke === null ? [] : partsOfBehaviour(revoke.behaviour)) {
    if (one.kind === 'act' && one.act.do === 'set' && !first.has(one.act.field)) first.set(one.act.field, one.act.value);
  }
  if (exporter.revokedFirst !== null && !first.has(exporter.revokedFirst)) first.set(exporter.revokedFirst, true);
  // The flag that the language calls `revoked` makes map fail.
  const special = [...first].find(([field, value]) => value && exporter.mapBehaviour !== null && refusesOn(exporter.mapBehaviour, field))?.[0] ?? null;
  const name = (field: string): string => (field === special ? 'revoked' : `flag_${field}`);
  const startsTrue = new Set([...first].flatMap(([field, value]) => (value ? [] : [field])));
  return {
    nameOf: (field) => (first.has(field) ? name(field) : null),
    lines: [...first.keys()].map((field) => `  bool ${name(field)}${startsTrue.has(field) ? ' = true' : ''};`),
    startsTrue,
  };
}

export function exporterLines(exporter: ExporterProfile, importer: ImporterFacts, flags: ExporterFlags, notes: LiftNotes): readonly string[] {
  const lines: string[] = [];
  const write = (name: Operation, behaviour: Behaviour | null): void => {
    if (behaviour === null) return;
    const inner = emit(behaviour, operationWords(exporter, importer, name, behaviour, flags, notes), '    ');
    if (inner.length > 0) lines.push(`  ${name} {`, ...inner, '  }');
    // Written out, or the core would take it for an exporter that needs no pin (SEMANTICS D9).
    else if (name === 'pin') lines.push('  pin { return 0; }');
  };
  write('attach', exporter.attachBehaviour);
  write('pin', exporter.pinBehaviour);
  if (exporter.pinBehaviour !== null) lines.push('  unpin { return 0; }');
  if (importer.onlyExporters === null) write('map', exporter.mapBehaviour);
  else lines.push(...rangeLines(exporter, importer.onlyExporters, flags, notes));
  for (const at of exporter.downgrades.slice(0, importer.peer2peer ? 1 : 0)) notes.assume('peer to peer is not taken away in attach', at);
  return [`exporter exporter {${comment({ file: exporter.file, line: exporter.line, function: '' })}`, ...flags.lines, ...lines, '}'];
}

/** An importer with a way of its own to the memory: only the exporters on its list know that way. */
function rangeLines(exporter: ExporterProfile, list: NonNullable<ImporterFacts['onlyExporters']>, flags: ExporterFlags, notes: LiftNotes): readonly string[] {
  const [first] = list;
  if (first === undefined || list.some((one) => one.table === exporter.ops)) {
    notes.assume('the physical range that the importer takes instead of a mapping is written as a mapping');
    const flag = exporter.revokedFirst === null ? null : flags.nameOf(exporter.revokedFirst);
    return flag === null ? [] : [`  map { if (${flag}) return -ENODEV; }`];
  }
  notes.refusals.push({ at: 'map', written: standIn(first.errno, [], notes), errno: first.errno, when: null, place: first.at });
  return [`  map { return -${standIn(first.errno, [], notes)}; }${comment(first.at)}`];
}

function operationWords(exporter: ExporterProfile, importer: ImporterFacts, name: Operation, behaviour: Behaviour, flags: ExporterFlags, notes: LiftNotes): Words {
  const taken = partsOfBehaviour(behaviour).flatMap((one) => (one.kind === 'end' && one.returns.startsWith('-') ? [one.returns.slice(1)] : []));
  const refusing = refusalOf(exporter, importer, name, behaviour, flags);
  for (const one of partsOfBehaviour(behaviour)) if (one.kind === 'lost') notes.assume(`${name} succeeds where it was not understood: ${one.why}`, one.at);
  if (refusing !== null) notes.refusals.push({ ...refusing, at: name, written: standIn(refusing.errno, taken, notes) });
  return {
    act: () => null,
    test: (test, at, yes, no) => {
      switch (test.is) {
        case 'peer2peer':
          return 'peer2peer(att)';
        case 'revocable':
        case 'callback':
          // Where the tree tells the two apart, they are not the same question.
          return importer.promisesNothing ? known(test, importer, flags) === true : 'dma_buf_attach_revocable(att)';
        case 'dynamic':
          return 'dynamic(att)';
        default: {
          const flag = test.is === 'flag' ? flags.nameOf(test.field) : null;
          if (flag !== null) return flag;
          // A refusal for something else than the contract: the pair is judged where it is let in.
          const [isGood, isOtherGood] = [letsIn(yes, importer, flags), letsIn(no, importer, flags)];
          if (isGood !== isOtherGood) notes.assume(`${name} does not refuse for ${testText(test)}`, at);
          return isGood;
        }
      }
    },
    end: (returns) => (returns.startsWith('-') ? `return -${standIn(returns.slice(1), taken, notes)};` : ''),
  };
}

/** An errno that the language does not know is written as one that the operation does not give. */
function standIn(errno: string, taken: readonly string[], notes: LiftNotes): string {
  if (isErrno(errno)) return errno;
  const free = [...ERRNOS].reverse().find((one) => !taken.includes(one)) ?? 'EINVAL';
  notes.assume(`-${free} stands for -${errno}, which the language does not have`);
  return free;
}

/** The return that this importer comes to, with its place; null where it is let in. */
function refusalOf(exporter: ExporterProfile, importer: ImporterFacts, name: Operation, root: Behaviour, flags: ExporterFlags): { readonly errno: string; readonly when: string | null; readonly place: Place } | null {
  let last: Place = { file: exporter.file, line: exporter.line, function: '' };
  for (let one = root; ; ) {
    switch (one.kind) {
      case 'lost':
        return null;
      case 'end': {
        if (!one.returns.startsWith('-')) return null;
        const errno = one.returns.slice(1);
        // A diagram's ends have no place of their own: the nearest return behind the last test has.
        const rows = exporter.refuses.filter((row) => row.at === name && row.errno === errno);
        const near = [...rows].filter((row) => row.file === last.file && row.line >= last.line).sort((a, b) => a.line - b.line)[0];
        const fact = near ?? (rows.length === 1 ? rows[0] : undefined);
        return { errno, when: fact?.when ?? null, place: fact ?? last };
      }
      case 'act':
        last = one.at;
        one = one.next;
        break;
      case 'branch':
        last = one.at;
        one = sideFor(one, importer, flags) ? one.yes : one.no;
    }
  }
}

/** The side that this importer comes to; of an open condition the one that lets it in, if one does. */
function sideFor(one: Behaviour & { readonly kind: 'branch' }, importer: ImporterFacts, flags: ExporterFlags): boolean {
  return known(one.test, importer, flags) ?? letsIn(one.yes, importer, flags);
}

function known(test: Test, importer: ImporterFacts, flags: ExporterFlags): boolean | null {
  switch (test.is) {
    case 'peer2peer':
      return importer.peer2peer;
    case 'revocable':
      return importer.attach === 'dynamic' && importer.callback !== null && !importer.promisesNothing;
    case 'callback':
      return importer.attach === 'dynamic' && importer.callback !== null;
    case 'dynamic':
      return importer.attach === 'dynamic';
    case 'flag':
      return flags.nameOf(test.field) === null ? null : flags.startsTrue.has(test.field);
    default:
      return null;
  }
}

function letsIn(root: Behaviour, importer: ImporterFacts, flags: ExporterFlags): boolean {
  const seen = new Set<Behaviour>();
  const visit = (one: Behaviour): boolean => {
    if (seen.has(one)) return false;
    seen.add(one);
    if (one.kind === 'end') return !one.returns.startsWith('-');
    if (one.kind === 'lost') return true;
    if (one.kind === 'act') return visit(one.next);
    const side = known(one.test, importer, flags);
    return side === null ? visit(one.yes) || visit(one.no) : visit(side ? one.yes : one.no);
  };
  return visit(root);
}
