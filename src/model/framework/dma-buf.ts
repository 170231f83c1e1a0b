// The dma-buf core (SEMANTICS B1 to B18): every call with its lock rule, effects and errno, as drivers/dma-buf/dma-buf.c has them.
// What an exporter does inside (ops->attach, ->pin, ->map, ->unmap) comes from exporter-ops.ts.

import { ERRNOS, errnoValue } from '../../protocol/errno.ts';
import type { Code } from '../code.ts';
import { and, compare, constant, equal, not, or, read, set, when, type Action } from '../system.ts';
import type { Attachment, Buffer, Mapping, World } from '../world.ts';
import { exporterAttach, exporterDetach, exporterHook, exporterMap, exporterPin, exporterUnmap, exporterUnpin } from './exporter-ops.ts';
import { fencesOf, waitResv } from './fences.ts';
import { alive, getCount, putCount } from './lifetime.ts';
import { hasPin } from './traits.ts';
import { free, taken, unlock } from './locks.ts';

/** B1: also after this, one reference. */
export function dmaBufExport(w: World, c: Code, b: Buffer): void {
  w.note(`${b.name} is exported`);
  c.call(`dma_buf_export(${b.name})`, true, () => {
    c.step('', { actions: [...w.needFree(c, b.resv, 'dma_buf_export'), set(b.references, constant(1)), set(b.gone, constant(0))], step: 'export' });
  });
}

/** B3 and get_dma_buf: through a descriptor that is closed -EBADF, through a kept pointer to a released buffer N6. */
export function dmaBufGet(w: World, c: Code, b: Buffer, name: 'dma_buf_get' | 'get_dma_buf'): void {
  const who = { party: c.party, object: b.name };
  const most = (w.variables[b.references]?.size ?? 2) - 1;
  const byDescriptor = name === 'dma_buf_get';
  c.call(`${name}(${b.name})`, byDescriptor, () => {
    c.step('', { actions: byDescriptor ? w.needFree(c, b.resv, name) : alive(w, c, b), step: 'get' });
    if (byDescriptor) c.branch(equal(read(b.references), constant(0)), () => c.fail(errnoValue('EBADF')));
    c.act([
      when(equal(read(b.references), constant(most)), w.capacity(who, `more than ${most} references to ${b.name}`)),
      set(b.references, compare('add', read(b.references), constant(1))),
    ]);
  });
}

/** B4: the last put releases, perhaps later and elsewhere. */
export function dmaBufPut(w: World, c: Code, b: Buffer): void {
  w.note(`${b.name} is put`);
  c.call(`dma_buf_put(${b.name})`, false, () => {
    c.step('', {
      actions: [
        ...alive(w, c, b),
        when(equal(read(b.references), constant(0)), [
          ...w.broken('P5', { party: c.party, object: b.name }, 'More references dropped than taken.'),
        ], [set(b.references, compare('sub', read(b.references), constant(1)))]),
      ],
      step: 'put',
    });
  });
}

/** The release of a buffer without references: runs late, in a context of its own (B4). */
export function releaseEngine(w: World, b: Buffer): void {
  if (!w.knows(`${b.name} is put`)) return;
  const name = `${b.name}.release`;
  const engine = w.engine(name, 'worker', b.exporter.name);
  const who = { party: b.exporter.name, object: b.name };
  engine.steps.push({
    name: `${name}:release`, guard: and(
      equal(read(b.references), constant(0)),
      not(read(b.gone)),
      not(read(b.busy)),
      ...b.attachments.map((att) => not(read(att.holds))),
    ),
    actions: [
      when(read(b.vmaps), w.bug(who, 'dma_buf_release: still vmapped')),
      ...b.attachments.map((att) => when(w.listed(att), w.warn({ party: att.importer, object: att.name }, 'dma_buf_release: attachments remain'))),
      set(b.gone, constant(1)),
    ],
    fairness: 'weak', text: `release ${b.name}`, step: 'release', waits: null, origin: null, late: null, group: name,
  });
}

