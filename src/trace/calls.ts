// The calls that are open, by task: a stack of what was entered and not yet left. A leave without its enter, or an enter that is found
// still open where it cannot be, is a sign that lines are missing.

import type { Moment } from '../results/trace.ts';
import type { Call, Role } from './event.ts';
import type { Pointer } from './fields.ts';
import type { AttachmentObject, BufferObject } from './objects.ts';
import type { RevokeRecord } from './revokes.ts';

export interface Frame {
  readonly call: Call;
  readonly start: Moment;
  /** Losses before it began. */
  readonly epoch: number;
  buffer: BufferObject | null;
  attachment: AttachmentObject | null;
  /** Raw pointer of an attachment that is being born. */
  embryo: Pointer | null;
  table: Pointer | null;
  resv: Pointer | null;
  usage: string | null;
  /** A wait with a limit of its own. */
  canTimeOut: boolean;
  device: string | null;
  dynamic: boolean | null;
  /** What the exporter was told of the attachment that is being born. */
  revocable: boolean | null;
  revoked: boolean | null;
  owner: Pointer | null;
  /** The role's own event came inside already: the tracepoint, or the inner call of an "_unlocked" one. */
  inner: boolean;
  iovas: string[];
  /** It is an importer's callback. */
  callback: boolean;
  revoke: RevokeRecord | null;
  finish: ((end: Moment) => void) | null;
}

export interface TaskCalls {
  readonly task: string;
  readonly pid: number;
  readonly open: Frame[];
  /** Of this task, in its own context. */
  last: Moment;
  /** A fence that it waits for. */
  waiting: { readonly key: string; readonly since: Moment } | null;
  /** An invalidate without a probed caller has just returned: its fence wait may follow. */
  bare: RevokeRecord | null;
  /** A detach whose tracepoint and return may not be probed: it counts once the task goes on. */
  detaching: Frame | null;
  lastMap: { readonly attachment: AttachmentObject; readonly table: Pointer | null } | null;
  /** iommufd took a range; the IOMMU map that follows is its. */
  range: { readonly iovas: string[] } | null;
  release: boolean;
  /** An attachment that an exporter was asked about, and whose attach has not shown yet. */
  embryo: Pointer | null;
}

/** What may begin directly inside a call; roles that are not here may contain anything. */
const CONTAINS: Readonly<Partial<Record<Role, readonly Role[]>>> = {
  'ask-revocable': [], 'fence-wait': [], export: ['callee'], unpin: ['callee', 'invalidate'], pin: ['callee', 'invalidate', 'fence-wait'],
  unmap: ['unmap', 'callee', 'fence-wait'], map: ['map', 'callee', 'invalidate', 'fence-wait'], detach: ['callee', 'unmap', 'unpin', 'fence-wait'],
};

const DEEPEST = 48;
const MOST_TASKS = 4096;

export class OpenCalls {
  readonly tasks = new Map<number, TaskCalls>();
  private readonly leaves = new Set<string>();
  private readonly enters = new Set<string>();

  of(moment: Moment): TaskCalls {
    let found = this.tasks.get(moment.pid);
    // Numbers of tasks come back too.
    if (found === undefined || (found.task !== moment.task && found.task !== '<...>' && moment.task !== '<...>' && found.open.length === 0)) {
      if (this.tasks.size >= MOST_TASKS) this.drop();
      found = { task: moment.task, pid: moment.pid, open: [], last: moment, waiting: null, bare: null, detaching: null, lastMap: null, range: null, release: false, embryo: null };
      this.tasks.set(moment.pid, found);
    }
    return found;
  }

  private drop(): void {
    for (const [pid, { open }] of this.tasks) if (open.length === 0) this.tasks.delete(pid);
  }

  sawLeaveOf(name: string): boolean {
    return this.leaves.has(name);
  }

  get sawAnyLeave(): boolean {
    return this.leaves.size > 0;
  }

  sawEnterOf(name: string): boolean {
    return this.enters.has(name);
  }

  /** Takes calls off that cannot contain one of this role: their returns do not show. True where such returns do show elsewhere. */
  settle(task: TaskCalls, role: Role): boolean {
    let missing = false;
    for (let frame = task.open.at(-1); frame !== undefined; frame = task.open.at(-1)) {
      const inside = CONTAINS[frame.call.role];
      if (inside === undefined || inside.includes(role)) break;
      missing ||= this.leaves.has(frame.call.function);
      task.open.pop();
    }
    return missing;
  }

  /** True where lines must be missing: the same call is open already. */
  enter(task: TaskCalls, frame: Frame): boolean {
    const { function: name } = frame.call;
    this.enters.add(name);
    const before = task.open.findIndex((one) => one.call.function === name);
    let missing = false;
    if (before >= 0) {
      missing = this.leaves.has(name);
      task.open.length = before;
    }
    if (task.open.length >= DEEPEST) task.open.shift();
    task.open.push(frame);
    return missing;
  }

  /** The frame that ends, or null where its start was not shown; `missing` where lines must be missing. */
  leave(task: TaskCalls, call: Call): { readonly frame: Frame | null; readonly missing: boolean } {
    const { function: name } = call;
    const isFirst = !this.leaves.has(name);
    this.leaves.add(name);
    for (let i = task.open.length - 1; i >= 0; i--) {
      const frame = task.open[i];
      if (frame?.call.function !== name) continue;
      const above = task.open.slice(i + 1);
      task.open.length = i;
      return { frame, missing: above.some((one) => this.leaves.has(one.call.function)) };
    }
    return { frame: null, missing: !isFirst && this.enters.has(name) };
  }
}

export function newFrame(call: Call, start: Moment, epoch: number): Frame {
  return {
    call, start, epoch, buffer: null, attachment: null, embryo: null, table: null, resv: null, usage: null, canTimeOut: false, device: null, dynamic: null, revocable: null, revoked: null, owner: null,
    inner: false, iovas: [], callback: false, revoke: null, finish: null,
  };
}

export const top = (task: TaskCalls | null): Frame | null => task?.open.at(-1) ?? null;

/** The innermost open call of that role. */
export function openWith(task: TaskCalls | null, role: Role): Frame | null {
  if (task === null) return null;
  for (let i = task.open.length - 1; i >= 0; i--) if (task.open[i]?.call.role === role) return task.open[i] ?? null;
  return null;
}

export const inCallback = (task: TaskCalls): boolean => task.open.some(({ callback }) => callback);
