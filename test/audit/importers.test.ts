// Callbacks by situation: what they do about the unmap, and which condition decides.

import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { auditOf, importerOf, movable, STATIC, SYNC, UNMAP, unnotified } from './toy-tree.ts';

const open = (t: TestContext, text: string) => {
  const one = importerOf(t, text);
  return { unmaps: one.unmaps, class: one.class, guards: one.guards.filter((guard) => guard.decided === null).map((guard) => `${guard.text} ${String(guard.side)}`) };
};

test('an unmap on every way is at once', (t) => {
  assert.deepEqual(open(t, movable(SYNC)), { unmaps: 'sync', class: 'movable', guards: [] });
});

test('asking whether it is mapped at all is no condition', (t) => {
  assert.deepEqual(open(t, movable(`\tif (!t->sgt)\n\t\treturn;\n${SYNC}`)).unmaps, 'sync');
  assert.deepEqual(open(t, movable(`\tif (t->sgt == NULL)\n\t\treturn;\n${SYNC}`)).unmaps, 'sync');
});

test('an unmap behind a condition is conditional, and the condition is named with its side', (t) => {
  const text = movable(`\tif (t->busy)\n\t\treturn;\n${SYNC}`, 'void toy_submit(struct toy *t) { t->busy = true; }\nvoid toy_end(struct toy *t) { t->busy = false; }');
  assert.deepEqual(open(t, text), { unmaps: 'conditional', class: 'movable', guards: ['t->busy false'] });
});

test('a condition in a callee counts as well', (t) => {
  const text = movable('\ttoy_drop(t);', `static bool toy_ready(struct toy *t);\nstatic void toy_drop(struct toy *t)\n{\n\tif (!toy_ready(t))\n\t\treturn;\n${SYNC}}\n`);
  assert.deepEqual(open(t, text), { unmaps: 'conditional', class: 'movable', guards: ['toy_ready(t) true'] });
});

test('an unmap that a constant of the call rules out is none', (t) => {
  const text = movable('\ttoy_move(t, TOY_SYSTEM);', `enum toy_place {\n\tTOY_SYSTEM,\n\tTOY_TT,\n};\nstatic void toy_move(struct toy *t, enum toy_place to)\n{\n\tt->kind = to;\n\tif (to == TOY_SYSTEM)\n\t\treturn;\n${UNMAP}}\n`);
  assert.equal(importerOf(t, text).unmaps, 'user');
});

test('a constant that the set-up stores decides', (t) => {
  const kinds = 'enum toy_kind {\n\tTOY_USER,\n\tTOY_DMABUF,\n};\n';
  assert.equal(importerOf(t, movable(`\tif (t->kind != TOY_DMABUF)\n\t\treturn;\n${SYNC}`, kinds, '\tt->kind = TOY_DMABUF;\n')).unmaps, 'sync');
  assert.equal(importerOf(t, movable(`\tif (t->kind != TOY_DMABUF)\n\t\treturn;\n${SYNC}`, kinds, '\tt->kind = TOY_USER;\n')).unmaps, 'user');
});

test('a flag that the callback alone sets has not been set when it first runs', (t) => {
  assert.equal(importerOf(t, movable(`\tif (t->gone)\n\t\treturn;\n${SYNC}\tt->gone = true;\n`)).unmaps, 'sync');
});

test('a work that unmaps defers; one that may not is a condition', (t) => {
  const work = (body: string): string => `static void toy_work(struct work_struct *work)\n{\n\tstruct toy *t = container_of(work, struct toy, work);\n\n${body}}\nvoid toy_init(struct toy *t) { INIT_WORK(&t->work, toy_work); }\n`;
  const deferred = importerOf(t, movable('\tqueue_work(system_wq, &t->work);', work(UNMAP)));
  assert.equal(deferred.unmaps, 'deferred');
  assert.deepEqual(deferred.works.map((one) => one.name), ['toy_work']);
  assert.equal(importerOf(t, movable('\tqueue_work(system_wq, &t->work);', work(`\tif (t->busy)\n\t\treturn;\n${UNMAP}`))).unmaps, 'user');
});

test('a callback that only says something is none', (t) => {
  const one = importerOf(t, movable('\tdev_warn(attach->dev, "not supported\\n");'));
  assert.deepEqual([one.unmaps, one.class, one.callback], ['never', 'unprotected', 'toy_invalidate']);
});

test('a callback that only marks leaves the unmap to a user', (t) => {
  assert.equal(importerOf(t, movable('\tt->gone = true;')).unmaps, 'user');
});

