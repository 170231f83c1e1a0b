// A log's result for a person: what was read, buffers, violations and anomalies, every revoke with whom it reached and what it waited for,
// latencies, and what could not be seen.

import type { Anomaly, BufferFacts, LatencyRow, LogFacts, Quantiles, Revoke, TraceResult, Violation } from '../results/trace.ts';
import type { Form } from './form.ts';
import { count, table, wrap, type Cell } from './layout.ts';
import { bytes, parties, place, revokeTitle, stamp, took } from './trace-words.ts';

type Unit = LogFacts['clock']['unit'];

const SHOWN_REVOKES = 20;
const SHOWN_BUFFERS = 20;
const SHOWN_FINDINGS = 50;

export function traceText(result: TraceResult, form: Form): readonly string[] {
  const { log, violations, anomalies, revokes, buffers } = result;
  const { unit } = log.clock;
  const { palette, verbose } = form;
  return [
    ...logLines(log, form), '',
    ...buffersTable(buffers, result.buffersLeftOut, form),
    ...violations.slice(0, SHOWN_FINDINGS).flatMap((one) => ['', ...violationText(one, unit, form)]),
    ...(violations.length > SHOWN_FINDINGS ? [`… and ${count(violations.length - SHOWN_FINDINGS, 'violation')} more`] : []),
    ...revokesText(revokes, result.revokesLeftOut, unit, form),
    ...(anomalies.length === 0 ? [] : ['', palette.strong('worth a look')]),
    ...(verbose ? anomalies : anomalies.slice(0, SHOWN_FINDINGS)).flatMap((one) => anomalyText(one, unit, form)),
    ...(!verbose && anomalies.length > SHOWN_FINDINGS ? [`… and ${count(anomalies.length - SHOWN_FINDINGS, 'anomaly', 'anomalies')} more (--verbose)`] : []),
    ...latencyText(result.latencies, unit, form),
    '', ...obligationsText(result, form),
    ...(verbose || log.lost > 0 || log.lostParts.length > 0 || log.cut || result.ledger.length > 1 ? ['', palette.strong('ledger'), ...result.ledger.flatMap((line) => wrap(`- ${line}`, form.width, 2))] : []),
    '', summaryLine(result, form),
  ];
}

/** Two columns in, later lines four. */
function below(text: string, width: number): readonly string[] {
  return wrap(text.trim(), width - 2, 2).map((line) => `  ${line}`);
}

function logLines(log: LogFacts, form: Form): readonly string[] {
  const { first, last, unit } = log.clock;
  const span = first === null || last === null ? '' : ` in ${took(Math.max(0, last - first), unit)}`;
  const lost = log.lost > 0 ? `${count(log.lost, 'event')} lost` : log.lostParts.length > 0 ? `events lost in ${count(log.lostParts.length, 'place')}` : 'none marked as lost';
  return wrap(`${log.file}: ${log.form}, ${count(log.events, 'event')}${span}, ${count(log.ignored, 'of no interest', 'of no interest')}, ${lost}`, form.width, 2);
}

function buffersTable(buffers: readonly BufferFacts[], leftOut: number, form: Form): readonly string[] {
  if (buffers.length === 0) return ['no buffer shows'];
  const order = { broken: 0, hanging: 1, undecided: 2, holds: 3 } as const;
  const sorted = [...buffers].sort((a, b) => order[a.verdict] - order[b.verdict]);
  const shown = form.verbose ? sorted : sorted.slice(0, SHOWN_BUFFERS);
  const paint = { broken: form.palette.bad, hanging: form.palette.bad, undecided: form.palette.doubt, holds: form.palette.good } as const;
  const rows = shown.map((one): readonly Cell[] => [
    { text: one.ino === null ? (one.pointer ?? '?') : String(one.ino) }, { text: one.exporter ?? '?' }, { text: one.size === null ? '' : bytes(one.size) },
    { text: importers(one) }, { text: String(one.invalidates) }, { text: one.verdict, paint: paint[one.verdict] },
  ]);
  const lines = table([{ title: 'buffer' }, { title: 'exporter' }, { title: 'size', right: true }, { title: 'importers', least: 16 }, { title: 'invalidates', right: true }, { title: 'verdict' }], rows, form.width, form.unicode);
  const more = buffers.length - shown.length + leftOut;
  return [...lines, ...(more > 0 ? [`… and ${count(more, 'buffer')} more`] : []), ...[...new Set(shown.flatMap(({ reasons }) => reasons))].slice(0, 4).flatMap((reason) => wrap(`undecided: ${reason}`, form.width, 2))];
}

