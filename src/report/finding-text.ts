// A finding as text: one line that greps and editors understand, never wrapped, and below it the path that leads there (issue 4, part 3).

import type { Place } from '../results/audit.ts';
import type { Finding } from '../results/finding.ts';
import type { Form } from './form.ts';

/** "drivers/gpu/drm/foo/foo_dmabuf.c:123 foo_import()" */
export const placeText = ({ file, line, function: name }: Place): string => `${file}:${line}${name === '' ? '' : ` ${name}()`}`;

/**
 * `file:line func() warn: text [rule-id]`; a confidence below high is said in the line. Then the path, indented, each step `file:line func() text`;
 * last, where there are any, the #if conditions that the place stands under.
 */
export function findingLines(finding: Finding, { palette }: Form): string[] {
  const { rule, confidence, text, path, under } = finding;
  const doubt = confidence === 'high' ? '' : ` (${confidence} confidence)`;
  return [
    `${palette.strong(placeText(finding))} ${palette.bad('warn:')} ${oneLine(text)}${doubt} [${rule}]`,
    ...path.map((step) => palette.dim(`    ${placeText(step)} ${oneLine(step.text)}`)),
    ...(under.length === 0 ? [] : [palette.dim(`    built only under ${under.map(oneLine).join(' and ')}`)]),
  ];
}

/** C that was quoted may hold line breaks. */
const oneLine = (text: string): string => text.replace(/\s+/g, ' ').trim();
