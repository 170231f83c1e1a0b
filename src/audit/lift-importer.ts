// The importer as litmus: its user's calls from the profile, its callback and works from the C (SEMANTICS A8, B14, C2, C3).

import type { Act, Behaviour, ImporterProfile, Place } from '../results/audit.ts';
import { partsOfBehaviour } from './diagram.ts';
import { comment, emit, type Words } from './emit.ts';
import { sidesDiffer, takesRange, testText, withLostOpened, type LiftNotes } from './lift-notes.ts';
import { actsOf } from './unmaps.ts';

const UNMAP = 'if (live(map)) dma_buf_unmap_attachment(map);';
const UNPIN = 'if (pinned(att)) dma_buf_unpin(att);';

/** `isIdle`: its device does nothing, so that only the mapping counts. */
export function importerLines(importer: ImporterProfile, isIdle: boolean, notes: LiftNotes): readonly string[] {
  const head = comment({ file: importer.file, line: importer.line, function: '' });
  if (importer.class === 'static') return [`importer importer: static of buf;${head}`];
  const peer = importer.peer2peer ? [] : ['  no_peer2peer;'];
  if (importer.callback === null) {
    const options = [...(importer.pins ? [] : ['  unfenced;']), ...peer];
    const start = `importer importer: ${importer.pins ? 'pinned' : 'hole'} of buf`;
    return options.length === 0 ? [`${start};${head}`] : [`${start} {${head}`, ...options, '}'];
  }
  const callback = opened(importer, importer.behaviour ?? { kind: 'lost', why: 'no body was read', at: { file: importer.file, line: importer.line, function: importer.callback } });
  const queued = new Set(actsOf([callback, ...importer.works.map((one) => one.behaviour)]).flatMap(({ act }) => (act.do === 'queue-work' ? [act.runs] : [])));
  const works = importer.works.filter((one) => queued.has(one.name)).map((one) => ({ name: one.name, behaviour: opened(importer, one.behaviour) }));
  const isFenced = !isIdle && worksByFences(importer, [callback, ...works.map((one) => one.behaviour)]);
  const words = callbackWords(importer, isFenced, new Set(works.map((one) => one.name)), onlyStops([callback, ...works.map((one) => one.behaviour)]), notes);
  if (isFenced) notes.assume('each job of the importer has a fence at BOOKKEEP, which its hardware signals');
  if (works.length > 0) notes.assume('teardown waits for the works that the callback queued');
  // Conditions of the callback come first: they decide more often than those of its works.
  const body = askOnce(emit(callback, words, '    '));
  return [
    `importer importer of buf {${head}`,
    ...peer,
    ...(isFenced ? ['  fence job by hardware;'] : []),
    ...appLines(importer, isIdle ? [] : isFenced ? FENCED_JOB : ['      submit_job(map);'], works.map((one) => one.name)),
    '  invalidate_mappings {',
    ...body,
    '  }',
    ...works.flatMap((one) => workLines(one, words)),
    '}',
  ];
}

/** All that is owed: stop, unmap. */
function opened(importer: ImporterProfile, root: Behaviour): Behaviour {
  const end: Behaviour = { kind: 'end', returns: '' };
  return withLostOpened(root, ({ at }) => {
    const unmap: Behaviour = { kind: 'act', act: { do: 'unmap', unlocked: false }, at, next: end };
    return { all: { kind: 'act', act: { do: 'stop-device', call: importer.callback ?? '', assumed: true }, at, next: unmap }, nothing: end };
  });
}

/** Its callback speaks of fences, or its driver adds some and the callback has no other way to stop the device. */
function worksByFences(importer: ImporterProfile, bodies: readonly Behaviour[]): boolean {
  const acts = actsOf(bodies).map(({ act }) => act.do);
  const speaks = acts.some((name) => name === 'wait-fences' || name === 'wait-fence' || name === 'add-fence') || bodies.some((one) => partsOfBehaviour(one).some((part) => part.kind === 'branch' && part.test.is === 'idle'));
  return speaks || (importer.addsFences && !acts.includes('stop-device'));
}

function workLines(work: { readonly name: string; readonly behaviour: Behaviour }, words: Words): readonly string[] {
  const locksItself = actsOf([work.behaviour]).some(({ act }) => act.do === 'resv-lock' && act.own);
  const needsLock = !locksItself && actsOf([work.behaviour]).some(({ act }) => (act.do === 'unmap' || act.do === 'unpin') && !act.unlocked);
  const [before, after] = needsLock ? [['    dma_resv_lock(buf);'], ['    dma_resv_unlock(buf);']] : [[], []];
  return [`  work ${workName(work.name)} {`, ...before, ...askOnce(emit(work.behaviour, words, '    ')), ...after, '  }'];
}

const FENCED_JOB: readonly string[] = ['      dma_resv_reserve_fences(buf, 1);', '      submit_job(map, job);', '      dma_resv_add_fence(buf, job, BOOKKEEP);'];

