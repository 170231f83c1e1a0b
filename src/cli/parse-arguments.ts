// Command line to a typed request. Commander does the reading; the table in options.ts says what there is.

import { totalmem } from 'node:os';
import { Command, CommanderError, Option } from 'commander';
import type { Limits } from '../check/outcome.ts';
import { didYouMean } from '../litmus/nearest.ts';
import { CONTRACT_KEYS, CONTRACT_NAMES, contractOf, isContractKey } from '../model/contract.ts';
import { CONFIDENCES, type Confidence } from '../results/finding.ts';
import { UsageProblem } from './exit.ts';
import { traceRequest, type TraceRequest } from './trace-request.ts';
import { AUDIT_FORMATS, COMMANDS, EXIT_TEXT, FINDING_FORMATS, FORMATS, ORDERS, SHELLS, TAGLINE, TOPICS, flags, optionText, type AuditFormat, type CommandRow, type FindingFormat, type Format, type Order, type OptionRow, type Shell, type Topic } from './options.ts';

export interface Override {
  readonly key: string;
  readonly value: string;
}

export interface CheckRequest {
  readonly command: 'check';
  /** Empty: the bundled corpus. */
  readonly paths: readonly string[];
  readonly contract: readonly Override[];
  readonly compare: { readonly left: Override; readonly right: Override } | null;
  readonly replay: string | null;
  readonly watch: boolean;
  readonly format: Format;
  /** Number of random runs, null for a search. */
  readonly simulate: number | null;
  readonly seed: number;
  readonly workers: number | null;
  readonly symmetry: boolean;
  readonly liveness: boolean;
  readonly limits: Limits;
  readonly order: Order;
  readonly verbose: boolean;
}

/** Two names, or one text that holds both: "vfio_pci:amdgpu". Names have colons of their own, so only who knows them can take it apart. */
export type PairName = { readonly exporter: string; readonly importer: string } | { readonly both: string };

export interface AuditRequest {
  readonly command: 'audit';
  /** Null: the bundled catalogue. */
  readonly path: string | null;
  readonly why: PairName | null;
  readonly litmus: string | null;
  readonly format: AuditFormat;
  readonly catalogue: string | null;
  readonly writeCatalogue: string | null;
  readonly workers: number | null;
  readonly useCache: boolean;
  readonly verbose: boolean;
}

/** `fencepost audit --rules`. */
export interface RulesRequest {
  readonly command: 'rules';
  /** What stood behind --rules: ids, and behind them the path if there is no other. Only who knows the rules can take them apart. */
  readonly words: readonly string[];
  /** Null: perhaps the last of the words. */
  readonly path: string | null;
  readonly confidence: Confidence;
  readonly baseline: { readonly file: string; readonly update: boolean } | null;
  readonly format: FindingFormat;
  /** What a driver outside a tree is held against; null: the bundled catalogue. */
  readonly catalogue: string | null;
  readonly workers: number | null;
  readonly useCache: boolean;
  readonly verbose: boolean;
}

export interface DriftRequest {
  readonly command: 'drift';
  readonly path: string;
  readonly catalogue: string | null;
  readonly workers: number | null;
  readonly useCache: boolean;
}

export type Request =
  | { readonly command: 'debate' }
  | CheckRequest
  | AuditRequest
  | RulesRequest
  /** `args` as the compiler is given them. */
  | { readonly command: 'check-source'; readonly args: readonly string[] }
  | DriftRequest
  | TraceRequest
  | { readonly command: 'explain'; readonly id: string }
  | { readonly command: 'list'; readonly topic: Topic | null }
  | { readonly command: 'completion'; readonly shell: Shell }
  /** Help or version: text that only has to be printed. */
  | { readonly command: 'print'; readonly text: string };

/** Throws UsageProblem. `args` without node and script. */
export function parseArguments(args: readonly string[], version: string, width: number): Request {
  if (args.length === 0) return { command: 'debate' };
  // Read by nobody but itself: they are a compiler's.
  if (args[0] === 'check-source' && !isHelp(args.slice(1))) return { command: 'check-source', args: args.slice(1) };
  if (args[0] === 'help') return parseArguments([...args.slice(1), '--help'], version, width);
  let request: Request | null = null;
  let printed = '';
  const program = new Command('fencepost').description(TAGLINE).version(version, '--version', 'print the version').helpOption('-h, --help', 'show help');
  program.addHelpText('after', `\nWithout arguments the bundled corpus is checked and the table of the debate printed.\n\n${EXIT_TEXT.join('\n')}`);
  program.helpCommand(false);
  const made = new Map(COMMANDS.map((row) => [row.name, commandOf(row, (asked) => (request = asked))] as const));
  for (const { name } of COMMANDS) {
    const [outer = name, inner] = name.split(' ');
    const command = made.get(name);
    if (command !== undefined) (inner === undefined ? program : (made.get(outer as CommandRow['name']) ?? program)).addCommand(command);
  }
  for (const one of [program, ...made.values()]) {
    one.exitOverride();
    one.configureOutput({ writeOut: (text) => (printed += text), writeErr: () => undefined, getOutHelpWidth: () => width });
    one.configureHelp({ showGlobalOptions: false });
  }
  try {
    program.parse(withFallbacks(args), { from: 'user' });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    if (error.exitCode !== 0) throw usage(error, args);
    return { command: 'print', text: printed };
  }
  if (request === null) throw new UsageProblem('no command given', 'see fencepost --help');
  return request;
}

