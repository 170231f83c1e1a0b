// By which members a function gives things back: "sgt" of `dma_buf_unmap_attachment(obj->attach, obj->sgt, dir)`, also through helpers that are handed them.
// Over the text; what cannot be told is "any" (issue 4, part 1).

import type { LexicalFunction } from '../../source/lexical.ts';
import type { TreeView } from '../tree-view.ts';
import type { Kind } from './breach.ts';
import { isTalk } from '../anchors.ts';
import { CALLS, isAllocation, isFree, keepsNothing } from './calls.ts';
import type { Retention } from './retention.ts';

export interface Given {
  /** Last names of members. */
  readonly members: ReadonlySet<string>;
  /** Its own parameters, by position: the caller knows which. */
  readonly parameters: ReadonlySet<number>;
  /** Something that has no member's name here. */
  readonly any: boolean;
}

const NOTHING: Given = { members: new Set(), parameters: new Set(), any: false };
const FARTHEST = 4;

export class GivenMembers {
  private readonly view: TreeView;
  private readonly retention: Retention;
  private readonly kind: Kind;
  private readonly known = new Map<string, Given>();

  constructor(view: TreeView, retention: Retention, kind: Kind) {
    this.view = view;
    this.retention = retention;
    this.kind = kind;
  }

  /** What a function gives back itself, and through the callees that `follows` lets pass. */
  of(place: LexicalFunction, follows: (to: LexicalFunction) => boolean, depth = 0): Given {
    const key = `${place.file} ${place.name}`;
    const known = this.known.get(key);
    if (known !== undefined) return known;
    this.known.set(key, NOTHING);
    const { code } = this.view;
    const parameters = code.head(place).parameters.map((text) => /(\w+)\W*$/.exec(text)?.[1] ?? '');
    const body = code.bodyText(place);
    const found = { members: new Set<string>(), parameters: new Set<number>(), any: false };
    const add = (arg: string): void => {
      const last = /(\w+)(?:\[[^\]]*\])?$/.exec(arg)?.[1] ?? '';
      if (last === '' || last === 'NULL') return;
      const from = /[.>]/.test(arg) ? last : new RegExp(`\\b${last}\\s*=\\s*[^;=]*?(?:->|\\.)(\\w+)\\s*;`).exec(body)?.[1];
      if (from !== undefined) found.members.add(from);
      else if (parameters.includes(last)) found.parameters.add(parameters.indexOf(last));
      else found.any = true;
    };
    for (const name of code.lexicalCalls(place).names) {
      const effect = CALLS.get(name);
      const { releases } = effect ?? {};
      if (releases?.kind === this.kind && effect?.onlyKnown !== true && effect?.whole !== true) {
        for (const args of callsOf(body, name)) add(args[releases.key] ?? '');
        continue;
      }
      if ((effect !== undefined && effect.whole !== true) || depth >= FARTHEST || isTalk(name) || keepsNothing(name) || isFree(name) || isAllocation(name)) continue;
      const to = code.locate(name, place.file);
      if (to === null) {
        if (effect?.whole === true) found.any = true;
        continue;
      }
      if (!follows(to) || !this.retention.givesKind(to, this.kind)) continue;
      const inner = this.of(to, () => true, depth + 1);
      for (const member of inner.members) found.members.add(member);
      if (inner.any) found.any = true;
      if (inner.parameters.size > 0) for (const args of callsOf(body, name)) for (const at of inner.parameters) add(args[at] ?? '');
    }
    // The buffer of an attachment is the one that a reference was taken of, whatever the member was called.
    if (this.kind === 'reference' && found.members.has('dmabuf')) found.any = true;
    this.known.set(key, found);
    return found;
  }
}

/** The arguments of each call of a function in a text. */
function callsOf(body: string, name: string): readonly (readonly string[])[] {
  return [...body.matchAll(new RegExp(`\\b${name}\\s*\\(((?:[^()]|\\((?:[^()]|\\([^()]*\\))*\\))*)\\)`, 'g'))].map((match) => argumentsOf(match[1] ?? ''));
}

function argumentsOf(text: string): readonly string[] {
  const out: string[] = [];
  let depth = 0;
  let start = 0;
  for (let i = 0; i <= text.length; i++) {
    const letter = text[i];
    if (letter === '(') depth++;
    else if (letter === ')') depth--;
    else if (letter === undefined || (letter === ',' && depth === 0)) {
      out.push(text.slice(start, i).trim());
      start = i + 1;
    }
  }
  return out;
}
