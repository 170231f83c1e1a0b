// The option table as a page: docs/command-line.md. A test keeps the two the same.

import { COMMANDS, EXIT_TEXT, TAGLINE, flags, optionText, type CommandRow } from './options.ts';

export function manual(): string {
  return [
    '# The command line',
    '',
    '<!-- Made from src/cli/options.ts; do not edit. `npm run docs` makes it again. -->',
    '',
    TAGLINE,
    'Without arguments `fencepost` checks the bundled corpus and prints the table of the debate.',
    '',
    ...COMMANDS.flatMap(section),
    '## Exit codes',
    '',
    ...EXIT_TEXT.map((line) => line.replace(/^Exit: /, '').trim()),
    'Of several files the worst counts, in the order 5, 2, 1, 3, 4, 0.',
    '',
    '## Baselines',
    '',
    'A baseline holds findings that somebody has judged, each with a reason. `--update-baseline` writes it; then the reasons are written',
    'by hand. A finding is known again by its rule, its function, and the line of C that it stands on, wherever that line has moved to.',
    '',
    '```text',
    'attach-leak foo_import() drivers/gpu/drm/foo/foo_prime.c',
    '    at: return ret;',
    '    number: 2',
    '    why: foo_close() detaches it: the core calls it where an import fails',
    '```',
    '',
    '`number` stands there where a function has the same line, and the same finding, more than once. Entries that match nothing any more are told.',
    '',
    '## In a kernel build',
    '',
    '```',
    'make C=1 CHECK="fencepost check-source"',
    'make C=2 CHECK="fencepost check-source --confidence=medium" drivers/gpu/drm/',
    '```',
    '',
    '`fencepost` must be in `PATH`, or `CHECK` begin with its path. A file without a word of the sharing API costs a shell and a `grep`; Node is not',
    'started. Of another folder no more is known than the index that was kept of the tree; the first file makes one. Rules over pairs do not run here.',
    '',
    '## Environment',
    '',
    'Colour is for terminals only. `NO_COLOR` turns it off, `FORCE_COLOR` on; `NO_COLOR` wins.',
    'Characters beyond ASCII are used where the locale (`LC_ALL`, `LC_CTYPE`, `LANG`) is UTF-8.',
    'Progress goes to standard error, and only to a terminal.',
    'Ctrl-C ends the search and prints what is known so far; a second one ends the program.',
    '',
  ].join('\n');
}

function section(command: CommandRow): string[] {
  const { arguments: rows, exits } = command;
  const names = rows.map(({ name, repeats, required }) => ` ${bracket(`${name}${repeats ? ' …' : ''}`, required)}`).join('');
  const lines = [`## fencepost ${command.name}${names}`, '', `${sentence(command.text)}`, ''];
  for (const { name, text, choices } of rows) lines.push(`\`${name}\`: ${text}${choices === undefined ? '' : `: ${choices.join(', ')}`}.`, '');
  if (command.options.length > 0) lines.push('| option | meaning |', '|---|---|', ...command.options.map((option) => `| \`${flags(option).replaceAll('|', '\\|')}\` | ${optionText(option)}${option.repeats === true ? ' (may be given several times)' : ''} |`), '');
  if (exits !== undefined) lines.push(exits, '');
  return lines;
}

function bracket(name: string, required: boolean): string {
  return required ? name : `[${name}]`;
}

function sentence(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}.`;
}
