// Threads, signals and the order of output, with the engine exchanged for one that is slow on request.

import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { build } from 'esbuild';
import { ROOT } from './run.ts';

let folder = '';

before(async () => {
  folder = mkdtempSync(join(tmpdir(), 'fencepost-'));
  writeFileSync(join(folder, 'package.json'), '{"type":"module"}');
  await build({
    absWorkingDir: ROOT,
    entryPoints: { fencepost: 'src/cli/main.ts', worker: 'src/cli/worker.ts' },
    outdir: join(folder, 'dist'),
    bundle: true,
    format: 'esm',
    platform: 'node',
    banner: { js: "import { createRequire as makeRequireOfBanner } from 'node:module';\nconst require = makeRequireOfBanner(import.meta.url);" },
    define: { FENCEPOST_VERSION: '"0"' },
    logLevel: 'silent',
    plugins: [{ name: 'slow engine', setup: (b) => b.onResolve({ filter: /\/engine\.ts$/ }, () => ({ path: join(ROOT, 'test/cli/slow-engine.ts') })) }],
  });
});

after(() => rmSync(folder, { recursive: true, force: true }));

/** A folder with scenarios 01.litmus, 02.litmus, … */
function scenarios(name: string, texts: readonly string[]): string {
  const made = join(folder, name);
  mkdirSync(made, { recursive: true });
  texts.forEach((text, i) => writeFileSync(join(made, `${String(i + 1).padStart(2, '0')}.litmus`), text));
  return made;
}

function check(cwd: string, ...args: string[]): { status: number | null; out: string; err: string } {
  const { status, stdout, stderr } = spawnSync(process.execPath, [join(folder, 'dist/fencepost.js'), 'check', ...args], { cwd, encoding: 'utf8', timeout: 20_000 });
  return { status, out: stdout, err: stderr };
}

test('results stand in the order of the files, whatever the order of arrival', () => {
  const cwd = scenarios('order', ['spin 150', 'holds', 'broken', 'spin 50', 'holds', 'holds']);
  for (const workers of ['1', '2', '6']) {
    const { out, err, status } = check(cwd, '.', '--workers', workers);
    assert.deepEqual([...out.matchAll(/^ok +(\d\d)\.litmus/gm)].map((match) => match[1]), ['01', '02', '03', '04', '05', '06']);
    assert.match(out, /^6 scenarios: 6 as declared; /m);
    assert.equal(err, '', 'no progress in a pipe');
    assert.equal(status, 0);
  }
});

test('one file is searched in the main thread, to its end', () => {
  const { out, status } = check(scenarios('long', ['spin 300']), '.');
  assert.match(out, /^01\.litmus: holds/);
  assert.equal(status, 0);
});

test('a failure in one file, or a thread that dies, leaves the others alone: exit 5', () => {
  const boom = check(scenarios('boom', ['boom', 'holds', 'holds', '']), '.');
  assert.match(boom.err, /^internal failure: 01\.litmus: boom with a second line, please report\n04\.litmus:1:1: empty\n$/);
  assert.match(boom.out, /^ok +02[^]*\nok +03/);
  assert.equal(boom.status, 5);
  const dead = check(scenarios('dead', ['spin 700', 'die', 'holds', 'holds']), '.', '--workers', '2');
  assert.match(dead.err, /^internal failure: 02\.litmus: a worker ended unexpectedly, please report\n$/);
  assert.match(dead.out, /^ok +01[^]*\nok +03[^]*\nok +04/);
  assert.equal(dead.status, 5);
});

/** Starts a search without end and sends SIGINT once it runs; with `again` a second one when the first was heard. */
function interrupted(cwd: string, again: boolean): Promise<{ code: number | null; out: string; err: string }> {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, [join(folder, 'dist/fencepost.js'), 'check', '.'], { cwd });
    let out = '';
    let err = '';
    child.stdout.on('data', (chunk: Buffer) => (out += chunk.toString()));
    child.stderr.on('data', (chunk: Buffer) => {
      err += chunk.toString();
      if (again) child.kill('SIGINT');
    });
    // Long after it has begun, and long before it would end: before it listens the signal would end it unheard.
    setTimeout(() => child.kill('SIGINT'), 4000);
    child.on('close', (code) => resolve({ code, out, err }));
  });
}

test('Ctrl-C ends the search and prints what is there: exit 3', async () => {
  const { code, out, err } = await interrupted(scenarios('endless', ['holds', 'spin 60000', 'holds']), false);
  assert.match(err, /ending the search; once more to stop at once/);
  assert.match(out, /^ok +01[^]*\nopen +02[^]*\nok +03/);
  assert.equal(code, 3);
});

test('a second Ctrl-C ends the program at once: exit 130', async () => {
  const { code, out } = await interrupted(scenarios('deaf', ['holds', 'deaf 60000', 'holds']), true);
  assert.equal(out, '');
  assert.equal(code, 130);
});

test('JSON and KTAP hold every file that could be read', () => {
  const cwd = scenarios('forms', ['holds', 'broken']);
  assert.equal((JSON.parse(check(cwd, '.', '--format', 'json').out) as { results: unknown[] }).results.length, 2);
  assert.match(check(cwd, '.', '--format', 'ktap').out, /^KTAP version 1\n1\.\.2\n/);
});

test('comparing exits 1 where the two differ, 0 where they do not', () => {
  const { out, status } = check(scenarios('same', ['holds']), '.', '--compare', 'STOP=V1,V3');
  assert.match(out, /STOP=V1 +STOP=V3/);
  assert.equal(status, 0);
});

test('--watch runs again after a change and ends with Ctrl-C', async () => {
  const cwd = scenarios('watch', ['holds']);
  const child = spawn(process.execPath, [join(folder, 'dist/fencepost.js'), 'check', '.', '--watch'], { cwd });
  let err = '';
  let out = '';
  child.stdout.on('data', (chunk: Buffer) => (out += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => {
    const before = err.split('watching').length;
    err += chunk.toString();
    const now = err.split('watching').length;
    if (now === before) return;
    if (now === 2) setTimeout(() => writeFileSync(join(cwd, '01.litmus'), 'broken'), 50);
    else child.kill('SIGINT');
  });
  const code = await new Promise((resolve) => child.on('close', resolve));
  assert.match(out, /^01\.litmus: holds[^]*01\.litmus: broken N2/);
  assert.equal(code, 0);
});
