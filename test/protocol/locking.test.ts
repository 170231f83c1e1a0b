// The model against the locking table: each call with the reservation lock held and without, in the smallest scenario that can make it.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { unlimited } from '../../src/check/index.ts';
import { checkScenario } from '../../src/check/run.ts';
import { check, formatDiagnostic, parse } from '../../src/litmus/index.ts';
import { CALLS, PREDICATES } from '../../src/model/calls.ts';
import { CALLBACK_LOCKING, LOCK_ORDERS, LOCKING, type LockingRow } from '../../src/protocol/locking.ts';
import type { CheckResult } from '../../src/results/verdict.ts';

interface Setting {
  /** Statements that stand before the call, without the lock. */
  readonly before: string;
  /** The same with the lock wanted: before the lock is taken, and under it. */
  readonly under?: string;
  readonly call: string;
  readonly declares?: string;
  readonly driver?: string;
  /** The reservation is older than the buffer. */
  readonly shared?: true;
  /** What else comes of the wrong lock. */
  readonly follows?: readonly string[];
}

const LISTED = 'dma_buf_dynamic_attach(att);';
const MAPPED = `${LISTED} dma_resv_lock(bar); dma_buf_map_attachment(map); dma_resv_unlock(bar);`;
const at = (call: string, before = '', under = ''): Setting => ({ call: `${call};`, before, under });

/** What each call needs around it, so that nothing else than the lock can be wrong. */
const SETTINGS: Readonly<Record<string, Setting>> = {
  dma_buf_pin: at('dma_buf_pin(att)', LISTED),
  dma_buf_unpin: at('dma_buf_unpin(att)', `${LISTED} dma_resv_lock(bar); dma_buf_pin(att); dma_resv_unlock(bar);`),
  dma_buf_map_attachment: at('dma_buf_map_attachment(map)', LISTED),
  dma_buf_unmap_attachment: at('dma_buf_unmap_attachment(map)', MAPPED),
  dma_buf_vmap: at('dma_buf_vmap(bar)'),
  dma_buf_vunmap: at('dma_buf_vunmap(bar)', 'dma_resv_lock(bar); dma_buf_vmap(bar); dma_resv_unlock(bar);'),
  dma_buf_invalidate_mappings: at('dma_buf_invalidate_mappings(bar)', LISTED),
  dma_buf_move_notify: at('dma_buf_move_notify(bar)', LISTED),
  dma_buf_attach: { ...at('dma_buf_attach(att)'), declares: 'static;', driver: 'static' },
  dma_buf_dynamic_attach: at('dma_buf_dynamic_attach(att)'),
  dma_buf_detach: at('dma_buf_detach(att)', LISTED),
  dma_buf_begin_cpu_access: at('dma_buf_begin_cpu_access(bar)'),
  dma_buf_end_cpu_access: at('dma_buf_end_cpu_access(bar)'),
  dma_buf_mmap: at('dma_buf_mmap(bar)'),
  dma_buf_export: { ...at('dma_buf_export(bar)'), shared: true },
  dma_buf_fd: at('dma_buf_fd(bar)'),
  dma_buf_get: at('dma_buf_get(bar)'),
  get_dma_buf: at('get_dma_buf(bar)'),
  dma_buf_put: at('dma_buf_put(bar)', 'get_dma_buf(bar);'),
  dma_buf_attach_revocable: at('flag = dma_buf_attach_revocable(att)', LISTED),
  dma_buf_map_attachment_unlocked: at('dma_buf_map_attachment_unlocked(map)', LISTED),
  dma_buf_unmap_attachment_unlocked: at('dma_buf_unmap_attachment_unlocked(map)', MAPPED),
  dma_buf_vmap_unlocked: at('dma_buf_vmap_unlocked(bar)'),
  dma_buf_vunmap_unlocked: at('dma_buf_vunmap_unlocked(bar)', 'dma_resv_lock(bar); dma_buf_vmap(bar); dma_resv_unlock(bar);'),
  dma_resv_reserve_fences: at('dma_resv_reserve_fences(bar, 1)'),
  // A slot is void after an unlock: without the lock there is none.
  dma_resv_add_fence: { ...at('dma_resv_add_fence(bar, job, BOOKKEEP)', 'dma_fence_init(job);', 'dma_resv_reserve_fences(bar, 1);'), follows: ['BUG'] },
  dma_resv_replace_fences: at('dma_resv_replace_fences(bar, job, other, BOOKKEEP)', 'dma_fence_init(job); dma_fence_init(other); dma_resv_lock(bar); dma_resv_reserve_fences(bar, 1); dma_resv_add_fence(bar, job, BOOKKEEP); dma_resv_unlock(bar);'),
  dma_resv_unlock: at('dma_resv_unlock(bar)'),
  dma_resv_lock: at('dma_resv_lock(bar)'),
  dma_resv_wait_timeout: at('dma_resv_wait_timeout(bar, BOOKKEEP)'),
  dma_resv_test_signaled: at('dma_resv_test_signaled(bar, BOOKKEEP)'),
  dma_buf_poll: at('dma_buf_poll(bar)'),
  import_sync_file: at('import_sync_file(bar, job)', 'dma_fence_init(job);'),
  ib_umem_dmabuf_map_pages: at('ib_umem_dmabuf_map_pages(map)', LISTED),
  ib_umem_dmabuf_unmap_pages: at('ib_umem_dmabuf_unmap_pages(map)', MAPPED),
  ib_umem_dmabuf_revoke_locked: at('ib_umem_dmabuf_revoke_locked(map)', 'ib_umem_dmabuf_get_pinned(map);'),
  ib_umem_dmabuf_get: at('ib_umem_dmabuf_get(att)'),
  ib_umem_dmabuf_get_pinned: at('ib_umem_dmabuf_get_pinned(map)'),
  ib_umem_dmabuf_get_pinned_revocable_and_lock: at('ib_umem_dmabuf_get_pinned_revocable_and_lock(map)'),
  ib_umem_dmabuf_revoke: at('ib_umem_dmabuf_revoke(map)', 'ib_umem_dmabuf_get_pinned(map);'),
  ib_umem_dmabuf_release: at('ib_umem_dmabuf_release(map)', 'ib_umem_dmabuf_get_pinned(map);'),
  iopt_map_dmabuf: at('iopt_map_dmabuf(map)'),
  iopt_unmap_dmabuf: at('iopt_unmap_dmabuf(map)', 'iopt_map_dmabuf(map);'),
  vfio_pci_dma_buf_move: at('vfio_pci_dma_buf_move(vfio, true)'),
  vfio_pci_dma_buf_cleanup: at('vfio_pci_dma_buf_cleanup(vfio)'),
  uverbs_dmabuf_revoke: { ...at('uverbs_dmabuf_revoke(bar)'), driver: 'uverbs' },
};

