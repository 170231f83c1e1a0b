// How text is to look: width, characters, colours. Handed in: a report reads no environment.

export interface Palette {
  readonly good: (text: string) => string;
  readonly bad: (text: string) => string;
  readonly doubt: (text: string) => string;
  readonly dim: (text: string) => string;
  readonly strong: (text: string) => string;
}

export interface Form {
  /** Columns. */
  readonly width: number;
  /** False where only ASCII can be shown. */
  readonly unicode: boolean;
  readonly palette: Palette;
  /** The whole ledger. */
  readonly verbose: boolean;
  /** Options that change the search, to be repeated in the replay line: "--contract STOP=V1". */
  readonly options: readonly string[];
}

const same = (text: string): string => text;
export const plainPalette: Palette = { good: same, bad: same, doubt: same, dim: same, strong: same };
export const plainForm: Form = { width: 80, unicode: false, palette: plainPalette, verbose: false, options: [] };
