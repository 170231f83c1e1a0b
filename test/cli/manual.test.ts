import assert from 'node:assert/strict';
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { readBaseline } from '../../src/audit/baseline.ts';
import { unlimited } from '../../src/check/index.ts';
import { checkScenario } from '../../src/check/run.ts';
import { withSections } from '../../src/cli/litmus-manual.ts';
import { manual } from '../../src/cli/manual.ts';
import { rulePages } from '../../src/cli/rule-pages.ts';
import { parse } from '../../src/litmus/index.ts';
import { CALLS, PREDICATES } from '../../src/model/calls.ts';
import { EXPORTER_DRIVERS, IMPORTER_DRIVERS } from '../../src/model/drivers/importers.ts';
import { ROOT } from './run.ts';

test('docs/command-line.md is what the option table says (npm run docs makes it again)', () => {
  assert.equal(readFileSync(join(ROOT, 'docs', 'command-line.md'), 'utf8'), manual());
});

test('docs/rules is what the headers of the rules say (npm run docs makes it again)', () => {
  const pages = rulePages();
  const folder = join(ROOT, 'docs', 'rules');
  assert.deepEqual(readdirSync(folder).sort(), [...pages.keys()].sort());
  for (const [name, text] of pages) assert.equal(readFileSync(join(folder, name), 'utf8'), text, name);
});

test('the baseline that the manual shows is one', () => {
  const [, text = ''] = /^```text\n([^]*?)^```$/m.exec(manual().slice(manual().indexOf('## Baselines'))) ?? [];
  const read = readBaseline(text);
  assert.ok(read.ok);
  assert.deepEqual(read.baseline.entries.map((one) => [one.rule, one.ordinal, one.file]), [['attach-leak', 1, 'drivers/gpu/drm/foo/foo_prime.c']]);
});

test('the tables of docs/litmus.md are what model and protocol say (npm run docs makes them again)', () => {
  const page = readFileSync(join(ROOT, 'docs', 'litmus.md'), 'utf8');
  assert.equal(page, withSections(page));
  const tables = page.slice(page.indexOf('\n## Calls\n'));
  for (const name of [...Object.keys(CALLS), ...Object.keys(PREDICATES)]) assert.equal(tables.split(`| \`${name}(`).length, 2, name);
  for (const name of [...Object.keys(EXPORTER_DRIVERS), ...Object.keys(IMPORTER_DRIVERS)]) assert.ok(tables.includes(`| \`${name}\` |`), name);
});

test('the scenarios beside the tables come out as they say', () => {
  const page = readFileSync(join(ROOT, 'docs', 'litmus.md'), 'utf8');
  const tables = page.slice(page.indexOf('\n## Calls\n'));
  const scenarios = [...tables.matchAll(/^```litmus\n([^]*?)^```$/gm)].map((found) => found[1] ?? '');
  assert.equal(scenarios.length, 2);
  for (const text of scenarios) {
    const parsed = parse(text);
    assert.ok(parsed.ok);
    const checked = checkScenario(parsed.scenario, null, { limits: unlimited, now: () => 0 });
    assert.ok(checked.ok);
    assert.equal(checked.result.asExpected, true, `${checked.result.scenario}: ${checked.result.outcome}`);
  }
});

test('every page that the README names exists', () => {
  const readme = readFileSync(join(ROOT, 'README.md'), 'utf8');
  const named = [...readme.matchAll(/\]\(([^)#:]+)\)/g)].map((match) => match[1] ?? '');
  assert.ok(named.length > 0);
  assert.deepEqual(named.filter((path) => !existsSync(join(ROOT, path))), []);
});
