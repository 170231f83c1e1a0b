// Independence: bench/revoke.pml, a Promela model written by other hands, against its translation to litmus at the same step grain.
// The pinned numbers are Spin's (full search, no reduction). Where Spin and a C compiler are installed they are computed again.

import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { revokeModel, type RevokeModel } from '../../bench/revoke-model.ts';
import { search, unlimited, type SearchOutcome } from '../../src/check/index.ts';
import { check, parse } from '../../src/litmus/index.ts';
import { compile } from '../../src/model/compile.ts';

function explore(model: RevokeModel): SearchOutcome {
  const parsed = parse(revokeModel(model));
  assert.ok(parsed.ok);
  assert.deepEqual(check(parsed.scenario), []);
  const made = compile(parsed.scenario);
  assert.ok(made.ok);
  return search(made.compiled.system, { symmetry: false, liveness: false, reduce: false, limits: unlimited, now: () => 0 });
}

interface Case {
  readonly model: RevokeModel;
  /** Reachable states, or null where an assertion fails. */
  readonly states: number | null;
}

const cases: readonly Case[] = [
  { model: { importers: 1 }, states: 124 },
  { model: { importers: 2 }, states: 1909 },
  { model: { importers: 3 }, states: 23388 },
  { model: { importers: 2, reject: false }, states: 1909 },
  { model: { importers: 2, waitFences: false }, states: null },
  { model: { importers: 2, waitUnmap: false }, states: null },
  { model: { importers: 3, mix: 1252 }, states: 3978 },
  { model: { importers: 3, mix: 1252, reject: false }, states: 19662 },
  { model: { importers: 3, mix: 1252, waitFences: false }, states: null },
  { model: { importers: 3, mix: 1252, waitUnmap: false }, states: null },
  { model: { importers: 2, mix: 12, reject: false }, states: 1386 },
  { model: { importers: 2, mix: 8, reject: false, waitUnmap: false }, states: null },
];

const told = ({ importers, mix = 1092, reject = true, waitFences = true, waitUnmap = true }: RevokeModel): string => `N=${importers} MIX=${mix} REJECT=${Number(reject)} WAITF=${Number(waitFences)} WAITU=${Number(waitUnmap)}`;

for (const { model, states } of cases) {
  test(`litmus: ${told(model)} ${states === null ? 'breaks an assertion' : `has ${states} states`}`, () => {
    const outcome = explore(model);
    if (states === null) assert.ok(outcome.found.length > 0);
    else {
      assert.deepEqual(outcome.found, []);
      assert.equal(outcome.states, states);
    }
  });
}

test('litmus: N=4 has 302896 states', () => assert.equal(explore({ importers: 4 }).states, 302896));

const installed = spawnSync('spin', ['-V']).status === 0 && spawnSync('cc', ['--version']).status === 0;

test('Spin says the same', { skip: installed ? false : 'spin or cc is not installed' }, () => {
  const folder = mkdtempSync(join(tmpdir(), 'fencepost-spin-'));
  try {
    writeFileSync(join(folder, 'revoke.pml'), readFileSync(new URL('../../bench/revoke.pml', import.meta.url)));
    for (const { model, states } of cases) {
      const defines = told(model).split(' ').map((d) => `-D${d}`);
      execFileSync('spin', [...defines, '-DK=1', '-a', 'revoke.pml'], { cwd: folder });
      execFileSync('cc', ['-O1', '-w', '-DSAFETY', '-DNOREDUCE', '-o', 'pan', 'pan.c'], { cwd: folder });
      const out = execFileSync('./pan', ['-m1000000', '-E'], { cwd: folder, encoding: 'utf8' });
      if (states === null) assert.match(out, /assertion violated/, told(model));
      else assert.equal(Number(/(\d+) states, stored/.exec(out)?.[1]), states, told(model));
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
});
