// Work that takes seconds: Ctrl-C ends it with nothing printed, a terminal sees how far it is, a pipe sees nothing.

import { EXIT } from './exit.ts';
import { statusLine } from './terminal.ts';

export interface LongWork {
  /** True once somebody wants it to end. */
  readonly stop: () => boolean;
  readonly show: (text: string) => void;
  /** Nothing hears a signal while this runs, so a signal ends the program. */
  readonly unheard: <T>(work: () => T) => T;
}

/** Gives what `work` gives; 130 where it was asked to end and has. */
export async function longWork(work: (told: LongWork) => Promise<number | null>): Promise<number> {
  let isStopped = false;
  const stop = (): void => {
    isStopped = true;
  };
  const listen = (): void => {
    process.once('SIGINT', stop);
    process.once('SIGTERM', stop);
  };
  const forget = (): void => {
    process.off('SIGINT', stop);
    process.off('SIGTERM', stop);
  };
  const status = statusLine();
  listen();
  try {
    const exit = await work({
      stop: () => isStopped,
      show: (text) => status?.show(text),
      unheard: (alone) => {
        forget();
        try {
          return alone();
        } finally {
          status?.clear();
          if (!isStopped) listen();
        }
      },
    });
    return exit ?? EXIT.interrupted;
  } finally {
    status?.clear();
    forget();
  }
}
