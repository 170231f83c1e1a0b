// The rules as pages: docs/rules/RULE.md and their list, made from the headers. A test keeps the two the same.

import { RULES } from '../audit/rules/index.ts';
import type { RuleHeader } from '../results/finding.ts';
import { obligationNamed, sentence } from './glossary.ts';

const MADE = '<!-- Made from the header of the rule; do not edit. `npm run docs` makes it again. -->';

/** By file name. */
export function rulePages(headers: readonly RuleHeader[] = RULES.map(({ header }) => header)): ReadonlyMap<string, string> {
  return new Map([['README.md', list(headers)], ...headers.map((one) => [`${one.id}.md`, page(one)] as const)]);
}

function list(headers: readonly RuleHeader[]): string {
  return [
    '# Rules',
    '',
    MADE,
    '',
    'What `fencepost audit --rules` looks for. `fencepost explain RULE` shows the same pages.',
    'A finding of high confidence is shown unless told otherwise; `--confidence medium` and `low` show more.',
    '',
    '| rule | confidence | obligation | what is wrong |',
    '|---|---|---|---|',
    ...headers.map(({ id, title, confidence, obligation }) => `| [${id}](${id}.md) | ${confidence} | ${obligation ?? ''} | ${cell(sentence(title))} |`),
    '',
  ].join('\n');
}

function page({ id, title, why, obligation, source, confidence, falsePositives, broken, clean }: RuleHeader): string {
  const owed = obligationNamed(obligation);
  return [
    `# ${id}`,
    '',
    MADE,
    '',
    `**${prose(sentence(title))}**`,
    '',
    prose(why),
    '',
    ...(owed === null ? [] : [`Obligation ${owed.id}, ${owed.name}: ${prose(owed.text)}`, '']),
    `Source: ${prose(source)}.`.replace(/\.\.$/, '.'),
    '',
    `Confidence: ${confidence}. May be wrong: ${prose(falsePositives)}`,
    '',
    `A finding that was judged goes into a [baseline](../command-line.md#baselines), with the reason.`,
    '',
    '## Broken',
    '',
    ...code(broken),
    '',
    '## Clean',
    '',
    ...code(clean),
    '',
  ].join('\n');
}

const code = (text: string): readonly string[] => ['```c', text.trim(), '```'];
/** C's stars and underscores are no emphasis. */
const prose = (text: string): string => text.trim().replace(/(?<!\w)_|_(?!\w)|[*<]/g, '\\$&');
const cell = (text: string): string => prose(text).replaceAll('|', '\\|');
