// The one table of commands and options. It feeds the parser, the help, docs/command-line.md and shell completion.

import { CONTRACT_NAMES } from '../model/contract.ts';
import { CONFIDENCES } from '../results/finding.ts';
import { TRACE_COMMANDS } from './trace-options.ts';

export const FORMATS = ['text', 'json', 'ktap', 'mermaid', 'ftrace'] as const;
export const ORDERS = ['any', 'kernel'] as const;
export const SHELLS = ['bash', 'zsh', 'fish'] as const;
export const TOPICS = ['steps', 'obligations', 'harms', 'locking', 'calls', 'drivers', 'contract', 'rules', 'scenarios'] as const;

export type Format = (typeof FORMATS)[number];
export type Order = (typeof ORDERS)[number];
export type Shell = (typeof SHELLS)[number];
export type Topic = (typeof TOPICS)[number];

/** What a shell offers where a value is wanted. */
export type Completes = 'files' | 'ids' | 'rules' | 'nothing' | readonly string[];

export interface OptionRow {
  /** Long name without the dashes. */
  readonly name: string;
  /** Placeholder of the value; null for a switch. */
  readonly value: string | null;
  /** Taken where the value is left out. */
  readonly fallback?: string;
  readonly repeats?: true;
  /** Takes all words up to the next option; none at all where it is 'any'. */
  readonly takesWords?: true | 'any';
  readonly choices?: readonly string[];
  readonly completes?: Completes;
  readonly text: string;
}

export interface ArgumentRow {
  /** Placeholder. */
  readonly name: string;
  readonly required: boolean;
  readonly repeats: boolean;
  readonly completes: Completes;
  readonly choices?: readonly string[];
  readonly text: string;
}

export interface CommandRow {
  readonly name: CommandName;
  readonly arguments: readonly ArgumentRow[];
  readonly options: readonly OptionRow[];
  readonly text: string;
  /** What its exit codes say, where the general text leaves a question. */
  readonly exits?: string;
}

/** A name of two words is a subcommand of the first. */
export type CommandName = 'check' | 'audit' | 'check-source' | 'drift' | TraceCommandName | 'explain' | 'list' | 'completion';
export type TraceCommandName = 'trace' | 'trace probes' | 'trace record' | 'trace snapshot' | 'trace drgn';

/** Of the matrix, and of findings. */
export const AUDIT_FORMATS = ['text', 'json', 'markdown'] as const;
export const FINDING_FORMATS = ['text', 'json', 'sarif', 'ktap'] as const;
export type AuditFormat = (typeof AUDIT_FORMATS)[number];
export type FindingFormat = (typeof FINDING_FORMATS)[number];

const KEYS = CONTRACT_NAMES.map((key) => `${key}=`);

export const CHECK_OPTIONS = [
  { name: 'contract', value: 'KEY=VALUE', repeats: true, completes: KEYS, text: 'judge under another position of the debate (see fencepost list contract)' },
  { name: 'compare', value: 'KEY=A,B', completes: KEYS, text: 'judge under two positions and show both side by side; exit 1 where they differ' },
  { name: 'replay', value: 'TOKEN', completes: 'nothing', text: 'run the steps that a counterexample named, in one file' },
  { name: 'watch', value: null, text: 'check again whenever a file changes' },
  { name: 'format', value: 'FORM', choices: FORMATS, completes: FORMATS, text: 'form of the output' },
  { name: 'simulate', value: 'RUNS', fallback: '1000', completes: 'nothing', text: 'random runs instead of a search, for what is too large' },
  { name: 'seed', value: 'N', completes: 'nothing', text: 'seed of the random runs (default 1)' },
  { name: 'workers', value: 'N', completes: 'nothing', text: 'threads to use (default: two, or one on one core)' },
  { name: 'no-symmetry', value: null, text: 'count identical parties separately' },
  { name: 'no-liveness', value: null, text: 'look for harm only, not for deadlocks and hangs' },
  { name: 'max-states', value: 'N', completes: 'nothing', text: 'give up after so many states' },
  { name: 'max-depth', value: 'N', completes: 'nothing', text: 'do not look further than so many steps' },
  { name: 'max-memory', value: 'MB', completes: 'nothing', text: 'give up at so much memory (default: half of the machine, at most 4096)' },
  { name: 'max-time', value: 'SECONDS', completes: 'nothing', text: 'give up after so long' },
  { name: 'order', value: 'ORDER', choices: ORDERS, completes: ORDERS, text: 'in which order callbacks run: any, or kernel (newest attachment first)' },
  { name: 'verbose', value: null, text: 'show the whole ledger' },
] as const satisfies readonly OptionRow[];

const WORKERS = { name: 'workers', value: 'N', completes: 'nothing', text: 'threads to use (default: two, or one on one core)' } as const satisfies OptionRow;
const NO_CACHE = { name: 'no-cache', value: null, text: 'read everything anew, and keep nothing' } as const satisfies OptionRow;

export const PATCH_FORMATS = ['text', 'json', 'mail'] as const;
export type PatchFormat = (typeof PATCH_FORMATS)[number];

const ALL_AUDIT_FORMATS = ['text', 'json', 'markdown', 'sarif', 'ktap', 'mail'] as const satisfies readonly (AuditFormat | FindingFormat | PatchFormat)[];

