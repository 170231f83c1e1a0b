// A log's result as JSON: schema/trace.schema.json.

import type { TraceResult } from '../results/trace.ts';

export const TRACE_JSON_VERSION = 1;

export function traceJson(results: readonly TraceResult[]): string {
  const [only, ...more] = results;
  const one = (result: TraceResult): object => ({ version: TRACE_JSON_VERSION, ...result });
  return `${JSON.stringify(only !== undefined && more.length === 0 ? one(only) : results.map(one), null, 2)}\n`;
}
