// Under which Kconfig symbols a file is built: read from the Makefiles of its folder and of those around it, as kbuild reads them, without make's own programs (Documentation/kbuild/makefiles.rst).
// A hint for a person: what it does not find may still be there (issue 4, part 4).

import { folderOf } from './lexical.ts';

/** One `name-$(CONFIG_X) += list`. */
interface Row {
  /** "obj", or the object or list that it is a part of. */
  readonly of: string;
  readonly configs: readonly string[];
  readonly parts: ReadonlySet<string>;
}

/** Objects within objects, and folders within folders; more is a loop. */
const DEEPEST = 6;

/** The symbols, the nearest first; empty where it is always built, or where no Makefile names it. `read` gives the text of a file of the tree. */
export function configsOf(file: string, read: (path: string) => string | null): readonly string[] {
  const found = new Set<string>();
  let wanted = file.replace(/^.*\//, '').replace(/\.[cS]$/, '.o');
  let folder = folderOf(file);
  for (let depth = 0; depth < DEEPEST && folder !== '.'; depth++) {
    const rows = rowsOf(read(`${folder}/Makefile`) ?? read(`${folder}/Kbuild`) ?? '');
    const configs = pathTo(wanted, rows, 0);
    for (const one of configs ?? []) found.add(one);
    const name = folder.slice(folder.lastIndexOf('/') + 1);
    // A driver may name its object from the folder above; else the folder itself is what is built there.
    wanted = configs === null ? `${name}/${wanted}` : `${name}/`;
    folder = folderOf(folder);
  }
  return [...found];
}

/** What stands on the way from `obj-…` to a part; null where there is no way. */
function pathTo(part: string, rows: readonly Row[], depth: number): readonly string[] | null {
  if (depth > DEEPEST) return null;
  for (const { of, configs, parts } of rows) {
    if (!parts.has(part)) continue;
    if (of === 'obj' || of === 'subdir') return configs;
    const outer = pathTo(`${of}.o`, rows, depth + 1) ?? pathTo(`$(${of}-y)`, rows, depth + 1);
    if (outer !== null) return [...configs, ...outer];
  }
  return null;
}

function rowsOf(makefile: string): readonly Row[] {
  const rows: Row[] = [];
  const around: (string | null)[] = [];
  for (const line of makefile.replace(/\\\r?\n/g, ' ').split('\n')) {
    const plain = line.replace(/#.*/, '').trim();
    const asked = /^(?:ifdef\s+(CONFIG_\w+)|if(?:n?eq)\s*\(\$\((CONFIG_\w+)\),\s*(y|m)?\s*\))$/.exec(plain);
    if (/^if/.test(plain)) around.push(asked?.[1] ?? (plain.startsWith('ifneq') === (asked?.[3] === undefined) ? asked?.[2] ?? null : null));
    else if (/^else\b/.test(plain)) around[around.length - 1] = null;
    else if (/^endif\b/.test(plain)) around.pop();
    const [, of = '', how = '', list = ''] = /^([\w.-]+?)-(y|m|objs|\$\((?:CONFIG_\w+)\))\s*[+:]?=\s*(.*)$/.exec(plain) ?? [];
    if (of === '') continue;
    const config = /CONFIG_\w+/.exec(how)?.[0];
    rows.push({ of, configs: [...(config === undefined ? [] : [config]), ...around.flatMap((one) => one ?? [])], parts: new Set(list.split(/\s+/).filter((one) => one !== '')) });
  }
  return rows;
}
