// an exporter's operation that locks its object and leaves it locked (E12.4).

import type { CFunction } from '../../source/syntax.ts';
import { memberFunction } from '../exporters.ts';
import { lineOf } from '../lexical-reach.ts';
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
    const all = ops.flatMap((fn) => view.lexical(fn) ?? []).map((one) => view.code.bodyText(one)).join('\n');
    return ops.flatMap((fn) => halves(view, fn, all));
  },
};

/** Driver's own lock calls by name; those of the core are lockdep's and other rules' business. */
const CORE = /^(?:mutex|spin|raw_spin|read|write|rcu|srcu|dma_resv|ww_mutex|down|up|seq\w*|bit_spin|local|inode|mmap(?:_read|_write)?|xa|folio|page|device|console|rtnl|rw_sem\w*)$/;

function halves(view: TreeView, fn: CFunction, all: string): readonly Found[] {
  const own = view.lexical(fn);
  if (own === null) return [];
  const body = view.code.bodyText(own);
  return [...body.matchAll(/\b(\w+?)_(un)?(lock|reserve)(?:_interruptible|_killable|_nested)?\s*\(([^;{}]*?)\)/g)].flatMap((match): readonly Found[] => {
    const [, stem = '', undo, word = '', args = ''] = match;
    // With a ticket the whole set is given back at once.
    if (CORE.test(stem) || /\b(?:ww|\w*ctx|ticket|exec)\b/.test(args)) return [];
    const other = `${stem}_${undo === undefined ? 'un' : ''}${word}`;
    if (view.code.locate(other, fn.file) === null || new RegExp(`\\b${other}\\w*\\s*\\(`).test(all)) return [];
    const at = { file: fn.file, line: lineOf(view, own, match.index), function: fn.name };
    return [{ at, text: undo === undefined ? `takes ${stem}_${word}() and no operation gives it back` : `gives back what no operation took with ${other}()`, path: [] }];
  });
}
