// dma_fence and the fences of a reservation (SEMANTICS A5, A6, B20 to B24, E3 to E5).
// A fence covers the mappings whose work it ends; that is where "busy" and "retired" come from.

import { errnoValue } from '../../protocol/errno.ts';
import { usageLevel, type Usage } from '../../protocol/usage.ts';
import type { Code, StepOptions } from '../code.ts';
import { and, compare, constant, not, or, read, set, when, type Action, type Expr } from '../system.ts';
import { type Buffer, type Fence, type Lock, type Mapping, type World } from '../world.ts';

/** dma_fence_init, or a driver that arms its job's fence. */
export function armed(w: World, fence: Fence): readonly Action[] {
  return w.emit('fence', fence.life, 'arm', { party: fence.owner, object: fence.name });
}

/** dma_resv_reserve_fences (B20). */
export function reserve(w: World, c: Code, buffer: Buffer, wanted: number): void {
  const { resv } = buffer;
  // no scenario adds more fences than that between two reservations
  const slots = Math.min(wanted, (w.variables[resv.slots]?.size ?? 8) - 1);
  const wrong = [
    ...w.needHeld(c, resv, 'dma_resv_reserve_fences'),
    ...(slots === 0 ? w.warn({ party: c.party, object: resv.name }, 'dma_resv_reserve_fences(0)') : []),
  ];
  c.step(`dma_resv_reserve_fences(${resv.name}, ${slots})`, {
    actions: [
      ...wrong,
      when(compare('lt', read(resv.slots), constant(slots)), [set(resv.slots, constant(slots))]),
      set(c.result, constant(slots === 0 ? errnoValue('EINVAL') : 0)),
    ],
    step: 'fence-reserve',
  });
}

/** dma_resv_add_fence (B21): needs a slot; a later fence of the same context takes the place of an earlier one. */
export function addFence(
  w: World, c: Code, buffer: Buffer, fence: Fence, usage: Usage, label = `dma_resv_add_fence(${buffer.resv.name}, ${fence.name}, ${usage})`,
): void {
  const { resv } = buffer;
  const actions = [
    ...w.needHeld(c, resv, 'dma_resv_add_fence'),
    when(not(read(resv.slots)), w.bug(
      { party: c.party, object: resv.name },
      'dma_resv_add_fence without a reserved slot',
    ), [set(resv.slots, compare('sub', read(resv.slots), constant(1)))]),
    ...added(w, buffer, fence, usage),
  ];
  c.step(label, { actions, step: 'fence-add' });
}

/** What adding does to the fence, to those it replaces and to the mappings it covers. Nothing if it has signalled. */
export function added(w: World, buffer: Buffer, fence: Fence, usage: Usage): readonly Action[] {
  const { resv } = buffer;
  note(w, fence, resv, usage);
  const member = fence.members.get(resv);
  const replaced = fence.context === null ? [] : w.fences.flatMap((old) => {
    if (old === fence || old.context?.name !== fence.context?.name || (old.context?.seqno ?? 0) > (fence.context?.seqno ?? 0)) return [];
    const entry = old.members.get(resv);
    if (entry?.member == null) return [];
    // only an entry of the same or a weaker usage is replaced
    const weaker = entry.fixed !== null ? constant(
      usageLevel(entry.fixed) >= usageLevel(usage) ? 1 : 0,
    ) : entry.usage !== null ? compare('le', constant(usageLevel(usage)), read(entry.usage)) : constant(1);
    return [when(weaker, [set(entry.member, constant(0))])];
  });
  const already = member?.member == null ? w.fencePending(fence) : read(member.member);
  const who = { party: fence.owner, object: fence.name };
  return [
    when(w.unsignalled(fence), [
      ...(member?.usage == null ? [] : [set(member.usage, {
        op: 'if',
        test: and(already, compare('lt', read(member.usage), constant(usageLevel(usage)))),
        then: read(member.usage),
        else: constant(usageLevel(usage)),
      })]),
      ...w.emit('fence', fence.life, 'add', who),
      ...(member?.member == null ? [] : [set(member.member, constant(1))]),
      ...replaced,
      ...fence.mappings.flatMap((map) => w.emit('mapping', map.life, 'fence-busy', { party: map.attachment.importer, object: map.name })),
    ]),
  ];
}

