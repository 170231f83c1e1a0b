// How many events a second the trace checker takes, and how much memory, on tracefs text of growing length: a recording's events over and
// over with new pointers and times, alone and among events of no interest.

import { traceText } from '../src/trace/index.ts';

const PART_LINES = 4096;

/** A clean life of a buffer in 24 lines: export, attach, pin, map, unpin, revoke with callback and unmap, restore, detach, release. */
function life(n: number): readonly string[] {
  const at = (base: number): string => `ffff8c3a${(base + (n % 4096) * 256).toString(16).padStart(8, '0')}`;
  const [buf, att, sgt, ino] = [at(0xc0000000), at(0xd0000000), at(0xe0000000), n + 1];
  return [
    'dma_buf_export__entry: (dma_buf_export+0x4/0x2e0)',
    `dma_buf_export: exp_name=vfio_pci_core size=65536 ino=${ino}`,
    `dma_buf_export__exit: (vfio_pci_core_feature_dma_buf+0x2a2/0x420 [vfio_pci_core] <- dma_buf_export) ret=0x${buf}`,
    `dma_buf_fd: exp_name=vfio_pci_core size=65536 ino=${ino} fd=8`,
    `dma_buf_dynamic_attach__entry: (dma_buf_dynamic_attach+0x4/0x1a0) dmabuf=0x${buf} dev=0xffff8c3ac00a70d0 ops=0xffffffffc01d28a0 priv=0xffff8c3ac5348400 ino=${ino} resv=0x${buf.slice(0, -2)}e8`,
    `dma_buf_dynamic_attach: exp_name=vfio_pci_core size=65536 ino=${ino} attachment:${att} is_dynamic=1 dev_name=0000:00:04.0`,
    `dma_buf_dynamic_attach__exit: (virtgpu_gem_prime_import+0xee/0x350 [virtio_gpu] <- dma_buf_dynamic_attach) dmabuf=0x${buf} ops=0xffffffffc01d28a0 ret=0x${att}`,
    `dma_buf_pin__entry: (dma_buf_pin+0x4/0x40) attach=0x${att} dmabuf=0x${buf}`,
    `dma_buf_pin__exit: (virtgpu_gem_prime_import+0x179/0x350 [virtio_gpu] <- dma_buf_pin) attach=0x${att} ret=0`,
    `dma_buf_map_attachment__entry: (dma_buf_map_attachment+0x4/0x120) attach=0x${att} dmabuf=0x${buf} dir=0 ino=${ino}`,
    `dma_buf_map_attachment__exit: (virtgpu_dma_buf_import_sgt+0x4a/0x130 [virtio_gpu] <- dma_buf_map_attachment) attach=0x${att} ret=0x${sgt}`,
    `dma_buf_unpin__entry: (dma_buf_unpin+0x4/0x30) attach=0x${att} dmabuf=0x${buf}`,
    `dma_buf_unpin__exit: (virtgpu_gem_prime_import+0x25f/0x350 [virtio_gpu] <- dma_buf_unpin) attach=0x${att}`,
    'vfio_pci_dma_buf_move__entry: (vfio_pci_dma_buf_move+0x4/0x190 [vfio_pci_core]) vdev=0xffff8c3ac2679800 revoked=1',
    `dma_buf_invalidate_mappings__entry: (dma_buf_invalidate_mappings+0x4/0x50) dmabuf=0x${buf} ino=${ino} resv=0x${buf.slice(0, -2)}e8`,
    `virtgpu_dma_buf_move_notify__entry: (virtgpu_dma_buf_move_notify+0x4/0x60 [virtio_gpu]) attach=0x${att} dmabuf=0x${buf}`,
    `dma_buf_unmap_attachment__entry: (dma_buf_unmap_attachment+0x4/0x80) attach=0x${att} dmabuf=0x${buf} sgt=0x${sgt} dir=0 ino=${ino}`,
    `dma_buf_unmap_attachment__exit: (virtgpu_dma_buf_move_notify+0x44/0x60 [virtio_gpu] <- dma_buf_unmap_attachment) attach=0x${att}`,
    `virtgpu_dma_buf_move_notify__exit: (dma_buf_invalidate_mappings+0x35/0x50 <- virtgpu_dma_buf_move_notify) attach=0x${att}`,
    `dma_buf_invalidate_mappings__exit: (vfio_pci_dma_buf_move+0x50/0x190 [vfio_pci_core] <- dma_buf_invalidate_mappings) dmabuf=0x${buf}`,
    `dma_resv_wait_timeout__entry: (dma_resv_wait_timeout+0x4/0x1d0) resv=0x${buf.slice(0, -2)}e8 usage=3 intr=0 timeout=9223372036854775807`,
    `dma_resv_wait_timeout__exit: (vfio_pci_dma_buf_move+0x66/0x190 [vfio_pci_core] <- dma_resv_wait_timeout) resv=0x${buf.slice(0, -2)}e8 ret=9223372036854775807`,
    'vfio_pci_dma_buf_move__exit: (vfio_pci_core_ioctl+0x60c/0xb80 [vfio_pci_core] <- vfio_pci_dma_buf_move) vdev=0xffff8c3ac2679800',
    `dma_buf_detach__entry: (dma_buf_detach+0x4/0x110) dmabuf=0x${buf} attach=0x${att} ino=${ino}`,
    `dma_buf_detach: exp_name=vfio_pci_core size=65536 ino=${ino} attachment:${att} is_dynamic=1 dev_name=0000:00:04.0`,
    `dma_buf_detach__exit: (virtgpu_dma_buf_free_obj+0xb1/0xd0 [virtio_gpu] <- dma_buf_detach) dmabuf=0x${buf} attach=0x${att}`,
    'dma_buf_release__entry: (dma_buf_release+0x4/0x90) dentry=0xffff8c3ac05c5600',
    `vfio_pci_dma_buf_release__entry: (vfio_pci_dma_buf_release+0x4/0x80 [vfio_pci_core]) dmabuf=0x${buf}`,
  ];
}

