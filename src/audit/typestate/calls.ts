// What the calls of the kernel's core do to tracked objects and to the reservation lock: the events that the automata of src/protocol see.
// Data only; no driver's function stands here (SEMANTICS B1 to B23, B28).

import type { Kind } from './breach.ts';

/** How a call says that it failed. `status`: an errno or 0; `count`: an errno or what is left (0: time is up); `null`: NULL. */
export type Gives = 'ERR_PTR' | 'NULL' | 'status' | 'fd' | 'count' | 'yes-or-no' | 'void';

export type Key =
  /** What the call gives. */
  | 'result'
  /** An argument, from 0. */
  | number
  /** What an argument, `&x`, is filled with. */
  | { readonly out: number };

export interface CallEffect {
  readonly gives: Gives;
  /** Cannot fail where these arguments are 0: dma_resv_lock(resv, NULL). */
  readonly sureWithout?: readonly number[];
  readonly acquires?: { readonly kind: Kind; readonly key: Key; readonly of?: number };
  readonly releases?: { readonly kind: Kind; readonly key: number; readonly of?: number };
  /** Of an attachment or a buffer (argument): where its reservation must be held, or must be free. */
  readonly needs?: { readonly lock: 'held' | 'free'; readonly of: number; readonly by: 'attachment' | 'buffer' | 'resv' };
  /** Works on an attachment that must still be there. */
  readonly uses?: { readonly kind: Kind; readonly key: number };
  /** The argument is a reservation that it locks or unlocks. `through`: members from the argument to the reservation. */
  readonly lock?: { readonly how: 'lock' | 'trylock' | 'unlock'; readonly key: number; readonly ticket: number | null; readonly through: readonly string[] };
  /** Gives back its argument. */
  readonly same?: number;
  /** Takes NULL in silence. */
  readonly nullSafe?: true;
  /** Gives back only what this path is known to have: it is a call for other things too. */
  readonly onlyKnown?: true;
  /** Gives back as well all that its argument's members hold. */
  readonly whole?: true;
  /** An ignored failure is no defect by itself: the caller can do nothing about it. */
  readonly mayIgnore?: true;
}

const resvLock = (how: 'lock' | 'trylock' | 'unlock', gives: Gives, ticket: number | null = null, through: readonly string[] = []): CallEffect => ({
  gives, lock: { how, key: 0, ticket, through }, ...(ticket === null ? {} : { sureWithout: [ticket] }),
});

