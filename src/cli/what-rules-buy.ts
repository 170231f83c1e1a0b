// What each rule of the model's own programs buys: the corpus without it, one rule at a time. Reads nothing, prints nothing.
// Only scenarios with built-in drivers use rules (SEMANTICS C3, C4, C8).

import { checkScenario, type CheckOptions } from '../check/run.ts';
import type { Scenario } from '../model/scenario.ts';

export interface Subject {
  readonly file: string;
  readonly scenario: Scenario;
}

export interface Bite {
  readonly file: string;
  /** Outcomes with the rule and without: "holds", "broken N2". */
  readonly before: string;
  readonly after: string;
}

export interface Tooth {
  readonly rule: string;
  /** Scenarios that use the rule. */
  readonly used: number;
  /** Those that come out otherwise without it, in the order of the files. */
  readonly bites: readonly Bite[];
}

/**
 * One entry a rule that any scenario uses, sorted by name.
 * A search without a rule that a limit ends counts as no change; a scenario that does not fit the model is left out.
 */
export function teeth(subjects: readonly Subject[], options: Omit<CheckOptions, 'without'>, done: (checked: number) => void = () => {}): readonly Tooth[] {
  const found = new Map<string, { used: number; readonly bites: Bite[] }>();
  subjects.forEach(({ file, scenario }, i) => {
    const whole = checkScenario(scenario, file, options);
    if (!whole.ok) return;
    for (const rule of whole.rules) {
      const tooth = found.get(rule) ?? { used: 0, bites: [] };
      found.set(rule, tooth);
      tooth.used++;
      const bare = checkScenario(scenario, file, { ...options, without: new Set([rule]) });
      if (!bare.ok || bare.result.verdict === 'unfinished' || bare.result.outcome === whole.result.outcome) continue;
      tooth.bites.push({ file, before: whole.result.outcome, after: bare.result.outcome });
    }
    done(i + 1);
  });
  return [...found].map(([rule, { used, bites }]) => ({ rule, used, bites })).sort((a, b) => (a.rule < b.rule ? -1 : 1));
}