/** dma_resv_replace_fences (B23): the old fence leaves the reservation, the new one takes its place; no slot needed. */
export function replaceFence(w: World, c: Code, buffer: Buffer, old: Fence, fence: Fence, usage: Usage): void {
  const { resv } = buffer;
  const bit = old.members.get(resv)?.member ?? null;
  w.note(`${old.name} is replaced`);
  c.step(`dma_resv_replace_fences(${resv.name}, ${old.name}, ${fence.name})`, {
    actions: [...w.needHeld(c, resv, 'dma_resv_replace_fences'), ...(bit === null ? [] : [set(bit, constant(0))]), ...added(w, buffer, fence, usage)],
    step: 'fence-replace',
  });
}

/** What signalling does, once: out of every reservation, KERNEL waiters ready, mappings retired, callbacks run (B24). */
export function signalled(w: World, fence: Fence): readonly Action[] {
  const actions: Action[] = [...w.emit('fence', fence.life, 'signal', { party: fence.owner, object: fence.name })];
  for (const { member, usage } of fence.members.values()) {
    if (member !== null) actions.push(set(member, constant(0)));
    if (usage !== null) actions.push(set(usage, constant(0)));
  }
  for (const map of fence.mappings) {
    const others = fencesOf(w, map).filter((f) => f !== fence);
    actions.push(
      when(
        and(...others.map((f) => not(w.fencePending(f)))),
        w.emit('mapping', map.life, 'fence-retired', { party: map.attachment.importer, object: map.name }),
      ),
    );
  }
  for (const map of w.mappings) {
    const bit = map.waitsFor.get(fence);
    if (bit === undefined) continue;
    const others = [...map.waitsFor].filter(([f]) => f !== fence).map(([, b]) => read(b));
    actions.push(
      set(bit, constant(0)),
      when(not(or(...others)), w.emit('mapping', map.life, 'kernel-retired', { party: map.attachment.importer, object: map.name })),
    );
  }
  actions.push(set(fence.beforeCopy, constant(0)));
  for (const { work, armed: bit } of fence.callbacks) actions.push(when(read(bit), [set(bit, constant(0)), set(work.queued, constant(1))]));
  return [when(w.unsignalled(fence), actions)];
}

export const fencesOf = (w: World, map: Mapping): readonly Fence[] => w.fences.filter((f) => f.mappings.includes(map));

/** dma_fence_signal by driver code. */
export function signal(w: World, c: Code, fence: Fence): void {
  fence.signallers.add(c);
  c.step(`dma_fence_signal(${fence.name})`, { actions: signalled(w, fence), step: 'fence-signal' });
}

/** dma_fence_wait (B24): returns 0. */
export function waitFence(w: World, c: Code, fence: Fence, timeout: boolean): void {
  const done = {
    label: `dma_fence_wait(${fence.name})`,
    options: {
      guard: not(w.unsignalled(fence)),
      waits: w.waitForFences([{ fence, when: w.unsignalled(fence) }], fence.name),
      actions: [set(c.result, constant(0))],
      step: 'fence-wait',
    },
    body: () => {},
  };
  if (!timeout) return c.step(done.label, done.options);
  c.alternatives([
    done,
    {
      label: `dma_fence_wait(${fence.name}) = timeout`,
      options: { guard: w.unsignalled(fence), actions: [set(c.result, constant(errnoValue('ETIMEDOUT')))], fairness: 'weak', step: 'fence-wait' },
      body: () => {},
    },
  ]);
}

export interface ResvWait {
  readonly interruptible?: boolean;
  readonly timeout?: boolean;
  readonly label?: string;
}

/**
 * dma_resv_wait_timeout (B22): all fences at or below the usage.
 * Under the lock nobody can add; without it only the fences that were there at the start are waited for.
 */
