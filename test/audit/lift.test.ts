// What a lifted scenario looks like, that it reads back to itself, and that every step taken from C says where it stands.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { decodeCatalogue } from '../../src/audit/catalogue.ts';
import { lift, liftExporter, liftImporter, printedLift, scenarioOfLifted } from '../../src/audit/lift.ts';
import { check as checkNames, parse } from '../../src/litmus/index.ts';
import { print } from '../../src/litmus/print.ts';
import type { ExporterProfile, ImporterProfile } from '../../src/results/audit.ts';
import { ROOT } from '../structure/house-rules.ts';
import { conditional, deferred, mover, onlyLogs, pinned, pinnedRevocable, rangeOnly, revoker, staticImporter } from './sample-profiles.ts';

const CONTRACT = { contract: 'invalidate_mappings' };
const lifted = (exporter: ExporterProfile, importer: ImporterProfile) => lift(exporter, importer, exporter.revokes[0] ?? null, CONTRACT);

test('VFIO and an importer that unmaps from a worker, as a reader gets it', () => {
  assert.equal(printedLift(lifted(revoker(), deferred)), `litmus pair
"vfio exports, amdgpu imports."
source "drivers/vfio/bar.c:200"
source "drivers/net/nic/nic_mr.c:40"

exporter exporter { // drivers/vfio/bar.c:200
  bool revoked;
  attach {
    if (peer2peer(att)) { // drivers/vfio/bar.c:10
      if (revoked) { // drivers/vfio/bar.c:12
        return -ENODEV; // drivers/vfio/bar.c:12
      } else if (!dma_buf_attach_revocable(att)) { // drivers/vfio/bar.c:14
        return -EOPNOTSUPP; // drivers/vfio/bar.c:14
      }
    } else {
      return -EOPNOTSUPP; // drivers/vfio/bar.c:10
    }
  }
  map {
    if (revoked) return -ENODEV; // drivers/vfio/bar.c:30
  }
}
buffer buf of exporter;
importer importer of buf { // drivers/net/nic/nic_mr.c:40
  fence job by hardware;
  thread app: user {
    ioctl IMPORT {
      ret = dma_buf_dynamic_attach(att); // drivers/net/nic/nic_mr.c:40
      if (ret) return ret;
      dma_resv_lock(buf);
      ret = dma_buf_map_attachment(map); // drivers/net/nic/nic_mr.c:50
      if (ret) { dma_resv_unlock(buf); dma_buf_detach(att); return ret; }
      dma_resv_wait_timeout(buf, KERNEL);
      dma_resv_reserve_fences(buf, 1);
      submit_job(map, job);
      dma_resv_add_fence(buf, job, BOOKKEEP);
      dma_resv_unlock(buf);
    }
    ioctl CLOSE {
      if (listed(att)) {
        flush_work(work_gpu_unmap);
        dma_fence_wait(job);
        dma_resv_lock(buf);
        if (live(map)) dma_buf_unmap_attachment(map);
        dma_resv_unlock(buf);
        dma_buf_detach(att);
      }
    }
  }
  invalidate_mappings {
    if (live(map)) { // drivers/net/nic/nic_mr.c:60
      queue_work(work_gpu_unmap); // drivers/net/nic/nic_mr.c:61
    }
  }
  work work_gpu_unmap {
    dma_resv_wait_timeout(buf, BOOKKEEP); // drivers/net/nic/nic_mr.c:90
    dma_resv_lock(buf); // drivers/net/nic/nic_mr.c:91
    if (live(map)) { // drivers/net/nic/nic_mr.c:92
      dma_buf_unmap_attachment(map); // drivers/net/nic/nic_mr.c:93
    }
    dma_resv_unlock(buf); // drivers/net/nic/nic_mr.c:94
  }
}
thread revoke: kernel {
  dma_resv_lock(buf); // drivers/vfio/bar.c:100
  exporter.revoked = true; // drivers/vfio/bar.c:101
  dma_buf_invalidate_mappings(buf); // drivers/vfio/bar.c:102
  dma_resv_wait_timeout(buf, BOOKKEEP); // drivers/vfio/bar.c:103
  dma_resv_unlock(buf); // drivers/vfio/bar.c:104
  wait_for_unmap(buf); // drivers/vfio/bar.c:106
  rearm_mappings(buf); // drivers/vfio/bar.c:107
  device_off(exporter);
}

sometimes mapped: live(importer.map);
`);
});

