// device memory for an importer that did not say it can reach it (B6.2, A8.1).

import { folderOf } from '../../source/lexical.ts';
import { memberFunction } from '../exporters.ts';
import { reachesText } from '../lexical-reach.ts';
import { ATTACH, toyExporter } from './toy-exporter.ts';
import type { ExporterRule } from './rule.ts';

/** What makes DMA addresses of a device's own memory, and of nothing else. dma_map_resource() serves carve-outs of system memory too. */
const DEVICE_MEMORY = /\b(?:dma_buf_phys_vec_to_sgt|pci_p2pdma_map_\w+)\s*\(/;
const before = (body: string): string => body.replace('bar_table_of(bar, dir)', 'dma_buf_phys_vec_to_sgt(attachment, bar->provider, bar->vec, 1, bar->size, dir)');

export const rule: ExporterRule = {
  judge: 'exporter',
  header: {
    id: 'peer2peer-not-asked',
    title: 'an exporter of device memory does not ask whether the importer takes peer to peer',
    why: 'An importer that did not set allow_peer2peer expects system memory, with pages. It gets addresses of another device\'s BAR, which it may not reach, and which have no pages.',
    obligation: null,
    source: 'kernel-doc dma_buf_attachment.peer2peer; vfio_pci_dma_buf_attach; SEMANTICS B6.2, A8',
    confidence: 'high',
    falsePositives: 'An exporter that knows by other means which device imports.',
    broken: before(toyExporter({ attach: ATTACH.replace('\tif (!attachment->peer2peer)\n\t\treturn -EOPNOTSUPP;\n', '') })),
    clean: before(toyExporter()),
  },
  find: (view, profile, found) => {
    const map = memberFunction(view, found, 'map_dma_buf');
    if (map === null) return [];
    const home = folderOf(profile.file);
    if (!reachesText(view, map, home, DEVICE_MEMORY, 2)) return [];
    const asks = ['attach', 'map_dma_buf', 'pin'].some((member) => {
      const fn = memberFunction(view, found, member);
      return fn === null ? profile.has.includes(member) : reachesText(view, fn, home, /\bpeer2peer\b/, 2);
    });
    return asks ? [] : [{ at: { file: map.file, line: map.line, function: map.name }, text: 'maps the memory of a device, and nobody asked whether the importer takes peer to peer', path: [] }];
  },
};
