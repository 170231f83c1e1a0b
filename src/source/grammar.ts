// tree-sitter's C grammar as a function from text to raw nodes. The bytes of both wasm files are handed in, so nothing is looked up on a disk.
// Loaded once for all files (docs/dependencies.md).

import { Language, Parser, type TreeCursor } from 'web-tree-sitter';

/** A node of the grammar, copied out of the parser's memory. */
export interface RawNode {
  readonly type: string;
  /** Its role in its parent, or empty. */
  readonly field: string;
  /** Offsets into the text that was parsed. */
  readonly start: number;
  readonly end: number;
  readonly isNamed: boolean;
  readonly isMissing: boolean;
  readonly children: readonly RawNode[];
}

export interface Grammar {
  readonly parse: (text: string) => { readonly root: RawNode; readonly hasError: boolean };
}

export interface GrammarBytes {
  /** web-tree-sitter/web-tree-sitter.wasm */
  readonly runtime: Uint8Array;
  /** tree-sitter-c/tree-sitter-c.wasm */
  readonly language: Uint8Array;
}

export async function loadGrammar({ runtime, language }: GrammarBytes): Promise<Grammar> {
  await Parser.init({ wasmBinary: runtime });
  const parser = new Parser();
  parser.setLanguage(await Language.load(language));
  return {
    parse: (text) => {
      const tree = parser.parse(text);
      if (tree === null) return { root: { type: 'ERROR', field: '', start: 0, end: text.length, isNamed: true, isMissing: false, children: [] }, hasError: true };
      try {
        const hasError = tree.rootNode.hasError;
        const cursor = tree.walk();
        const root = copied(cursor);
        cursor.delete();
        return { root, hasError };
      } finally {
        // The parser's memory is not collected by itself.
        tree.delete();
      }
    },
  };
}

/** Deeper nesting than any person writes; beyond it the tree is cut, and the cut shows as an ERROR node. */
const DEEPEST = 400;

function copied(cursor: TreeCursor, depth = 0): RawNode {
  const children: RawNode[] = [];
  const type = depth === DEEPEST ? 'ERROR' : cursor.nodeType;
  if (depth < DEEPEST && cursor.gotoFirstChild()) {
    do children.push(copied(cursor, depth + 1));
    while (cursor.gotoNextSibling());
    cursor.gotoParent();
  }
  return { type, field: cursor.currentFieldName ?? '', start: cursor.startIndex, end: cursor.endIndex, isNamed: cursor.nodeIsNamed, isMissing: cursor.nodeIsMissing, children };
}
