// The scenarios that the benchmark measures: text that grows with a number.

import { revokeModel } from './revoke-model.ts';

export interface Family {
  readonly name: string;
  readonly text: string;
}

/** VFIO revokes a buffer from `importers` alike that give up their mapping by a worker; `rounds` uses each. */
export const deferred = (importers: number, rounds: number): Family => alike('deferred', importers, `rounds ${rounds};`, `deferred ${importers} x ${rounds}`);

/** Five alike that only map and unmap: small enough to be searched without symmetry too. */
export const idle = (driver: 'sync' | 'odp', importers: number): Family => alike(driver, importers, 'idle;', `${driver}, idle ${importers}`);

function alike(driver: string, importers: number, options: string, name: string): Family {
  const text = `litmus family
exporter vfio: vfio_pci;
buffer bar of vfio;
importer nic[${importers}]: ${driver} of bar { ${options} }
thread reset: user { ioctl RESET { vfio_pci_dma_buf_move(vfio, true); device_off(vfio); } }
`;
  return { name, text };
}

/** The revoke protocol at the grain of revoke.pml, importers of different kinds: no symmetry. */
export function mixed(importers: number): Family {
  return { name: `revoke.pml N=${importers}`, text: revokeModel({ importers }) };
}
