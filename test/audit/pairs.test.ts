// Every pair here can be judged by reading the sample's few lines; what comes out must be what the sequence deserves (SEMANTICS C, appendix).

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { decodeCatalogue } from '../../src/audit/catalogue.ts';
import { exporterScenario, importerScenario, judgePairs, storyOf } from '../../src/audit/pairs.ts';
import { check, replay } from '../../src/index.ts';
import type { ExporterProfile, ImporterProfile, Pair } from '../../src/results/audit.ts';
import { ROOT } from '../structure/house-rules.ts';
import * as sample from './sample-profiles.ts';
import { body, COUNT_PUT, deferred, end, EXPORTER_FILE, flushWork, heap, INVALIDATE, lock, lost, MAPPED, mover, movable, PEER2PEER, path, pinned, pinnedRevocable, queueWork, REARM, RESV_LOCK, RESV_UNLOCK, REVOKE, revoker, SET_REVOKED, stopDevice, unknown, unlock, UNMAP, uverbs, WAIT_UNMAP, WAIT_UNMAP_TIMEOUT, waitFences, when, type Line } from './sample-profiles.ts';

const CONTRACT = { contract: 'invalidate_mappings' };

function judge(exporter: ExporterProfile, importer: ImporterProfile, options: { readonly contract: string } = CONTRACT): Pair {
  const [pair] = judgePairs([importer], [exporter], options).pairs;
  if (pair === undefined) throw new Error('no pair');
  return pair;
}

/** "holds", "refused attach EOPNOTSUPP", "hangs P6". */
const say = (exporter: ExporterProfile, importer: ImporterProfile, options = CONTRACT): string => {
  const { verdict, at, errno, obligation } = judge(exporter, importer, options);
  return [verdict, at, errno, verdict === 'undecided' ? null : obligation].filter((one) => one !== null).join(' ');
};

const column = (exporter: ExporterProfile, importers: readonly ImporterProfile[], options = CONTRACT): Readonly<Record<string, string>> => Object.fromEntries(importers.map((one) => [one.id, say(exporter, one, options)]));

const ALL = [sample.staticImporter, pinned, pinnedRevocable, sample.pageFaults, deferred, sample.conditional, sample.byUser, sample.onlyLogs, sample.pinnedOnlyLogs, sample.unprotected, sample.unmapsUnderJob];

const without = (what: string): readonly Line[] => REVOKE.filter((one) => !('do' in one) || one.do !== what);
const instead = (what: string, other: Line): readonly Line[] => REVOKE.map((one) => ('do' in one && one.do === what ? other : one));

test('VFIO turns away what it cannot stop, and is safe with the rest', () => {
  assert.deepEqual(column(revoker(), ALL), {
    camera: 'refused attach EOPNOTSUPP', efa: 'refused attach EOPNOTSUPP', irdma: 'holds', mlx5: 'holds', amdgpu: 'holds', xe: 'undecided', lazy: 'hangs P6',
    // A callback that does nothing is let in all the same (SEMANTICS B15).
    warner: 'hangs P6', stub: 'hangs P6', careless: 'refused attach EOPNOTSUPP', hasty: 'broken N1',
  });
});

test('a pin that always fails turns away revocable importers too, and lets in who never pins', () => {
  assert.deepEqual(column(uverbs(), ALL), {
    camera: 'refused attach EOPNOTSUPP', efa: 'refused pin EOPNOTSUPP', irdma: 'refused pin EOPNOTSUPP', mlx5: 'holds', amdgpu: 'holds', xe: 'undecided', lazy: 'hangs P6',
    warner: 'hangs P6', stub: 'refused pin EOPNOTSUPP', careless: 'hangs P10', hasty: 'broken N1',
  });
});

test('a mover leaves alone what is pinned; who is neither told nor pinned writes into foreign memory', () => {
  assert.deepEqual(column(mover(), ALL), {
    camera: 'holds', efa: 'holds', irdma: 'holds', mlx5: 'holds', amdgpu: 'holds', xe: 'undecided', lazy: 'broken P6', warner: 'broken N5', stub: 'holds', careless: 'broken N4', hasty: 'broken N1',
  });
  assert.match(judge(mover(), pinned).why, /pin keeps the memory in place/);
});

test('before 7.1 nobody owed an unmap: a mover needs none', () => {
  const old = { contract: 'move_notify' };
  assert.equal(say(mover(), sample.byUser, old), 'holds');
  assert.equal(say(mover(), sample.conditional, old), 'holds');
  assert.equal(say(mover(), sample.unprotected, old), 'broken N4');
  // One that waits for unmaps needs them whatever the contract says.
  assert.match(say(revoker(), sample.byUser, old), /^hangs/);
});

