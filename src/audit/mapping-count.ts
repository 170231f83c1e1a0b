// The exporter's count of live mappings: which object it is, what waits for its end, and who drops the exporter's own part of it
// (SEMANTICS A10, C4). Knows no scenario.

import type { Act, Behaviour, ExporterProfile, Place } from '../results/audit.ts';
import type { CFunction } from '../source/syntax.ts';
import { partsOfBehaviour } from './diagram.ts';
import type { TreeView } from './tree-view.ts';

export interface MappingCount {
  /** "kref" */
  readonly object: string;
  /** "comp"; the count itself where that is waited for. */
  readonly completion: string;
}

/** The count of live mappings, and what waits for its end; null where map and unmap do not keep one. */
export function mappingCountOf({ mapBehaviour, unmapBehaviour }: Pick<ExporterProfile, 'mapBehaviour' | 'unmapBehaviour'>): MappingCount | null {
  const acts = (one: Behaviour | null): readonly Act[] => (one === null ? [] : partsOfBehaviour(one).flatMap((part) => (part.kind === 'act' ? [part.act] : [])));
  const gets = new Set(acts(mapBehaviour).flatMap((act) => (act.do === 'count-get' ? [act.object] : [])));
  const unmap = acts(unmapBehaviour);
  const completed = unmap.flatMap((act) => (act.do === 'complete' ? [act.object] : []))[0];
  // The put completes, or its caller does, or the count itself is waited for.
  return unmap.flatMap((act) => (act.do === 'count-put' && gets.has(act.object) ? [{ object: act.object, completion: act.completes ?? completed ?? act.object }] : []))[0] ?? null;
}

/** Waits for the count's end that a way comes to without having dropped the exporter's own part: "file:line" of each. */
export function waitsBeforePut(root: Behaviour, count: MappingCount): ReadonlySet<string> {
  const found = new Set<string>();
  const seen = new Set<Behaviour>();
  // Only ways without a put are walked.
  const visit = (one: Behaviour): void => {
    if (seen.has(one)) return;
    seen.add(one);
    if (one.kind === 'branch') {
      visit(one.yes);
      visit(one.no);
    } else if (one.kind === 'act') {
      if (one.act.do === 'count-put' && one.act.object === count.object) return;
      if (one.act.do === 'completion-wait' && one.act.object === count.completion) found.add(`${one.at.file}:${one.at.line}`);
      visit(one.next);
    }
  };
  visit(root);
  return found;
}

/**
 * Where the exporter drops the reference that it sets the count up with, anywhere in its folder but in unmap.
 * Null where no such set-up is seen, and nobody knows whether there is a reference to drop.
 */
export function ownReferenceOf(view: TreeView, folder: string, count: MappingCount, unmap: CFunction): readonly Place[] | null {
  const setUp = new RegExp(`\\b(?:kref_init\\s*\\(\\s*&?[\\w>.()-]*\\b${count.object}\\s*\\)|(?:refcount_set|atomic_set)\\s*\\(\\s*&?[\\w>.()-]*\\b${count.object}\\s*,\\s*1\\s*\\))`);
  const texts = view.code.folderFiles(folder).flatMap((file) => {
    const text = view.code.text(file);
    return text === null || !text.includes(count.object) ? [] : [{ file, text }];
  });
  if (!texts.some(({ text }) => setUp.test(text))) return null;
  const put = new RegExp(`\\b(?:kref_put|refcount_dec_and_test|atomic_dec_and_test)\\s*\\(\\s*&?[\\w>.()-]*\\b${count.object}\\s*(?:,\\s*(\\w+)\\s*)?\\)`, 'g');
  const release = releaseIn(view, unmap, put);
  return texts.flatMap(({ file, text }) => [...text.matchAll(put)].flatMap((match): readonly Place[] => {
    const fn = view.fields.functionAround(file, match.index);
    // Counts of other objects have the same name and another release function.
    if (fn === null || (fn.name === unmap.name && file === unmap.file) || (release !== null && match[1] !== release)) return [];
    return [{ file, line: text.slice(0, match.index).split('\n').length, function: fn.name }];
  }));
}

/** "vfio_pci_dma_buf_done" of unmap's kref_put; null where it hands none over. */
function releaseIn(view: TreeView, unmap: CFunction, put: RegExp): string | null {
  const own = view.lexical(unmap);
  const match = own === null ? undefined : [...view.code.bodyText(own).matchAll(put)][0];
  return match?.[1] ?? null;
}
