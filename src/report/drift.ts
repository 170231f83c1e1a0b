// What changed since a catalogue was made, as text: one line a change, in words that can be searched for.

import type { Form } from './form.ts';
import { count, wrap } from './layout.ts';

export interface DriftLine {
  readonly what: 'new' | 'gone' | 'changed' | 'contract';
  readonly of: string;
  readonly text: string;
}

export interface Compared {
  readonly version: string;
  readonly date: string;
}

const HANG = 9;

export function driftText(before: Compared, after: Pick<Compared, 'version'>, found: readonly DriftLine[], { palette, width }: Form): string[] {
  const paint = { new: palette.good, gone: palette.bad, changed: palette.doubt, contract: palette.doubt } as const;
  return [
    `Linux ${before.version} (catalogue of ${before.date}) to ${after.version}: ${found.length === 0 ? 'no drift' : count(found.length, 'change')}`,
    ...found.flatMap(({ what, of, text }) => {
      const [first = '', ...rest] = wrap(`${what.padEnd(HANG - 1)} ${of === what ? '' : `${of}: `}${text}`, width, HANG);
      return [`${paint[what](first.slice(0, what.length))}${first.slice(what.length)}`, ...rest];
    }),
  ];
}