export const AUDIT_OPTIONS = [
  { name: 'why', value: 'EXPORTER IMPORTER', takesWords: true, completes: 'nothing', text: 'the whole story of one pair: facts with their places, scenario, counterexample; EXPORTER:IMPORTER says the same' },
  { name: 'litmus', value: 'ID', completes: 'nothing', text: 'print the scenario of an importer, an exporter, or EXPORTER:IMPORTER (of two with the same name the importer)' },
  { name: 'rules', value: 'ID', takesWords: 'any', completes: 'rules', text: 'look for mistakes in the code instead of judging pairs: by all rules, or those named (see fencepost list rules)' },
  { name: 'patch', value: 'FILE', completes: 'files', text: 'what a series of patches adds, fixes or changes: an mbox, a diff, a folder of patches, or - for standard input' },
  { name: 'range', value: 'A..B', completes: 'nothing', text: 'the same for commits of the tree, which is a git checkout' },
  { name: 'since', value: 'FILE', completes: 'files', text: 'with --patch: an older version of the series; says what this one fixed and what remains' },
  { name: 'bot', value: null, text: 'with --patch: one line, and exit 0, 250 (findings of lower confidence only) or 1' },
  { name: 'confidence', value: 'LEVEL', choices: CONFIDENCES, completes: CONFIDENCES, text: 'with --rules or --patch: the least confidence of a finding that is shown' },
  { name: 'baseline', value: 'FILE', completes: 'files', text: 'with --rules: findings that were judged already, each with a reason; they are not shown' },
  { name: 'update-baseline', value: null, text: 'with --baseline: write all findings to FILE; reasons that stand there are kept' },
  { name: 'format', value: 'FORM', choices: ALL_AUDIT_FORMATS, completes: ALL_AUDIT_FORMATS, text: 'form of the output (markdown without --rules only, sarif and ktap with it only, mail with --patch only)' },
  { name: 'catalogue', value: 'FILE', completes: 'files', text: 'the catalogue to use instead of the bundled one of Linux 7.3, where no tree is given' },
  { name: 'write-catalogue', value: 'FILE', completes: 'files', text: 'write the facts, for --catalogue and fencepost drift' },
  WORKERS,
  NO_CACHE,
  { name: 'verbose', value: null, text: 'show the evidence of every fact, and the whole ledger' },
] as const satisfies readonly OptionRow[];

export const COMMANDS: readonly CommandRow[] = [
  {
    name: 'check',
    arguments: [{ name: 'FILE|DIR', required: false, repeats: true, completes: 'files', text: 'scenarios, or folders with *.litmus (default: the bundled corpus)' }],
    options: CHECK_OPTIONS,
    text: 'search every run of a scenario; show the shortest one that breaks it',
  },
  {
    name: 'audit',
    arguments: [{ name: 'TREE|DIR|FILE', required: false, repeats: false, completes: 'files', text: 'a kernel tree; or a driver outside of one, which is held against the bundled catalogue (default: that catalogue alone)' }],
    options: AUDIT_OPTIONS,
    text: 'read every importer and exporter of a kernel tree, and judge each pair',
    exits: 'Exit: 1 if any pair is broken or hangs, else 4 if any is undecided, else 0 (refused is fine). With --rules: 1 if any finding is shown, else 0. With --patch: 1 if the series adds a finding that is shown or breaks a pair, else 0.',
  },
  {
    name: 'check-source',
    arguments: [{ name: 'COMPILER ARGUMENTS', required: true, repeats: true, completes: 'files', text: 'what the compiler is given, the C file among it; --confidence=LEVEL may stand before it' }],
    options: [],
    text: 'a checker for kernel builds: make C=1 CHECK="fencepost check-source"; one line a finding, nothing on files without dma-buf',
    exits: 'Exit: 0, with findings too, as sparse does; 2 for a file that cannot be read.',
  },
  {
    name: 'drift',
    arguments: [
      { name: 'TREE', required: true, repeats: false, completes: 'files', text: 'a kernel tree' },
      { name: 'CATALOGUE', required: false, repeats: false, completes: 'files', text: 'what it is compared with (default: the bundled catalogue of the nearest release)' },
    ],
    options: [WORKERS, NO_CACHE],
    text: 'what changed in a tree since a catalogue was made',
    exits: 'Exit: 0 if nothing changed, 1 if something did. A moved line is no change.',
  },
  ...TRACE_COMMANDS,
  {
    name: 'explain',
    arguments: [{ name: 'ID', required: true, repeats: false, completes: 'ids', text: 'P6, N2, STOP, STOP=V1, dma_buf_pin, map, vacuous, attach-leak' }],
    options: [],
    text: 'what an obligation, harm, step, call, position, verdict or rule means, and where it comes from',
  },
  {
    name: 'list',
    arguments: [{ name: 'TOPIC', required: false, repeats: false, completes: TOPICS, choices: TOPICS, text: 'what to list' }],
    options: [],
    text: 'list what fencepost knows',
  },
  {
    name: 'completion',
    arguments: [{ name: 'SHELL', required: true, repeats: false, completes: SHELLS, choices: SHELLS, text: 'whose completion to print' }],
    options: [],
    text: 'print a completion script for a shell',
  },
];

export const TAGLINE = 'Checks Linux dma-buf sharing: pin, fences, invalidation, revocation.';

export const EXIT_TEXT = [
  'Exit: 0 holds, or came out as declared; 1 broken, or not as declared; 2 wrong use;',
  '      3 unfinished (a limit was hit); 4 vacuous or undecided only; 5 internal failure.',
] as const;

/** As it is typed: "--format <FORM>". */
export function flags(option: OptionRow): string {
  if (option.value === null) return `--${option.name}`;
  if (option.takesWords === 'any') return `--${option.name} [${option.value}...]`;
  return option.fallback === undefined ? `--${option.name} <${option.value}>` : `--${option.name} [${option.value}]`;
}

/** Choices in the text: "form of the output: text, json (default text)". */
export function optionText(option: OptionRow): string {
  const [first] = option.choices ?? [];
  return first === undefined || option.choices === ORDERS ? option.text : `${option.text}: ${(option.choices ?? []).join(', ')}`;
}
