// The story of one pair: the facts of both sides with their places, the scenario made of them, and what the search says.

import type { Evidence, ExporterProfile, Guard, ImporterProfile, PairStory, Place } from '../results/audit.ts';
import type { Form } from './form.ts';
import { wrap } from './layout.ts';
import { textReport } from './text.ts';

const at = (one: Pick<Place, 'file' | 'line'>): string => `${one.file}:${one.line}`;

export function storyText(story: PairStory, form: Form): string[] {
  const { pair, importer, exporter, scenario, result, assumptions } = story;
  const { palette, width, unicode } = form;
  const name = `${exporter.id} ${unicode ? '×' : 'x'} ${importer.id}`;
  const block = (title: string, rows: readonly string[]): string[] => (rows.length === 0 ? [] : ['', palette.strong(title), ...rows.flatMap((row) => wrap(row, width - 2, 4).map((line) => `  ${line}`))]);
  return [
    ...wrap(`${name}: ${pair.verdict}${pair.at === null ? '' : ` at ${pair.at}, -${pair.errno ?? ''}`}${pair.obligation === null ? '' : ` (${pair.obligation})`}`, width),
    ...wrap(pair.why, width),
    ...block('exporter', exporterFacts(exporter)),
    ...block('importer', importerFacts(importer)),
    ...block('taken for granted', assumptions),
    '', palette.strong('scenario'),
    ...scenario.trimEnd().split('\n').map((line) => (line === '' ? '' : `  ${line}`)),
    ...(result === null ? [] : ['', palette.strong('search'), ...textReport([{ ...result, scenario: name }], form).trimEnd().split('\n')]),
  ];
}

export function exporterFacts(one: ExporterProfile): string[] {
  const facts = [`${at(one)} ${one.ops}: ${one.has.join(', ')}`];
  for (const row of one.refuses) facts.push(`${at(row)} ${row.function}(): ${row.at} gives -${row.errno}${row.when === '' ? '' : ` if ${row.when}`}`);
  for (const row of one.downgrades) facts.push(`${at(row)} ${row.function}(): takes peer to peer away`);
  for (const row of one.invalidates) facts.push(`${at(row)} ${row.function}(): calls back`);
  if (one.invalidates.length > 0 || one.revokes.length > 0) {
    if (one.invalidates.length === 0) facts.push('never calls back, though it turns new mappings away and waits');
    facts.push(`flag set first: ${one.revokedFirst ?? 'none'}; waits for fences: ${one.waitsFences ?? 'no'}; waits for unmaps: ${one.waitsUnmap ?? 'no'}${one.locksHeld.length === 0 ? '' : `; while it holds ${one.locksHeld.join(', ')}`}`);
    for (const row of one.evidence) if (row.fact !== 'ops' && row.fact !== 'invalidate') facts.push(evidenceText(row));
    facts.push(one.unrevokes === null ? 'never restores' : `${at(one.unrevokes)} ${one.unrevokes.function}(): restores`);
  } else facts.push('never calls back');
  if (one.moves) facts.push('its backing moves while nobody pins it');
  return [...facts, ...usersOf(one)];
}

export function importerFacts(one: ImporterProfile): string[] {
  const facts = [`${at(one)} ${one.function}(): attaches, ${one.attach}${one.ops === null ? '' : `, ${one.ops}`}, class ${one.class}${one.peer2peer ? ', takes peer to peer' : ''}${one.pinsToMap && !one.pins ? ', pins while it maps' : ''}`];
  if (one.callback !== null) facts.push(`callback ${one.callback}(): unmaps ${one.unmaps ?? 'nothing'}${one.unpinsInCallback ? ', unpins' : ''}`);
  facts.push(...one.guards.map(guardText));
  for (const row of one.evidence) if (row.fact !== 'attach' && row.fact !== 'ops') facts.push(evidenceText(row));
  for (const row of one.maps) facts.push(`${at(row)} ${row.function}(): maps`);
  for (const row of one.unmapSites) facts.push(`${at(row)} ${row.function}(): unmaps`);
  for (const row of one.privateFields) if (row.set === 'after-attach') facts.push(`${row.at === null ? '' : `${at(row.at)} `}the callback reads ${row.field}, which is set only after the attach call`);
  return [...facts, ...usersOf(one)];
}

const usersOf = ({ users }: { readonly users: readonly string[] }): string[] => (users.length === 0 ? [] : [`used by ${users.join(', ')}`]);

const evidenceText = (one: Evidence): string => `${at(one)}${one.function === '' ? '' : ` ${one.function}()`}: ${one.text}`;

function guardText(one: Guard): string {
  const where = `${at(one)} ${one.function}()`;
  return one.decided === null ? `${where}: open: ${one.text}${one.side === null ? '' : ` (unmaps where it is ${one.side ? 'true' : 'false'})`}` : `${where}: ${one.text} is ${one.side === true ? 'true' : 'false'}: ${one.decided}`;
}