export const CALLS: ReadonlyMap<string, CallEffect> = new Map<string, CallEffect>(Object.entries({
  // buffers
  dma_buf_get: { gives: 'ERR_PTR', acquires: { kind: 'reference', key: 'result' } },
  get_dma_buf: { gives: 'void', acquires: { kind: 'reference', key: 0 } },
  dma_buf_put: { gives: 'void', releases: { kind: 'reference', key: 0 } },
  dma_buf_export: { gives: 'ERR_PTR', acquires: { kind: 'reference', key: 'result' } },
  dma_buf_fd: { gives: 'fd', releases: { kind: 'reference', key: 0 } },
  dma_buf_fd_install: { gives: 'void', releases: { kind: 'reference', key: 0 } },
  /** dma_buf->file: the reference goes with it. */
  fd_install: { gives: 'void', releases: { kind: 'reference', key: 1 }, onlyKnown: true },
  fput: { gives: 'void', releases: { kind: 'reference', key: 0 }, onlyKnown: true },
  // attachments, pins, mappings
  dma_buf_attach: { gives: 'ERR_PTR', acquires: { kind: 'attachment', key: 'result', of: 0 }, needs: { lock: 'free', of: 0, by: 'buffer' } },
  dma_buf_dynamic_attach: { gives: 'ERR_PTR', acquires: { kind: 'attachment', key: 'result', of: 0 }, needs: { lock: 'free', of: 0, by: 'buffer' } },
  dma_buf_detach: { gives: 'void', releases: { kind: 'attachment', key: 1, of: 0 }, needs: { lock: 'free', of: 1, by: 'attachment' } },
  dma_buf_map_attachment: { gives: 'ERR_PTR', acquires: { kind: 'mapping', key: 'result', of: 0 }, needs: { lock: 'held', of: 0, by: 'attachment' }, uses: { kind: 'attachment', key: 0 } },
  dma_buf_map_attachment_unlocked: { gives: 'ERR_PTR', acquires: { kind: 'mapping', key: 'result', of: 0 }, needs: { lock: 'free', of: 0, by: 'attachment' }, uses: { kind: 'attachment', key: 0 } },
  dma_buf_unmap_attachment: { gives: 'void', releases: { kind: 'mapping', key: 1, of: 0 }, needs: { lock: 'held', of: 0, by: 'attachment' }, uses: { kind: 'attachment', key: 0 } },
  dma_buf_unmap_attachment_unlocked: { gives: 'void', releases: { kind: 'mapping', key: 1, of: 0 }, needs: { lock: 'free', of: 0, by: 'attachment' }, uses: { kind: 'attachment', key: 0 } },
  dma_buf_pin: { gives: 'status', acquires: { kind: 'pin', key: 0 }, needs: { lock: 'held', of: 0, by: 'attachment' }, uses: { kind: 'attachment', key: 0 } },
  dma_buf_unpin: { gives: 'void', releases: { kind: 'pin', key: 0 }, needs: { lock: 'held', of: 0, by: 'attachment' }, uses: { kind: 'attachment', key: 0 } },
  dma_buf_invalidate_mappings: { gives: 'void', needs: { lock: 'held', of: 0, by: 'buffer' } },
  dma_buf_move_notify: { gives: 'void', needs: { lock: 'held', of: 0, by: 'buffer' } },
  dma_buf_vmap: { gives: 'status', acquires: { kind: 'vmap', key: 0 }, needs: { lock: 'held', of: 0, by: 'buffer' } },
  dma_buf_vmap_unlocked: { gives: 'status', acquires: { kind: 'vmap', key: 0 }, needs: { lock: 'free', of: 0, by: 'buffer' } },
  dma_buf_vunmap: { gives: 'void', releases: { kind: 'vmap', key: 0 }, needs: { lock: 'held', of: 0, by: 'buffer' } },
  dma_buf_vunmap_unlocked: { gives: 'void', releases: { kind: 'vmap', key: 0 }, needs: { lock: 'free', of: 0, by: 'buffer' } },
  dma_buf_begin_cpu_access: { gives: 'status', acquires: { kind: 'access', key: 0 }, needs: { lock: 'free', of: 0, by: 'buffer' } },
  dma_buf_end_cpu_access: { gives: 'status', releases: { kind: 'access', key: 0 }, needs: { lock: 'free', of: 0, by: 'buffer' }, mayIgnore: true },
  // umem: an attachment with all that hangs on it
  ib_umem_dmabuf_get: { gives: 'ERR_PTR', acquires: { kind: 'attachment', key: 'result' } },
  ib_umem_dmabuf_get_pinned: { gives: 'ERR_PTR', acquires: { kind: 'attachment', key: 'result' } },
  ib_umem_dmabuf_get_pinned_with_dma_device: { gives: 'ERR_PTR', acquires: { kind: 'attachment', key: 'result' } },
  ib_umem_release: { gives: 'void', releases: { kind: 'attachment', key: 0 }, nullSafe: true, whole: true },
  ib_umem_dmabuf_release: { gives: 'void', releases: { kind: 'attachment', key: 0 }, whole: true },
  // the reservation
  dma_resv_lock: resvLock('lock', 'status', 1),
  dma_resv_lock_interruptible: { gives: 'status', lock: { how: 'lock', key: 0, ticket: 1, through: [] } },
  dma_resv_lock_slow: { gives: 'void', lock: { how: 'lock', key: 0, ticket: 1, through: [] } },
  dma_resv_lock_slow_interruptible: { gives: 'status', lock: { how: 'lock', key: 0, ticket: 1, through: [] } },
  dma_resv_trylock: resvLock('trylock', 'yes-or-no'),
  dma_resv_unlock: resvLock('unlock', 'void'),
  ttm_bo_reserve: { gives: 'status', sureWithout: [1, 2, 3], lock: { how: 'lock', key: 0, ticket: 3, through: ['base', 'resv'] } },
  ttm_bo_unreserve: { gives: 'void', lock: { how: 'unlock', key: 0, ticket: null, through: ['base', 'resv'] } },
  dma_resv_reserve_fences: { gives: 'status', needs: { lock: 'held', of: 0, by: 'resv' } },
  dma_resv_add_fence: { gives: 'void', needs: { lock: 'held', of: 0, by: 'resv' } },
  dma_resv_wait_timeout: { gives: 'count', mayIgnore: true },
  dma_fence_wait_timeout: { gives: 'count', mayIgnore: true },
  dma_fence_wait: { gives: 'status', mayIgnore: true },
  // fences
  dma_fence_get: { gives: 'void', acquires: { kind: 'fence', key: 0 }, same: 0, nullSafe: true },
  dma_fence_put: { gives: 'void', releases: { kind: 'fence', key: 0 }, nullSafe: true },
  dma_fence_get_rcu: { gives: 'NULL', acquires: { kind: 'fence', key: 0 }, same: 0 },
  sync_file_get_fence: { gives: 'NULL', acquires: { kind: 'fence', key: 'result' } },
  dma_resv_get_singleton: { gives: 'status', acquires: { kind: 'fence', key: { out: 2 } } },
} satisfies Record<string, CallEffect>));

