import assert from 'node:assert/strict';
import { test } from 'node:test';
import { formatDiagnostic, parse } from '../../src/litmus/index.ts';
import { printStatements } from '../../src/litmus/print-statement.ts';
import type { Scenario, Statement } from '../../src/model/scenario.ts';
import { everything } from './everything.ts';

function read(text: string): Scenario {
  const parsed = parse(text);
  assert.ok(parsed.ok, parsed.ok ? '' : parsed.diagnostics.map((d) => formatDiagnostic(text, d)).join('\n'));
  return parsed.scenario;
}

/** The tree without its places. */
function bare(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value, (key, part: unknown) => (key === 'at' ? undefined : part)));
}

function statements(text: string): readonly Statement[] {
  const [thread] = read(`litmus t\nthread a: kernel {\n${text}\n}`).declarations;
  assert.ok(thread?.kind === 'thread');
  return thread.body;
}

/** The canonical text of statements, which says what the tree is. */
function canonical(text: string): string {
  return printStatements(statements(text), '').join('\n');
}

const x = { path: [{ name: 'x', index: null }] };

test('header lines', () => {
  const { name, description, sources, expectation, positions, contract, off } = read(everything);
  assert.equal(name, 'revoke-deferred');
  assert.deepEqual(description, ['A GPU that unmaps from a worker is waited for.', 'It says "done" only then.']);
  assert.deepEqual(sources, ['seed thread, Koenig 2026-01-21', 'commit 0123456789ab']);
  assert.deepEqual(bare(expectation), { verdict: 'broken', code: 'P6', party: 'gpu' });
  assert.deepEqual(bare(positions), [
    { key: 'STOP', value: 'V3', by: 'Christian Koenig', claims: 'holds' },
    { key: 'STOP', value: 'V1', by: 'Jason Gunthorpe', claims: 'broken' },
  ]);
  assert.deepEqual(bare(contract), [{ key: 'STOP', value: 'V3' }, { key: 'REJ', value: 'none' }]);
  assert.deepEqual(bare(off), [{ name: 'P3' }, { name: 'UF' }]);
});

test('header lines end with a semicolon too, stand anywhere, and add up', () => {
  const scenario = read('litmus t; "one"; bool a; contract STOP=V3; contract REJ=none;\nsource "s"; off P3;\nexpect holds; off P4');
  assert.deepEqual(scenario.description, ['one']);
  assert.equal(scenario.contract.length, 2);
  assert.deepEqual(bare(scenario.off), [{ name: 'P3' }, { name: 'P4' }]);
});

test('expectations', () => {
  const cases: readonly (readonly [string, unknown])[] = [
    ['holds', { verdict: 'holds' }],
    ['vacuous', { verdict: 'vacuous' }],
    ['undecided', { verdict: 'undecided' }],
    ['broken', { verdict: 'broken', code: null, party: null }],
    ['broken N2', { verdict: 'broken', code: 'N2', party: null }],
    ['broken by gpu', { verdict: 'broken', code: null, party: 'gpu' }],
    ['broken hang by gpu', { verdict: 'broken', code: 'hang', party: 'gpu' }],
    ['broken P6 by "nic"', { verdict: 'broken', code: 'P6', party: 'nic' }],
    ['broken UF by nic[1]', { verdict: 'broken', code: 'UF', party: 'nic[1]' }],
    ['deadlock', { verdict: 'broken', code: 'deadlock', party: null }],
    ['hang by gpu', { verdict: 'broken', code: 'hang', party: 'gpu' }],
    ['refused gpu attach -EOPNOTSUPP', { verdict: 'refused', party: 'gpu', where: 'attach', errno: 'EOPNOTSUPP' }],
  ];
  for (const [text, tree] of cases) assert.deepEqual(bare(read(`litmus t\nexpect ${text}\n`).expectation), tree, text);
});

