// What changed between two sets of facts: by identity, never by line. A moved line is no drift (issue 3, part 7).

import type { ExporterProfile, ImporterProfile } from '../results/audit.ts';
import type { Catalogue } from './catalogue.ts';

export interface Drift {
  readonly what: 'new' | 'gone' | 'changed' | 'contract';
  /** "importer xe", "exporter vfio_pci", "contract". */
  readonly of: string;
  readonly text: string;
}

export function driftOf(before: Catalogue, after: Catalogue): readonly Drift[] {
  const found: Drift[] = [];
  if (before.tree.contract !== after.tree.contract) found.push({ what: 'contract', of: 'contract', text: `${before.tree.contract} became ${after.tree.contract}` });
  if (before.contractText !== after.contractText) found.push({ what: 'contract', of: 'contract', text: 'the kernel-doc of the contract changed' });
  found.push(...compared('importer', before.importers, after.importers, importerFacts));
  found.push(...compared('exporter', before.exporters, after.exporters, exporterFacts));
  return found;
}

type Facts = ReadonlyMap<string, string | readonly string[]>;

/** The table says who it is; a static importer is known by the function that attaches. */
const identity = (one: ImporterProfile | ExporterProfile): string => ('function' in one ? `${one.file} ${one.function} ${one.ops ?? ''}` : `${one.file} ${one.ops}`);

function compared<T extends ImporterProfile | ExporterProfile>(kind: string, before: readonly T[], after: readonly T[], facts: (one: T) => Facts): readonly Drift[] {
  const found: Drift[] = [];
  const old = new Map(before.map((one) => [identity(one), one]));
  const now = new Map(after.map((one) => [identity(one), one]));
  for (const [key, one] of now) if (!old.has(key)) found.push({ what: 'new', of: `${kind} ${one.id}`, text: `${one.file}${'class' in one ? `, ${one.class}` : ''}` });
  for (const [key, one] of old) {
    const next = now.get(key);
    if (next === undefined) {
      found.push({ what: 'gone', of: `${kind} ${one.id}`, text: one.file });
      continue;
    }
    const [was, is] = [facts(one), facts(next)];
    for (const [name, value] of was) {
      const other = is.get(name) ?? '';
      if (typeof value !== 'string' && typeof other !== 'string') {
        const [added, removed] = [other.filter((row) => !value.includes(row)), value.filter((row) => !other.includes(row))];
        if (added.length + removed.length > 0) found.push({ what: 'changed', of: `${kind} ${next.id}`, text: `${name}: ${[...added.map((row) => `+ ${row}`), ...removed.map((row) => `- ${row}`)].join(', ')}` });
      } else if (typeof value === 'string' && typeof other === 'string' && value !== other) found.push({ what: 'changed', of: `${kind} ${next.id}`, text: `${name}: ${value === '' ? 'none' : value} became ${other === '' ? 'none' : other}` });
    }
  }
  return found;
}

function importerFacts(one: ImporterProfile): Facts {
  return new Map<string, string | readonly string[]>([
    ['attach', one.attach], ['class', one.class], ['peer to peer', String(one.peer2peer)], ['callback', one.callback ?? ''], ['pins', String(one.pins)], ['unmaps', one.unmaps ?? ''],
    ['open conditions', one.guards.filter((guard) => guard.decided === null).map((guard) => guard.text)],
    ['unpins in the callback', String(one.unpinsInCallback)], ['maps again', String(one.mapsAgain)], ['users', one.users],
  ]);
}

function exporterFacts(one: ExporterProfile): Facts {
  return new Map<string, string | readonly string[]>([
    ['operations', one.has],
    ['refuses', one.refuses.map((row) => `${row.at} -${row.errno} ${row.when === '' ? 'always' : `if ${row.when}`}`)],
    ['invalidates', one.invalidates.map((row) => row.function)], ['flag first', one.revokedFirst ?? ''], ['waits for fences', one.waitsFences ?? ''], ['waits for unmaps', one.waitsUnmap ?? ''],
    ['locks held', one.locksHeld], ['moves', String(one.moves)], ['restores', one.unrevokes?.function ?? ''], ['downgrades', String(one.downgrades.length > 0)], ['users', one.users],
  ]);
}
