// Paths of small functions, spelled out: which tests they pass, what they call, what is undone at the end.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { controlFlow, type Flow } from '../../src/source/control-flow.ts';
import { functionOf } from './set-up.ts';

/** Indented: a brace in the first column would end the function. */
const flowOf = (body: string): Flow => controlFlow(functionOf(`int f(struct a *a)\n{\n${body.replace(/^(?!#)/gm, '\t')}\n}\n`));

/** Every path without a back edge: its steps, and tests as `+x` or `-x`. */
function paths(flow: Flow): string[] {
  const found: string[] = [];
  const walk = (at: number, said: readonly string[]): void => {
    if (at === flow.exit) found.push(said.join('; '));
    for (const { to, test: taken, isBack } of flow.out[at] ?? []) {
      const node = flow.nodes[to];
      if (isBack || node === undefined) continue;
      const step = node.kind === 'statement' || node.kind === 'return' ? [node.text] : node.kind === 'cleanup' ? [`undo ${node.text}`] : [];
      walk(to, [...said, ...(taken === null ? [] : [`${taken.taken ? '+' : '-'}${taken.text}`]), ...step]);
    }
  };
  walk(flow.entry, []);
  return found;
}

test('tests are split and carry their polarity', () => {
  assert.deepEqual(paths(flowOf('if (!a || IS_ERR(a->b)) return -EINVAL; return 0;')), ['+a; +IS_ERR(a->b); return -EINVAL', '+a; -IS_ERR(a->b); return 0', '-a; return -EINVAL']);
});

test('goto ladders join', () => {
  const flow = flowOf('ret = one(a);\nif (ret)\n\tgoto out;\nret = two(a);\nif (ret)\n\tgoto undo;\nreturn 0;\nundo:\n\tun_one(a);\nout:\n\treturn ret;');
  assert.deepEqual(paths(flow), [
    'ret = one(a); +ret; goto out; out:; return ret',
    'ret = one(a); -ret; ret = two(a); +ret; goto undo; undo:; un_one(a); out:; return ret',
    'ret = one(a); -ret; ret = two(a); -ret; return 0',
  ]);
  assert.deepEqual(flow.lostLabels, []);
  assert.deepEqual(flowOf('goto nowhere;').lostLabels, [{ name: 'nowhere', line: 3 }]);
});

test('guards and __free are undone on every way out, innermost first', () => {
  assert.deepEqual(paths(flowOf('void *p __free(kfree) = get();\nguard(mutex)(&a->lock);\nif (!p)\n\treturn -ENOMEM;\nreturn 0;')), [
    'void * p = get(); guard(mutex)(&a->lock); -p; return -ENOMEM; undo guard(mutex)(&a->lock); undo __free(kfree) p',
    'void * p = get(); guard(mutex)(&a->lock); +p; return 0; undo guard(mutex)(&a->lock); undo __free(kfree) p',
  ]);
  assert.deepEqual(paths(flowOf('scoped_guard(mutex, &a->lock) {\n\tif (x)\n\t\tbreak;\n\tgo();\n}\nafter();')), [
    'scoped_guard(mutex, &a->lock); +x; break; undo scoped_guard(mutex, &a->lock); after()',
    'scoped_guard(mutex, &a->lock); -x; go(); undo scoped_guard(mutex, &a->lock); after()',
  ]);
});

test('loops go round, and are left by break', () => {
  const flow = flowOf('list_for_each_entry(p, &a->list, node) {\n\tif (bad(p))\n\t\tbreak;\n\tgo(p);\n}\nreturn 0;');
  assert.equal(flow.edges.filter(({ isBack }) => isBack).length, 1);
  assert.deepEqual(paths(flow), [
    'loop; +list_for_each_entry(p, &a->list, node); +bad(p); break; return 0',
    'loop; -list_for_each_entry(p, &a->list, node); return 0',
  ]);
  assert.deepEqual(paths(flowOf('for (i = 0; i < 3; i++)\n\tgo(i);\ndo {\n\tmore();\n} while (0);')), ['i = 0; loop; -i < 3; do; more(); -0']);
});

test('switches fall through and may match nothing', () => {
  assert.deepEqual(paths(flowOf('switch (a->kind) {\ncase ONE:\n\tone();\ncase TWO:\n\ttwo();\n\tbreak;\n}\nreturn 0;')), [
    '+a->kind: case ONE; one(); two(); break; return 0',
    '+a->kind: case TWO; two(); break; return 0',
    '+a->kind: no case; return 0',
  ]);
});

test('both sides of #ifdef are paths', () => {
  assert.deepEqual(paths(flowOf('#ifdef CONFIG_X\n\tx();\n#else\n\ty();\n#endif\n\treturn 0;')), ['+#ifdef CONFIG_X; x(); return 0', '-#ifdef CONFIG_X; y(); return 0']);
});

test('calls stand in the order of their evaluation', () => {
  assert.deepEqual(flowOf('outer(inner(a), other(a));').nodes.flatMap(({ calls }) => calls.map(({ callee }) => callee)), ['inner', 'other', 'outer']);
});