function importers({ attachments, refused }: BufferFacts): string {
  const names = attachments.map(({ device, dynamic, pointer }) => `${device ?? pointer ?? '?'}${dynamic === false ? ' (static)' : ''}`);
  const counted = [...new Set(names)].map((name) => {
    const times = names.filter((one) => one === name).length;
    return times === 1 ? name : `${times} x ${name}`;
  });
  return [...counted, ...(refused > 0 ? [`${refused} refused`] : [])].join(', ');
}

export function violationText(one: Violation, unit: Unit, form: Form): readonly string[] {
  const { palette, width } = form;
  const wrapped = (text: string): readonly string[] => (text.startsWith('  ') ? below(text, width) : wrap(text, width, 2));
  return [
    ...wrapped(`${palette.bad(`broken ${one.obligation}`)} ${place(one.at, unit)}: ${one.text}`),
    ...wrapped(`  ${parties(one)}`),
    ...wrapped(`  seen: ${one.seen}; possible states: ${one.possible.join(', ')}`),
    ...one.nearMisses.flatMap(({ state, guard }) => wrapped(`  it would be allowed in "${state}": ${guard}`)),
    ...one.evidence.flatMap(({ moment, text }) => wrapped(`  ${text}: ${place(moment, unit)}`)),
    ...wrapped(`  blame: ${one.blame}, ${one.obligation}: ${one.clause}`),
    ...wrapped(`  source: ${one.source}`),
  ];
}

export function anomalyText(one: Anomaly, unit: Unit, form: Form): readonly string[] {
  const who = parties(one);
  return [...wrap(`${form.palette.doubt(one.kind)} ${place(one.at, unit)}: ${one.text}${who === '' ? '' : ` (${who})`}`, form.width, 2), ...(one.doubt === null ? [] : below(`no violation: ${one.doubt}`, form.width))];
}

function revokesText(revokes: readonly Revoke[], leftOut: number, unit: Unit, form: Form): readonly string[] {
  const told = revokes.filter(({ invalidates, state }) => invalidates.length > 0 || state !== 'done');
  const silent = revokes.length - told.length;
  if (revokes.length === 0) return [];
  const worst = [...told].sort((a, b) => Number(b.state === 'hanging') - Number(a.state === 'hanging') || (b.duration ?? b.open ?? 0) - (a.duration ?? a.open ?? 0));
  const shown = form.verbose || told.length <= SHOWN_REVOKES ? told : worst.slice(0, SHOWN_REVOKES);
  return [
    '', form.palette.strong(told.length > shown.length ? `revokes (the ${SHOWN_REVOKES} longest of ${told.length + leftOut})` : 'revokes'),
    ...shown.flatMap((one) => revokeText(one, unit, form)),
    ...(silent > 0 ? wrap(`${count(silent, 'more call')} of a revoking function with nothing to invalidate`, form.width, 2) : []),
  ];
}

export function revokeText(one: Revoke, unit: Unit, form: Form): readonly string[] {
  const { palette, width } = form;
  const head = `${place(one.start, unit)}: ${one.call} ${revokeTitle(one)}`;
  const state = one.state === 'done' ? took(one.duration ?? 0, unit) : one.state === 'hanging' ? palette.bad(`HANGING for ${took(one.open ?? 0, unit)} at the end of the log`) : one.state === 'pending' ? palette.doubt('under way where the log ends') : palette.doubt('its end does not show');
  const rows: (readonly Cell[])[] = [];
  const row = (what: string, duration: number | null, text: string): void => void rows.push([{ text: `  ${what}` }, { text: duration === null ? '' : took(duration, unit) }, { text }]);
  for (const inv of one.invalidates) {
    row(`invalidate${one.invalidates.length > 1 ? ` ${inv.ino ?? inv.buffer ?? ''}` : ''}`, inv.duration, inv.callbacks.length === 0 ? 'reached no importer that shows' : `reached ${count(inv.callbacks.length, 'importer')}`);
    for (const callback of inv.callbacks) row(`  ${callback.device ?? callback.attachment ?? 'importer'}`, callback.duration, callback.function ?? 'its callback is not probed');
  }
  for (const end of one.accessEnds) row('  access ended', end.after, `${end.device ?? end.attachment ?? 'importer'} by ${end.by}, line ${end.at.line}`);
  for (const wait of one.fenceWaits) row(`fence wait`, wait.duration, `${wait.usage ?? ''}${wait.fences.length === 0 ? '' : `: ${wait.fences.slice(0, 4).map(({ driver, timeline, context, seqno }) => `${driver ?? ''} ${timeline ?? ''} ${context}:${seqno}`.trim()).join(', ')}${wait.fences.length > 4 ? ` and ${wait.fences.length - 4} more` : ''}`}`);
  return [
    ...wrap(`${head}: ${state}`, width, 2),
    ...table([{ title: '' }, { title: '', right: true }, { title: '', least: 20 }], rows, width, form.unicode, false),
    ...one.waitsFor.flatMap(({ text }) => below(`${one.state === 'hanging' ? palette.bad('waits for') : 'was at'} ${text}`, width)),
    ...one.stillMapped.flatMap((text) => below(`still mapped: ${text}`, width)),
    ...(one.doubt === null ? [] : below(`but: ${one.doubt}`, width)),
  ];
}