test('a failing call is no condition: it is assumed to succeed, and told', (t) => {
  const one = importerOf(t, movable(`\tint ret = toy_zap(t);\n\n\tif (ret)\n\t\treturn;\n${UNMAP}`));
  assert.equal(one.unmaps, 'sync');
  assert.ok(one.assumptions.some((text) => text.startsWith('toy_zap() at drivers/toy/toy.c:')));
});

test('a lock that may not be got is a condition', (t) => {
  assert.deepEqual(open(t, movable(`\tif (!mutex_trylock(&t->lock))\n\t\treturn;\n${SYNC}\tmutex_unlock(&t->lock);\n`)).unmaps, 'conditional');
});

test('classes without a callback', (t) => {
  assert.equal(importerOf(t, STATIC).class, 'static');
  assert.equal(importerOf(t, unnotified(true)).class, 'pinned');
  assert.equal(importerOf(t, unnotified(false)).class, 'unprotected');
});

test('a pin that is given back at once is none', (t) => {
  const text = unnotified(true).replace('out:\n', '\tdma_buf_unpin(t->attach);\nout:\n');
  const { pins, pinsToMap } = importerOf(t, text);
  assert.deepEqual([pins, pinsToMap], [false, true]);
});

test('a pin to map counts for this attach call alone, and only where no mapping is made without', (t) => {
  const pinning = (map: string): string => movable(SYNC).replace('\tt->sgt = dma_buf_map_attachment(attach, DMA_BIDIRECTIONAL);\n', map);
  const MAP = '\tt->sgt = dma_buf_map_attachment(attach, DMA_BIDIRECTIONAL);\n';
  assert.equal(importerOf(t, pinning(`\tif (dma_buf_pin(attach))\n\t\treturn -EINVAL;\n${MAP}\tdma_buf_unpin(attach);\n`)).pinsToMap, true);
  assert.equal(importerOf(t, pinning(MAP)).pinsToMap, false);
  assert.equal(importerOf(t, pinning(`\tif (t->kind == 3) {\n\t\tdma_buf_pin(attach);\n${MAP}\t\tdma_buf_unpin(attach);\n\t} else {\n${MAP}\t}\n`)).pinsToMap, false);
  // A way past it, with an attach call of its own.
  const fallback = `if (t->kind == 3) {\n\t\tattach = dma_buf_attach(buf, dev);\n${MAP}\t\treturn 0;\n\t}\n`;
  const both = pinning(`\tif (dma_buf_pin(attach))\n\t\treturn -EINVAL;\n${MAP}\tdma_buf_unpin(attach);\n`).replace('\tattach = dma_buf_dynamic_attach', `\t${fallback}\tattach = dma_buf_dynamic_attach`);
  const { importers } = auditOf(t, { 'drivers/toy/toy.c': both });
  assert.deepEqual(importers.map((one) => [one.attach, one.pinsToMap]), [['static', false], ['dynamic', true]]);
});

test('ops that callers hand to a helper are importers of their own, with their users', (t) => {
  const { importers } = auditOf(t, {
    'drivers/core/umem.c': `#include <linux/dma-buf.h>
struct umem { struct dma_buf_attachment *attach; struct sg_table *sgt; };
struct umem *ib_umem_dmabuf_get(struct dma_buf *buf, struct device *dev, const struct dma_buf_attach_ops *ops)
{
	struct umem *umem = kzalloc(sizeof(*umem), GFP_KERNEL);

	umem->attach = dma_buf_dynamic_attach(buf, dev, ops, umem);
	return umem;
}
EXPORT_SYMBOL(ib_umem_dmabuf_get);
`,
    'drivers/hw/one/mr.c': '#include <linux/dma-buf.h>\nstatic const struct dma_buf_attach_ops one_ops = { .allow_peer2peer = true };\nint one_reg(void)\n{\n\treturn IS_ERR(ib_umem_dmabuf_get(buf, dev, &one_ops));\n}\n',
    'drivers/hw/two/mr.c': '#include <linux/dma-buf.h>\nstatic const struct dma_buf_attach_ops two_ops = { .allow_peer2peer = false };\nint two_reg(void)\n{\n\treturn IS_ERR(ib_umem_dmabuf_get(buf, dev, &two_ops));\n}\n',
  });
  assert.deepEqual(importers.map((one) => [one.ops, one.peer2peer, one.function, one.line]), [['one_ops', true, 'ib_umem_dmabuf_get', 7], ['two_ops', false, 'ib_umem_dmabuf_get', 7]]);
});

