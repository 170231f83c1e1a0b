// Devices and backing: jobs, speculative reads, addresses, storage, decode (SEMANTICS A4, A9, C5, C6).
// The device is a party of its own. What it may do in a state, and whether that is harm, is one invariant a mapping and harm.

import { errnoValue } from '../../protocol/errno.ts';
import type { Code } from '../code.ts';
import { and, compare, constant, equal, not, or, read, set, when, type Action, type Expr } from '../system.ts';
import type { Buffer, Exporter, Fence, Mapping, World } from '../world.ts';
import { alive, putCount } from './lifetime.ts';
import { hasPin } from './traits.ts';
import { added, armed, signalled } from './fences.ts';

const REDIRECTED = 1;
const REASSIGNED = 2;
const OWNED = 0;
const RECYCLED = 1;
const FREED = 2;

export const ADDRESS_VALUES = ['valid', 'redirected', 'reassigned'] as const;
export const STORE_VALUES = ['owned', 'recycled', 'freed'] as const;

/** The device starts to work through the mapping; `fence` is armed and signals after the work has ended. */
export function submitJob(w: World, c: Code, map: Mapping, fence: Fence | null): void {
  c.call(`submit_job(${fence === null ? map.name : `${map.name}, ${fence.name}`})`, false, () => {
    if (fence !== null) {
      const covered = w.facts.covers.get(fence.name) ?? new Set();
      covered.add(map.name);
      w.facts.covers.set(fence.name, covered);
    }
    const slot = fence === null ? -1 : map.jobFences.indexOf(fence);
    const value = fence === null ? 1 : slot + 2;
    const rearm: readonly Action[] = fence === null ? [] : [
      when(w.unsignalled(fence), w.capacity({ party: c.party, object: fence.name }, `${fence.name} is submitted again before it has signalled`)),
      ...armed(w, fence),
    ];
    c.step('', { actions: [...rearm, set(map.job, constant(value))], step: 'submit' });
  });
}

/** The importer stops its device: no access through the mapping from here. */
export function stopHardware(_w: World, c: Code, map: Mapping): void {
  c.call(`stop_hw(${map.name})`, false, () => c.step('', { actions: [set(map.job, constant(0))], step: 'stop' }));
}

/** The engine of one importer's device: work ends by itself (weakly fair); accesses change nothing and are invariants. */
export function deviceEngine(w: World, map: Mapping): void {
  const { importer } = map.attachment;
  const name = `${importer}.device`;
  const engine = w.engine(name, 'device', importer);
  map.jobFences.forEach((fence, i) => {
    if (fence.signaller !== 'hardware') return;
    engine.steps.push({
      name: `${name}:end of ${fence.name}`, guard: equal(read(map.job), constant(i + 2)), actions: [set(map.job, constant(0))],
      fairness: 'weak', text: `the job of ${fence.name} ends`, step: 'job-end', waits: null, late: null, origin: null, group: `${name}:end ${fence.name}`,
    });
  });
  const who = { party: importer, object: map.name };
  const b = map.attachment.buffer;
  const live = w.live(map);
  const working = not(equal(read(map.job), constant(0)));
  const blocked = w.is('mapping', map.life, 'P12', 'blocked');
  const reads: Expr = map.attachment.traits.speculates ? and(live, not(blocked)) : constant(0);
  const through = or(working, reads);
  const check = (id: 'N1' | 'N2' | 'N3' | 'N4' | 'N5' | 'N7' | 'N8', bad: Expr, text: string): void => {
    if (bad.op === 'const' && bad.value === 0) return;
    w.invariants.push({ name: `${name}:${id} ${map.name}`, bad, violation: w.harm(id, who), process: engine, text });
  };
  const accesses = (test: Expr): string => (test === reads ? `reads ahead through ${map.name}` : `accesses through ${map.name}`);
  if (!w.off.has('P1')) {
    check('N1', and(working, not(live)), accesses(working));
    check(
      'N2',
      and(through, live, not(equal(read(map.address), constant(REDIRECTED))), not(read(b.exporter.decodes))),
      map.attachment.traits.speculates ? `reads ahead, or works, through ${map.name}` : accesses(working),
    );
    check('N3', and(through, live, equal(read(map.address), constant(REASSIGNED))), accesses(working));
    check('N4', and(working, live, not(equal(read(map.address), constant(REDIRECTED))), not(equal(read(map.store), constant(OWNED)))), accesses(working));
    check('N7', and(working, equal(read(map.key), constant(2))), `an access arrives by the key of ${map.name}`);
  }
  if (!w.off.has('P2')) {
    check('N5', and(working, w.is('mapping', map.life, 'P2', 'retired')), accesses(working));
    if (b.options.has('side_effects')) check('N8', and(reads, w.stale(map)), accesses(reads));
  }
  if (!w.off.has('P12')) {
    // whoever pinned first need not wait: the pin should have (A5.2, B8)
    const excused = hasPin(w, b.exporter) && map.attachment.traits.dynamic ? w.pinned(map.attachment) : constant(0);
    const early = (bad: Expr, party: string, text?: string): void => {
      const [violation] = w.broken('P12', { party, object: map.name }, text);
      if (violation?.do === 'violate' && !(bad.op === 'const' && bad.value === 0)) w.invariants.push({
        name: `${name}:P12 ${map.name} ${party}`,
        bad,
        violation: violation.violation,
        process: engine, text: accesses(working),
      });
    };
    early(and(working, blocked, not(excused)), importer);
    early(and(working, blocked, excused), b.exporter.name, 'The pin returned before the storage had stopped moving.');
  }
}