/** B5, B6. `get`: built-in importers take their own reference first, -EBADF when the file is closed. */
export function dmaBufAttach(w: World, c: Code, att: Attachment, dynamic: boolean, get = false): void {
  const b = att.buffer;
  const name = dynamic ? 'dma_buf_dynamic_attach' : 'dma_buf_attach';
  c.call(`${name}(${att.name})`, true, () => {
    const first = [
      ...w.needFree(c, b.resv, name),
      ...(get ? [] : alive(w, c, b)),
      set(att.revoked, constant(0)),
      set(att.peer2peer, constant(att.traits.peer2peer ? 1 : 0)),
    ];
    c.step('ops->attach()', { text: `${name}(${att.name}): ops->attach`, actions: first, step: 'attach' });
    if (get) {
      c.branch(equal(read(b.references), constant(0)), () => c.fail(errnoValue('EBADF'), w.refused(att.importer, 'attach', 'EBADF')));
      c.act([set(att.holds, constant(1))]);
    }
    if (w.contract.CB === 'M1' && dynamic && att.traits.callback === 'none') {
      return c.fail(errnoValue('EINVAL'), [
        set(att.holds, constant(0)),
        ...w.warn({ party: att.importer, object: att.name }, 'dma_buf_dynamic_attach: ops without callback'),
        ...w.refused(att.importer, 'attach', 'EINVAL'),
      ]);
    }
    if (w.contract.STATE === 'S1') c.branch(w.revoked(b), () => c.fail(errnoValue('ENODEV'), [
      set(att.holds, constant(0)),
      ...w.refused(att.importer, 'attach', 'ENODEV'),
    ]));
    exporterAttach(w, c, att);
    c.propagate(() => c.act([set(att.holds, constant(0)), ...refusal(w, c, att.importer, 'attach')]));
    const rank = w.order === 'kernel' ? [
      ...b.attachments.filter((a) => a !== att).map((a) => when(w.listed(a), [set(a.rank, compare('add', read(a.rank), constant(1)))])),
      set(att.rank, constant(1)),
    ] : [];
    c.step('add to the list', {
      guard: free(b.resv), waits: w.waitForLock(b.resv), step: 'attach',
      actions: [...w.emit('attachment', att.life, 'list', { party: att.importer, object: att.name }), ...rank],
    });
  });
}

/** B7. */
export function dmaBufDetach(w: World, c: Code, att: Attachment): void {
  const b = att.buffer;
  c.call(`dma_buf_detach(${att.name})`, false, () => {
    if (w.inContext(c, b.resv) || c.held.has(b.resv)) selfLock(w, c, b, 'dma_buf_detach');
    const who = { party: att.importer, object: att.name };
    const rank = w.order === 'kernel' ? [
      ...b.attachments.filter((a) => a !== att).map((a) => when(and(
        w.listed(a),
        compare('lt', read(att.rank), read(a.rank)),
      ), [set(a.rank, compare('sub', read(a.rank), constant(1)))])),
      set(att.rank, constant(0)),
    ] : [];
    c.step('take off the list', {
      guard: w.inContext(c, b.resv) ? constant(0) : free(b.resv), waits: w.waitForLock(b.resv), step: 'detach',
      actions: [
        ...w.needFree(c, b.resv, 'dma_buf_detach'), ...alive(w, c, b),
        ...att.mappings.flatMap((m) => w.emit('mapping', m.life, 'detach', { party: att.importer, object: m.name })),
        // a built-in exporter without pin has nothing that an unpin would undo (A7.5)
        ...(b.exporter.driver === null || hasPin(w, b.exporter) ? w.emit('pin', att.pin, 'detach', who) : []),
        ...w.emit('attachment', att.life, 'detach', who), ...w.emit('attachment', att.life, 'unlist', who), ...rank,
      ],
    });
    exporterDetach(w, c, att);
    c.act([set(att.holds, constant(0))]);
  });
}

/** B8. */
export function dmaBufPin(w: World, c: Code, att: Attachment): void {
  const b = att.buffer;
  c.call(`dma_buf_pin(${att.name})`, true, () => {
    const who = { party: c.party, object: att.name };
    c.step('', {
      actions: [
        ...w.needHeld(c, b.resv, 'dma_buf_pin'),
        ...alive(w, c, b),
        ...attached(w, c, att, 'dma_buf_pin'),
        ...(att.traits.dynamic ? [] : w.warn(who, 'dma_buf_pin on a static attachment')),
      ], step: 'pin',
    });
    pin(w, c, att);
  });
}

function pin(w: World, c: Code, att: Attachment): void {
  const who = { party: att.importer, object: att.name };
  if (!hasPin(w, att.buffer.exporter)) {
    if (w.contract.NPIN === 'P1') return c.fail(errnoValue('EOPNOTSUPP'), w.refused(att.importer, 'pin', 'EOPNOTSUPP'));
  } else {
    exporterPin(w, c, att);
    c.propagate(() => c.act(refusal(w, c, att.importer, 'pin')));
  }
  c.act([when(equal(read(att.pin), constant(2)), w.capacity(who, `${att.name} pinned more than twice`)), ...w.emit('pin', att.pin, 'pin', who)]);
}

/** B9. */
export function dmaBufUnpin(w: World, c: Code, att: Attachment): void {
  const who = { party: c.party, object: att.name };
  c.call(`dma_buf_unpin(${att.name})`, false, () => {
    const inCallback = c.kind === 'callback' ? w.emit('pin', att.pin, 'callback-unpin', who) : [];
    const order = att.mappings.map((m) => w.live(m));
    c.step('', {
      actions: [
        ...w.needHeld(c, att.buffer.resv, 'dma_buf_unpin'), ...alive(w, c, att.buffer), ...inCallback,
        ...(order.length > 0 && w.knows(`${att.name} unpin order`) ? [when(or(...order), w.broken('P5', who, 'Unpinned while still mapped.'))] : []),
        ...w.emit('pin', att.pin, 'unpin', who),
      ],
      step: 'unpin',
    });
    exporterUnpin(w, c, att);
  });
}

