// Builds dist/: the command, the library, the worker, and the types. Called by `npm run build` and scripts/set-up.mjs.
// `--no-types` leaves out the declarations.

import { spawnSync } from 'node:child_process';
import { chmodSync, copyFileSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync, utimesSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const withTypes = !process.argv.includes('--no-types');
const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));

/** Output name without `.js` → source. Those that do not exist are left out. */
const entries = {
  fencepost: 'src/cli/main.ts',
  worker: 'src/cli/worker.ts',
  'index-worker': 'src/cli/index-worker.ts',
  'facts-worker': 'src/cli/facts-worker.ts',
  index: 'src/index.ts',
  bench: 'bench/main.ts',
  teeth: 'src/cli/teeth.ts',
};

// Everything is made in a folder of its own and moved in at the end: a program that runs meanwhile finds the old files or the new.
const started = new Date();
const dist = join(root, 'dist');
const fresh = join(root, `dist.new.${process.pid}`);
const old = join(root, `dist.old.${process.pid}`);

// No splitting: opening a file costs more at the start than reading over code that is not needed.
const common = {
  absWorkingDir: root,
  outdir: fresh,
  bundle: true,
  format: 'esm',
  platform: 'node',
  target: 'node20',
  minifySyntax: true,
  minifyWhitespace: true,
  legalComments: 'none',
  define: { FENCEPOST_VERSION: JSON.stringify(manifest.version) },
  // commander is CommonJS and asks for node's own modules with require.
  banner: { js: "import { createRequire as fencepostRequire } from 'node:module';\nconst require = fencepostRequire(import.meta.url);" },
  logLevel: 'warning',
};

try {
  mkdirSync(fresh, { recursive: true });
  await bundle();
  if (withTypes) declare();
  // The C grammar: found beside the program, wherever it was installed.
  for (const name of ['web-tree-sitter/web-tree-sitter.wasm', 'tree-sitter-c/tree-sitter-c.wasm']) copyFileSync(join(root, 'node_modules', name), join(fresh, basename(name)));
  chmodSync(join(fresh, 'fencepost.js'), 0o755);
  // The time of the start: a source that changed during the build is newer than its result.
  utimesSync(fresh, started, started);
  if (existsSync(dist)) renameSync(dist, old);
  renameSync(fresh, dist);
} catch (error) {
  const said = error && typeof error === 'object' && 'errors' in error;
  if (!said) process.stderr.write(`build: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
} finally {
  rmSync(fresh, { recursive: true, force: true });
  rmSync(old, { recursive: true, force: true });
}

/** One file a program. */
async function bundle() {
  const present = Object.entries(entries).filter(([, source]) => existsSync(join(root, source)));
  if (!present.some(([out]) => out === 'fencepost')) throw new Error('src/cli/main.ts is missing');
  await Promise.all(present.map(([out, source]) => build({ ...common, entryPoints: [{ out, in: source }] })));
}

function declare() {
  const compiler = join(root, 'node_modules', 'typescript', 'bin', 'tsc');
  const done = spawnSync(
    process.execPath,
    [compiler, '-p', join(root, 'tsconfig.build.json'), '--outDir', join(fresh, 'types')],
    { cwd: root, stdio: ['ignore', 'inherit', 'inherit'] },
  );
  if (done.status !== 0) throw new Error('the type declarations could not be made (see above)');
}