const isHelp = (args: readonly string[]): boolean => args.length === 1 && (args[0] === '--help' || args[0] === '-h');

function commandOf(row: CommandRow, done: (request: Request) => void): Command {
  const command = new Command(row.name.split(' ').at(-1)).description(row.text).helpOption('-h, --help', 'show help');
  // A group has words of its own, and none of them is "help".
  command.helpCommand(false);
  for (const argument of row.arguments) {
    const name = argument.repeats ? `${argument.name}...` : argument.name;
    const text = argument.choices === undefined ? argument.text : `${argument.text}: ${argument.choices.join(', ')}`;
    command.argument(argument.required ? `<${name}>` : `[${name}]`, text);
  }
  if (row.name !== 'check') command.allowExcessArguments(false);
  for (const option of row.options) command.addOption(optionOf(option));
  if (row.name === 'check') command.addHelpText('after', `\n${EXIT_TEXT.join('\n')}`);
  if (row.exits !== undefined) command.addHelpText('after', `\n${row.exits}`);
  const count = row.arguments.length;
  command.action((...given: readonly unknown[]) => done(requestOf(row.name, given.slice(0, count), given[count] as Readonly<Record<string, unknown>>)));
  return command;
}

function optionOf(row: OptionRow): Option {
  const option = new Option(flags(row), optionText(row));
  if (row.takesWords !== undefined) option.variadic = true;
  else if (row.repeats === true) option.argParser((value: string, before: readonly string[] | undefined) => [...(before ?? []), value]);
  else if (row.value !== null) {
    option.argParser((value: string, before: string | undefined) => {
      if (before !== undefined) throw new UsageProblem(`--${row.name} is given twice`);
      return value;
    });
  }
  return option;
}

/** `--simulate FILE`: the value was left out, and FILE is not it. */
function withFallbacks(args: readonly string[]): string[] {
  const optional = new Map<string, string>(COMMANDS.flatMap((command) => command.options).flatMap((option) => (option.fallback === undefined ? [] : [[`--${option.name}`, option.fallback] as const])));
  const end = args.indexOf('--');
  return args.map((arg, i) => {
    const fallback = end !== -1 && i > end ? undefined : optional.get(arg);
    return fallback === undefined || /^\d+$/.test(args[i + 1] ?? '') ? arg : `${arg}=${fallback}`;
  });
}

interface WhyWords {
  readonly why: PairName;
  /** A tree that stood behind the names. */
  readonly path: string | null;
}

/** `--why EXPORTER IMPORTER [TREE]`, `--why EXPORTER:IMPORTER [TREE]`. Behind one name with a colon, a word that looks like a path is the tree. */
function whyWords(words: readonly string[], hasPath: boolean): WhyWords {
  const [first = '', second, third, ...more] = words;
  const [left, right, ...rest] = first.trim().split(/\s+/);
  // Quoted as one word.
  if (left !== undefined && right !== undefined && rest.length === 0 && third === undefined) return { why: { exporter: left, importer: right }, path: second ?? null };
  const isPair = first.includes(':') && (second === undefined || (!hasPath && third === undefined && /^[./~]/.test(second)));
  if (isPair) return { why: { both: first }, path: second ?? null };
  if (second === undefined || more.length > 0) throw new UsageProblem('--why takes an exporter and an importer', 'for example --why vfio_pci amdgpu, or --why vfio_pci:amdgpu');
  return { why: { exporter: first, importer: second }, path: third ?? null };
}

/** Options of `audit` that say how findings are shown. */
const FINDING_OPTIONS = [['confidence', '--confidence'], ['baseline', '--baseline'], ['updateBaseline', '--update-baseline']] as const;
/** Those that print something else. */
const PAIR_OPTIONS = [['why', '--why'], ['litmus', '--litmus'], ['writeCatalogue', '--write-catalogue']] as const;

