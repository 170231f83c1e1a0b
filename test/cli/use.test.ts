// Wrong use: each a clear message with a remedy, exit 2, and never a stack trace.

import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { COMMAND, ROOT, fencepost, withFiles, type Ran } from './run.ts';

function wrong(ran: Ran, message: RegExp): void {
  assert.match(ran.err, message);
  assert.equal(ran.status, 2, ran.err);
  assert.equal(ran.out, '');
  assert.doesNotMatch(ran.err, /^ {4}at |node:internal|\.js:\d/m);
}

test('an option, a command, a topic, a key that is not known: the nearest one is named', () => {
  wrong(fencepost(['check', '--formt', 'json']), /unknown option '--formt'\n {2}Did you mean --format\?/);
  wrong(fencepost(['chek']), /unknown command 'chek'\n {2}Did you mean check\?/);
  wrong(fencepost(['list', 'foo']), /cannot be 'foo'\n {2}it is one of steps, /);
  wrong(fencepost(['explain', 'P66']), /nothing is known of 'P66'\n {2}did you mean 'P6'\?/);
  wrong(fencepost(['check', '--contract', 'STPO=V1']), /unknown contract key 'STPO'[^]*\n {2}did you mean 'STOP'\?/);
});

test('values that do not fit', () => {
  wrong(fencepost(['check', '--format', 'xml']), /--format cannot be 'xml'\n {2}it is one of text, json, ktap, mermaid/);
  wrong(fencepost(['check', '--contract', 'STOP']), /takes KEY=VALUE, not 'STOP'/);
  wrong(fencepost(['check', '--contract', 'STOP=V9']), /STOP cannot be 'V9'; it is one of V3, V1/);
  wrong(fencepost(['check', '--compare', 'STOP=V1']), /takes KEY=A,B/);
  for (const value of ['x', '0', '-1', '1.5', '1e3', '99999999999999999999']) wrong(fencepost(['check', `--max-states=${value}`]), /--max-states takes a whole number from 1 up/);
  wrong(fencepost(['check', '--max-time', '0']), /--max-time takes a number above 0/);
  wrong(fencepost(['check', '--seed']), /argument missing/);
  wrong(fencepost(['check', '--seed', '1', '--seed', '2']), /--seed is given twice/);
  wrong(fencepost(['completion']), /missing required argument/);
});

test('options that do not go together', () => {
  wrong(fencepost(['check', '--replay', 'a', '--simulate', '3', 'x.litmus']), /--replay and --simulate do not go together/);
  wrong(fencepost(['check', '--replay', 'a']), /this is not a replay token/);
  wrong(fencepost(['check', '--watch', '--format', 'json']), /--watch prints text only/);
});

test('a scenario given as a command', () => {
  wrong(fencepost(['x.litmus']), /to check a scenario: fencepost check x.litmus/);
});

test('files that cannot be scenarios: place and remedy', () => {
  withFiles({ 'empty.litmus': '', 'latin.litmus': Uint8Array.from([0x6c, 0x0a, 0xe9, 0x0a]), 'noise.litmus': 'x '.repeat(5_000_000), 'not.txt': 'x' }, (folder) => {
    const check = (...args: string[]): Ran => fencepost(['check', ...args], { cwd: folder });
    wrong(check('nowhere.litmus'), /^nowhere\.litmus: no such file or folder; check the spelling/);
    wrong(check('empty.litmus'), /^empty\.litmus:1:1: /);
    wrong(check('latin.litmus'), /^latin\.litmus:2: not UTF-8 text; convert it/);
    wrong(check('noise.litmus'), /^noise\.litmus/);
    wrong(check('/dev/null'), /\/dev\/null: not a regular file/);
    mkdirSync(join(folder, 'bare'));
    wrong(check('bare'), /^bare: no \*\.litmus file in this folder or below/);
    chmodSync(join(folder, 'not.txt'), 0);
    if (process.getuid?.() !== 0) wrong(check('not.txt'), /^not\.txt: may not be read; check its permissions/);
  });
});

test('a file of more than 20 MB is not read', () => {
  withFiles({ 'large.litmus': Buffer.alloc(21 * 2 ** 20, 'a') }, (folder) => wrong(fencepost(['check', 'large.litmus'], { cwd: folder }), /^large\.litmus: 21 MB is too large for a scenario \(at most 20 MB\)/));
});