test('a mover without a pin operation cannot be asked to stay', () => {
  const moves = mover({ pinBehaviour: null });
  assert.deepEqual(column(moves, [sample.staticImporter, pinned, pinnedRevocable, deferred]), { camera: 'broken N4', efa: 'broken N4', irdma: 'holds', amdgpu: 'holds' });
});

test('memory that stays where it is suits everybody', () => {
  for (const one of ALL) assert.equal(say(heap(), one), 'holds', one.id);
  assert.equal(judge(heap(), pinned).why, 'nothing is taken back');
});

test('a revoke that leaves something out, with an importer that needs it', () => {
  const mutants: Readonly<Record<string, readonly [readonly Line[], string]>> = {
    'nothing awaited': [[RESV_LOCK, SET_REVOKED, INVALIDATE, RESV_UNLOCK], 'broken N2'],
    'fences at KERNEL only': [[RESV_LOCK, SET_REVOKED, INVALIDATE, waitFences('KERNEL'), RESV_UNLOCK], 'broken N2'],
    'fences, but no unmap': [[RESV_LOCK, SET_REVOKED, INVALIDATE, waitFences('BOOKKEEP'), RESV_UNLOCK], 'broken P3'],
    'gives up waiting': [instead('completion-wait', WAIT_UNMAP_TIMEOUT), 'broken P3'],
    'waits for unmap under the reservation': [[RESV_LOCK, SET_REVOKED, INVALIDATE, waitFences('BOOKKEEP'), COUNT_PUT, WAIT_UNMAP, RESV_UNLOCK], 'hangs P10'],
    'flag only after the unlock': [[RESV_LOCK, INVALIDATE, waitFences('BOOKKEEP'), RESV_UNLOCK, SET_REVOKED, COUNT_PUT, WAIT_UNMAP], 'hangs P10'],
    // P8 as well, but worse: a job that is begun between the callbacks and the wait.
    'never locks': [[SET_REVOKED, INVALIDATE, COUNT_PUT, WAIT_UNMAP], 'broken N5'],
    // The unmap comes behind the importer's own fences, so it is enough to wait for it.
    'unmap, but no fences': [without('wait-fences'), 'holds'],
    'unmap, and fences at KERNEL': [instead('wait-fences', waitFences('KERNEL')), 'holds'],
    // No callback maps again here, so the flag may come late within the same section.
    'flag after the callbacks, still locked': [[RESV_LOCK, INVALIDATE, SET_REVOKED, waitFences('BOOKKEEP'), RESV_UNLOCK, COUNT_PUT, WAIT_UNMAP, ...REARM], 'holds'],
  };
  const found = Object.entries(mutants).map(([name, [lines]]) => [name, say(revoker(lines), deferred)]);
  assert.deepEqual(found, Object.entries(mutants).map(([name, [, expected]]) => [name, expected]));
});

test('an importer that has unmapped when its callback returns bears most of these', () => {
  for (const lines of [[RESV_LOCK, SET_REVOKED, INVALIDATE, RESV_UNLOCK], [RESV_LOCK, SET_REVOKED, INVALIDATE, COUNT_PUT, WAIT_UNMAP, RESV_UNLOCK], instead('completion-wait', WAIT_UNMAP_TIMEOUT)]) {
    assert.equal(say(revoker(lines), pinnedRevocable), 'holds');
  }
});

test('VFIO without the question whether it can be revoked', () => {
  const careless = revoker(REVOKE, { attachBehaviour: body(EXPORTER_FILE, 10, [], '0'), refuses: [] });
  assert.equal(say(careless, pinned), 'hangs P10');
  assert.equal(say(careless, sample.staticImporter), 'hangs P10');
  assert.equal(say(careless, deferred), 'holds');
});

test('of several places that take back the worst counts', () => {
  const two = revoker(REVOKE, { revokes: [path(REVOKE), path([RESV_LOCK, SET_REVOKED, INVALIDATE, RESV_UNLOCK])] });
  assert.equal(say(two, deferred), 'broken N2');
  assert.equal(say(two, pinnedRevocable), 'holds');
});

