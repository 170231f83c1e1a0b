// an operation of an exporter that its counterpart does not undo (P5 on the exporter's side).

import { expressionText } from '../../source/c-tree.ts';
import { calleeName, callsOf } from '../c-reading.ts';
import { memberFunction, type FoundExporter } from '../exporters.ts';
import { codeOf, withCallees } from '../lexical-reach.ts';
import type { TreeView } from '../tree-view.ts';
import { folderOf } from '../../source/lexical.ts';
import type { CFunction } from '../../source/syntax.ts';
import { toyMover } from './toy-exporter.ts';
import type { ExporterRule, Found } from './rule.ts';

/** Operations that go together: what the first ones take, the others give back. Attach and map share what they make, and so do those who end it. */
const GROUPS = [
  { does: ['attach', 'map_dma_buf'], undoes: ['detach', 'unmap_dma_buf'] },
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
    const released = memberFunction(view, found, 'release');
    // What belongs to the buffer may be kept until it goes; addresses of one device may not.
    const atTheEnd = new Set(released === null ? [] : [...stemsIn(view, [released], home, 'gives')].filter((stem) => !stem.startsWith('dma ')));
    const detach = memberFunction(view, found, 'detach');
    const byDetach = detach === null ? new Set<string>() : stemsIn(view, [detach], home, 'gives');
    const whole = [...exported(view, found, released, home), ...unevenSyncs(view, found)];
    return [...whole, ...GROUPS.flatMap((group): readonly Found[] => {
      const of = (members: readonly string[]): readonly CFunction[] => members.flatMap((member) => memberFunction(view, found, member) ?? []);
      const [does, undoes] = [of(group.does), of(group.undoes)];
      // An operation that is there and was not found may do anything.
      if (does.length === 0 || undoes.length === 0 || [...group.does, ...group.undoes].some((member) => profile.has.includes(member) && memberFunction(view, found, member) === null)) return [];
      const [given, taken] = [stemsIn(view, undoes, home, 'gives'), stemsIn(view, does, home, 'takes')];
      const rows: Found[] = [];
      for (const fn of does) {
        // What attach makes for one attachment ends with it; what map makes may be kept for the next one.
        const isAttach = fn === memberFunction(view, found, 'attach') && detach !== null;
        const mine = isAttach ? byDetach : given;
        const left = [...kept(view, fn), ...(group.does[0] === 'attach' ? madeByCallees(view, fn) : [])].filter(({ stem: of }) => !mine.has(of) && (isAttach || !atTheEnd.has(of)));
        const [first] = left;
        if (first === undefined) continue;
        const names = [...new Set(left.map(({ name }) => `${name}()`))];
        rows.push({ at: first.at, text: `${names.join(' and ')} ${names.length === 1 ? 'takes' : 'take'} what ${isAttach && detach !== null ? `${detach.name}()` : namesOf(undoes)} never gives back`, path: (isAttach && detach !== null ? [detach] : undoes).map(placed) });
      }
      const half = does.length === 1 ? sometimesUndone(view, does[0], undoes) : null;
      if (half !== null) rows.push(half);
      for (const fn of undoes) {
        for (const { name, stem, line } of callsIn(view, fn)) {
          // A pin that is missing where memory moves has rules of its own.
          if (stem?.how !== 'gives' || !stem.isSure || taken.has(stem.of) || stemsIn(view, [fn], home, 'takes').has(stem.of) || (profile.moves && stem.of.endsWith(' pin') && ![...taken].some((one) => one.endsWith(' pin')))) continue;
          rows.push({ at: { file: fn.file, line, function: fn.name }, text: `${name}() gives back what ${namesOf(does)} does not take`, path: does.map(placed) });
        }
      }
      return rows;
    })];
  },
};

