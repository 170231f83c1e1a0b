// An audit as JSON: schema/audit.schema.json. Diagrams and works are left out; a catalogue keeps them.

import type { AuditResult } from '../results/audit.ts';

export const AUDIT_JSON_VERSION = 1;

/** The facts that a driver outside a tree was held against: what `pairs` name besides the driver's own. */
export interface Against {
  readonly version: string;
  readonly contract: string;
  /** "2026-11-27" */
  readonly date: string;
}

export function auditJson(result: AuditResult, against: Against | null = null): string {
  const { tree, references, coverage, pairs, ledger } = result;
  const importers = result.importers.map(({ behaviour: _b, works: _w, ...rest }) => rest);
  const exporters = result.exporters.map(({ attachBehaviour: _a, pinBehaviour: _p, mapBehaviour: _m, unmapBehaviour: _u, revokes: _r, works: _w, ...rest }) => rest);
  return `${JSON.stringify({ version: AUDIT_JSON_VERSION, tree, against, importers, exporters, references, coverage, pairs, ledger }, null, 2)}\n`;
}