/** The scenario with the call made under the lock, or without. */
function scenario(row: LockingRow, setting: Setting, locked: boolean): string {
  const { before, under = '', call, declares = '', driver = 'vfio_pci', shared = false } = setting;
  const after = row.call === 'dma_resv_unlock' || (row.call === 'dma_resv_lock' && !locked) ? '' : 'dma_resv_unlock(bar);';
  const middle = locked ? `dma_resv_lock(bar); ${under} ${call} ${after}` : `${call} ${row.call === 'dma_resv_lock' || row.call.endsWith('_and_lock') ? 'dma_resv_unlock(bar);' : ''}`;
  return `litmus ${row.call}-${locked ? 'held' : 'free'}
${shared ? 'resv r;\n' : ''}exporter vfio: ${driver};
buffer bar of vfio${shared ? ' { resv r; }' : ';'}
importer me of bar {
  ${declares}
  bool flag;
  fence job by driver;
  fence other by driver;
  ${declares === '' ? 'invalidate_mappings { flag = false; }' : ''}
  thread main: kernel { ioctl ALL { ${before} ${middle} dma_fence_signal(job); dma_fence_signal(other); } }
}
off P5, P9
`;
}

function result(text: string): CheckResult {
  const parsed = parse(text);
  const problems = parsed.ok ? check(parsed.scenario) : parsed.diagnostics;
  assert.equal(problems.map((problem) => formatDiagnostic(text, problem)).join('\n'), '', text);
  assert.ok(parsed.ok);
  const checked = checkScenario(parsed.scenario, null, { limits: unlimited, now: () => 0 });
  assert.ok(checked.ok, `${text}\n${checked.ok ? '' : checked.message}`);
  return checked.result;
}

const codes = (text: string): readonly string[] => result(text).broken.map((b) => b.code);

test('every call of the table is a call or a predicate, once, and has a setting here', () => {
  const calls = LOCKING.map((row) => row.call);
  assert.equal(new Set(calls).size, calls.length);
  assert.deepEqual(calls.filter((call) => !Object.hasOwn(CALLS, call) && !Object.hasOwn(PREDICATES, call)), []);
  assert.deepEqual(Object.keys(SETTINGS).sort(), [...calls].sort());
});

