// What the names of events mean: kernel functions by protocol/steps, tracepoints, and the many ways in which people name probes.
// Data and one classification; keeps no state.

import { HELPERS, STEPS, type StepId } from '../protocol/steps.ts';
import { kept } from './kept.ts';
import type { Call, Phase, PointRole, Role } from './event.ts';

/** Tracepoints by name as trace text prints them: without the system. */
const POINTS: Readonly<Record<string, Role>> = {
  dma_buf_export: 'export', dma_buf_fd: 'fd', dma_buf_get: 'get', dma_buf_put: 'put', dma_buf_dynamic_attach: 'attach', dma_buf_detach: 'detach',
  dma_buf_mmap_internal: 'mmap', dma_buf_mmap: 'mmap',
  dma_fence_init: 'fence-init', dma_fence_emit: 'fence-emit', dma_fence_enable_signal: 'fence-enable', dma_fence_signaled: 'fence-signal',
  dma_fence_wait_start: 'fence-wait-start', dma_fence_wait_end: 'fence-wait-end', dma_fence_destroy: 'fence-free',
  map: 'iommu-map', unmap: 'iommu-unmap', io_page_fault: 'iommu-fault',
  tracing_mark_write: 'mark', print: 'mark', console: 'mark', sched_process_exit: 'process-exit',
} satisfies Readonly<Record<string, StepId | PointRole>>;

/** Functions by which iommufd takes the physical range of a buffer in the place of map (SEMANTICS B27). */
const RANGES = /(^|_)iommufd_map$/;

/** Steps that a probe can show and that the checker follows; others (locks, counts, work) are of no single buffer. */
const FOLLOWED: ReadonlySet<StepId> = new Set<StepId>([
  'export', 'release', 'invalidate', 'revoke', 'cpu-access', 'vmap', 'vunmap', 'attach', 'detach', 'ask-revocable', 'pin', 'unpin', 'map', 'unmap', 'fence-add', 'fence-replace', 'fence-wait', 'resv-lock', 'resv-unlock',
  'fence-signal', 'put', 'get', 'fd', 'mmap',
]);

const functions = new Map<string, Role>(HELPERS.flatMap(({ names }) => names.map(({ name }) => [name, 'helper'] as const)));
for (const { id, functions: names } of STEPS) if (FOLLOWED.has(id)) for (const { name } of names) functions.set(name, id);

/** Function behind a step of the vocabulary, or null. */
export function roleOfFunction(name: string): Role | null {
  return functions.get(name) ?? (RANGES.test(name) ? 'range' : null);
}

const ENDINGS: readonly (readonly [ending: RegExp, phase: Phase])[] = [
  [/^(.+?)_*_(?:entry|enter|begin|start)(?:_\d+)?$/, 'enter'],
  [/^(.+?)_*_(?:exit|leave|return|ret|end|done)(?:_\d+)?$/, 'leave'],
  [/^(?:p|kprobe|f|fentry)_(.+?)(?:_\d+)?$/, 'enter'],
  [/^(?:r|kretprobe|fexit)_(.+?)(?:_\d+)?$/, 'leave'],
];

/** "vfio_pci_dma_buf_move__exit", "r_dma_buf_pin_0", "dma_buf_pin": function and phase, as far as the name tells. */
function byName(name: string): { readonly function: string; readonly phase: Phase } {
  if (roleOfFunction(name) !== null) return { function: name, phase: 'enter' };
  for (const [ending, phase] of ENDINGS) {
    const found = ending.exec(name)?.[1];
    if (found !== undefined) return { function: found, phase };
  }
  return { function: name, phase: 'enter' };
}

/** Behind the start of a function by this much a probe still stands at its entry (endbr, bti, patchable nops). */
const ENTRY_BYTES = 0x10;
/** "(dma_buf_pin+0x4/0x30)", "(caller+0x81/0x180 [module] <- dma_buf_pin)", "(ffffffffc0a1b2c4)", "(ffffffff81a… <- ffffffffc0…)" */
const SYMBOL = /^\((?:(?:0x)?[0-9a-f]{6,16}(?=[ )])|([A-Za-z_][\w.]*)(?:\+0x([0-9a-f]+))?(?:\/0x[0-9a-f]+)?(?: \[[^\]]*\])?)(?: <- (?:(?:0x)?[0-9a-f]{6,16}(?=[ )])|([A-Za-z_][\w.]*)(?:\+0x[0-9a-f]+)?(?:\/0x[0-9a-f]+)?(?: \[[^\]]*\])?))?\)/;

/** Compilers add ".isra.0", ".constprop.0", ".llvm.123". */
const plain = (symbol: string): string => kept(symbol.replace(/\..*$/, ''));

/** The names of one log are few: each gets one object. */
function call(name: string, of: string, phase: Phase, role: Role, probe: boolean): Call {
  return { name, function: of, phase, role, probe, seen: phase === 'leave' ? `${of}:leave` : of, keys: {} };
}

