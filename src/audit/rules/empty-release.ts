// memory that goes away without regard to who still has the buffer (A1, B4).

import { memberFunction } from '../exporters.ts';
import { toyExporter } from './toy-exporter.ts';
import type { ExporterRule } from './rule.ts';

const RELEASE = { before: '\nstatic void bar_release(struct dma_buf *dmabuf)\n{\n}\n' };

export const rule: ExporterRule = {
  judge: 'exporter',
  header: {
    id: 'empty-release',
    title: 'the release operation of an exporter does nothing',
    why: 'Release is the only word that nobody has the buffer any more. Whoever frees the memory at another time, when a stream or a file of the exporter is closed, frees it under a descriptor that a user still holds and under importers that still have it attached.',
    obligation: 'P3',
    source: 'kernel-doc dma_buf_ops.release; SEMANTICS A1, B4, C9',
    confidence: 'high',
    falsePositives: 'Memory that is there for as long as the module.',
    broken: toyExporter(RELEASE),
    clean: toyExporter({ before: RELEASE.before.replace('{\n}', '{\n\tbar_put(dmabuf->priv);\n}') }),
  },
  find: (view, _profile, found) => {
    const release = memberFunction(view, found, 'release');
    if (release === null || release.body.length > 0 || release.unread.length > 0) return [];
    return [{ at: { file: release.file, line: release.line, function: release.name }, text: 'does nothing: the memory ends at another time, whoever has the buffer', path: [] }];
  },
};
