// Every command that the README shows is run, and where its output is shown too, it must be what is printed (times apart).

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { fencepost, ROOT } from './run.ts';

const readme = readFileSync(join(ROOT, 'README.md'), 'utf8');
const blocks = [...readme.matchAll(/^```(\w*)\n([\s\S]*?)\n```$/gm)].map((m) => ({ language: m[1] ?? '', text: m[2] ?? '' }));
const commands = blocks.flatMap(({ text }, i) => text.split('\n').flatMap((line) => (line.startsWith('npx --no-install fencepost') ? [{ args: line.split(/\s+/).slice(3), shown: blocks[i + 1] }] : [])));

/** Times and the look of a line differ from run to run. */
const steady = (text: string): string => text.replace(/[─]/g, '-').replace(/[\d.,]+ m?s\b/g, 'TIME').replace(/ +$/gm, '').trim();

test('the README shows commands', () => assert.ok(commands.length >= 4));

for (const { args, shown } of commands) {
  test(`fencepost ${args.join(' ')}`, () => {
    const { status, out, err } = fencepost(args);
    // 4: undecided only.
    assert.ok(status === 0 || status === 1 || status === 4, `exit ${status}: ${err}`);
    assert.equal(err, '');
    if (shown?.language !== 'text') return;
    if (!shown.text.includes('\n...\n')) return assert.equal(steady(out), steady(shown.text));
    // Left out parts are marked; what is shown stands in the output, in this order.
    let from = 0;
    for (const part of steady(shown.text).split('\n...\n')) {
      const at = steady(out).indexOf(part.trim(), from);
      assert.ok(at !== -1, part);
      from = at + part.trim().length;
    }
  });
}

test('the table of the debate in the README is what npm start prints', () => {
  const shown = blocks.find(({ text }) => text.startsWith('position'));
  assert.ok(shown !== undefined);
  const { out } = fencepost([]);
  const printed = steady(out).split('\n').map((line) => line.replace(/\s+/g, ' '));
  for (const line of steady(shown.text).split('\n')) {
    const row = line.replace(/\s+/g, ' ');
    if (row.includes('=') || row.includes('scenarios')) assert.ok(printed.includes(row), line);
  }
});
