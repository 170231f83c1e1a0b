// Whatever the text, parse and check answer with values, soon and briefly.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { check, formatDiagnostic, parse, print } from '../../src/litmus/index.ts';
import { everything } from './everything.ts';

/** Problems found; throws only if the code under test does, or if its answers are not as they must be. */
function problems(text: string): number {
  const parsed = parse(text);
  if (parsed.ok) {
    check(parsed.scenario).forEach((diagnostic) => formatDiagnostic(text, diagnostic));
    // The canonical form of a text near the limit may be above it.
    if (text.length < 100_000) assert.ok(parse(print(parsed.scenario)).ok);
    return 0;
  }
  const { diagnostics } = parsed;
  assert.ok(diagnostics.length > 0 && diagnostics.length <= 10);
  const lines = text.split('\n');
  let last = 0;
  for (const diagnostic of diagnostics) {
    assert.ok(diagnostic.line >= last && diagnostic.line <= lines.length && diagnostic.column >= 1 && diagnostic.length >= 1);
    assert.ok(diagnostic.column <= (lines[diagnostic.line - 1]?.length ?? 0) + 1, JSON.stringify(diagnostic));
    assert.ok(formatDiagnostic(text, diagnostic).length < 1000);
    last = diagnostic.line;
  }
  return diagnostics.length;
}

/** What grows with the square of its input would take hours here: the limit is no measure of speed. */
function inTime(milliseconds: number, act: () => void): void {
  const start = performance.now();
  act();
  const took = performance.now() - start;
  assert.ok(took < milliseconds, `took ${took} ms`);
}

test('mutations of a good file', () => {
  const piece = fc.constantFrom('{', '}', '(', ')', ';', '"', '/*', '//', '->', '&', '=', '\n', ' ', '!', '-', '..', 'thread ', 'if ', 'else ', 'choose ', 'NULL', '0', '[', '#', "'", '\u0000', '\ud800', 'é', ':');
  const change = fc.record({ at: fc.nat(everything.length), cut: fc.nat(12), piece: fc.option(piece, { nil: '' }) });
  fc.assert(
    fc.property(fc.array(change, { minLength: 1, maxLength: 5 }), (changes) => {
      let text = everything;
      for (const { at, cut, piece: put } of changes) text = text.slice(0, at) + put + text.slice(at + cut);
      problems(text);
    }),
    { numRuns: 2000 },
  );
});

test('one token less is told, or reads as something else, at every place', () => {
  const tokens = everything.match(/\w+|\s+|[^\w\s]/g) ?? [];
  let told = 0;
  for (const [i, token] of tokens.entries()) {
    if (token.trim() !== '' && problems(tokens.filter((_, j) => j !== i).join('')) > 0) told++;
  }
  assert.ok(told > 300, String(told));
});

test('cut off at every place', () => {
  for (let length = 0; length < everything.length; length++) problems(everything.slice(0, length));
});

test('arbitrary text behind a good head', () => {
  fc.assert(fc.property(fc.string({ maxLength: 200, unit: 'binary' }), (noise) => void problems(`litmus t\n${noise}`)), { numRuns: 500 });
  fc.assert(fc.property(fc.string({ maxLength: 200 }), (noise) => void problems(noise)), { numRuns: 500 });
});

test('ten megabytes of noise', () => {
  const noises = ['\u0000\u0001binary', 'litmus t\n{(', 'x ', '"', '\n', '\ud800', '// comment\n', 'thread a: kernel { if (x) '];
  for (const noise of noises) inTime(60_000, () => assert.equal(problems(noise.repeat(Math.ceil(10_000_000 / noise.length))), 1));
});

test('the largest text allowed, all of it noise', () => {
  for (const noise of ['{', '(', '}', '@', '@ ', '"', '"\n', 'a ', 'a;', '! ', '/*', 'if (', '/**/', 'x\n', 'bool a;', 'litmus', '1..', '\t']) {
    const text = `litmus t\n${noise.repeat(Math.floor(1_000_000 / noise.length))}`;
    inTime(60_000, () => problems(text));
  }
});

test('depth ends with a message or two', () => {
  const deep = [
    `thread a: kernel { ${'{'.repeat(100_000)}`,
    `thread a: kernel { ${'if (x) '.repeat(100_000)}`,
    `thread a: kernel { ${'if (x) { '.repeat(100_000)}`,
    `thread a: kernel { x = ${'('.repeat(100_000)}1`,
    `thread a: kernel { x = ${'!'.repeat(100_000)}y;`,
    `thread a: kernel { x = ${'y + '.repeat(100_000)}y; }`,
    `thread a: kernel { x = ${'f('.repeat(100_000)}`,
    `thread a: kernel { x = ${'a.'.repeat(100_000)}`,
    `thread a: kernel { ${'if (x) y = 1; else '.repeat(50_000)}`,
    `always ${'!('.repeat(100_000)}`,
    'exporter e {'.repeat(80_000),
  ];
  for (const text of deep) {
    const parsed = parse(`litmus t\n${text}`);
    assert.ok(!parsed.ok);
    assert.ok(parsed.diagnostics.length <= 2, text.slice(0, 40));
  }
});

test('a long scenario is read, checked and printed', () => {
  const text = `litmus long\nbool x;\nthread a: kernel {\n${'  x = !x;\n'.repeat(60_000)}}\n`;
  inTime(60_000, () => {
    const parsed = parse(text);
    assert.ok(parsed.ok);
    assert.deepEqual(check(parsed.scenario), []);
    assert.equal(parse(print(parsed.scenario)).ok, true);
  });
});
