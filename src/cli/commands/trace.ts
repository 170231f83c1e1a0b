// `fencepost trace FILE…`: reads logs of a running kernel and holds them against the contract.

import { UsageProblem } from '../exit.ts';
import type { TraceFilesRequest } from '../trace-request.ts';

export async function trace(request: TraceFilesRequest): Promise<number> {
  throw new UsageProblem(`cannot read ${request.paths.join(', ')}: no reader yet`);
}
