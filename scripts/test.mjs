// Runs the tests: every test/**/*.test.ts, or those whose path contains one of the words given.
// Node 20 takes no pattern after --test, so the files are collected here.

import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const words = process.argv.slice(2);
const folder = join(root, 'test');

const files = (existsSync(folder) ? collect(folder) : [])
  .map((file) => relative(root, file))
  .filter((file) => words.length === 0 || words.some((word) => file.includes(word)))
  .sort();

if (files.length === 0) {
  process.stderr.write(words.length === 0 ? 'no tests found\n' : `no test file has ${words.join(' or ')} in its path\n`);
  process.exit(1);
}

const done = spawnSync(process.execPath, ['--import', 'tsx', '--test', '--test-reporter=spec', ...files], { cwd: root, stdio: 'inherit' });
process.exit(done.status ?? 1);

function collect(path) {
  return readdirSync(path, { withFileTypes: true }).flatMap((entry) => {
    const inner = join(path, entry.name);
    if (entry.isDirectory()) return collect(inner);
    return entry.name.endsWith('.test.ts') ? [inner] : [];
  });
}