function rulesRequest(argument: string | null, options: Readonly<Record<string, unknown>>): RulesRequest {
  const text = (name: string): string | null => (typeof options[name] === 'string' ? options[name] : null);
  for (const [name, option] of PAIR_OPTIONS) if (options[name] !== undefined) throw new UsageProblem(`--rules and ${option} do not go together`);
  if (text('format') === 'markdown') throw new UsageProblem('--format markdown is for the matrix', `with --rules it is one of ${FINDING_FORMATS.join(', ')}`);
  const [baseline, update] = [text('baseline'), options['updateBaseline'] === true];
  if (update && baseline === null) throw new UsageProblem('--update-baseline needs --baseline FILE', 'FILE is where the findings are written');
  return {
    command: 'rules',
    words: Array.isArray(options['rules']) ? options['rules'].flatMap((word) => (/[/.]/.test(String(word)) ? [String(word)] : String(word).split(',').filter((one) => one !== ''))) : [],
    path: argument,
    confidence: choice('--confidence', CONFIDENCES, text('confidence') ?? 'high'),
    baseline: baseline === null ? null : { file: baseline, update },
    format: choice('--format', FINDING_FORMATS, text('format') ?? 'text'),
    catalogue: text('catalogue'),
    workers: whole('--workers', text('workers'), 1),
    useCache: options['cache'] !== false,
    verbose: options['verbose'] === true,
  };
}

function auditRequest(argument: string | null, options: Readonly<Record<string, unknown>>): AuditRequest | RulesRequest {
  if (options['rules'] !== undefined) return rulesRequest(argument, options);
  for (const [name, option] of FINDING_OPTIONS) if (options[name] !== undefined) throw new UsageProblem(`${option} goes with --rules only`, 'fencepost audit --rules TREE');
  if (options['format'] === 'sarif' || options['format'] === 'ktap') throw new UsageProblem(`--format ${options['format']} goes with --rules only`, `without it, it is one of ${AUDIT_FORMATS.join(', ')}`);
  const text = (name: string): string | null => (typeof options[name] === 'string' ? options[name] : null);
  const words = Array.isArray(options['why']) ? whyWords(options['why'].map(String), argument !== null) : null;
  if (argument !== null && words !== null && words.path !== null) throw new UsageProblem(`two trees are given: ${argument} and ${words.path}`);
  const request: AuditRequest = {
    command: 'audit',
    path: argument ?? words?.path ?? null,
    why: words?.why ?? null,
    litmus: text('litmus'),
    format: choice('--format', AUDIT_FORMATS, text('format') ?? 'text'),
    catalogue: text('catalogue'),
    writeCatalogue: text('writeCatalogue'),
    workers: whole('--workers', text('workers'), 1),
    useCache: options['cache'] !== false,
    verbose: options['verbose'] === true,
  };
  if (request.why !== null && request.litmus !== null) throw new UsageProblem('--why and --litmus do not go together');
  if ((request.why !== null || request.litmus !== null) && request.format !== 'text') throw new UsageProblem('--why and --litmus print text only');
  return request;
}

function requestOf(name: CommandRow['name'], given: readonly unknown[], options: Readonly<Record<string, unknown>>): Request {
  const [argument, second] = given;
  switch (name) {
    case 'check':
      return checkRequest(Array.isArray(argument) ? argument.map(String) : [], options);
    case 'audit':
      return auditRequest(argument === undefined ? null : String(argument), options);
    case 'check-source':
      return { command: 'check-source', args: Array.isArray(argument) ? argument.map(String) : [] };
    case 'drift':
      return {
        command: 'drift', path: String(argument), catalogue: second === undefined ? null : String(second),
        workers: whole('--workers', typeof options['workers'] === 'string' ? options['workers'] : null, 1), useCache: options['cache'] !== false,
      };
    case 'trace':
    case 'trace probes':
    case 'trace record':
    case 'trace snapshot':
    case 'trace drgn':
      return traceRequest(name, given, options);
    case 'explain':
      return { command: 'explain', id: String(argument) };
    case 'list':
      return { command: 'list', topic: argument === undefined ? null : choice('the topic', TOPICS, String(argument)) };
    case 'completion':
      return { command: 'completion', shell: choice('the shell', SHELLS, String(argument)) };
  }
}

