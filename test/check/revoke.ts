// The revoke protocol of Linux 7.3 written by hand as a System: one exporter, N importers of four kinds, one round.
// Independent of src/model; its numbers of reachable states are known from a Promela and a TLA+ model of the same grain.

import { and, compare, constant, equal, not, or, read, set, truth, violate, when } from '../../src/model/system.ts';
import type { Action, Expr, Fairness, Process, ProcessKind, Step, System, Variable, Violation } from '../../src/model/system.ts';

/** D a GPU with a fence and a worker, P stops its hardware in the callback, B pinned without a callback, S static. */
export type Kind = 'D' | 'P' | 'B' | 'S';

export interface RevokeOptions {
  readonly kinds: readonly Kind[];
  /** attach refuses importers that cannot be revoked. */
  readonly reject?: boolean;
  /** The exporter waits for the fences under the lock. */
  readonly waitFences?: boolean;
  /** The exporter waits for the last unmap. */
  readonly waitUnmap?: boolean;
  /** Callbacks in any order instead of list order; makes like importers interchangeable. */
  readonly anyOrder?: boolean;
}

/** Importers as the Promela model numbers them: two bits each, importer 0 lowest. */
export function kindsOf(mix: number, importers: number): Kind[] {
  const kinds = ['D', 'P', 'B', 'S'] as const;
  return Array.from({ length: importers }, (_, i) => kinds[(mix >> (2 * i)) & 3] ?? 'D');
}

interface Importer {
  readonly kind: Kind;
  readonly pc: number;
  readonly worker: number;
  readonly att: number;
  readonly map: number;
  readonly pin: number;
  readonly fence: number;
  readonly irev: number;
  readonly inval: number;
  readonly dev: number;
  readonly visited: number;
}

class Builder {
  readonly variables: Variable[] = [];
  readonly processes: Process[] = [];
  readonly steps: Step[] = [];

  variable(name: string, size: number, local?: number): number {
    return this.variables.push({ name, size, initial: 0, ...(local === undefined ? {} : { local, hidden: true }) }) - 1;
  }

  process(name: string, kind: ProcessKind, pc: number | null, places: number): number {
    return this.processes.push({ name, kind, party: name, pc, places: Array.from({ length: places }, (_, i) => ({ label: String(i), inCall: true })) }) - 1;
  }

  step(process: number, name: string, place: number | null, guard: Expr, actions: readonly Action[], fairness: Fairness): void {
    const id = this.steps.length;
    this.steps.push({ name: `${this.processes[process]?.name}:${name}`, process, place, guard, actions, fairness, group: id, text: name });
  }
}

const on = (variable: number): Expr => equal(read(variable), constant(1));
const off = (variable: number): Expr => equal(read(variable), constant(0));
const is = (variable: number, value: number): Expr => equal(read(variable), constant(value));
const to = (variable: number, value: number): Action => set(variable, constant(value));
const more = (variable: number): Action => set(variable, { op: 'add', left: read(variable), right: constant(1) });
const less = (variable: number): Action => set(variable, { op: 'sub', left: read(variable), right: constant(1) });

