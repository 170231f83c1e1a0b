// The independent Promela model of the revoke protocol (revoke.pml beside this file), written as litmus text at the same step grain.
// One exporter, n importers of kinds D (fenced, deferred), P (pinned, revocable), B (pinned), S (static); one round.

export interface RevokeModel {
  readonly importers: number;
  /** Two bits an importer, importer 0 lowest: 0 D, 1 P, 2 B, 3 S. Default 1092: D P D P D P. */
  readonly mix?: number;
  /** ops->attach refuses importers without the callback. Default true. */
  readonly reject?: boolean;
  /** The exporter waits for fences under the lock. Default true. */
  readonly waitFences?: boolean;
  /** The exporter waits for the last unmap. Default true. */
  readonly waitUnmap?: boolean;
}

/** The scenario's text. Its reachable states, unreduced, are those of the Promela model. */
export function revokeModel({ importers, mix = 1092, reject = true, waitFences = true, waitUnmap = true }: RevokeModel): string {
  const kinds = Array.from({ length: importers }, (_, i) => 'DPBS'[(mix >> (2 * i)) & 3] ?? 'D');
  return `litmus revoke-model
"The revoke protocol of the Promela model, step for step."
source "revoke.pml"
bool lock; bool revoked; bool reassigned;
int nmap in 0..${importers}; int nfence in 0..${importers};
${kinds.map((kind, i) => party(kind, i, reject)).join('\n')}
thread exporter: kernel {
  atomic { wait (!lock); lock = true; }
  revoked = true;
${kinds.map((kind, i) => visit(kind, i)).join('\n')}
  wait (${waitFences ? 'nfence == 0' : 'true'});
  lock = false;
  wait (${waitUnmap ? 'nmap == 0' : 'true'});
  atomic { assert (nmap == 0); reassigned = true; }
}
`;
}

const unmap = (p: string): string => `if (${p}map) { ${p}map = false; nmap = nmap - 1; if (${p}dev == 3) ${p}dev = 0; }`;

function visit(kind: string, i: number): string {
  const p = `i${i}.`;
  if (kind === 'B' || kind === 'S') return '  wait (true);';
  if (kind === 'D') return `  choose { wait (!${p}att); } or { atomic { wait (${p}att); ${p}inval = ${p}map; } }`;
  return `  choose { wait (!${p}att); } or {
    atomic { wait (${p}att); ${p}irev = true; }
    atomic { wait (${p}dev != 2); ${unmap(p)} ${p}pin = false; ${p}dev = 0; }
  }`;
}

function party(kind: string, i: number, reject: boolean): string {
  const revocable = kind === 'D' || kind === 'P';
  const pinned = kind === 'P' || kind === 'B';
  const refused = reject && !revocable ? 'true' : 'revoked';
  const admitted = reject && !revocable ? 'false' : '!revoked';
  const ok = `map && !reassigned${kind === 'D' ? ' && fence' : ''}`;
  const waits = { D: ['!fence'], P: ['dev == 3 || irev'], S: ['dev == 3'], B: ['dev == 3'] }[kind] ?? [];
  const take = 'atomic { wait (!lock); lock = true; }';
  return `party i${i} {
  bool att; bool map; bool pin; bool fence; bool irev; bool inval; int dev in 0..3;
  thread main: kernel {
    choose { atomic { wait (${refused}); goto end; } } or { atomic { wait (${admitted}); irev = false; } }
    ${take}
    att = true;
    lock = false;
    ${take}
    ${pinned ? 'pin = true;' : ''}
    choose { atomic { wait (revoked || irev); pin = false; goto out; } } or { atomic { wait (!(revoked || irev)); map = true; nmap = nmap + 1; } }
    ${kind === 'D' ? 'atomic { fence = true; nfence = nfence + 1; dev = 1; }' : ''}
    lock = false;
    ${kind === 'D' ? '' : 'atomic { if (map && !irev) dev = 1; }'}
    ${waits.map((w) => `wait (${w});`).join(' ')}
    ${take}
    atomic { ${unmap('')} pin = false; }
  out:
    lock = false;
    atomic { wait (!lock && !inval); lock = true; }
    att = false;
    lock = false;
  end:
  }
  thread device: device {
    while (true) choose { atomic { wait (dev == 1 && !irev); assert (${ok}); dev = 2; } }
      or { atomic { wait (dev == 2); assert (${ok}); dev = 3; } }
      or { atomic { wait (fence && (dev == 3 || dev == 0)); fence = false; nfence = nfence - 1; } }
  }
  thread worker: kernel {
    while (true) {
      atomic { wait (inval && !lock); lock = true; }
      atomic { ${unmap('')} inval = false; }
      lock = false;
    }
  }
}`;
}