test('declarations', () => {
  const cases: readonly (readonly [string, unknown])[] = [
    ['bool a = true;', { kind: 'variable', name: 'a', type: { of: 'bool' }, initial: { kind: 'bool', value: true } }],
    ['int n in 0..4;', { kind: 'variable', name: 'n', type: { of: 'int', low: 0, high: 4 }, initial: null }],
    ['unknown busy at "a.c:1";', { kind: 'unknown', name: 'busy', where: 'a.c:1' }],
    ['exporter v: vfio_pci;', { kind: 'exporter', name: 'v', driver: 'vfio_pci', members: [] }],
    ['exporter e { map { } }', { kind: 'exporter', name: 'e', driver: null, members: [{ kind: 'operation', name: 'map', body: [] }] }],
    ['buffer b of v { resv shared; }', { kind: 'buffer', name: 'b', of: 'v', members: [{ kind: 'option', option: { name: 'resv', values: ['shared'] } }] }],
    ['importer g: deferred of b;', { kind: 'importer', name: 'g', count: null, driver: 'deferred', of: 'b', members: [] }],
    ['importer n[3] of b { rounds 2 -EBUSY "x"; }', { kind: 'importer', name: 'n', count: 3, driver: null, of: 'b', members: [{ kind: 'option', option: { name: 'rounds', values: ['2', '-EBUSY', 'x'] } }] }],
    ['party p[2] { mutex m; }', { kind: 'party', name: 'p', count: 2, members: [{ kind: 'object', type: 'mutex', name: 'm', options: [] }] }],
    ['thread t: device { }', { kind: 'thread', name: 't', by: 'device', body: [] }],
    ['work w on q { }', { kind: 'work', name: 'w', queue: 'q', body: [] }],
    ['work w { }', { kind: 'work', name: 'w', queue: null, body: [] }],
    ['fence f by user timeout context c seqno 2;', {
      kind: 'fence', name: 'f',
      options: [{ name: 'by', values: ['user'] }, { name: 'timeout', values: [] }, { name: 'context', values: ['c'] }, { name: 'seqno', values: ['2'] }],
    }],
    ['kref k = 1;', { kind: 'object', type: 'kref', name: 'k', options: [{ name: 'initial', values: ['1'] }] }],
    ['workqueue q ordered;', { kind: 'object', type: 'workqueue', name: 'q', options: [{ name: 'ordered', values: [] }] }],
    ['resv r;', { kind: 'object', type: 'resv', name: 'r', options: [] }],
  ];
  for (const [text, tree] of cases) assert.deepEqual(bare(read(`litmus t\n${text}`).declarations), [tree], text);
});

test('statements', () => {
  const one = { kind: 'number', value: 1 };
  const cases: readonly (readonly [string, unknown])[] = [
    ['f(1, x);', { kind: 'call', name: 'f', args: [one, { kind: 'name', reference: x }], result: null }],
    ['x = f();', { kind: 'call', name: 'f', args: [], result: x }],
    ['x = IS_ERR(1);', { kind: 'assign', to: x, value: { kind: 'apply', name: 'IS_ERR', args: [one] } }],
    ['while (1) x = 1;', { kind: 'while', test: one, body: [{ kind: 'assign', to: x, value: one }] }],
    ['for (i in nic) { }', { kind: 'for', variable: 'i', family: 'nic', body: [] }],
    ['repeat (2) { }', { kind: 'repeat', times: 2, body: [] }],
    ['choose { } or { return; }', { kind: 'choose', branches: [[], [{ kind: 'return', value: null }]] }],
    ['wait(1);', { kind: 'wait', test: one }],
    ['assert(1);', { kind: 'assert', test: one }],
    ['atomic { }', { kind: 'atomic', body: [] }],
    ['ioctl A { }', { kind: 'ioctl', name: 'A', body: [] }],
    ['return -ENODEV;', { kind: 'return', value: { kind: 'errno', name: 'ENODEV' } }],
    ['goto out;', { kind: 'goto', label: 'out' }],
    ['out:', { kind: 'label', name: 'out' }],
    ['break;', { kind: 'break' }],
    ['continue;', { kind: 'continue' }],
  ];
  for (const [text, tree] of cases) assert.deepEqual(bare(statements(text)), [tree], text);
});