const EXPORT = /\b(?:dma_buf_export|drm_gem_dmabuf_export|drm_gem_prime_export)\s*\(/;

/** What the function that makes the buffer takes for it, and release does not give back. */
function exported(view: TreeView, { table }: FoundExporter, release: CFunction | null, home: string): readonly Found[] {
  if (release === null) return [];
  const text = view.code.text(table.file) ?? '';
  const makers = new Map([...text.matchAll(new RegExp(`&${table.name}\\b`, 'g'))].flatMap((match) => view.fields.functionAround(table.file, match.index) ?? []).map((one) => [one.name, one]));
  const given = stemsIn(view, [release], home, 'gives');
  // Where it only fills in what to export, the function that it hands this to makes the buffer.
  for (const one of [...makers.values()]) for (const callee of view.code.lexicalCalls(one).names.flatMap((name) => view.code.locate(name, table.file) ?? [])) if (callee.file === table.file && EXPORT.test(codeOf(view, callee))) makers.set(callee.name, callee);
  return [...makers.values()].flatMap((one): readonly Found[] => {
    const fn = EXPORT.test(codeOf(view, one)) ? view.code.functionIn(one.file, one.name) : null;
    if (fn === null) return [];
    // A table or memory of its own may be handed to whatever release calls.
    return kept(view, fn).filter(({ stem: of }) => /\(\)$| pin$|^file$/.test(of) && !given.has(of)).map(({ at, name }) => ({ at, text: `${name}() takes for the buffer what ${release.name}() does not give back`, path: [placed(release)] }));
  });
}

/** Both sides of CPU access hand every mapping over: as often on one side as on the other. */
function unevenSyncs(view: TreeView, found: FoundExporter): readonly Found[] {
  const [begin, end] = ['begin_cpu_access', 'end_cpu_access'].map((member) => memberFunction(view, found, member));
  if (begin === undefined || end === undefined || begin === null || end === null) return [];
  const count = (fn: CFunction): number => callsIn(view, fn).filter(({ stem: own }) => own?.of === 'dma sync').length;
  const [first, second] = [count(begin), count(end)];
  if (first === 0 || second === 0 || first === second) return [];
  const fewer = first < second ? begin : end;
  return [{ at: { file: fewer.file, line: fewer.line, function: fewer.name }, text: `hands over fewer mappings than ${(fewer === begin ? end : begin).name}() does`, path: [placed(fewer === begin ? end : begin)], confidence: 'medium' }];
}

const namesOf = (all: readonly CFunction[]): string => all.map(({ name }) => `${name}()`).join(' or ');

const placed = ({ file, line, name }: CFunction) => ({ file, line, function: name, text: 'is the other side' });

interface Stem {
  /** "drm_gem pin", "dma sg", "list node". */
  readonly of: string;
  readonly how: 'takes' | 'gives';
  /** Nothing but its counterpart takes it. */
  readonly isSure: boolean;
}

const stem = (of: string, isTake: boolean, isSure = true): Stem => ({ of, how: isTake ? 'takes' : 'gives', isSure });

/** Names of the kernel's core that come in pairs, by what they take. */
const CORE: readonly { readonly of: string; readonly takes: RegExp; readonly gives: RegExp; readonly isSure: boolean }[] = [
  { of: 'vmap', takes: /^(?:vmap|vmap_pfn|vm_map_ram)$/, gives: /^(?:vunmap|vm_unmap_ram)$/, isSure: false },
  { of: 'file', takes: /^get_file$/, gives: /^fput$/, isSure: false },
  { of: 'memremap', takes: /^memremap$/, gives: /^memunmap$/, isSure: true },
  { of: 'sg table', takes: /^(?:sg_alloc_table\w*|dma_get_sgtable\w*)$/, gives: /^sg_free_table$/, isSure: false },
  { of: 'memory', takes: /^k(?:v)?(?:[mzc]alloc|malloc_array|calloc|memdup)(?:_objs?|_flex|_node)?$/, gives: /^k(?:v|z)?free(?:_sensitive|_rcu)?$/, isSure: false },
  { of: 'kernel mapping', takes: /^invalidate_kernel_vmap_range$/, gives: /^flush_kernel_vmap_range$/, isSure: true },
  { of: 'dma sync', takes: /^dma_sync_\w+_for_cpu$/, gives: /^dma_sync_\w+_for_device$/, isSure: true },
];

/** Words of a function's name that turn it into its counterpart. */
const WORDS: readonly (readonly [takes: string, gives: string])[] = [['map', 'unmap'], ['vmap', 'vunmap'], ['get', 'put'], ['alloc', 'free'], ['pin', 'unpin'], ['mmap', 'munmap']];

/** A driver's or layer's own pair: both functions are there, and differ in that one word. */
export function ownPair(view: TreeView, name: string, file: string): (Stem & { readonly other: string }) | null {
  const words = name.split('_');
  for (const [takes, gives] of WORDS) {
    for (const [from, to] of [[takes, gives], [gives, takes]] as const) {
      const index = words.indexOf(from);
      if (index === -1) continue;
      const other = [...words.slice(0, index), to, ...words.slice(index + 1)].join('_');
      const [here, there] = [view.code.locate(name, file), view.code.locate(other, file)];
      // What the memory management takes is taken in many ways.
      if (here === null || there === null || folderOf(here.file) !== folderOf(there.file) || /^(?:include|mm|kernel|lib)\b/.test(here.file)) continue;
      return { ...stem(from === takes ? `${name}()` : `${other}()`, from === takes), other };
    }
  }
  return null;
}

/** What a call says that it takes or gives: a pin of something, a device that is kept awake, DMA addresses, a place in a list. `member`: the last name of its first argument. */
function stemOf(name: string, member: string): Stem | null {
  for (const { of, takes, gives, isSure } of CORE) {
    if (takes.test(name)) return stem(of, true, isSure);
    if (gives.test(name)) return stem(of, false, isSure);
  }
  const list = /^list_(?:(add(?:_tail)?)|del(?:_init)?)$/.exec(name);
  if (list !== null) return stem(`list ${member}`, list[1] !== undefined);
  const dma = /^dma_(un)?map_(sg|page|single|resource)(?:table)?(?:_attrs)?$/.exec(name);
  if (dma !== null) return stem(`dma ${dma[2] ?? ''}`, dma[1] === undefined);
  const pin = /^(?:(\w+)_)?(un)?pin(?:_(?!count)\w+)?$/.exec(name);
  if (pin === null || /(?:^|_)(?:is|has|can|may|try|set|should)$/.test(pin[1] ?? '')) return null;
  return stem(`${pin[1] ?? ''} pin`, pin[2] === undefined);
}

const CALL = /\b(\w+)\s*\(\s*(?:&?[\w>.[\]-]*?(\w+)\s*[,)])?/g;

const stemsIn = (view: TreeView, all: readonly CFunction[], home: string, how: Stem['how']): ReadonlySet<string> =>
  new Set(all.flatMap((fn) => withCallees(view, fn, home, 3)).flatMap((one) => [...codeOf(view, one).matchAll(CALL)].flatMap(([, name = '', member = '']) =>
    [stemOf(name, member), ownPair(view, name, one.file)].flatMap((found) => (found?.how === how ? [found.of] : [])))));

interface Called {
  readonly name: string;
  readonly stem: Stem | null;
  readonly line: number;
  readonly node: number;
}

const callsIn = (view: TreeView, fn: CFunction): readonly Called[] =>
  view.code.flow(fn).nodes.flatMap((node) => (node.value === null ? [] : callsOf(node.value).map((call) => {
    const name = calleeName(call);
    const first = call.args[0] === undefined ? '' : expressionText(call.args[0]);
    return { name, stem: stemOf(name, /(\w+)\W*$/.exec(first)?.[1] ?? '') ?? ownPair(view, name, fn.file), line: call.line, node: node.id };
  })));

/** DMA addresses and tables that functions of the same file make for this one. */
function madeByCallees(view: TreeView, fn: CFunction, depth = 2): ReturnType<typeof kept> {
  const names = depth === 0 ? [] : [...new Set(callsIn(view, fn).map(({ name }) => name))];
  return names.flatMap((name) => {
    const place = view.code.locate(name, fn.file);
    const callee = place !== null && place.file === fn.file ? view.code.functionIn(fn.file, name) : null;
    if (callee === null || callee.name === fn.name) return [];
    const makes = /sg_table|dma_addr_t/.test(callee.returns) ? /^(?:dma (?!sync)|sg table|memory)/ : /^dma (?!sync)/;
    return [...kept(view, callee).filter(({ stem: of }) => makes.test(of)), ...madeByCallees(view, callee, depth - 1)];
  });
}

/** What a function takes and still has when it ends well. */
function kept(view: TreeView, fn: CFunction): readonly { readonly stem: string; readonly name: string; readonly at: Found['at'] }[] {
  const flow = view.code.flow(fn);
  const calls = callsIn(view, fn);
  return calls.flatMap(({ name, stem: own, line, node }) => {
    if (own === null || own.how !== 'takes') return [];
    const gives = new Set(calls.filter((one) => one.stem?.how === 'gives' && one.stem.of === own.of).map((one) => one.node));
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
    return isKept ? [{ stem: own.of, name, at: { file: fn.file, line, function: fn.name } }] : [];
  });
}

const isFailure = (text: string): boolean => /-E[A-Z]+\b|ERR_PTR|ERR_CAST|\bNULL\b/.test(text);

/** Taken on every way that ends well, and given back only under a condition. */
function sometimesUndone(view: TreeView, does: CFunction | undefined, undoes: readonly CFunction[]): Found | null {
  if (does === undefined || undoes.length !== 1) return null;
  const [fn] = undoes;
  if (fn === undefined) return null;
  const [takes, gives] = [callsIn(view, does), callsIn(view, fn)];
  for (const { name, stem: own, line } of gives) {
    if (own?.how !== 'gives' || !own.isSure) continue;
    const [taking, giving] = [takes, gives].map((all) => new Set(all.filter((one) => one.stem?.of === own.of).map((one) => one.node)));
    if (taking === undefined || giving === undefined || taking.size === 0 || loops(view, fn, giving) || loops(view, does, taking)) continue;
    if (avoids(view, does, taking) || !avoids(view, fn, giving)) continue;
    return { at: { file: fn.file, line, function: fn.name }, text: `${name}() is left out on some ways, though ${does.name}() takes on all of them`, path: [placed(does)] };
  }
  return null;
}

/** A way to a good end that meets none of these nodes. What only asks whether a variable is there is taken to find it. */
function avoids(view: TreeView, fn: CFunction, nodes: ReadonlySet<number>): boolean {
  const flow = view.code.flow(fn);
  const seen = new Set<number>();
  const open = [flow.entry];
  for (let at = open.pop(); at !== undefined; at = open.pop()) {
    if (seen.has(at) || nodes.has(at)) continue;
    seen.add(at);
    if (at === flow.exit) return true;
    const one = flow.nodes[at];
    if (one?.kind === 'return' && one.value !== null && isFailure(one.text)) continue;
    for (const { to, test: asked } of flow.out[at] ?? []) {
      const text = asked?.text ?? '';
      if (asked !== null && (/^\w+$/.test(text) ? !asked.taken : /^!\s*\w+$|IS_ERR|WARN/.test(text) && asked.taken)) continue;
      open.push(to);
    }
  }
  return false;
}

/** One of the nodes stands in a loop, which may run not at all. */
function loops(view: TreeView, fn: CFunction, nodes: ReadonlySet<number>): boolean {
  const flow = view.code.flow(fn);
  return [...nodes].some((node) => {
    const seen = new Set<number>();
    const open = (flow.out[node] ?? []).map(({ to }) => to);
    for (let at = open.pop(); at !== undefined; at = open.pop()) {
      if (at === node) return true;
      if (seen.has(at)) continue;
      seen.add(at);
      open.push(...(flow.out[at] ?? []).map(({ to }) => to));
    }
    return false;
  });
}
