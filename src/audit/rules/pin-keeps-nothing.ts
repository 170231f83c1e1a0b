// a pin operation that does not pin (P11).

import { folderOf } from '../../source/lexical.ts';
import { memberFunction } from '../exporters.ts';
import { reachesText } from '../lexical-reach.ts';
import { toyMover } from './toy-exporter.ts';
import { KEEPS } from './vmap-without-pin.ts';
import type { ExporterRule } from './rule.ts';

export const rule: ExporterRule = {
  judge: 'exporter',
  header: {
    id: 'pin-keeps-nothing',
    title: 'the pin operation of memory that moves does not keep it in place',
    why: 'An importer without callback relies on its pin alone. Where the exporter moves the memory all the same, the importer\'s device goes on with the old place, which belongs to somebody else.',
    obligation: 'P11',
    source: 'kernel-doc dma_buf_ops.pin; SEMANTICS B8, C10',
    confidence: 'high',
    falsePositives: 'A pin that is taken in a way whose name does not say so.',
    broken: toyMover({ pin: '\treturn 0;\n' }),
    clean: toyMover(),
  },
  find: (view, profile, found) => {
    const pin = memberFunction(view, found, 'pin');
    if (!profile.moves || pin === null || profile.invalidates.length === 0 || reachesText(view, pin, folderOf(profile.file), KEEPS)) return [];
    return [{ at: { file: pin.file, line: pin.line, function: pin.name }, text: 'says that it pins, and pins nothing: the memory moves under importers without callback', path: [] }];
  },
};
