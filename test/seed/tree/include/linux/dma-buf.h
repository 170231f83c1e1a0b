/* Own writing: as much of the interface as the three drivers here need. */
#ifndef __DMA_BUF_H__
#define __DMA_BUF_H__

struct dma_buf_attachment;

struct dma_buf_attach_ops {
	bool allow_peer2peer;
	/* Optional: the mapping is not to be relied on any more. */
	void (*invalidate_mappings)(struct dma_buf_attachment *attach);
};

bool dma_buf_attach_revocable(struct dma_buf_attachment *attach);

#endif
