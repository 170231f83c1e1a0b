// Every rule, in the order in which they are listed.

import { rule as attachLeak } from './attach-leak.ts';
import { rule as mapLeak } from './map-leak.ts';
import { rule as pinLeak } from './pin-leak.ts';
import { rule as earlyReturnKeepsPin } from './early-return-keeps-pin.ts';
import { rule as referenceLeak } from './reference-leak.ts';
import { rule as referenceOverput } from './reference-overput.ts';
import { rule as doubleUnmap } from './double-unmap.ts';
import { rule as unmapAfterDetach } from './unmap-after-detach.ts';
import { rule as detachWhileMapped } from './detach-while-mapped.ts';
import { rule as unpinOrder } from './unpin-order.ts';
import { rule as resvNotHeld } from './resv-not-held.ts';
import { rule as resvRecursiveLock } from './resv-recursive-lock.ts';
import { rule as resvLeak } from './resv-leak.ts';
import { rule as resvNestedWithoutTicket } from './resv-nested-without-ticket.ts';
import { rule as wrongErrorTest } from './wrong-error-test.ts';
import { rule as errorSwallowed } from './error-swallowed.ts';
import type { Rule } from './rule.ts';

export const RULES: readonly Rule[] = [
  attachLeak,
  mapLeak,
  pinLeak,
  earlyReturnKeepsPin,
  referenceLeak,
  referenceOverput,
  doubleUnmap,
  unmapAfterDetach,
  detachWhileMapped,
  unpinOrder,
  resvNotHeld,
  resvRecursiveLock,
  resvLeak,
  resvNestedWithoutTicket,
  wrongErrorTest,
  errorSwallowed,
];

export const ruleNamed = (id: string): Rule | null => RULES.find((rule) => rule.header.id === id) ?? null;
