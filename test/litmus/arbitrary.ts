// Random scenarios for the property tests: any tree that text can say, whether it means something or not.

import fc from 'fast-check';
import type { Declaration, Expectation, Expression, Member, Option, Property, Reference, Scenario, Statement } from '../../src/model/scenario.ts';
import type { Origin } from '../../src/model/system.ts';
import { CALLS, PREDICATES } from '../../src/model/calls.ts';

const line1 = { line: 1, column: 1 };
const at: fc.Arbitrary<Origin> = fc.oneof(
  { weight: 6, arbitrary: fc.constant<Origin>(line1) },
  { weight: 1, arbitrary: fc.constantFrom('drivers/foo/bar.c:12', 'a-b/c_d.h:3', 'x.c:1').map((provenance): Origin => ({ ...line1, provenance })) },
);
const plain = fc.constant<Origin>(line1);
const name = fc.constantFrom('a', 'gpu', 'job', 'map', 'x_1', 'out', 'work', 'fence', 'timeout', 'in', 'or', 'of', 'by', 'litmus', 'source', '_', 'N2', 'done', 'i');
const free = fc.constantFrom('a', 'gpu', 'x_1', 'speculates', 'rounds', 'invalidate_mappings', 'attach', 'Z9');
const text = fc.oneof(fc.constantFrom('', 'a "quoted" \\ word', 'two\nlines\t', 'ünïcode ☃ 😀', '\u0000\u001f', '// x.c:1', '/* */'), fc.string(), fc.string({ unit: 'binary' }));
const number = fc.oneof(fc.nat(9), fc.nat(2147483647));
const errno = fc.constantFrom('ENODEV', 'EOPNOTSUPP', 'E2BIG');

const reference: fc.Arbitrary<Reference> = fc.record({
  path: fc.array(fc.record({ name, index: fc.option(fc.nat(3), { nil: null }) }), { minLength: 1, maxLength: 3 }),
  at: plain,
});

const expression = fc.letrec<{ any: Expression }>((tie) => ({
  any: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    fc.record({ kind: fc.constant('number' as const), value: number, at: plain }),
    fc.record({ kind: fc.constant('bool' as const), value: fc.boolean(), at: plain }),
    fc.record({ kind: fc.constant('errno' as const), name: errno, at: plain }),
    reference.map((r): Expression => ({ kind: 'name', reference: r, at: line1 })),
    fc.record({ kind: fc.constant('apply' as const), name: fc.constantFrom(...Object.keys(PREDICATES)), args: fc.array(tie('any'), { maxLength: 2 }), at: plain }),
    fc.record({ kind: fc.constant('unary' as const), op: fc.constant('!' as const), of: tie('any'), at: plain }),
    fc.record({
      kind: fc.constant('binary' as const),
      op: fc.constantFrom('&&' as const, '||' as const, '==' as const, '!=' as const, '<' as const, '<=' as const, '>' as const, '>=' as const, '+' as const, '-' as const),
      left: tie('any'), right: tie('any'), at: plain,
    }),
  ),
})).any;

const body = fc.letrec<{ one: Statement; list: Statement[] }>((tie) => ({
  list: fc.array(tie('one'), { maxLength: 3, depthIdentifier: 'body' }),
  one: fc.oneof(
    { depthSize: 'small', withCrossShrink: true, depthIdentifier: 'body' },
    fc.record({ kind: fc.constant('call' as const), name: fc.constantFrom('unknown_call', ...Object.keys(CALLS).slice(0, 9)), args: fc.array(expression, { maxLength: 2 }), result: fc.option(reference, { nil: null }), at }),
    fc.record({ kind: fc.constant('assign' as const), to: reference, value: expression, at }),
    fc.record({ kind: fc.constantFrom('wait' as const, 'assert' as const), test: expression, at }),
    fc.record({ kind: fc.constant('return' as const), value: fc.option(expression, { nil: null }), at }),
    fc.record({ kind: fc.constant('goto' as const), label: name, at }),
    fc.record({ kind: fc.constant('label' as const), name, at }),
    fc.record({ kind: fc.constantFrom('break' as const, 'continue' as const), at }),
    fc.record({ kind: fc.constant('if' as const), test: expression, then: tie('list'), else: tie('list'), at }),
    fc.record({ kind: fc.constant('if' as const), test: expression, then: tie('list'), else: fc.tuple(tie('one')), at }),
    fc.record({ kind: fc.constant('if' as const), test: expression, then: fc.tuple(tie('one')), else: fc.constant([]), at }),
    fc.record({ kind: fc.constant('while' as const), test: expression, body: tie('list'), at }),
    fc.record({ kind: fc.constant('for' as const), variable: name, family: name, body: tie('list'), at }),
    fc.record({ kind: fc.constant('repeat' as const), times: number, body: tie('list'), at }),
    fc.record({ kind: fc.constant('choose' as const), branches: fc.array(tie('list'), { minLength: 1, maxLength: 3 }), at }),
    fc.record({ kind: fc.constant('atomic' as const), body: tie('list'), at }),
    fc.record({ kind: fc.constant('ioctl' as const), name, body: tie('list'), at }),
  ),
})).list;

