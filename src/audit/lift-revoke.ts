// How the exporter takes the memory back, as a kernel thread: a revoke step by step from the C, or a mover (SEMANTICS C3, C4).

import type { Act, Behaviour, ExporterProfile, Place, RevokePath } from '../results/audit.ts';
import { partsOfBehaviour } from './diagram.ts';
import { comesTo, comment, emit, type Words } from './emit.ts';
import type { ExporterFlags } from './lift-exporter.ts';
import { sidesDiffer, takesRange, testText, withLostOpened, type ImporterFacts, type LiftNotes } from './lift-notes.ts';
import { mappingCountOf, waitsBeforePut, type MappingCount } from './mapping-count.ts';
import { isSilent, takesBack } from './revoke-paths.ts';

/** A wait that may stand where the analysis gave up. */
const UNSEEN = '';

/** It only moves: what waits for unmaps, or refuses new mappings first, is a revoke whatever else it does. */
export const isMover = (exporter: ExporterProfile): boolean => exporter.moves && exporter.waitsUnmap === null && exporter.revokedFirst === null;

/** `revoke`: where it calls back; null where it moves without a word. */
export function moverLines(exporter: ExporterProfile, revoke: RevokePath | null, notes: LiftNotes): readonly string[] {
  const asks = exporter.pinBehaviour !== null;
  notes.assume(`the mover holds the reservation, ${asks ? 'refuses while pinned, ' : ''}and copies behind every fence (SEMANTICS C3)`);
  if (revoke === null) notes.assume('what can be pinned can move while nobody pins it, and nothing calls back', { file: exporter.file, line: exporter.line, function: '' });
  const move = [...(revoke === null ? [] : [`dma_buf_invalidate_mappings(buf);${comment(revoke)}`]), 'move_storage(buf);'];
  return [
    'thread mover: kernel {',
    '  dma_resv_lock(buf);',
    // Without a pin operation it never hears of pins.
    ...(asks ? ['  if (pins(buf) == 0) {', ...move.map((line) => `    ${line}`), '  }'] : move.map((line) => `  ${line}`)),
    '  dma_resv_unlock(buf);',
    '}',
  ];
}

export function revokeLines(exporter: ExporterProfile, importer: ImporterFacts, revoke: RevokePath, flags: ExporterFlags, notes: LiftNotes): readonly string[] {
  const counts = mappingCountOf(exporter);
  const isRange = takesRange(importer);
  const silent = isSilent(revoke.behaviour);
  const early = counts === null ? new Set<string>() : waitsBeforePut(revoke.behaviour, counts);
  const held: (Act & { readonly do: 'lock' })[] = [];
  const state = { hasCalled: false, isRearmed: false };
  const waitForUnmap = (object: string, timeout: boolean, at: Place): readonly string[] => {
    const own = counts !== null && early.has(`${at.file}:${at.line}`) && !timeout ? ownReferenceLines(exporter, counts, revoke, at, notes) : [];
    if (isRange) {
      notes.assume('the wait for unmaps does not cover a physical range, which no unmap ends', at);
      return own;
    }
    if (object !== UNSEEN && (counts === null || counts.completion !== object)) {
      notes.assume(`the wait for ${object} ends, and is not for unmaps: map and unmap do not count with it`, at);
      return own;
    }
    return [...own, `wait_for_unmap(buf${timeout ? ', timeout' : ''});`];
  };
  const words: Words = {
    act: (act, at) => {
      switch (act.do) {
        case 'resv-lock':
        case 'resv-unlock':
          if (!act.own) return null;
          if (act.do === 'resv-lock' && act.trylock) notes.assume('the trylock of the reservation succeeds', at);
          return [act.do === 'resv-lock' ? 'dma_resv_lock(buf);' : 'dma_resv_unlock(buf);'];
        case 'set': {
          state.hasCalled ||= takesBack(act, silent);
          const flag = flags.nameOf(act.field);
          return flag === null ? null : [`exporter.${flag} = ${act.value ? 'true' : 'false'};`];
        }
        case 'invalidate':
          state.hasCalled = true;
          return ['dma_buf_invalidate_mappings(buf);'];
        case 'wait-fences':
          if (act.interruptible) notes.assume('no signal ends the wait for fences', at);
          return [`dma_resv_wait_timeout(buf, ${act.usage}${act.timeout ? ', timeout' : ''});`];
        case 'completion-wait':
          return waitForUnmap(act.object, act.timeout, at);
        case 'count-init':
        case 'completion-init':
          // A count and its completion are one thing in the language.
          if (!state.hasCalled || state.isRearmed || counts === null || isRange) return null;
          state.isRearmed = true;
          return ['rearm_mappings(buf);'];
        case 'lock':
        case 'unlock': {
          const line = notes.lockCall(act, 'exporter');
          if (line === null) return null;
          if (act.do === 'lock') held.push({ ...act, do: 'lock' });
          else held.splice(held.findLastIndex((lock) => lock.object === act.object), 1);
          return [line];
        }
        default:
          return null;
      }
    },
    test: (test, at, yes, no) => {
      if (test.is === 'flag') {
        const flag = flags.nameOf(test.field);
        if (flag !== null) return `exporter.${flag}`;
      }
      if (test.is === 'idle') return `idle(buf, ${test.usage})`;
      const calls = (side: Behaviour): boolean => comesTo(side, (act) => takesBack(act, silent));
      if (calls(yes) !== calls(no)) {
        // Whether it takes back at all is not asked here: the pair is judged where it does.
        notes.assume(`the revoke is not left out for ${testText(test)}`, at);
        return calls(yes);
      }
      if (!sidesDiffer(yes, no, matters)) return false;
      const name = notes.open(testText(test), at);
      if (name !== null) return name;
      const waits = (side: Behaviour): number => Number(comesTo(side, (act) => act.do === 'wait-fences')) + Number(comesTo(side, (act) => act.do === 'completion-wait'));
      return waits(yes) < waits(no);
    },
    end: () => '',
  };
  const body = emit(withLostOpened(revoke.behaviour, (one) => restOfRevoke(revoke.behaviour, one, counts?.completion ?? UNSEEN)), words, '  ');
  const back = [...held].reverse().flatMap((act) => {
    const line = notes.lockCall({ ...act, do: 'unlock' }, 'exporter');
    return line === null ? [] : [`  ${line}`];
  });
  return ['thread revoke: kernel {', ...body, '  device_off(exporter);', ...back, '}'];
}

