// The last sections of docs/litmus.md, "Calls" and "Drivers", from the tables of protocol and model. A test keeps the two the same.

import { CALLS, PREDICATES, type CallName, type CallSignature } from '../model/calls.ts';
import { EXPORTER_DRIVERS, IMPORTER_DRIVERS, type ImporterDriver } from '../model/drivers/importers.ts';
import { BUFFER_OPTIONS, EXPORTER_OPTIONS, FENCE_OPTIONS, IMPORTER_OPTIONS } from '../model/objects.ts';
import { lockingOf } from '../protocol/locking.ts';

/** Where a group of calls begins, in the order of the table. */
const GROUPS: readonly (readonly [CallName, string])[] = [
  ['dma_buf_export', 'Buffers, attachments, mappings'],
  ['dma_resv_lock', 'Reservations'],
  ['dma_fence_init', 'Fences'],
  ['mutex_lock', 'Locks, works, completions, counts'],
  ['submit_job', 'Devices and memory'],
  ['vfio_pci_dma_buf_move', 'Whole drivers'],
];

/** What a call returns besides 0, or true and false, where that is not plain from its text. */
const RETURNS: Readonly<Partial<Record<CallName, string>>> = {
  dma_buf_attach: 'as dma_buf_dynamic_attach',
  dma_buf_dynamic_attach: '-ENODEV revoked; -EOPNOTSUPP no peer to peer, or not revocable; -EINVAL no callback, under CB=M1; what the exporter returns',
  dma_buf_pin: '-EOPNOTSUPP uverbs, REJ=J2, or no pin operation under NPIN=P1; what the exporter returns',
  dma_buf_map_attachment: '-ENODEV revoked; -EBUSY vram_only without peer to peer; -EOPNOTSUPP under REJ=J3; -ERESTARTSYS static importer and a signal; what the exporter returns',
  dma_buf_map_attachment_unlocked: 'as dma_buf_map_attachment',
  dma_buf_begin_cpu_access: '-ERESTARTSYS signal; what the exporter returns',
  dma_buf_mmap: '-EINVAL no_mmap; what the exporter returns',
  dma_buf_vmap: '-EINVAL no_vmap; what the exporter returns',
  dma_buf_vmap_unlocked: 'as dma_buf_vmap',
  dma_resv_lock: '-EDEADLK, -EALREADY, both only with a ticket',
  dma_resv_lock_interruptible: '-EINTR signal; as dma_resv_lock',
  dma_resv_trylock: 'true when taken',
  dma_resv_reserve_fences: '-EINVAL for 0 slots',
  dma_resv_wait_timeout: '-ETIMEDOUT with the word timeout; -ERESTARTSYS with the word interruptible',
  dma_fence_wait_timeout: '-ETIMEDOUT',
  dma_fence_add_callback: '-ENOENT signalled already',
  mutex_trylock: 'true when taken',
  wait_for_completion: '-ETIMEDOUT with the word timeout',
  wait_for_unmap: '-ETIMEDOUT with the word timeout',
  ttm_bo_move: '-EBUSY pinned or vmapped',
  ib_umem_dmabuf_get: 'as dma_buf_dynamic_attach',
  ib_umem_dmabuf_map_pages: 'as dma_buf_map_attachment',
  ib_umem_dmabuf_get_pinned: 'as attach, pin and map',
  ib_umem_dmabuf_get_pinned_revocable_and_lock: 'as attach, pin and map; the lock is held only where it returns 0',
  iopt_map_dmabuf: '-EOPNOTSUPP not of vfio_pci; as attach, pin and map',
};

const VFIO_EXAMPLE = `litmus vfio-reset
"A reset revokes first, and waits until the worker of the importer has unmapped."
source "dma-buf.h, struct dma_buf_attach_ops"
expect holds

exporter vfio: vfio_pci;
buffer bar of vfio;
importer gpu: deferred of bar { speculates; }
thread reset: kernel {
  vfio_pci_dma_buf_move(vfio, true);
  device_off(vfio);
  device_on(vfio);
  vfio_pci_dma_buf_move(vfio, false);
}
sometimes live(gpu.map) && revoked(bar);
`;

const MOVER_EXAMPLE = `litmus eviction
"A buffer moves while a device works on it: the copy waits for the fence of the job."
source "dma-buf.h, struct dma_buf_attach_ops"
expect holds

exporter vram: ttm;
buffer bo of vram;
importer nic: sync of bo;
thread evict: kernel { ttm_bo_move(bo); }
sometimes live(nic.map) && working(nic.map);
`;

const HEAD = '\n## Calls\n';

