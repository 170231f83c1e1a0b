// Whether a function keeps what it is handed, and which names lead to calls that are tracked; over the text, so that little is parsed.

import type { LexicalFunction } from '../../source/lexical.ts';
import type { CodeBase } from '../../source/code-base.ts';
import { isTalk } from '../anchors.ts';
import type { Kind } from './breach.ts';
import { CALLS, isAllocation, keepsNothing } from './calls.ts';

/** Objects of the contract: whoever makes or gives back one is followed far. Fences are everywhere, and are not. */
const OBJECTS: ReadonlySet<string> = new Set([...CALLS].flatMap(([name, { acquires, releases, whole, onlyKnown }]) => {
  const kind = (acquires ?? releases)?.kind;
  return whole === true || onlyKnown === true || kind === undefined || kind === 'fence' ? [] : [name];
}));
const BY_KIND: ReadonlyMap<Kind, ReadonlySet<string>> = new Map((['attachment', 'mapping', 'pin', 'reference'] as const).map((kind) =>
  [kind, new Set([...CALLS].flatMap(([name, { releases, whole, onlyKnown }]) => (releases?.kind === kind && onlyKnown !== true || whole === true ? [name] : [])))] as const));
const GIVERS: ReadonlySet<string> = new Set([...CALLS].flatMap(([name, { releases, onlyKnown }]) => (releases === undefined || onlyKnown === true || releases.kind === 'fence' ? [] : [name])));
/** Locks: a helper that takes one for its caller is near and small; what is larger gives back what it takes. */
const LOCKS: ReadonlySet<string> = new Set([...CALLS].flatMap(([name, { lock }]) => (lock === undefined ? [] : [name])));

const FARTHEST = 4;
/** Letters of a body that is no more than a helper around a lock. */
const SMALL = 900;

export class Retention {
  private readonly code: CodeBase;
  private readonly touching = new Map<string, boolean>();
  private readonly keeping = new Map<string, boolean>();

  constructor(code: CodeBase) {
    this.code = code;
  }

  /** The function does something to tracked objects within a few calls, or is a small one about a lock. */
  touches(one: LexicalFunction): boolean {
    return this.reaches(one, OBJECTS, FARTHEST, '') || (this.code.bodyText(one).length < SMALL && this.reaches(one, LOCKS, 1, 'lock '));
  }

  /** The function locks a reservation, by itself or one call down. */
  locks(one: LexicalFunction): boolean {
    return this.reaches(one, LOCKS, 1, 'lock ');
  }

  /** The function, or what it calls, gives objects back. */
  gives(name: string, from: string): boolean {
    const place = this.code.locate(name, from);
    return place !== null && this.reaches(place, GIVERS, 2, 'give ');
  }

  /** The function, or what it calls, gives back a thing of that kind. */
  givesKind(one: LexicalFunction, kind: Kind): boolean {
    const goals = BY_KIND.get(kind);
    return goals !== undefined && this.reaches(one, goals, FARTHEST, `${kind} `);
  }

  private reaches(one: LexicalFunction, goals: ReadonlySet<string>, far: number, mark: string): boolean {
    const key = `${mark}${far} ${one.file} ${one.name}`;
    const known = this.touching.get(key);
    if (known !== undefined) return known;
    // While it is being looked at, a cycle adds nothing.
    this.touching.set(key, false);
    const { names } = this.code.lexicalCalls(one);
    const found = names.some((name) => goals.has(name)) || (far > 0 && names.some((name) => {
      if (CALLS.has(name) || isTalk(name) || keepsNothing(name)) return false;
      const to = this.code.locate(name, one.file);
      return to !== null && this.isNear(to, one) && this.reaches(to, goals, far - 1, mark);
    }));
    this.touching.set(key, found);
    return found;
  }

  /** Own folder, a header, or a neighbour's exported function; the kernel at large is not followed. */
  private isNear(to: LexicalFunction, from: LexicalFunction): boolean {
    const [a, b] = [to.file.split('/'), from.file.split('/')];
    return to.file.endsWith('.h') || (a[0] === b[0] && a[1] === b[1]);
  }