test('users: a macro that begins a table; not who has the operation that is called instead', (t) => {
  const driver = (table: string, more = ''): string => `#include <drm/lib.h>\n${more}static const struct drm_driver one_driver = {\n${table}};\n`;
  const { importers } = auditOf(t, {
    'include/drm/lib.h': '#define DRM_GEM_SHMEM_DRIVER_OPS \\\n\t.import = drm_gem_prime_lib_import\nint drm_gem_prime_lib_import(struct dma_buf *buf, struct device *dev);\nint drm_gem_prime_lib_handle(struct lib *lib, struct dma_buf *buf, struct device *dev);\n',
    'drivers/lib/lib.c': `#include <linux/dma-buf.h>
#include <drm/lib.h>
int drm_gem_prime_lib_import(struct dma_buf *buf, struct device *dev)
{
	struct dma_buf_attachment *attach = dma_buf_attach(buf, dev);

	return IS_ERR(dma_buf_map_attachment_unlocked(attach, DMA_BIDIRECTIONAL));
}
EXPORT_SYMBOL(drm_gem_prime_lib_import);

int drm_gem_prime_lib_handle(struct lib *lib, struct dma_buf *buf, struct device *dev)
{
	if (lib->driver->import)
		return lib->driver->import(buf, dev);
	else
		return drm_gem_prime_lib_import(buf, dev);
}
EXPORT_SYMBOL(drm_gem_prime_lib_handle);
`,
    'drivers/a/first.c': driver('\tDRM_GEM_SHMEM_DRIVER_OPS,\n\t.name = "a",\n'),
    'drivers/b/later.c': driver('\t.name = "b",\n\tDRM_GEM_SHMEM_DRIVER_OPS,\n'),
    'drivers/c/own.c': driver('\t.import = own_import,\n', 'int own_open(struct lib *lib, struct dma_buf *buf, struct device *dev) { return drm_gem_prime_lib_handle(lib, buf, dev); }\n'),
    'drivers/d/plain.c': driver('\t.name = "d",\n', 'int plain_open(struct lib *lib, struct dma_buf *buf, struct device *dev) { return drm_gem_prime_lib_handle(lib, buf, dev); }\n'),
  });
  assert.deepEqual(importers.map((one) => one.users), [['drivers/a', 'drivers/b', 'drivers/d']]);
});

test('what the callback reads and who sets it after the attach call is told', (t) => {
  const fields = importerOf(t, movable('\tdma_buf_unmap_attachment(t->attach, t->sgt, DMA_BIDIRECTIONAL);')).privateFields;
  assert.deepEqual(fields.map((one) => [one.field, one.set]), [['attach', 'after-attach'], ['sgt', 'after-attach']]);
});

test('fields that a callee reads, and stores by a function called before or after, or by the caller of the helper', (t) => {
  const fields = importerOf(t, movable(`\ttoy_stop(t);\n${UNMAP}`, `static void toy_stop(struct toy *t)
{
	if (t->kind == 2 && t->busy && t->lock.owner)
		toy_stop_hw(t);
}
static void toy_prepare(struct toy *t) { t->kind = 1; }
static void toy_begin(struct toy *t) { t->busy = true; }
`, '\ttoy_prepare(t);').replace('\tdma_resv_unlock(buf->resv);\n\treturn 0;', '\ttoy_begin(t);\n\tdma_resv_unlock(buf->resv);\n\treturn 0;')).privateFields;
  assert.deepEqual(fields.map((one) => `${one.field} ${one.set}`), ['kind before-attach', 'busy after-attach', 'lock.owner not-seen', 'attach after-attach', 'sgt after-attach']);
});

test('a callback that recurses or is missing ends up in the ledger', (t) => {
  const { importers, ledger } = auditOf(t, { 'drivers/toy/toy.c': movable('\ttoy_again(t);', `static void toy_again(struct toy *t)\n{\n\tif (t->busy)\n\t\ttoy_again(t);\n${UNMAP}}\n`) });
  assert.equal(importers[0]?.unmaps, 'sync');
  assert.ok(ledger.some((row) => row.reason.includes('calls itself')));
  const missing = auditOf(t, { 'drivers/toy/toy.c': movable('').replace('static void toy_invalidate', 'static void toy_other') });
  assert.ok(missing.ledger.some((row) => row.reason.includes('toy_invalidate() was not found')));
});