const FOREIGN = [
  'sched_switch: prev_comm=dbt prev_pid=658 prev_prio=120 prev_state=S ==> next_comm=swapper/0 next_pid=0 next_prio=120',
  'sched_wakeup: comm=dbt pid=658 prio=120 target_cpu=000',
  'irq_handler_entry: irq=24 name=virtio0-control',
];

/** Tracefs text in parts; `foreign`: events of no interest to each of ours. */
export function* text(events: number, foreign: number): Generator<string> {
  let line = 0;
  let part: string[] = [];
  const add = (event: string): void => {
    const micro = 91_000_000 + line++ * 3;
    part.push(`             dbt-658     [000] ...1. ${String(Math.floor(micro / 1e6)).padStart(5)}.${String(micro % 1e6).padStart(6, '0')}: ${event}\n`);
  };
  for (let n = 0; line < events; n++) {
    for (const event of life(n)) {
      add(event);
      for (let i = 0; i < foreign; i++) add(FOREIGN[i % FOREIGN.length] ?? '');
    }
    if (part.length >= PART_LINES) {
      yield part.join('');
      part = [];
    }
  }
  yield part.join('');
}

export interface Rate {
  readonly events: number;
  readonly seconds: number;
  /** Of the heap, at the end, bytes. */
  readonly heap: number;
  readonly violations: number;
}

export function rate(events: number, foreign: number): Rate {
  const run = traceText({ file: 'bench' });
  // Of the processor, on whatever thread: a busy machine makes no difference, and collecting garbage counts.
  let microseconds = 0;
  for (const part of text(events, foreign)) {
    // A flat string, as one from a file is.
    const flat = Buffer.from(part, 'latin1').toString('latin1');
    const start = process.cpuUsage();
    run.push(flat);
    microseconds += spent(start);
  }
  const start = process.cpuUsage();
  const { result } = run.end();
  microseconds += spent(start);
  globalThis.gc?.();
  return { events: result.log.events, seconds: microseconds / 1e6, heap: process.memoryUsage().heapUsed, violations: result.violations.length };
}

function spent(start: NodeJS.CpuUsage): number {
  const { user, system } = process.cpuUsage(start);
  return user + system;
}

/** Rows: what, events, events a second, heap. */
export function* traceRows(isQuick: boolean): Generator<readonly string[]> {
  const sizes = isQuick ? [200_000, 800_000] : [500_000, 2_000_000, 8_000_000];
  yield ['what', 'events', 'events/s', 'heap at the end'];
  for (const [what, foreign] of [['dma-buf events only', 0], ['one of ours in four', 3]] as const) for (const events of sizes) {
    const made = rate(events, foreign);
    if (made.violations > 0) throw new Error('the benchmark accuses somebody');
    yield [what, String(made.events), String(Math.round(made.events / made.seconds)), `${Math.round(made.heap / 2 ** 20)} MB`];
  }
}
