// a count of mappings that map and unmap do not keep together (P14, C8).

import type { Behaviour, ExporterProfile, Place } from '../../results/audit.ts';
import { folderOf } from '../../source/lexical.ts';
import type { CFunction } from '../../source/syntax.ts';
import { memberFunction } from '../exporters.ts';
import { reachesText } from '../lexical-reach.ts';
import { mappingCountOf } from '../mapping-count.ts';
import { revokesOf } from '../revoke-trial.ts';
import type { TreeView } from '../tree-view.ts';
import { actsOf } from '../unmaps.ts';
import { toyExporter } from './toy-exporter.ts';
import type { ExporterRule, Found } from './rule.ts';

export const rule: ExporterRule = {
  judge: 'exporter',
  header: {
    id: 'mapping-count-unbalanced',
    title: 'map, unmap and the wait of a revoke do not keep the count of mappings together',
    why: 'A revoke waits until that count comes to its end. Counted only by unmap, it ends while mappings are live and then goes below zero; counted only by map, it never ends.',
    obligation: 'P14',
    source: 'vfio_pci_dma_buf_map, vfio_pci_dma_buf_unmap; refcount_t; SEMANTICS A10, C8, C10',
    confidence: 'high',
    falsePositives: 'A count that is kept by a function of another folder.',
    broken: toyExporter({ unmap: '' }),
    clean: toyExporter(),
  },
  find: (view, profile, found) => {
    if (revokesOf(profile).length === 0) return [];
    const [map, unmap] = [memberFunction(view, found, 'map_dma_buf'), memberFunction(view, found, 'unmap_dma_buf')];
    if (map === null || unmap === null || profile.mapBehaviour === null || profile.unmapBehaviour === null) return [];
    const home = folderOf(profile.file);
    const awaited = awaitedOf(profile.revokes.map((one) => one.behaviour));
    const counted = (one: Behaviour, how: 'count-get' | 'count-put'): ReadonlyMap<string, Place> =>
      new Map(actsOf([one]).flatMap(({ act, at }) => (act.do === how && (act.completes !== null ? awaited.has(act.completes) : true) ? [[act.object, at] as const] : [])));
    const also = (fn: CFunction, how: string, object: string): boolean => reachesText(view, fn, home, new RegExp(`\\b(?:kref|refcount|atomic)_(?:${how})\\w*\\s*\\([^;]*\\b${object}\\b`));
    const rows: Found[] = [];
    for (const [object, at] of counted(profile.mapBehaviour, 'count-get')) {
      if (!also(unmap, 'put|dec|sub', object)) rows.push({ at, text: `counts a mapping in \`${object}\`, and ${unmap.name}() never gives it back: a revoke waits for ever`, path: [] });
    }
    for (const [object, at] of counted(profile.unmapBehaviour, 'count-put')) {
      if (!also(map, 'get|inc|add', object)) rows.push({ at, text: `drops a reference of \`${object}\` that ${map.name}() never took: a revoke does not wait for live mappings`, path: [] });
    }
    return [...rows, ...neverCompleted(view, profile, unmap, home)];
  },
};

/** A completion that a revoke waits for, and that unmap does not come to complete. */
function neverCompleted(view: TreeView, profile: ExporterProfile, unmap: CFunction, home: string): readonly Found[] {
  const count = mappingCountOf(profile);
  if (count === null || count.completion !== count.object) return [];
  for (const { act, at } of actsOf(revokesOf(profile).map((one) => one.behaviour))) {
    // A wait for the count itself has the count as its object.
    if (act.do !== 'completion-wait' || act.object === count.object || !/wait_for_completion/.test(lineAt(view, at))) continue;
    if (!reachesText(view, unmap, home, new RegExp(`\\bcomplete(?:_all)?\\s*\\([^;]*\\b${act.object}\\b`))) return [{ at, text: `waits for \`${act.object}\`, which ${unmap.name}() does not complete when the last mapping goes`, path: [] }];
  }
  return [];
}

const lineAt = (view: TreeView, { file, line }: Place): string => (view.code.text(file) ?? '').split('\n')[line - 1] ?? '';

const awaitedOf = (revokes: readonly Behaviour[]): ReadonlySet<string> => new Set(actsOf(revokes).flatMap(({ act }) => (act.do === 'completion-wait' ? [act.object] : [])));
