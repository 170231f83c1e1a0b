// a kernel mapping of memory that can move under it (B18).

import { folderOf } from '../../source/lexical.ts';
import { memberFunction } from '../exporters.ts';
import { codeOf, withCallees } from '../lexical-reach.ts';
import { toyMover } from './toy-exporter.ts';
import type { ExporterRule } from './rule.ts';

/** What keeps memory in place: a pin, or a count of them. */
export const KEEPS = /\b(?:\w+_)?pin(?:_\w+)?\s*\(|\bpin_?count\b[^;=!<>]*(?:\+\+|\+=)/;

export const rule: ExporterRule = {
  judge: 'exporter',
  header: {
    id: 'vmap-without-pin',
    title: 'an exporter whose memory moves does not keep it in place while the kernel has it mapped',
    why: 'dma_buf_vmap() has no attachment: nobody can be called back, and nobody else pins. When the memory moves, the CPU goes on with the old place.',
    obligation: 'P11',
    source: 'kernel-doc dma_buf_ops.vmap; SEMANTICS B18, F21',
    confidence: 'high',
    falsePositives: 'A pin that is taken in a way whose name does not say so.',
    broken: toyMover({ vmap: '\treturn vram_kernel_address(dmabuf->priv, map);\n' }),
    clean: toyMover({ vmap: '\tif (bo_pin(dmabuf->priv))\n\t\treturn -ENOMEM;\n\treturn vram_kernel_address(dmabuf->priv, map);\n' }),
  },
  find: (view, profile, found) => {
    const vmap = memberFunction(view, found, 'vmap');
    if (!profile.moves || vmap === null) return [];
    const home = folderOf(profile.file);
    const reached = withCallees(view, vmap, home, 4);
    // A helper that asks the driver for its own way, of which it has none, fails.
    const isOwn = folderOf(vmap.file) === home;
    if (!isOwn && !reached.some((one) => folderOf(one.file) === home)) return [];
    if (reached.some((one) => KEEPS.test(codeOf(view, one)))) return [];
    return [{ at: { file: vmap.file, line: vmap.line, function: vmap.name }, text: 'maps memory that can move, and does not pin it', path: [] }];
  },
};
