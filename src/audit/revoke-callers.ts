// Who calls an exporter's revoke, and what the same functions do to the device and to user mappings, in order (SEMANTICS C4, C10).
// Names of the kernel's core only; what a driver's own function comes to is looked up in its text.

import { expressionText, type Expression } from '../source/c-tree.ts';
import { folderOf, type LexicalFunction } from '../source/lexical.ts';
import type { CFunction } from '../source/syntax.ts';
import type { ExporterProfile, Place } from '../results/audit.ts';
import { calleeName, callsOf } from './c-reading.ts';
import { actsOf } from './unmaps.ts';
import { codeOf } from './lexical-reach.ts';
import { revokesOf } from './revoke-trial.ts';
import type { TreeView } from './tree-view.ts';

export type What = 'revoke' | 'restore' | 'off' | 'zap';

export interface Happening {
  readonly what: What;
  readonly at: Place;
  /** "pci_try_reset_function()" */
  readonly text: string;
}

/** After it the device's memory does not answer: it is reset, off, asleep, or its addresses belong to nobody. */
const OFF = /^(?:__)?pci_(?:try_)?reset_(?:function|bus|slot)\w*$|^pci_disable_device\w*$|^pci_release_\w*regions?\w*$|^pci_iounmap$|^pci_d3cold_disable$|^pci_prepare_to_sleep$|^(?:pci|platform)_power_off$|^reset_control_(?:assert|reset)$/;
const POWER = /^pci_set_power_state\w*$/;
const ZAP = /^(?:unmap_mapping_(?:range|pages|folio)|zap_vma_ptes|zap_special_vma_range|zap_page_range\w*|vma_node_unmap|drm_vma_node_unmap)$/;
const DEEPEST = 2;

/** Functions of the exporter's folder around its revoke, and what their calls come to. */
export class RevokeCallers {
  private readonly view: TreeView;
  private readonly home: string;
  /** The functions that call back, with the parameter that says whether to revoke or to restore. */
  private readonly roots = new Map<string, { readonly parameter: number; readonly inverted: boolean } | null>();
  private readonly restorers = new Set<string>();
  private readonly comes = new Map<string, boolean>();