const mappingsOf = (b: Buffer): readonly Mapping[] => b.attachments.flatMap((a) => a.mappings);

/** decode := OFF: P3 is broken for every live mapping that still points at the device. */
export function switchedOff(w: World, exporter: Exporter): readonly Action[] {
  const maps = exporter.buffers.flatMap(mappingsOf);
  return [
    ...maps.map((m) => when(
      not(equal(read(m.address), constant(REDIRECTED))),
      w.emit('mapping', m.life, 'decode-off', { party: exporter.name, object: m.name }),
    )),
    set(exporter.decodes, constant(0)),
  ];
}

export function deviceOff(w: World, c: Code, exporter: Exporter): void {
  c.call(`device_off(${exporter.name})`, false, () => {
    const mapped = or(...exporter.buffers.flatMap(mappingsOf).map((m) => w.live(m)));
    if (w.contract.STOP === 'V5') return c.step('as soon as nothing is mapped', {
      actions: [when(mapped, [set(exporter.offWanted, constant(1))], switchedOff(w, exporter))],
      step: 'device-off',
    });
    c.step('', { actions: switchedOff(w, exporter), step: 'device-off' });
  });
}

/** V5: the device goes off by itself once the last mapping has gone. */
export function lateOffEngine(w: World, exporter: Exporter): void {
  if (w.contract.STOP !== 'V5') return;
  const name = `${exporter.name}.late_off`;
  const engine = w.engine(name, 'worker', exporter.name);
  const maps = exporter.buffers.flatMap(mappingsOf);
  engine.steps.push({
    name: `${name}:off`,
    guard: and(read(exporter.offWanted), ...maps.map((m) => not(w.live(m)))),
    actions: [set(exporter.offWanted, constant(0)), ...switchedOff(w, exporter)],
    fairness: 'weak',
    text: `device_off(${exporter.name})`,
    step: 'device-off', waits: null, late: null, origin: null, group: name,
  });
}

export function deviceOn(_w: World, c: Code, exporter: Exporter): void {
  c.call(`device_on(${exporter.name})`, false, () => c.step('', {
    actions: [set(exporter.decodes, constant(1)), set(exporter.offWanted, constant(0))],
    step: 'device-on',
  }));
}

export function reassignAddress(w: World, c: Code, b: Buffer): void {
  c.call(`reassign_address(${b.name})`, false, () => c.step('', {
    actions: mappingsOf(b).map((m) => when(w.live(m), [
      ...w.emit('mapping', m.life, 'reassign', { party: b.exporter.name, object: m.name }),
      set(m.address, constant(REASSIGNED)),
    ])),
    step: 'reassign',
  }));
}

/** V6: addresses still mapped lead to a dummy page. */
export function redirected(w: World, b: Buffer): readonly Action[] {
  return mappingsOf(b).map((m) => when(w.live(m), [set(m.address, constant(REDIRECTED))]));
}

export function redirectAddress(w: World, c: Code, b: Buffer): void {
  c.call(`redirect_address(${b.name})`, false, () => c.step('', { actions: redirected(w, b), step: 'redirect' }));
}

/**
 * The memory behind live mappings goes to somebody else. Early: under RS1 while mapped; under RS2 while fences are pending,
 * or without a word to an importer that has the callback, or that could not have pinned.
 */
export function recycled(w: World, b: Buffer, freed: boolean, only: (m: Mapping) => Expr = () => constant(1)): readonly Action[] {
  const busy = or(...w.fences.filter((f) => f !== b.copy).map((f) => w.pendingOn(f, b.resv, 'BOOKKEEP')));
  const untold = (m: Mapping): Expr => (m.attachment.traits.callback === 'real' || !hasPin(w, b.exporter) ? not(w.stale(m)) : constant(0));
  const early = (m: Mapping): Expr => (w.contract.STORE === 'RS1' ? constant(1) : or(busy, untold(m)));
  return mappingsOf(b).map((m) => when(and(w.live(m), only(m)), [
    when(early(m), w.emit('mapping', m.life, 'recycle-early', { party: b.exporter.name, object: m.name })),
    set(m.store, constant(freed ? FREED : RECYCLED)),
  ]));
}

export function recycleStorage(w: World, c: Code, b: Buffer, freed: boolean): void {
  c.call(`${freed ? 'free' : 'recycle'}_storage(${b.name})`, false, () => c.step('', { actions: recycled(w, b, freed), step: 'recycle' }));
}

