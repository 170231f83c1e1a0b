// What the examples of the rules have in common: headers, the object of an importer of our own, and how it gives everything back.

export const TOY = `#include <linux/dma-buf.h>
#include <linux/dma-resv.h>
#include <linux/slab.h>

struct toy { struct dma_buf *dmabuf; struct dma_buf_attachment *attach; struct sg_table *sgt; struct device *dev; int size; };

void toy_release(struct toy *t)
{
	dma_resv_lock(t->dmabuf->resv, NULL);
	dma_buf_unmap_attachment(t->attach, t->sgt, DMA_BIDIRECTIONAL);
	dma_buf_unpin(t->attach);
	dma_resv_unlock(t->dmabuf->resv);
	dma_buf_detach(t->dmabuf, t->attach);
	dma_buf_put(t->dmabuf);
}

`;
