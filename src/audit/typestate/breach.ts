// What the run over a function's paths says: an automaton of src/protocol met an event that it refuses, an object was left behind, a result was misread.
// Which rule speaks of it is the rules' business; here is only what was seen (issue 4, part 1).

import type { Place } from '../../results/audit.ts';
import type { PathStep } from '../../results/finding.ts';

/** What is tracked. `reference` is one on a buffer, `fence` one on a fence, `slot` a reserved fence slot. */
export type Kind = 'attachment' | 'mapping' | 'pin' | 'reference' | 'fence' | 'resv' | 'vmap' | 'access' | 'fd' | 'slot';

export type Breach =
  /** The object is live on a return, and nobody has it, or only a member of the caller's; `hindered`: a lock could not be had on the way. `error`: the function returns a failure. `otherwise`: where another way gives it back. */
  | { readonly is: 'leak'; readonly kind: Kind; readonly what: string; readonly owner: 'nobody' | 'member' | 'hindered'; readonly error: boolean; readonly otherwise: Place | null; readonly at: Place; readonly path: readonly PathStep[] }
  /** Taken, left to the driver's object, and no other function of the folder ever gives such a thing back. */
  | { readonly is: 'kept'; readonly kind: Kind; readonly what: string; readonly at: Place; readonly path: readonly PathStep[] }
  /** An event that the object's automaton refuses in every state that it may be in: unmap of what is unmapped, detach while mapped … */
  | { readonly is: 'refused'; readonly kind: Kind; readonly event: string; readonly state: string; readonly what: string; readonly at: Place; readonly path: readonly PathStep[] }
  /** A call that needs the reservation lock held (or free) where it is not. `lock`: the reservation, as C. */
  | { readonly is: 'lock'; readonly call: string; readonly needs: 'held' | 'free'; readonly lock: string; readonly entered: boolean; readonly at: Place; readonly path: readonly PathStep[] }
  /** A second reservation is locked, without a ticket, while one is held. */
  | { readonly is: 'nested'; readonly held: string; readonly lock: string; readonly at: Place; readonly path: readonly PathStep[] }
  /** What a call gave is tested the wrong way: `test` is the C condition; the failure passes it. */
  | { readonly is: 'misread'; readonly call: string; readonly gives: 'ERR_PTR' | 'NULL' | 'positive' | 'errno'; readonly test: string; readonly at: Place; readonly path: readonly PathStep[] }
  /** The result of a call that can fail is never looked at. */
  | { readonly is: 'unread'; readonly call: string; readonly at: Place; readonly path: readonly PathStep[] }
  /** A fence is added to a reservation that was locked here and has no slot reserved since. */
  | { readonly is: 'slot'; readonly lock: string; readonly at: Place; readonly path: readonly PathStep[] }
  /** A call that must not stand here: copy_to_user() under the lock, a wait under it. */
  | { readonly is: 'under-resv'; readonly call: string; readonly lock: string; readonly at: Place; readonly path: readonly PathStep[] };
