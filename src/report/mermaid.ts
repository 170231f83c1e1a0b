// The first counterexample of a result as a Mermaid sequence diagram. Several results: Markdown with one diagram each.

import type { CheckResult, Counterexample, StoryStep } from '../results/verdict.ts';

export function mermaidReport(results: readonly CheckResult[]): string {
  const [only, ...more] = results;
  if (only === undefined) return '';
  if (more.length === 0) return `${diagram(only).join('\n')}\n`;
  return results.map((result) => `## ${result.scenario}\n\n\`\`\`mermaid\n${diagram(result).join('\n')}\n\`\`\`\n`).join('\n');
}

function diagram(result: CheckResult): string[] {
  const title = `${result.scenario}: ${result.outcome}`;
  const [found] = result.broken;
  const out = ['sequenceDiagram', `    title ${escape(title)}`];
  if (found === undefined) return [...out, '    participant p0 as no counterexample'];
  const parties = [...new Set(found.steps.map((step) => step.party))];
  parties.forEach((party, i) => out.push(`    participant p${i} as ${escape(party)}`));
  out.push(...steps(found, parties));
  const across = parties.length < 2 ? 'p0' : `p0,p${parties.length - 1}`;
  if (parties.length > 0) out.push(`    Note over ${across}: ${escape(`${found.code}: ${found.text}`)}`);
  return out;
}

function steps(found: Counterexample, parties: readonly string[]): string[] {
  const out: string[] = [];
  const inCycle = found.cycle !== null && found.cycle < found.steps.length;
  found.steps.forEach((step, index) => {
    if (index === found.cycle) out.push('    loop for ever');
    out.push(...one(step, `p${parties.indexOf(step.party)}`));
  });
  if (inCycle) out.push('    end');
  return out;
}

function one(step: StoryStep, id: string): string[] {
  const arrow = `    ${id}->>${id}: ${escape(`${step.n} ${step.c}`)}`;
  if (step.changes.length === 0) return [arrow];
  const changes = step.changes.map((change) => escape(`${change.name} ${change.from} -> ${change.to}`)).join('<br/>');
  return [arrow, `    Note right of ${id}: ${changes}`];
}

/** What Mermaid reads as its own syntax, as its entity codes. */
export function escape(text: string): string {
  return text.replace(/[#;<%]/g, (c) => `#${c.charCodeAt(0)};`).replace(/\s*[\r\n]+\s*/g, ' ');
}
