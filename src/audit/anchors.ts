// What the kernel API's functions mean to the audit: the act behind a name, and what kind of result it gives.
// Only names of the framework and of the kernel's core; no driver's function stands here (SEMANTICS B, E).

import type { Expression } from '../source/c-tree.ts';
import { expressionText } from '../source/c-tree.ts';
import type { Act } from '../results/audit.ts';
import { HELPERS } from '../protocol/steps.ts';
import { isUsage, type Usage } from '../protocol/usage.ts';

/** What a call leaves behind. `status`: 0 or an errno. `positive`: more than 0 when it went well. `predicate`: yes or no, and nobody knows which. */
export type ResultKind = 'status' | 'pointer' | 'positive' | 'predicate' | 'void';

export interface Anchor {
  readonly result: ResultKind;
  /** `texts`: the arguments as C; `paths`: what they were found to be. */
  readonly act: (texts: readonly string[], paths: readonly string[]) => Act | null;
}

const plain = (act: Act, result: ResultKind = 'void'): Anchor => ({ result, act: () => act });

const lastName = (path: string): string => /(\w+)\W*$/.exec(path.replace(/\[[^\]]*\]/g, ''))?.[1] ?? path;

const lock = (kind: 'mutex' | 'spinlock' | 'rwsem-read' | 'rwsem-write', how: 'lock' | 'unlock', result: ResultKind = 'void'): Anchor => ({
  result,
  act: (texts) => ({ do: how, lock: kind, object: lastName(texts[0] ?? '') }),
});