/** B10. */
export function dmaBufMap(w: World, c: Code, map: Mapping): void {
  const att = map.attachment;
  const b = att.buffer;
  if (c.kind === 'callback') w.note(`${c.party} maps in its callback`);
  c.call(`dma_buf_map_attachment(${map.name})`, true, () => {
    c.step('', {
      actions: [...w.needHeld(c, b.resv, 'dma_buf_map_attachment'), ...alive(w, c, b), ...attached(w, c, att, 'dma_buf_map_attachment')],
      step: 'map',
    });
    if (w.contract.STATE === 'S1') c.branch(w.revoked(b), () => c.fail(errnoValue('ENODEV'), w.refused(att.importer, 'map', 'ENODEV')));
    const corePins = !att.traits.dynamic && hasPin(w, b.exporter);
    if (corePins) c.call('dma_buf_pin', true, () => pin(w, c, att));
    if (corePins) c.propagate();
    exporterMap(w, c, map);
    const unpin = (): void => {
      c.act(w.emit('pin', att.pin, 'unpin', { party: att.importer, object: att.name }));
      exporterUnpin(w, c, att);
    };
    c.propagate(() => {
      c.act(refusal(w, c, att.importer, 'map'));
      if (corePins) unpin();
    });
    c.act(granted(w, c, map));
    if (!att.traits.dynamic) {
      waitResv(w, c, b, 'KERNEL', { interruptible: true });
      c.propagate(() => {
        c.act(ungranted(w, c, map));
        exporterUnmap(w, c, map);
        if (corePins) unpin();
        c.act([set(c.result, constant(errnoValue('ERESTARTSYS')))]);
      });
    }
  });
}

/** A mapping begins: the place is the present one, the KERNEL fences of now must be waited for. */
export function granted(w: World, c: Code, map: Mapping): readonly Action[] {
  const who = { party: map.attachment.importer, object: map.name };
  const b = map.attachment.buffer;
  const kernel = [...map.waitsFor].map(([fence, bit]) => ({ bit, pending: w.pendingOn(fence, b.resv, 'KERNEL') }));
  const own = fencesOf(w, map);
  return [
    ...w.emit('buffer', b.life, 'map-granted', { party: b.exporter.name, object: b.name }),
    ...(kernel.length === 0 ? w.emit('mapping', map.life, 'map', who) : [when(
      or(...kernel.map((k) => k.pending)),
      w.emit('mapping', map.life, 'map-blocked', who),
      w.emit('mapping', map.life, 'map', who),
    )]),
    when(not(read(b.exporter.decodes)), w.emit('mapping', map.life, 'decode-off', { party: b.exporter.name, object: map.name })),
    ...(map.told === null ? [] : [set(map.told, constant(0))]),
    ...kernel.map((k) => set(k.bit, k.pending)),
    ...(own.length === 0 ? [] : [when(or(...own.map((f) => w.fencePending(f))), w.emit('mapping', map.life, 'fence-busy', who))]),
    ...(map.counted && c.rule('map: take a reference') ? getCount(w, b) : []),
  ];
}

/** B11. */
export function dmaBufUnmap(w: World, c: Code, map: Mapping): void {
  const att = map.attachment;
  const b = att.buffer;
  c.call(`dma_buf_unmap_attachment(${map.name})`, false, () => {
    const corePins = !att.traits.dynamic && hasPin(w, b.exporter);
    c.step('', {
      actions: [
        ...w.needHeld(c, b.resv, 'dma_buf_unmap_attachment'),
        ...alive(w, c, b),
        ...ungranted(w, c, map),
        ...(corePins ? w.emit('pin', att.pin, 'unpin', { party: att.importer, object: att.name }) : []),
      ],
      step: 'unmap',
    });
    exporterUnmap(w, c, map);
    if (corePins) exporterUnpin(w, c, att);
  });
}

/** A mapping ends: the address is gone; the exporter's count goes down. */
export function ungranted(w: World, c: Code, map: Mapping): readonly Action[] {
  const who = { party: map.attachment.importer, object: map.name };
  const b = map.attachment.buffer;
  return [
    ...(c.kind === 'callback' ? w.emit('mapping', map.life, 'callback-unmap', who) : []),
    ...w.emit('mapping', map.life, 'unmap', who),
    set(map.address, constant(0)), set(map.store, constant(0)), set(map.old, constant(0)),
    ...[...map.waitsFor.values()].map((bit) => set(bit, constant(0))),
    ...(map.counted && c.rule('unmap: drop the reference') ? putCount(w, b) : []),
  ];
}

