// What the examples of the exporter's rules have in common: a device whose memory is shared, revoked and given out again.

export interface ToyParts {
  readonly attach?: string;
  readonly map?: string;
  readonly unmap?: string;
  /** Body of bar_revoke(). */
  readonly revoke?: string;
  /** What stands behind it. */
  readonly more?: string;
  /** Further members of dma_buf_ops. */
  readonly ops?: string;
  /** What stands before the table. */
  readonly before?: string;
}

export const ATTACH = `	if (!attachment->peer2peer)
		return -EOPNOTSUPP;
	if (!dma_buf_attach_revocable(attachment))
		return -EOPNOTSUPP;
`;
export const MAP = `	if (bar->revoked)
		return ERR_PTR(-ENODEV);
`;
export const REVOKE = `	dma_resv_lock(bar->dmabuf->resv, NULL);
	bar->revoked = true;
	dma_buf_invalidate_mappings(bar->dmabuf);
	dma_resv_wait_timeout(bar->dmabuf->resv, DMA_RESV_USAGE_BOOKKEEP, false, MAX_SCHEDULE_TIMEOUT);
	dma_resv_unlock(bar->dmabuf->resv);
	kref_put(&bar->kref, bar_unmapped);
	wait_for_completion(&bar->comp);
	kref_init(&bar->kref);
	reinit_completion(&bar->comp);
`;
export const RESTORE = `
void bar_restore(struct bar *bar)
{
	dma_resv_lock(bar->dmabuf->resv, NULL);
	bar->revoked = false;
	dma_resv_unlock(bar->dmabuf->resv);
}
`;

export const toyExporter = ({ attach = ATTACH, map = MAP, unmap = '	kref_put(&bar->kref, bar_unmapped);\n', revoke = REVOKE, more = RESTORE, ops = '', before = '' }: ToyParts = {}): string => `#include <linux/dma-buf.h>
#include <linux/dma-resv.h>
#include <linux/pci.h>

struct bar { struct dma_buf *dmabuf; struct pci_dev *pdev; struct kref kref; struct completion comp; struct mutex lock; bool revoked; };

static void bar_unmapped(struct kref *kref)
{
	struct bar *bar = container_of(kref, struct bar, kref);

	complete(&bar->comp);
}

static int bar_attach(struct dma_buf *dmabuf, struct dma_buf_attachment *attachment)
{
	struct bar *bar = dmabuf->priv;

${attach}	return 0;
}

static struct sg_table *bar_map(struct dma_buf_attachment *attachment, enum dma_data_direction dir)
{
	struct bar *bar = attachment->dmabuf->priv;
	struct sg_table *sgt;

${map}	sgt = bar_table_of(bar, dir);
	if (IS_ERR(sgt))
		return sgt;
	kref_get(&bar->kref);
	return sgt;
}

static void bar_unmap(struct dma_buf_attachment *attachment, struct sg_table *sgt, enum dma_data_direction dir)
{
	struct bar *bar = attachment->dmabuf->priv;

	bar_free_table(bar, sgt, dir);
${unmap}}
${before}
static const struct dma_buf_ops bar_dmabuf_ops = {
	.attach = bar_attach,
	.map_dma_buf = bar_map,
	.unmap_dma_buf = bar_unmap,
	.release = bar_release,
${ops}};

void bar_init(struct bar *bar)
{
	kref_init(&bar->kref);
	init_completion(&bar->comp);
}

void bar_revoke(struct bar *bar)
{
${revoke}}
${more}`;

/** Memory of a device that moves while nobody pins it. `vmap`, `pin`, `move`: bodies. */
export const toyMover = ({ pin = '	return bo_pin(attachment->dmabuf->priv);\n', vmap = '', move = '	dma_buf_invalidate_mappings(bo->dmabuf);\n' }: { readonly pin?: string; readonly vmap?: string; readonly move?: string } = {}): string => `#include <linux/dma-buf.h>
#include <linux/dma-resv.h>

struct bo { struct dma_buf *dmabuf; void *place; int pins; };

static int bo_pin(struct bo *bo)
{
	bo->pins++;
	return 0;
}

static void bo_unpin(struct bo *bo)
{
	bo->pins--;
}

static int vram_pin(struct dma_buf_attachment *attachment)
{
${pin}}

static void vram_unpin(struct dma_buf_attachment *attachment)
{
	bo_unpin(attachment->dmabuf->priv);
}

static struct sg_table *vram_map(struct dma_buf_attachment *attachment, enum dma_data_direction dir)
{
	return vram_table_of(attachment->dmabuf->priv, dir);
}

static void vram_unmap(struct dma_buf_attachment *attachment, struct sg_table *sgt, enum dma_data_direction dir)
{
	vram_free_table(attachment->dmabuf->priv, sgt, dir);
}
${vmap === '' ? '' : `
static int vram_vmap(struct dma_buf *dmabuf, struct iosys_map *map)
{
${vmap}}

static void vram_vunmap(struct dma_buf *dmabuf, struct iosys_map *map)
{
	bo_unpin(dmabuf->priv);
}
`}
static const struct dma_buf_ops vram_dmabuf_ops = {
	.pin = vram_pin,
	.unpin = vram_unpin,
	.map_dma_buf = vram_map,
	.unmap_dma_buf = vram_unmap,
	.release = vram_release,
${vmap === '' ? '' : '	.vmap = vram_vmap,\n	.vunmap = vram_vunmap,\n'}};

void bo_moves(struct bo *bo, void *place)
{
	dma_resv_assert_held(bo->dmabuf->resv);
${move}	bo->place = place;
}
`;
