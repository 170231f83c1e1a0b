// What changed between two sets of facts: by identity, never by line. A moved line is no drift (issue 3, part 7).

import type { ExporterProfile, Guard, ImporterProfile } from '../results/audit.ts';
import type { Catalogue } from './catalogue.ts';

export interface Drift {
  readonly what: 'new' | 'gone' | 'changed' | 'contract';
  /** "importer xe", "exporter vfio_pci", "contract". */
  readonly of: string;
  readonly text: string;
}

/** The contract first, then importers and exporters in the order of the later tree, those that are gone last. */
export function driftOf(before: Catalogue, after: Catalogue): readonly Drift[] {
  const found: Drift[] = [];
  if (before.tree.contract !== after.tree.contract) found.push({ what: 'contract', of: 'contract', text: `${before.tree.contract} became ${after.tree.contract}` });
  if (before.contractText !== after.contractText) found.push({ what: 'contract', of: 'contract', text: 'the kernel-doc of dma_buf_attach_ops or of the invalidate call changed' });
  found.push(...compared('importer', before.importers, after.importers, importerIdentities, importerFacts, (one) => `${one.file} ${one.function}(), ${one.class}${one.unmaps === null ? '' : `, unmaps ${one.unmaps}`}`));
  found.push(...compared('exporter', before.exporters, after.exporters, exporterIdentities, exporterFacts, (one) => `${one.file} ${one.ops}${one.invalidates.length === 0 ? '' : one.moves ? ', moves' : ', revokes'}`));
  return found;
}

type Profile = ImporterProfile | ExporterProfile;
type Facts = ReadonlyMap<string, string | readonly string[]>;
type Identity<T> = (one: T) => string;

/** Strictest first: what the first leaves over is tried by the next. A name alone can pass to another when a second one with it comes up. */
const importerIdentities: readonly Identity<ImporterProfile>[] = [
  (one) => `${one.id} ${one.file} ${one.function} ${one.ops ?? ''}`,
  (one) => `${one.file} ${one.function} ${one.ops ?? ''}`,
  (one) => one.id,
  (one) => `${one.file} ${one.function}`,
];
const exporterIdentities: readonly Identity<ExporterProfile>[] = [(one) => `${one.id} ${one.file} ${one.ops}`, (one) => `${one.file} ${one.ops}`, (one) => one.id];

function compared<T extends Profile>(kind: string, before: readonly T[], after: readonly T[], identities: readonly Identity<T>[], facts: (one: T) => Facts, place: (one: T) => string): readonly Drift[] {
  const partners = matched(before, after, identities);
  const rows = after.flatMap((one): readonly Drift[] => {
    const old = partners.get(one);
    const of = `${kind} ${one.id}`;
    return old === undefined ? [{ what: 'new', of, text: place(one) }] : changes(facts(old), facts(one)).map((text) => ({ what: 'changed', of, text }));
  });
  const known = new Set(partners.values());
  return [...rows, ...before.filter((one) => !known.has(one)).map((one): Drift => ({ what: 'gone', of: `${kind} ${one.id}`, text: place(one) }))];
}

/** From each later profile to the earlier one that it was. Several with one identity (two attach calls of a function) go in their order. */
function matched<T extends Profile>(before: readonly T[], after: readonly T[], identities: readonly Identity<T>[]): ReadonlyMap<T, T> {
  const partners = new Map<T, T>();
  const left = new Set(before);
  for (const identity of identities) {
    for (const one of after) {
      if (partners.has(one)) continue;
      const old = [...left].find((row) => identity(row) === identity(one));
      if (old === undefined) continue;
      partners.set(one, old);
      left.delete(old);
    }
  }
  return partners;
}

function changes(was: Facts, is: Facts): readonly string[] {
  return [...is].flatMap(([name, now]) => {
    const old = was.get(name) ?? '';
    if (typeof now === 'string' || typeof old === 'string') return now === old ? [] : [`${name}: ${old === '' ? 'none' : String(old)} became ${now === '' ? 'none' : String(now)}`];
    const [added, removed] = [now.filter((row) => !old.includes(row)), old.filter((row) => !now.includes(row))];
    const parts = [added.length === 0 ? '' : `new ${added.join(', ')}`, removed.length === 0 ? '' : `gone ${removed.join(', ')}`].filter((part) => part !== '');
    return parts.length === 0 ? [] : [`${name}: ${parts.join('; ')}`];
  });
}

const yes = (fact: boolean): string => (fact ? 'yes' : 'no');
const withoutLines = (text: string): string => text.replace(/(\.[chS]):\d+/g, '$1');

function importerFacts(one: ImporterProfile): Facts {
  return new Map<string, string | readonly string[]>([
    ['file', one.file], ['attaches in', one.function], ['attach', one.attach], ['operations', one.ops ?? ''], ['class', one.class], ['peer to peer', yes(one.peer2peer)],
    ['callback', one.callback ?? ''], ['unmaps', one.unmaps ?? ''], ['conditions', one.guards.map(guardText)], ['unmaps in', places(one.unmapSites)], ['maps in', places(one.maps)],
    ['pins', yes(one.pins)], ['pins to map', yes(one.pinsToMap)], ['unpins in the callback', yes(one.unpinsInCallback)], ['callback waits for', one.waitsInCallback], ['callback adds fences', one.addsInCallback],
    ['adds fences', yes(one.addsFences)], ['maps again', yes(one.mapsAgain)],
    ['set only after the attach call', one.privateFields.filter((row) => row.set === 'after-attach').map((row) => row.field)],
    ['takes only', (one.onlyExporters ?? []).map((row) => `${row.table}, else -${row.errno}`)], ['users', one.users],
  ]);
}

function exporterFacts(one: ExporterProfile): Facts {
  return new Map<string, string | readonly string[]>([
    ['file', one.file], ['table', one.ops], ['operations', one.has],
    ['refuses', one.refuses.map((row) => `${row.at} -${row.errno} ${row.when === '' ? 'always' : `if ${row.when}`}`)],
    ['takes peer to peer away in', places(one.downgrades)], ['calls back in', places(one.invalidates)], ['flag set first', one.revokedFirst ?? ''], ['waits for fences', one.waitsFences ?? ''],
    ['waits for unmaps', one.waitsUnmap ?? ''], ['locks held', one.locksHeld], ['drops its own reference in', places(one.ownReference ?? [])],
    ['moves', yes(one.moves)], ['restores in', one.unrevokes?.function ?? ''], ['pins in attach', yes(one.pinsInAttach)], ['users', one.users],
  ]);
}

const places = (all: readonly { readonly function: string }[]): readonly string[] => [...new Set(all.map((row) => row.function))];

function guardText(one: Guard): string {
  if (one.decided === null) return `${one.text} (open)`;
  return `${one.text} (${one.side === null ? '' : `${yes(one.side)}: `}${withoutLines(one.decided)})`;
}
