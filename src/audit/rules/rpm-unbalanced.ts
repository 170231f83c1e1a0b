// An exporter wakes its device for an importer and never lets it sleep again, or the other way round (P5).

import { memberFunction } from '../exporters.ts';
import type { ExporterRule } from './rule.ts';

const PAIRS = [['attach', 'detach'], ['map_dma_buf', 'unmap_dma_buf'], ['pin', 'unpin'], ['begin_cpu_access', 'end_cpu_access']] as const;
const TAKES = /\bpm_runtime_(?:get|resume_and_get)\w*\s*\(/;
const GIVES = /\bpm_runtime_put\w*\s*\(/;

export const rule: ExporterRule = {
  judge: 'exporter',
  header: {
    id: 'rpm-unbalanced',
    title: 'an exporter wakes its device for an importer and never lets it sleep again, or the other way round',
    why: 'The device stays awake for ever, or sleeps while an importer reads its memory.',
    obligation: 'P5',
    source: 'pm_runtime_resume_and_get; SEMANTICS A4.3',
    confidence: 'high',
    falsePositives: 'A count that another operation gives back.',
    broken: `#include <linux/dma-buf.h>
#include <linux/dma-resv.h>

struct toy { struct dma_buf *dmabuf; struct dma_buf_attachment *attach; struct sg_table *sgt; struct device *dev; struct work_struct work; spinlock_t lock; bool busy; };

static int toy_attach(struct dma_buf *dmabuf, struct dma_buf_attachment *attachment)
{
	struct toy *t = dmabuf->priv;

	return pm_runtime_resume_and_get(t->dev);
}

static void toy_detach(struct dma_buf *dmabuf, struct dma_buf_attachment *attachment)
{
	struct toy *t = dmabuf->priv;

	toy_note(t);
}

static struct sg_table *toy_map(struct dma_buf_attachment *attachment, enum dma_data_direction dir)
{
	struct toy *t = attachment->dmabuf->priv;

	return t->sgt;
}

static void toy_unmap(struct dma_buf_attachment *attachment, struct sg_table *sgt, enum dma_data_direction dir)
{
	toy_flush(sgt);
}

static void toy_release(struct dma_buf *dmabuf)
{
	kfree(dmabuf->priv);
}

static const struct dma_buf_ops toy_ops = {
	.attach = toy_attach,
	.detach = toy_detach,
	.map_dma_buf = toy_map,
	.unmap_dma_buf = toy_unmap,
	.release = toy_release,
};

struct dma_buf *toy_export(struct dma_buf_export_info *info)
{
	info->ops = &toy_ops;
	return dma_buf_export(info);
}
`,
    clean: `#include <linux/dma-buf.h>
#include <linux/dma-resv.h>

struct toy { struct dma_buf *dmabuf; struct dma_buf_attachment *attach; struct sg_table *sgt; struct device *dev; struct work_struct work; spinlock_t lock; bool busy; };

static int toy_attach(struct dma_buf *dmabuf, struct dma_buf_attachment *attachment)
{
	struct toy *t = dmabuf->priv;

	return pm_runtime_resume_and_get(t->dev);
}

static void toy_detach(struct dma_buf *dmabuf, struct dma_buf_attachment *attachment)
{
	struct toy *t = dmabuf->priv;

	pm_runtime_put_autosuspend(t->dev);
}

static struct sg_table *toy_map(struct dma_buf_attachment *attachment, enum dma_data_direction dir)
{
	struct toy *t = attachment->dmabuf->priv;

	return t->sgt;
}

static void toy_unmap(struct dma_buf_attachment *attachment, struct sg_table *sgt, enum dma_data_direction dir)
{
	toy_flush(sgt);
}

static void toy_release(struct dma_buf *dmabuf)
{
	kfree(dmabuf->priv);
}

static const struct dma_buf_ops toy_ops = {
	.attach = toy_attach,
	.detach = toy_detach,
	.map_dma_buf = toy_map,
	.unmap_dma_buf = toy_unmap,
	.release = toy_release,
};

struct dma_buf *toy_export(struct dma_buf_export_info *info)
{
	info->ops = &toy_ops;
	return dma_buf_export(info);
}
`,
  },
  find: (view, _profile, found) => PAIRS.flatMap(([take, give]) => {
    const [taker, giver] = [memberFunction(view, found, take), memberFunction(view, found, give)];
    if (taker === null || giver === null) return [];
    const text = (fn: typeof taker): string => {
      const place = view.code.locate(fn.name, fn.file);
      return place === null ? '' : view.code.bodyText(place);
    };
    const all = [...PAIRS.flat()].flatMap((member) => memberFunction(view, found, member) ?? []).filter((fn) => fn.name !== taker.name && fn.name !== giver.name).map(text).join('\n');
    const [takes, gives] = [TAKES.test(text(taker)), GIVES.test(text(giver))];
    if (takes && !gives && !GIVES.test(all)) return [{ at: { file: giver.file, line: giver.line, function: giver.name }, text: `${taker.name}() wakes the device, and ${giver.name}() does not let it sleep again`, path: [{ file: taker.file, line: taker.line, function: taker.name, text: 'wakes the device' }] }];
    if (gives && !takes && !TAKES.test(all)) return [{ at: { file: giver.file, line: giver.line, function: giver.name }, text: `${giver.name}() lets the device sleep, which ${taker.name}() did not wake`, path: [{ file: taker.file, line: taker.line, function: taker.name, text: 'does not wake it' }] }];
    return [];
  }),
};