const objectOptions: fc.Arbitrary<Option[]> = fc.array(
  fc.oneof(
    fc.record({ name: fc.constantFrom('timeout', 'ordered', 'strange'), values: fc.array(fc.oneof(text, fc.constantFrom('7', '-ENODEV', '0x1f')), { maxLength: 2 }), at: plain }),
    fc.record({ name: fc.constantFrom('by', 'context', 'seqno', 'usage', 'initial'), values: fc.tuple(fc.oneof(name, text, fc.constant('2'))), at: plain }),
  ),
  { maxLength: 3 },
);
const low = fc.nat(3);

const leaf: fc.Arbitrary<Declaration> = fc.oneof(
  fc.record({
    kind: fc.constant('variable' as const), name,
    type: fc.oneof(fc.constant({ of: 'bool' as const }), fc.tuple(low, fc.nat(9)).map(([l, n]) => ({ of: 'int' as const, low: l, high: l + n }))),
    initial: fc.option(expression, { nil: null }), at,
  }),
  fc.record({ kind: fc.constant('unknown' as const), name, where: text, at }),
  fc.record({ kind: fc.constant('thread' as const), name, by: fc.constantFrom('user' as const, 'kernel' as const, 'device' as const), body, at }),
  fc.record({ kind: fc.constant('work' as const), name, queue: fc.option(name, { nil: null }), body, at }),
  fc.record({ kind: fc.constant('fence' as const), name, options: objectOptions, at }),
  fc.record({ kind: fc.constant('object' as const), type: fc.constantFrom('mutex' as const, 'rwsem' as const, 'completion' as const, 'kref' as const, 'ticket' as const, 'mapping' as const, 'workqueue' as const, 'resv' as const), name, options: objectOptions, at }),
);
const operation = fc.record({ kind: fc.constant('operation' as const), name: free, body, at });
const option = fc.record({
  kind: fc.constant('option' as const),
  option: fc.record({ name: free, values: fc.array(fc.oneof(name, text, fc.constantFrom('2', '-EBUSY')), { maxLength: 3 }), at: plain }),
});
const members: fc.Arbitrary<Member[]> = fc.array(fc.oneof(leaf, operation, option), { maxLength: 4 });
// In a buffer, `resv NAME;` is an option and not an object.
const bufferMembers = members.map((list) => list.filter((m) => m.kind !== 'object' || m.type !== 'resv'));
const count = fc.option(fc.integer({ min: 1, max: 4 }), { nil: null });
const driver = fc.option(name, { nil: null });

const declaration: fc.Arbitrary<Declaration> = fc.oneof(
  { weight: 3, arbitrary: leaf },
  fc.record({ kind: fc.constant('exporter' as const), name, driver, members, at }),
  fc.record({ kind: fc.constant('buffer' as const), name, of: name, members: bufferMembers, at }),
  fc.record({ kind: fc.constant('importer' as const), name, count, driver, of: name, members, at }),
  fc.record({ kind: fc.constant('party' as const), name, count, members, at }),
);

const party = fc.oneof(name, fc.constantFrom('nic[2]', 'two words', ''));
const expectation: fc.Arbitrary<Expectation> = fc.oneof(
  fc.record({ verdict: fc.constantFrom('holds' as const, 'vacuous' as const, 'undecided' as const), at: plain }),
  fc.record({ verdict: fc.constant('broken' as const), code: fc.constantFrom(null, 'N2', 'P14', 'UF', 'deadlock', 'hang', 'WARN', 'assert'), party: fc.option(party, { nil: null }), at: plain }),
  fc.record({ verdict: fc.constant('refused' as const), party, where: fc.constantFrom('attach', 'pin', 'map'), errno, at: plain }),
);
const setting = fc.constantFrom({ key: 'STOP', value: 'V3' }, { key: 'REJ', value: 'none' }, { key: 'UNREV', value: 'U1' });
const property: fc.Arbitrary<Property> = fc.record({ kind: fc.constantFrom('always' as const, 'eventually' as const, 'sometimes' as const), name: fc.option(name, { nil: null }), test: expression, at });

export const scenarios: fc.Arbitrary<Scenario> = fc.record({
  name: fc.constantFrom('a', 'revoke-deferred', '2024-1.b+c', '-').filter((n) => n !== '-'),
  description: fc.array(text, { maxLength: 2 }),
  sources: fc.array(text, { maxLength: 2 }),
  expectation: fc.option(expectation, { nil: null }),
  positions: fc.array(fc.tuple(setting, text).map(([s, by]) => ({ ...s, by, claims: 'holds', at: line1 })), { maxLength: 2 }),
  contract: fc.array(setting.map((s) => ({ ...s, at: line1 })), { maxLength: 2 }),
  off: fc.array(fc.record({ name: fc.constantFrom('P3', 'UF'), at: plain }), { maxLength: 2 }),
  declarations: fc.array(declaration, { maxLength: 4 }),
  properties: fc.array(property, { maxLength: 3 }),
});
