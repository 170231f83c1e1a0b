/* Own writing: an exporter that revokes, and looks itself for a callback. */
#include <linux/dma-buf.h>
#include <linux/dma-resv.h>
#include <linux/kref.h>

struct poker {
	struct dma_buf *dmabuf;
	struct pci_dev *pdev;
	struct kref kref;
	struct completion comp;
	bool revoked;
};

static int poker_attach(struct dma_buf *dmabuf, struct dma_buf_attachment *attachment)
{
	struct poker *priv = dmabuf->priv;

	if (!attachment->peer2peer)
		return -EOPNOTSUPP;
	if (priv->revoked)
		return -ENODEV;
	if (!attachment->importer_ops || !attachment->importer_ops->invalidate_mappings)
		return -EOPNOTSUPP;
	return 0;
}

static void poker_unmapped(struct kref *kref)
{
	struct poker *priv = container_of(kref, struct poker, kref);

	complete(&priv->comp);
}

static struct sg_table *poker_map(struct dma_buf_attachment *attachment, enum dma_data_direction dir)
{
	struct poker *priv = attachment->dmabuf->priv;
	struct sg_table *sgt;

	if (priv->revoked)
		return ERR_PTR(-ENODEV);
	sgt = poker_make_table(priv, dir);
	if (IS_ERR(sgt))
		return sgt;
	kref_get(&priv->kref);
	return sgt;
}

static void poker_unmap(struct dma_buf_attachment *attachment, struct sg_table *sgt, enum dma_data_direction dir)
{
	struct poker *priv = attachment->dmabuf->priv;

	poker_free_table(priv, sgt, dir);
	kref_put(&priv->kref, poker_unmapped);
}

static const struct dma_buf_ops poker_dmabuf_ops = {
	.attach = poker_attach,
	.map_dma_buf = poker_map,
	.unmap_dma_buf = poker_unmap,
	.release = poker_release,
};

/* Before the device is reset: callbacks, then fences, then every unmap. */
void poker_revoke(struct poker *priv)
{
	dma_resv_lock(priv->dmabuf->resv, NULL);
	priv->revoked = true;
	dma_buf_invalidate_mappings(priv->dmabuf);
	dma_resv_wait_timeout(priv->dmabuf->resv, DMA_RESV_USAGE_BOOKKEEP, false, MAX_SCHEDULE_TIMEOUT);
	dma_resv_unlock(priv->dmabuf->resv);
	kref_put(&priv->kref, poker_unmapped);
	wait_for_completion(&priv->comp);
	pci_reset_function(priv->pdev);
}
