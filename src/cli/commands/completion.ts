// `fencepost completion SHELL`: a completion script, made from the option table.

import { RULES } from '../../audit/rules/index.ts';
import { EXIT } from '../exit.ts';
import { glossary } from '../glossary.ts';
import { COMMANDS, optionText, type ArgumentRow, type CommandRow, type Completes, type OptionRow, type Shell } from '../options.ts';

export function completion(shell: Shell): number {
  process.stdout.write(completionScript(shell));
  return EXIT.fine;
}

export function completionScript(shell: Shell): string {
  return { bash, zsh, fish }[shell]();
}

function wordsOf(completes: Completes): readonly string[] {
  if (completes === 'rules') return RULES.map(({ header }) => header.id);
  if (completes === 'ids') return [...new Set(glossary().map((entry) => entry.id))];
  return typeof completes === 'string' ? [] : completes;
}

/** "trace probes": what stands behind the word of a group. */
const isInner = (command: CommandRow | undefined): boolean => command?.name.includes(' ') === true;
const outer = (): readonly CommandRow[] => COMMANDS.filter((command) => !isInner(command));
const innerWords = (command: CommandRow): readonly string[] => COMMANDS.filter(({ name }) => name.startsWith(`${command.name} `)).map(({ name }) => name.slice(command.name.length + 1));

const takesFiles = (command: CommandRow): boolean => command.arguments.some((row) => row.completes === 'files');

function bash(): string {
  const names = outer().map((command) => command.name).join(' ');
  const values = COMMANDS.flatMap((command) => command.options)
    .filter((option) => option.value !== null)
    .map((option) => `    --${option.name}) COMPREPLY=($(compgen -W '${wordsOf(option.completes ?? 'nothing').join(' ')}' -- "$word")); return ;;`);
  const cases = COMMANDS.map((command) => {
    const words = [...innerWords(command), ...command.options.map((option) => `--${option.name}`), '--help', ...command.arguments.flatMap((row) => wordsOf(row.completes))].join(' ');
    const files = takesFiles(command) ? ' COMPREPLY+=($(compgen -f -- "$word"))' : '';
    return `    ${isInner(command) ? `'${command.name}'` : command.name}) COMPREPLY=($(compgen -W '${words}' -- "$word"));${files} ;;`;
  });
  return [
    '# bash completion for fencepost: source it, or put it into bash-completion\'s folder',
    '_fencepost() {',
    '  local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD-1]}',
    `  if [ "$COMP_CWORD" = 1 ]; then COMPREPLY=($(compgen -W '${names} --help --version' -- "$word")); return; fi`,
    '  case $before in',
    ...values,
    '  esac',
    '  case "${COMP_WORDS[1]} ${COMP_WORDS[2]}" in',
    ...cases.filter((_, i) => isInner(COMMANDS[i])),
    '    *) case ${COMP_WORDS[1]} in',
    ...cases.filter((_, i) => !isInner(COMMANDS[i])).map((line) => `  ${line}`),
    '    esac ;;',
    '  esac',
    '}',
    'complete -o filenames -F _fencepost fencepost',
    '',
  ].join('\n');
}

function zsh(): string {
  const quote = (text: string): string => text.replaceAll("'", "'\\''").replace(/[[\]:]/g, '\\$&');
  const option = (row: OptionRow): string => {
    const value = row.value === null ? '' : `:${quote(row.value)}:(${wordsOf(row.completes ?? 'nothing').join(' ')})`;
    return `'${row.repeats === true ? '*' : ''}--${row.name}[${quote(optionText(row))}]${value}'`;
  };
  const argument = (row: ArgumentRow, index: number): string => {
    const offers = row.completes === 'files' ? '_files' : `(${wordsOf(row.completes).join(' ')})`;
    return `'${row.repeats ? '*' : index + 1}:${quote(row.name)}:${offers}'`;
  };
  return [
    '#compdef fencepost',
    '_fencepost() {',
    '  if (( CURRENT == 2 )); then',
    `    local -a commands=(${outer().map((command) => `'${command.name}:${quote(command.text)}'`).join(' ')})`,
    "    _describe command commands; return",
    '  fi',
    '  local command=$words[2]',
    '  shift words; (( CURRENT-- ))',
    '  case $command in',
    ...outer().map((command) => `    ${command.name}) _arguments ${[...command.options.map(option), ...command.arguments.map(argument)].join(' ')} ;;`),
    '  esac',
    '}',
    'compdef _fencepost fencepost',
    '',
  ].join('\n');
}

function fish(): string {
  const quote = (text: string): string => `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;
  const none = `not __fish_seen_subcommand_from ${outer().map((command) => command.name).join(' ')}`;
  const lines = ['# fish completion for fencepost'];
  for (const command of outer()) {
    const seen = quote(`__fish_seen_subcommand_from ${command.name}`);
    lines.push(`complete -c fencepost -f -n ${quote(none)} -a ${command.name} -d ${quote(command.text)}`);
    for (const row of command.options) {
      const value = row.value === null ? '' : ` -x -a ${quote(wordsOf(row.completes ?? 'nothing').join(' '))}`;
      lines.push(`complete -c fencepost -n ${seen} -l ${row.name}${value} -d ${quote(optionText(row))}`);
    }
    for (const word of innerWords(command)) lines.push(`complete -c fencepost -f -n ${seen} -a ${word}`);
    const offers = command.arguments.flatMap((row) => wordsOf(row.completes));
    lines.push(takesFiles(command) ? `complete -c fencepost -F -n ${seen}` : `complete -c fencepost -f -n ${seen} -a ${quote(offers.join(' '))}`);
  }
  return `${lines.join('\n')}\n`;
}