/** Makes an object that is the caller's alone until it is stored or handed on. */
export const isAllocation = (name: string): boolean => /^(?:devm_|drmm_)?k(?:v)?(?:[mzc]alloc|malloc_array|calloc|memdup)(?:_node|_obj|_objs|_flex)?$|^kmem_cache_z?alloc$/.test(name);

export const isFree = (name: string): boolean => /^(?:devm_)?k(?:v|z)?free(?:_rcu|_sensitive)?$|^kfree_const$|^kmem_cache_free$/.test(name);

/** Looks at its arguments, or at what they lead to, and keeps nothing. Names of the kernel's core. */
export const keepsNothing = (name: string): boolean =>
  /^(?:INIT_|init_|sg_|sgl_|dma_map|dma_unmap|dma_sync|dma_get_|dma_addressing|dma_buf_|dma_resv_|dma_fence_(?:is|wait|signal|enable|put|get)|drm_prime_(?:sg|get_contiguous)|iommu_|pci_p2p|virt_to|page_|memcpy|memset|memcmp|copy_(?:to|from)_user|put_user|get_user|atomic|refcount_|test_|set_bit|clear_bit|mutex_|spin_|rcu_|down_|up_|min|max|sizeof|array_|struct_size|list_empty|list_first|list_del|list_is|trace_|might_|lockdep_|cond_resched|wait_|schedule$|msleep|udelay|__user|u64_to|PAGE_|IS_|DIV_|round|ALIGN|swap|try_module_get|module_put|pm_runtime|dev_name|strscpy|snprintf|scnprintf|seq_|hash_|jiffies|ktime|__?builtin)/.test(name);

/** A lock or a set of locks of a kind that is not followed: from here on nobody can say that no reservation is held. */
export const takesLocksUnseen = (name: string): boolean => /(?:^|_)(?:reserve|lock|trylock|acquire|backoff|ww)(?:_|$)|_prepare_obj|^drm_exec_|^ww_|^ttm_eu_/.test(name) && !/^(?:mutex_|spin_|raw_spin|read_|write_|rcu_|down_|up_|lockdep_|clk_|dma_resv_assert|pm_|pci_|xa_|rtnl_|device_|i2c_|srcu_|dma_resv_reserve|read_lock|inode_|folio_|page_|sock_|local_|percpu_)/.test(name);