  constructor(view: TreeView, profile: ExporterProfile) {
    this.view = view;
    this.home = folderOf(profile.file);
    const flags = new Set<string>();
    for (const path of revokesOf(profile)) {
      const fn = view.code.functionIn(path.file, path.function);
      if (fn === null) continue;
      const parameter = fn.parameters.findIndex(({ type }) => /^bool$/.test(type));
      this.roots.set(path.function, parameter === -1 ? null : { parameter, inverted: /restore|enable|allow|unrevoke/.test(fn.parameters[parameter]?.name ?? '') });
      for (const { act } of actsOf([path.behaviour])) if (act.do === 'set' && act.value) flags.add(act.field);
    }
    for (const field of flags) {
      for (const { fn, value } of view.fields.stores(field, this.home)) {
        if (/^(?:false|0)$/.test(value) && !this.roots.has(fn.name) && !/\bdma_buf_export\s*\(/.test(view.code.bodyText(fn))) this.restorers.add(fn.name);
      }
    }
    this.addWrappers();
  }

  /** Functions that revoke and do nothing else with the device: to call them is to revoke. */
  private addWrappers(): void {
    for (const root of [...this.roots.keys()]) {
      for (const caller of this.callersOf(root)) {
        const text = codeOf(this.view, caller);
        const calls = [...text.matchAll(new RegExp(`\\b${root}\\s*\\(([^;]*)\\)`, 'g'))].map((match) => match[1] ?? '');
        const hasRestore = calls.some((args) => /\bfalse\b/.test(args)) || [...this.restorers].some((name) => new RegExp(`\\b${name}\\s*\\(`).test(text));
        if (!hasRestore && calls.every((args) => this.roots.get(root) === null || /\btrue\b/.test(args)) && !this.comesTo(caller, OFF, 0) && !this.comesTo(caller, POWER, 0) && !this.comesTo(caller, ZAP, DEEPEST) && isLetGo(text)) this.roots.set(caller.name, null);
      }
    }
  }

  private callersOf(name: string): readonly LexicalFunction[] {
    const found = new Map<string, LexicalFunction>();
    for (const file of this.view.code.folderFiles(this.home)) {
      const text = this.view.code.text(file) ?? '';
      for (const match of text.matchAll(new RegExp(`\\b${name}\\s*\\(`, 'g'))) {
        const fn = this.view.fields.functionAround(file, match.index);
        if (fn !== null && fn.name !== name && codeOf(this.view, fn).includes(name)) found.set(`${fn.file} ${fn.name}`, fn);
      }
    }
    return [...found.values()];
  }

  /** Functions of the folder with a call of one of these words, the revoke itself left out. */
  functions(): readonly CFunction[] {
    const found = new Map<string, CFunction>();
    const zappers = new Set(this.zappers());
    for (const name of [...this.roots.keys(), ...this.restorers, ...zappers]) {
      for (const one of this.callersOf(name)) {
        // Who only takes user mappings away does so for its callers.
        const fn = this.roots.has(one.name) || zappers.has(one.name) ? null : this.view.code.functionIn(one.file, one.name);
        if (fn !== null) found.set(`${fn.file} ${fn.name}`, fn);
      }
    }
    return [...found.values()];
  }

  /** The folder's own functions that take user mappings away. */
  private zappers(): readonly string[] {
    return [...new Set(this.view.code.folderFiles(this.home).flatMap((file) => this.view.code.functionNames(file).filter((name) => {
      const place = this.view.code.locate(name, file);
      // Whoever resets or restores as well does more than that.
      return place !== null && place.file === file && this.comesTo(place, ZAP, 1) && !this.revokesInside(place) && !this.comesTo(place, OFF, 0) && !this.mentionsRoot(place);
    })))].filter((name) => !this.roots.has(name));
  }

  /** What a call is, or null for anything else. */
  happening(fn: CFunction, call: Expression & { readonly kind: 'call' }): Happening | null {
    const name = calleeName(call);
    const at = { file: fn.file, line: call.line, function: fn.name };
    const texts = call.args.map(expressionText);
    const is = (what: What): Happening => ({ what, at, text: `${name}(${texts.join(', ')})` });
    const root = this.roots.get(name);
    if (root === null) return is('revoke');
    if (root !== undefined) {
      const given = texts[root.parameter];
      if (given !== 'true' && given !== 'false') return null;
      return is((given === 'true') === root.inverted ? 'restore' : 'revoke');
    }
    if (this.restorers.has(name)) return is('restore');
    if (OFF.test(name)) return is('off');
    if (ZAP.test(name)) return is('zap');
    if (POWER.test(name)) return sleeps(texts) ? is('off') : null;
    const place = this.view.code.locate(name, fn.file);
    if (place === null || folderOf(place.file) !== this.home || this.revokesInside(place)) return null;
    if (this.comesTo(place, ZAP, DEEPEST)) return is('zap');
    if (this.comesTo(place, OFF, 1)) return is('off');
    // A wrapper is handed the state.
    return this.comesTo(place, POWER, 1) && sleeps(texts) ? is('off') : null;
  }

  /** Functions that revoke for good: those that call back, and those that only call them and let the buffers go. */
  revokers(): readonly string[] {
    return [...this.roots.keys()];
  }

  /** Functions of the folder that call one by name. */
  callers(name: string): readonly LexicalFunction[] {
    return this.callersOf(name);
  }

  /** The function of that name in the folder. */
  itself(name: string): readonly LexicalFunction[] {
    return this.view.code.folderFiles(this.home).flatMap((file) => {
      const place = this.view.code.functionNames(file).includes(name) ? this.view.code.locate(name, file) : null;
      return place !== null && place.file === file ? [place] : [];
    });
  }

  /** All that happens in a function, in the order of the text. */
  all(fn: CFunction): readonly Happening[] {
    return this.view.code.flow(fn).nodes.flatMap((node) => (node.value === null ? [] : callsOf(node.value).flatMap((call) => this.happening(fn, call) ?? [])));
  }

  private mentionsRoot(one: LexicalFunction): boolean {
    return this.view.code.lexicalCalls(one).names.some((name) => this.roots.has(name) || this.restorers.has(name));
  }

  /** What it does to the device it does in its own order, which is looked at there. */
  private revokesInside(one: LexicalFunction, deepest = DEEPEST): boolean {
    return this.view.code.lexicalCalls(one).names.some((name) => {
      if (this.roots.has(name)) return this.revokesBy(one, name);
      const to = deepest > 0 ? this.view.code.locate(name, one.file) : null;
      return to !== null && folderOf(to.file) === this.home && this.revokesInside(to, deepest - 1);
    });
  }

  /** One of its calls of that function revokes, and does not restore. */
  private revokesBy(one: LexicalFunction, name: string): boolean {
    const root = this.roots.get(name) ?? null;
    return root === null || [...codeOf(this.view, one).matchAll(new RegExp(`\\b${name}\\s*\\(([^;]*?)\\)`, 'g'))].some(([, args = '']) => !new RegExp(`\\b${root.inverted ? 'true' : 'false'}\\b`).test(args));
  }

  private comesTo(one: LexicalFunction, names: RegExp, deepest: number): boolean {
    const key = `${one.file} ${one.name} ${names.source.length} ${deepest}`;
    const known = this.comes.get(key);
    if (known !== undefined) return known;
    this.comes.set(key, false);
    const calls = this.view.code.lexicalCalls(one).names;
    const answer = calls.some((name) => names.test(name)) || (deepest > 0 && calls.some((name) => {
      const to = this.view.code.locate(name, one.file);
      return to !== null && folderOf(to.file) === this.home && this.comesTo(to, names, deepest - 1);
    }));
    this.comes.set(key, answer);
    return answer;
  }

  /** Its file or device is closed: users have no mapping any more. */
  isClosing(fn: CFunction): boolean {
    return this.view.code.rowsNaming(this.home, fn.name).some(({ member }) => /close|release|remove|shutdown|disconnect/.test(member)) || /(?:close|release|remove|cleanup|shutdown|disconnect|uninit|fini)(?:_|$)/.test(fn.name);
  }
}

/** A power state that is given, and is not D0. */
const sleeps = (texts: readonly string[]): boolean => !texts.some((text) => /\bPCI_D0\b/.test(text)) && texts.some((text) => /^PCI_D3|state$/.test(text));

/** It takes the buffers off its list: they are revoked for good. */
const isLetGo = (body: string): boolean => /\blist_del\w*\s*\(/.test(body);

/** Every order in which a function does these things; each step is told with what was done before on that way. */
export function eachOrder(view: TreeView, callers: RevokeCallers, fn: CFunction, step: (before: Happening | null, now: Happening) => Happening | null): void {
  const flow = view.code.flow(fn);
  const at = flow.nodes.map((node) => (node.value === null ? [] : callsOf(node.value).flatMap((call) => callers.happening(fn, call) ?? [])));
  const seen = new Set<string>();
  const open: { readonly node: number; readonly state: Happening | null }[] = [{ node: flow.entry, state: null }];
  for (let one = open.pop(); one !== undefined; one = open.pop()) {
    const key = `${one.node} ${one.state === null ? '' : `${one.state.what}:${one.state.at.line}`}`;
    if (seen.has(key)) continue;
    seen.add(key);
    let { state } = one;
    for (const now of at[one.node] ?? []) state = step(state, now);
    for (const { to } of flow.out[one.node] ?? []) open.push({ node: to, state });
  }
}
