// an exporter's operation that locks its object and leaves it locked (E12.4).

import type { CFunction } from '../../source/syntax.ts';
import { memberFunction } from '../exporters.ts';
import { codeOf, lineOf } from '../lexical-reach.ts';
import type { TreeView } from '../tree-view.ts';
import { toyMover } from './toy-exporter.ts';
import type { ExporterRule, Found } from './rule.ts';

const OPS = ['attach', 'detach', 'pin', 'unpin', 'map_dma_buf', 'unmap_dma_buf', 'vmap', 'vunmap', 'begin_cpu_access', 'end_cpu_access', 'mmap', 'release'];
const LOCKS = `
static void bo_lock(struct bo *bo)
{
	mutex_lock(&bo->lock);
}

static void bo_unlock(struct bo *bo)
{
	mutex_unlock(&bo->lock);
}

static int vram_pin(`;
const locked = (unlock: string): string => toyMover({ pin: `\tint ret;\n\n\tbo_lock(attachment->dmabuf->priv);\n\tret = bo_pin(attachment->dmabuf->priv);\n${unlock}\treturn ret;\n` }).replace('\nstatic int vram_pin(', LOCKS);

export const rule: ExporterRule = {
  judge: 'exporter',
  header: {
    id: 'op-keeps-lock',
    title: 'an operation of an exporter takes a lock of its own and never gives it back, or the other way round',
    why: 'The next operation on the buffer waits for ever. No lock outlives a call.',
    obligation: 'P10',
    source: 'SEMANTICS B28, E12.4',
    confidence: 'high',
    falsePositives: 'A lock that one operation takes and its counterpart gives back.',
    broken: locked(''),
    clean: locked('\tbo_unlock(attachment->dmabuf->priv);\n'),
  },
  find: (view, _profile, found) => {
    const ops = OPS.flatMap((member) => memberFunction(view, found, member) ?? []);
    const all = ops.flatMap((fn) => view.lexical(fn) ?? []).map((one) => codeOf(view, one)).join('\n');
    return ops.flatMap((fn) => halves(view, fn, all));
  },
};

/** The reservation, and what is not given back by name or not by this function: other rules' business. */
const NOT_MINE = /^(?:dma_resv|ww_mutex|rcu|srcu|seq\w*|bit_spin|local|console|rtnl|spin|raw_spin|read|write)$/;
/** Locks of the core, whose argument says which one. */
const CORE: ReadonlyMap<string, string> = new Map([['mutex_lock', 'mutex_unlock'], ['down_read', 'up_read'], ['down_write', 'up_write']]);

function halves(view: TreeView, fn: CFunction, all: string): readonly Found[] {
  const own = view.lexical(fn);
  if (own === null) return [];
  const body = codeOf(view, own);
  const told = (match: RegExpMatchArray, text: string): Found => ({ at: { file: fn.file, line: lineOf(view, own, match.index ?? 0), function: fn.name }, text, path: [] });
  const rows: Found[] = [];
  for (const match of body.matchAll(/\b(\w+?)_(un)?(lock|reserve)(?:_interruptible|_killable|_nested)?\s*\(([^;{}]*?)\)/g)) {
    const [, stem = '', undo, word = '', args = ''] = match;
    // With a ticket the whole set is given back at once.
    if (NOT_MINE.test(stem) || stem === 'mutex' || /\b(?:ww|\w*ctx|ticket|exec)\b/.test(args)) continue;
    const other = `${stem}_${undo === undefined ? 'un' : ''}${word}`;
    if (view.code.locate(other, fn.file) === null || new RegExp(`\\b${other}\\w*\\s*\\(`).test(all)) continue;
    rows.push(told(match, undo === undefined ? `takes ${stem}_${word}() and no operation gives it back` : `gives back what no operation took with ${other}()`));
  }
  for (const [takes, gives] of CORE) {
    for (const match of body.matchAll(new RegExp(`\\b(${takes}(?:_nested|_interruptible|_killable)?|${gives})\\s*\\(\\s*&?([\\w>.-]+?)\\s*[,)]`, 'g'))) {
      const [, name = '', lock = ''] = match;
      const last = /\w+$/.exec(lock)?.[0] ?? lock;
      const other = name === gives ? `(?:${takes}\\w*|mutex_trylock|\\w+_trylock\\w*|guard\\(\\w+\\))` : gives;
      if (!new RegExp(`\\b${other}\\s*\\(\\s*&?[\\w>.-]*\\b${last}\\b`).test(all)) rows.push(told(match, name === gives ? `gives back \`${lock}\`, which no operation takes` : `takes \`${lock}\`, and no operation gives it back`));
      else if (!new RegExp(`\\b${other}\\s*\\(\\s*&?[\\w>.-]*\\b${last}\\b`).test(body)) rows.push(told(match, name === gives ? `gives back \`${lock}\`, which it does not take` : `takes \`${lock}\`, and does not give it back`));
    }
  }
  return rows;
}