test('an importer that pins, stops its device and unpins in the callback', () => {
  const text = printedLift(lifted(revoker(), pinnedRevocable));
  assert.match(text, /invalidate_mappings \{\n {4}stop_hw\(map\); \/\/ drivers\/net\/nic\/nic_mr\.c:60\n {4}if \(live\(map\)\) dma_buf_unmap_attachment\(map\); \/\/ drivers\/net\/nic\/nic_mr\.c:61\n {4}if \(pinned\(att\)\) dma_buf_unpin\(att\); \/\/ drivers\/net\/nic\/nic_mr\.c:62/);
  assert.match(text, /ret = dma_buf_pin\(att\);/);
});

test('importers that are never told are the built-in ones', () => {
  assert.match(printedLift(lifted(mover(), staticImporter)), /^importer importer: static of buf;/m);
  assert.match(printedLift(lifted(mover(), pinned)), /^importer importer: pinned of buf;/m);
  // It has a callback, whatever it does: that is what attach asks for.
  assert.match(printedLift(lifted(revoker(), onlyLogs)), /invalidate_mappings \{ \}/);
});

test('a mover asks for pins under its lock, if it has a pin operation', () => {
  assert.match(printedLift(lifted(mover(), deferred)), /if \(pins\(buf\) == 0\) \{\n {4}dma_buf_invalidate_mappings\(buf\); \/\/ drivers\/vfio\/bar\.c:100\n {4}move_storage\(buf\);/);
  assert.doesNotMatch(printedLift(lifted(mover({ pinBehaviour: null }), deferred)), /pins\(buf\)/);
});

test('an open condition is an unknown with its place', () => {
  const one = lifted(revoker(), conditional);
  assert.match(one.text, /^unknown g1 at "drivers\/net\/nic\/nic_mr\.c:60";$/m);
  assert.deepEqual(one.unknowns.map(({ text }) => text), ['device_unplugged']);
});

test('what is written for the other side claims no line of C', () => {
  const places = (text: string): readonly string[] => [...new Set([...text.matchAll(/ \/\/ (.*):\d+$/gm)].map((match) => match[1] ?? ''))];
  assert.deepEqual(places(printedLift(liftImporter(deferred, CONTRACT))), ['drivers/net/nic/nic_mr.c']);
  assert.deepEqual(places(printedLift(liftExporter(revoker(), revoker().revokes[0] ?? null, CONTRACT))), ['drivers/vfio/bar.c']);
});

test('each scenario of Linux 7.3 passes the language\'s own check and reads back to itself', () => {
  const read = decodeCatalogue(readFileSync(join(ROOT, 'catalogue/linux-7.3.json'), 'utf8'));
  assert.ok(read.ok);
  const { importers, exporters } = read.catalogue;
  const dynamic = importers.filter((one) => one.attach === 'dynamic');
  const all = [
    ...exporters.flatMap((exporter) => [...dynamic, ...importers.slice(0, 1), rangeOnly(exporter.ops)].flatMap((importer) => (exporter.revokes.length === 0 ? [null] : exporter.revokes).map((path) => lift(exporter, importer, path, CONTRACT)))),
    ...importers.map((importer) => liftImporter(importer, CONTRACT)),
    ...exporters.map((exporter) => liftExporter(exporter, exporter.revokes[0] ?? null, CONTRACT)),
  ];
  for (const one of all) {
    assert.deepEqual(checkNames(scenarioOfLifted(one), 'pair'), [], one.text);
    const text = printedLift(one);
    const again = parse(text, 'pair');
    assert.ok(again.ok);
    assert.equal(print(again.scenario), text);
    // Nothing that was read loses its place on the way through the printer.
    const places = (of: string): readonly string[] => [...new Set([...of.matchAll(/ \/\/ (.*)$/gm)].map((match) => match[1] ?? ''))].sort();
    assert.deepEqual(places(text), places(one.text));
  }
});
