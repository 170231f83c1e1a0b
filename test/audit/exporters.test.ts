// A revoking exporter and its mutants: the facts, and what they do to an importer.

import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { ATTACH, auditOf, exporterOf, importerOf, movable, pairOf, REVOKE, revoker, STATIC, SYNC, UNMAP, unnotified, type Revoker } from './toy-tree.ts';

const WORK = `static void toy_work(struct work_struct *work)
{
	struct toy *t = container_of(work, struct toy, work);

	dma_fence_wait(t->fence, false);
	dma_resv_lock(t->attach->dmabuf->resv, NULL);
${UNMAP}	dma_resv_unlock(t->attach->dmabuf->resv);
}
void toy_init(struct toy *t) { INIT_WORK(&t->work, toy_work); }
`;
const DEFERRED = movable('\tqueue_work(system_wq, &t->work);', WORK);

const verdict = (t: TestContext, mutant: Revoker, importer: string): string => {
  const { verdict: word, at, errno, obligation } = pairOf(exporterOf(t, revoker(mutant)), importerOf(t, importer));
  return [word, at, errno, obligation].filter((one) => one !== null).join(' ');
};

test('the facts of a revoke', (t) => {
  const one = exporterOf(t, revoker());
  assert.deepEqual(one.refuses.map((row) => `${row.at} ${row.errno} ${row.when}`), [
    'attach EOPNOTSUPP !attachment->peer2peer', 'attach ENODEV priv->revoked', 'attach EOPNOTSUPP !dma_buf_attach_revocable(attachment)', 'map ENODEV priv->revoked',
  ]);
  assert.deepEqual([one.revokedFirst, one.waitsFences, one.waitsUnmap, one.locksHeld, one.moves], ['revoked', 'BOOKKEEP', 'forever', [], false]);
  assert.deepEqual(one.invalidates.map((row) => row.function), ['bar_revoke']);
});

test('who is let in, who is refused where', (t) => {
  assert.equal(verdict(t, {}, STATIC), 'refused attach EOPNOTSUPP');
  assert.equal(verdict(t, {}, unnotified(true)), 'refused attach EOPNOTSUPP');
  assert.equal(verdict(t, {}, movable(SYNC)), 'holds');
  assert.equal(verdict(t, {}, DEFERRED), 'holds');
  assert.equal(verdict(t, { ops: '\t.pin = bar_pin,\n\t.unpin = bar_unpin,' }, unnotified(true)), 'refused attach EOPNOTSUPP');
});

