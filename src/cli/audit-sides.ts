// What an audit judges: all of a tree with itself, all of a catalogue, or a driver's own against a catalogue and its own.

import type { Catalogue } from '../audit/catalogue.ts';
import type { NameProblem, Sides } from '../audit/select.ts';
import type { ExporterProfile, ImporterProfile } from '../results/audit.ts';
import { auditPath, phaseText, type Facts, type Keep } from './audit-engine.ts';
import { bundledCatalogue, readCatalogue } from './catalogues.ts';
import { UsageProblem } from './exit.ts';
import type { LongWork } from './long-work.ts';
import type { AuditRequest } from './parse-arguments.ts';

export interface Audited extends Sides {
  /** The facts that were asked for. */
  readonly catalogue: Catalogue;
  /** At least one side is what was asked for. */
  readonly matters: (exporter: ExporterProfile, importer: ImporterProfile) => boolean;
  readonly keep: Keep | null;
  /** The catalogue that a driver outside a tree is held against. */
  readonly against: Catalogue | null;
}

/** Null where it was stopped. Throws UsageProblem. */
export async function audited(request: AuditRequest, { show, stop }: LongWork): Promise<Audited | null> {
  if (request.path === null) return whole(knownCatalogue(request.catalogue), null);
  const found = await auditPath(request.path, { workers: request.workers, useCache: request.useCache, stop, progress: (phase, done, total) => show(phaseText(phase, done, total)) });
  return found.kind === 'stopped' ? null : sidesOf(request.path, found, request.catalogue);
}

/** Of what was read at `path`; `file` is the catalogue that a driver outside a tree is held against, null for the bundled one. Throws UsageProblem. */
export function sidesOf(path: string, found: Facts, file: string | null): Audited {
  if (!found.isTree) return driver(found.catalogue, knownCatalogue(file));
  if (file !== null) throw new UsageProblem('--catalogue is for a driver outside a tree, or for no path', `fencepost drift ${path} ${file} compares a tree with a catalogue`);
  return whole(found.catalogue, found.keep);
}

function knownCatalogue(file: string | null): Catalogue {
  const found = file === null ? bundledCatalogue() : readCatalogue(file);
  if (found === null) throw new UsageProblem('no catalogue is bundled', 'fencepost audit TREE reads a kernel tree');
  return found;
}

function whole(catalogue: Catalogue, keep: Keep | null): Audited {
  const { importers, exporters } = catalogue;
  return { catalogue, importers, exporters, matters: () => true, keep, against: null };
}

/** A driver that Linux has too stays apart from it: "./vfio_pci". */
function driver(facts: Catalogue, linux: Catalogue): Audited {
  const taken = new Set([...linux.importers, ...linux.exporters].map((one) => one.id));
  const apart = <T extends { readonly id: string }>(one: T): T => (taken.has(one.id) ? { ...one, id: `./${one.id}` } : one);
  const [importers, exporters] = [facts.importers.map(apart), facts.exporters.map(apart)];
  const own = { importers: new Set(importers), exporters: new Set(exporters) };
  return {
    // Its own calls follow the contract of what it is held against.
    catalogue: { ...facts, importers, exporters, tree: { ...facts.tree, contract: linux.tree.contract } },
    importers: [...importers, ...linux.importers],
    exporters: [...exporters, ...linux.exporters],
    matters: (exporter, importer) => own.exporters.has(exporter) || own.importers.has(importer),
    keep: null,
    against: linux,
  };
}

/** A name that is not known, or that several have: what may have been meant, and where all names stand. */
export function nameProblem(problem: NameProblem, path: string | null): UsageProblem {
  const all = `fencepost audit${path === null ? '' : ` ${path}`} lists all of them`;
  if (problem.kind === 'several') return new UsageProblem(`several ${problem.side}s are called '${problem.name}'`, `it is one of ${problem.ids.join(', ')}`);
  const side = problem.side === 'either' ? 'importer or exporter' : problem.side;
  const near = problem.near.map((id) => `'${id}'`);
  return new UsageProblem(`no ${side} is called '${problem.name}'`, `${near.length === 0 ? '' : `did you mean ${near.join(' or ')}? `}${all}`);
}
