import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { formatDiagnostic, parse, print } from '../../src/litmus/index.ts';
import type { Scenario } from '../../src/model/scenario.ts';
import { scenarios } from './arbitrary.ts';
import { everything } from './everything.ts';

/** Lines and columns go; the C places stay, but for those of a statement on whose line another one ends. */
function withoutPlaces(scenario: Scenario, keepProvenance: boolean): unknown {
  return JSON.parse(JSON.stringify(scenario, (key, value: unknown) => {
    if (key !== 'at' || typeof value !== 'object' || value === null) return value;
    return keepProvenance && 'provenance' in value ? value.provenance : undefined;
  }));
}

function read(text: string): Scenario {
  const parsed = parse(text);
  assert.ok(parsed.ok, parsed.ok ? '' : `${parsed.diagnostics.map((d) => formatDiagnostic(text, d)).join('\n')}\n${text}`);
  return parsed.scenario;
}

test('parse reads back what print writes, C places included', () => {
  fc.assert(
    fc.property(scenarios, (scenario) => {
      const text = print(scenario);
      const again = read(text);
      assert.deepEqual(withoutPlaces(again, true), withoutPlaces(scenario, true), text);
      assert.equal(print(again), text);
    }),
    { numRuns: 1000 },
  );
});

test('the canonical form is short, and stays as it is', () => {
  const text = print(read(everything));
  assert.equal(print(read(text)), text);
  assert.equal(text, everything);
  assert.ok(text.split('\n').every((line) => line.length <= 78));
});

test('brackets stand only where C needs them', () => {
  const cases: readonly (readonly [string, string])[] = [
    ['(a || b) && !(c && d)', '(a || b) && !(c && d)'],
    ['((a && b)) || (c == (d))', 'a && b || c == d'],
    ['a - (b - c) - d', 'a - (b - c) - d'],
    ['(a < b) == (c >= d)', 'a < b == c >= d'],
    ['!!a == !(b)', '!!a == !b'],
    ['a - -ENODEV', 'a - -ENODEV'],
    ['IS_ERR((ret))', 'IS_ERR(ret)'],
  ];
  for (const [given, canonical] of cases) assert.ok(print(read(`litmus t\nalways ${given};`)).endsWith(`always ${canonical};\n`), given);
});

test('a C place is printed behind its statement and forces a line of its own', () => {
  const text = `litmus lifted

thread app: kernel { // drivers/foo/bar.c:10
  ret = dma_buf_pin(att); // drivers/foo/bar.c:12
  if (ret) return ret; // drivers/foo/bar.c:13
  if (ret) { // drivers/foo/bar.c:14
    goto out; // drivers/foo/bar.c:15
  } else if (busy) { // drivers/foo/bar.c:16
    dma_buf_unpin(att);
  }
out: // drivers/foo/bar.c:20
  choose { // drivers/foo/bar.c:21
    a = 1;
  } or {
    b = 1; // drivers/foo/bar.c:22
  }
}

always live(map); // drivers/foo/bar.c:30
`;
  assert.equal(print(read(text)), text);
});
