// A log's result in the kernel's test format: one test an obligation, one a revoke that waited. Not observable is a skip.

import type { TraceResult } from '../results/trace.ts';
import { parties, place, revokeTitle, took } from './trace-words.ts';

export function traceKtap(results: readonly TraceResult[], errors: readonly string[] = []): string {
  const lines: string[] = [];
  const tests = results.flatMap((result) => testsOf(result));
  lines.push('KTAP version 1', `1..${tests.length + errors.length}`);
  tests.forEach(({ ok, name, directive, notes }, i) => {
    for (const note of notes) lines.push(`# ${oneLine(note)}`);
    lines.push(`${ok ? 'ok' : 'not ok'} ${i + 1} ${oneLine(name).replaceAll('#', '_')}${directive === null ? '' : ` # ${oneLine(directive)}`}`);
  });
  errors.forEach((error, i) => lines.push(`not ok ${tests.length + i + 1} input # ERROR ${oneLine(error)}`));
  return `${lines.join('\n')}\n`;
}

interface KtapTest {
  readonly ok: boolean;
  readonly name: string;
  readonly directive: string | null;
  readonly notes: readonly string[];
}

function testsOf({ log, obligations, violations, revokes }: TraceResult): readonly KtapTest[] {
  const { unit } = log.clock;
  const rows = obligations.map(({ obligation, name, verdict, reason }): KtapTest => ({
    ok: verdict !== 'broken', name: `${obligation} ${name}`, directive: verdict === 'not observable' ? `SKIP not observable: ${reason ?? ''}` : verdict === 'undecided' ? `SKIP undecided: ${reason ?? ''}` : null,
    notes: violations.filter((one) => one.obligation === obligation).map((one) => `${place(one.at, unit)}: ${one.text} (${parties(one)}); blame ${one.blame}`),
  }));
  const waits = revokes.filter(({ invalidates, state }) => invalidates.length > 0 || state === 'hanging').map((one): KtapTest => ({
    ok: one.state !== 'hanging', name: `line ${one.start.line} ${one.call} ${revokeTitle(one)}`, directive: one.state === 'pending' || one.state === 'end not seen' ? 'SKIP its end does not show' : null,
    notes: one.state === 'hanging' ? [`hanging for ${took(one.open ?? 0, unit)}: waits for ${one.waitsFor.map(({ text }) => text).join(', ')}`] : [`took ${took(one.duration ?? 0, unit)}`],
  }));
  return [...rows, ...waits];
}

const oneLine = (text: string): string => text.replace(/\s*[\r\n]+\s*/g, ' ');
