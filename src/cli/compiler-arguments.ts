// What a kernel build hands to a checker: the compiler's arguments, among them the C file. Only what is needed is taken out: files, and where headers lie.
// bin/fencepost reads files out of them in the same way; a test keeps the two the same.

/** Options whose value may be the next word. Others have it in the same word, or none. */
export const OPTIONS_WITH_VALUE: readonly string[] = [
  '-D', '-U', '-I', '-A', '-B', '-F', '-G', '-L', '-T', '-u', '-x', '-z', '-o', '-e', '-l',
  '-include', '-imacros', '-isystem', '-idirafter', '-iquote', '-iprefix', '-iwithprefix', '-iwithprefixbefore', '-isysroot', '-imultilib',
  '-MF', '-MT', '-MQ', '-MJ', '-Xpreprocessor', '-Xassembler', '-Xlinker', '-Xclang', '-mllvm', '-arch', '-target', '--param',
  '-aux-info', '-dumpbase', '-dumpdir', '-wrapper', '-gcc-base-dir', '-multiarch-dir',
];

const FOLDER_OPTIONS = ['-I', '-isystem', '-idirafter', '-iquote'];

export interface CompilerArguments {
  /** As they were given. */
  readonly files: readonly string[];
  /** Where headers are looked for, in order; as they were given. */
  readonly folders: readonly string[];
}

export function compilerArguments(args: readonly string[]): CompilerArguments {
  const files: string[] = [];
  const folders: string[] = [];
  let options = true;
  for (let at = 0; at < args.length; at++) {
    const word = args[at] ?? '';
    if (!options || !word.startsWith('-')) {
      files.push(word);
      continue;
    }
    if (word === '--') {
      options = false;
      continue;
    }
    const folderOption = FOLDER_OPTIONS.find((one) => word.startsWith(one));
    const takesNext = OPTIONS_WITH_VALUE.includes(word);
    if (folderOption !== undefined) folders.push(takesNext ? (args[at + 1] ?? '') : word.slice(folderOption.length));
    if (takesNext) at++;
  }
  return { files: files.filter((one) => one !== ''), folders: folders.filter((one) => one !== '') };
}
