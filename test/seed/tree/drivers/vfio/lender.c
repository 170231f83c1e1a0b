/* Own writing: an exporter that revokes, and asks the framework who can be revoked. */
#include <linux/dma-buf.h>
#include <linux/dma-resv.h>
#include <linux/kref.h>

struct lender {
	struct dma_buf *dmabuf;
	struct pci_dev *pdev;
	struct kref kref;
	struct completion comp;
	bool revoked;
};

static int lender_attach(struct dma_buf *dmabuf, struct dma_buf_attachment *attachment)
{
	struct lender *priv = dmabuf->priv;

	if (!attachment->peer2peer)
		return -EOPNOTSUPP;
	if (priv->revoked)
		return -ENODEV;
	if (!dma_buf_attach_revocable(attachment))
		return -EOPNOTSUPP;
	return 0;
}

static void lender_unmapped(struct kref *kref)
{
	struct lender *priv = container_of(kref, struct lender, kref);

	complete(&priv->comp);
}

static struct sg_table *lender_map(struct dma_buf_attachment *attachment, enum dma_data_direction dir)
{
	struct lender *priv = attachment->dmabuf->priv;
	struct sg_table *sgt;

	if (priv->revoked)
		return ERR_PTR(-ENODEV);
	sgt = lender_make_table(priv, dir);
	if (IS_ERR(sgt))
		return sgt;
	kref_get(&priv->kref);
	return sgt;
}

static void lender_unmap(struct dma_buf_attachment *attachment, struct sg_table *sgt, enum dma_data_direction dir)
{
	struct lender *priv = attachment->dmabuf->priv;

	lender_free_table(priv, sgt, dir);
	kref_put(&priv->kref, lender_unmapped);
}

static const struct dma_buf_ops lender_dmabuf_ops = {
	.attach = lender_attach,
	.map_dma_buf = lender_map,
	.unmap_dma_buf = lender_unmap,
	.release = lender_release,
};

/* Before the device is reset: callbacks, then fences, then every unmap. */
void lender_revoke(struct lender *priv)
{
	dma_resv_lock(priv->dmabuf->resv, NULL);
	priv->revoked = true;
	dma_buf_invalidate_mappings(priv->dmabuf);
	dma_resv_wait_timeout(priv->dmabuf->resv, DMA_RESV_USAGE_BOOKKEEP, false, MAX_SCHEDULE_TIMEOUT);
	dma_resv_unlock(priv->dmabuf->resv);
	kref_put(&priv->kref, lender_unmapped);
	wait_for_completion(&priv->comp);
	pci_reset_function(priv->pdev);
}