/** C3.3 to C3.5: the copy waits for the fences of its level, its own fence is KERNEL, the backing pointer is switched. */
export function moveStorage(w: World, c: Code, b: Buffer): void {
  c.call(`move_storage(${b.name})`, false, () => c.step('', {
    actions: [...w.needHeld(c, b.resv, 'move_storage'), ...alive(w, c, b), ...moved(w, b)],
    step: 'move',
  }));
}

export function moved(w: World, b: Buffer): readonly Action[] {
  const level = { V1: null, V2k: 'KERNEL', V2b: 'BOOKKEEP' }[w.contract.MOVE] as 'KERNEL' | 'BOOKKEEP' | null;
  const others = w.fences.filter((f) => f !== b.copy && f.members.has(b.resv));
  w.note(`${b.name} moves`);
  return [
    when(read(b.moving), w.capacity({ party: b.exporter.name, object: b.name }, `${b.name} moves again before the last copy is done`)),
    ...b.attachments.flatMap((att) => w.emit('pin', att.pin, 'move', { party: b.exporter.name, object: att.name })),
    ...(level === null ? [] : others.map((f) => set(f.beforeCopy, w.pendingOn(f, b.resv, level)))),
    ...armed(w, b.copy), ...added(w, b, b.copy, 'KERNEL'),
    set(b.moving, constant(1)),
    ...mappingsOf(b).map((m) => when(w.live(m), [set(m.old, constant(1))])),
  ];
}

/** The copy engine: copies when what it waits for has signalled, then the old place is free for others (C3.6). */
export function copyEngine(w: World, b: Buffer): void {
  if (!w.knows(`${b.name} moves`)) return;
  const name = `${b.exporter.name}.copy`;
  const engine = w.engine(name, 'device', b.exporter.name);
  const others = w.fences.filter((f) => f !== b.copy && f.members.has(b.resv));
  const done = (): readonly Action[] => [...recycled(w, b, false, (m) => read(m.old)), set(b.moving, constant(0))];
  engine.steps.push({
    name: `${name}:copy ${b.name}`, guard: and(w.unsignalled(b.copy), ...others.map((f) => not(read(f.beforeCopy)))),
    actions: signalled(w, b.copy), fairness: 'weak', text: `copy of ${b.name} done, ${b.copy.name} signals`, step: 'fence-signal',
    waits: null, late: null, origin: null, group: `${name}:copy`, signals: b.copy,
  });
  engine.steps.push({
    name: `${name}:reuse of the old place of ${b.name}`, guard: and(read(b.moving), not(w.unsignalled(b.copy))),
    actions: done(), fairness: 'weak', text: `the old place of ${b.name} is given to somebody else`, step: 'recycle', waits: null, late: null, origin: null, group: `${name}:reuse`,
  });
}

/** C4.7: drops the exporter's own reference and waits until the count is zero. */
export function waitForUnmap(w: World, c: Code, b: Buffer, how: 'forever' | 'timeout' | 'print', rule = 'wait_for_unmap'): void {
  c.call(`wait_for_unmap(${b.name})`, true, () => {
    w.note(`${b.name} counts`);
    if (c.rule(`${rule}: kref_put`)) c.step(`kref_put(${b.count.name})`, { actions: putCount(w, b), step: 'count-put' });
    if (!c.rule(`${rule}: wait_for_completion`)) return c.step('no wait');
    const done = {
      guard: read(b.completion.done),
      waits: w.waitForUnmap(b),
      actions: [set(c.result, constant(0)), set(b.completion.done, constant(0))],
      step: 'unmap-wait',
    };
    if (how === 'forever') return c.step(`wait_for_completion(${b.completion.name})`, done);
    if (how === 'print') {
      const again = c.place('again');
      c.alternatives([
        { label: 'wait_for_completion', options: done, body: () => {} },
        {
          label: 'one second is over: print',
          options: { guard: not(read(b.completion.done)), fairness: 'weak', step: 'unmap-wait' },
          body: () => { c.land(again); c.step('wait_for_completion', done); },
        },
      ]);
      return;
    }
    c.alternatives([
      { label: 'wait_for_completion', options: done, body: () => {} },
      {
        label: 'wait_for_completion: timeout',
        options: { guard: not(read(b.completion.done)), actions: [set(c.result, constant(errnoValue('ETIMEDOUT')))], fairness: 'weak', step: 'unmap-wait' },
        body: () => {},
      },
    ]);
  });
}

/** C4.9: the count is one again, the completion empty. A count that a timeout left above zero gets its reference back. */
export function rearmMappings(w: World, c: Code, b: Buffer): void {
  const who = { party: b.exporter.name, object: b.count.name };
  c.call(`rearm_mappings(${b.name})`, false, () => {
    c.step('', {
      actions: [
        {
          do: 'if',
          test: equal(read(b.count.count), constant(0)),
          then: [...w.emit('kref', b.count.life, 'arm', who), set(b.count.count, constant(1))],
          else: [when(not(equal(read(b.count.count), constant(b.count.saturated))), [set(b.count.count, compare('add', read(b.count.count), constant(1)))])],
        },
        set(b.completion.done, constant(0)),
      ],
      step: 'rearm',
    });
  });
}