/** What a revoke owes where the analysis gave up: both waits. The lock is given back on either side. */
function restOfRevoke(root: Behaviour, lost: Behaviour & { readonly kind: 'lost' }, completion: string): { readonly all: Behaviour; readonly nothing: Behaviour } {
  const { at } = lost;
  const end: Behaviour = { kind: 'end', returns: '' };
  const act = (one: Act, next: Behaviour): Behaviour => ({ kind: 'act', act: one, at, next });
  const unlocked = (next: Behaviour): Behaviour => (holdsResvAt(root, lost) ? act({ do: 'resv-unlock', own: true, trylock: false, ticket: false }, next) : next);
  return { all: act({ do: 'wait-fences', usage: 'BOOKKEEP', interruptible: false, timeout: false }, unlocked(act({ do: 'completion-wait', object: completion, timeout: false }, end))), nothing: unlocked(end) };
}

function holdsResvAt(root: Behaviour, place: Behaviour): boolean {
  const seen = new Set<Behaviour>();
  let found = false;
  const visit = (one: Behaviour, holds: boolean): void => {
    if (one === place) found ||= holds;
    if (seen.has(one)) return;
    seen.add(one);
    if (one.kind === 'act') visit(one.next, one.act.do === 'resv-lock' && one.act.own ? true : one.act.do === 'resv-unlock' && one.act.own ? false : holds);
    if (one.kind === 'branch') {
      visit(one.yes, holds);
      visit(one.no, holds);
    }
  };
  visit(root, false);
  return found;
}

const matters = (act: Act): boolean => !['log', 'count-get', 'count-init', 'completion-init', 'reserve-fences', 'put', 'stop-device'].includes(act.do);

/**
 * A wait that no way drops the exporter's own reference before: the count cannot come to its end by unmaps alone.
 * Nothing where somebody else drops it in time, which is a condition that nobody can decide.
 */
function ownReferenceLines(exporter: ExporterProfile, counts: MappingCount, revoke: RevokePath, at: Place, notes: LiftNotes): readonly string[] {
  if (exporter.ownReference === null) {
    if (counts.completion !== counts.object) notes.assume(`the exporter's own reference is dropped before it waits for ${counts.completion}`, at);
    return [];
  }
  const onThisWay = new Set(partsOfBehaviour(revoke.behaviour).flatMap((one) => (one.kind === 'act' && one.act.do === 'count-put' ? [`${one.at.file}:${one.at.line}`] : [])));
  const [elsewhere] = exporter.ownReference.filter((one) => !onThisWay.has(`${one.file}:${one.line}`));
  notes.completions.add('own_reference');
  const wait = 'wait_for_completion(own_reference);';
  if (elsewhere === undefined) return [wait];
  const name = notes.open(`\`${counts.object}\` dropped before this wait, as ${elsewhere.function}() does`, at);
  return name === null ? [] : [`if (!${name}) {`, `  ${wait}`, '}'];
}
