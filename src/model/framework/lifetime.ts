// Whether a buffer is still there, and its exporter's count of mappings (SEMANTICS A1.2, A10, B4).

import type { Code } from '../code.ts';
import { read, set, constant, when, type Action } from '../system.ts';
import type { Buffer, World } from '../world.ts';
import { countDown, countUp } from './counts.ts';

/** A call on a released buffer is a use after free. */
export function alive(w: World, c: Code, b: Buffer): readonly Action[] {
  return [when(read(b.gone), [{ do: 'violate', violation: w.harm('N6', { party: c.party, object: b.name }, 'The dma_buf is used after its release.', 'P5') }])];
}

/** The exporter's mapping count, one up. From zero it saturates, as refcount_t does. */
export const getCount = (w: World, b: Buffer): readonly Action[] => countUp(w, b.count);

/** One down; the last one completes. */
export const putCount = (w: World, b: Buffer): readonly Action[] => countDown(w, b.count, [set(b.completion.done, constant(1))]);