test('a wait for something that map and unmap do not count is no wait for unmaps', () => {
  const other = revoker(instead('completion-wait', { do: 'completion-wait', object: 'reset_done', timeout: false }));
  assert.equal(say(other, deferred), 'broken P3');
  assert.ok(judgePairs([deferred], [other], CONTRACT).ledger.some((row) => row.reason.includes('reset_done') && row.line === 106));
});

test('an open condition is named, with its place, when it decides, and passed over when it does not', () => {
  assert.equal(judge(revoker(), sample.conditional).why, 'decides: device_unplugged at drivers/net/nic/nic_mr.c:60');
  const slow = revoker([RESV_LOCK, SET_REVOKED, INVALIDATE, waitFences('BOOKKEEP'), RESV_UNLOCK, when(unknown('priv->slow'), [COUNT_PUT, WAIT_UNMAP])]);
  assert.equal(judge(slow, deferred).why, 'decides: priv->slow at drivers/vfio/bar.c:105');
  assert.equal(say(slow, pinnedRevocable), 'holds');
  const two = movable('two', [when(unknown('verbose'), [stopDevice('quiesce')]), when(unknown('gone'), [], [stopDevice('kill'), UNMAP])], { unmaps: 'conditional' });
  assert.equal(judge(revoker(), two).why, 'decides: gone at drivers/net/nic/nic_mr.c:62');
});

test('equal scenarios of other drivers share a search, not their conditions', () => {
  const other = movable('yx', [when(unknown('ye->dead'), [waitFences('BOOKKEEP'), when(MAPPED, [UNMAP])])], { unmaps: 'conditional', addsFences: true });
  const { pairs, searched } = judgePairs([sample.conditional, other], [revoker()], CONTRACT);
  assert.equal(searched, 1);
  assert.deepEqual(pairs.map((one) => one.why), ['decides: device_unplugged at drivers/net/nic/nic_mr.c:60', 'decides: ye->dead at drivers/net/nic/nic_mr.c:60']);
});

test('more conditions than can be searched: no verdict either way', () => {
  const many = (n: number): ImporterProfile => movable(`many${n}`, [...Array.from({ length: n }, (_, i) => when(unknown(`c${i}`), [end('')])), stopDevice('kill'), UNMAP], { unmaps: 'conditional' });
  assert.equal(say(revoker(), many(4)), 'undecided');
  const { pairs, ledger } = judgePairs([many(5)], [revoker()], CONTRACT);
  assert.equal(pairs[0]?.verdict, 'undecided');
  assert.ok(ledger.some((row) => row.reason === 'not searched, more than 4 conditions: c4'));
});

test('where the analysis gave up nothing is held against the driver', () => {
  assert.equal(judge(revoker(), movable('asm', [lost('inline assembly')])).why, 'decides: not understood: inline assembly at drivers/net/nic/nic_mr.c:60');
  assert.equal(say(revoker(), movable('done', [stopDevice('kill'), UNMAP, lost('inline assembly')])), 'holds');
  const given = revoker([RESV_LOCK, SET_REVOKED, INVALIDATE, lost('a switch')]);
  assert.equal(judge(given, deferred).why, 'decides: not understood: a switch at drivers/vfio/bar.c:103');
  assert.equal(say(given, pinnedRevocable), 'holds');
});

test('a search that hits its limit is undecided, and told', () => {
  const { pairs, ledger } = judgePairs([deferred], [revoker()], { ...CONTRACT, limits: { states: 3 } });
  assert.equal(pairs[0]?.verdict, 'undecided');
  assert.match(pairs[0]?.why ?? '', /limit/);
  assert.ok(ledger.some((row) => row.reason.startsWith('vfio x amdgpu: ')));
});

test('a refusal names the return that this importer comes to', () => {
  assert.equal(judge(revoker(), sample.staticImporter).why, 'attach gives -EOPNOTSUPP: !attachment->peer2peer (drivers/vfio/bar.c:10)');
  assert.equal(judge(revoker(), pinned).why, 'attach gives -EOPNOTSUPP: !dma_buf_attach_revocable(attachment) (drivers/vfio/bar.c:14)');
  assert.equal(judge(uverbs(), pinnedRevocable).why, 'pin gives -EOPNOTSUPP: always (drivers/vfio/bar.c:20)');
});

