import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { manual } from '../../src/cli/manual.ts';
import { ROOT } from './run.ts';

test('docs/command-line.md is what the option table says (npm run docs makes it again)', () => {
  assert.equal(readFileSync(join(ROOT, 'docs', 'command-line.md'), 'utf8'), manual());
});

test('every page that the README names exists', () => {
  const readme = readFileSync(join(ROOT, 'README.md'), 'utf8');
  const named = [...readme.matchAll(/\]\(([^)#:]+)\)/g)].map((match) => match[1] ?? '');
  assert.ok(named.length > 0);
  assert.deepEqual(named.filter((path) => !existsSync(join(ROOT, path))), []);
});