export function waitResv(w: World, c: Code, buffer: Buffer, usage: Usage, options: ResvWait = {}): void {
  const { resv } = buffer;
  const fences = w.fences.filter((f) => f.members.has(resv));
  const underLock = w.inContext(c, resv) || c.held.has(resv);
  let pending = fences.map((fence) => ({ fence, when: w.pendingOn(fence, resv, usage) }));
  let after: readonly Action[] = [];
  if (!underLock && fences.length > 0) {
    const bits = pending.map((p) => ({ ...p, bit: snapshotBit(w, c, p.fence) }));
    c.step(`dma_resv_iter_begin(${resv.name})`, { actions: bits.map(({ bit, when: test }) => set(bit, test)) });
    pending = bits.map(({ fence, when: test, bit }) => ({ fence, when: and(read(bit), test) }));
    after = bits.map(({ bit }) => set(bit, constant(0)));
  }
  const quiet = and(...pending.map((p) => not(p.when)));
  const label = options.label ?? `dma_resv_wait_timeout(${resv.name}, ${usage})`;
  const done = {
    label,
    options: { guard: quiet, waits: w.waitForFences(pending, resv.name), actions: [...after, set(c.result, constant(0))], step: 'fence-wait' },
    body: () => {},
  };
  const ways: { label: string; options: StepOptions; body: () => void }[] = [done];
  const early = (name: string, errno: number, fairness: 'weak' | 'none'): void => {
    ways.push({
      label: `${label === '' ? `dma_resv_wait_timeout(${resv.name}, ${usage})` : label} = ${name}`,
      options: { guard: not(quiet), actions: [...after, set(c.result, constant(errno))], fairness, step: 'fence-wait' },
      body: () => {},
    });
  };
  if (options.timeout === true) early('timeout', errnoValue('ETIMEDOUT'), 'weak');
  if (options.interruptible === true) early('signal', errnoValue('ERESTARTSYS'), 'none');
  if (ways.length === 1) c.step(done.label, done.options);
  else c.alternatives(ways);
}

/** The engine that ends a fence nobody's code signals: hardware, a user, or the fence's own timeout. */
export function fenceEngine(w: World, fence: Fence): void {
  const working: Expr = or(
    ...fence.mappings.flatMap((m) => { const slot = m.jobFences.indexOf(fence); return slot < 0 ? [] : [
      { op: 'eq' as const, left: read(m.job), right: constant(slot + 2) },
    ]; }),
  );
  const can = w.unsignalled(fence);
  const add = (name: string, kind: 'signaller' | 'user' | 'device', text: string, guard: Expr, fairness: 'weak' | 'none', extra: readonly Action[] = []): void => {
    const engine = w.engine(name, kind, fence.owner);
    engine.steps.push({
      name: `${name}:signal ${fence.name}`,
      guard,
      actions: [...extra, ...signalled(w, fence)],
      fairness, text, step: 'fence-signal', waits: null, origin: null, late: null, group: `${name}:${text}`,
      signals: fence,
    });
  };
  if (fence.signaller === 'hardware') add(`${fence.owner}.irq`, 'signaller', `dma_fence_signal(${fence.name})`, and(can, not(working)), 'weak');
  if (fence.signaller === 'user') add(`${fence.name}.user`, 'user', `a user signals ${fence.name}`, can, 'none');
  if (fence.timeout) {
    const stop = fence.mappings.flatMap((m) => { const slot = m.jobFences.indexOf(fence); return slot < 0 ? [] : [
      when({ op: 'eq', left: read(m.job), right: constant(slot + 2) }, [set(m.job, constant(0))]),
    ]; });
    add(`${fence.name}.timer`, 'signaller', `${fence.name} times out and signals`, can, 'weak', stop);
  }
}

function note(w: World, fence: Fence, resv: Lock, usage: Usage): void {
  const usages = w.facts.usages.get(`${fence.name} on ${resv.name}`) ?? new Set();
  usages.add(usage);
  w.facts.usages.set(`${fence.name} on ${resv.name}`, usages);
  const members = w.facts.members.get(fence.name) ?? new Set();
  members.add(resv.name);
  w.facts.members.set(fence.name, members);
}

function snapshotBit(w: World, c: Code, fence: Fence): number {
  const ofFence = w.instances.get(fence.life) ?? null;
  const ofCode = w.instances.get(c.pc) ?? null;
  if (ofFence !== null && ofCode !== null && (ofFence.index !== ofCode.index || ofFence.family !== ofCode.family)) w.asymmetric.add(ofFence.family).add(ofCode.family);
  const outer = w.instance;
  w.instance = ofFence ?? ofCode;
  const id = w.variable(`${c.process}:waits for ${fence.name}`, 2, 0, { hidden: true });
  w.instance = outer;
  return id;
}
