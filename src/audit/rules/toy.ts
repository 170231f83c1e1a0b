// What the examples of the rules have in common: headers, and the object of an importer of our own.

export const TOY = `#include <linux/dma-buf.h>
#include <linux/dma-resv.h>
#include <linux/slab.h>

struct toy { struct dma_buf *dmabuf; struct dma_buf_attachment *attach; struct sg_table *sgt; struct device *dev; int size; };

`;
