// A run of the rules as SARIF 2.1.0 (OASIS standard): for code hosts and editors. Paths of a finding are thread flows, its identity is a partial fingerprint.

import type { LedgerRow, Place } from '../results/audit.ts';
import { identityOf, type Confidence, type Finding, type PathStep, type RuleHeader } from '../results/finding.ts';
import type { FindingsReport } from '../results/findings-report.ts';

/** Names the schema; nobody fetches it. */
const SCHEMA = 'https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json';
/** Counts up where identityOf() changes its meaning. */
const FINGERPRINT = 'fencepostIdentity/v1';
const ROOT = 'SRCROOT';

const LEVELS: Readonly<Record<Confidence, 'warning' | 'note'>> = { high: 'warning', medium: 'warning', low: 'note' };
/** SARIF's scale of what a reader should look at first, up to 100. */
const RANKS: Readonly<Record<Confidence, number>> = { high: 90, medium: 60, low: 30 };

/** `version` of the program. Two spaces of indent, one line break at the end. */
export function findingsSarif(report: FindingsReport, version: string): string {
  const { tree, rules, findings, known, baseline, ledger, coverage } = report;
  const index = new Map(rules.map(({ id }, at) => [id, at]));
  const result = (finding: Finding, state: object): object => resultObject(finding, index.get(finding.rule), state);
  const results = [
    ...findings.map((one) => result(one, baseline === null ? {} : { baselineState: 'new' })),
    ...known.map(({ finding, reason }) => result(finding, { baselineState: 'unchanged', suppressions: [{ kind: 'external', status: 'accepted', justification: reason }] })),
  ];
  return `${JSON.stringify({
    $schema: SCHEMA,
    version: '2.1.0',
    runs: [
      {
        tool: { driver: { name: 'fencepost', version, semanticVersion: version, rules: rules.map(ruleObject) } },
        originalUriBaseIds: { [ROOT]: { description: { text: `The source that was read: ${/^\d/.test(tree.version) ? `Linux ${tree.version}` : tree.version}` } } },
        columnKind: 'unicodeCodePoints',
        invocations: [{ executionSuccessful: true, toolExecutionNotifications: ledger.map(notificationObject) }],
        properties: { functionsJudged: coverage.functions, functionsUndecided: coverage.undecided },
        results,
      },
    ],
  }, null, 2)}\n`;
}

function ruleObject({ id, title, why, obligation, source, confidence, falsePositives, broken, clean }: RuleHeader): object {
  const about = `${title}.`.replace(/\.\.$/, '.');
  const facts = `Source: ${source}. May be wrong: ${falsePositives}`;
  const code = (name: string, text: string): string => `**${name}**\n\n\`\`\`c\n${text.trim()}\n\`\`\`\n`;
  return {
    id,
    name: id.replace(/(?:^|-)(\w)/g, (_, letter: string) => letter.toUpperCase()),
    shortDescription: { text: about },
    fullDescription: { text: `${about} ${why}` },
    help: { text: `${why}\n\n${facts}`, markdown: `${why}\n\n${facts}\n\n${code('Broken', broken)}\n${code('Clean', clean)}` },
    defaultConfiguration: { level: LEVELS[confidence], rank: RANKS[confidence] },
    properties: { precision: confidence, tags: ['dma-buf', ...(obligation === null ? [] : [obligation])] },
  };
}

function resultObject(finding: Finding, ruleIndex: number | undefined, state: object): object {
  const { rule, confidence, text, path, obligation, under } = finding;
  return {
    ruleId: rule,
    ...(ruleIndex === undefined ? {} : { ruleIndex }),
    level: LEVELS[confidence],
    rank: RANKS[confidence],
    message: { text },
    locations: [location(finding)],
    ...(path.length === 0 ? {} : { codeFlows: [{ threadFlows: [{ locations: flow(finding) }] }] }),
    partialFingerprints: { [FINGERPRINT]: identityOf(finding) },
    ...state,
    properties: { confidence, ...(obligation === null ? {} : { obligation }), ...(under.length === 0 ? {} : { under }) },
  };
}

/** The path, and the finding at its end where it does not end there anyway. */
function flow(finding: Finding): readonly object[] {
  const { path, file, line, text } = finding;
  const last = path.at(-1);
  const steps: readonly PathStep[] = last?.file === file && last.line === line ? path : [...path, { file, line, function: finding.function, text }];
  return steps.map((step, at) => ({ location: location(step, step.text), importance: at === steps.length - 1 ? 'essential' : 'important' }));
}

function location(place: Place, message: string | null = null): object {
  const { file, line, function: name } = place;
  return {
    physicalLocation: { artifactLocation: artifact(file), ...(line > 0 ? { region: { startLine: line } } : {}) },
    ...(name === '' ? {} : { logicalLocations: [{ name, kind: 'function' }] }),
    ...(message === null ? {} : { message: { text: message } }),
  };
}

const artifact = (file: string): object => ({ uri: file.split('/').map(encodeURIComponent).join('/'), uriBaseId: ROOT });

/** What was not understood or given up: no finding, but a reader should know. */
function notificationObject({ file, line, function: name, reason }: LedgerRow): object {
  return {
    level: 'note',
    message: { text: name === '' ? reason : `${name}(): ${reason}` },
    ...(file === '' ? {} : { locations: [location({ file, line, function: name })] }),
  };
}