function latencyText(rows: readonly LatencyRow[], unit: Unit, form: Form): readonly string[] {
  if (rows.length === 0) return [];
  const cells = rows.map(({ what, exporter, device, quantiles: q }): readonly Cell[] => [
    { text: what === 'end of access' ? 'access end' : what }, { text: exporter ?? '?' }, { text: device ?? '' }, { text: String(q.count) }, ...[q.p50, q.p90, q.p99, q.max].map((time) => ({ text: took(time, unit) })),
  ]);
  const lines = table([{ title: 'what' }, { title: 'exporter', least: 8 }, { title: 'importer', least: 8 }, { title: 'n', right: true }, { title: 'p50', right: true }, { title: 'p90', right: true }, { title: 'p99', right: true }, { title: 'max', right: true }], cells, form.width, form.unicode);
  const drawn = rows.filter(({ what, quantiles }) => (what === 'revoke' || what === 'end of access') && quantiles.count >= 2);
  return ['', form.palette.strong('latencies'), ...lines, ...drawn.flatMap((row) => ['', `${row.what}, ${row.exporter ?? '?'}${row.device === null ? '' : `, ${row.device}`}`, ...histogram(row.quantiles, unit, form)])];
}

/** One bar a bucket, the longest half a line. */
export function histogram({ buckets }: Quantiles, unit: Unit, form: Form): readonly string[] {
  const most = Math.max(...buckets.map(({ count: n }) => n), 1);
  const room = Math.max(10, Math.floor(form.width / 2));
  const rows = buckets.map(({ upTo, count: n }): readonly Cell[] => [{ text: `  up to ${took(upTo, unit)}` }, { text: (form.unicode ? '█' : '#').repeat(Math.max(1, Math.round((n / most) * room))) }, { text: String(n) }]);
  return table([{ title: '' }, { title: '' }, { title: '' }], rows, form.width, form.unicode, false);
}

function obligationsText({ obligations, notObservable }: TraceResult, form: Form): readonly string[] {
  const of = (verdict: string): string => obligations.filter((one) => one.verdict === verdict).map(({ obligation }) => obligation).join(', ');
  const lines = (['broken', 'holds', 'undecided'] as const).flatMap((verdict) => (of(verdict) === '' ? [] : wrap(`${verdict}: ${of(verdict)}`, form.width, 2)));
  const blind = notObservable.map(({ obligation }) => obligation).join(', ');
  const reasons = form.verbose ? notObservable.flatMap(({ obligation, reason }) => below(`${obligation}: ${reason}`, form.width)) : [];
  return [...lines, ...(blind === '' ? [] : wrap(`not observable: ${blind}${form.verbose ? '' : ' (--verbose says why)'}`, form.width, 2)), ...reasons];
}

function summaryLine({ violations, anomalies, anomaliesLeftOut, revokes, revokesLeftOut }: TraceResult, form: Form): string {
  const hanging = revokes.filter(({ state }) => state === 'hanging').length;
  const { palette } = form;
  const parts = [
    violations.length === 0 ? palette.good('no violation') : palette.bad(count(violations.length, 'violation')),
    hanging === 0 ? 'no hanging revoke' : palette.bad(count(hanging, 'hanging revoke')), count(anomalies.length + anomaliesLeftOut, 'anomaly', 'anomalies'),
    count(revokes.filter(({ invalidates }) => invalidates.length > 0).length + revokesLeftOut, 'invalidating call'),
  ];
  return parts.join(', ');
}

/** One line for a live reader. */
export function revokeLine(one: Revoke, unit: Unit): string {
  return `${stamp(one.start.time, unit)} ${one.call} ${revokeTitle(one)}: ${one.duration === null ? 'open' : took(one.duration, unit)}`;
}
