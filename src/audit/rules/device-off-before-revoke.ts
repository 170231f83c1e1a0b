// a device that is reset or switched off while its memory is still shared (P3).

import { eachOrder, RevokeCallers, type Happening } from '../revoke-callers.ts';
import { revokesOf } from '../revoke-trial.ts';
import { RESTORE, toyExporter } from './toy-exporter.ts';
import type { ExporterRule, Found } from './rule.ts';

const reset = (body: string): string => `${RESTORE}
int bar_reset(struct bar *bar)
{
	int ret;

${body}	return ret;
}
`;

export const rule: ExporterRule = {
  judge: 'exporter',
  header: {
    id: 'device-off-before-revoke',
    title: 'a device is reset or switched off while importers may still use its memory',
    why: 'Its memory does not answer any more. Whatever an importer\'s device reads or writes then ends in a completion timeout, an AER error or a machine check.',
    obligation: 'P3',
    source: 'commit d97708701434 (CVE-2026-53322); SEMANTICS C4.8, C10',
    confidence: 'high',
    falsePositives: 'A reset of something else than the device whose memory is shared.',
    broken: toyExporter({ more: reset('\tret = pci_reset_function(bar->pdev);\n\tbar_revoke(bar);\n\tbar_restore(bar);\n') }),
    clean: toyExporter({ more: reset('\tbar_revoke(bar);\n\tret = pci_reset_function(bar->pdev);\n\tbar_restore(bar);\n') }),
  },
  find: (view, profile) => {
    if (revokesOf(profile).length === 0) return [];
    const callers = new RevokeCallers(view, profile);
    const found = new Map<string, Found>();
    for (const fn of callers.functions()) {
      const revokes = callers.all(fn).some(({ what }) => what === 'revoke');
      eachOrder(view, callers, fn, (before, now) => {
        if (now.what === 'zap') return before;
        const told = tell(before, now, revokes);
        if (told !== null) found.set(`${told.at.file}:${told.at.line}`, told);
        // Off again changes nothing.
        return now.what === 'off' && before !== null && before.what !== 'restore' ? before : now;
      });
    }
    return [...found.values()];
  },
};

function tell(before: Happening | null, now: Happening, revokes: boolean): Found | null {
  if (before === null) return null;
  const path = [{ ...before.at, text: before.text }, { ...now.at, text: now.text }];
  if (before.what === 'off' && now.what === 'revoke') return { at: before.at, text: `${nameOf(before)} comes before the buffers are revoked`, path };
  if (before.what === 'restore' && now.what === 'off') return { at: now.at, text: `${nameOf(now)} comes after the buffers were given back to importers`, path };
  if (before.what === 'off' && now.what === 'restore' && !revokes) return { at: before.at, text: `${nameOf(before)} without a revoke, though the buffers are given back after it`, path };
  return null;
}

const nameOf = ({ text }: Happening): string => `${text.slice(0, text.indexOf('('))}()`;
