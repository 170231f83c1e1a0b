// Every rule, in the order in which they are listed.

import type { Rule } from './rule.ts';

export const RULES: readonly Rule[] = [];

export const ruleNamed = (id: string): Rule | null => RULES.find((rule) => rule.header.id === id) ?? null;
