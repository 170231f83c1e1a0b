// What must never happen before unmap (SEMANTICS C6, N1 to N8): the outcomes that make a scenario harmful.

export interface Harm {
  readonly id: `N${1 | 2 | 3 | 4 | 5 | 6 | 7 | 8}`;
  /** The obligation that rules it out; its own id where none does. */
  readonly obligation: string;
  readonly text: string;
  readonly source: string;
}

export const HARMS = [
  { id: 'N1', obligation: 'P1', text: 'The device uses an address whose translation is gone: IOMMU fault.', source: 'Koenig, seed thread, 2026-01-21; SEMANTICS C6' },
  { id: 'N2', obligation: 'P1', text: 'The device accesses a target that does not answer: PCIe AER, completion timeout or machine check.', source: 'Koenig, seed thread, 2026-01-21; SEMANTICS C6' },
  { id: 'N3', obligation: 'P1', text: 'The access lands in the BAR of another or a newly plugged device.', source: 'Koenig, seed thread, 2026-01-21; SEMANTICS C6' },
  { id: 'N4', obligation: 'P1', text: 'The device uses or writes memory that already belongs to somebody else: use after free, leak, corruption.', source: 'Gunthorpe, seed thread, 2026-01-21; SEMANTICS C6' },
  { id: 'N5', obligation: 'P2', text: 'The device writes, or reads to use, through an invalidated mapping after its fences have signalled.', source: 'kernel-doc dma_buf_attach_ops.invalidate_mappings; SEMANTICS C5' },
  { id: 'N6', obligation: 'P4', text: 'The CPU uses a freed or not yet initialised attachment, sg_table, buffer or private object.', source: 'SEMANTICS C6; commit 981bedbbe613' },
  { id: 'N7', obligation: 'P1', text: 'An access arrives through a key that was handed out again for another object.', source: 'Gunthorpe on the pinned revocable umem series; SEMANTICS B25.8' },
  { id: 'N8', obligation: 'N8', text: 'A read that is thrown away hits a register with side effects.', source: 'Gunthorpe, 2026-01-21 (GF961572); SEMANTICS C6' },
] as const satisfies readonly Harm[];

export type HarmId = (typeof HARMS)[number]['id'];
