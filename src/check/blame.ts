// Clause blame: which party, which object, which obligation a broken property comes down to.

import { HARMS } from '../protocol/harms.ts';
import { isObligation, obligation } from '../protocol/obligations.ts';
import type { Blame, WaitEdge } from '../results/verdict.ts';
import type { System, Violation } from '../model/system.ts';
import { isTrue, type State } from './interpret.ts';

/** For a harm: the obligation that was broken on the way, if any; else the harm's own. */
export function blameFor(system: System, violation: Violation, onTheWay: readonly number[]): Blame {
  if (violation.kind === 'harm') {
    const earlier = onTheWay.map((v) => system.violations[v]).filter((v) => v?.kind === 'obligation').at(-1);
    if (earlier !== undefined) return blameOf(earlier);
  }
  return blameOf(violation);
}

function blameOf(v: Violation): Blame {
  const id = v.obligation ?? v.code;
  if (isObligation(id)) {
    const duty = obligation(id);
    return { party: v.party, object: v.object, obligation: id, text: v.kind === 'obligation' ? v.text : duty.text, source: duty.source };
  }
  const harm = HARMS.find((h) => h.id === v.code);
  return { party: v.party, object: v.object, obligation: id, text: v.text, source: harm?.source ?? '' };
}

/**
 * For a deadlock or hang: follows who waits for whom from the stuck process to the end of the chain.
 * An unmap that does not come is P6 of the importer, a fence that does not signal is P9, a wrong lock or count on the way
 * is P8 or P14, anything else P10.
 */
export function blameForWait(system: System, stuck: number, state: State, waits: readonly WaitEdge[], onTheWay: readonly number[]): Blame {
  let at = system.processes[stuck]?.name ?? '';
  const passed = new Set<string>();
  let last: WaitEdge | undefined;
  while (!passed.has(at)) {
    passed.add(at);
    const edge = waits.find((w) => w.party === at);
    if (edge === undefined) break;
    last = edge;
    const next = edge.by.find((name) => waits.some((w) => w.party === name)) ?? edge.by[0];
    if (next === undefined || edge.waits === 'unmap' || edge.waits === 'fence') {
      if (next === undefined || !waits.some((w) => w.party === next)) break;
    }
    at = next ?? at;
  }
  const p10 = obligation('P10');
  const otherwise: Blame = { party: system.processes[stuck]?.party ?? '', object: last?.object ?? at, obligation: 'P10', text: p10.text, source: p10.source };
  const misuse = onTheWay.map((v) => system.violations[v]).filter((v): v is Violation => v !== undefined && (v.code === 'P8' || v.code === 'P14')).at(-1);
  if (misuse !== undefined) return blameOf(misuse);
  if (last === undefined) return otherwise;
  if (passed.has(at) && waits.some((w) => w.party === at) && last.by.includes(at)) return {
    ...otherwise,
    party: system.processes.find((p) => p.name === at)?.party ?? otherwise.party,
  };
  const open = system.pending.filter((p) => p.kind === 'obligation' && isTrue(p.holds, state)).map((p) => system.violations[p.violation]);
  const wanted = last.waits === 'unmap' ? 'P6' : last.waits === 'fence' ? 'P9' : null;
  const parties = new Set(last.by.map((name) => system.processes.find((p) => p.name === name)?.party));
  const owing = open.filter((v): v is Violation => v !== undefined && v.code === wanted);
  // the copy of a mover only waits for others: theirs is the duty
  const owed = wanted === 'P9' ? (owing.find((v) => !v.object.endsWith('.copy')) ?? owing[0]) : owing.find((v) => parties.size === 0 || parties.has(v.party));
  if (owed !== undefined) return blameOf(owed);
  const first = last.by[0];
  const party = system.processes.find((p) => p.name === first)?.party ?? otherwise.party;
  if (last.waits === 'unmap') return unasked(system, otherwise, party, last.object);
  return { ...otherwise, party };
}

/** The exporter waits for an unmap that nobody owes: it told the importer nothing, or should not have let it in (C7, C8). */
function unasked(system: System, blame: Blame, importer: string, buffer: string): Blame {
  const exporter = system.steps.find((s) => s.waits?.kind === 'unmap' && s.waits.object === buffer)?.waits?.owner ?? blame.party;
  const couldBeTold = system.pending.some((p) => p.kind === 'obligation' && system.violations[p.violation]?.code === 'P6' && system.violations[p.violation]?.party === importer);
  return couldBeTold
    ? {
      ...blame, party: exporter, object: buffer,
      text: `${exporter} waits for ${importer} to unmap, but the callback has not told it to since it mapped.`,
      source: 'SEMANTICS C7, D5',
    }
    : {
      ...blame, party: exporter, object: buffer,
      text: `${exporter} waits for ${importer} to unmap, which has no callback and so no duty to: it should have been refused.`,
      source: 'SEMANTICS C8, E6; dma_buf_attach_revocable',
    };
}