for (const row of LOCKING) {
  test(`${row.call}: ${row.resv}`, () => {
    const setting = SETTINGS[row.call];
    assert.ok(setting !== undefined);
    const verdict = (locked: boolean): readonly string[] => codes(scenario(row, setting, locked));
    if (row.resv === 'held' || row.resv === 'free') {
      const right = row.resv === 'held';
      assert.deepEqual(verdict(right), []);
      const wrong = verdict(!right);
      if (row.wrong === null) assert.deepEqual(wrong, []);
      else assert.ok(wrong.includes(row.wrong), wrong.join(' '));
      // Asserts do not stop the call: what follows from the lock is told too.
      assert.deepEqual(wrong.filter((code) => !['P8', 'deadlock', ...(setting.follows ?? [])].includes(code)), []);
    } else {
      assert.deepEqual(verdict(true), []);
      assert.deepEqual(verdict(false), []);
    }
  });
}

test('a kernel thread that locks twice waits for itself, inside of an ioctl and outside', () => {
  const twice = (body: string): string => `litmus twice\nresv r;\nmutex m;\nexporter vfio: vfio_pci;\nbuffer bar of vfio;\nimporter me: deferred of bar;\nthread main: kernel { ${body} }\n`;
  for (const lock of ['dma_resv_lock(r); dma_resv_lock(r);', 'mutex_lock(m); mutex_lock(m);']) {
    assert.deepEqual(codes(twice(`ioctl TWICE { ${lock} }`)), ['deadlock']);
    assert.deepEqual(codes(twice(lock)), ['deadlock']);
  }
});

/** Operations by the kernel's name; release runs late and in a context of its own. */
const OPERATIONS: Readonly<Record<string, string>> = { attach: 'attach', detach: 'detach', pin: 'pin', unpin: 'unpin', map_dma_buf: 'map', unmap_dma_buf: 'unmap', begin_cpu_access: 'begin_cpu_access', end_cpu_access: 'end_cpu_access', mmap: 'mmap', vmap: 'vmap', vunmap: 'vunmap' };

for (const { op, of, resv } of CALLBACK_LOCKING) {
  const operation = OPERATIONS[op.split('.').at(-1) ?? ''];
  if (of === 'exporter' && operation === undefined) continue;
  test(`${op} runs with the lock ${resv}`, () => {
    const other = resv === 'held' ? 'free' : 'held';
    assert.equal(result(of === 'importer' ? inCallback('held') : inOperation(operation ?? '', resv)).outcome, 'holds');
    const wrong = codes(of === 'importer' ? inCallback('free') : inOperation(operation ?? '', other));
    assert.ok(wrong.includes(other === 'held' ? 'P8' : 'deadlock'), wrong.join(' '));
  });
}

const USES = `thread main: kernel { ioctl ALL {
    dma_buf_dynamic_attach(att);
    dma_buf_begin_cpu_access(bar); dma_buf_end_cpu_access(bar); dma_buf_mmap(bar);
    dma_resv_lock(bar); dma_buf_pin(att); dma_buf_map_attachment(map); dma_buf_vmap(bar);
    dma_buf_vunmap(bar); dma_buf_unmap_attachment(map); dma_buf_unpin(att); dma_resv_unlock(bar);
    dma_buf_detach(att);
  } }`;

/** An exporter whose operation needs the lock as the table says: by taking it, or by a call that wants it held. */
function inOperation(operation: string, resv: 'held' | 'free'): string {
  const body = resv === 'free' ? 'dma_resv_lock(bar); dma_resv_unlock(bar);' : 'dma_resv_reserve_fences(bar, 1);';
  const pair = operation === 'pin' ? 'unpin { }' : operation === 'unpin' ? 'pin { }' : '';
  return `litmus ${operation}
exporter mine { bool ran; ${operation} { mine.ran = true; ${body} } ${pair} }
buffer bar of mine;
importer me of bar {
  invalidate_mappings { }
  ${USES}
}
sometimes mine.ran;
`;
}

function inCallback(resv: 'held' | 'free'): string {
  return `litmus callback
exporter mine { }
buffer bar of mine;
importer me of bar {
  bool ran;
  invalidate_mappings { me.ran = true; ${resv === 'free' ? 'dma_resv_lock(bar);' : ''} dma_buf_unmap_attachment(map); }
  thread main: kernel { ioctl ALL { dma_buf_dynamic_attach(att); dma_resv_lock(bar); dma_buf_map_attachment(map); dma_buf_invalidate_mappings(bar); dma_resv_unlock(bar); } }
}
sometimes me.ran;
`;
}

test('lock orders have no circle', () => {
  const after = new Map<string, Set<string>>();
  for (const { locks } of LOCK_ORDERS) locks.forEach((lock, i) => locks.slice(i + 1).forEach((inner) => after.set(lock, (after.get(lock) ?? new Set()).add(inner))));
  const reaches = (from: string, to: string, passed = new Set<string>()): boolean => [...(after.get(from) ?? [])].some((next) => next === to || (!passed.has(next) && reaches(next, to, passed.add(next))));
  for (const lock of after.keys()) assert.ok(!reaches(lock, lock), lock);
});
