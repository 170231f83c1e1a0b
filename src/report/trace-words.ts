// Words for what a log shows: moments, durations of its clock, parties. Shared by the forms of a trace's result.

import type { LogFacts, Moment, Parties, Revoke } from '../results/trace.ts';

/** Nanoseconds as seconds with six digits, as tracefs prints them; ticks as they are. */
export function stamp(time: number, unit: LogFacts['clock']['unit']): string {
  return unit === 'ticks' ? String(time) : (time / 1e9).toFixed(6);
}

/** 977000 → "977 us"; "10.258 s"; "12 ticks". */
export function took(time: number, unit: LogFacts['clock']['unit']): string {
  if (unit === 'ticks') return `${time} ticks`;
  if (time < 1e3) return `${Math.round(time)} ns`;
  if (time < 1e6) return `${trim(time / 1e3)} us`;
  if (time < 1e9) return `${trim(time / 1e6)} ms`;
  return `${(time / 1e9).toFixed(3)} s`;
}

const trim = (value: number): string => (value >= 100 ? String(Math.round(value)) : String(Math.round(value * 10) / 10));

export function place({ line, time, task, pid }: Moment, unit: LogFacts['clock']['unit']): string {
  return `line ${line}, ${stamp(time, unit)}, ${task}-${pid}`;
}

/** "buffer 45 of vfio_pci_core, importer 0000:00:04.0, attachment 0xffff…" */
export function parties({ ino, buffer, exporter, device, attachment }: Parties): string {
  const words = [
    ino === null && buffer === null ? '' : `buffer ${ino === null ? (buffer ?? '') : `ino ${ino}`}${exporter === null ? '' : ` of ${exporter}`}`,
    device === null ? '' : `importer ${device}`, attachment === null ? '' : `attachment ${attachment}`,
  ];
  return words.filter((word) => word !== '').join(', ');
}

/** What a revoke did, as one word and its buffers. */
export function revokeTitle({ kind, invalidates, exporter }: Revoke): string {
  if (invalidates.length === 0) return `${kind === 'restore' ? 'restores' : 'revokes'} nothing`;
  const verb = kind === 'revoke' ? 'revokes' : kind === 'restore' ? 'restores' : 'invalidates';
  const names = [...new Set(invalidates.map(({ ino, buffer }) => (ino === null ? (buffer ?? '?') : String(ino))))];
  return `${verb} buffer${names.length === 1 ? '' : 's'} ${names.join(', ')}${exporter === null ? '' : ` of ${exporter}`}`;
}

export const bytes = (size: number): string => (size % 2 ** 20 === 0 ? `${size / 2 ** 20} MiB` : size % 1024 === 0 ? `${size / 1024} KiB` : `${size} B`);
