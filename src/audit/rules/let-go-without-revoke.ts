// a buffer that an exporter forgets while importers have it mapped (C9).

import { folderOf, type LexicalFunction } from '../../source/lexical.ts';
import type { ExporterProfile } from '../../results/audit.ts';
import { memberFunction, type FoundExporter } from '../exporters.ts';
import { codeOf, lineOf, withCallees } from '../lexical-reach.ts';
import { RevokeCallers } from '../revoke-callers.ts';
import { revokesOf } from '../revoke-trial.ts';
import type { TreeView } from '../tree-view.ts';
import { toyExporter } from './toy-exporter.ts';
import type { ExporterRule, Found } from './rule.ts';

const unplug = (revoke: string): string => `
void bar_reset_all(struct host *host)
{
	struct bar *bar;

	list_for_each_entry(bar, &host->bars, bars_elm)
		bar_revoke(bar);
}

void bar_unplug(struct bar *bar)
{
${revoke}	list_del_init(&bar->bars_elm);
}

void bar_driver_remove(struct bar *bar)
{
	bar_unplug(bar);
}
`;

export const rule: ExporterRule = {
  judge: 'exporter',
  header: {
    id: 'let-go-without-revoke',
    title: 'a buffer is taken off the exporter\'s list and not revoked',
    why: 'The list is how a later revoke finds it. Off the list it stays mapped by importers for as long as they like, while the device goes away.',
    obligation: 'P3',
    source: 'vfio_pci_dma_buf_cleanup, rdma_user_mmap_entry_remove; SEMANTICS C9, F1',
    confidence: 'high',
    falsePositives: 'A list that is left for another one, or a buffer that was revoked before by the caller.',
    broken: toyExporter({ more: unplug('') }),
    clean: toyExporter({ more: unplug('\tbar_revoke(bar);\n') }),
  },
  find: (view, profile, found) => {
    if (revokesOf(profile).length === 0) return [];
    const callers = new RevokeCallers(view, profile);
    const revokers = callers.revokers();
    const elements = elementsOf(view, callers);
    const released = releasedIn(view, profile, found);
    const told = new Map<string, Found>();
    for (const element of elements) {
      for (const one of removersOf(view, profile, element)) {
        const body = codeOf(view, one);
        const revokes = revokers.some((name) => new RegExp(`\\b${name}\\s*\\(`).test(body)) || revokers.includes(one.name);
        if (revokes || released.has(one.name) || /\bdma_buf_export\s*\(/.test(body)) continue;
        const at = { file: one.file, line: lineOf(view, one, body.search(deletes(element))), function: one.name };
        told.set(`${at.file}:${at.line}`, { at, text: `takes a buffer off the list by \`${element}\` and does not revoke it: nothing revokes it later`, path: [] });
      }
    }
    // What revokes for good and is called by nobody revokes nothing.
    for (const name of revokers) {
      const [path] = profile.revokes;
      const place = path === undefined ? null : view.code.locate(name, path.file);
      if (place === null || isMentioned(view, place, profile) || profile.revokes.some((one) => one.function === name)) continue;
      told.set(name, { at: { file: place.file, line: lineOf(view, place, 0), function: name }, text: 'takes back every buffer for good, and nobody calls it', path: [] });
    }
    return [...told.values()];
  },
};

/** Called or handed over anywhere, as far as can be seen: what is exported may be called from everywhere. */
function isMentioned(view: TreeView, { name, file }: LexicalFunction, profile: ExporterProfile): boolean {
  if (view.code.file(file)?.exported.has(name) === true) return true;
  // Prototypes and the definition begin in the first column; a comment's line with a star.
  const mention = new RegExp(`^[ \\t]+(?![*/ \\t]).*\\b${name}\\b`, 'm');
  return view.code.folderFiles(folderOf(profile.file)).some((path) => mention.test(view.code.text(path) ?? ''));
}

const deletes = (element: string): RegExp => new RegExp(`\\blist_del\\w*\\s*\\(\\s*&[\\w>.()-]*\\b${element}\\b`);

/** The list members by which the revoke, or who calls it, finds the buffers. */
function elementsOf(view: TreeView, callers: RevokeCallers): ReadonlySet<string> {
  const found = new Set<string>();
  for (const name of callers.revokers()) {
    for (const one of [...callers.callers(name), ...callers.itself(name)]) {
      for (const [, element = ''] of codeOf(view, one).matchAll(/\blist_for_each_entry\w*\s*\([^;{)]*,\s*(\w+)\s*\)/g)) found.add(element);
      for (const [, element = ''] of codeOf(view, one).matchAll(/\blist_del\w*\s*\(\s*&[\w>.()-]*?(\w+)\s*\)/g)) found.add(element);
    }
  }
  return found;
}

function removersOf(view: TreeView, { file }: ExporterProfile, element: string): readonly LexicalFunction[] {
  return view.code.folderFiles(folderOf(file)).flatMap((path) => {
    const text = view.code.text(path) ?? '';
    return [...text.matchAll(new RegExp(deletes(element).source, 'g'))].flatMap((match) => view.fields.functionAround(path, match.index) ?? []);
  });
}

/** The last reference is gone: nobody has it mapped any more. */
function releasedIn(view: TreeView, { file }: ExporterProfile, found: FoundExporter): ReadonlySet<string> {
  const release = memberFunction(view, found, 'release');
  return new Set(release === null ? [] : withCallees(view, release, folderOf(file), 2).map(({ name }) => name));
}