test('a refusal for something else than the contract: judged where it is let in', () => {
  const far = revoker(REVOKE, { attachBehaviour: body(EXPORTER_FILE, 10, [when(unknown('pci_p2pdma_distance() < 0'), [end('-EINVAL')])], '0') });
  const { pairs, ledger } = judgePairs([sample.pageFaults], [far], CONTRACT);
  assert.equal(pairs[0]?.verdict, 'holds');
  assert.ok(ledger.some((row) => row.reason === 'assumed: attach does not refuse for pci_p2pdma_distance() < 0 (drivers/vfio/bar.c:10)' && row.line === 10));
  // Where only one side lets this importer in, that side is taken.
  const kinds = heap({ attachBehaviour: body(EXPORTER_FILE, 10, [when(unknown('bo->is_vram'), [when(PEER2PEER, [], [end('-EOPNOTSUPP')])])], '0') });
  assert.equal(say(kinds, sample.staticImporter), 'holds');
  const both = heap({ attachBehaviour: body(EXPORTER_FILE, 10, [when(unknown('bo->is_vram'), [end('-EPERM')], [end('-ENOSYS')])], '0') });
  assert.equal(say(both, sample.staticImporter), 'refused attach ENOSYS');
});

test('an errno that the language does not have is still told as it is', () => {
  const odd = heap({ attachBehaviour: body(EXPORTER_FILE, 10, [], '-ENOTSUPP') });
  const pair = judge(odd, deferred);
  assert.deepEqual([pair.verdict, pair.at, pair.errno], ['refused', 'attach', 'ENOTSUPP']);
});

test('flags: the one that a revoke clears, and one that nobody touches', () => {
  const READY = { is: 'flag', field: 'ready', path: 'priv->ready' } as const;
  const clears = revoker([RESV_LOCK, { do: 'set', field: 'ready', path: 'priv->ready', value: false }, INVALIDATE, waitFences('BOOKKEEP'), RESV_UNLOCK, COUNT_PUT, WAIT_UNMAP], {
    revokedFirst: null, attachBehaviour: null, refuses: [], mapBehaviour: body(EXPORTER_FILE, 30, [when(READY, [sample.COUNT_GET], [end('-ENODEV')])], '0'),
  });
  assert.equal(say(clears, deferred), 'holds');
  assert.equal(say(heap({ attachBehaviour: body(EXPORTER_FILE, 10, [when(READY, [], [end('-ENODEV')])], '0') }), deferred), 'holds');
});

test('iommufd: a physical range of one exporter, which no wait for unmaps covers', () => {
  const mine = sample.rangeOnly('vfio_dmabuf_ops');
  assert.equal(say(revoker(), mine), 'holds');
  const other = judge(heap(), mine);
  assert.deepEqual([other.verdict, other.at, other.errno, other.why], ['refused', 'map', 'EOPNOTSUPP', 'map gives -EOPNOTSUPP (drivers/iommu/pages.c:127)']);
  const late: ImporterProfile = { ...mine, unmaps: 'deferred', behaviour: body(sample.IMPORTER_FILE, 60, [queueWork('late')]), works: [{ name: 'late', behaviour: body(sample.IMPORTER_FILE, 90, [stopDevice('iommu_unmap', false)]) }] };
  assert.match(say(revoker(), late), /^broken N/);
  const fenced: ImporterProfile = { ...late, works: [{ name: 'late', behaviour: body(sample.IMPORTER_FILE, 90, [waitFences('BOOKKEEP'), stopDevice('iommu_unmap', false)]) }] };
  assert.equal(say(revoker(without('wait-fences')), fenced), 'broken N2');
});

test('locks that close a circle', () => {
  assert.equal(say(revoker(), movable('relocks', [stopDevice('kill'), { do: 'unmap', unlocked: true }])), 'hangs P8');
  const works = (lines: readonly Line[]) => [{ name: 'undo', behaviour: body(sample.IMPORTER_FILE, 90, lines) }];
  const unmapping = [waitFences('BOOKKEEP'), RESV_LOCK, when(MAPPED, [UNMAP]), RESV_UNLOCK];
  assert.equal(say(revoker(), movable('flushes', [queueWork('undo'), flushWork('undo')], { unmaps: 'deferred', addsFences: true, works: works(unmapping) })), 'hangs P10');
  // The worker takes a lock that the revoker holds while it waits; of two drivers, they are two locks.
  const worker = movable('worker', [queueWork('undo')], { unmaps: 'deferred', addsFences: true, works: works([lock('big'), ...unmapping, unlock('big')]) });
  const holding = [lock('big'), ...REVOKE, unlock('big')];
  assert.equal(say(revoker(holding, { file: 'drivers/net/nic/nic_export.c' }), worker), 'hangs P10');
  assert.equal(say(revoker(holding), worker), 'holds');
});

