// a revoke that new mappings slip through (P7).

import type { Place } from '../../results/audit.ts';
import { refusesOn } from '../emit.ts';
import { memberFunction, type FoundExporter } from '../exporters.ts';
import { codeOf, lineOf } from '../lexical-reach.ts';
import { heldAt, revokesOf, tryRevoke, waysOf, type Way } from '../revoke-trial.ts';
import type { TreeView } from '../tree-view.ts';
import { MAP, REVOKE, toyExporter } from './toy-exporter.ts';
import type { ExporterRule, Found } from './rule.ts';

export const rule: ExporterRule = {
  judge: 'exporter',
  header: {
    id: 'revoke-without-flag',
    title: 'a mapping can be made while the exporter revokes',
    why: 'An importer may ask for a new mapping as soon as the reservation is free. Unless map refuses from before the callbacks on, it gets one that nobody revokes: the wait for unmaps then has no end, or the device is switched off under it.',
    obligation: 'P7',
    source: 'vfio_pci_dma_buf_move, vfio_pci_dma_buf_map; SEMANTICS C4, C7',
    confidence: 'high',
    falsePositives: 'A state that map asks for by other means than a field of its own object.',
    broken: toyExporter({ revoke: REVOKE.replace('\tbar->revoked = true;\n', '').replace('\tdma_resv_unlock(bar->dmabuf->resv);\n', '\tdma_resv_unlock(bar->dmabuf->resv);\n\tbar->revoked = true;\n'), map: MAP }),
    clean: toyExporter(),
  },
  find: (view, profile, found) => revokesOf(profile).flatMap((path): readonly Found[] => {
    const { mapBehaviour } = profile;
    const ways = waysOf(path);
    const fields = new Set(ways.flatMap(({ acts }) => acts.flatMap(({ act }) => (act.do === 'set' && act.value ? [act.field] : []))));
    const past = fields.size === 0 ? null : wayPastMap(view, found, fields);
    if (past !== null) return [{ at: past, text: `hands out the memory without map, and does not ask for \`${[...fields].join('`, `')}\``, path: [] }];
    const refused = [...fields].filter((field) => mapBehaviour !== null && refusesOn(mapBehaviour, field));
    if (fields.size > 0 && refused.length === 0) {
      const map = memberFunction(view, found, 'map_dma_buf');
      if (map === null) return [];
      return [{ at: { file: map.file, line: map.line, function: map.name }, text: `maps although \`${[...fields].join('`, `')}\` is set: a revoked buffer can be mapped`, path: tryRevoke(profile, path, 'remapping')?.path ?? [] }];
    }
    for (const way of ways) {
      const late = lateness(way, refused);
      if (late !== null) return [{ at: late.at, text: late.text, path: tryRevoke(profile, path, 'remapping')?.path ?? [] }];
    }
    return [];
  }),
};

/** A function that knows this table, hands memory of an attachment to another driver, and does not look at the flag. */
function wayPastMap(view: TreeView, { table }: FoundExporter, flags: ReadonlySet<string>): Place | null {
  const text = view.code.text(table.file) ?? '';
  for (const match of text.matchAll(new RegExp(`attach\\w*->dmabuf->ops\\s*!=\\s*&${table.name}\\b`, 'g'))) {
    const fn = view.fields.functionAround(table.file, match.index);
    if (fn === null) continue;
    const body = codeOf(view, fn);
    if (![...flags].some((field) => new RegExp(`\\b${field}\\b`).test(body))) return { file: fn.file, line: lineOf(view, fn, 0), function: fn.name };
  }
  return null;
}

/** Where the flag is not set under the reservation before the callbacks of the same section. */
function lateness(way: Way, refused: readonly string[]): { readonly at: Place; readonly text: string } | null {
  const moment = way.acts[way.moment];
  if (moment === undefined) return null;
  const index = way.acts.findIndex(({ act }) => act.do === 'set' && act.value && refused.includes(act.field));
  const store = way.acts[index];
  if (store === undefined || store.act.do !== 'set') return { at: moment.at, text: 'nothing that map refuses on is set before the importers are called back: they can map again at once' };
  if (index > way.moment && !way.acts.slice(way.moment, index).some(({ act }) => act.do === 'resv-unlock' && act.own)) return null;
  if (index > way.moment) return { at: store.at, text: `\`${store.act.field}\` is set only after the reservation was given back: a mapping can be made between the callbacks and here` };
  if (!heldAt(way, index).has('resv') && heldAt(way, way.moment).has('resv')) return { at: store.at, text: `\`${store.act.field}\` is set without the reservation lock: map may have tested it already, and makes a mapping that is not called back` };
  return null;
}
