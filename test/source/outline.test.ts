// Heads of functions whose name is made by a macro.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { functionHead } from '../../src/source/outline.ts';

test('a macro that makes the name is taken for it as written', () => {
  const head = functionHead('static int NIC_HANDLER(NIC_METHOD_EXPORT)(struct bundle *attrs)');
  assert.equal(head?.name, 'NIC_HANDLER(NIC_METHOD_EXPORT)');
  assert.equal(head.isStatic, true);
  assert.equal(head.parameters.length, 1);
});

test('an ordinary head keeps its name', () => assert.equal(functionHead('int nic_export(struct bundle *attrs)')?.name, 'nic_export'));
