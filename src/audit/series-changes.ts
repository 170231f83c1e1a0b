// What a series changed: findings and pairs before and behind it, matched by identity (issue 4, part 4).

import type { Pair } from '../results/audit.ts';
import type { Finding } from '../results/finding.ts';
import { identityOf } from '../results/finding.ts';
import type { FindingChange, MovedFinding, PairChange, PatchName, SeriesResult, Since } from '../results/patch.ts';

export interface Findings {
  readonly findings: readonly Finding[];
}

export interface Changes {
  readonly added: readonly FindingChange[];
  readonly fixed: readonly FindingChange[];
  readonly moved: readonly MovedFinding[];
  /** There before and behind, at the same place but for the line. */
  readonly remaining: readonly Finding[];
}

/**
 * `stages[n]`: findings behind the first n patches. Where there are two, all of the series stands between them. `isRenamed`: a function that is not there any
 * more, and one that was not there before.
 */
export function changesOf(stages: readonly Findings[], patches: readonly PatchName[], isRenamed: (before: string, after: string) => boolean): Changes {
  const maps = stages.map(({ findings }) => new Map(findings.map((one) => [identityOf(one), one])));
  const before = maps[0] ?? new Map<string, Finding>();
  const after = maps[maps.length - 1] ?? new Map<string, Finding>();
  const patchOf = (identity: string, isThere: boolean): PatchName | null => {
    if (maps.length !== patches.length + 1) return patches.length === 1 ? patches[0] ?? null : null;
    // The last one that changed it: what an earlier patch brought, and another took away, came again.
    for (let at = maps.length - 1; at > 0; at--) if ((maps[at]?.has(identity) ?? false) === isThere && (maps[at - 1]?.has(identity) ?? false) !== isThere) return patches[at - 1] ?? null;
    return null;
  };
  const gone = new Map([...before].filter(([identity]) => !after.has(identity)));
  const added: FindingChange[] = [];
  const moved: MovedFinding[] = [];
  const remaining: Finding[] = [];
  for (const [identity, finding] of after) {
    const old = before.get(identity) ?? renamed(finding, gone, isRenamed);
    if (old === undefined) added.push({ finding, patch: patchOf(identity, true) });
    else if (old.file !== finding.file || old.function !== finding.function) moved.push({ finding, from: { file: old.file, line: old.line, function: old.function } });
    else remaining.push(finding);
  }
  const fixed = [...gone].map(([identity, finding]) => ({ finding, patch: patchOf(identity, false) }));
  return { added, fixed, moved, remaining };
}

/** The same rule on the same line of a function that got another name; what is taken is taken out of `gone`. */
function renamed(finding: Finding, gone: Map<string, Finding>, isRenamed: (before: string, after: string) => boolean): Finding | undefined {
  for (const [identity, old] of gone) {
    const isSame = old.rule === finding.rule && old.ordinal === finding.ordinal && withoutName(old) === withoutName(finding) && isRenamed(old.function, finding.function);
    if (!isSame) continue;
    gone.delete(identity);
    return old;
  }
  return undefined;
}

/** A function's own name may stand in the line. */
const withoutName = ({ anchor, function: name }: Finding): string => anchor.split(name).join('()');

/** Verdicts that are not what they were. A pair counts by the names of its two sides. */
export function pairChanges(before: readonly Pair[], after: readonly Pair[]): readonly PairChange[] {
  const key = ({ exporter, importer }: Pair): string => `${exporter}\n${importer}`;
  const was = new Map(before.map((pair) => [key(pair), pair]));
  const is = new Map(after.map((pair) => [key(pair), pair]));
  const rows: PairChange[] = [];
  for (const [name, pair] of is) {
    const old = was.get(name);
    if (old === undefined || old.verdict !== pair.verdict || old.errno !== pair.errno || old.at !== pair.at) {
      rows.push({ exporter: pair.exporter, importer: pair.importer, before: old?.verdict ?? null, after: pair.verdict, why: pair.why });
    }
  }
  for (const [name, pair] of was) if (!is.has(name)) rows.push({ exporter: pair.exporter, importer: pair.importer, before: pair.verdict, after: null, why: '' });
  return rows;
}

/** Findings that an older version of a series added, against those that this one adds. */
export function sinceOf(old: SeriesResult, now: SeriesResult): Since {
  const [before, still] = [old, now].map(({ added }) => new Set(added.map(({ finding }) => identityOf(finding))));
  return {
    version: old.series.version,
    isNewer: old.series.version < now.series.version,
    fixed: old.added.filter(({ finding }) => still?.has(identityOf(finding)) !== true),
    remains: now.added.filter(({ finding }) => before?.has(identityOf(finding)) === true),
    fresh: now.added.filter(({ finding }) => before?.has(identityOf(finding)) !== true),
  };
}
