// Durations by exporter and device, in constant memory: exact up to a number of samples, then from buckets an eighth of an octave wide.

import type { LatencyRow, Quantiles } from '../results/trace.ts';

const EXACT = 1 << 14;
const STEPS_PER_OCTAVE = 8;

class Distribution {
  private samples: number[] = [];
  private readonly buckets = new Map<number, number>();
  private count = 0;
  private most = 0;

  add(duration: number): void {
    this.count++;
    this.most = Math.max(this.most, duration);
    const bucket = duration <= 0 ? 0 : Math.ceil(Math.log2(duration) * STEPS_PER_OCTAVE);
    this.buckets.set(bucket, (this.buckets.get(bucket) ?? 0) + 1);
    if (this.count <= EXACT) this.samples.push(duration);
    else if (this.samples.length > 0) this.samples = [];
  }

  /** Nearest rank. */
  quantiles(): Quantiles {
    const sorted = [...this.samples].sort((a, b) => a - b);
    const at = (share: number): number => {
      const rank = Math.max(1, Math.ceil(share * this.count));
      if (sorted.length === this.count) return sorted[rank - 1] ?? 0;
      let seen = 0;
      for (const bucket of [...this.buckets.keys()].sort((a, b) => a - b)) {
        seen += this.buckets.get(bucket) ?? 0;
        if (seen >= rank) return Math.min(this.most, 2 ** (bucket / STEPS_PER_OCTAVE));
      }
      return this.most;
    };
    const decades = new Map<number, number>();
    for (const [bucket, count] of this.buckets) {
      const upTo = decade(bucket === 0 ? 0 : 2 ** (bucket / STEPS_PER_OCTAVE));
      decades.set(upTo, (decades.get(upTo) ?? 0) + count);
    }
    return {
      count: this.count, p50: at(0.5), p90: at(0.9), p99: at(0.99), max: this.most,
      buckets: [...decades].sort(([a], [b]) => a - b).map(([upTo, count]) => ({ upTo, count })),
    };
  }
}

/** The next of 1, 2, 5, 10, 20, … */
function decade(value: number): number {
  if (value <= 1) return 1;
  const ten = 10 ** Math.floor(Math.log10(value) + 1e-9);
  return [1, 2, 5, 10].map((factor) => factor * ten).find((limit) => value <= limit * (1 + 1e-9)) ?? 10 * ten;
}

export class Latencies {
  private readonly rows = new Map<string, { readonly what: LatencyRow['what']; readonly exporter: string | null; readonly device: string | null; readonly seen: Distribution }>();

  add(what: LatencyRow['what'], exporter: string | null, device: string | null, duration: number): void {
    const key = `${what} ${exporter ?? ''} ${device ?? ''}`;
    let row = this.rows.get(key);
    if (row === undefined) {
      row = { what, exporter, device, seen: new Distribution() };
      this.rows.set(key, row);
    }
    row.seen.add(duration);
  }

  summary(): readonly LatencyRow[] {
    const order: readonly LatencyRow['what'][] = ['revoke', 'callback', 'fence wait', 'end of access'];
    return [...this.rows.values()]
      .map(({ what, exporter, device, seen }) => ({ what, exporter, device, quantiles: seen.quantiles() }))
      .sort((a, b) => order.indexOf(a.what) - order.indexOf(b.what) || (a.exporter ?? '').localeCompare(b.exporter ?? '') || (a.device ?? '').localeCompare(b.device ?? ''));
  }
}
