// an operation of an exporter that its counterpart does not undo (P5 on the exporter's side).

import { calleeName, callsOf } from '../c-reading.ts';
import { memberFunction } from '../exporters.ts';
import { withCallees } from '../lexical-reach.ts';
import type { TreeView } from '../tree-view.ts';
import { folderOf } from '../../source/lexical.ts';
import type { CFunction } from '../../source/syntax.ts';
import { toyMover } from './toy-exporter.ts';
import type { ExporterRule, Found } from './rule.ts';

/** Operations that go together: what the first ones take, the others give back. Attach and map share what they make, and so do those who end it. */
const GROUPS = [
  { does: ['attach', 'map_dma_buf'], undoes: ['detach', 'unmap_dma_buf', 'release'] },
  { does: ['pin'], undoes: ['unpin'] },
  { does: ['vmap'], undoes: ['vunmap'] },
  { does: ['begin_cpu_access'], undoes: ['end_cpu_access'] },
] as const;

export const rule: ExporterRule = {
  judge: 'exporter',
  header: {
    id: 'op-not-undone',
    title: 'an exporter\'s operation takes what its counterpart does not give back, or the other way round',
    why: 'Attach and detach, pin and unpin, map and unmap come in pairs. What one of them takes and the other never gives back stays for ever: memory that is pinned, a device that never sleeps, DMA addresses that leak. Given back without having been taken, it goes away under its other users.',
    obligation: 'P5',
    source: 'kernel-doc struct dma_buf_ops; SEMANTICS A7, F-pattern g',
    confidence: 'high',
    falsePositives: 'What is given back elsewhere, or by a function whose name is made differently.',
    broken: toyMover({ vmap: '\tbo_pin(dmabuf->priv);\n\treturn vram_kernel_address(dmabuf->priv, map);\n' }).replace('static void vram_vunmap(struct dma_buf *dmabuf, struct iosys_map *map)\n{\n\tbo_unpin(dmabuf->priv);\n}\n', 'static void vram_vunmap(struct dma_buf *dmabuf, struct iosys_map *map)\n{\n\tvram_forget_address(dmabuf->priv, map);\n}\n'),
    clean: toyMover({ vmap: '\tbo_pin(dmabuf->priv);\n\treturn vram_kernel_address(dmabuf->priv, map);\n' }),
  },
  find: (view, profile, found) => {
    const home = folderOf(profile.file);
    return GROUPS.flatMap((group): readonly Found[] => {
      const of = (members: readonly string[]): readonly CFunction[] => members.flatMap((member) => memberFunction(view, found, member) ?? []);
      const [does, undoes] = [of(group.does), of(group.undoes)];
      // An operation that is there and was not found may do anything.
      if (does.length === 0 || undoes.length === 0 || [...group.does, ...group.undoes].some((member) => profile.has.includes(member) && memberFunction(view, found, member) === null)) return [];
      const [given, taken] = [stemsIn(view, undoes, home, 'gives'), stemsIn(view, does, home, 'takes')];
      const rows: Found[] = [];
      for (const fn of does) {
        for (const { stem, at, name } of kept(view, fn)) {
          if (!given.has(stem)) rows.push({ at, text: `${name}() takes what ${namesOf(undoes)} never gives back`, path: undoes.map(placed) });
        }
      }
      // What release gives back was taken when the buffer was made.
      for (const fn of of(group.undoes.filter((member) => member !== 'release'))) {
        for (const { name, line } of callsIn(view, fn)) {
          const stem = stemOf(name);
          // A pin that is missing where memory moves has rules of its own.
          const isTold = profile.moves && stem?.of.endsWith(' pin') === true && !stemsWith(view, does, home, ' pin');
          if (!isTold && stem?.how === 'gives' && !taken.has(stem.of) && !stemsIn(view, [fn], home, 'takes').has(stem.of)) {
            rows.push({ at: { file: fn.file, line, function: fn.name }, text: `${name}() gives back what ${namesOf(does)} does not take`, path: does.map(placed) });
          }
        }
      }
      return rows;
    });
  },
};

