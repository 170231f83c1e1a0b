// Every command that docs/patches.md shows is run, and where its output is shown too, it must be what is printed.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { fencepost, ROOT } from './run.ts';

const page = readFileSync(join(ROOT, 'docs', 'patches.md'), 'utf8');
const blocks = [...page.matchAll(/^```(\w*)\n([\s\S]*?)\n```$/gm)].map((m) => ({ language: m[1] ?? '', text: m[2] ?? '' }));
const commands = blocks.flatMap(({ text }, i) => text.split('\n').flatMap((line) => (line.startsWith('npx --no-install fencepost') ? [{ args: line.split(/\s+/).slice(3), shown: blocks[i + 1] }] : [])));

test('the page shows commands', () => assert.ok(commands.length >= 5));

for (const { args, shown } of commands) {
  test(`fencepost ${args.join(' ')}`, () => {
    const { status, out, err } = fencepost(args);
    if (args.includes('drivers')) return assert.equal(status, 2);
    assert.deepEqual([status, err], [1, '']);
    if (shown?.language !== 'text') return;
    let from = 0;
    for (const part of shown.text.split('\n...\n')) {
      const at = out.indexOf(part.trim(), from);
      assert.ok(at !== -1, `${part}\nis not in\n${out}`);
      from = at + part.trim().length;
    }
  });
}
