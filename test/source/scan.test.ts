// The scan over bytes: words wherever they stand, and the names inside EXPORT_SYMBOL…(…).

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { VOCABULARY } from '../../src/source/identifier-index.ts';
import { scanner, type Found } from '../../src/source/scan.ts';

const { scan } = scanner(VOCABULARY);

function found(text: string): Found {
  const bytes = Buffer.from(text, 'latin1');
  return scan(bytes, bytes.length);
}

const exportsOf = (text: string): readonly string[] => found(text).exports;

test('a word is found at every offset, in comments, and at both ends', () => {
  for (const prefix of VOCABULARY) {
    for (let before = 0; before < 20; before++) {
      for (const after of ['', ' ', '(x);\n'.repeat(9)]) {
        const text = `${' '.repeat(before)}${prefix}toy${after}`;
        assert.deepEqual(found(text).words, [`${prefix}toy`], JSON.stringify(text));
      }
    }
  }
  assert.deepEqual(found('/* see dma_buf_pin() */ // and dma_resv_lock').words, ['dma_buf_pin', 'dma_resv_lock']);
});

test('a word inside another one, or cut off by the length, is none', () => {
  assert.deepEqual(found('my_dma_buf_pin xdma_buf_pin 0dma_buf_pin dma-buf_pin DMA_BUF_PIN').words, []);
  const bytes = Buffer.from('int x; dma_buf_pin();');
  assert.deepEqual(scan(bytes, 'int x; dma_b'.length).words, []);
  assert.deepEqual(scan(bytes, 'int x; dma_buf_p'.length).words, ['dma_buf_p']);
});

test('bytes that are no UTF-8, and memory that begins at an odd place, do no harm', () => {
  const bytes = Buffer.from('\xff\xc3 EXPORT_SYMBOL(a\xe4) \x00dma_buf_pin\xfe EXPORT_SYMBOL(toy)', 'latin1');
  const expected = { words: ['dma_buf_pin'], exports: ['toy'] };
  for (let shift = 0; shift < 8; shift++) {
    const memory = new Uint8Array(bytes.length + shift);
    memory.set(bytes, shift);
    assert.deepEqual(scan(memory.subarray(shift), bytes.length), expected);
  }
});

test('every form of export is found', () => {
  const forms = [
    'EXPORT_SYMBOL(toy);', 'EXPORT_SYMBOL_GPL(toy);', 'EXPORT_SYMBOL_NS(toy, "DMA_BUF");', 'EXPORT_SYMBOL_NS_GPL(toy, DMA_BUF);', 'EXPORT_SYMBOL_FOR_MODULES(toy, "kvm");',
    'EXPORT_SYMBOL_FOR_TESTS_ONLY(toy);', 'EXPORT_SYMBOL_IF_KUNIT(toy);', 'ACPI_EXPORT_SYMBOL(toy)', '\tEXPORT_SYMBOL ( toy ) ;', 'EXPORT_SYMBOL_NS_GPL(\n\ttoy,\n\t"DMA_BUF"\n);',
    'EXPORT_SYMBOL_GPL(\r\n  toy\r\n);', 'EXPORT_SYMBOL_GPL( \\\n toy);', '}EXPORT_SYMBOL(toy)', '/* # */ EXPORT_SYMBOL(toy);', '#define x 1\nEXPORT_SYMBOL(toy);',
  ];
  for (const form of forms) assert.deepEqual(exportsOf(`int toy;\n${form}\n`), ['toy'], form);
  assert.deepEqual(exportsOf('EXPORT_SYMBOL(b);EXPORT_SYMBOL(a);\nEXPORT_SYMBOL_GPL(b);'), ['a', 'b']);
});

test('a macro\'s definition, a name that is made, and other uses are no exports', () => {
  const others = [
    '#define EXPORT_SYMBOL(sym) _EXPORT_SYMBOL(sym, "")', '#define TOY(x) \\\n\tint x; \\\n\tEXPORT_SYMBOL(x)', '  #  define TOY(x) \\\r\n EXPORT_SYMBOL(x)', 'EXPORT_SYMBOL(toy_##name);',
    'EXPORT_SYMBOL(KEY(name));', 'EXPORT_SYMBOL', 'EXPORT_SYMBOL(', 'EXPORT_SYMBOL(toy', 'EXPORT_SYMBOL()', 'EXPORT_PER_CPU_SYMBOL(toy);', '#ifdef EXPORT_SYMBOL\nint toy;',
  ];
  for (const other of others) assert.deepEqual(exportsOf(other), [], other);
});
