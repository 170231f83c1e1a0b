// an operation that insists on a lock which the core does not hold there, or takes one that it holds (B28).

import { memberFunction } from '../exporters.ts';
import { codeOf, lineOf } from '../lexical-reach.ts';
import { toyExporter } from './toy-exporter.ts';
import type { ExporterRule, Found } from './rule.ts';

/** Called without the reservation, and with it (DOC: locking convention). */
const UNLOCKED = ['attach', 'detach', 'begin_cpu_access', 'end_cpu_access', 'mmap', 'release'];
const LOCKED = ['pin', 'unpin', 'map_dma_buf', 'unmap_dma_buf', 'vmap', 'vunmap'];

const mmap = (first: string): string => toyExporter({ before: `\nstatic int bar_begin(struct dma_buf *dmabuf, enum dma_data_direction dir)\n{\n${first}\treturn bar_sync(dmabuf->priv, dir);\n}\n`, ops: '\t.begin_cpu_access = bar_begin,\n' });

export const rule: ExporterRule = {
  judge: 'exporter',
  header: {
    id: 'op-asserts-wrong-lock',
    title: 'an exporter\'s operation takes the reservation lock for held where it is not, or takes it where it is',
    why: 'The core calls attach, detach, mmap, release and the hooks for CPU access without the lock: an assertion there warns each time, and what relies on it is not protected. It calls map, unmap, pin, unpin, vmap and vunmap with it: whoever locks again there never returns.',
    obligation: 'P8',
    source: 'DOC: locking convention, drivers/dma-buf/dma-buf.c; SEMANTICS B28',
    confidence: 'high',
    falsePositives: 'A function that is an operation of two tables, with and without the lock.',
    broken: mmap('\tdma_resv_assert_held(dmabuf->resv);\n'),
    clean: mmap('\tmight_sleep();\n'),
  },
  find: (view, _profile, found) => {
    const of = (members: readonly string[], pattern: RegExp, told: (member: string) => string): readonly Found[] => members.flatMap((member): readonly Found[] => {
      const fn = memberFunction(view, found, member);
      const place = fn === null ? null : view.lexical(fn);
      if (fn === null || place === null) return [];
      const body = codeOf(view, place);
      const index = body.search(pattern);
      // An assertion behind a lock that was taken is right.
      if (index === -1 || /\b(?:resv_lock|resv_trylock|resv_unlock|_reserve)\w*\s*\(/.test(body.slice(0, index))) return [];
      return [{ at: { file: fn.file, line: lineOf(view, place, index), function: fn.name }, text: told(member), path: [] }];
    });
    return [
      ...of(UNLOCKED, /\bdma_resv_assert_held\s*\(\s*\w*(?:dmabuf|dma_buf|buf)->resv\b/, (member) => `asserts the reservation lock, without which the core calls ${member}`),
      ...of(LOCKED, /\bdma_resv_lock(?:_interruptible)?\s*\(\s*\w*(?:->)?(?:dmabuf|dma_buf|buf)->resv\s*,\s*NULL/, (member) => `locks the reservation, with which the core calls ${member}: it never returns`),
    ];
  },
};
