// Makes decision diagrams with shared parts: equal behaviours are one object, and a branch whose sides are equal is no branch.

import type { Act, Behaviour, Guard, Place, Test } from '../results/audit.ts';

export class Diagram {
  private readonly made = new Map<string, Behaviour>();
  private readonly numbers = new Map<Behaviour, number>();

  end(returns: string): Behaviour {
    return this.shared(`end ${returns}`, { kind: 'end', returns });
  }

  lost(why: string, at: Place): Behaviour {
    return this.shared(`lost ${why} ${at.file}:${at.line}`, { kind: 'lost', why, at });
  }

  act(act: Act, at: Place, next: Behaviour): Behaviour {
    return this.shared(`act ${JSON.stringify(act)} ${at.file}:${at.line} ${this.number(next)}`, { kind: 'act', act, at, next });
  }

  branch(test: Test, at: Place, yes: Behaviour, no: Behaviour): Behaviour {
    if (yes === no) return yes;
    return this.shared(`branch ${JSON.stringify(test)} ${at.file}:${at.line} ${this.number(yes)} ${this.number(no)}`, { kind: 'branch', test, at, yes, no });
  }

  /** The conditions that nobody could decide, among all that was made. */
  guards(): readonly Guard[] {
    const found = new Map<string, Guard>();
    for (const one of this.made.values()) {
      if (one.kind !== 'branch' || one.test.is !== 'unknown') continue;
      found.set(`${one.at.file}:${one.at.line} ${one.test.text}`, { ...one.at, text: one.test.text, decided: null, side: null });
    }
    return [...found.values()];
  }

  private shared(key: string, one: Behaviour): Behaviour {
    const known = this.made.get(key);
    if (known !== undefined) return known;
    this.made.set(key, one);
    this.numbers.set(one, this.numbers.size);
    return one;
  }

  private number(one: Behaviour): number {
    return this.numbers.get(one) ?? -1;
  }
}

/** Every part of a diagram once, the root first. */
export function partsOfBehaviour(root: Behaviour): readonly Behaviour[] {
  const seen = new Set<Behaviour>();
  const visit = (one: Behaviour): void => {
    if (seen.has(one)) return;
    seen.add(one);
    if (one.kind === 'act') visit(one.next);
    if (one.kind === 'branch') {
      visit(one.yes);
      visit(one.no);
    }
  };
  visit(root);
  return [...seen];
}

/** For eyes: one line an act, branches indented. */
export function sketch(one: Behaviour, indent = ''): string {
  switch (one.kind) {
    case 'end':
      return `${indent}return ${one.returns}\n`;
    case 'lost':
      return `${indent}LOST ${one.why}\n`;
    case 'act': {
      const { do: name, ...rest } = one.act;
      return `${indent}${name} ${Object.entries(rest).map(([key, value]) => `${key}=${String(value)}`).join(' ')}  // ${one.at.file}:${one.at.line}\n${sketch(one.next, indent)}`;
    }
    case 'branch': {
      const { is, ...rest } = one.test;
      return `${indent}if ${is} ${Object.values(rest).map(String).join(' ')}  // ${one.at.file}:${one.at.line}\n${sketch(one.yes, `${indent}  `)}${indent}else\n${sketch(one.no, `${indent}  `)}`;
    }
  }
}