function appLines(importer: ImporterProfile, job: readonly string[], works: readonly string[]): readonly string[] {
  const attach = comment({ file: importer.file, line: importer.line, function: '' });
  const map = importer.maps[0] === undefined ? '' : comment(importer.maps[0]);
  const pin = ['      ret = dma_buf_pin(att);', '      if (ret) {', '        dma_resv_unlock(buf);', '        dma_buf_detach(att);', '        return ret;', '      }'];
  return [
    '  thread app: user {',
    '    ioctl IMPORT {',
    `      ret = dma_buf_dynamic_attach(att);${attach}`,
    '      if (ret) return ret;',
    '      dma_resv_lock(buf);',
    ...(importer.pinsToMap ? pin : []),
    `      ret = dma_buf_map_attachment(map);${map}`,
    '      if (ret) {',
    ...(importer.pinsToMap ? [`        ${UNPIN}`] : []),
    '        dma_resv_unlock(buf);',
    '        dma_buf_detach(att);',
    '        return ret;',
    '      }',
    '      dma_resv_wait_timeout(buf, KERNEL);',
    ...job,
    ...(importer.pinsToMap && !importer.pins ? [`      ${UNPIN}`] : []),
    '      dma_resv_unlock(buf);',
    '    }',
    '    ioctl CLOSE {',
    '      if (listed(att)) {',
    ...works.map((name) => `        flush_work(${workName(name)});`),
    ...(job.length === 0 ? [] : [job === FENCED_JOB ? '        dma_fence_wait(job);' : '        stop_hw(map);']),
    '        dma_resv_lock(buf);',
    `        ${UNMAP}`,
    ...(importer.pins ? [`        ${UNPIN}`] : []),
    '        dma_resv_unlock(buf);',
    '        dma_buf_detach(att);',
    '      }',
    '    }',
    '  }',
  ];
}

function callbackWords(importer: ImporterProfile, isFenced: boolean, works: ReadonlySet<string>, stops: ReadonlySet<string>, notes: LiftNotes): Words {
  const one = (text: string | null): readonly string[] | null => (text === null ? null : [text]);
  return {
    act: (act, at) => {
      switch (act.do) {
        case 'unmap':
          return [act.unlocked ? 'if (live(map)) dma_buf_unmap_attachment_unlocked(map);' : UNMAP];
        case 'map':
          notes.assume('a new mapping made in the callback is not followed', at);
          return null;
        case 'unpin':
          return [UNPIN];
        case 'pin':
          return ['dma_buf_pin(att);'];
        case 'wait-fences':
          if (act.interruptible) notes.assume('no signal ends the wait for fences', at);
          return [`dma_resv_wait_timeout(buf, ${act.usage}${act.timeout ? ', timeout' : ''});`];
        case 'wait-fence':
          return isFenced ? [act.timeout ? 'dma_fence_wait_timeout(job);' : 'dma_fence_wait(job);'] : null;
        case 'queue-work':
        case 'flush-work':
          return works.has(act.runs) ? [`${act.do === 'queue-work' ? 'queue_work' : 'flush_work'}(${workName(act.runs)});`] : null;
        case 'stop-device':
          if (isFenced && act.assumed && !stops.has(stopKey(act.call, at))) return null;
          if (act.assumed) notes.assume(`the device no longer accesses the memory when ${act.call}() has returned`, at);
          // Of a physical range, this is the unmap (SEMANTICS B27).
          return [isFenced ? 'dma_fence_wait(job);' : 'stop_hw(map);', ...(takesRange(importer) && !act.assumed ? [UNMAP] : [])];
        case 'lock':
        case 'unlock':
          return one(notes.lockCall(act, 'importer'));
        case 'resv-lock':
        case 'resv-unlock':
          if (!act.own) return null;
          if (act.do === 'resv-lock' && act.trylock) notes.assume('the trylock of the reservation succeeds', at);
          return [act.do === 'resv-lock' ? 'dma_resv_lock(buf);' : 'dma_resv_unlock(buf);'];
        default:
          return null;
      }
    },
    test: (test, at, yes, no) => {
      switch (test.is) {
        case 'mapped':
          return 'live(map)';
        case 'idle':
          return `idle(buf, ${test.usage})`;
        case 'peer2peer':
          return importer.peer2peer;
        case 'unknown':
        case 'flag':
          return sidesDiffer(yes, no, matters) ? notes.open(testText(test), at) ?? false : false;
        default:
          return true;
      }
    },
    end: () => '',
  };
}

/** Calls behind which the unmap comes with no look at fences in between: they end the access, or nothing does. */
function onlyStops(bodies: readonly Behaviour[]): ReadonlySet<string> {
  const found = new Set<string>();
  for (const one of bodies.flatMap(partsOfBehaviour)) if (one.kind === 'act' && one.act.do === 'stop-device' && comesBareToUnmap(one.next)) found.add(stopKey(one.act.call, one.at));
  return found;
}

const stopKey = (call: string, at: Place): string => `${call} ${at.file}:${at.line}`;

function comesBareToUnmap(root: Behaviour): boolean {
  const seen = new Set<Behaviour>();
  const visit = (one: Behaviour): boolean => {
    if (seen.has(one)) return false;
    seen.add(one);
    if (one.kind === 'act') return one.act.do === 'unmap' || (!/^(?:wait-fences?|queue-work|stop-device)$/.test(one.act.do) && visit(one.next));
    return one.kind === 'branch' && one.test.is !== 'idle' && (visit(one.yes) || visit(one.no));
  };
  return visit(root);
}

const matters = (act: Act): boolean => !['log', 'set', 'reserve-fences', 'put'].includes(act.do);

/** Where the code asks whether it is mapped, the scenario need not ask again. */
function askOnce(lines: readonly string[]): readonly string[] {
  const depths: number[] = [];
  return lines.map((line) => {
    const depth = line.length - line.trimStart().length;
    while (depths.length > 0 && depth <= (depths[depths.length - 1] ?? 0)) depths.pop();
    if (line.trimStart().startsWith('if (live(map)) {')) depths.push(depth);
    return depths.length > 0 ? line.replace(UNMAP, 'dma_buf_unmap_attachment(map);') : line;
  });
}

const workName = (fn: string): string => `work_${fn}`;
