// an exporter that revokes and lets in who cannot stop (C8, D8).

import { memberFunction } from '../exporters.ts';
import { revokesOf, tryRevoke } from '../revoke-trial.ts';
import { ATTACH, toyExporter } from './toy-exporter.ts';
import type { ExporterRule, Found } from './rule.ts';

export const rule: ExporterRule = {
  judge: 'exporter',
  header: {
    id: 'non-revocable-accepted',
    title: 'an exporter that revokes lets in importers that it cannot revoke',
    why: 'An importer that pins and has no callback keeps its mapping until its user is done. The revoke then waits for a user, or does not wait and takes the memory from under a running device. Attach has to ask dma_buf_attach_revocable(), or pin has to fail.',
    obligation: 'P6',
    source: 'kernel-doc dma_buf_attach_revocable; commit be6d4c9e9d71; SEMANTICS C8, D8',
    confidence: 'high',
    falsePositives: 'An exporter that knows its importers by other means.',
    broken: toyExporter({ attach: ATTACH.slice(0, ATTACH.indexOf('\tif (!dma_buf_attach_revocable')) }),
    clean: toyExporter(),
  },
  find: (view, profile, found) => {
    const attach = memberFunction(view, found, 'attach');
    const at = attach === null ? { file: profile.file, line: profile.line, function: '' } : { file: attach.file, line: attach.line, function: attach.name };
    for (const path of revokesOf(profile)) {
      // Where a revoke fails an importer that obeys, it is the revoke that is wrong.
      if (profile.waitsUnmap === null || tryRevoke(profile, path)?.worst !== null) continue;
      const trial = tryRevoke(profile, path, 'pinned');
      if (trial !== null && trial.worst !== null) return [{ at, text: 'lets in an importer that pins and has no callback, though the exporter revokes', path: trial.path } satisfies Found];
    }
    return [];
  },
};
