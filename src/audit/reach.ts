// How far it is from a function to the calls that the contract is about, over the text alone: decides what is worth parsing and following.
// Follows names, members of the driver's own tables, kref_put's release functions and works (issue 3, part 2).

import type { CodeBase } from '../source/code-base.ts';
import { folderOf, type LexicalFunction } from '../source/lexical.ts';
import { goalOf, helperActs, isTalk, type Goal } from './anchors.ts';

export type Distances = ReadonlyMap<Goal, number>;

const FARTHEST = 10;
/** A search that sees more than this is in the middle of a driver and means nothing. */
const MOST = 400;

export class Reach {
  private readonly code: CodeBase;
  private readonly known = new Map<string, Distances>();
  private readonly works = new Map<string, ReadonlyMap<string, string>>();

  constructor(code: CodeBase) {
    this.code = code;
  }

  /** `home`: the driver's folder, whose tables answer for calls through members. */
  distances(start: LexicalFunction, home: string): Distances {
    const key = `${home} ${start.file} ${start.name}`;
    const known = this.known.get(key);
    if (known !== undefined) return known;
    const found = new Map<Goal, number>();
    const seen = new Set([`${start.file} ${start.name}`]);
    let level: LexicalFunction[] = [start];
    for (let depth = 1; depth <= FARTHEST && level.length > 0 && seen.size < MOST; depth++) {
      const next: LexicalFunction[] = [];
      for (const one of level) {
        for (const to of this.from(one, home)) {
          if (typeof to === 'string') {
            const goal = goalOf(to);
            if (goal !== null && !found.has(goal)) found.set(goal, depth);
            continue;
          }
          const id = `${to.file} ${to.name}`;
          if (seen.has(id)) continue;
          seen.add(id);
          next.push(to);
        }
      }
      level = next;
    }
    this.known.set(key, found);
    return found;
  }

  /** Callees with a body that may matter, and goals by name. */
  private from(one: LexicalFunction, home: string): readonly (LexicalFunction | string)[] {
    const { names, members } = this.code.lexicalCalls(one);
    const out: (LexicalFunction | string)[] = [];
    for (const name of names) {
      if (goalOf(name) !== null) out.push(name);
      else if (!isTalk(name)) {
        const to = this.code.locate(name, one.file);
        if (to === null) for (const act of helperActs(name)) if (act.do === 'unmap') out.push('dma_buf_unmap_attachment');
        if (to !== null && isNear(to.file, one.file, home)) out.push(to);
      }
    }
    for (const member of members) for (const to of this.throughMember(member, one.file, home)) out.push(to);
    const body = this.code.bodyText(one);
    for (const match of body.matchAll(/\bkref_put(?:_\w+)?\s*\([^;]*?,\s*(\w+)\s*[,)]/g)) {
      const to = this.code.locate(match[1] ?? '', one.file);
      if (to !== null) out.push(to);
    }
    for (const match of body.matchAll(/\b(?:queue|schedule|mod)_(?:delayed_|rcu_)?work\w*\s*\(([^;]*?)\)\s*[;)]/g)) {
      for (const word of (match[1] ?? '').matchAll(/(\w+)\s*(?:,|$)/g)) {
        const to = this.workOf(word[1] ?? '', one.file);
        if (to !== null) out.push(to);
      }
    }
    return out;
  }

  throughMember(member: string, from: string, home: string, type: string | null = null): readonly LexicalFunction[] {
    const found: LexicalFunction[] = [];
    for (const folder of new Set([home, folderOf(from)])) {
      for (const name of this.code.membersOf(folder, member, type)) {
        const to = this.code.locate(name, `${folder}/x.c`);
        if (to !== null && isNear(to.file, from, home)) found.push(to);
      }
      if (found.length > 0) break;
    }
    return found;
  }

  /** The function that INIT_WORK(&x->field, fn) gave to a work of this name, in the folder. */
  workOf(field: string, from: string): LexicalFunction | null {
    const folder = folderOf(from);
    let rows = this.works.get(folder);
    if (rows === undefined) {
      const made = new Map<string, string>();
      for (const file of this.code.folderFiles(folder)) {
        const text = this.code.text(file) ?? '';
        if (!text.includes('WORK(')) continue;
        for (const match of text.matchAll(/\b(?:INIT_(?:DELAYED_|RCU_)?WORK|DECLARE_WORK)\s*\(\s*&?[\w>.[\]()-]*?(\w+)\s*,\s*(\w+)\s*\)/g)) made.set(match[1] ?? '', match[2] ?? '');
      }
      rows = made;
      this.works.set(folder, rows);
    }
    const name = rows.get(field);
    return name === undefined ? null : this.code.locate(name, from);
  }
}

/** The same folder, the driver's, or the same subsystem: code of the kernel's core is never followed. */
export function isNear(file: string, from: string, home: string): boolean {
  const folder = folderOf(file);
  // The framework itself: its calls are known by name.
  if (/^drivers\/dma-buf\/dma-(?:buf|resv|fence)[\w-]*\.c$/.test(file)) return false;
  if (folder === folderOf(from) || folder === home) return true;
  if (file.startsWith('include/')) return /^include\/(?:drm|rdma|media|uapi\/drm)\//.test(file) || /^include\/linux\/(?:dma|vfio|iommufd|io_uring)/.test(file);
  return subsystem(file) === subsystem(home);
}

function subsystem(path: string): string {
  const parts = path.split('/');
  if (parts[0] !== 'drivers') return parts.slice(0, 2).join('/');
  if (parts[1] === 'gpu' || parts[1] === 'accel') return 'drm';
  if (parts[1] === 'infiniband') return 'infiniband';
  return parts.slice(0, 3).join('/');
}