export function revoke(options: RevokeOptions): System {
  const { kinds, reject = true, waitFences = true, waitUnmap = true, anyOrder = false } = options;
  const count = kinds.length;
  const b = new Builder();
  const lock = b.variable('lock', 2);
  const revoked = b.variable('revoked', 2);
  const reassigned = b.variable('reassigned', 2);
  const mapped = b.variable('nmap', count + 1);
  const fences = b.variable('nfence', count + 1);
  const pc = b.variable('exporter.pc', 8, 0);
  // In any order the exporter remembers which importer it is waiting for.
  const at = b.variable('exporter.i', count + 1, 0);
  const exporter = b.process('exporter', 'kernel', pc, 8);
  const importers = kinds.map((kind, i): Importer => {
    const process = 1 + 3 * i;
    return {
      kind,
      pc: b.variable(`importer${i}.pc`, 18, process),
      worker: kind === 'D' ? b.variable(`worker${i}.pc`, 3, process + 2) : -1,
      att: b.variable(`att${i}`, 2),
      map: b.variable(`map${i}`, 2),
      pin: b.variable(`pin${i}`, 2),
      fence: b.variable(`fence${i}`, 2),
      irev: b.variable(`irev${i}`, 2),
      inval: b.variable(`inval${i}`, 2),
      dev: b.variable(`dev${i}`, 4),
      visited: anyOrder ? b.variable(`visited${i}`, 3) : -1,
    };
  });
  const unmap = (i: Importer): Action => when(on(i.map), [to(i.map, 0), less(mapped), when(is(i.dev, 3), [to(i.dev, 0)])]);
  const take = to(lock, 1);
  const release = to(lock, 0);
  const free = off(lock);
  const revocable = (i: Importer): boolean => i.kind === 'D' || i.kind === 'P';
  const pinned = (i: Importer): boolean => i.kind === 'P' || i.kind === 'B';

  // vfio_pci_dma_buf_move() and dma_buf_invalidate_mappings()
  const go = (place: number): Action => to(pc, place);
  b.step(exporter, 'lock', 0, free, [take, go(1)], 'strong');
  b.step(exporter, 'revoked', 1, truth, [to(revoked, 1), go(2)], 'weak');
  importers.forEach((i, k) => {
    const turn = anyOrder ? off(i.visited) : is(at, k);
    const here = anyOrder ? is(i.visited, 2) : is(at, k);
    const next = anyOrder ? to(i.visited, 1) : more(at);
    b.step(exporter, `skip ${k}`, 2, and(turn, revocable(i) ? off(i.att) : truth), [next], 'weak');
    if (i.kind === 'D') b.step(exporter, `callback ${k}`, 2, and(turn, on(i.att)), [set(i.inval, read(i.map)), next], 'weak');
    if (i.kind === 'P') {
      b.step(exporter, `callback ${k}`, 2, and(turn, on(i.att)), [to(i.irev, 1), ...(anyOrder ? [to(i.visited, 2)] : []), go(3)], 'weak');
      b.step(exporter, `stopped ${k}`, 3, and(here, compare('ne', read(i.dev), constant(2))), [unmap(i), to(i.pin, 0), to(i.dev, 0), next, go(2)], 'strong');
    }
  });
  const all = anyOrder ? and(...importers.map((i) => on(i.visited))) : is(at, count);
  b.step(exporter, 'wait fences', 2, and(all, waitFences ? off(fences) : truth), [go(4)], 'strong');
  b.step(exporter, 'unlock', 4, truth, [release, go(5)], 'weak');
  b.step(exporter, 'wait unmap', 5, waitUnmap ? off(mapped) : truth, [go(6)], 'strong');
  b.step(exporter, 'reassign', 6, truth, [when(compare('ne', read(mapped), constant(0)), [violate(1)]), to(reassigned, 1), go(7)], 'weak');

  importers.forEach((i, k) => {
    const process = b.process(`importer${k}`, 'user', i.pc, 18);
    const jump = (place: number): Action => to(i.pc, place);
    const refused = reject && !revocable(i) ? truth : on(revoked);
    b.step(process, 'refused', 0, refused, [jump(17)], 'none');
    b.step(process, 'attach', 0, not(refused), [to(i.irev, 0), jump(1)], 'none');
    b.step(process, 'attach lock', 1, free, [take, jump(2)], 'strong');
    b.step(process, 'attached', 2, truth, [to(i.att, 1), jump(3)], 'weak');
    b.step(process, 'attach unlock', 3, truth, [release, jump(4)], 'weak');
    b.step(process, 'map lock', 4, free, [take, jump(pinned(i) ? 5 : 6)], 'strong');
    b.step(process, 'pin', 5, truth, [to(i.pin, 1), jump(6)], 'weak');
    const gone = or(on(revoked), on(i.irev));
    b.step(process, 'map refused', 6, gone, [to(i.pin, 0), jump(13)], 'weak');
    b.step(process, 'map', 6, not(gone), [to(i.map, 1), more(mapped), jump(i.kind === 'D' ? 7 : 8)], 'weak');
    b.step(process, 'submit', 7, truth, [to(i.fence, 1), more(fences), to(i.dev, 1), jump(8)], 'weak');
    b.step(process, 'map unlock', 8, truth, [release, jump(i.kind === 'D' ? 10 : 9)], 'weak');
    b.step(process, 'start', 9, truth, [when(and(on(i.map), off(i.irev)), [to(i.dev, 1)]), jump(10)], 'weak');
    if (i.kind === 'D') b.step(process, 'fence done', 10, off(i.fence), [jump(11)], 'strong');
    if (i.kind === 'P') b.step(process, 'done or revoked', 10, or(is(i.dev, 3), on(i.irev)), [jump(11)], 'strong');
    if (i.kind === 'S') b.step(process, 'done', 10, is(i.dev, 3), [jump(11)], 'strong');
    if (i.kind === 'B') {
      b.step(process, 'user stops', 10, is(i.dev, 3), [jump(11)], 'none');
      b.step(process, 'user goes on', 10, is(i.dev, 3), [], 'none');
    }
    b.step(process, 'unmap lock', 11, free, [take, jump(12)], 'strong');
    b.step(process, 'unmap', 12, truth, [unmap(i), to(i.pin, 0), jump(13)], 'weak');
    b.step(process, 'unmap unlock', 13, truth, [release, jump(14)], 'weak');
    b.step(process, 'detach lock', 14, and(free, off(i.inval)), [take, jump(15)], 'strong');
    b.step(process, 'detached', 15, truth, [to(i.att, 0), jump(16)], 'weak');
    b.step(process, 'detach unlock', 16, truth, [release, jump(17)], 'weak');

    const device = b.process(`device${k}`, 'device', null, 0);
    const right = and(on(i.map), off(reassigned), i.kind === 'D' ? on(i.fence) : truth);
    const checked = when(not(right), [violate(0)]);
    // A job ends (weak); each access need not come, but this model has one a job.
    b.step(device, 'begin', null, and(is(i.dev, 1), off(i.irev)), [checked, to(i.dev, 2)], 'weak');
    b.step(device, 'end', null, is(i.dev, 2), [checked, to(i.dev, 3)], 'weak');
    b.step(device, 'fence', null, and(on(i.fence), or(is(i.dev, 3), is(i.dev, 0))), [to(i.fence, 0), less(fences)], 'weak');

    const worker = b.process(`worker${k}`, 'worker', i.kind === 'D' ? i.worker : null, i.kind === 'D' ? 3 : 0);
    if (i.kind === 'D') {
      b.step(worker, 'lock', 0, and(on(i.inval), free), [take, to(i.worker, 1)], 'strong');
      b.step(worker, 'unmap', 1, truth, [unmap(i), to(i.inval, 0), to(i.worker, 2)], 'weak');
      b.step(worker, 'unlock', 2, truth, [release, to(i.worker, 0)], 'weak');
    }
  });

  const violation = (code: string, text: string): Violation => ({ code, kind: 'harm', fatal: true, party: 'exporter', object: 'bar', obligation: null, text });
  const block = (i: Importer): number[] => [i.pc, i.worker, i.att, i.map, i.pin, i.fence, i.irev, i.inval, i.dev, i.visited].filter((v) => v >= 0);
  const alike = anyOrder && new Set(kinds).size === 1 && count > 1;
  return {
    name: `revoke-${kinds.join('')}`,
    variables: b.variables,
    processes: b.processes,
    steps: b.steps,
    violations: [violation('N2', 'an access behind the end of the mapping'), violation('N3', 'given away while mapped')],
    invariants: [],
    pending: [{ name: 'reassigned', holds: off(reassigned), kind: 'call', process: 0, violation: 0 }],
    witnesses: [{ name: 'reassigned', reached: on(reassigned) }],
    symmetry: alike ? [{ name: 'importer', blocks: importers.map(block) }] : [],
    assumptions: [],
  };
}
