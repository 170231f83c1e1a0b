// memory is taken back and nobody is told (SEMANTICS B13, C3, C4).

import type { RevokePath } from '../../results/audit.ts';
import { memberFunction } from '../exporters.ts';
import { reachesText } from '../lexical-reach.ts';
import { revokesOf, tryRevoke } from '../revoke-trial.ts';
import { folderOf } from '../../source/lexical.ts';
import { REVOKE, toyExporter } from './toy-exporter.ts';
import type { ExporterRule, Found } from './rule.ts';

export const rule: ExporterRule = {
  judge: 'exporter',
  header: {
    id: 'silent-revoke',
    title: 'an exporter takes its memory back without dma_buf_invalidate_mappings()',
    why: 'Importers learn of it by that call alone. One that is not told goes on, and never unmaps: a wait for it does not end, and without a wait its device meets memory that is gone.',
    obligation: 'P3',
    source: 'kernel-doc dma_buf_invalidate_mappings; SEMANTICS B13, C3, C4',
    confidence: 'high',
    falsePositives: 'A call that is made through a pointer, or in another folder than the table\'s. A pin operation of memory that never moves.',
    broken: toyExporter({ revoke: REVOKE.replace('\tdma_buf_invalidate_mappings(bar->dmabuf);\n', '') }),
    clean: toyExporter(),
  },
  find: (view, profile, found) => {
    if (profile.invalidates.length > 0) return [];
    const told = revokesOf(profile).map((path): Found => ({
      at: placeOf(path), text: 'new mappings are turned away and importers are waited for, and none of them is told: no dma_buf_invalidate_mappings()', path: tryRevoke(profile, path)?.path ?? [],
    }));
    if (told.length > 0 || !profile.moves) return told;
    const pin = memberFunction(view, found, 'pin');
    // Memory that never moves may have a pin operation that does nothing.
    if (pin === null || !reachesText(view, pin, folderOf(profile.file), /\b\w*pin\w*\s*\(|pin_?count/)) return [];
    return [{ at: { file: pin.file, line: pin.line, function: pin.name }, text: 'what is pinned here moves while nobody pins it, and no importer is told: no dma_buf_invalidate_mappings()', path: [] }];
  },
};

const placeOf = ({ file, line, function: name }: RevokePath) => ({ file, line, function: name });
