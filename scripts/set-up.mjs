// Makes a fresh clone usable: packages, then dist/ without its type declarations (`npm run build` makes those too). Does nothing, quickly, where both are up to date.
// Plain Node without packages: it runs before there are any.

import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');

/** What dist/ is made from. */
const sources = ['src', 'bench', 'scripts/build.mjs', 'package.json', 'package-lock.json', 'tsconfig.json', 'tsconfig.build.json'];

const [major = 0] = process.versions.node.split('.').map(Number);
if (major < 20) stop(`fencepost needs Node 20 or newer; this is ${process.versions.node}.`);

if (packagesAreOld()) run('npm', ['ci', '--no-audit', '--no-fund', '--loglevel=error'], 'installing packages');
if (distIsOld()) run(process.execPath, [join(root, 'scripts', 'build.mjs'), '--no-types'], 'building');

function packagesAreOld() {
  const lock = time('package-lock.json');
  // npm writes this file last: without it an installation was cut short.
  const installed = time('node_modules/.package-lock.json');
  return installed === 0 || installed < lock;
}

function distIsOld() {
  const built = time('dist');
  if (built === 0 || time('dist/fencepost.js') === 0) return true;
  return sources.some((source) => newest(join(root, source)) > built);
}

/** Milliseconds of the last change, 0 where the file is missing. */
function time(path) {
  return statSync(join(root, path), { throwIfNoEntry: false })?.mtimeMs ?? 0;
}

/** The newest time in a file or a tree. A folder's own time counts too: it tells of a file that was removed. */
function newest(path) {
  const found = statSync(path, { throwIfNoEntry: false });
  if (found === undefined) return 0;
  if (!found.isDirectory()) return found.mtimeMs;
  let latest = found.mtimeMs;
  for (const entry of readdirSync(path)) latest = Math.max(latest, newest(join(path, entry)));
  return latest;
}

/** Runs a command quietly; what it printed is shown only if it fails. */
function run(command, args, doing) {
  if (process.stderr.isTTY) process.stderr.write(`fencepost: ${doing} …\n`);
  // On Windows npm is a script that only a shell can start.
  const shell = process.platform === 'win32' && command === 'npm';
  const done = spawnSync(command, args, { cwd: root, encoding: 'utf8', maxBuffer: 1 << 26, shell, stdio: ['ignore', 'pipe', 'pipe'] });
  if (done.status === 0) return;
  if (done.stdout) process.stderr.write(done.stdout);
  if (done.stderr) process.stderr.write(done.stderr);
  if (done.error) process.stderr.write(`${done.error.message}\n`);
  const again = command === 'npm' ? `${command} ${args[0]}` : 'npm run build';
  stop(`${doing} failed. Try it by hand: ${again}${existsSync(join(root, 'package-lock.json')) ? '' : ' (package-lock.json is missing)'}`);
}

function stop(message) {
  process.stderr.write(`fencepost: ${message}\n`);
  process.exit(1);
}
