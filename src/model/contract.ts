// The disputed positions as values of one contract (SEMANTICS D). The default is the final configuration of 7.3 (D12).

/** Allowed values by key; the first is the default. */
export const CONTRACT_KEYS = {
  /** D1: when access is over after a revoke. V3 is V3i. */
  STOP: ['V3', 'V1', 'V2k', 'V2b', 'V2h', 'V3t', 'V3p', 'V3i', 'V4', 'V5', 'V6'],
  /** C3: what a mover's copy waits for. */
  MOVE: ['V2b', 'V1', 'V2k'],
  /** D2: must a dynamic importer have the callback. */
  CB: ['M2', 'M1', 'M3'],
  /** D3: the stub callback of pinned RDMA. */
  STUB: ['R0', 'R1', 'R2'],
  /** D4: where the revoked state lives. */
  STATE: ['S2', 'S1'],
  /** D5: may the callback be called on a pinned attachment. */
  PINCB: ['PC2', 'PC1'],
  /** D6: is a revoke permanent. */
  PERM: ['PE2', 'PE1'],
  /** D7: is the importer told of an un-revoke. */
  UNREV: ['U1', 'U2'],
  /** D8: where a non-revocable importer is rejected; driver: J1 for vfio_pci, J2 for uverbs. */
  REJ: ['driver', 'J1', 'J2', 'J3', 'none'],
  /** D9: what a missing pin operation means. */
  NPIN: ['P0', 'P1'],
  /** C5: may the store be recycled once the fences have signalled (RS2), or only after unmap (RS1). */
  STORE: ['RS2', 'RS1'],
} as const satisfies Readonly<Record<string, readonly string[]>>;

export type ContractKey = keyof typeof CONTRACT_KEYS;
export type Contract = { readonly [K in ContractKey]: (typeof CONTRACT_KEYS)[K][number] };

/** What each value says, in one sentence, and who stood for it (SEMANTICS D). For `explain` and `list`. */
export const CONTRACT_TEXTS: Readonly<Record<ContractKey, { readonly text: string; readonly semantics: string; readonly values: Readonly<Record<string, string>> }>> = {
  STOP: {
    text: 'When the exporter that revokes may take access as ended.',
    semantics: 'D1',
    values: {
      V1: 'when the callbacks have returned',
      V2k: 'callbacks, then the KERNEL fences',
      V2b: 'callbacks, then all fences (BOOKKEEP)',
      V2h: 'callbacks, then all fences; the importer must have unmapped by then',
      V3: 'callbacks, all fences, then every unmap, without end (V3i)',
      V3i: 'callbacks, all fences, then every unmap, without end',
      V3t: 'as V3, but goes on after one second',
      V3p: 'as V3, and prints after one second',
      V4: 'the callback itself must unmap before it returns',
      V5: 'the exporter does not block; the device is switched off only when the last mapping is gone',
      V6: 'callbacks, all fences, then addresses still mapped are redirected to a dummy',
    },
  },
  MOVE: { text: 'What the copy of a move waits for.', semantics: 'C3', values: { V1: 'nothing', V2k: 'the KERNEL fences', V2b: 'all fences (BOOKKEEP)' } },
  CB: {
    text: 'Whether a dynamic importer must have the callback.',
    semantics: 'D2',
    values: {
      M1: 'yes: WARN and -EINVAL in attach without it',
      M2: 'no: its absence says "cannot be invalidated"',
      M3: 'an explicit level in the ops says what the importer can do',
    },
  },
  STUB: {
    text: 'What pinned RDMA importers give as callback.',
    semantics: 'D3',
    values: {
      R0: 'nothing',
      R1: 'a warning stub of the core, which does not count as revocable',
      R2: 'a private warning stub, which looks like a real callback',
    },
  },
  STATE: { text: 'Where the revoked state lives.', semantics: 'D4', values: { S1: 'in the core, one way', S2: 'in the exporter' } },
  PINCB: { text: 'Whether the callback may be called on a pinned attachment.', semantics: 'D5', values: { PC1: 'never', PC2: 'yes; it means revoke' } },
  PERM: { text: 'Whether a revoke is for ever.', semantics: 'D6', values: { PE1: 'one way', PE2: 'the exporter may restore' } },
  UNREV: {
    text: 'Whether importers are told of an un-revoke.',
    semantics: 'D7',
    values: { U1: 'callbacks and fence wait again, still revoked', U2: 'the flag is cleared, nothing else' },
  },
  REJ: {
    text: 'Where an importer that cannot be revoked is rejected.',
    semantics: 'D8',
    values: { driver: 'as 7.3: vfio_pci in attach, uverbs in pin', J1: 'in attach', J2: 'by a pin operation that always fails', J3: 'in map', none: 'nowhere' },
  },
  NPIN: { text: 'What an exporter without a pin operation means.', semantics: 'D9', values: { P0: 'pinning succeeds', P1: 'pinning fails with -EOPNOTSUPP' } },
  STORE: { text: 'When the store behind an invalidated mapping may be used again.', semantics: 'C5', values: { RS1: 'after unmap', RS2: 'after the fences' } },
};

export const CONTRACT_NAMES = Object.keys(CONTRACT_KEYS) as readonly ContractKey[];

export function isContractKey(key: string): key is ContractKey {
  return Object.hasOwn(CONTRACT_KEYS, key);
}

/** The contract of Linux 7.3 (D12) with the given overrides, applied in order. Unknown keys or values yield an error text. */
export function contractOf(
  overrides: readonly { readonly key: string; readonly value: string }[],
): { readonly ok: true; readonly contract: Contract } | { readonly ok: false; readonly message: string } {
  const values: Record<string, string> = {};
  for (const key of CONTRACT_NAMES) values[key] = CONTRACT_KEYS[key][0];
  for (const { key, value } of overrides) {
    if (!isContractKey(key)) return { ok: false, message: `unknown contract key '${key}'; there are ${CONTRACT_NAMES.join(', ')}` };
    const allowed: readonly string[] = CONTRACT_KEYS[key];
    if (!allowed.includes(value)) return { ok: false, message: `${key} cannot be '${value}'; it is one of ${allowed.join(', ')}` };
    values[key] = value;
  }
  return { ok: true, contract: values as unknown as Contract };
}
