// What the terminal can show, and the line of progress. The only reader of the environment for that.

import pc from 'picocolors';
import type { Progress } from '../check/outcome.ts';
import { plainPalette, type Form, type Palette } from '../report/form.ts';
import { count, thousands } from '../report/layout.ts';

const NARROWEST = 80;
const WIDEST = 160;

/** The form for standard output. */
export function terminalForm(verbose: boolean, options: readonly string[]): Form {
  return { width: terminalWidth(), unicode: speaksUnicode(), palette: paletteOf(wantsColour()), verbose, options };
}

export function terminalWidth(): number {
  const columns = process.stdout.isTTY ? (process.stdout.columns ?? NARROWEST) : NARROWEST;
  return Math.max(NARROWEST, Math.min(WIDEST, columns));
}

/** NO_COLOR wins over FORCE_COLOR; without either, colour is for terminals. */
export function wantsColour(): boolean {
  const { NO_COLOR, FORCE_COLOR, TERM } = process.env;
  if (NO_COLOR !== undefined && NO_COLOR !== '') return false;
  if (FORCE_COLOR !== undefined) return FORCE_COLOR !== '0' && FORCE_COLOR !== 'false';
  return process.stdout.isTTY === true && TERM !== 'dumb';
}

function speaksUnicode(): boolean {
  const { LC_ALL, LC_CTYPE, LANG } = process.env;
  const locale = [LC_ALL, LC_CTYPE, LANG].find((value) => value !== undefined && value !== '') ?? '';
  return /utf-?8/i.test(locale);
}

function paletteOf(colour: boolean): Palette {
  if (!colour) return plainPalette;
  const { green, red, yellow, dim, bold } = pc.createColors(true);
  return { good: green, bad: red, doubt: yellow, dim, strong: bold };
}

export interface ProgressLine {
  readonly show: (progress: Progress, done: number) => void;
  readonly clear: () => void;
}

/** One line on standard error that is written over; null where nobody would see it. */
export function progressLine(total: number): ProgressLine | null {
  const line = statusLine();
  if (line === null) return null;
  return {
    show: (progress, done) => {
      const rate = progress.milliseconds > 0 ? (progress.states / progress.milliseconds) * 1000 : 0;
      const files = total > 1 ? `${done} of ${total} files, ` : '';
      line.show(`${files}${count(progress.states, 'state')}, ${thousands(Math.round(rate))}/s, depth ${progress.depth}${progress.phase === 'liveness' ? ', liveness' : ''}`);
    },
    clear: line.clear,
  };
}

export interface StatusLine {
  readonly show: (text: string) => void;
  readonly clear: () => void;
}

/** The same for plain text. */
export function statusLine(): StatusLine | null {
  if (process.stderr.isTTY !== true) return null;
  let shown = false;
  return {
    show: (text) => {
      // A terminal that does not know its size says 0.
      const width = process.stderr.columns || NARROWEST;
      process.stderr.write(`\r\x1b[K${text.slice(0, width - 1)}`);
      shown = true;
    },
    clear: () => {
      if (shown) process.stderr.write('\r\x1b[K');
      shown = false;
    },
  };
}