/** B12: takes the reservation lock itself. */
export function unlocked(w: World, c: Code, b: Buffer, call: string, returns: boolean, body: () => void): void {
  c.call(call, returns ? 'inner' : false, () => {
    lockChecked(w, c, b, call);
    body();
    unlock(w, c, b.resv);
  });
}

function lockChecked(w: World, c: Code, b: Buffer, call: string): void {
  if (w.inContext(c, b.resv) || c.held.has(b.resv)) selfLock(w, c, b, call);
  c.step(`lock ${b.resv.name}`, { guard: free(b.resv), actions: taken(w, c, b.resv), waits: w.waitForLock(b.resv), step: 'resv-lock' });
}

/** P8 told where the caller itself holds the lock that the call is about to take: it will wait for ever. */
function selfLock(w: World, c: Code, b: Buffer, call: string): void {
  const wrong = w.needFree(c, b.resv, call);
  if (wrong.length > 0) c.step('', { actions: wrong });
}

/** B16: hook, then all fences that matter for the direction. */
export function beginCpuAccess(w: World, c: Code, b: Buffer, write: boolean): void {
  c.call(`dma_buf_begin_cpu_access(${b.name})`, true, () => {
    c.step('hook', { actions: [...w.needFree(c, b.resv, 'dma_buf_begin_cpu_access'), ...alive(w, c, b)], step: 'cpu-access' });
    exporterHook(w, c, b, 'begin_cpu_access');
    c.propagate();
    waitResv(w, c, b, write ? 'READ' : 'WRITE', { interruptible: true });
    c.propagate();
  });
}

export function endCpuAccess(w: World, c: Code, b: Buffer): void {
  c.call(`dma_buf_end_cpu_access(${b.name})`, true, () => {
    c.step('hook', { actions: [...w.needFree(c, b.resv, 'dma_buf_end_cpu_access'), ...alive(w, c, b)], step: 'cpu-access' });
    exporterHook(w, c, b, 'end_cpu_access');
    c.propagate();
  });
}

/** B17: unlocked; a user mapping holds a reference. */
export function dmaBufMmap(w: World, c: Code, b: Buffer): void {
  c.call(`dma_buf_mmap(${b.name})`, true, () => {
    c.step('', { actions: [...w.needFree(c, b.resv, 'dma_buf_mmap'), ...alive(w, c, b)], step: 'mmap' });
    if (b.exporter.options.has('no_mmap')) return c.fail(errnoValue('EINVAL'));
    exporterHook(w, c, b, 'mmap');
    c.propagate();
  });
}

/** B18: counted; the exporter must keep the buffer in place meanwhile. */
export function dmaBufVmap(w: World, c: Code, b: Buffer): void {
  c.call(`dma_buf_vmap(${b.name})`, true, () => {
    c.step('', { actions: [...w.needHeld(c, b.resv, 'dma_buf_vmap'), ...alive(w, c, b)], step: 'vmap' });
    if (b.exporter.options.has('no_vmap')) return c.fail(errnoValue('EINVAL'));
    exporterHook(w, c, b, 'vmap');
    c.propagate();
    const most = (w.variables[b.vmaps]?.size ?? 2) - 1;
    c.act([
      when(equal(read(b.vmaps), constant(most)), w.capacity({ party: c.party, object: b.name }, `more than ${most} vmaps of ${b.name}`)),
      set(b.vmaps, compare('add', read(b.vmaps), constant(1))),
    ]);
  });
}

export function dmaBufVunmap(w: World, c: Code, b: Buffer): void {
  c.call(`dma_buf_vunmap(${b.name})`, false, () => {
    c.step('', {
      actions: [
        ...w.needHeld(c, b.resv, 'dma_buf_vunmap'),
        ...alive(w, c, b),
        when(not(read(b.vmaps)), w.bug(
          { party: c.party, object: b.name },
          'dma_buf_vunmap without dma_buf_vmap',
        ), [set(b.vmaps, compare('sub', read(b.vmaps), constant(1)))]),
      ],
      step: 'vunmap',
    });
    exporterHook(w, c, b, 'vunmap');
  });
}

/** The exporter or core said no: which errno, for the result "refused". */
function refusal(w: World, c: Code, importer: string, at: string): readonly Action[] {
  return ERRNOS.map((errno, i) => when(equal(read(c.result), constant(i + 1)), w.refused(importer, at, errno)));
}

/** A call on an attachment that is not there. */
function attached(w: World, c: Code, att: Attachment, call: string): readonly Action[] {
  return [when(not(w.listed(att)), w.broken('P4', { party: c.party, object: att.name }, `${call} on an attachment that is not attached.`))];
}