/** Null: not for us. The name alone does not decide: "dma_buf_detach" is a tracepoint and may be a probe. */
export function classify(fullName: string, payload: string): Call | null {
  const name = kept(fullName.slice(fullName.indexOf(':') + 1));
  const symbol = SYMBOL.exec(payload);
  if (symbol === null) {
    const point = POINTS[name];
    if (point !== undefined && !(point === 'iommu-map' || point === 'iommu-unmap') ) return call(name, name, 'point', point, false);
    if (point !== undefined) return payload.startsWith('IOMMU:') ? call(name, name, 'point', point, false) : null;
    // Output of tools that print no place: names must tell.
    const guess = byName(name);
    const role = roleOfFunction(guess.function);
    return role === null ? (isCalleeName(name, guess.phase) && /(^| )attach\w*=/.test(payload) ? call(name, guess.function, guess.phase, 'callee', true) : null) : call(name, guess.function, guess.phase, role, true);
  }
  const [, at, offset, from] = symbol;
  const isReturn = symbol[0].includes(' <- ');
  const named = byName(name);
  if (isReturn) {
    const of = from === undefined ? named.function : plain(from);
    return called(name, of, 'leave', payload);
  }
  if (at === undefined) return called(name, named.function, named.phase, payload);
  if (offset !== undefined && parseInt(offset, 16) > ENTRY_BYTES) return null;
  // perf prints a return probe with the address of the function alone.
  const isNamedReturn = named.phase === 'leave' && named.function === plain(at);
  return called(name, plain(at), isNamedReturn ? 'leave' : 'enter', payload);
}

const isCalleeName = (name: string, phase: Phase): boolean => phase === 'leave' || /__(entry|enter)$/.test(name);

function called(name: string, of: string, phase: Phase, payload: string): Call | null {
  const role = roleOfFunction(of);
  if (role !== null) return call(name, of, phase, role, true);
  // Callbacks and operations of drivers: they name an attachment or a buffer, or return into the framework.
  return /(^| )(attach\w*|att|dmabuf\w*|dma_buf)=/.test(payload) || /^\(dma_buf_\w+\+/.test(payload) ? call(name, of, phase, 'callee', true) : null;
}

/** The function that a return event returns into, as printed. */
export function callerIn(payload: string): string | null {
  const caller = /^\(([A-Za-z_][\w.]*)\+0x[0-9a-f]+\/0x[0-9a-f]+(?: \[[^\]]*\])? <- /.exec(payload)?.[1];
  return caller === undefined ? null : plain(caller);
}

/** Names under which people print the same thing. The first is ours. */
export const FIELDS = {
  attachment: ['attach', 'attachment', 'att', 'attach_ptr', 'attachment_ptr', 'db_attach'],
  buffer: ['dmabuf', 'dma_buf', 'buf', 'dmabuf_ptr', 'db'],
  table: ['sgt', 'sg_table', 'table', 'sg'],
  result: ['ret', 'retval', 'rv', 'result', 'arg1', 'return'],
  ino: ['ino', 'inode', 'i_ino'],
  resv: ['resv', 'obj', 'reservation'],
  usage: ['usage'],
  timeout: ['timeout'],
  device: ['dev', 'device', 'dev_name'],
  ops: ['ops', 'importer_ops'],
  revoked: ['revoked', 'revoke'],
  owner: ['vdev', 'core_vdev', 'uobject', 'owner'],
  fence: ['fence', 'fence_ptr'],
  exporter: ['exp_name', 'exporter'],
  peer2peer: ['p2p', 'peer2peer'],
  size: ['size'],
  dynamic: ['is_dynamic'],
  named: ['attachment', 'attach'],
} as const satisfies Readonly<Record<string, readonly string[]>>;
export type FieldName = keyof typeof FIELDS;

/** What arg1, arg2, … are, where a probe has the default names. */
export const ARGUMENTS: Readonly<Record<string, readonly (FieldName | null)[]>> = {
  dma_buf_attach: ['buffer', 'device'], dma_buf_dynamic_attach: ['buffer', 'device', 'ops', null], dma_buf_detach: ['buffer', 'attachment'],
  dma_buf_map_attachment: ['attachment'], dma_buf_map_attachment_unlocked: ['attachment'],
  dma_buf_unmap_attachment: ['attachment', 'table'], dma_buf_unmap_attachment_unlocked: ['attachment', 'table'],
  dma_buf_pin: ['attachment'], dma_buf_unpin: ['attachment'], dma_buf_attach_revocable: ['attachment'],
  dma_buf_invalidate_mappings: ['buffer'], dma_buf_move_notify: ['buffer'],
  dma_resv_wait_timeout: ['resv', 'usage', null, 'timeout'], dma_resv_add_fence: ['resv', 'fence', 'usage'],
  dma_buf_begin_cpu_access: ['buffer'], dma_buf_end_cpu_access: ['buffer'], dma_buf_vmap: ['buffer'], dma_buf_vunmap: ['buffer'], dma_buf_vmap_unlocked: ['buffer'], dma_buf_vunmap_unlocked: ['buffer'],
  vfio_pci_dma_buf_move: ['owner', 'revoked'], vfio_pci_dma_buf_cleanup: ['owner'], dma_buf_put: ['buffer'], dma_buf_fd: ['buffer'],
};
