// A buffer is used after its descriptor was published, without a reference of its own (P5).

import { followingOf } from './flow-questions.ts';
import type { FunctionRule } from './rule.ts';

export const rule: FunctionRule = {
  judge: 'function',
  header: {
    id: 'use-after-publish',
    title: 'a buffer is used after its descriptor was published, without a reference of its own',
    why: 'Another thread may close the descriptor at once, and the buffer is gone.',
    obligation: 'P5',
    source: 'kernel-doc dma_buf_fd; SEMANTICS B2',
    confidence: 'medium',
    falsePositives: 'A reference that the caller holds.',
    broken: `#include <linux/dma-buf.h>
#include <linux/dma-resv.h>

struct toy { struct dma_buf *dmabuf; struct dma_buf_attachment *attach; struct sg_table *sgt; struct device *dev; struct work_struct work; spinlock_t lock; bool busy; };

static int toy_export(struct toy *t, struct toy_args __user *arg)
{
	struct toy_args args = {};
	int fd;

	t->dmabuf = dma_buf_export(&t->info);
	if (IS_ERR(t->dmabuf))
		return PTR_ERR(t->dmabuf);
	fd = dma_buf_fd(t->dmabuf, O_CLOEXEC);
	if (fd < 0)
		return fd;
	t->dmabuf->priv = t;
	return 0;
}
`,
    clean: `#include <linux/dma-buf.h>
#include <linux/dma-resv.h>

struct toy { struct dma_buf *dmabuf; struct dma_buf_attachment *attach; struct sg_table *sgt; struct device *dev; struct work_struct work; spinlock_t lock; bool busy; };

static int toy_export(struct toy *t, struct toy_args __user *arg)
{
	struct toy_args args = {};
	int fd;

	t->dmabuf = dma_buf_export(&t->info);
	if (IS_ERR(t->dmabuf))
		return PTR_ERR(t->dmabuf);
	t->dmabuf->priv = t;
	fd = dma_buf_fd(t->dmabuf, O_CLOEXEC);
	if (fd < 0) {
		dma_buf_put(t->dmabuf);
		return fd;
	}
	return 0;
}
`,
  },
  words: ['dma_buf_fd'],
  find: (view, fn) => followingOf(view, fn, ['dma_buf_fd', 'dma_buf_fd_install']).flatMap(({ call, at, args, behind }) => {
    const buffer = args[0] ?? '';
    if (!/^[\w>.-]+$/.test(buffer) || !/\bdma_buf_export\s*\(|_export\s*\(/.test(view.code.flow(fn).nodes.map(({ text }) => text).join('\n')) || /\bget_dma_buf\s*\(/.test(view.code.flow(fn).nodes.map(({ text }) => text).join('\n'))) return [];
    const later = behind.find(({ text, isGood }) => isGood && new RegExp(`(?<![\\w>.])${buffer.replace(/[.>-]/g, '\\$&')}->`).test(text));
    return later === undefined ? [] : [{ at: { file: fn.file, line: later.line, function: fn.name }, text: `uses ${buffer} after ${call}() gave it to the user`, path: [{ file: fn.file, line: at.line, function: fn.name, text: `${call}()` }] }];
  }),
};
