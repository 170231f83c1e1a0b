// The house rules that a program can check: who imports whom, who touches the world, and what TypeScript may not be used for.
// Built on the compiler's own syntax tree and symbols, so a parameter called `process` is not taken for the global.

import { readdirSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';

export const ROOT = resolve(dirname(fileURLToPath(import.meta.url)), '../..');

interface Row {
  /** Folders besides its own. */
  readonly imports: readonly string[];
  /** May use files, clock, console, the process. */
  readonly touchesWorld?: true;
  /** Globals that it may use nevertheless. */
  readonly globals?: readonly string[];
  readonly packages?: readonly string[];
  /** Modules of Node that it may import without touching the rest of the world. */
  readonly node?: readonly string[];
}

const BELOW_REPORT = ['protocol', 'results', 'model', 'litmus', 'check', 'source', 'audit', 'trace'];

/** The table of docs/architecture.md. `index` is src/index.ts. A folder that is not here may not exist. */
export const TABLE: Readonly<Record<string, Row>> = {
  protocol: { imports: [] },
  results: { imports: ['protocol'] },
  model: { imports: ['protocol', 'results'] },
  litmus: { imports: ['protocol', 'results', 'model'] },
  check: { imports: ['protocol', 'results', 'model', 'litmus'] },
  // Reads a tree and keeps its cache; both folders are handed in.
  source: { imports: ['protocol', 'results'], node: ['node:fs', 'node:path', 'node:crypto'], packages: ['web-tree-sitter'] },
  audit: { imports: ['protocol', 'results', 'model', 'litmus', 'check', 'source'] },
  trace: { imports: ['protocol', 'results', 'model'] },
  report: { imports: ['protocol', 'results'] },
  explorer: { imports: [...BELOW_REPORT, 'report'], touchesWorld: true },
  // The library hands the searches a clock where its caller gives none.
  index: { imports: [...BELOW_REPORT, 'report'], globals: ['performance'] },
  cli: { imports: [...BELOW_REPORT, 'report', 'explorer', 'index'], touchesWorld: true, packages: ['commander', 'picocolors'] },
};

const WORLD = ['console', 'process', 'performance', 'setTimeout', 'setInterval', 'setImmediate', 'fetch'];

export interface Breach {
  /** Relative to the root. */
  readonly file: string;
  readonly line: number;
  readonly text: string;
}

/** Checks every file below src/, and `extra` (path from the root to text) as if it lay there. */
export function breaches(extra: Readonly<Record<string, string>> = {}): Breach[] {
  const overlay = new Map(Object.entries(extra).map(([path, text]) => [join(ROOT, path), text]));
  const files = [...sources(join(ROOT, 'src')), ...overlay.keys()];
  const { options } = ts.parseJsonConfigFileContent(ts.readConfigFile(join(ROOT, 'tsconfig.json'), (path) => ts.sys.readFile(path)).config, ts.sys, ROOT);
  const host = ts.createCompilerHost({ ...options, noEmit: true });
  const { readFile, fileExists } = host;
  host.readFile = (path) => overlay.get(path) ?? readFile(path);
  host.fileExists = (path) => overlay.has(path) || fileExists(path);
  const program = ts.createProgram(files, { ...options, noEmit: true }, host);
  const checker = program.getTypeChecker();
  return files.flatMap((path) => {
    const source = program.getSourceFile(path);
    return source === undefined ? [] : fileBreaches(source, checker);
  });
}

function sources(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts'))
    .map((name) => join(folder, name))
    .sort();
}

function folderOf(path: string): string {
  const [first = '', ...rest] = relative(join(ROOT, 'src'), path).split(/[\\/]/);
  return rest.length === 0 ? first.replace(/\.ts$/, '') : first;
}

function fileBreaches(source: ts.SourceFile, checker: ts.TypeChecker): Breach[] {
  const found: Breach[] = [];
  const folder = folderOf(source.fileName);
  const row = TABLE[folder];
  const add = (node: ts.Node, text: string): void => {
    const line = source.getLineAndCharacterOfPosition(node.getStart(source)).line + 1;
    found.push({ file: relative(ROOT, source.fileName), line, text });
  };
  if (row === undefined) {
    add(source, `src/${folder} is not in the import table`);
    return found;
  }
  const visit = (node: ts.Node): void => {
    const specifier = specifierOf(node);
    if (specifier !== null) {
      const text = importBreach(specifier, source.fileName, folder, row);
      if (text !== null) add(node, text);
    }
    if (node.kind === ts.SyntaxKind.AnyKeyword) add(node, 'the type any');
    if (ts.isNonNullExpression(node)) add(node, 'a ! that silences the compiler');
    if (ts.isPropertyDeclaration(node) && node.exclamationToken !== undefined) add(node, 'a ! that silences the compiler');
    if (row.touchesWorld !== true && ts.isIdentifier(node)) {
      const text = worldBreach(node, checker);
      if (text !== null && row.globals?.includes(node.text) !== true) add(node, text);
    }
    ts.forEachChild(node, visit);
  };
  visit(source);
  return found;
}

/** The module that a node names: import, export from, import(), type import(). */
function specifierOf(node: ts.Node): string | null {
  if ((ts.isImportDeclaration(node) || ts.isExportDeclaration(node)) && node.moduleSpecifier !== undefined && ts.isStringLiteral(node.moduleSpecifier)) return node.moduleSpecifier.text;
  if (ts.isImportTypeNode(node) && ts.isLiteralTypeNode(node.argument) && ts.isStringLiteral(node.argument.literal)) return node.argument.literal.text;
  if (ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword) {
    const [first] = node.arguments;
    return first !== undefined && ts.isStringLiteral(first) ? first.text : '(computed)';
  }
  return null;
}

function importBreach(specifier: string, from: string, folder: string, row: Row): string | null {
  if (specifier === '(computed)') return 'an import whose path is computed';
  if (specifier.startsWith('.')) {
    if (!specifier.endsWith('.ts')) return `the import ${specifier} does not end in .ts`;
    const target = folderOf(resolve(dirname(from), specifier));
    return target === folder || row.imports.includes(target) ? null : `${folder} may not import ${target}`;
  }
  if (specifier.startsWith('node:')) return row.touchesWorld === true || row.node?.includes(specifier) === true ? null : `${folder} may not import ${specifier}`;
  return row.packages?.includes(specifier) === true ? null : `${folder} may not import the package ${specifier}`;
}

function worldBreach(node: ts.Identifier, checker: ts.TypeChecker): string | null {
  const parent = node.parent;
  if (ts.isPropertyAccessExpression(parent) && parent.name === node) {
    return node.text === 'now' && isGlobal(parent.expression, 'Date', checker) ? 'reads the clock: Date.now' : null;
  }
  if (node.text === 'Date' && ts.isNewExpression(parent) && (parent.arguments?.length ?? 0) === 0 && isGlobal(node, 'Date', checker)) return 'reads the clock: new Date()';
  return WORLD.includes(node.text) && isGlobal(node, node.text, checker) ? `uses ${node.text}` : null;
}

function isGlobal(node: ts.Node, name: string, checker: ts.TypeChecker): boolean {
  if (!ts.isIdentifier(node) || node.text !== name) return false;
  const declarations = checker.getSymbolAtLocation(node)?.declarations ?? [];
  return declarations.length > 0 && declarations.every((one) => one.getSourceFile().isDeclarationFile);
}