function checkRequest(paths: readonly string[], options: Readonly<Record<string, unknown>>): CheckRequest {
  const text = (name: string): string | null => (typeof options[name] === 'string' ? options[name] : null);
  const number = (name: string, option: string, least: number): number | null => whole(option, text(name), least);
  const given = Array.isArray(options['contract']) ? options['contract'].map(String) : [];
  const request: CheckRequest = {
    command: 'check',
    paths,
    contract: given.map((one) => override('--contract', one)),
    compare: comparison(text('compare')),
    replay: text('replay'),
    watch: options['watch'] === true,
    format: choice('--format', FORMATS, text('format') ?? 'text'),
    simulate: number('simulate', '--simulate', 1),
    seed: number('seed', '--seed', 0) ?? 1,
    workers: number('workers', '--workers', 1),
    symmetry: options['symmetry'] !== false,
    liveness: options['liveness'] !== false,
    limits: {
      states: number('maxStates', '--max-states', 1) ?? Infinity,
      depth: number('maxDepth', '--max-depth', 1) ?? Infinity,
      bytes: (number('maxMemory', '--max-memory', 1) ?? defaultMegabytes()) * 2 ** 20,
      milliseconds: (decimal('--max-time', text('maxTime')) ?? Infinity) * 1000,
    },
    order: choice('--order', ORDERS, text('order') ?? 'any'),
    verbose: options['verbose'] === true,
  };
  together(request);
  return request;
}

function together(request: CheckRequest): void {
  const { replay, compare, simulate, watch, format } = request;
  const modes = [replay === null ? '' : '--replay', compare === null ? '' : '--compare', simulate === null ? '' : '--simulate'].filter((mode) => mode !== '');
  if (modes.length > 1) throw new UsageProblem(`${modes.join(' and ')} do not go together`);
  if (replay !== null && watch) throw new UsageProblem('--replay and --watch do not go together');
  if (watch && format !== 'text') throw new UsageProblem('--watch prints text only');
}

/** Half of the machine, at most 4 GB. */
function defaultMegabytes(): number {
  return Math.min(4096, Math.max(64, Math.floor(totalmem() / 2 ** 21)));
}

export function whole(option: string, value: string | null, least: number): number | null {
  if (value === null) return null;
  const number = Number(value);
  if (!/^\d+$/.test(value) || !Number.isSafeInteger(number) || number < least) throw new UsageProblem(`${option} takes a whole number from ${least} up, not '${value}'`);
  return number;
}

function decimal(option: string, value: string | null): number | null {
  if (value === null) return null;
  const number = Number(value);
  if (!/^(\d+(\.\d*)?|\.\d+)$/.test(value) || number <= 0) throw new UsageProblem(`${option} takes a number above 0, not '${value}'`);
  return number;
}

function override(option: string, text: string): Override {
  const at = text.indexOf('=');
  if (at < 1) throw new UsageProblem(`${option} takes KEY=VALUE, not '${text}'`, 'fencepost list contract shows keys and values');
  const made = { key: text.slice(0, at), value: text.slice(at + 1) };
  const checked = contractOf([made]);
  if (!checked.ok) throw new UsageProblem(`${option}: ${checked.message}`, isContractKey(made.key) ? didYouMean(made.value, CONTRACT_KEYS[made.key]) : didYouMean(made.key, CONTRACT_NAMES));
  return made;
}

function comparison(text: string | null): CheckRequest['compare'] {
  if (text === null) return null;
  const [, key, left, right] = /^([^=]+)=([^,]+),([^,]+)$/.exec(text) ?? [];
  if (key === undefined || left === undefined || right === undefined) throw new UsageProblem(`--compare takes KEY=A,B, not '${text}'`, 'for example --compare STOP=V1,V3');
  return { left: override('--compare', `${key}=${left}`), right: override('--compare', `${key}=${right}`) };
}

export function choice<T extends string>(what: string, known: readonly T[], value: string): T {
  const found = known.find((one) => one === value);
  if (found === undefined) throw new UsageProblem(`${what} cannot be '${value}'`, `it is one of ${known.join(', ')}`);
  return found;
}

/** Commander's message without its prefix; its suggestion becomes the remedy. */
function usage(error: CommanderError, args: readonly string[]): UsageProblem {
  if (error.code === 'commander.help') return new UsageProblem('no command given', 'see fencepost --help');
  const [message = '', ...rest] = error.message.replace(/^error: /, '').split('\n');
  const suggestion = rest.join(' ').replace(/[()]/g, '').trim();
  const first = args.find((arg) => !arg.startsWith('-'));
  if (error.code === 'commander.unknownCommand' && suggestion === '' && first !== undefined) return new UsageProblem(message, `to check a scenario: fencepost check ${first}`);
  return new UsageProblem(message.replace(/ Expected \d+ arguments? but got \d+\.$/, ''), suggestion === '' ? 'see fencepost --help' : suggestion);
}