test('short forms and braces', () => {
  assert.equal(canonical('x++; ++x;'), 'x = x + 1;\nx = x + 1;');
  assert.equal(canonical('x--; x -= 2; a.b += n - 1;'), 'x = x - 1;\nx = x - 2;\na.b = a.b + (n - 1);');
  assert.equal(canonical('{ x = 1; { ; y = 1; } }'), 'x = 1;\ny = 1;');
  assert.equal(canonical('if (a) if (b) f(); else g();'), 'if (a) { if (b) f(); else g(); }');
  assert.equal(canonical('if (a) f(); else if (b) { g(); } else { h(); i(); }'), 'if (a) f(); else if (b) g(); else { h(); i(); }');
  assert.equal(canonical('while (a)\n  if (b)\n    f();'), 'while (a) { if (b) f(); }');
  assert.equal(canonical('/* one */ f(/* two */ a); // three'), 'f(a);');
});

test('precedence is that of C', () => {
  const shape = (text: string): string => {
    const [property] = read(`litmus t\nalways ${text};`).properties;
    const show = (e: unknown): string => {
      const { kind, op, left, right, of, reference } = e as { kind: string; op: string; left: unknown; right: unknown; of: unknown; reference: { path: { name: string }[] } };
      return kind === 'binary' ? `(${show(left)}${op}${show(right)})` : kind === 'unary' ? `(!${show(of)})` : (reference.path[0]?.name ?? '');
    };
    return show(property?.test);
  };
  assert.equal(shape('a || b && c == d < e + f'), '(a||(b&&(c==(d<(e+f)))))');
  assert.equal(shape('a + b - c < d == e && f || g'), '(((((((a+b)-c)<d)==e)&&f)||g))'.slice(1, -1));
  assert.equal(shape('!a == b'), '((!a)==b)');
  assert.equal(shape('a - (b - c)'), '(a-(b-c))');
});

test('places, in a file with a byte order mark, CRLF and tabs', () => {
  const scenario = read('\ufefflitmus t\r\nbool a;\r\nthread b: kernel {\r\n\ta = true; // x/y.c:7\r\n}\r\nalways a; bool c;\r\n');
  const [a, b, c] = scenario.declarations;
  assert.deepEqual(a?.at, { line: 2, column: 6 });
  assert.deepEqual(b?.at, { line: 3, column: 8 });
  assert.deepEqual(c?.at, { line: 6, column: 16 });
  assert.ok(b?.kind === 'thread');
  assert.deepEqual(b.body[0]?.at, { line: 4, column: 2, provenance: 'x/y.c:7' });
});

test('a C place belongs to what ends on its line, or opens its brace there', () => {
  const places = (text: string): (string | undefined)[] => statements(text).map(({ at }) => at.provenance);
  assert.deepEqual(places('f(a,\n b); // x.c:1\ng();'), ['x.c:1', undefined]);
  assert.deepEqual(places('while (a) { // x.c:1\n f(); // x.c:2\n} // x.c:3\ng();'), ['x.c:1', undefined]);
  assert.deepEqual(places('f(); g(); // x.c:1'), ['x.c:1', 'x.c:1']);
  for (const other of ['//x.c:1', '// see x.c:1', '// x.c', '// x.c:1 here', '/* x.c:1 */']) assert.deepEqual(places(`f(); ${other}`), [undefined], other);
});

test('words that mean something in one place only are names elsewhere', () => {
  const scenario = read('litmus litmus\nbool fence;\nbool or;\nbool source;\nparty work { bool of; thread in: kernel { fence = or; work.of = true; or: goto or; } }');
  assert.equal(scenario.declarations.length, 4);
});