/** The reservation of the buffer at hand, not that of a page table's root or of any other object. */
export function isOwnReservation(path: string): boolean {
  if (/dma_?buf->resv$/.test(path)) return true;
  // What the way itself made (a ghost), or an object's private one behind the shared one.
  if (/out\(|resource\(|\b_resv$/.test(path)) return false;
  return (path.match(/->/g) ?? []).length <= 3 && !/\bvm\b/.test(path);
}

const resvLock = (trylock: boolean, ticketAt: number | null, result: ResultKind): Anchor => ({
  result,
  act: (texts, paths) => ({ do: 'resv-lock', own: isOwnReservation(paths[0] ?? ''), trylock, ticket: ticketAt !== null && !['NULL', '0', undefined].includes(texts[ticketAt]) }),
});

export function usageOf(text: string | undefined): Usage {
  const word = (text ?? '').replace(/^DMA_RESV_USAGE_/, '');
  if (isUsage(word)) return word;
  // dma_resv_usage_rw(write): READ for a writer, WRITE for a reader; READ covers both.
  return 'READ';
}

const isEndless = (text: string | undefined): boolean => text === undefined || /MAX_SCHEDULE_TIMEOUT|LONG_MAX/.test(text);
const isFalse = (text: string | undefined): boolean => text === undefined || text === 'false' || text === '0';

export const ANCHORS: ReadonlyMap<string, Anchor> = new Map<string, Anchor>([
  ['dma_buf_attach', plain({ do: 'attach', unlocked: true }, 'pointer')],
  ['dma_buf_dynamic_attach', plain({ do: 'attach', unlocked: true }, 'pointer')],
  ['dma_buf_detach', plain({ do: 'detach', unlocked: true })],
  ['dma_buf_put', plain({ do: 'put', unlocked: true })],
  ['dma_buf_map_attachment', plain({ do: 'map', unlocked: false }, 'pointer')],
  ['dma_buf_map_attachment_unlocked', plain({ do: 'map', unlocked: true }, 'pointer')],
  ['dma_buf_unmap_attachment', plain({ do: 'unmap', unlocked: false })],
  ['dma_buf_unmap_attachment_unlocked', plain({ do: 'unmap', unlocked: true })],
  ['dma_buf_pin', plain({ do: 'pin', unlocked: false }, 'status')],
  ['dma_buf_unpin', plain({ do: 'unpin', unlocked: false })],
  ['dma_buf_invalidate_mappings', plain({ do: 'invalidate' })],
  ['dma_buf_move_notify', plain({ do: 'invalidate' })],
  ['dma_resv_lock', resvLock(false, 1, 'status')],
  ['dma_resv_lock_interruptible', resvLock(false, 1, 'status')],
  ['dma_resv_lock_slow', resvLock(false, 1, 'void')],
  ['dma_resv_trylock', resvLock(true, null, 'predicate')],
  ['dma_resv_unlock', { result: 'void', act: (_, paths) => ({ do: 'resv-unlock', own: isOwnReservation(paths[0] ?? ''), trylock: false, ticket: false }) }],
  ['dma_resv_wait_timeout', {
    result: 'positive',
    act: (texts, paths) => (isOwnReservation((paths[0] ?? '').replace(/\b_resv$/, 'resv')) ? { do: 'wait-fences', usage: usageOf(texts[1]), interruptible: !isFalse(texts[2]), timeout: !isEndless(texts[3]) } : null),
  }],
  ['dma_resv_reserve_fences', { result: 'status', act: (_, paths) => (isOwnReservation(paths[0] ?? '') ? { do: 'reserve-fences' } : null) }],
  ['dma_resv_add_fence', { result: 'void', act: (texts, paths) => (isOwnReservation(paths[0] ?? '') ? { do: 'add-fence', usage: usageOf(texts[2]) } : null) }],
  ['dma_fence_wait', { result: 'status', act: (texts) => ({ do: 'wait-fence', object: lastName(texts[0] ?? ''), timeout: false }) }],
  ['dma_fence_wait_timeout', { result: 'positive', act: (texts) => ({ do: 'wait-fence', object: lastName(texts[0] ?? ''), timeout: !isEndless(texts[2]) }) }],
  ['mutex_lock', lock('mutex', 'lock')],
  ['mutex_lock_nested', lock('mutex', 'lock')],
  ['mutex_lock_interruptible', lock('mutex', 'lock', 'status')],
  ['mutex_lock_killable', lock('mutex', 'lock', 'status')],
  ['mutex_unlock', lock('mutex', 'unlock')],
  ['down_read', lock('rwsem-read', 'lock')],
  ['down_write', lock('rwsem-write', 'lock')],
  ['down_write_nested', lock('rwsem-write', 'lock')],
  ['down_read_killable', lock('rwsem-read', 'lock', 'status')],
  ['down_write_killable', lock('rwsem-write', 'lock', 'status')],
  ['up_read', lock('rwsem-read', 'unlock')],
  ['up_write', lock('rwsem-write', 'unlock')],
  ['kref_get', { result: 'void', act: (texts) => ({ do: 'count-get', object: lastName(texts[0] ?? ''), completes: null }) }],
  ['kref_get_unless_zero', { result: 'predicate', act: (texts) => ({ do: 'count-get', object: lastName(texts[0] ?? ''), completes: null }) }],
  ['refcount_inc', { result: 'void', act: (texts) => ({ do: 'count-get', object: lastName(texts[0] ?? ''), completes: null }) }],
  ['atomic_inc', { result: 'void', act: (texts) => ({ do: 'count-get', object: lastName(texts[0] ?? ''), completes: null }) }],
  ['refcount_dec_and_test', { result: 'predicate', act: (texts) => ({ do: 'count-put', object: lastName(texts[0] ?? ''), completes: null }) }],
  ['atomic_dec_and_test', { result: 'predicate', act: (texts) => ({ do: 'count-put', object: lastName(texts[0] ?? ''), completes: null }) }],
  ['refcount_set', { result: 'void', act: (texts) => ({ do: 'count-init', object: lastName(texts[0] ?? ''), completes: null }) }],
  ['kref_init', { result: 'void', act: (texts) => ({ do: 'count-init', object: lastName(texts[0] ?? ''), completes: null }) }],
  ['init_completion', { result: 'void', act: (texts) => ({ do: 'completion-init', object: lastName(texts[0] ?? '') }) }],
  ['reinit_completion', { result: 'void', act: (texts) => ({ do: 'completion-init', object: lastName(texts[0] ?? '') }) }],
  ['complete', { result: 'void', act: (texts) => ({ do: 'complete', object: lastName(texts[0] ?? '') }) }],
  ['complete_all', { result: 'void', act: (texts) => ({ do: 'complete', object: lastName(texts[0] ?? '') }) }],
  ['dma_buf_attach_revocable', { result: 'predicate', act: () => null }],
  ['dma_buf_attachment_is_dynamic', { result: 'predicate', act: () => null }],
  ['iommu_unmap', { result: 'positive', act: () => ({ do: 'stop-device', call: 'iommu_unmap', assumed: false }) }],
  ['iommu_unmap_fast', { result: 'positive', act: () => ({ do: 'stop-device', call: 'iommu_unmap_fast', assumed: false }) }],
]);

/** wait_for_completion, wait_event and all their variants. A wait for a count is known by the count. */
export function completionWait(name: string, args: readonly Expression[]): Act | null {
  if (/^wait_event\w*$/.test(name)) {
    const [queue, condition] = args.map(expressionText);
    const count = /(?:atomic_read|refcount_read|kref_read)\(&?([\w>.-]+)\)/.exec(condition ?? '')?.[1];
    return { do: 'completion-wait', object: lastName(count ?? queue ?? ''), timeout: name.includes('_timeout') };
  }
  if (!/^wait_for_completion\w*$/.test(name)) return null;
  return { do: 'completion-wait', object: lastName(args[0] === undefined ? '' : expressionText(args[0])), timeout: name.includes('_timeout') };
}

/** lockdep_assert_held(&x->lock): the caller holds it. */
export function heldByCaller(name: string, args: readonly Expression[]): Act | null {
  if (!/^lockdep_assert_held(?:_write|_read|_exclusive)?$/.test(name)) return null;
  const object = lastName(args[0] === undefined ? '' : expressionText(args[0]));
  return { do: 'lock', lock: name.endsWith('_write') ? 'rwsem-write' : name.endsWith('_read') ? 'rwsem-read' : 'mutex', object };
}

/** What a callee must reach to be followed. */
export type Goal = 'unmap' | 'map' | 'pin' | 'unpin' | 'fence' | 'invalidate' | 'attach' | 'detach' | 'stop';

const GOALS: ReadonlyMap<string, Goal> = new Map<string, Goal>([
  ['dma_buf_unmap_attachment', 'unmap'],
  ['dma_buf_unmap_attachment_unlocked', 'unmap'],
  ['dma_buf_map_attachment', 'map'],
  ['dma_buf_map_attachment_unlocked', 'map'],
  ['dma_buf_pin', 'pin'],
  ['dma_buf_unpin', 'unpin'],
  ['dma_resv_wait_timeout', 'fence'],
  ['dma_resv_add_fence', 'fence'],
  ['dma_buf_invalidate_mappings', 'invalidate'],
  ['dma_buf_move_notify', 'invalidate'],
  ['dma_buf_attach', 'attach'],
  ['dma_buf_dynamic_attach', 'attach'],
  ['dma_buf_detach', 'detach'],
  ['iommu_unmap', 'stop'],
  ['iommu_unmap_fast', 'stop'],
]);

/** What a helper of Linux does that is known by name, for a driver that is read without the tree (protocol HELPERS). */
export function helperActs(name: string): readonly Act[] {
  const helper = HELPERS.find((one) => one.names.some((row) => row.name === name));
  if (helper === undefined) return [];
  const takes: readonly string[] = helper.takes;
  const unlocked = takes.includes('resv-lock');
  return (['map', 'unmap', 'unpin', 'detach'] as const).filter((step) => takes.includes(step)).map((step) => ({ do: step, unlocked }));
}

export const goalOf = (name: string): Goal | null => GOALS.get(name) ?? null;

/** TTM chooses the new place among those of a placement: which argument is which (ttm_bo.c). */
export const PLACEMENT_CALLS: ReadonlyMap<string, { readonly placement: number; readonly result: number }> = new Map([
  ['ttm_bo_alloc_resource', { placement: 1, result: 4 }],
  ['ttm_bo_mem_space', { placement: 1, result: 2 }],
]);

/** What the framework guarantees of an object that is mapped. */
export const FRAMEWORK_FACTS: ReadonlyMap<string, { readonly value: boolean; readonly why: string }> = new Map([
  ['ttm_tt_is_populated', { value: true, why: 'TTM populates before the driver may map (ttm_bo_handle_move_mem)' }],
]);

/** Says something, checks something, and changes nothing that the contract speaks of. */
export const isTalk = (name: string): boolean =>
  /^(?:pr_|dev_|drm_|ibdev_|netdev_|DRM_)?(?:_?(?:emerg|alert|crit|err|error|warn|warning|notice|info|debug|dbg|printk))(?:_once|_ratelimited|_core|_kms|_driver)?$/i.test(name) ||
  /^(?:pr_|dev_|ibdev_|drm_dbg|drm_err|drm_warn|drm_info|DRM_ERROR|DRM_DEBUG|DRM_WARN|netdev_|printk|trace_|mlx5_ib_dbg|mlx5_ib_warn|mlx5_ib_err|WARN|BUG|lockdep_|might_|dma_resv_assert|ww_mutex_|assert)/.test(name) ||
  /(?:_dbg|_warn|_err|_WARN_ON|_assert|_assert_held)$/.test(name);

export const isWarnTest = (name: string): boolean => /WARN(?:_ON)?(?:_ONCE)?$/.test(name) || /^(?:BUG_ON|xe_assert)$/.test(name);

/** The condition that a warning tests: drm_WARN_ON(dev, condition), WARN_ON(condition). */
export const warnCondition = (name: string, args: readonly Expression[]): Expression | null => (/^(?:drm|dev|pci|netdev|xe_gt|ibdev|gt)_/.test(name) && args.length > 1 ? args[1] : args[0]) ?? null;

/** What a function that was not read gives, by its name. */
export const looksLikePredicate = (name: string): boolean =>
  /(?:^|_)(?:is|has|can|needs?|test|empty|valid|enabled|disabled|pending|busy|active|supported|unplugged|locked|idle|compatible|accessible|visible|within|contains|trylock|capable|matches|equal|ready|allowed|should|may|must|want|wants)(?:_|$)/.test(name);

export const looksLikeAllocation = (name: string): boolean => /alloc|zalloc|create|dup|_new|_get$|_get_|kobj|init/.test(name);
