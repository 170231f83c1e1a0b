// user mappings and importers' mappings that are not taken back together (B17).

import type { CFunction } from '../../source/syntax.ts';
import { memberFunction } from '../exporters.ts';
import { RevokeCallers, type Happening } from '../revoke-callers.ts';
import { revokesOf } from '../revoke-trial.ts';
import { REVOKE, RESTORE, toyExporter } from './toy-exporter.ts';
import type { ExporterRule, Found } from './rule.ts';

const MMAP = `
static int bar_mmap(struct dma_buf *dmabuf, struct vm_area_struct *vma)
{
	return bar_insert_pages(dmabuf->priv, vma);
}
`;
const parts = { before: MMAP, ops: '\t.mmap = bar_mmap,\n', more: RESTORE };

/** As many as make a habit of the driver. */
const HABIT = 3;

export const rule: ExporterRule = {
  judge: 'exporter',
  header: {
    id: 'mmap-not-zapped-on-revoke',
    title: 'memory is taken back from importers and left to users\' own mappings, or the other way round',
    why: 'A CPU that touches memory of a device in reset gets a machine check as a DMA does. Whoever takes one kind of mapping away for a reset means the other as well.',
    obligation: 'P3',
    source: 'vfio_pci_zap_and_down_write_memory_lock; SEMANTICS B17, C4.1',
    confidence: 'high',
    falsePositives: 'A driver whose user mappings are made anew at each fault, and are blocked by a lock that is held. A function that zaps for another reason than a reset.',
    broken: toyExporter(parts),
    clean: toyExporter({ ...parts, revoke: `\tunmap_mapping_range(bar->dmabuf->file->f_mapping, 0, 0, 1);\n${REVOKE}` }),
  },
  find: (view, profile, found) => {
    const paths = revokesOf(profile);
    if (paths.length === 0) return [];
    const callers = new RevokeCallers(view, profile);
    const rows = callers.functions().map((fn) => ({ fn, all: callers.all(fn) }));
    const has = (all: readonly Happening[], what: Happening['what']): boolean => all.some((one) => one.what === what);
    const both = rows.filter(({ all }) => has(all, 'revoke') && has(all, 'zap'));
    const at = (fn: CFunction, all: readonly Happening[], what: Happening['what']) => all.find((one) => one.what === what)?.at ?? { file: fn.file, line: fn.line, function: fn.name };
    const told: Found[] = [];
    if (both.length >= HABIT) {
      const like = both.slice(0, 2).map(({ fn, all }) => ({ ...at(fn, all, 'zap'), text: `${fn.name}() takes both away` }));
      for (const { fn, all } of rows) {
        if (callers.isClosing(fn)) continue;
        if (has(all, 'revoke') && !has(all, 'zap')) told.push({ at: at(fn, all, 'revoke'), text: 'revokes the buffers and leaves users\' own mappings of the memory, which all like it take away too', path: like });
        if (has(all, 'zap') && !has(all, 'revoke')) told.push({ at: at(fn, all, 'zap'), text: 'takes users\' own mappings of the memory away and does not revoke the buffers, as all like it do', path: like });
      }
      return told;
    }
    // It offers mmap itself, and takes it away nowhere.
    const mmap = memberFunction(view, found, 'mmap');
    if (mmap === null || both.length > 0 || rows.some(({ all }) => has(all, 'zap'))) return told;
    const inside = paths.flatMap(({ file, function: name }) => view.code.functionIn(file, name) ?? []);
    if (inside.some((fn) => has(callers.all(fn), 'zap'))) return told;
    return paths.slice(0, 1).map(({ file, line, function: name }) => ({ at: { file, line, function: name }, text: `revokes, and leaves what ${mmap.name}() mapped to users`, path: [{ file: mmap.file, line: mmap.line, function: mmap.name, text: 'maps the memory to a user' }] }));
  },
};
