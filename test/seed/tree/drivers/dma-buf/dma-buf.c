/* Own writing: the question that an exporter may ask about an importer. */
#include <linux/dma-buf.h>
#include <linux/export.h>
#include <linux/printk.h>

/* Whether the importer gives its mapping back in bounded time when it is told. */
bool dma_buf_attach_revocable(struct dma_buf_attachment *attach)
{
	return attach->importer_ops && attach->importer_ops->invalidate_mappings;
}
EXPORT_SYMBOL_NS_GPL(dma_buf_attach_revocable, "DMA_BUF");
