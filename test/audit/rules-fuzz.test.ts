// Two thousand mutated functions through the parser and all rules: nothing is thrown, nothing hangs, and what is given up is in the ledger.
// The functions are those of the rules' examples, and of real drivers where a kernel tree is there.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import fc from 'fast-check';
import { auditPart } from '../../src/audit/audit-tree.ts';
import { RULES } from '../../src/audit/rules/index.ts';
import { CodeBase } from '../../src/source/code-base.ts';
import { outlineOf } from '../../src/source/outline.ts';
import { scanner } from '../../src/source/scan.ts';
import { VOCABULARY } from '../../src/source/identifier-index.ts';
import { grammar, REAL } from '../source/set-up.ts';

const COPIES = 2000;
/** Steps of the walk are bounded; this only ends a test that hangs. */
const AT_MOST = 600_000;

const REAL_FILES = ['drivers/infiniband/core/umem_dmabuf.c', 'drivers/gpu/drm/virtio/virtgpu_prime.c', 'drivers/vfio/pci/vfio_pci_dmabuf.c', 'drivers/misc/fastrpc.c', 'drivers/dma-buf/udmabuf.c', 'drivers/gpu/drm/drm_prime.c'];

function functionsIn(text: string): readonly string[] {
  const lines = text.split('\n');
  return outlineOf(text).functions.map(({ line, endLine }) => lines.slice(line - 1, endLine).join('\n')).filter((one) => one.length < 6000);
}

const functions = [
  ...RULES.flatMap(({ header }) => [header.broken, header.clean]).flatMap(functionsIn),
  ...(REAL === null ? [] : REAL_FILES.flatMap((file) => functionsIn(readFileSync(join(REAL ?? '', file), 'latin1')))),
];

const piece = fc.constantFrom('', '{', '}', '(', ')', ';', 'if (0)', 'goto out;', 'return', '&', '->', '#if X\n', '#endif\n', 'while (1) ', '/*', '"', 'dma_buf_put(dmabuf);', 'out:', 'NULL', 'for (;;) {', '\u0000', 'else ', 'case 1:');
type Change = { readonly kind: 'cut'; readonly at: number; readonly length: number; readonly piece: string } | { readonly kind: 'drop' | 'swap' | 'twice'; readonly at: number };

const change: fc.Arbitrary<Change> = fc.oneof(
  fc.record({ kind: fc.constant('cut' as const), at: fc.nat(), length: fc.nat(40), piece }),
  fc.record({ kind: fc.constant('drop' as const), at: fc.nat() }),
  fc.record({ kind: fc.constant('swap' as const), at: fc.nat() }),
  fc.record({ kind: fc.constant('twice' as const), at: fc.nat() }),
);

function mutated(text: string, changes: readonly Change[]): string {
  let now = text;
  for (const one of changes) {
    const lines = now.split('\n');
    const row = one.at % lines.length;
    switch (one.kind) {
      case 'cut': {
        const at = one.at % (now.length + 1);
        now = now.slice(0, at) + one.piece + now.slice(at + one.length);
        break;
      }
      case 'drop':
        lines.splice(row, 1);
        now = lines.join('\n');
        break;
      case 'swap': {
        const [a = '', b = ''] = [lines[row], lines[row + 1]];
        lines.splice(row, 2, b, a);
        now = lines.join('\n');
        break;
      }
      case 'twice':
        lines.splice(row, 0, lines[row] ?? '');
        now = lines.join('\n');
        break;
    }
  }
  return now;
}

test('mutated functions through all rules', () => {
  const scan = scanner(VOCABULARY).scan;
  const start = performance.now();
  const path = 'drivers/toy/toy.c';
  fc.assert(fc.property(fc.nat(functions.length - 1), fc.array(change, { minLength: 1, maxLength: 4 }), (at, changes) => {
    const text = `#include <linux/dma-buf.h>\n\n${mutated(functions[at] ?? '', changes)}\n`;
    const bytes = Buffer.from(text, 'latin1');
    let next = 0;
    const part = auditPart({ code: new CodeBase({ root: '/nowhere', grammar, exports: new Map(), overlay: new Map([[path, bytes.toString('latin1')]]) }), files: [{ path, words: scan(bytes, bytes.length).words }], take: () => next++, progress: () => undefined, rules: RULES });
    const lines = text.split('\n').length;
    for (const { file, line } of part.findings) assert.ok(file === path && line >= 1 && line <= lines);
    // Whoever was given up is named.
    for (const [name, isDecided] of part.judged) if (!isDecided) assert.ok(part.ledger.some((row) => `${row.file} ${row.function}` === name), name);
    assert.ok(performance.now() - start < AT_MOST, 'hangs');
  }), { numRuns: COPIES });
});
