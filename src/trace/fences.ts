// Fences by context and sequence number. After a fence has signalled its names are gone ("detached-driver"), so the first ones are kept;
// the context is printed as 32 bit, and fences of KUnit all have 0:0, which name nothing.

import type { FenceName, Moment } from '../results/trace.ts';
import type { Frame, TaskCalls } from './calls.ts';
import type { CheckerState } from './state.ts';
import type { PointRole, TraceEvent } from './event.ts';
import { valueOf } from './fields.ts';
import { kept } from './kept.ts';
import type { BufferObject } from './objects.ts';
import type { OpenWait } from './revokes.ts';
import { statesWhere, Tracked } from './tracked.ts';

const UNSIGNALLED = statesWhere('fence', 'P9', 'new', 'armed', 'pending');
const NEW = statesWhere('fence', 'P9', 'new');

export interface FenceObject {
  driver: string | null;
  timeline: string | null;
  readonly context: number;
  readonly seqno: number;
  readonly tracked: Tracked;
  signalled: Moment | null;
  epoch: number;
}

const MOST = 1 << 16;

export class Fences {
  private readonly checker: CheckerState;
  private readonly known = new Map<string, FenceObject>();
  /** The wait that a task is in. */
  private readonly waits = new Map<number, { readonly frame: Frame; readonly wait: OpenWait }>();
  /** Fences that tasks wait for now. */
  readonly waiting = new Map<number, { readonly fence: FenceObject; readonly since: Moment }>();

  constructor(checker: CheckerState) {
    this.checker = checker;
  }

  point(role: PointRole | 'fence-init' | 'fence-signal', payload: string, moment: Moment, task: TaskCalls | null): void {
    this.checker.count(role);
    const context = Number(valueOf(payload, 'context') ?? 0);
    const seqno = Number(valueOf(payload, 'seqno') ?? 0);
    // virtio-gpu gives the number only when it emits.
    if (role === 'fence-init' && seqno === 0) return;
    if (context === 0 && seqno === 0) return;
    const fence = this.fence(context, seqno, payload);
    switch (role) {
      case 'fence-init':
      case 'fence-emit':
        if (fence.tracked.surely(NEW)) fence.tracked.take('arm');
        return;
      case 'fence-signal':
        if (fence.signalled === null) {
          fence.tracked.take('signal');
          fence.signalled = moment;
          this.checker.ask('P9', false);
        }
        return;
      case 'fence-free': {
        const { broken } = fence.tracked.take('free');
        this.known.delete(keyOf(context, seqno));
        if (fence.epoch !== this.checker.epoch) return;
        this.checker.blame(broken, () => ({
          at: moment, seen: 'dma_fence_destroy', text: `fence ${fenceText(fence)} is freed, but has not signalled`, nearMisses: [{ state: 'signalled', guard: 'no dma_fence_signaled of it' }], evidence: [],
          buffer: null, attachment: null, needs: ['dma_fence_signaled'], otherwise: 'fence freed unsignalled', positive: false,
        }));
        return;
      }
      case 'fence-wait-start':
        if (task === null) return;
        this.waiting.set(task.pid, { fence, since: moment });
        for (const { wait } of [this.waits.get(task.pid)].filter((one) => one !== undefined)) {
          if (wait.end === null && !wait.fences.some((one) => one.context === context && one.seqno === seqno) && wait.fences.length < 256) (wait.fences as FenceName[]).push({ driver: fence.driver, timeline: fence.timeline, context, seqno });
        }
        return;
      case 'fence-wait-end':
        if (task !== null) this.waiting.delete(task.pid);
        return;
      default:
        return;
    }
  }

  waitBegins(task: TaskCalls, frame: Frame, wait: OpenWait): void {
    this.waits.set(task.pid, { frame, wait });
    if (this.waits.size > 4096) this.waits.clear();
  }

  /** dma_resv_add_fence; only a recipe that prints the numbers tells which fence it is. */
  added({ payload }: TraceEvent, buffer: BufferObject | null): void {
    this.checker.count('fence-add');
    const context = Number(valueOf(payload, 'context') ?? 0) >>> 0;
    const seqno = Number(valueOf(payload, 'seqno') ?? 0);
    if (buffer !== null) buffer.events++;
    if (context === 0 && seqno === 0) return;
    const fence = this.fence(context, seqno, payload);
    if (fence.signalled !== null) return;
    fence.tracked.narrow(UNSIGNALLED);
    if (fence.tracked.maybe(NEW)) fence.tracked.take('arm');
    fence.tracked.take('add');
  }

  private fence(context: number, seqno: number, payload: string): FenceObject {
    const key = keyOf(context, seqno);
    let found = this.known.get(key);
    if (found === undefined) {
      if (this.known.size >= MOST) this.dropOldest();
      found = { driver: null, timeline: null, context, seqno, tracked: new Tracked('fence', this.checker), signalled: null, epoch: this.checker.epoch };
      this.known.set(key, found);
    }
    const driver = valueOf(payload, 'driver');
    if (found.driver === null && driver !== null && driver !== 'detached-driver') {
      found.driver = kept(driver);
      found.timeline = kept(valueOf(payload, 'timeline') ?? '');
    }
    return found;
  }

  private dropOldest(): void {
    let left = MOST >> 2;
    for (const key of this.known.keys()) {
      this.known.delete(key);
      if (--left === 0) return;
    }
  }

  /** Known, added or waited for, and not signalled. */
  unsignalled(): readonly FenceObject[] {
    return [...this.known.values()].filter(({ signalled }) => signalled === null);
  }
}

const keyOf = (context: number, seqno: number): string => `${context}:${seqno}`;

export function fenceText({ driver, timeline, context, seqno }: FenceName): string {
  return `${driver === null ? '' : `${driver} `}${timeline === null ? '' : `${timeline} `}${context}:${seqno}`;
}
