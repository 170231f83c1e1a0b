// What the tests of src/source share: the grammar, a file from text, a folder that goes away, and the real tree where there is one.

import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { homedir, tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { TestContext } from 'node:test';
import { loadGrammar } from '../../src/source/grammar.ts';
import { openFile, type CFile, type CFunction } from '../../src/source/syntax.ts';

const { resolve } = createRequire(import.meta.url);

export const grammar = await loadGrammar({
  runtime: readFileSync(resolve('web-tree-sitter/web-tree-sitter.wasm')),
  language: readFileSync(resolve('tree-sitter-c/tree-sitter-c.wasm')),
});

export const fileOf = (text: string, name = 'drivers/toy/toy.c'): CFile => openFile(name, text, grammar);

export function functionOf(text: string, name?: string): CFunction {
  const file = fileOf(text);
  const outline = file.outline.functions.find((one) => name === undefined || one.name === name);
  if (outline === undefined) throw new Error(`no function ${name ?? ''} in the fixture`);
  return file.function(outline);
}

/** A folder with these files, gone after the test. */
export function folder(t: TestContext, files: Readonly<Record<string, string>>): string {
  const root = mkdtempSync(join(tmpdir(), 'fencepost-source-'));
  t.after(() => rmSync(root, { recursive: true, force: true }));
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
  }
  return root;
}

export const TOY_TREE: Readonly<Record<string, string>> = {
  Makefile: '# SPDX\nVERSION = 7\nPATCHLEVEL = 3\nSUBLEVEL = 4\nEXTRAVERSION = -rc1\n',
  MAINTAINERS: 'toy\n',
  'include/linux/dma-buf.h': 'struct dma_buf_attach_ops {\n\tbool allow_peer2peer;\n\t/* once (*move_notify) */\n\tvoid (*invalidate_mappings)(struct dma_buf_attachment *attach);\n};\n',
};

const cache = process.env['FENCEPOST_KERNELS'] ?? join(process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'), 'fencepost/kernels');

/** The real 7.3 tree, or null where scripts/kernel-source has not fetched it. */
export const REAL = existsSync(join(cache, 'linux-source-7.3/MAINTAINERS')) ? join(cache, 'linux-source-7.3') : null;
export const NEEDS_REAL = REAL === null ? 'no Linux 7.3 here: run scripts/kernel-source 7.3' : false;