test('a call before the unmap is taken to stop the device, unless fences are looked at', () => {
  const two = movable('either', [when(unknown('busy'), [waitFences('BOOKKEEP')], [stopDevice('kill')]), UNMAP], { addsFences: true });
  const { pairs, ledger } = judgePairs([two], [revoker()], CONTRACT);
  assert.equal(pairs[0]?.verdict, 'holds');
  assert.ok(ledger.some((row) => row.reason === 'assumed: the device no longer accesses the memory when kill() has returned (drivers/net/nic/nic_mr.c:62)'));
  // Here the call is only the first of two things, and the fences are what is waited for.
  const ttm = movable('ttm', [stopDevice('vm_invalidate'), when(sample.IDLE, [UNMAP], [queueWork('ghost')])], {
    unmaps: 'deferred', addsFences: true, works: [{ name: 'ghost', behaviour: body(sample.IMPORTER_FILE, 90, [waitFences('BOOKKEEP'), RESV_LOCK, when(MAPPED, [UNMAP]), RESV_UNLOCK]) }],
  });
  assert.equal(say(revoker(), ttm), 'holds');
  assert.equal(say(revoker([RESV_LOCK, SET_REVOKED, INVALIDATE, RESV_UNLOCK]), ttm), 'broken N2');
});

test('a story is the printed scenario with its search: its token runs again, its steps know their lines of C', () => {
  const story = storyOf(deferred, revoker([RESV_LOCK, SET_REVOKED, INVALIDATE, RESV_UNLOCK]), CONTRACT);
  const [worst] = story.result?.broken ?? [];
  assert.equal(story.pair.verdict, 'broken');
  assert.ok(worst !== undefined && worst.steps.some((one) => one.provenance === 'drivers/vfio/bar.c:102'));
  const again = replay(story.scenario, worst.replay);
  assert.ok(again.ok && again.result.broken[0]?.code === 'N2');
  assert.ok(story.assumptions.includes('each job of the importer has a fence at BOOKKEEP, which its hardware signals'));
});

test('one side alone stands before a side that is written out', () => {
  const outcome = (text: string): string => {
    const answer = check(text);
    return answer.ok ? answer.result.outcome : answer.diagnostics[0]?.message ?? '';
  };
  assert.equal(outcome(importerScenario(deferred, CONTRACT)), 'holds');
  assert.equal(outcome(importerScenario(sample.byUser, CONTRACT)), 'broken hang');
  assert.equal(outcome(importerScenario(pinned, CONTRACT)), 'refused importer attach -EOPNOTSUPP');
  assert.equal(outcome(exporterScenario(revoker(), CONTRACT)), 'holds');
  assert.equal(outcome(exporterScenario(mover(), CONTRACT)), 'holds');
  assert.equal(outcome(exporterScenario(revoker(REVOKE, { revokes: [path(REVOKE), path([RESV_LOCK, SET_REVOKED, INVALIDATE, RESV_UNLOCK])] }), CONTRACT)), 'broken N2');
});

test('it can be stopped, and tells how far it is', () => {
  const told: string[] = [];
  const { pairs } = judgePairs(ALL, [revoker(), heap()], { ...CONTRACT, progress: (done, total) => told.push(`${done}/${total}`), stop: () => told.length === 3 });
  assert.equal(pairs.length, 3);
  assert.deepEqual(told, ['1/22', '2/22', '3/22']);
});

const LINUX = ['7.3', '6.12'] as const;

for (const version of LINUX) {
  test(`Linux ${version}, its committed catalogue: every pair has a searched answer`, () => {
    const read = decodeCatalogue(readFileSync(join(ROOT, `catalogue/linux-${version}.json`), 'utf8'));
    assert.ok(read.ok);
    const { importers, exporters, tree } = read.catalogue;
    const { pairs, ledger, searched } = judgePairs(importers, exporters, { contract: tree.contract });
    assert.equal(pairs.length, importers.length * exporters.length);
    assert.deepEqual(pairs.filter((one) => one.verdict === 'undecided' && !one.why.startsWith('decides: ')), []);
    assert.deepEqual(pairs.filter((one) => one.verdict === 'refused' && !/\([\w/.-]+:\d+\)$/.test(one.why)), []);
    assert.deepEqual(ledger.filter((row) => !row.reason.startsWith('assumed: ')), []);
    // Most pairs are alike: a second a tree rests on that.
    assert.ok(searched < pairs.length / 8, `${searched} of ${pairs.length}`);
  });
}
