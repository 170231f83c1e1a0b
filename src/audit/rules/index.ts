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
import { rule as callbackNeverUnmaps } from './callback-never-unmaps.ts';
import { rule as stubCallback } from './stub-callback.ts';
import { rule as callbackUnmapsAtUserLeisure } from './callback-unmaps-at-user-leisure.ts';
import { rule as callbackTakesResv } from './callback-takes-resv.ts';
import { rule as callbackFlushesWorker } from './callback-flushes-worker.ts';
import { rule as callbackReadsLateField } from './callback-reads-late-field.ts';
import { rule as unmapBeforeStop } from './unmap-before-stop.ts';
import { rule as kernelFencesNotAwaited } from './kernel-fences-not-awaited.ts';
import { rule as staleMappingUsed } from './stale-mapping-used.ts';
import { rule as userCopyUnderResv } from './user-copy-under-resv.ts';
import { rule as fenceSlotMissing } from './fence-slot-missing.ts';
import { rule as cpuAccessUnbalanced } from './cpu-access-unbalanced.ts';
import { rule as vmapLeak } from './vmap-leak.ts';
import { rule as fdPublishedEarly } from './fd-published-early.ts';
import { rule as useAfterPublish } from './use-after-publish.ts';
import { rule as directionMismatch } from './direction-mismatch.ts';
import { rule as importerTouchesPages } from './importer-touches-pages.ts';
import { rule as sgtNentsMisuse } from './sgt-nents-misuse.ts';
import { rule as edeadlkUnhandled } from './edeadlk-unhandled.ts';
import { rule as silentRevoke } from './silent-revoke.ts';
import { rule as revokeWithoutFlag } from './revoke-without-flag.ts';
import { rule as revokeWithoutFenceWait } from './revoke-without-fence-wait.ts';
import { rule as revokeWithoutUnmapWait } from './revoke-without-unmap-wait.ts';
import { rule as unmapWaitUnderResv } from './unmap-wait-under-resv.ts';
import { rule as revokeTimeout } from './revoke-timeout.ts';
import { rule as ownReferenceKept } from './own-reference-kept.ts';
import { rule as mappingCountUnbalanced } from './mapping-count-unbalanced.ts';
import { rule as revokeLockCycle } from './revoke-lock-cycle.ts';
import { rule as unrevokeWithoutRearm } from './unrevoke-without-rearm.ts';
import { rule as nonRevocableAccepted } from './non-revocable-accepted.ts';
import { rule as deviceOffBeforeRevoke } from './device-off-before-revoke.ts';
import { rule as mmapNotZappedOnRevoke } from './mmap-not-zapped-on-revoke.ts';
import { rule as invalidateWithoutLock } from './invalidate-without-lock.ts';
import { rule as vmapWithoutPin } from './vmap-without-pin.ts';
import { rule as pinKeepsNothing } from './pin-keeps-nothing.ts';
import { rule as pinOnStatic } from './pin-on-static.ts';
import { rule as noPinNoCallback } from './no-pin-no-callback.ts';
import { rule as opNotUndone } from './op-not-undone.ts';
import { rule as restoreOutOfOrder } from './restore-out-of-order.ts';
import { rule as letGoWithoutRevoke } from './let-go-without-revoke.ts';
import { rule as revokeLockUnbalanced } from './revoke-lock-unbalanced.ts';
import { rule as peer2peerNotAsked } from './peer2peer-not-asked.ts';
import { rule as opKeepsLock } from './op-keeps-lock.ts';
import { rule as opErrorIgnored } from './op-error-ignored.ts';
import { rule as emptyRelease } from './empty-release.ts';
import { rule as opAssertsWrongLock } from './op-asserts-wrong-lock.ts';
import { rule as cacheMadeUnlocked } from './cache-made-unlocked.ts';
import { rule as fenceUsageTooLow } from './fence-usage-too-low.ts';
import { rule as rpmUnbalanced } from './rpm-unbalanced.ts';
import { rule as sgtEditNotRestored } from './sgt-edit-not-restored.ts';
import { rule as tableShared } from './table-shared.ts';
import { rule as exportErrorKeeps } from './export-error-keeps.ts';
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
  callbackNeverUnmaps,
  stubCallback,
  callbackUnmapsAtUserLeisure,
  callbackTakesResv,
  callbackFlushesWorker,
  callbackReadsLateField,
  unmapBeforeStop,
  kernelFencesNotAwaited,
  staleMappingUsed,
  userCopyUnderResv,
  fenceSlotMissing,
  cpuAccessUnbalanced,
  vmapLeak,
  fdPublishedEarly,
  useAfterPublish,
  directionMismatch,
  importerTouchesPages,
  sgtNentsMisuse,
  edeadlkUnhandled,
  silentRevoke,
  revokeWithoutFlag,
  revokeWithoutFenceWait,
  revokeWithoutUnmapWait,
  unmapWaitUnderResv,
  revokeTimeout,
  ownReferenceKept,
  mappingCountUnbalanced,
  revokeLockCycle,
  unrevokeWithoutRearm,
  nonRevocableAccepted,
  deviceOffBeforeRevoke,
  mmapNotZappedOnRevoke,
  invalidateWithoutLock,
  vmapWithoutPin,
  pinKeepsNothing,
  pinOnStatic,
  noPinNoCallback,
  opNotUndone,
  opKeepsLock,
  tableShared,
  exportErrorKeeps,
  opErrorIgnored,
  opAssertsWrongLock,
  cacheMadeUnlocked,
  emptyRelease,
  restoreOutOfOrder,
  letGoWithoutRevoke,
  revokeLockUnbalanced,
  peer2peerNotAsked,
  fenceUsageTooLow,
  rpmUnbalanced,
  sgtEditNotRestored,
];

export const ruleNamed = (id: string): Rule | null => RULES.find((rule) => rule.header.id === id) ?? null;
