/* Own writing: an importer whose device cannot stop while a memory region is registered. */
#include <linux/dma-buf.h>
#include <linux/dma-resv.h>
#include <linux/slab.h>

struct umem_pinned {
	struct dma_buf_attachment *attach;
	struct sg_table *sgt;
};

static const struct dma_buf_attach_ops umem_pinned_attach_ops = {
	.allow_peer2peer = true,
};

struct umem_pinned *umem_pinned_get(struct dma_buf *dmabuf, struct device *dev)
{
	struct dma_buf_attachment *attach;
	struct umem_pinned *umem;
	int ret;

	umem = kzalloc(sizeof(*umem), GFP_KERNEL);
	if (!umem)
		return ERR_PTR(-ENOMEM);

	attach = dma_buf_dynamic_attach(dmabuf, dev, &umem_pinned_attach_ops, umem);
	if (IS_ERR(attach)) {
		ret = PTR_ERR(attach);
		goto err_free;
	}
	umem->attach = attach;

	dma_resv_lock(dmabuf->resv, NULL);
	ret = dma_buf_pin(attach);
	if (ret)
		goto err_unlock;
	umem->sgt = dma_buf_map_attachment(attach, DMA_BIDIRECTIONAL);
	if (IS_ERR(umem->sgt)) {
		ret = PTR_ERR(umem->sgt);
		goto err_unpin;
	}
	dma_resv_unlock(dmabuf->resv);
	return umem;

err_unpin:
	dma_buf_unpin(attach);
err_unlock:
	dma_resv_unlock(dmabuf->resv);
	dma_buf_detach(dmabuf, attach);
err_free:
	kfree(umem);
	return ERR_PTR(ret);
}
EXPORT_SYMBOL_GPL(umem_pinned_get);

/* Only when the user deregisters. */
void umem_pinned_release(struct umem_pinned *umem)
{
	struct dma_buf *dmabuf = umem->attach->dmabuf;

	dma_resv_lock(dmabuf->resv, NULL);
	dma_buf_unmap_attachment(umem->attach, umem->sgt, DMA_BIDIRECTIONAL);
	dma_buf_unpin(umem->attach);
	dma_resv_unlock(dmabuf->resv);
	dma_buf_detach(dmabuf, umem->attach);
	kfree(umem);
}
EXPORT_SYMBOL_GPL(umem_pinned_release);
