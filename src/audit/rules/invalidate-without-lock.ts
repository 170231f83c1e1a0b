// the callbacks are run without the lock that protects the list of attachments (P8).

import { folderOf } from '../../source/lexical.ts';
import type { RevokePath } from '../../results/audit.ts';
import { heldAt, everyWayOf, revokesOf, type Way } from '../revoke-trial.ts';
import { codeOf } from '../lexical-reach.ts';
import type { TreeView } from '../tree-view.ts';
import { REVOKE, RESTORE, toyExporter } from './toy-exporter.ts';
import type { ExporterRule, Found } from './rule.ts';

const LOCK = '\tdma_resv_lock(bar->dmabuf->resv, NULL);\n';
const UNLOCK = '\tdma_resv_unlock(bar->dmabuf->resv);\n';
const caller = (lock: string, unlock: string): string => `${RESTORE}
void bar_notify(struct bar *bar)
{
${lock}\tbar_revoke(bar);
${unlock}}
`;

export const rule: ExporterRule = {
  judge: 'exporter',
  header: {
    id: 'invalidate-without-lock',
    title: 'dma_buf_invalidate_mappings() is called without the reservation lock',
    why: 'It walks the list of attachments and runs the importers\' callbacks, which unmap under that lock. An importer may attach, detach or map meanwhile.',
    obligation: 'P8',
    source: 'kernel-doc dma_buf_invalidate_mappings; SEMANTICS B13, B28',
    confidence: 'high',
    falsePositives: 'A lock that a caller of another folder takes, or one that is taken in a way that was not followed.',
    broken: toyExporter({ revoke: REVOKE.replace(LOCK, '').replace(UNLOCK, ''), more: caller('', '') }),
    clean: toyExporter(),
  },
  find: (view, profile) => revokesOf(profile).flatMap((path): readonly Found[] => {
    if (callersLock(view, path)) return [];
    for (const way of everyWayOf(path)) {
      const moment = way.acts[way.moment];
      if (moment !== undefined && moment.act.do === 'invalidate' && !heldAt(way, way.moment).has('resv')) {
        return [{ at: moment.at, text: 'calls importers back without the reservation lock, which no caller takes either', path: [] }];
      }
      const stray = strayUnlock(way);
      if (stray !== null) return [{ at: stray, text: 'gives back a reservation that is not locked on this way', path: [] }];
    }
    return [];
  }),
};

function strayUnlock({ acts }: Way) {
  let held = 0;
  for (const { act, at } of acts) {
    if (act.do === 'resv-lock' && act.own) held++;
    if (act.do === 'resv-unlock' && act.own && --held < 0) return at;
  }
  return null;
}

/** Whoever calls it locks a reservation, or is handed one that is locked. */
function callersLock(view: TreeView, { file, function: name }: RevokePath): boolean {
  const place = view.code.locate(name, file);
  if (place === null) return true;
  const callers = view.fields.callers(place);
  const locks = (body: string): boolean => /resv_(?:try)?lock|_reserve\s*\(|resv_assert_held|drm_exec_|ww_mutex_/.test(body);
  // Nobody in the folder calls it: another layer does, and nobody knows how.
  return callers.filter((one) => folderOf(one.file) === folderOf(file)).length === 0 ? !locks(codeOf(view, place)) : callers.some((one) => locks(codeOf(view, one)));
}