  /** The function asks whether that argument is an error, or is not known: then it may. */
  checks(name: string, position: number, from: string): boolean {
    const place = this.code.locate(name, from);
    if (place === null) return !keepsNothing(name) || /^(?:IS_|PTR_ERR|ERR_)/.test(name);
    const parameter = /(\w+)\W*$/.exec(this.code.head(place).parameters[position] ?? '')?.[1] ?? '';
    return parameter === '' || new RegExp(`IS_ERR\\w*\\(\\s*${parameter}\\b|PTR_ERR\\w*\\(\\s*${parameter}\\b`).test(this.code.bodyText(place));
  }

  /** The body of a function stores something in a member of that name. */
  sets(one: LexicalFunction, member: string): boolean {
    const key = `sets ${member} ${one.file} ${one.name}`;
    const known = this.keeping.get(key);
    if (known !== undefined) return known;
    const answer = new RegExp(`(?:->|\\.)${member}\\s*=(?!=)`).test(this.code.bodyText(one));
    this.keeping.set(key, answer);
    return answer;
  }

  /** The argument may outlive the call: it is stored, given back, or handed to somebody unknown. */
  keeps(name: string, position: number, from: string, depth = 0): boolean {
    if (keepsNothing(name) || isTalk(name)) return false;
    const key = `${name} ${position} ${from}`;
    const known = this.keeping.get(key);
    if (known !== undefined) return known;
    this.keeping.set(key, false);
    const answer = this.findKeeping(name, position, from, depth);
    this.keeping.set(key, answer);
    return answer;
  }

  private findKeeping(name: string, position: number, from: string, depth: number): boolean {
    const place = this.code.locate(name, from);
    if (place === null || depth > 2) return !isAllocation(name);
    const parameter = /(\w+)\W*$/.exec(this.code.head(place).parameters[position] ?? '')?.[1] ?? '';
    if (parameter === '') return true;
    const body = this.code.bodyText(place);
    const word = `&?\\b${parameter}\\b`;
    if (new RegExp(`(?:->|\\.)\\w+(?:\\[[^\\]]*\\])?\\s*=(?!=)\\s*(?:\\([^()]*\\)\\s*)?${word}(?!\\s*(?:->|\\.|\\[))|\\*\\s*\\w+\\s*=(?!=)\\s*${word}(?!\\s*(?:->|\\.|\\[))|\\breturn\\s+${word}\\s*;|=\\s*\\{[^}]*=\\s*${word}\\s*[,}]`).test(body)) return true;
    // Another name for it: a local that may be stored.
    if (new RegExp(`\\*\\s*\\w+\\s*=(?!=)\\s*(?:\\([^()]*\\)\\s*)?${word}\\s*;`).test(body)) return true;
    const call = /\b([A-Za-z_]\w*)\s*\(((?:[^()]|\((?:[^()]|\([^()]*\))*\))*)\)/g;
    for (let match = call.exec(body); match !== null; match = call.exec(body)) {
      const [, callee = '', args = ''] = match;
      call.lastIndex = match.index + callee.length + 1;
      if (/^(?:if|while|for|switch|return|sizeof|typeof)$/.test(callee)) continue;
      const at = splitArguments(args).findIndex((arg) => new RegExp(`^(?:\\([^()]*\\)\\s*)?&?${parameter}$`).test(arg));
      if (at !== -1 && this.keeps(callee, at, place.file, depth + 1)) return true;
    }
    return false;
  }
}

function splitArguments(text: string): readonly string[] {
  const out: string[] = [];
  let depth = 0;
  let start = 0;
  for (let i = 0; i < text.length; i++) {
    const letter = text[i];
    if (letter === '(') depth++;
    else if (letter === ')') depth--;
    else if (letter === ',' && depth === 0) {
      out.push(text.slice(start, i).trim());
      start = i + 1;
    }
  }
  out.push(text.slice(start).trim());
  return out;
}