test('without the question whether it is revocable, a pinned importer hangs the revoke', (t) => {
  assert.match(verdict(t, { attach: ATTACH.replace(/\tif \(!dma_buf_attach_revocable[\s\S]*/, '') }, unnotified(true)), /^hangs/);
});

test('a pin that always fails turns pinned importers away', (t) => {
  const attach = ATTACH.replace(/\tif \(!dma_buf_attach_revocable[\s\S]*/, '');
  assert.equal(verdict(t, { attach, ops: '\t.pin = bar_pin,\n\t.unpin = bar_unpin,' }, unnotified(true)), 'refused pin EOPNOTSUPP');
});

test('it turns away as well who pins only while mapping', (t) => {
  const pinning = movable(SYNC).replace('\tt->sgt = dma_buf_map', '\tif (dma_buf_pin(attach))\n\t\treturn -EINVAL;\n\tt->sgt = dma_buf_map').replace('\tdma_resv_unlock(buf->resv);\n\treturn 0;', '\tdma_buf_unpin(attach);\n\tdma_resv_unlock(buf->resv);\n\treturn 0;');
  assert.equal(verdict(t, { ops: '\t.pin = bar_pin,\n\t.unpin = bar_unpin,' }, pinning), 'refused pin EOPNOTSUPP');
  assert.equal(verdict(t, { ops: '\t.pin = bar_pin,\n\t.unpin = bar_unpin,' }, movable(SYNC)), 'holds');
  assert.equal(verdict(t, {}, pinning), 'holds');
});

test('refusals of a helper that is handed the attachment, of the driver function it calls, and of no other layer', (t) => {
  const { exporters } = auditOf(t, {
    'drivers/lib/lib.c': `#include <linux/dma-buf.h>
struct sg_table *lib_map(struct dma_buf_attachment *attach, enum dma_data_direction dir)
{
	struct lib_object *obj = attach->dmabuf->priv;
	struct sg_table *sgt;
	int ret;

	switch (obj->place) {
	case PLACE_SYSTEM:
		break;
	default:
		return ERR_PTR(-EINVAL);
	}
	ret = obj->funcs->prepare(obj);
	if (ret)
		return ERR_PTR(ret);
	return lib_pages(obj);
}
EXPORT_SYMBOL(lib_map);
`,
    'drivers/mm/pages.c': 'struct sg_table *lib_pages(struct lib_object *obj)\n{\n\treturn ERR_PTR(-ENOMEM);\n}\nEXPORT_SYMBOL(lib_pages);\n',
    'drivers/bar/bar.c': `#include <linux/dma-buf.h>
static struct sg_table *bar_map(struct dma_buf_attachment *attach, enum dma_data_direction dir)
{
	return lib_map(attach, dir);
}
static const struct dma_buf_ops bar_ops = { .map_dma_buf = bar_map };
`,
    'drivers/bar/object.c': `int bar_prepare(struct lib_object *obj)
{
	if (obj->secret)
		return -EPERM;
	return 0;
}
static const struct lib_funcs bar_funcs = {
	.prepare = bar_prepare,
};
`,
  });
  assert.deepEqual(exporters[0]?.refuses.map((row) => `${row.at} ${row.errno} ${row.when} ${row.file}`), ['map EINVAL obj->place: default drivers/lib/lib.c', 'map EPERM obj->secret drivers/bar/object.c']);
});

test('an importer that leaves the unmap to its user hangs the revoke', (t) => {
  assert.match(verdict(t, {}, movable('\ttoy_stop_hw(t);\n\tt->gone = true;')), /^hangs/);
});

test('an importer whose condition nobody knows is undecided, and the condition is named', (t) => {
  const busy = movable(`\tif (t->busy)\n\t\treturn;\n${SYNC}`, 'void toy_submit(struct toy *t) { t->busy = true; }\nvoid toy_end(struct toy *t) { t->busy = false; }');
  const pair = pairOf(exporterOf(t, revoker()), importerOf(t, busy));
  assert.equal(pair.verdict, 'undecided');
  assert.match(pair.why, /t->busy at drivers\/toy\/toy\.c:\d+/);
});

test('waiting for nothing lets a deferring importer hit the reset', (t) => {
  const revoke = REVOKE.replace(/\tdma_resv_wait_timeout.*\n/, '').replace(/\tkref_put[\s\S]*/, '');
  const one = exporterOf(t, revoker({ revoke }));
  assert.deepEqual([one.waitsFences, one.waitsUnmap], [null, null]);
  assert.equal(verdict(t, { revoke }, DEFERRED), 'broken N2');
});

test('KERNEL alone is not enough', (t) => {
  const revoke = REVOKE.replace('USAGE_BOOKKEEP', 'USAGE_KERNEL').replace(/\tkref_put[\s\S]*/, '');
  assert.equal(exporterOf(t, revoker({ revoke })).waitsFences, 'KERNEL');
  assert.equal(verdict(t, { revoke }, DEFERRED), 'broken N2');
});

test('a wait with a timeout is no wait', (t) => {
  const revoke = REVOKE.replace('wait_for_completion(&priv->comp)', 'wait_for_completion_timeout(&priv->comp, HZ)');
  assert.equal(exporterOf(t, revoker({ revoke })).waitsUnmap, 'timeout');
  assert.match(verdict(t, { revoke }, DEFERRED), /^broken/);
});

test('waiting for unmaps under the reservation locks out the worker', (t) => {
  const revoke = REVOKE.replace('\tdma_resv_unlock(priv->dmabuf->resv);\n', '').replace('\tkref_init', '\tdma_resv_unlock(priv->dmabuf->resv);\n\tkref_init');
  assert.deepEqual(exporterOf(t, revoker({ revoke })).locksHeld, ['resv']);
  assert.match(verdict(t, { revoke }, DEFERRED), /^hangs/);
  assert.equal(verdict(t, { revoke }, movable(SYNC)), 'holds');
});

test('a flag set after the lock was dropped lets a mapping slip in', (t) => {
  const revoke = REVOKE.replace('\tpriv->revoked = true;\n', '').replace('\tkref_put', '\tpriv->revoked = true;\n\tkref_put');
  assert.equal(exporterOf(t, revoker({ revoke })).revokedFirst, null);
  assert.match(verdict(t, { revoke }, movable(SYNC)), /^(?:hangs|broken)/);
});

test('a map that is not counted is not waited for', (t) => {
  // The target is switched off while a mapping is live.
  assert.equal(verdict(t, { map: '' }, DEFERRED), 'broken P3');
});

test('other ways to count mappings and to wait for them', (t) => {
  const counted: Revoker = {
    map: '\trefcount_inc(&priv->maps);\n',
    unmap: '\tif (refcount_dec_and_test(&priv->maps))\n\t\tcomplete(&priv->comp);\n',
    revoke: REVOKE.replace('kref_put(&priv->kref, bar_done);', 'if (refcount_dec_and_test(&priv->maps))\n\t\tcomplete(&priv->comp);').replace('kref_init(&priv->kref)', 'refcount_set(&priv->maps, 1)'),
  };
  const waited: Revoker = { map: '\tatomic_inc(&priv->maps);\n', unmap: '\tif (atomic_dec_and_test(&priv->maps))\n\t\twake_up(&priv->wait);\n', revoke: REVOKE.replace(/\tkref_put[\s\S]*/, '\twait_event(priv->wait, !atomic_read(&priv->maps));\n') };
  for (const one of [counted, waited]) {
    assert.equal(exporterOf(t, revoker(one)).waitsUnmap, 'forever');
    assert.equal(verdict(t, one, DEFERRED), 'holds');
    assert.match(verdict(t, one, movable('\ttoy_stop_hw(t);\n\tt->gone = true;')), /^hangs/);
  }
});

test('memory that is never taken back holds with everybody', (t) => {
  const plain = revoker({ attach: '', revoke: '\tbar_reset(priv);\n' });
  for (const importer of [STATIC, unnotified(true), unnotified(false), movable(SYNC), DEFERRED]) assert.equal(pairOf(exporterOf(t, plain), importerOf(t, importer)).verdict, 'holds');
});

test('a reference of its own that the exporter keeps ends no wait', (t) => {
  const revoke = REVOKE.replace('\tkref_put(&priv->kref, bar_done);\n', '');
  assert.deepEqual(exporterOf(t, revoker({ revoke })).ownReference, []);
  assert.equal(verdict(t, { revoke }, movable(SYNC)), 'hangs P10');
});

test('one that it drops after the wait is as good as kept', (t) => {
  const revoke = REVOKE.replace('\tkref_put(&priv->kref, bar_done);\n', '').replace('(&priv->comp);\n\tkref_init', '(&priv->comp);\n\tkref_put(&priv->kref, bar_done);\n\tkref_init');
  assert.equal(exporterOf(t, revoker({ revoke })).ownReference?.length, 1);
  assert.equal(verdict(t, { revoke }, movable(SYNC)), 'hangs P10');
});

test('one that another function drops may be gone by then: a condition', (t) => {
  const text = revoker({ revoke: REVOKE.replace('\tkref_put(&priv->kref, bar_done);\n', '') }).replace('void bar_revoke', 'void bar_unregister(struct bar *priv)\n{\n\tkref_put(&priv->kref, bar_done);\n}\n\nvoid bar_revoke');
  const exporter = exporterOf(t, text);
  assert.deepEqual(exporter.ownReference?.map((row) => row.function), ['bar_unregister']);
  const pair = pairOf(exporter, importerOf(t, movable(SYNC)));
  assert.equal(pair.verdict, 'undecided');
  assert.match(pair.why, /`kref` dropped before this wait, as bar_unregister\(\) does/);
});

test('a set-up that is not seen is an assumption, no verdict', (t) => {
  const revoke = REVOKE.replace(/\tkref_put[^\n]*\n/, '').replace(/\tkref_init[^\n]*\n/, '');
  assert.equal(exporterOf(t, revoker({ revoke })).ownReference, null);
  assert.equal(verdict(t, { revoke }, movable(SYNC)), 'holds');
});

test('a revoke that calls nobody waits for importers that were never told', (t) => {
  const revoke = REVOKE.replace('\tdma_buf_invalidate_mappings(priv->dmabuf);\n', '');
  const one = exporterOf(t, revoker({ revoke }));
  assert.deepEqual([one.invalidates, one.revokedFirst, one.waitsFences, one.waitsUnmap], [[], 'revoked', 'BOOKKEEP', 'forever']);
  assert.deepEqual(one.revokes.map((row) => row.function), ['bar_revoke']);
  assert.match(verdict(t, { revoke }, movable(SYNC)), /^hangs/);
  assert.equal(verdict(t, { revoke }, STATIC), 'refused attach EOPNOTSUPP');
  // Neither a flag by itself nor a wait for something else is one.
  for (const other of ['\tpriv->revoked = true;\n', '\tpriv->revoked = true;\n\twait_event(priv->queue, bar_is_idle(priv));\n']) assert.deepEqual(exporterOf(t, revoker({ revoke: other })).revokes, []);
});

test('what can be pinned moves, and does harm where it moves without a word', (t) => {
  const text = revoker({ attach: '', map: '', unmap: '', revoke: '\tbar_reset(priv);\n', ops: '\t.pin = bar_pin,\n\t.unpin = bar_unpin,' }).replace('return -EOPNOTSUPP', 'return bar_keep(attachment)');
  const exporter = exporterOf(t, text);
  assert.deepEqual([exporter.moves, exporter.invalidates], [true, []]);
  assert.equal(pairOf(exporter, importerOf(t, unnotified(true))).verdict, 'holds');
  assert.equal(pairOf(exporter, importerOf(t, STATIC)).verdict, 'holds');
  assert.equal(pairOf(exporter, importerOf(t, unnotified(false))).verdict, 'broken');
  assert.equal(pairOf(exporter, importerOf(t, movable(SYNC))).verdict, 'broken');
});
