// an exporter's operation that goes on after a step that failed (B8, B10).

import { expressionText, partsOf, type Expression } from '../../source/c-tree.ts';
import type { Flow, FlowNode } from '../../source/control-flow.ts';
import { folderOf } from '../../source/lexical.ts';
import type { CFunction } from '../../source/syntax.ts';
import { calleeName, typesOf } from '../c-reading.ts';
import { memberFunction } from '../exporters.ts';
import { codeOf, withCallees } from '../lexical-reach.ts';
import type { TreeView } from '../tree-view.ts';
import { toyMover } from './toy-exporter.ts';
import type { ExporterRule, Found } from './rule.ts';

const OPS = ['attach', 'pin', 'map_dma_buf', 'vmap', 'begin_cpu_access', 'mmap'];
const body = (check: string): string => `\tint ret;\n\n\tret = bo_pin(dmabuf->priv);\n${check}\tret = vram_kernel_address(dmabuf->priv, map);\n\treturn ret;\n`;

export const rule: ExporterRule = {
  judge: 'exporter',
  header: {
    id: 'op-error-ignored',
    title: 'an operation of an exporter overwrites or drops the result of a step that can fail',
    why: 'The importer hears that all is well and uses memory that was not pinned, not mapped or not moved.',
    obligation: null,
    source: 'kernel-doc struct dma_buf_ops; SEMANTICS B8, B10.3',
    confidence: 'high',
    falsePositives: 'A step whose failure does not matter, and whose result is kept for another reason.',
    broken: toyMover({ vmap: body('') }),
    clean: toyMover({ vmap: body('\tif (ret)\n\t\treturn ret;\n') }),
  },
  find: (view, profile, found) => {
    const home = folderOf(profile.file);
    const functions = new Map<string, CFunction>();
    for (const member of OPS) {
      const op = memberFunction(view, found, member);
      for (const one of op === null ? [] : withCallees(view, op, home, 1)) {
        const fn = one.file === profile.file || one.name === op?.name ? view.code.functionIn(one.file, one.name) : null;
        if (fn !== null) functions.set(`${fn.file} ${fn.name}`, fn);
      }
    }
    return [...functions.values()].flatMap((fn) => [...droppedIn(view, fn), ...untestedIn(view, fn)]);
  },
};

/** `ret = step();` after which every way writes ret again, or ends, before anybody looks at it. */
function droppedIn(view: TreeView, fn: CFunction): readonly Found[] {
  const flow = view.code.flow(fn);
  const types = typesOf(fn);
  return flow.nodes.flatMap((node): readonly Found[] => {
    const { value } = node;
    if (value === null || value.kind !== 'assign' || value.op !== '=' || value.to.kind !== 'name' || value.value.kind !== 'call') return [];
    const variable = value.to.name;
    if (!/^(?:int|long|ssize_t)$/.test(types.get(variable) ?? '') || isRead(flow, node, variable)) return [];
    return [{ at: { file: fn.file, line: node.line, function: fn.name }, text: `what ${calleeName(value.value)}() gives is never looked at: a failure passes for success`, path: [] }];
  });
}

/** A pointer from a function that answers with ERR_PTR(), used here and never tested. */
function untestedIn(view: TreeView, fn: CFunction): readonly Found[] {
  const own = view.lexical(fn);
  if (own === null) return [];
  const body = codeOf(view, own);
  const types = typesOf(fn);
  return view.code.flow(fn).nodes.flatMap((node): readonly Found[] => {
    const { value } = node;
    if (value === null || value.kind !== 'assign' || value.op !== '=' || value.to.kind !== 'name' || value.value.kind !== 'call') return [];
    const variable = value.to.name;
    const name = calleeName(value.value);
    const place = view.code.locate(name, fn.file);
    const isMember = value.value.callee.kind === 'field' && /struct sg_table \*/.test(types.get(variable) ?? '');
    // Its own ERR_PTR(), or a member's that gives tables, and no test of any kind here.
    if (!isMember && (place === null || !/\bERR_PTR\s*\(\s*-|\bERR_PTR\s*\(\s*(?:ret|err|r|rc)\b/.test(codeOf(view, place)))) return [];
    if (new RegExp(`\\b(?:IS_ERR\\w*|PTR_ERR\\w*)\\s*\\(\\s*${variable}\\b`).test(body)) return [];
    const used = new RegExp(`\\b${variable}(?:->|\\s*[,)])|= ${variable};`).test(body.replace(new RegExp(`return\\s+${variable}\\s*;`, 'g'), ''));
    return used ? [{ at: { file: fn.file, line: node.line, function: fn.name }, text: `what ${name}() gives is used and never tested with IS_ERR()`, path: [] }] : [];
  });
}

function isRead(flow: Flow, from: FlowNode, variable: string): boolean {
  const seen = new Set<number>();
  const open = (flow.out[from.id] ?? []).map(({ to }) => to);
  for (let at = open.pop(); at !== undefined; at = open.pop()) {
    if (seen.has(at)) continue;
    seen.add(at);
    const node = flow.nodes[at];
    if (node === undefined) continue;
    // Macros hide what they look at.
    if (node.value === null ? new RegExp(`\\b${variable}\\b`).test(node.text) : reads(node.value, variable)) return true;
    const writes = node.value?.kind === 'assign' && node.value.op === '=' && node.value.to.kind === 'name' && node.value.to.name === variable;
    if (!writes) open.push(...(flow.out[at] ?? []).map(({ to }) => to));
  }
  return false;
}

function reads(one: Expression, variable: string): boolean {
  if (one.kind === 'assign' && one.to.kind === 'name' && one.op === '=') return reads(one.value, variable);
  if (one.kind === 'name') return one.name === variable;
  if (one.kind === 'opaque' || one.kind === 'block') return new RegExp(`\\b${variable}\\b`).test(expressionText(one));
  return partsOf(one).some((part) => reads(part, variable));
}