const namesOf = (all: readonly CFunction[]): string => all.map(({ name }) => `${name}()`).join(' or ');

const placed = ({ file, line, name }: CFunction) => ({ file, line, function: name, text: 'is the other side' });

interface Stem {
  /** "pm_runtime", "drm_gem pin", "dma map". */
  readonly of: string;
  readonly how: 'takes' | 'gives';
}

/** What a function's name says that it takes or gives: a pin of something, a device that is kept awake, DMA addresses. */
function stemOf(name: string): Stem | null {
  const power = /pm_runtime_(?:(get|resume_and_get)|(put))(?:_|$)/.exec(name);
  if (power !== null) return { of: 'pm_runtime', how: power[1] === undefined ? 'gives' : 'takes' };
  const dma = /^dma_(un)?map_(sg|page|single|resource)(?:table)?(?:_attrs)?$/.exec(name);
  if (dma !== null) return { of: `dma ${dma[2] ?? ''}`, how: dma[1] === undefined ? 'takes' : 'gives' };
  const pin = /^(?:(\w+)_)?(un)?pin(?:_(?!count)\w+)?$/.exec(name);
  if (pin === null || /(?:^|_)(?:is|has|can|may|try|set|should)$/.test(pin[1] ?? '')) return null;
  return { of: `${pin[1] ?? ''} pin`, how: pin[2] === undefined ? 'takes' : 'gives' };
}

const stemsWith = (view: TreeView, all: readonly CFunction[], home: string, ending: string): boolean => [...stemsIn(view, all, home, 'takes')].some((one) => one.endsWith(ending));

function stemsIn(view: TreeView, all: readonly CFunction[], home: string, how: Stem['how']): ReadonlySet<string> {
  const names = all.flatMap((fn) => withCallees(view, fn, home, 3)).flatMap((one) => {
    const { names: called, members } = view.code.lexicalCalls(one);
    return [...called, ...members];
  });
  return new Set(names.flatMap((name) => {
    const stem = stemOf(name);
    return stem?.how === how ? [stem.of] : [];
  }));
}

const callsIn = (view: TreeView, fn: CFunction): readonly { readonly name: string; readonly line: number; readonly node: number }[] =>
  view.code.flow(fn).nodes.flatMap((node) => (node.value === null ? [] : callsOf(node.value).map((call) => ({ name: calleeName(call), line: call.line, node: node.id }))));

/** What a function takes and still has when it ends well. */
function kept(view: TreeView, fn: CFunction): readonly { readonly stem: string; readonly name: string; readonly at: Found['at'] }[] {
  const flow = view.code.flow(fn);
  const calls = callsIn(view, fn);
  return calls.flatMap(({ name, line, node }) => {
    const stem = stemOf(name);
    if (stem === null || stem.how !== 'takes') return [];
    const gives = new Set(calls.filter((one) => {
      const other = stemOf(one.name);
      return other !== null && other.how === 'gives' && other.of === stem.of;
    }).map((one) => one.node));
    const seen = new Set<number>();
    let isKept = false;
    const open = [node];
    for (let at = open.pop(); at !== undefined && !isKept; at = open.pop()) {
      if (seen.has(at) || gives.has(at)) continue;
      seen.add(at);
      const one = flow.nodes[at];
      if (one?.kind === 'return' && one.value !== null && isFailure(one.text)) continue;
      if (at === flow.exit) isKept = true;
      for (const { to } of flow.out[at] ?? []) open.push(to);
    }
    return isKept ? [{ stem: stem.of, name, at: { file: fn.file, line, function: fn.name } }] : [];
  });
}

const isFailure = (text: string): boolean => /-E[A-Z]+\b|ERR_PTR|ERR_CAST|\bNULL\b/.test(text);
