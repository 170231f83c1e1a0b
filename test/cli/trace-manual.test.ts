// Every command of docs/trace.md is run, and what the page shows of its output is what it prints.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { fencepost, ROOT } from './run.ts';

const page = readFileSync(join(ROOT, 'docs/trace.md'), 'utf8');
const blocks = [...page.matchAll(/^```(\w*)\n([\s\S]*?)\n```$/gm)].map((m) => ({ language: m[1] ?? '', text: m[2] ?? '' }));
const commands = blocks.flatMap(({ text }, i) => text.split('\n').flatMap((line) => (line.startsWith('npx --no-install fencepost') ? [{ args: line.split(/\s+/).slice(3), shown: text.includes('\n') ? undefined : blocks[i + 1] }] : [])));

test('the page shows commands', () => assert.equal(commands.length, 7));

for (const { args, shown } of commands) {
  test(`fencepost ${args.join(' ')}`, () => {
    const { status, out, err } = fencepost(args);
    assert.deepEqual([status, err], [0, '']);
    assert.notEqual(out, '');
    if (shown?.language !== 'text') return;
    let from = 0;
    for (const part of shown.text.split('...').map((one) => one.trim()).filter((one) => one !== '')) {
      const at = out.indexOf(part, from);
      assert.ok(at !== -1, `${part}\n${out}`);
      from = at + part.length;
    }
  });
}
