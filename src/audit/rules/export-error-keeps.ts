// what is taken for a buffer that then does not come to be (B1, F-pattern g).

import { memberFunction } from '../exporters.ts';
import { codeOf, lineOf, withCallees } from '../lexical-reach.ts';
import { folderOf } from '../../source/lexical.ts';
import { ownPair } from './op-not-undone.ts';
import { toyExporter } from './toy-exporter.ts';
import type { ExporterRule, Found } from './rule.ts';

const EXPORT = /\b(?:dma_buf_export|drm_gem_dmabuf_export|drm_gem_prime_export)\s*\(/;
const body = (end: string): string => toyExporter({
  before: `
void bar_keep_get(struct bar *bar)
{
	bar_count(bar, 1);
}

void bar_keep_put(struct bar *bar)
{
	bar_count(bar, -1);
}

static void bar_release(struct dma_buf *dmabuf)
{
	bar_keep_put(dmabuf->priv);
}
`,
  more: `
struct dma_buf *bar_export(struct bar *bar)
{
	struct dma_buf_export_info info = { .ops = &bar_dmabuf_ops, .priv = bar };
	struct dma_buf *dmabuf;

	bar_keep_get(bar);
	dmabuf = dma_buf_export(&info);
${end}	return dmabuf;
}
`,
});

export const rule: ExporterRule = {
  judge: 'exporter',
  header: {
    id: 'export-error-keeps',
    title: 'an export that fails keeps what release would give back',
    why: 'Release runs only for a buffer that was made. What was taken before dma_buf_export(), for release to give back, stays for ever where that call fails.',
    obligation: 'P5',
    source: 'kernel-doc dma_buf_export, dma_buf_ops.release; SEMANTICS B1, B4',
    confidence: 'high',
    falsePositives: 'A caller that gives it back.',
    broken: body(''),
    clean: body('\tif (IS_ERR(dmabuf))\n\t\tbar_keep_put(bar);\n'),
  },
  find: (view, profile, found) => {
    const release = memberFunction(view, found, 'release');
    const file = profile.file;
    const text = view.code.text(file) ?? '';
    if (release === null) return [];
    const given = new Set(withCallees(view, release, folderOf(file), 1).flatMap((one) => view.code.lexicalCalls(one).names).flatMap((name) => {
      const pair = ownPair(view, name, release.file);
      return pair?.how === 'gives' ? [pair.of] : [];
    }));
    const makers = new Map([...text.matchAll(new RegExp(`&${found.table.name}\\b`, 'g'))].flatMap((match) => view.fields.functionAround(file, match.index) ?? []).map((one) => [one.name, one]));
    return [...makers.values()].flatMap((one): readonly Found[] => {
      const whole = codeOf(view, one);
      const at = whole.search(EXPORT);
      if (at === -1) return [];
      return [...whole.slice(0, at).matchAll(/\b(\w+)\s*\(/g)].flatMap((match): readonly Found[] => {
        const name = match[1] ?? '';
        const pair = ownPair(view, name, file);
        if (pair?.how !== 'takes' || !given.has(pair.of) || new RegExp(`\\b${pair.other}\\w*\\s*\\(`).test(whole)) return [];
        return [{ at: { file, line: lineOf(view, one, match.index), function: one.name }, text: `${name}() is given back by ${release.name}() only, and not where the export fails`, path: [{ file, line: lineOf(view, one, at), function: one.name, text: 'may fail' }] }];
      });
    });
  },
};