test('one bad file does not hide the next', () => {
  withFiles({ 'a.litmus': '', 'b.litmus': '?' }, (folder) => {
    const { err, status } = fencepost(['check', '.'], { cwd: folder });
    assert.match(err, /a\.litmus:1:1: [^]*b\.litmus:1:1: /);
    assert.equal(status, 2);
  });
});

test('help and version', () => {
  const { version } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as { version: string };
  assert.deepEqual(fencepost(['--version']), { status: 0, out: `${version}\n`, err: '' });
  const help = fencepost(['check', '--help']);
  assert.equal(help.status, 0);
  for (const line of help.out.split('\n')) assert.ok(line.length <= 86, line);
  assert.match(help.out, /--max-memory <MB>[^]*Exit: 0 holds/);
});

test('a reader that goes away is no failure', async () => {
  const child = spawn(process.execPath, [COMMAND, 'list', 'calls'], { stdio: ['ignore', 'pipe', 'pipe'] });
  child.stdout.destroy();
  let err = '';
  child.stderr.on('data', (chunk: Buffer) => (err += chunk.toString()));
  const code = await new Promise((resolve) => child.on('close', resolve));
  assert.equal(err, '');
  assert.equal(code, 0);
});

test('colour: none in a pipe, FORCE_COLOR asks for it, NO_COLOR wins', () => {
  const escape = String.fromCharCode(27);
  assert.ok(!fencepost(['explain', 'P1']).out.includes(escape));
  assert.ok(fencepost(['explain', 'P1'], { env: { FORCE_COLOR: '1' } }).out.includes(escape));
  assert.ok(!fencepost(['explain', 'P1'], { env: { FORCE_COLOR: '1', NO_COLOR: '1' } }).out.includes(escape));
});

test('explain gives text and source; case does not matter', () => {
  const { out, status } = fencepost(['explain', 'p6']);
  assert.equal(status, 0);
  assert.match(out, /^P6 \(obligation\): unmap-in-bounded-time\n[^]*Source: /);
  assert.match(fencepost(['explain', 'STOP']).out, /STOP=V3 \(default\): /);
  assert.match(fencepost(['explain', 'STOP=V1']).out, /callbacks have returned/);
  assert.match(fencepost(['explain', 'dma_buf_pin']).out, /\(call\)/);
  assert.match(fencepost(['explain', 'vacuous']).out, /\(verdict\)/);
});

test('list fits the page', () => {
  const { out, status } = fencepost(['list']);
  assert.equal(status, 0);
  for (const line of out.split('\n')) assert.ok(line.length <= 82, line);
  assert.match(fencepost(['list', 'obligations']).out, /^P1 {3}/);
});

test('completion scripts are read by their shells', (t) => {
  for (const shell of ['bash', 'zsh', 'fish']) {
    const { out, status } = fencepost(['completion', shell]);
    assert.equal(status, 0);
    assert.match(out, /max-memory/);
    if (spawnSync(shell, ['-c', 'true']).error !== undefined) {
      t.diagnostic(`${shell} is not installed: its script was not run`);
      continue;
    }
    const read = spawnSync(shell, ['-n'], { input: out, encoding: 'utf8' });
    assert.equal(read.status, 0, read.stderr);
  }
});

test('bash completes commands, options and their values', () => {
  const { out } = fencepost(['completion', 'bash']);
  const complete = (...words: string[]): string[] => {
    const script = `${out}\nCOMP_WORDS=(${words.map((word) => `'${word}'`).join(' ')}); COMP_CWORD=${words.length - 1}; _fencepost; printf '%s\\n' "\${COMPREPLY[@]}"`;
    return spawnSync('bash', ['-c', script], { encoding: 'utf8' }).stdout.split('\n').filter((word) => word !== '');
  };
  assert.deepEqual(complete('fencepost', 'ch'), ['check', 'check-source']);
  assert.deepEqual(complete('fencepost', 'check', '--max-t'), ['--max-time']);
  assert.deepEqual(complete('fencepost', 'check', '--format', 'k'), ['ktap']);
  assert.deepEqual(complete('fencepost', 'explain', 'P6'), ['P6']);
});
