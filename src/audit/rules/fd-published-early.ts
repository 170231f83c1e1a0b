// A dma-buf gets its file descriptor before the last step that can fail (P5).

import { followingOf } from './flow-questions.ts';
import type { FunctionRule } from './rule.ts';

export const rule: FunctionRule = {
  judge: 'function',
  header: {
    id: 'fd-published-early',
    title: 'a dma-buf gets its file descriptor before the last step that can fail',
    why: 'Once the descriptor is installed any thread of the process may use or close it; it cannot be taken back where a later step fails.',
    obligation: 'P5',
    source: 'kernel-doc dma_buf_fd, CVE-2026-63910; SEMANTICS B2',
    confidence: 'high',
    falsePositives: 'A later failure that leaves the descriptor to the user on purpose.',
    broken: `#include <linux/dma-buf.h>
#include <linux/dma-resv.h>

struct toy { struct dma_buf *dmabuf; struct dma_buf_attachment *attach; struct sg_table *sgt; struct device *dev; struct work_struct work; spinlock_t lock; bool busy; };

static int toy_export(struct toy *t, struct toy_args __user *arg)
{
	struct toy_args args = {};
	int fd;

	fd = dma_buf_fd(t->dmabuf, O_CLOEXEC);
	if (fd < 0)
		return fd;
	args.fd = fd;
	if (copy_to_user(arg, &args, sizeof(args)))
		return -EFAULT;
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

	fd = get_unused_fd_flags(O_CLOEXEC);
	if (fd < 0)
		return fd;
	args.fd = fd;
	if (copy_to_user(arg, &args, sizeof(args))) {
		put_unused_fd(fd);
		return -EFAULT;
	}
	dma_buf_fd_install(t->dmabuf, fd);
	return 0;
}
`,
  },
  words: ['dma_buf_fd'],
  find: (view, fn) => followingOf(view, fn, ['dma_buf_fd', 'fd_install', 'dma_buf_fd_install']).flatMap(({ call, at, isGood, behind }) => {
    if (call === 'fd_install' && !/dma_?buf|->file/.test(view.code.flow(fn).nodes[at.node]?.text ?? '')) return [];
    const later = behind.find(({ text, isFailure }) => isFailure && /\bcopy_to_user\s*\(|\bput_user\s*\(/.test(text));
    if (later === undefined || !isGood) return [];
    return [{ at: { file: fn.file, line: at.line, function: fn.name }, text: `${call}() publishes the buffer, and ${later.text.slice(0, 60)} can still fail`, path: [{ file: fn.file, line: later.line, function: fn.name, text: later.text.slice(0, 80) }] }];
  }),
};
