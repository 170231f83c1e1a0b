// Under which Kconfig symbols a file is built, as its Makefiles say.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { configsOf } from '../../src/source/kbuild.ts';

const FILES: Readonly<Record<string, string>> = {
  'drivers/toy/Makefile': `# SPDX
toy-y := toy_main.o \\
	toy_bo.o $(toy-list-y)
toy-$(CONFIG_TOY_P2P) += toy_p2p.o
toy-list-y += sub/toy_sub.o
obj-$(CONFIG_TOY) += toy.o
obj-y += always.o
ifdef CONFIG_TOY_TEST
obj-m += toy_test.o
endif
`,
  'drivers/Makefile': 'obj-$(CONFIG_TOYS) += toy/\n',
};
const read = (path: string): string | null => FILES[path] ?? null;

test('from the file to the module, and from its folder on', () => {
  const found = (file: string): readonly string[] => configsOf(file, read);
  assert.deepEqual(found('drivers/toy/toy_bo.c'), ['CONFIG_TOY', 'CONFIG_TOYS']);
  assert.deepEqual(found('drivers/toy/toy_p2p.c'), ['CONFIG_TOY_P2P', 'CONFIG_TOY', 'CONFIG_TOYS']);
  assert.deepEqual(found('drivers/toy/sub/toy_sub.c'), ['CONFIG_TOY', 'CONFIG_TOYS']);
  assert.deepEqual(found('drivers/toy/always.c'), ['CONFIG_TOYS']);
  assert.deepEqual(found('drivers/toy/toy_test.c'), ['CONFIG_TOY_TEST', 'CONFIG_TOYS']);
  assert.deepEqual(found('drivers/toy/unknown.c'), []);
  assert.deepEqual(found('x.c'), []);
});