/** The page with its last two sections made again. */
export function withSections(page: string): string {
  const at = page.indexOf(HEAD);
  if (at < 0) throw new Error('docs/litmus.md has no section "Calls"');
  return `${page.slice(0, at)}\n${[...calls(), '', ...drivers()].join('\n')}\n`;
}

function calls(): string[] {
  return [
    '## Calls',
    '',
    '<!-- From here on made from src/model and src/protocol; do not edit. `npm run docs` makes it again. -->',
    '',
    'Arguments in brackets may be left out. `ret = CALL(…);` keeps what a call returns: an *errno* is 0 or one of the values',
    'given, to be compared with `ret == -ENODEV`, `ret < 0` or `IS_ERR(ret)`; a *bool* is true or false. Where only *errno* stands',
    'the call always gives 0. `lock` says what the caller does with the reservation lock of the buffer: *held*, *not held*',
    '(else P8 is broken, or the caller waits for itself), or nothing where it does not matter.',
    '',
    ...groups().flatMap(({ title, names }) => [`### ${title}`, '', '| call | returns | lock | meaning |', '|---|---|---|---|', ...names.map(callRow), '']),
    '### Predicates',
    '',
    'Usable in any expression.',
    '',
    '| predicate | gives | meaning |',
    '|---|---|---|',
    ...Object.entries(PREDICATES).map(([name, call]) => `| \`${written(name, call)}\` | ${call.returns} | ${cell(call.text)} |`),
  ];
}

function groups(): { readonly title: string; readonly names: readonly CallName[] }[] {
  const names = Object.keys(CALLS) as CallName[];
  return GROUPS.map(([first, title], i) => {
    const next = GROUPS[i + 1]?.[0];
    return { title, names: names.slice(names.indexOf(first), next === undefined ? names.length : names.indexOf(next)) };
  });
}

function callRow(name: CallName): string {
  const call: CallSignature = CALLS[name];
  const extra = RETURNS[name];
  const lock = { held: 'held', free: 'not held', either: '' }[lockingOf(name)?.resv ?? 'either'];
  return `| \`${written(name, call)}\` | ${call.returns === 'void' ? '' : call.returns}${extra === undefined ? '' : `: ${extra}`} | ${lock} | ${cell(call.text)} |`;
}

function written(name: string, { args, optional }: CallSignature): string {
  return `${name}(${args.map((arg, i) => (i >= args.length - optional ? `[${arg}]` : arg)).join(', ')})`;
}

function drivers(): string[] {
  return [
    '## Drivers',
    '',
    'What a built-in driver does by itself can be replaced piece by piece: an operation, the callback, a thread or a work that is',
    'written in the braces takes the place of its own.',
    '',
    '### Exporters',
    '',
    '| driver | what it is |',
    '|---|---|',
    ...Object.entries(EXPORTER_DRIVERS).map(([name, { text }]) => `| \`${name}\` | ${cell(text)} |`),
    '',
    'They do nothing unasked: a thread calls `vfio_pci_dma_buf_move`, `uverbs_dmabuf_revoke` or `ttm_bo_move`.',
    '',
    ...optionTable('exporter', EXPORTER_OPTIONS),
    ...optionTable('buffer', BUFFER_OPTIONS),
    '```litmus',
    VFIO_EXAMPLE.trimEnd(),
    '```',
    '',
    '### Importers',
    '',
    'Each brings a thread `app` of kind user, which imports, uses and releases the buffer, unless a thread stands in its braces.',
    'All have `att` and `map`.',
    '',
    '| driver | what it is | further members |',
    '|---|---|---|',
    ...Object.entries(IMPORTER_DRIVERS).map(([name, driver]) => `| \`${name}\` | ${cell(driver.text)} | ${membersOf(driver)} |`),
    '',
    ...optionTable('importer', IMPORTER_OPTIONS),
    '```litmus',
    MOVER_EXAMPLE.trimEnd(),
    '```',
    '',
    '### Fences',
    '',
    ...optionTable('fence', FENCE_OPTIONS).slice(0, -1),
  ];
}

function membersOf({ fenced, deferred }: ImporterDriver): string {
  return [...(fenced ? ['`job`, a fence'] : []), ...(deferred ? ['`unmap`, a work'] : [])].join('; ');
}

function optionTable(what: string, options: Readonly<Record<string, string>>): string[] {
  return [`| option of ${what === 'importer' || what === 'exporter' ? 'an' : 'a'} ${what} | meaning |`, '|---|---|', ...Object.entries(options).map(([name, text]) => `| \`${name}\` | ${cell(text)} |`), ''];
}

const cell = (text: string): string => text.replaceAll('|', '\\|');
