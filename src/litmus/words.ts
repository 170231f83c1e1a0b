// The words of the language as tables: keywords, options with their arity, and the C that does not exist here with its remedy.

import type { Declaration } from '../model/scenario.ts';

export type ObjectType = Extract<Declaration, { kind: 'object' }>['type'];

export const OBJECT_TYPES: readonly ObjectType[] = ['mutex', 'rwsem', 'completion', 'kref', 'ticket', 'mapping', 'workqueue', 'resv'];

export const HEADER_WORDS = ['source', 'position', 'expect', 'contract', 'off'] as const;
export const PROPERTY_WORDS = ['always', 'eventually', 'sometimes'] as const;
export const PARTY_WORDS = ['exporter', 'buffer', 'importer', 'party'] as const;
export const MEMBER_WORDS: readonly string[] = ['bool', 'int', 'unknown', 'thread', 'work', 'fence', ...OBJECT_TYPES];
export const TOP_WORDS: readonly string[] = [...HEADER_WORDS, ...PROPERTY_WORDS, ...PARTY_WORDS, ...MEMBER_WORDS];

export const STATEMENT_WORDS: readonly string[] = [
  'if', 'else', 'while', 'for', 'repeat', 'choose', 'wait', 'atomic', 'ioctl', 'assert', 'return', 'goto', 'break', 'continue',
];
/** Never a name. */
export const RESERVED: ReadonlySet<string> = new Set([...STATEMENT_WORDS, 'true', 'false']);

export const THREAD_KINDS = ['user', 'kernel', 'device'] as const;
export const CLAIMS: readonly string[] = ['holds', 'broken', 'hang', 'deadlock', 'refused', 'vacuous', 'undecided'];
export const VERDICTS: readonly string[] = ['holds', 'vacuous', 'undecided', 'broken', 'deadlock', 'hang', 'refused'];
export const BROKEN_CODES: readonly string[] = [
  ...Array.from({ length: 8 }, (_, i) => `N${i + 1}`),
  ...Array.from({ length: 14 }, (_, i) => `P${i + 1}`),
  'UF', 'deadlock', 'hang', 'WARN', 'BUG', 'assert',
];
export const REFUSED_AT: readonly string[] = ['attach', 'pin', 'map'];

/** Options of fences and objects: how many words follow each. */
export const OPTION_ARITY: ReadonlyMap<string, number> = new Map([
  ['by', 1], ['timeout', 0], ['context', 1], ['seqno', 1], ['usage', 1], ['ordered', 0], ['initial', 1], ['of', 1], ['on', 1],
]);

/** `// drivers/foo/bar.c:123` */
export const PROVENANCE = /^[^\s:]+\.[A-Za-z0-9_]+:[0-9]+$/;
export const NAME = /^[A-Za-z_][A-Za-z0-9_]*$/;
/** An option's value that needs no quotes. */
export const BARE_VALUE = /^-?(?:[A-Za-z_][A-Za-z0-9_]*|[0-9]+)$/;
export const LARGEST_NUMBER = 2147483647;

const TYPE_REMEDY = "variables are 'bool x = false;' or 'int n in 0..3 = 0;' and stand outside of statements";

/** C words that do not exist here, with what to write instead. */
export const FOREIGN_WORDS: ReadonlyMap<string, string> = new Map([
  ['switch', 'write if (…) { … } else if (…) { … }'],
  ['case', 'write if (…) { … } else if (…) { … }'],
  ['default', 'write if (…) { … } else if (…) { … }'],
  ['do', 'write the body once, then while (…) { … }'],
  ['sizeof', 'sizes do not exist here: leave them out'],
  ['typedef', 'there are no types to define: name the objects themselves'],
  ['NULL', "leave an optional argument out, or ask a predicate such as 'live(map)'"],
  ...['struct', 'union', 'enum', 'void', 'char', 'short', 'long', 'unsigned', 'signed', 'float', 'double', 'const', 'volatile', 'extern', 'inline',
    'u8', 'u16', 'u32', 'u64', 's8', 's16', 's32', 's64', 'size_t', 'ssize_t', 'uint32_t', 'uint64_t', '__u32', '__u64', 'dma_addr_t', 'atomic_t'].map((word): [string, string] => [word, TYPE_REMEDY]),
]);

const ARITHMETIC = 'only + and - count here; keep numbers small and flags as bool';
const BITS = 'there are no bit operations: use one bool for each flag';

/** C operators that do not exist here, with what to write instead. */
export const FOREIGN_OPERATORS: ReadonlyMap<string, string> = new Map([
  ['&', "objects are named without '&'; the logical 'and' is '&&'"],
  ['|', "the logical 'or' is '||'"],
  ['*', 'there are no pointers and no products: name the object itself'],
  ['/', ARITHMETIC], ['%', ARITHMETIC], ['^', BITS], ['~', BITS], ['<<', BITS], ['>>', BITS],
  ['?', "there is no '?:': write if (…) … else …"],
  ['++', "'x++;' is a statement of its own, not a part of an expression"],
  ['--', "'x--;' is a statement of its own, not a part of an expression"],
  ['+=', "'x += 1;' is a statement of its own, not a part of an expression"],
  ['-=', "'x -= 1;' is a statement of its own, not a part of an expression"],
]);
