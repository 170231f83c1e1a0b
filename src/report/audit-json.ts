// An audit as JSON: schema/audit.schema.json. Diagrams and works are left out; a catalogue keeps them.

import type { AuditResult } from '../results/audit.ts';

export const AUDIT_JSON_VERSION = 1;

export function auditJson(result: AuditResult): string {
  const importers = result.importers.map(({ behaviour: _b, works: _w, ...rest }) => rest);
  const exporters = result.exporters.map(({ attachBehaviour: _a, pinBehaviour: _p, mapBehaviour: _m, unmapBehaviour: _u, revokes: _r, works: _w, ...rest }) => rest);
  return `${JSON.stringify({ version: AUDIT_JSON_VERSION, ...result, importers, exporters }, null, 2)}\n`;
}
