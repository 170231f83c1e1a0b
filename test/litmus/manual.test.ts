// Every example of the manual is read, checked and printed.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { check, formatDiagnostic, parse, print } from '../../src/litmus/index.ts';

const manual = readFileSync(new URL('../../docs/litmus.md', import.meta.url), 'utf8');

const BEFORE = `litmus example
exporter vfio: vfio_pci;
buffer bar of vfio;
importer nic[2] of bar { bool stopped; }
importer gpu of bar {
  bool flag;
  int n in 0..3;
  fence job by hardware;
  thread example: user {
`;

function examples(tag: string): string[] {
  return [...manual.matchAll(new RegExp(`^\`\`\`${tag}\n([^]*?)^\`\`\`$`, 'gm'))].map((found) => found[1] ?? '');
}

function good(text: string): void {
  const parsed = parse(text);
  const problems = parsed.ok ? check(parsed.scenario) : parsed.diagnostics;
  assert.equal(problems.map((diagnostic) => formatDiagnostic(text, diagnostic)).join('\n'), '');
  assert.ok(parsed.ok && parse(print(parsed.scenario)).ok);
}

test('whole scenarios of the manual', () => {
  const whole = examples('litmus');
  assert.ok(whole.length >= 7, String(whole.length));
  whole.forEach(good);
});

test('fragments of the manual', () => {
  const fragments = examples('litmus-fragment');
  assert.ok(fragments.length >= 5, String(fragments.length));
  for (const fragment of fragments) good(`${BEFORE}${fragment}  }\n}\n`);
});

test('the message that the manual shows is the one that is printed', () => {
  const text = 'litmus revoke\n\n\n\nexporter vfio: vfio_pci;\nbuffer bar of vfio;\nimporter gpu of bar {\n  thread a: kernel {\n    dma_buf_pim(att);\n  }\n}\n';
  const parsed = parse(text, 'revoke.litmus');
  assert.ok(parsed.ok);
  const [problem] = check(parsed.scenario, 'revoke.litmus');
  assert.ok(problem !== undefined && manual.includes(`\`\`\`\n${formatDiagnostic(text, problem)}\n\`\`\``));
});
